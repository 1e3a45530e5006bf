#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_rehearsal
short_description: Run a migration of lakeFS on a copy of the database, and time it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Dumps the database while it is used, restores the dump into a scratch database, migrates that, checks it as
    M(uplift.datastores.lakefs_migrate) does, and drops it. The installation is not touched.
extends_documentation_fragment:
  - uplift.datastores.lakefs
  - uplift.datastores.lakefs.database
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full, details: Does nothing.}
  diff_mode: {support: none}
  idempotent: {support: full, details: Leaves nothing behind.}
options:
  dump: {description: Where the copy lies in between., type: path, required: true}
  scratch: {description: "The connection string of an empty database; by default one is made, and dropped.", type: str, default: ''}
  force: {description: "Give C(--force).", type: bool, default: false}
  tmpdir: {description: For temporary files., type: str, default: ''}
  timeout: {description: Seconds after which the migration is ended., type: float, default: 86400}
"""

EXAMPLES = r"""
- name: Will it work, and how long will it take?
  uplift.datastores.lakefs_rehearsal:
    binary: /usr/local/bin/lakefs-1.84.0
    dsn: "{{ lakefs_settings.dsn }}"
    dump: /var/backups/uplift/rehearsal.dump
"""

RETURN = r"""
rehearsed: {description: Whether it was done., returned: always, type: bool, sample: true}
seconds:
  description: For dump, migration, and all together.
  returned: when rehearsed
  type: dict
  sample: {dump: 1.2, migrate: 0.4, all: 3.1}
before: {description: Schema and counts of the copy before., returned: when rehearsed, type: dict, sample: {schema: KV schema 3}}
after: {description: Schema and counts of the copy after., returned: when rehearsed, type: dict, sample: {schema: KV schema 4}}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.migrate import LOCK
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.rehearsal import run
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS

SPEC = {
    **LAKEFS,
    **DATABASE,
    "dump": {"type": "path", "required": True},
    "scratch": {"type": "str", "default": "", "no_log": True},
    "force": {"type": "bool", "default": False},
    "tmpdir": {"type": "str", "default": ""},
    "timeout": {"type": "float", "default": 86400},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(module.params, module.check_mode, LOCK)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
