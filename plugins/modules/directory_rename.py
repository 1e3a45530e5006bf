#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: directory_rename
short_description: Rename a service's data directory so that a fresh one takes its place, and rename it back
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - The directory is renamed, never copied and never deleted; to rename it back is the quickest rollback.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.attributes.internal]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  path: {description: The directory., type: path, required: true}
  name: {description: 'The end of its new name, as C(<path>.uplift-<name>).', type: str, required: true}
  state:
    description: What is wanted.
    type: str
    default: read
    choices:
      read: Only say where it would be put.
      renamed: The directory has the other name.
      fresh: The directory is empty, while the old one is renamed.
      back: The old directory is in its place again. What came in between is kept next to it.
  inode:
    description: The inode of what was renamed, from RV(evidence). With V(back), another directory in its place is refused. 0 means unknown.
    type: int
    default: 0
  holds:
    description: Names that the directory has to have for V(renamed), so that one whose file system is not mounted is not taken for it.
    type: list
    elements: str
    default: []
  units: {description: systemd units that have to be down., type: list, elements: str, default: []}
"""

EXAMPLES = r"""
- name: Rename the metadata
  uplift.datastores.directory_rename:
    path: /var/lib/etcd/default
    name: 20261121T060000Z-pachyderm-1.13.4
    state: renamed
    units: [etcd.service]
"""

RETURN = r"""
path: {description: The directory., returned: always, type: str, sample: /var/lib/etcd/default}
renamed_to: {description: Where it is put., returned: always, type: str, sample: /var/lib/etcd/default.uplift-20261121T060000Z-pachyderm-1.13.4}
there: {description: Whether it is renamed., returned: always, type: bool, sample: true}
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample: [{slot: metadata, kind: absent, path: /var/lib/etcd/default, inode: 1572877}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.directory_rename import STATES, bring
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner

SPEC: Spec = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "read", "choices": list(STATES)},
    "inode": {"type": "int", "default": 0},
    "holds": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return bring(LocalRunner(), module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
