#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_snapshot
short_description: Take a snapshot of Garage's metadata out of a running node, and put one back
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(garage meta snapshot), from 0.9.4 on, and copies the result out at once. Garage keeps the two newest only, also of those that
    an operator asked for.
  - What each node said is read line by line. Garage 0.9 exits with 0 when a node did not take its snapshot.
  - V(restored) puts a snapshot where the release that made it wants it. The documented copy would give an empty database from
    1.0 on. The daemon has to be down. What was there stays next to it.
options:
  state:
    description: What is wanted.
    type: str
    default: present
    choices:
      present: There is a sound copy of a snapshot at O(dest). One that is there is kept.
      restored: The metadata directory holds what O(dest) does.
  dest:
    description:
      - The copy, a directory or, with sqlite in 0.9, a file. Its manifest lies next to it as C(<dest>.manifest.json). Both are readable by
        root only, since they hold keys.
      - For V(restored) also what Garage itself made, such as C(meta/snapshots/2026-11-21T06:22:41Z); then nothing is compared.
    type: path
    required: true
  metadata_dir: {description: The C(metadata_dir) of the configuration., type: path, required: true}
  snapshots_dir:
    description:
      - The C(metadata_snapshots_dir) of the configuration. By default C(snapshots) in O(metadata_dir), where a release that does not know
        the setting puts them in any case.
    type: path
  all_nodes:
    description: Take one on every node. Only this node's is copied out, so rather run the module on every node.
    type: bool
    default: false
  timeout: {description: Seconds that the snapshot may take., type: float, default: 3600}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Keep the metadata as it was before the upgrade
  uplift.datastores.garage_snapshot:
    dest: /var/backups/garage/before-2.1.0
    metadata_dir: /var/lib/garage/meta

- name: Go back to it, with the daemon down
  uplift.datastores.garage_snapshot:
    state: restored
    dest: /var/backups/garage/before-2.1.0
    metadata_dir: /var/lib/garage/meta
"""

RETURN = r"""
snapshot: {description: The copy., returned: success, type: str, sample: /var/backups/garage/before-2.1.0}
manifest:
  description: What was noted of it.
  returned: O(state=present), not in check mode
  type: str
  sample: /var/backups/garage/before-2.1.0.manifest.json
version: {description: The release that made it; empty when that was not noted., returned: success, type: str, sample: 1.3.0}
engine: {description: Its database engine., returned: "success, not in check mode of V(present)", type: str, sample: lmdb}
made:
  description: The name that Garage gave it.
  returned: O(state=present), not in check mode
  type: str
  sample: '2026-11-21T06:23:07Z'
files:
  description: The SHA-256 of each file.
  returned: O(state=present), not in check mode
  type: dict
  sample: {db.lmdb: fdb8f1507b39cc4ef9555c7275a26331cae97d56a7c6177f5bb3197647a5ab0d}
total: {description: Its size in bytes., returned: "O(state=present), not in check mode", type: int, sample: 45056}
database: {description: Where it was put., returned: O(state=restored), type: str, sample: /var/lib/garage/meta/db.lmdb}
renamed_to:
  description: What was there, under its new name.
  returned: O(state=restored)
  type: list
  elements: str
  sample: [/var/lib/garage/meta/db.lmdb.uplift-20261121T071502Z]
evidence:
  description: What was left, for the record of an operation.
  returned: O(state=present), not in check mode
  type: list
  elements: dict
  sample:
    - {slot: snapshot, kind: file, path: /var/backups/garage/before-2.1.0.manifest.json, size: 189, sha256: 0b5a...}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.snapshot import restore, take
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

SPEC = {
    **GARAGE,
    "state": {"type": "str", "default": "present", "choices": ["present", "restored"]},
    "dest": {"type": "path", "required": True},
    "metadata_dir": {"type": "path", "required": True},
    "snapshots_dir": {"type": "path"},
    "all_nodes": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 3600},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params, progress = module.params, Progress(module.params["progress_file"])
    garage = from_unit(LocalRunner(), params)
    if params["state"] == "present":
        return take(garage, params, progress, module.check_mode, Clock())
    return restore(garage, params, progress, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
