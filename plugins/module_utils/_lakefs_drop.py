# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The SQL era's tables, which the migration to KV leaves behind. They are the last way back without a backup."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils import _lakefs_database
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs_database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._postgres import Postgres, name
from ansible_collections.uplift.datastores.plugins.module_utils._products import lakefs_schema as schema

_OLD = re.compile(r"(auth|catalog|graveler|gateway|actions)_\w+|schema_migrations|tasks")


def old_tables(seen: Database) -> list[str]:
    return sorted(table for table in seen.tables if _OLD.fullmatch(table))


def refused(seen: Database) -> str:
    """Why they must stay, "" when everything of them is in KV."""
    found = schema.state(seen)
    if found.problem or not found.schema or found.schema.era != schema.KV:
        return found.problem or "the database was never migrated to KV: these tables are all there is"
    lost = sorted((set(seen.graveler) | set(seen.mvcc)) - set(seen.repositories))
    return f"{', '.join(lost[:5])} are in the old tables and not in KV" if lost else ""


def drop(postgres: Postgres, check: bool) -> dict[str, Any]:
    seen = _lakefs_database.look(postgres)
    tables, why = old_tables(seen), refused(seen)
    if tables and why:
        raise UpliftError(f"The old tables of {postgres.dsn.place()} must stay: {why}. Nothing was changed.")
    if tables and not check:
        postgres.run(f"DROP TABLE {', '.join(map(name, tables))} CASCADE;")
    return {"changed": bool(tables), "tables": tables}
