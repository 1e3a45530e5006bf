#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_readable
short_description: Ask a release of Garage whether it can read and serve the database of another
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Copies the database of a node that is down, and lets the other release read every object entry of the copy, by its own offline
    repair. The database itself is not touched, and the copy is removed.
  - Garage 1.0 no longer knows the entries of 0.5, and releases up to 0.9 leave an entry as 0.5 wrote it until something writes it
    anew. Such a cluster upgrades to 1.x without a complaint, and its objects are gone.
  - Then starts a daemon of the release on the copy, and asks it for its status, layout, buckets and keys. It listens on loopback, has a
    secret of its own, an empty directory for blocks, and knows no peer and no way to find any; it can write to the copy alone, and as a
    container it has no network. It is gone afterwards. It does not start, or does not answer, is a failure; that none can be started at all is
    said in RV(why). Of a pod no daemon is started.
options:
  release_binary: {description: "The program of the release that is to read; for a container, its image.", type: str, required: true}
  candidate: {description: The configuration that is meant for it., type: path, required: true}
  metadata_dir: {description: The metadata directory., type: path, required: true}
  engine: {description: The engine of the database., type: str, required: true, choices: [lmdb, sled, sqlite]}
  before:
    description: The buckets and keys that it has to list, as C(garage_info) has them; others may have come since.
    type: dict
    default: {}
  replication_factor: {description: As O(candidate) has it; empty where it has O(replication_mode)., type: str, default: ''}
  replication_mode: {description: As O(candidate) has it., type: str, default: ''}
  start_timeout: {description: Seconds in which the daemon has to answer., type: float, default: 60}
  serves: {description: Whether a daemon is started on the copy., type: bool, default: true}
  maintenance_image: {description: "Of a pod, an image with a shell that prepares its volume. By default that of its init container.", type: str, default: ''}
  timeout: {description: Seconds that the reading may take., type: float, default: 86400}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Can 1.3.0 read what 0.9.4 has?
  uplift.datastores.garage_readable:
    release_binary: /usr/local/bin/garage-1.3.0
    candidate: /etc/garage.toml.uplift-1.3.0
    metadata_dir: /var/lib/garage/meta
    engine: lmdb
"""

RETURN = r"""
readable: {description: Null in check mode; a database that cannot be read fails the module., returned: success, type: bool, sample: true}
version: {description: The release that has read it., returned: success, type: str, sample: 1.3.0}
rehearsed: {description: Whether a daemon has served the copy., returned: success, type: bool, sample: true}
why: {description: Why none was started; empty where one was., returned: success, type: str, sample: ''}
seconds: {description: How long that took., returned: success, type: float, sample: 4.2}
served: {description: How many buckets and keys it has listed., returned: success, type: dict, sample: {buckets: 3, keys: 4}}
missing:
  description: What of O(before) it has not listed, as M(uplift.datastores.garage_compare) says differences.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import pod_work, rehearsal
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.readable import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC: Spec = {
    **GARAGE,
    "release_binary": {"type": "str", "required": True},
    **{name: {"type": "path", "required": True} for name in ("candidate", "metadata_dir")},
    "engine": {"type": "str", "required": True, "choices": ["lmdb", "sled", "sqlite"]},
    "timeout": {"type": "float", "default": 86400},
    "before": {"type": "dict", "default": {}},
    **{name: {"type": "str", "default": ""} for name in ("replication_factor", "replication_mode")},
    "start_timeout": {"type": "float", "default": 60},
    "serves": {"type": "bool", "default": True},
    "maintenance_image": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    progress = Progress(module.params["progress_file"])
    if garage.pod:
        return pod_work.read(garage, module.params, progress, module.check_mode)
    rehearse = rehearsal.run if module.params["serves"] else rehearsal.unwanted
    return run(garage, module.params, progress, module.check_mode, rehearse)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
