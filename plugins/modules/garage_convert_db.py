#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_convert_db
short_description: Convert Garage's metadata to another database engine, and prove it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(garage convert-db) while the daemon is down, as the account that owns the metadata. The old database stays where it is.
  - Refuses while the unit is not down, while any Garage server with the same configuration file runs, or while any process has a
    file of the metadata open; and where there is no database of O(source). With some engines Garage itself would run next to
    its daemon, and with a wrong path make empty databases, and exit with 0.
  - The result gets its name only when every tree was converted, and when converting it back into a scratch database gave the same number of
    items in every tree. A manifest next to it, C(db.lmdb.uplift.json), says from what it was made. By it a second call changes nothing.
  - In a pod of Kubernetes, which has to be down, it is done by Jobs on its volume, from O(source), which has to be said. There is no manifest
    there, and what lies on the volume under the name of the new database is renamed.
  - The configuration is not touched. Set C(db_engine) to O(target) before the next start.
options:
  metadata_dir: {description: The C(metadata_dir) of the configuration., type: path, required: true}
  source:
    description: The engine that holds the data. By default the only one but O(target) of which there is a database; where there is
      none, there is nothing to convert.
    type: str
    choices: [sled, lmdb, sqlite]
  target: {description: The engine expected., type: str, default: lmdb, choices: [lmdb, sqlite], aliases: [engine]}
  release_binary:
    description: The program to convert with, or the image; it has to know both engines. Where it does not, and by default, the one
      that would be started next.
    type: path
  existing:
    description: What becomes of a database of O(target) that is there already, holds something, and is not by this module.
    type: str
    default: refuse
    choices:
      refuse: The module fails.
      rename: It is renamed to C(<name>.uplift-<time>). For one that an accidental start of a newer release has made.
  prove:
    description: Whether the result is converted back into a scratch database, and compared. It takes as long again, and as much free space.
    type: bool
    default: true
  lmdb_map_size: {description: "The size of LMDB's map, where the configuration has C(lmdb_map_size), such as V(1TiB).", type: str}
  maintenance_image: {description: "Of a pod, an image with a shell that prepares its volume. By default that of its init container.", type: str, default: ''}
  timeout: {description: Seconds that one conversion may take., type: float, default: 86400}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
attributes:
  check_mode: {support: full, details: Makes all checks and converts nothing.}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Leave sled with the last release that knows it
  uplift.datastores.garage_convert_db:
    metadata_dir: /var/lib/garage/meta
    source: sled
    target: lmdb
    release_binary: /usr/local/bin/garage-0.9.4
"""

RETURN = r"""
version: {description: Release of the program used., returned: success, type: str, sample: 0.9.4}
user: {description: The account it ran as., returned: success, type: str, sample: garage}
input: {description: The database converted; empty where there was nothing to convert., returned: success, type: str, sample: /var/lib/garage/meta/db}
output: {description: The new database., returned: success, type: str, sample: /var/lib/garage/meta/db.lmdb}
manifest:
  description: What was noted of it; empty in a pod.
  returned: success
  type: str
  sample: /var/lib/garage/meta/db.lmdb.uplift.json
renamed_to:
  description: Where a database that was in the way lies now; empty when there was none.
  returned: success
  type: str
  sample: /var/lib/garage/meta/db.lmdb.uplift-20261121T071502Z
trees:
  description: The items of each tree that holds some. The manifest names all.
  returned: success, not in check mode
  type: dict
  sample: {'bucket_alias:merkle_tree': 3, 'bucket_alias:table': 2, 'bucket_v2:merkle_tree': 3, 'bucket_v2:table': 2, 'key:table': 2}
items: {description: All items., returned: "success, not in check mode", type: int, sample: 15}
seconds: {description: How long it took., returned: "changed, not in check mode", type: float, sample: 0.4}
evidence:
  description: What was left, for the record of an operation.
  returned: success, not in check mode
  type: list
  elements: dict
  sample:
    - {slot: convert, kind: file, path: /var/lib/garage/meta/db.lmdb.uplift.json, size: 2750, sha256: 0b5a...}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import pod_work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.convert import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "metadata_dir": {"type": "path", "required": True},
    "source": {"type": "str", "choices": ["sled", "lmdb", "sqlite"]},
    "target": {"type": "str", "default": "lmdb", "choices": ["lmdb", "sqlite"], "aliases": ["engine"]},
    "release_binary": {"type": "path"},
    "existing": {"type": "str", "default": "refuse", "choices": ["refuse", "rename"]},
    "prove": {"type": "bool", "default": True},
    "lmdb_map_size": {"type": "str"},
    "timeout": {"type": "float", "default": 86400},
    "maintenance_image": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    progress = Progress(module.params["progress_file"])
    if garage.pod:
        return pod_work.convert(garage, module.params, progress, module.check_mode)
    return run(garage, module.params, progress, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
