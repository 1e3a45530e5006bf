# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""PostgreSQL by its own client programs, which a backup needs anyway. No password is ever an argument."""

from __future__ import annotations

import json
import re
from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import APPLICATION, DatabaseError, Dsn
from ansible_collections.uplift.datastores.plugins.module_utils._backup.service_file import resolved
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

_TABLES = """SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"""
_SERVER = """SELECT current_database() AS name, current_user AS account, current_setting('server_version') AS server,
 pg_database_size(current_database()) AS size,
 (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables) AS writes,
 (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS createdb,
 (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()) AS owner"""
_SESSIONS = f"""SELECT usename AS account, application_name AS application, coalesce(host(client_addr), '') AS address,
 count(*) AS sessions FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
 AND application_name IS DISTINCT FROM '{APPLICATION}' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""


def literal(text: str) -> str:
    """A text inside SQL."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """The name of a table or a database inside SQL."""
    return '"' + text.replace('"', '""') + '"'


# A path that stands at the database, and goes with it: a restore into another one has to say it again.
_PATHS = """SELECT CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole) END AS account,
 substr(setting, length('search_path=') + 1) AS path FROM pg_db_role_setting, unnest(setconfig) AS setting
 WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
 AND setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
 AND starts_with(setting, 'search_path=') ORDER BY 1"""


class Postgres:
    """One database, asked through psql."""

    def __init__(self, runner: Runner, dsn: Dsn, timeout: float = 60.0) -> None:
        self.runner, self.dsn, self.timeout = runner, resolved(dsn), timeout

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of one SELECT, each a dict. It reads: nothing is changed even if the statement would."""
        wrapped = f"BEGIN READ ONLY; SELECT coalesce(json_agg(uplift), '[]') FROM ({sql}) AS uplift; COMMIT;"
        found = json.loads(self.run(wrapped).out.strip() or "[]")
        return [dict(row) for row in found]

    def value(self, sql: str) -> Any:
        rows = self.rows(sql)
        return next(iter(rows[0].values())) if rows else None

    def server(self) -> dict[str, Any]:
        """Name, size, owner, and what this account may do."""
        return self.rows(_SERVER)[0]

    def sessions(self) -> list[dict[str, Any]]:
        """Who else is connected to this database, and how often."""
        return self.rows(_SESSIONS)

    def demand_alone(self) -> None:
        """A server that is still there would write where nobody looks any more."""
        others = self.sessions()
        if others:
            names = [f"{row['application'] or row['account']} from {row['address'] or 'its host'}" for row in others]
            raise UpliftError(
                f"{sum(row['sessions'] for row in others)} other sessions use the database {self.dsn.place()}"
                f" ({', '.join(names)}); expected none. Stop every server of this database, also those that are not in"
                " the inventory, and what else reads it. Nothing was changed."
            )

    def tables(self) -> list[str]:
        return [row["name"] for row in self.rows(_TABLES)]

    def paths(self, database: str) -> str:
        """Statements that give another database the search paths of this one. What is written there is SQL already."""
        said = ""
        for row in self.rows(_PATHS):
            whose = f"ROLE {name(row['account'])} IN DATABASE" if row["account"] else "DATABASE"
            said += f"ALTER {whose} {name(database)} SET search_path TO {row['path'] or literal('')};"
        return said

    def counts(self) -> dict[str, int]:
        """The rows of each table."""
        tables = self.tables()
        if not tables:
            return {}
        each = (f"SELECT {literal(table)} AS name, count(*) AS rows FROM {name(table)}" for table in tables)
        return {row["name"]: int(row["rows"]) for row in self.rows(" UNION ALL ".join(each))}

    def run(self, sql: str) -> Answer:
        """Statements as they are. They go in by stdin: an argument may be seen by everybody on the host."""
        argv = ["psql", "--no-psqlrc", "--no-password", "-qAt", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        return self.program(argv, stdin=sql)

    def program(self, argv: Sequence[str], *, stdin: str = "", timeout: float = 0.0) -> Answer:
        """A client program of PostgreSQL on this database; what it refuses is said with the database's own words."""
        try:
            answer = self.runner.run(argv, env=self.dsn.environment(), stdin=stdin, timeout=timeout or self.timeout)
        except CliError as exc:
            raise DatabaseError(
                f"{exc} The PostgreSQL client programs (psql, pg_dump, pg_restore) are needed on the host that asks"
                f" {self.dsn.place()}."
            ) from exc
        if answer.rc:
            raise DatabaseError(f"The database {self.dsn.place()}: {_said(answer)}")
        return answer


def _said(answer: Answer) -> str:
    """The line that tells the cause: the server's own where there is one."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    server = [line for line in lines if re.search(r"(FATAL|ERROR|error|failed): ", line)]
    said = (server or lines or [f"{answer.argv[0]} ended with {answer.rc} and said nothing"])[0]
    said = re.sub(r"^(psql|pg_dump|pg_restore):( (error|fatal))?(<stdin>:\d+)?:\s*", "", said).rstrip(".")
    if "Peer authentication" in said:
        return (
            f"{said}. This socket lets in who is the account itself; what asks here runs as root. Expected a password,"
            " or a line of pg_ident.conf that lets root be this account."
        )
    if re.search("FATAL|connection to server|could not translate", said):
        return f"{said}. See to the server, and to the address, account and password in the connection string."
    return f"{said}."
