# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator of the releases before 0.30 on a real PostgreSQL: what it migrates comes from the tables that are there.

A wrong order loses a client's object, and nothing that `verify` compares tells of it: that is what the step
`uncommitted` is for.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import inventory as lakefs_inventory
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import uncommitted

from tests.lab.lakefs_emulator import pack, program, server, writes
from tests.lab.lakefs_emulator.database import Database, Refused
from tests.lab.lakefs_states import mvcc_rows
from tests.unit.lakefs_replay import capture
from tests.unit.real_postgres import Server, needs_postgres, serve

LATE, OLD = b"while it ran", b"from before"
KEY, SECRET = "AKIALAB", "s3cret"


def stat(path: str, body: bytes) -> dict[str, Any]:
    return {
        "path": path, "path_type": "object", "physical_address": f"local://lake/{path}", "size_bytes": len(body),
        "checksum": hashlib.md5(body).hexdigest(), "mtime": 1,
    }  # fmt: skip


def repository(*commits: str, **objects: bytes) -> dict[str, Any]:
    held = {name: stat(name, body) for name, body in objects.items()}
    rows = [{"id": one, "committer": "admin", "message": one} for one in commits]
    return {
        "info": {"id": "lake", "storage_namespace": "local://lake", "default_branch": "main", "creation_date": 0},
        "branches": [{"id": "main", "commit_id": commits[0]}], "tags": [], "protection": [], "diff": {"main": []},
        "commits": dict.fromkeys(("main", commits[0]), rows), "objects": dict.fromkeys(("main", commits[0]), held),
    }  # fmt: skip


class Call:
    """What the effects of the program ask of a call of it."""

    words = ("migrate", "db")

    def __init__(self, version: str) -> None:
        self.version, self.held = version, pack.answers(version)

    def option(self, _flag: str) -> str:
        return ""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    yield from serve()


@pytest.fixture
def lake(postgres: Server, tmp_path: Path) -> Database:
    """0.22.0 with one commit, and the object of which is kept what a commit makes of it."""
    postgres.fresh("lake", "lakefs")
    store = Database(postgres.dsn("lake", "lakefs"))
    after = repository("c2", "c1", old=OLD, late=LATE)
    known = {
        "repositories": [repository("c1", old=OLD)],
        "keys": {KEY: hashlib.sha256(SECRET.encode()).hexdigest()},
        "late": {"repository": "lake", "branch": "main", "path": "late", "stat": stat("late", LATE), "facts": after,
                 "commit": after["commits"]["main"][0]},
    }  # fmt: skip
    store.do("CREATE SCHEMA emulator", f"CREATE TABLE emulator.facts AS SELECT '{json.dumps(known)}'::jsonb AS body")
    for table, rows in (("kv", "before"), ("kv_late", "after")):
        store.do(f"CREATE TABLE emulator.{table} (partition_key bytea, key bytea, value bytea)",
                 f"INSERT INTO emulator.{table} VALUES ('graveler', '{rows}', '')")  # fmt: skip
    program.sql_up(Call("0.22.0"), store, store)
    store.do(*mvcc_rows(known).splitlines())
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "old").write_bytes(OLD)
    (tmp_path / "lake" / "late").write_bytes(LATE)
    return store


