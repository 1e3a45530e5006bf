# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""PostgreSQL by its own client programs, which a backup needs anyway. No password is ever an argument."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

APPLICATION = "uplift"  # our own sessions, distinguished from those of servers that still run

# What a connection string may hold, and the variable by which libpq takes it. The rest is the Go driver's own.
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
_URL = re.compile(r"postgres(ql)?://")
_WORD = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)")

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


class DatabaseError(UpliftError):
    """The database cannot be reached, or has refused."""


@dataclass(frozen=True)
class Dsn:
    """A connection string as it is written, and in its parts. It is never printed."""

    text: str = field(repr=False)
    parts: Mapping[str, str] = field(repr=False)

    def environment(self) -> dict[str, str]:
        found = {_VARIABLES[name]: value for name, value in self.parts.items() if name in _VARIABLES and value}
        return {"PGCONNECT_TIMEOUT": "10", "PGAPPNAME": APPLICATION, **found}

    def place(self) -> str:
        """Which database this is, for people and to compare: no user, no password."""
        return f"{self.parts.get('host') or '(local socket)'}:{self.parts.get('port') or 5432}/{self.database}"

    @property
    def database(self) -> str:
        return self.parts.get("dbname") or self.parts.get("user", "")

    def at(self, database: str) -> Dsn:
        """The same server and account, another database."""
        if _URL.match(self.text):
            text = urlunsplit(urlsplit(self.text)._replace(path="/" + quote(database, safe="")))
        else:
            text = f"{self.text} dbname={database}"  # the later of two counts
        return parse(text)


def parse(text: str) -> Dsn:
    """A connection string as lakeFS takes it, a URL or keywords. What is wrong with it is said without quoting it."""
    text = text.strip()
    if not text:
        raise DatabaseError("There is no connection string; expected the one of the running server.")
    try:
        parts = _url(text) if _URL.match(text) else _keywords(text)
    except ValueError:
        raise DatabaseError(
            "The connection string cannot be read; expected postgres://user:password@host:port/database, or keywords"
            " such as host=db user=lakefs. Special characters of a password in a URL are written as %XX."
        ) from None
    return Dsn(text, {name: value for name, value in parts.items() if value})


def _url(text: str) -> dict[str, str]:
    url = urlsplit(text)
    parts = {
        "host": unquote(url.hostname or ""),
        "port": str(url.port or ""),
        "dbname": unquote(url.path.lstrip("/")),
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
    }
    return {**parts, **dict(parse_qsl(url.query))}


def _keywords(text: str) -> dict[str, str]:
    parts, rest = {}, text
    while rest:
        word = _WORD.match(rest)
        if not word:
            raise ValueError(rest)
        value = word[2]
        parts[word[1]] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith("'") else value
        rest = rest[word.end() :].strip()
    return parts


def literal(text: str) -> str:
    """A text inside SQL."""
    return "'" + text.replace("'", "''") + "'"


def name(text: str) -> str:
    """The name of a table or a database inside SQL."""
    return '"' + text.replace('"', '""') + '"'


class Postgres:
    """One database, asked through psql."""

    def __init__(self, runner: Runner, dsn: Dsn, timeout: float = 60.0) -> None:
        self.runner, self.dsn, self.timeout = runner, dsn, timeout

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
    if re.search("FATAL|connection to server|could not translate", said):
        return f"{said}. See to the server, and to the address, account and password in the connection string."
    return f"{said}."
