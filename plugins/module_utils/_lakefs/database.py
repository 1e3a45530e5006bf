# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What stands in a database of lakeFS, by SQL that only reads: `lakefs migrate version` makes tables (L07)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres

_RECORD = """SELECT convert_from(value, 'utf8') AS record FROM kv
 WHERE partition_key = 'kv-internal-metadata'::bytea AND key = 'kv/schema/version'::bytea"""
_KEYS = """SELECT convert_from(partition_key, 'utf8') AS part, convert_from(key, 'utf8') AS key FROM kv
 WHERE partition_key IN ('auth'::bytea, 'basicAuth'::bytea, 'graveler'::bytea)
 AND convert_from(key, 'utf8') ~ '^(users/|uCredentials/|repos/)'"""
_LAST = """SELECT convert_from(value, 'utf8') AS said FROM kv WHERE partition_key = 'auth'::bytea
 AND key = 'installation_metadata/lakefs_version'::bytea"""
_OLD_USERS = """SELECT u.display_name AS name, count(c.access_key_id) AS keys FROM auth_users u
 LEFT JOIN auth_credentials c ON c.user_id = u.id GROUP BY u.display_name ORDER BY 1"""
_OLD_METADATA = "SELECT key_name AS key, key_value AS value FROM auth_installation_metadata"
# By their columns: other programs have tables of these names, too. Schemas that a restore has renamed are none.
_OWN = r"""SELECT table_schema AS place, bool_or(table_name = 'kv') AS kv, bool_or(table_name <> 'kv') AS sql
 FROM information_schema.columns WHERE (table_name, column_name) IN (('kv', 'partition_key'),
 ('schema_migrations', 'dirty')) AND table_schema !~ '_uplift_2' GROUP BY 1"""


@dataclass(frozen=True)
class Database:
    """The version records, and what there is to lose. `record` is the KV record as it is written: it may be junk."""

    tables: Sequence[str] = ()
    place: str = ""
    """The schema where they lie, "" when the search path leads to none."""
    of_lakefs: bool = False
    """Whether any of them is, by its columns."""
    elsewhere: Sequence[str] = ()
    """Schemas that have tables of lakeFS, when this one has none."""
    sql: int | None = None
    dirty: bool = False
    record: str | None = None
    kv_rows: int = 0
    mvcc: Sequence[str] = ()
    migrated_at: str = ""
    graveler: Sequence[str] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)
    repositories: Sequence[str] = ()
    users: Mapping[str, int] = field(default_factory=dict)
    basic_auth: bool = False
    last_started: str = ""


def look(postgres: Postgres) -> Database:
    """Nothing is created, nothing is locked."""
    tables = postgres.tables()
    schemas = {row["place"]: row for row in postgres.rows(_OWN)}
    place = str(postgres.value("SELECT coalesce(current_schema(), '') AS place"))
    own = schemas.get(place, {})
    facts: dict[str, Any] = {"tables": tables, "place": place, "of_lakefs": bool(own)}
    facts["elsewhere"] = [] if own else sorted(schemas)
    if own.get("sql"):
        facts.update(_sql_era(postgres, tables))
    if own.get("kv"):
        facts.update({key: value for key, value in _kv_era(postgres).items() if value})
    if not facts.get("repositories"):
        facts["repositories"] = [] if facts.get("record") else facts.get("graveler") or facts.get("mvcc") or []
    return Database(**facts)


def written(postgres: Postgres) -> str:
    """The version records as they stand, such as `SQL 38, KV 1`; "" for a database without one."""
    tables = postgres.tables()
    sql = postgres.value("SELECT version FROM schema_migrations") if "schema_migrations" in tables else None
    kv = postgres.value(_RECORD) if "kv" in tables else None
    return ", ".join(f"{era} {number}" for era, number in (("SQL", sql), ("KV", kv)) if number is not None)


def _sql_era(postgres: Postgres, tables: Sequence[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    rows = postgres.rows("SELECT version, dirty FROM schema_migrations")
    if rows:
        facts.update(sql=int(rows[0]["version"]), dirty=bool(rows[0]["dirty"]))
    if "catalog_repositories" in tables:
        facts["mvcc"] = [row["name"] for row in postgres.rows("SELECT name FROM catalog_repositories ORDER BY 1")]
    if "graveler_repositories" in tables:
        found = postgres.rows("SELECT id, storage_namespace AS place FROM graveler_repositories ORDER BY 1")
        facts["graveler"] = [row["id"] for row in found]
        facts["namespaces"] = {row["id"]: row["place"] for row in found}
    if "auth_installation_metadata" in tables:
        kept = {row["key"]: row["value"] for row in postgres.rows(_OLD_METADATA)}
        facts["migrated_at"] = str(kept.get("migrate_timestamp") or "")
        facts["last_started"] = str(kept.get("lakefs_version") or "")
    if {"auth_users", "auth_credentials"} <= set(tables):
        facts["users"] = {row["name"]: int(row["keys"]) for row in postgres.rows(_OLD_USERS)}
    return facts


def _kv_era(postgres: Postgres) -> dict[str, Any]:
    keys = postgres.rows(_KEYS)
    basic = [row for row in keys if row["part"] == "basicAuth"]
    auth = basic or [row for row in keys if row["part"] == "auth"]
    return {
        "record": postgres.value(_RECORD),
        "kv_rows": postgres.value("SELECT count(*) AS rows FROM kv"),
        "repositories": sorted(row["key"][6:] for row in keys if row["part"] == "graveler"),
        "users": _users([row["key"] for row in auth]),
        "basic_auth": bool(basic),
        "last_started": postgres.value(_LAST),
    }


def _users(keys: Sequence[str]) -> dict[str, int]:
    """Users and how many access keys each has, by the names of the entries; what is in them nobody needs to know."""
    users = {key.split("/")[1]: 0 for key in keys if key.startswith("users/")}
    for key in keys:
        parts = key.split("/")
        if parts[0] == "uCredentials" and len(parts) > 3:
            users[parts[1]] = users.get(parts[1], 0) + 1
    return dict(sorted(users.items()))
