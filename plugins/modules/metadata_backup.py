#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: metadata_backup
short_description: Back up directories of a stopped service, prove the backup, restore it
version_added: 0.1.0
description:
  - Writes a tar, compressed, and a manifest with the SHA-256, the owner, the mode and the time of each file. Both are
    readable by root only, since such directories hold keys.
  - A backup is there as a whole or not at all. One that is sound, and of what the directories hold now, is kept; one that
    is sound, and of another state, is kept under a name with the time it was made.
  - Extended attributes and access control lists are not kept.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.progress]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  state:
    description: What is wanted.
    type: str
    default: present
    choices:
      present: There is a sound backup of what the directories hold.
      proved: The backup has been restored into a directory of its own, and every file compared with the manifest.
      restored: The directories hold what the backup does. What was there is kept next to them, as C(<directory>.uplift-<time>).
  src:
    description: The directories. Required if O(state=present). A restored backup knows its own, and is refused where these are others.
    type: list
    elements: path
  dest: {description: The archive. Its manifest lies next to it as C(<dest>.manifest.json)., type: path, required: true}
  compression: {description: How the archive is compressed. V(zstd) needs that program., type: str, default: zstd, choices: [zstd, gzip, none]}
  space_factor:
    description: How much of the size of O(src) must be free at O(dest). Less than V(1) trusts the compression.
    type: float
    default: 1
  scratch: {description: The directory to prove in. By default next to O(dest)., type: path, default: ''}
  holds:
    description:
      - Names that the first of O(src) has to have for V(present), alternatives with C(|) between them. Without them nothing is backed
        up, so that a directory whose file system is not mounted is not taken for what it holds.
    type: list
    elements: str
    default: []
  unit:
    description:
      - The service that has to be down for V(present) and V(restored), as M(uplift.datastores.service) takes it. Of a container also
        every other one that mounts O(src).
      - The manifest keeps it, and the backup of another one is not restored.
    type: str
    default: ''
  node:
    description: What the cluster calls the node; empty where it is unknown. The manifest keeps it, and the backup of another one is not restored.
    type: str
    default: ''
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Back up the metadata of a stopped node
  uplift.datastores.metadata_backup:
    src: [/var/lib/garage/meta]
    dest: /var/backups/uplift/20261121T031500Z-garage-0.8.7/meta-0.7.0.tar.zst
    unit: garage.service
    holds: [node_key, db|db.lmdb|db.sqlite]

- name: Prove that it can be restored
  uplift.datastores.metadata_backup:
    state: proved
    dest: /var/backups/uplift/20261121T031500Z-garage-0.8.7/meta-0.7.0.tar.zst
"""

RETURN = r"""
archive: {description: The archive., returned: always, type: str, sample: /var/backups/u/x/meta.tar.zst}
manifest:
  description: Its manifest.
  returned: always but in check mode
  type: str
  sample: /var/backups/u/x/meta.tar.zst.manifest.json
files: {description: How many files it holds., returned: always but in check mode, type: int, sample: 8}
total: {description: Their size in bytes., returned: always, type: int, sample: 526886}
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
  description: What was renamed; an archive for V(present), directories for V(restored).
  returned: changed
  type: raw
  sample: [/var/lib/garage/meta.uplift-20261121T032840Z]
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - slot: backup
      kind: file
      path: /var/backups/u/x/meta.tar.zst
      size: 4951
      sha256: fdb8f1507b39cc4ef9555c7275a26331cae97d56a7c6177f5bb3197647a5ab0d
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup import archive, metadata
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place, runtime

SPEC: Spec = {
    "state": {"type": "str", "default": "present", "choices": ["present", "proved", "restored"]},
    "src": {"type": "list", "elements": "path"},
    "dest": {"type": "path", "required": True},
    "compression": {"type": "str", "default": "zstd", "choices": list(archive.COMPRESSIONS)},
    "space_factor": {"type": "float", "default": 1},
    "scratch": {"type": "path", "default": ""},
    "holds": {"type": "list", "elements": "str", "default": []},
    "unit": {"type": "str", "default": ""},
    "node": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    asked = module.params
    given = {name: asked[name] for name in ("dest", "compression", "space_factor", "scratch", "holds", "node")}
    wish = metadata.Wish(asked["src"] or [], **given, unit=place.key(asked["unit"]) if asked["unit"] else "")
    progress = Progress(asked["progress_file"])

    def down() -> None:
        if asked["unit"]:
            runtime.of(LocalRunner(), asked["unit"]).demand_down(wish.src)

    if asked["state"] == "proved":
        return metadata.prove(wish, progress)
    act = metadata.present if asked["state"] == "present" else metadata.restore
    return act(wish, progress, down, module.check_mode)


def main() -> None:
    serve(SPEC, answer, required_if=[("state", "present", ["src"])])


if __name__ == "__main__":
    main()
