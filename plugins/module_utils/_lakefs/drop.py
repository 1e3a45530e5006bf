# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The SQL era's tables, which the migration to KV leaves behind. Without a backup they are the last way to go back."""

from __future__ import annotations

from typing import Any, Iterable

from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres, literal, name
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import database, schema, tables
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database

_COLUMNS = """SELECT c.relname AS name, c.relkind = 'v' AS view, array_agg(a.attname::text) AS columns
 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid
 AND a.attnum > 0 AND NOT a.attisdropped WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v')
 AND NOT c.relispartition GROUP BY 1, 2 ORDER BY 1"""
# What would have to go with them, and is not in the list: views that read them, tables that refer to them.
_HANGS = """SELECT DISTINCT found::regclass::text AS name FROM (
 SELECT r.ev_class AS found, d.refobjid AS ours FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
 WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
 UNION ALL SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND conparentid = 0) AS hangs
 WHERE ours = ANY (ARRAY[{ours}]::regclass[]) AND found <> ALL (ARRAY[{ours}]::regclass[]) ORDER BY 1"""


def refused(seen: Database) -> str:
    """Why they must stay, "" when everything of them is in KV."""
    found = schema.state(seen)
    if found.problem or not found.schema or found.schema.era != schema.KV:
        return found.problem or "the database was never migrated to KV: these tables are all there is"
    lost = sorted((set(seen.graveler) | set(seen.mvcc)) - set(seen.repositories))
    return f"{', '.join(lost[:5])} are in the old tables and not in KV" if lost else ""


def drop(postgres: Postgres, check: bool) -> dict[str, Any]:
    """The exact tables of the last SQL schema, all at once or none, and nothing that hangs on them."""
    seen, rows = database.look(postgres), postgres.rows(_COLUMNS)
    columns = {row["name"]: row["columns"] for row in rows if not row["view"]}
    found = tables.left(seen.sql, columns, [row["name"] for row in rows if row["view"]])
    why = refused(seen) if found.ours else ""
    if why:
        raise UpliftError(f"The old tables of {postgres.dsn.place()} must stay: {why}. Nothing was changed.")
    if found.ours:
        hangs = postgres.rows(_HANGS.format(ours=_list(map(literal, map(name, [*found.ours, *found.views])))))
        if hangs:
            raise UpliftError(
                f"In {postgres.dsn.place()} {', '.join(row['name'] for row in hangs)} read or refer to the old tables"
                " of lakeFS; expected nothing else that needs them. Remove them first, or keep the tables. Nothing was"
                " changed."
            )
    if found.ours and not check:
        views = f"DROP VIEW {_list(map(name, found.views))} RESTRICT;" if found.views else ""
        postgres.run(f"BEGIN; {views} DROP TABLE {_list(map(name, found.ours))} RESTRICT; COMMIT;")
    return {"changed": bool(found.ours), "tables": list(found.ours), "foreign": list(found.foreign)}


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)
