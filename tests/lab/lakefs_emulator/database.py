# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database by psql: what state it is in, and what the releases do to it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .config import connection

RECORD = "partition_key = 'kv-internal-metadata' AND key = 'kv/schema/version'"
# What stands in for a package's rows where the lab has not kept real ones.
TOY = """INSERT INTO kv SELECT 'graveler', convert_to('repos/' || id, 'utf8'), ''::bytea FROM graveler_repositories;
INSERT INTO kv SELECT 'auth', convert_to('users/' || display_name, 'utf8'), ''::bytea FROM auth_users;
INSERT INTO kv SELECT 'auth', convert_to('uCredentials/' || display_name || '/credentials/' || access_key_id, 'utf8'),
 ''::bytea FROM auth_credentials JOIN auth_users ON auth_users.id = user_id;
"""
MAX_COMMIT = 10**18  # catalog_max_commit_id()
# What a later release calls otherwise: its migration renames it, and what stands in it stays.
RENAMED = {"access_secret_key": "secret_access_key"}
# As the migrations of that era write it; its columns are the capture's.
ENTRIES_VIEW = f"""CREATE VIEW catalog_entries_v AS SELECT branch_id, path, physical_address, creation_date, size,
 checksum, metadata, min_commit, max_commit, min_commit < {MAX_COMMIT} AS is_committed,
 max_commit < {MAX_COMMIT} AS is_deleted, max_commit = 0 AS is_tombstone, ctid AS entry_ctid FROM catalog_entries"""
Described = Mapping[str, Mapping[str, Sequence[Sequence[str]]]]
# The name of a staging token, as the KV store has it for its partition, and what the SQL era has staged.
STAGED = "convert_from(partition_key, 'utf8') ~ '^.+-.+:[0-9a-f-]+$'"
IN_TABLES = "SELECT key FROM graveler_staging_kv"
# With database.drop_tables; what the makers forgot stays.
DROPPED = r"^(graveler_(repositories|commits|tags|branches)|auth_.*|gateway_multiparts|actions_.*)$"


class Refused(Exception):
    """What PostgreSQL or the network said."""


@dataclass(frozen=True)
class State:
    """What the releases look at. `record` is the KV schema record as it stands."""

    sql: int | None = None
    dirty: bool = False
    kv: bool = False
    record: str | None = None
    users: int = 0
    credentials: int = 0
    basic: bool = False
    mvcc: int = 0
    graveler: int = 0
    migrated: bool = False
    tables: frozenset[str] = frozenset()


def created(table: str, described: Mapping[str, Sequence[Sequence[str]]], partitioned: str) -> Iterator[str]:
    columns = [f"{name} {kind}" for name, kind in described["columns"]]
    keys = [f"PRIMARY KEY {index.removeprefix('btree ')}" for _name, kind, index in described["unique"] if kind]
    yield f"CREATE TABLE {table} ({', '.join([*columns, *keys])}) {partitioned}"
    for name, kind, index in described["unique"]:
        if not kind:
            yield f"CREATE UNIQUE INDEX {name} ON {table} USING {index}"


