#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_live_backup
short_description: Back up Garage's metadata while the node serves, and prove the backup by opening it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(garage meta snapshot), from 0.9.4 on, and archives the snapshot in the place of the database, with all else that lies in the
    metadata directory but older snapshots. Nothing is stopped.
  - The archive and its manifest are as those of M(uplift.datastores.metadata_backup), which restores them. A sound one that is there is
    kept under a name with the time it was made.
  - Sled has no snapshots.
  - With O(copy) it archives what a snapshot of the file system shows, of any engine. Who takes that first asks for a mark.
options:
  state:
    description: What is wanted.
    type: str
    default: present
    choices:
      present: There is a new backup of what the node holds.
      marked:
        There is a mark in O(metadata_dir), RV(mark), which a snapshot of the file system has from now on. Earlier ones are gone.
      unmarked: There is no such mark.
      proved:
        The backup has been restored into a directory of its own, every file compared, and every object entry read by the node's own program.
  dest:
    description: The archive. Its manifest lies next to it as C(<dest>.manifest.json). Required if O(state=present) or O(state=proved).
    type: path
  copy:
    description: >-
      Where a snapshot of the file system shows the metadata directory. That is archived, in place of a snapshot of Garage's own; it has to
      have O(mark).
    type: path
  mark: {description: The mark that O(copy) has to have. Required with it., type: str}
  metadata_dir: {description: The C(metadata_dir) of the configuration., type: path, required: true}
  snapshots_dir:
    description: The C(metadata_snapshots_dir) of the configuration. By default C(snapshots) in O(metadata_dir).
    type: path
  engine:
    description: The engine of the database. Required if O(state=present) or O(state=proved).
    type: str
    choices: [lmdb, sled, sqlite]
  compression: {description: How the archive is compressed. V(zstd) needs that program., type: str, default: zstd, choices: [zstd, gzip, none]}
  release_binary:
    description: Of O(state=proved), the program of the next release (for a container, its image), which reads what the backup gives back, too.
    type: str
    default: ''
  candidate: {description: The configuration that is meant for it., type: path}
  node: {description: What the cluster calls the node; empty where it is unknown. The manifest keeps it., type: str, default: ''}
  timeout: {description: Seconds that the snapshot or the reading may take., type: float, default: 86400}
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: none, details: A snapshot is taken whenever it is asked for.}
"""

EXAMPLES = r"""
- name: Back up the metadata of a node that serves
  uplift.datastores.garage_live_backup:
    dest: /var/backups/uplift/20261121T031500Z-garage-2.5.0/meta-1.3.0.tar.zst
    metadata_dir: /var/lib/garage/meta
    engine: lmdb

- name: Leave a mark for the snapshot of the file system that is taken next
  uplift.datastores.garage_live_backup:
    state: marked
    metadata_dir: /var/lib/garage/meta

- name: Prove that it gives back a database that opens
  uplift.datastores.garage_live_backup:
    state: proved
    dest: /var/backups/uplift/20261121T031500Z-garage-2.5.0/meta-1.3.0.tar.zst
    metadata_dir: /var/lib/garage/meta
    engine: lmdb
"""

RETURN = r"""
mark: {description: The name of the mark., returned: O(state=marked), type: str, sample: .uplift-20261121T062307Z-mark}
name:
  description: What the snapshot should be called, so that no other is.
  returned: O(state=marked)
  type: str
  sample: uplift-20261121T062307Z-garage.service
archive: {description: The archive., returned: O(state=present) and O(state=proved), type: str, sample: /var/backups/u/x/meta-1.3.0.tar.zst}
made:
  description: The name that Garage gave the snapshot; with O(copy) the mark.
  returned: O(state=present), not in check mode
  type: str
  sample: '2026-11-21T06:23:07Z'
manifest:
  description: Its manifest.
  returned: always but in check mode
  type: str
  sample: /var/backups/u/x/meta-1.3.0.tar.zst.manifest.json
files: {description: How many files it holds., returned: always but in check mode, type: int, sample: 8}
total: {description: Their size in bytes., returned: always but in check mode, type: int, sample: 526886}
size: {description: The size of the archive in bytes., returned: always but in check mode, type: int, sample: 4951}
sha256:
  description: The SHA-256 of the archive.
  returned: always but in check mode
  type: str
  sample: fdb8f1507b39cc4ef9555c7275a26331cae97d56a7c6177f5bb3197647a5ab0d
created:
  description: "When it was made, in seconds since 1970 by the clock of the node."
  returned: always but in check mode
  type: float
  sample: 1795231718.197
proved: {description: That it gives back what it holds., returned: O(state=proved), type: bool, sample: true}
renamed_to:
  description: Where an earlier backup lies now; empty when there was none.
  returned: O(state=present), not in check mode
  type: str
  sample: /var/backups/u/x/meta-1.3.0.tar.zst.20261121T032840Z
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - slot: backup
      kind: file
      path: /var/backups/u/x/meta-1.3.0.tar.zst
      size: 4951
      sha256: fdb8f1507b39cc4ef9555c7275a26331cae97d56a7c6177f5bb3197647a5ab0d
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup import archive
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import filesystem_backup
from ansible_collections.uplift.datastores.plugins.module_utils._garage.live_backup import prove, take
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

SPEC: Spec = {
    **GARAGE,
    "state": {"type": "str", "default": "present", "choices": ["present", "proved", "marked", "unmarked"]},
    "dest": {"type": "path"},
    "copy": {"type": "path"},
    "mark": {"type": "str"},
    "metadata_dir": {"type": "path", "required": True},
    "snapshots_dir": {"type": "path"},
    "engine": {"type": "str", "choices": ["lmdb", "sled", "sqlite"]},
    "compression": {"type": "str", "default": "zstd", "choices": list(archive.COMPRESSIONS)},
    "node": {"type": "str", "default": ""},
    "release_binary": {"type": "str", "default": ""},
    "candidate": {"type": "path"},
    "timeout": {"type": "float", "default": 86400},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params, progress = module.params, Progress(module.params["progress_file"])
    if params["state"] == "marked":
        return filesystem_backup.mark(params, module.check_mode, Clock())
    if params["state"] == "unmarked":
        return filesystem_backup.unmark(params, module.check_mode)
    if params["state"] == "present" and params["copy"]:
        return filesystem_backup.take(params, progress, module.check_mode)
    garage = from_unit(LocalRunner(), params)
    if params["state"] == "present":
        return take(garage, params, progress, module.check_mode, Clock())
    return prove(garage, params, progress)


def main() -> None:
    needed = [("state", state, ["dest", "engine"]) for state in ("present", "proved")]
    serve(SPEC, answer, required_if=needed, required_together=[("copy", "mark")])


if __name__ == "__main__":
    main()
