#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_drop_tables
short_description: Drop the SQL tables that lakeFS's migration to KV has left behind
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Drops exactly the tables of the last SQL schema, recognised by their names and columns, all of them or none, and nothing that hangs on
    them. Tables of others in the same schema stay, and are named. In check mode it only lists.
  - Refused while anything is in them that is not in the key-value table, and while views or tables of others need them. There is no rollback
    back from it but a backup.
extends_documentation_fragment:
  - uplift.datastores.lakefs.database
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
"""

EXAMPLES = r"""
- name: Free the space of the old tables, months later
  uplift.datastores.lakefs_drop_tables:
    dsn: "{{ lakefs_settings.dsn }}"
"""

RETURN = r"""
tables:
  description: The tables that were dropped, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [auth_users, graveler_commits, graveler_repositories, schema_migrations]
foreign:
  description: Tables in the same schema that are not lakeFS's. They are left alone.
  returned: success
  type: list
  elements: str
  sample: [auth_user, tasks]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.drop import drop


def answer(module: AnsibleModule) -> dict[str, Any]:
    return drop(Postgres(LocalRunner(), parse(module.params["dsn"])), module.check_mode)


def main() -> None:
    serve(DATABASE, answer)


if __name__ == "__main__":
    main()
