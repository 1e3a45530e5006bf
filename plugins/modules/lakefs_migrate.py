#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_migrate
short_description: Migrate the database of lakeFS, once, and prove it
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Runs C(lakefs migrate) of one release with the unit's configuration, environment and account, on the database of O(dsn).
  - It is refused where the release would do nothing, or harm, and say that all is well; while others use the database; and without
    free space for its temporary files. A migration that is done already changes nothing.
  - Exit status, line and version record have to agree afterwards, and no repository or user may be missing.
  - No secret is returned. What the program prints is never shown whole, since 0.30.0 prints the password.
extends_documentation_fragment:
  - uplift.datastores.lakefs
  - uplift.datastores.lakefs.database
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_lakefs
attributes:
  check_mode: {support: full, details: "For V(task), by its own dry run."}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  command:
    description: What to run.
    type: str
    default: auto
    choices:
      auto: V(db) where this release is 0.30.0 and there are repositories to take over, else V(up).
      up: All migrations to the schema of this release.
      db: Take commits of releases before 0.30 over. Of 0.30.0 only; what is not committed is gone afterwards.
      task: Repair encoded storage namespaces. From 1.68.0 on; older releases have nothing to do.
      superuser: Take over one user with one access key, where the release still can (1.33 to 1.52).
  discard: {description: Whether the data of releases before 0.30 may go., type: bool, default: false}
  given_up:
    description: >-
      Whether what is not committed may go. V(db) drops it, and is refused while M(uplift.datastores.lakefs_uncommitted) finds any; after the
      migration to the key-value form what branches held is looked for there.
    type: bool
    default: false
  force: {description: "Give C(--force), which 0.98 to 1.32 want where policies do not fit access control lists.", type: bool, default: false}
  user_name: {description: The user to take over., type: str, default: ''}
  access_key_id: {description: The access key to take over., type: str, default: ''}
  tmpdir: {description: "For temporary files. By default the unit's C(TMPDIR), else C(/tmp).", type: str, default: ''}
  timeout: {description: Seconds after which it is ended., type: float, default: 86400}
"""

EXAMPLES = r"""
- name: Migrate with the new release, while no server runs
  uplift.datastores.lakefs_migrate:
    binary: /usr/local/bin/lakefs-1.84.0
    dsn: "{{ lakefs_settings.dsn }}"
"""

RETURN = r"""
version: {description: The release that was run., returned: when a migration was asked for, type: str, sample: 1.84.0}
before:
  description: Schema and counts before.
  returned: when a migration was asked for
  type: dict
  sample: {schema: KV schema 3, problem: '', repositories: 1, users: 1, kv_rows: 22}
after:
  description: Schema and counts after.
  returned: when a migration was asked for
  type: dict
  sample: {schema: KV schema 4, problem: '', repositories: 1, users: 1, kv_rows: 22}
seconds: {description: How long it took., returned: when a migration was asked for, type: float, sample: 0.4}
line: {description: What it said., returned: when a migration was asked for, type: str, sample: Migration completed successfully.}
updated: {description: Namespaces that were fixed., returned: O(command=task), type: list, elements: str, sample: ['local://bucket/a b']}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.migrate import run
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.spec import LAKEFS

SPEC = {
    **LAKEFS,
    **DATABASE,
    "command": {"type": "str", "default": "auto", "choices": ["auto", "up", "db", "task", "superuser"]},
    **{name: {"type": "bool", "default": False} for name in ("force", "discard", "given_up")},
    **{name: {"type": "str", "default": ""} for name in ("user_name", "tmpdir")},
    "access_key_id": {"type": "str", "default": "", "no_log": False},
    "timeout": {"type": "float", "default": 86400},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return run(module.params, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
