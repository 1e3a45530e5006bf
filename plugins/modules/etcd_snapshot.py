#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_snapshot
short_description: Take a snapshot of etcd, prove it, restore it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - A snapshot is there as a whole or not at all, readable by root only, with a manifest of its keys and revision next to it.
  - A sound one that was there before is kept as C(<dest>.<time>).
extends_documentation_fragment: [uplift.datastores.attributes]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: none, details: A snapshot is taken whenever it is asked for.}
options:
  state:
    description: What is wanted.
    type: str
    default: present
    choices:
      present: A snapshot is taken.
      proved: The snapshot has been restored into a directory of its own.
      restored: O(data_dir), which may not be there yet, holds what the snapshot does.
  dest: {description: The snapshot. Its manifest lies next to it as C(<dest>.manifest.json)., type: path, required: true}
  endpoint: {description: Where etcd answers., type: str, default: http://127.0.0.1:2379}
  cacert: {description: The authority of its certificate., type: path}
  cert: {description: A client certificate., type: path}
  key: {description: The file of the certificate's key., type: path}
  data_dir: {description: Where to restore to. Required if O(state=restored)., type: path}
  etcdctl: {description: The program., type: path, default: etcdctl}
"""

EXAMPLES = r"""
- name: Back up the metadata
  uplift.datastores.etcd_snapshot:
    dest: /var/backups/uplift/etcd.snapshot
"""

RETURN = r"""
snapshot: {description: The file., returned: always, type: str, sample: /var/backups/uplift/etcd.snapshot}
keys: {description: How many keys it holds., returned: always, type: int, sample: 61}
renamed_to:
  description: Where the snapshot that was there before lies now; empty when there was none.
  returned: O(state=present)
  type: str
  sample: /var/backups/uplift/etcd.snapshot.20261127T140512Z
revision: {description: At which revision it was taken., returned: always, type: int, sample: 118}
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample: [{slot: backup, kind: file, path: /var/backups/uplift/etcd.snapshot, size: 118816}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.etcd import Snapshot
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner

SPEC: Spec = {
    "state": {"type": "str", "default": "present", "choices": ["present", "proved", "restored"]},
    "dest": {"type": "path", "required": True},
    "endpoint": {"type": "str", "default": "http://127.0.0.1:2379"},
    **{name: {"type": "path", "no_log": False} for name in ("cacert", "cert", "key", "data_dir")},
    "etcdctl": {"type": "path", "default": "etcdctl"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    snapshot = Snapshot(LocalRunner(), module.params)
    done: dict[str, Any] = getattr(snapshot, module.params["state"])(module.check_mode)
    return done


def main() -> None:
    serve(SPEC, answer, required_if=[("state", "restored", ["data_dir"])])


if __name__ == "__main__":
    main()