@contextmanager
def running(version: str, era: str, store: Database, blocks: Path) -> Iterator[str]:
    site = server.Site(pack.answers(version), str(blocks), store, era)
    there = ThreadingHTTPServer(("127.0.0.1", 0), type("Mine", (server.Handler,), {"site": site}))
    threading.Thread(target=there.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{there.server_address[1]}"
    finally:
        there.shutdown()
        there.server_close()


def inventory(url: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    params = {
        "url": url, "s3_url": "", "access_key_id": KEY, "secret_access_key": SECRET, "before": before or {},
        "era": "mvcc", "live": False, "version": "0.30.0", "s3_host": "s3.local.lakefs.io",
    }  # fmt: skip
    return lakefs_inventory.run(params)


def write(url: str, what: str) -> int:
    """As a client does: the object in a form's part, and the commit."""
    from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api

    if what == "commit":
        return Api(url, KEY, SECRET).post("/repositories/lake/branches/main/commits", {"message": "m"}).status
    import base64
    import urllib.request

    body = b'--b\r\nContent-Disposition: form-data; name="content"; filename="f"\r\n\r\n' + LATE + b"\r\n--b--\r\n"
    request = urllib.request.Request(f"{url}/api/v1/repositories/lake/branches/main/objects?path=late", body)
    request.add_header("Content-Type", "multipart/form-data; boundary=b")
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode())
    with urllib.request.urlopen(request) as answer:
        assert set(json.loads(answer.read())) == {
            "checksum", "mtime", "path", "path_type", "physical_address", "size_bytes"
        }  # fmt: skip
        return int(answer.status)


def reads(url: str) -> int:
    from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api

    return Api(url, KEY, SECRET).get("/repositories/lake/refs/main/objects?path=late").status


@needs_postgres
def test_without_the_step_an_upload_is_lost_and_verify_does_not_see_it(
    lake: Database, postgres: Server, tmp_path: Path
) -> None:
    with running("0.22.0", "mvcc", lake, tmp_path) as url:
        before = inventory(url)["inventory"]
        assert reads(url) == 404 and write(url, "upload") == 201
        assert reads(url) == 200, "a client has been told that its object is there"
    with pytest.raises(UpliftError, match=r"lake/main has 1 \(late\)"):
        uncommitted.demand_none(postgres.at("lake", "lakefs"))
    program.sql_up(Call("0.30.0"), lake, lake)
    program.migrate_db(Call("0.30.0"), lake, lake)
    with running("0.30.0", "sql", lake, tmp_path) as url:
        assert reads(url) == 404
        assert inventory(url, before)["differences"] == [], (
            "verify tells: then the step is not what it is thought to be"
        )
    assert b"before".hex() in lake.kept()[0]


@needs_postgres
def test_what_is_committed_comes_along(lake: Database, postgres: Server, tmp_path: Path) -> None:
    with running("0.22.0", "mvcc", lake, tmp_path) as url:
        assert write(url, "commit") == 500, "there was nothing to commit"
        assert write(url, "upload") == 201 and write(url, "commit") == 201
        before = inventory(url)["inventory"]
        assert before["repositories"]["lake"]["branches"] == {"main": "c2"}
    assert uncommitted.demand_none(postgres.at("lake", "lakefs")) == []
    program.sql_up(Call("0.30.0"), lake, lake)
    program.migrate_db(Call("0.30.0"), lake, lake)
    with running("0.30.0", "sql", lake, tmp_path) as url:
        assert reads(url) == 200 and inventory(url, before)["differences"] == []
    assert b"after".hex() in lake.kept()[0]


ROWS = """SELECT c.relname || '.' || a.attname AS name, a.attnotnull AS filled, a.atthasdef AS given FROM pg_attribute a
 JOIN pg_class c ON c.oid = a.attrelid JOIN pg_tables t ON t.tablename = c.relname WHERE t.schemaname = 'public'
 AND a.attnum > 0 AND NOT a.attisdropped AND c.relname !~ '_p[0-9]+$'"""
UNIQUE = """SELECT c.relname || '.' || i.relname AS name FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
 JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_tables t ON t.tablename = c.relname WHERE t.schemaname = 'public'
 AND x.indisunique AND c.relname !~ '_p[0-9]+$'"""


def captured_tables(version: str) -> tuple[dict[str, tuple[bool, bool]], set[str]]:
    """table.column -> (not null, has a default), and the tables with what is unique in them; as psql has written it."""
    table, columns, unique = "", {}, set()
    for line in capture(f"{version}/columns_after_setup")["stdout"].splitlines():
        parts = [part.strip() for part in line.split("|")]
        if match := re.match(r'\s*(?:Partitioned table|(View)|Table) "public\.(\w+)"', line):
            table = "" if match[1] else match[2]
        elif table and len(parts) == 5 and parts[0] != "Column":
            columns[f"{table}.{parts[0]}"] = (parts[3] == "not null", parts[4] != "")
        elif table and (found := re.match(r'\s+"(\w+)" (UNIQUE|PRIMARY KEY)', line)):
            unique.add(f"{table}.{found[1]}")
    return columns, unique


@needs_postgres
@pytest.mark.parametrize("version", ["0.30.0", "0.55.0", "0.70.6"])
def test_the_tables_are_those_of_the_release(version: str, postgres: Server) -> None:
    """Trap L38: what may not be NULL is what real ones do not take, and what is not given has to be said."""
    postgres.fresh("bare", "lakefs")
    store = Database(postgres.dsn("bare", "lakefs"))
    program.sql_up(Call(version), store, store)
    columns, unique = captured_tables(version)
    assert len(columns) > 100
    assert {row["name"]: (row["filled"], row["given"]) for row in store.rows(ROWS)} == columns
    # A primary key has the name that PostgreSQL gives it.
    assert len(store.rows(UNIQUE)) == len(unique)
    with pytest.raises(Refused, match='null value in column "display_name"'):
        store.do("INSERT INTO auth_users (created_at) VALUES (now())")


@needs_postgres
@pytest.mark.parametrize("way", [("0.30.0", "0.80.2"), ("0.30.0", "0.55.0", "0.70.6")])
def test_a_later_release_changes_the_tables_and_keeps_the_rows(lake: Database, way: tuple[str, ...]) -> None:
    """`tasks` goes, and the secret of a key has another name since 0.40."""
    assert "tasks" in lake.tables() and "graveler_repositories" not in lake.tables()
    for version in way:
        program.sql_up(Call(version), lake, lake)
        if version == "0.30.0":
            lake.do("INSERT INTO auth_users (created_at, display_name) VALUES (now(), 'admin')",
                    "INSERT INTO auth_credentials VALUES ('AKIA', 'abc', now(), 1)")  # fmt: skip
        held = pack.answers(version)
        assert lake.tables() == set(held["tables"])
        for table, described in held["described"].items():
            query = f"SELECT attname AS n FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0"
            seen = {row["n"] for row in lake.rows(f"{query} AND NOT attisdropped")}
            assert seen == {name for name, _kind in described["columns"]}, table
    assert lake.do("SELECT convert_from(secret_access_key, 'utf8') FROM auth_credentials") == "abc"


@needs_postgres
def test_what_is_staged_is_migrated_as_the_tables_have_it(lake: Database) -> None:
    program.sql_up(Call("0.70.6"), lake, lake)
    staged = ", ".join(f"('lake-main:0a-1b', '{path}', '')" for path in ("a", "b"))
    lake.do("DELETE FROM emulator.kv", f"INSERT INTO emulator.kv VALUES {staged}, ('auth', 'users/admin', '')")
    lake.do("INSERT INTO graveler_staging_kv VALUES ('lake-main', 'b', '', '')")
    lines = "\n".join(lake.kept())
    assert b"b".hex() + "'" in lines and f"'{b'a'.hex()}'" not in lines and b"users/admin".hex() in lines


def test_what_nobody_kept_is_no_object() -> None:
    assert writes.repositories({"repositories": []}, None, "mvcc") == []  # type: ignore[arg-type]