class Database:
    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.place = connection(dsn)

    def psql(self) -> tuple[list[str], dict[str, str]]:
        return ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"], {**os.environ, **self.place}

    def do(self, *statements: str) -> str:
        text = "SET client_min_messages = error;\n" + "\n".join(one.rstrip(";\n") + ";" for one in statements)
        argv, environment = self.psql()
        done = subprocess.run(argv, env=environment, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(done.stderr.strip())
        return done.stdout.strip()

    def hold(self) -> subprocess.Popen[str]:
        """The session that every running server has."""
        argv, environment = self.psql()
        return subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def rows(self, query: str) -> list[dict[str, Any]]:
        text = self.do(f"SELECT coalesce(json_agg(found), '[]') FROM ({query}) found")
        found: list[dict[str, Any]] = json.loads(text)
        return found

    def tables(self) -> frozenset[str]:
        return frozenset(
            row["t"] for row in self.rows("SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public'")
        )

    def state(self) -> State:
        tables = self.tables()
        parts = {"sql": "NULL", "dirty": "NULL", "record": "NULL"}
        if "schema_migrations" in tables:
            parts |= {name: f"(SELECT {column} FROM schema_migrations)" for name, column in
                      (("sql", "version"), ("dirty", "dirty"))}  # fmt: skip
        if "kv" in tables:
            of = "SELECT count(*) FROM kv_v WHERE partition_key"
            parts |= {
                "record": f"(SELECT convert_from(value, 'utf8') FROM kv WHERE {RECORD})",
                "users": f"({of} = 'auth' AND key LIKE 'users/%')",
                "credentials": f"({of} = 'auth' AND key LIKE 'uCredentials/%')",
                "basic": f"({of} = 'basicAuth')",
            }
        for name, table in (("mvcc", "catalog_repositories"), ("graveler", "graveler_repositories")):
            if table in tables:
                parts[name] = f"(SELECT count(*) FROM {table})"
        if "auth_installation_metadata" in tables:
            parts["migrated"] = "(SELECT count(*) FROM auth_installation_metadata WHERE key_name = 'migrate_timestamp')"
        row = self.rows("SELECT " + ", ".join(f"{value} AS {name}" for name, value in parts.items()))[0]
        return State(**{**row, "dirty": bool(row["dirty"]), "basic": bool(row.get("basic")), "kv": "kv" in tables,
                        "migrated": bool(row.get("migrated")), "tables": tables})  # fmt: skip

    def make_sql_tables(
        self, names: Iterable[str], version: int, described: Described, gone: Iterable[str] = ()
    ) -> None:
        """Those of the list that are missing, what those that are there lack or no longer have, and the version."""
        held, expected = self.tables(), set(names)
        todo = [f"DROP TABLE {name}" for name in sorted(held & set(gone))]
        for name in sorted(expected - held):
            if re.fullmatch(r"graveler_staging_kv_p\d+", name):
                place = f"MODULUS 10, REMAINDER {name.rsplit('p', 1)[1]}"
                todo.append(f"CREATE TABLE {name} PARTITION OF graveler_staging_kv FOR VALUES WITH ({place})")
            else:
                parts = "PARTITION BY HASH (staging_token)" if name == "graveler_staging_kv" else ""
                todo += created(name, described[name], parts)
        for name in sorted(expected & held & set(described)):
            todo += self.aligned(name, described[name]["columns"])
        if "catalog_entries" in expected - held:
            todo.append(ENTRIES_VIEW)
        self.do(*todo, "DELETE FROM schema_migrations", f"INSERT INTO schema_migrations VALUES ({version}, false)")

    def aligned(self, table: str, expected: Sequence[Sequence[str]]) -> Iterator[str]:
        there = {row["name"] for row in self.rows(
            f"SELECT attname AS name FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
            " AND NOT attisdropped")}  # fmt: skip
        names = {name for name, _kind in expected}
        for old, new in RENAMED.items():
            if old in there - names and new in names - there:
                yield f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"
                there = {new if name == old else name for name in there}
        more = [f"ADD COLUMN {name} {kind}" for name, kind in expected if name not in there]
        less = [f"DROP COLUMN {name}" for name in sorted(there - names)]
        if more or less:
            yield f"ALTER TABLE {table} {', '.join([*more, *less])}"

    def make_kv(self) -> None:
        """As opening the KV store does, whoever opens it for what."""
        if "kv" in self.tables():
            return
        self.do(
            "CREATE TABLE kv (partition_key bytea NOT NULL, key bytea NOT NULL, value bytea NOT NULL,"
            " PRIMARY KEY (partition_key, key)) PARTITION BY HASH (partition_key)",
            *(f"CREATE TABLE kv_{i} PARTITION OF kv FOR VALUES WITH (MODULUS 100, REMAINDER {i})" for i in range(100)),
            "CREATE VIEW kv_v AS SELECT encode(partition_key, 'escape') AS partition_key, encode(key, 'escape') AS key,"
            " value FROM kv",
        )

    def set_record(self, version: int) -> None:
        self.do(
            f"DELETE FROM kv WHERE {RECORD}",
            f"INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '{version}')",
        )

    def started(self, version: str) -> None:
        """What a start that went well notes down."""
        tables = self.tables()
        if "kv" in tables:
            value = f"convert_to('{version}', 'utf8')"
            self.do(
                f"INSERT INTO kv VALUES ('auth', 'installation_metadata/lakefs_version', {value})"
                f" ON CONFLICT (partition_key, key) DO UPDATE SET value = {value}"
            )
        elif "auth_installation_metadata" in tables:
            self.do(
                f"INSERT INTO auth_installation_metadata VALUES ('lakefs_version', '{version}')"
                f" ON CONFLICT (key_name) DO UPDATE SET key_value = '{version}'"
            )

    def kept(self) -> list[str]:
        """The real rows of the KV era that the lab has renamed, as lines that INSERT takes: those of what the tables
        hold. What is staged comes along by its path; of two states that were kept, the one that `migrate db` has left.
        """
        if self.do("SELECT to_regclass('emulator.kv')") == "":
            return []
        table = "emulator.kv_late" if self.facts().get("late", {}).get("taken") else "emulator.kv"
        columns = ", ".join(f"quote_literal(encode({name}, 'hex'))" for name in ("partition_key", "key", "value"))
        staged = "" if "graveler_staging_kv" not in self.tables() else f" WHERE NOT {STAGED} OR key IN ({IN_TABLES})"
        text = self.do(f"SELECT concat_ws(',', {columns}) FROM {table}{staged} ORDER BY partition_key, key")
        return text.splitlines()

    def fill_kv(self, lines: Iterable[str]) -> None:
        if values := [",".join(f"decode({part},'hex')" for part in line.split(",")) for line in lines]:
            self.do("INSERT INTO kv VALUES " + ", ".join(f"({value})" for value in values))

    def facts(self) -> dict[str, Any]:
        """What the API of this installation says, kept when the lab made it one of an older era."""
        if self.do("SELECT to_regclass('emulator.facts')") == "":
            return {"repositories": [], "keys": {}}
        found: dict[str, Any] = json.loads(self.do("SELECT body FROM emulator.facts"))
        return found
