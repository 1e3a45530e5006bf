# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What restores and trials leave at a PostgreSQL server: databases and schemas that bear our name and our comment."""

from __future__ import annotations

import calendar
import os
import re
import time
from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import Dsn
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres, literal, name
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner

SCRATCH, RENAMED = "scratch", "renamed"  # to try something in; what was replaced by a dump
PREFIX = "uplift_scratch"
_NOTE = re.compile(rf"uplift\.datastores ({SCRATCH}|{RENAMED}) ([0-9]{{8}}T[0-9]{{6}}Z) (.*)", re.DOTALL)
_NAMED = re.compile(r"_uplift_(?:new|2[0-9]{16})")
_STAMP = "%Y%m%dT%H%M%SZ"
_STRANGE = "it bears no comment of an operation: look what it is, and drop it by hand"
_DATABASES = """SELECT datname AS name, coalesce(shobj_description(oid, 'pg_database'), '') AS note,
 CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END AS size,
 (SELECT count(*) FROM pg_stat_activity WHERE datid = pg_database.oid) AS sessions
 FROM pg_database WHERE datname = {} OR starts_with(datname, current_database() || '_uplift_') ORDER BY 1"""
_SCHEMAS = """SELECT nspname AS name, coalesce(obj_description(n.oid, 'pg_namespace'), '') AS note, 0 AS sessions,
 (SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class
 WHERE relnamespace = n.oid AND relkind = 'r') AS size
 FROM pg_namespace n WHERE starts_with(nspname, current_schema() || '_uplift_') ORDER BY 1"""
# Without CASCADE: what somebody else has made of it stays, and so does all of it.
_DROP_SCHEMA = """DO $uplift$ DECLARE space oid := {}::regnamespace; what text; BEGIN
 FOR what IN SELECT 'VIEW ' || string_agg(oid::regclass::text, ', ') FROM pg_class
 WHERE relnamespace = space AND relkind = 'v'
 UNION ALL SELECT 'TABLE ' || string_agg(oid::regclass::text, ', ') FROM pg_class
 WHERE relnamespace = space AND relkind IN ('r', 'p') AND NOT relispartition
 UNION ALL SELECT 'SEQUENCE ' || string_agg(c.oid::regclass::text, ', ') FROM pg_class c
 WHERE relnamespace = space AND relkind = 'S'
 AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype IN ('a', 'i'))
 UNION ALL SELECT 'ROUTINE ' || string_agg(oid::regprocedure::text, ', ') FROM pg_proc WHERE pronamespace = space
 UNION ALL SELECT 'TYPE ' || string_agg(oid::regtype::text, ', ') FROM pg_type
 WHERE typnamespace = space AND typtype IN ('e', 'd')
 LOOP IF what IS NOT NULL THEN EXECUTE 'DROP ' || what || ' RESTRICT'; END IF; END LOOP;
 EXECUTE 'DROP SCHEMA ' || space::regnamespace || ' RESTRICT'; END $uplift$;"""


def scratch_name(database: str) -> str:
    """Of the database to try something in that is next to this one."""
    return f"{PREFIX}_{database}"[:60]


def note(kind: str, what: str, moment: float) -> str:
    """The comment, as a text inside SQL. kind: SCRATCH or RENAMED. what: of a dump that was put back its path."""
    return literal(f"uplift.datastores {kind} {time.strftime(_STAMP, time.gmtime(moment))} {what}")


@dataclass
class ServerLeftovers:
    """Next to the database of the servers. `rows` as _operation/leftovers_elsewhere.py takes them."""

    runner: Runner
    dsn: Dsn
    _drops: dict[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        postgres = Postgres(self.runner, self.dsn)
        own = postgres.server()["name"]
        scratch = scratch_name(own)
        for row in postgres.rows(_DATABASES.format(literal(scratch))):
            if row["name"] == scratch or _NAMED.fullmatch(row["name"][len(own) :]):
                yield self._told(
                    f"database {self.dsn.at(row['name']).place()}", row, f"DROP DATABASE {name(row['name'])};"
                )
        for row in postgres.rows(_SCHEMAS):
            if _NAMED.search(row["name"]):
                path = f"schema {row['name']} of {self.dsn.place()}"
                yield self._told(path, row, _DROP_SCHEMA.format(literal(name(row["name"]))))

    def remove(self, path: str) -> None:
        """One of `rows`. What is used, or was made something else of, the server keeps, and says so."""
        Postgres(self.runner, self.dsn).run(self._drops[path])

    def _told(self, path: str, row: Mapping[str, Any], drop: str) -> dict[str, Any]:
        self._drops[path] = drop
        said = _NOTE.fullmatch(row["note"])
        used = f"{row['sessions']} sessions use it" if row["sessions"] else "" if said else _STRANGE
        made = calendar.timegm(time.strptime(said[2], _STAMP)) if said else time.time()
        return {
            "path": path,
            "kind": said[1] if said else RENAMED,
            "size": row["size"],
            "changed": float(made),
            "operation": os.path.basename(os.path.dirname(said[3])) if said and said[1] == RENAMED else "",
            "used": used,
        }
