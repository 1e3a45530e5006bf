# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What migrations do to uncommitted changes: asked of the tables, since no server runs by then.

`migrate db` of 0.30.0 drops them without a word (L11). The migration to KV takes them over, and passes over what it
cannot read.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

# The view of every release before 0.30 that says itself what it takes for committed, and the tables that name it.
VIEW, ENTRIES = "catalog_entries_v", "catalog_entries"
_VIEWS = f"SELECT c.relname AS name FROM pg_class c WHERE c.oid = to_regclass('{VIEW}') AND c.relkind = 'v'"
_ROWS = f"""SELECT coalesce(r.name, '(unknown)') AS repository, coalesce(b.name, '(unknown)') AS branch,
 count(*) AS changes, (array_agg(e.path ORDER BY e.path))[1:3] AS paths
 FROM {VIEW} e LEFT JOIN catalog_branches b ON b.id = e.branch_id LEFT JOIN catalog_repositories r
 ON r.id = b.repository_id WHERE e.is_committed IS NOT TRUE GROUP BY 1, 2 ORDER BY 1, 2"""
# The KV store has what a branch holds uncommitted under the same token as the tables.
_NOT_TAKEN = """SELECT * FROM (SELECT b.repository_id AS repository, b.id AS branch, count(*) AS had,
 (SELECT count(*) FROM kv WHERE partition_key = convert_to(b.staging_token, 'utf8')) AS taken FROM graveler_branches b
 JOIN graveler_staging_kv s ON s.staging_token = b.staging_token GROUP BY b.repository_id, b.id, b.staging_token) AS f
 WHERE taken < had ORDER BY 1, 2"""
_SHOWN = 5
TIMEOUT = 3600.0  # seconds: every entry of every commit is looked at


def look(postgres: Postgres) -> list[dict[str, Any]] | None:
    """Each branch with what it holds uncommitted: repository, branch, changes, some paths. None: cannot tell."""
    patient = Postgres(postgres.runner, postgres.dsn, TIMEOUT)
    tables = patient.tables()
    if ENTRIES not in tables:
        return []
    if not {"catalog_branches", "catalog_repositories"} <= set(tables) or not patient.rows(_VIEWS):
        return None
    return patient.rows(_ROWS)


def lost(rows: Sequence[Mapping[str, Any]] | None) -> str:
    """Pure: what a migration by `migrate db` would drop, as a clause; "" when nothing is."""
    if rows is None:
        return f"the tables of before 0.30 are not as they should be ({VIEW} and what it needs): it is unknown"
    if not rows:
        return ""
    named = [f"{row['repository']}/{row['branch']} has {row['changes']} ({_paths(row)})" for row in rows[:_SHOWN]]
    more = f", and {len(rows) - _SHOWN} more branches" if len(rows) > _SHOWN else ""
    return ", ".join(named) + more


def not_taken(postgres: Postgres) -> str:
    """After the migration to KV: which of the branches' uncommitted changes are not there, as a clause; "" for none."""
    patient = Postgres(postgres.runner, postgres.dsn, TIMEOUT)
    if not {"kv", "graveler_branches", "graveler_staging_kv"} <= set(patient.tables()):
        return "the old tables are gone, and whether uncommitted changes came along is unknown"
    rows = patient.rows(_NOT_TAKEN)
    named = [f"{row['repository']}/{row['branch']} had {row['had']} and has {row['taken']}" for row in rows[:_SHOWN]]
    more = f", and {len(rows) - _SHOWN} more branches" if len(rows) > _SHOWN else ""
    return f"uncommitted changes are missing: {', '.join(named)}{more}" if rows else ""


def _paths(row: Mapping[str, Any]) -> str:
    return ", ".join(row["paths"]) + (", ..." if int(row["changes"]) > len(row["paths"]) else "")


def demand_none(postgres: Postgres) -> list[dict[str, Any]]:
    """Refuse when anything is there, or when that is unknown."""
    rows = look(postgres)
    found = lost(rows)
    if found:
        raise UpliftError(
            f"Uncommitted changes in the tables of {postgres.dsn.place()}: {found}; expected none. `migrate db` keeps"
            " what is committed and drops the rest without a word. Nothing was migrated. Let the old release serve"
            " again (a failed run starts it), commit or reset these branches, keep clients away, and run the same"
            " command again; lakefs_commit_uncommitted commits what is there before the stop."
        )
    return rows or []
