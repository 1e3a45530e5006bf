#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lakefs_uncommitted
short_description: Prove by the tables that no branch of a lakeFS before 0.30 holds anything uncommitted
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - C(migrate db) of 0.30.0 takes commits over and drops everything else without a word. The API was asked while clients could write; the
    tables are asked when no server runs any more.
  - It fails with repository, branch, number and paths when anything is uncommitted, and when that is unknown. It changes nothing.
  - Later releases keep uncommitted changes in every migration. Their databases have nothing in these tables.
extends_documentation_fragment:
  - uplift.datastores.lakefs.database
  - uplift.datastores.attributes
  - uplift.datastores.attributes.actiongroup_lakefs
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  given_up: {description: "Whether what is not committed may go: it is only reported then.", type: bool, default: false}
"""

EXAMPLES = r"""
- name: Migrate nothing that would be dropped
  uplift.datastores.lakefs_uncommitted:
    dsn: "{{ lakefs_settings.dsn }}"
"""

RETURN = r"""
uncommitted:
  description: Branches that hold something uncommitted. Null when that is unknown.
  returned: success
  type: list
  elements: dict
  sample: [{repository: lake, branch: main, changes: 4, paths: [late/1, late/2, late/3]}]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._backup.spec import DATABASE
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import uncommitted

SPEC = {**DATABASE, "given_up": {"type": "bool", "default": False}}


def answer(module: AnsibleModule) -> dict[str, Any]:
    postgres = Postgres(LocalRunner(), parse(module.params["dsn"]))
    look = uncommitted.look if module.params["given_up"] else uncommitted.demand_none
    return {"changed": False, "uncommitted": look(postgres)}


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
