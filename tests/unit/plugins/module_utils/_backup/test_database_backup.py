# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dump at a real PostgreSQL: proved, put back by database or by schema, and never mistaken for another one's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import (
    database,
    database_restore,
    database_rights,
    scratch_database,
    server_leftovers,
)
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database import Backup, Manifest
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database_rights import Rights
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import written
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.space import space_findings

from tests.unit.real_postgres import Server, needs_postgres, serve

TABLES = """CREATE TABLE schema_migrations (version bigint, dirty boolean);
INSERT INTO schema_migrations VALUES (38, false);
CREATE TABLE kv (k int, v text) PARTITION BY HASH (k);
CREATE TABLE kv_0 PARTITION OF kv FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE VIEW kv_v AS SELECT * FROM kv; CREATE TABLE "odd ""name" (id serial PRIMARY KEY, t text);
INSERT INTO "odd ""name" (t) SELECT 'row ' || n FROM generate_series(1, 50) n;"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from serve()


@pytest.fixture
def lake(server: Server) -> Server:
    """Of an account that owns its database, and may do no more. Others may read what is public's."""
    server.role("reader")
    server.fresh("lake", "lakefs")
    server.admin("ALTER ROLE lakefs NOCREATEDB", "GRANT CONNECT ON DATABASE postgres TO PUBLIC")
    server.at("lake", "lakefs").run(TABLES.replace("kv", "store"))
    return server


def backup(server: Server, directory: Path, scratch: str = "") -> Backup:
    dsn = parse(server.dsn("lake", "lakefs"))
    return Backup(LocalRunner(), dsn, str(directory / "database-0.70.6.dump"), scratch, schema=written)


def rows(server: Server) -> str:
    return server.admin('SELECT count(*) FROM public."odd ""name"', database="lake")


@needs_postgres
@pytest.mark.parametrize(("createdb", "way"), [("CREATEDB", "database"), ("NOCREATEDB", "schema")])
def test_a_dump_is_put_back_with_what_the_account_may(lake: Server, tmp_path: Path, createdb: str, way: str) -> None:
    lake.admin(f"ALTER ROLE lakefs {createdb}")
    lake.admin("GRANT USAGE ON SCHEMA public TO reader", database="lake")
    made = backup(lake, tmp_path)
    made.present(check=False)
    lake.admin('DELETE FROM public."odd ""name" WHERE id > 7', "CREATE TABLE public.new (id int)", database="lake")
    assert database_restore.restore(made, check=True)["method"] == way and rows(lake) == "7"
    result = database_restore.restore(made, check=False)
    assert (result["method"], rows(lake)) == (way, "50")
    assert "new" not in made.postgres.tables()
    where = (f"{result['replaced']}.", "lake") if way == "schema" else ("public.", result["replaced"])
    assert lake.admin(f'SELECT count(*) FROM {where[0]}"odd ""name"', database=where[1]) == "7"
    if way == "schema":
        assert lake.admin("SELECT has_schema_privilege('reader', 'public', 'USAGE')", database="lake") == "t"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "database-0.70.6.dump",
        "database-0.70.6.dump.manifest.json",
    ]
    # What was renamed is in no later dump, and going on, and back again, is no other database.
    assert made.present(check=False)["tables"] == 3
    assert database_restore.restore(made, check=False)["method"] == way


@needs_postgres
def test_a_schema_is_put_back_as_it_was_or_nothing_has_happened(lake: Server, tmp_path: Path) -> None:
    made = backup(lake, tmp_path)
    made.present(check=False)
    path = Path(f"{made.dest}.manifest.json")
    held = json.loads(path.read_text())
    held["counts"]['odd "name'] = 51
    path.write_text(json.dumps(held))
    lake.admin('DELETE FROM public."odd ""name" WHERE id > 7', database="lake")
    with pytest.raises(UpliftError, match='the backup gives back 50 rows of odd "name, expected 51'):
        database_restore.restore(made, check=False)
    assert rows(lake) == "7"
    assert lake.admin("SELECT count(*) FROM pg_namespace WHERE nspname ~ '_uplift_'", database="lake") == "0"


@needs_postgres
def test_an_extension_in_the_schema_leaves_only_the_way_by_the_database(lake: Server, tmp_path: Path) -> None:
    """0.30 and older made pgcrypto, for their tasks; its functions are a superuser's, and cannot be moved."""
    lake.at("lake", "lakefs").run("CREATE EXTENSION pgcrypto SCHEMA public;")
    made = backup(lake, tmp_path)
    made.present(check=False)
    with pytest.raises(UpliftError, match='may not create databases, .*pgcrypto.* run: ALTER ROLE "lakefs" CREATEDB;'):
        database_restore.restore(made, check=False)
    lake.admin("ALTER ROLE lakefs CREATEDB")
    assert database_restore.restore(made, check=False)["method"] == "database"


@needs_postgres
def test_an_account_without_rights_is_told_before_and_refused_after(lake: Server, tmp_path: Path) -> None:
    lake.admin("ALTER DATABASE lake OWNER TO postgres", "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
    lake.admin("GRANT ALL ON SCHEMA public TO lakefs", database="lake")
    made = backup(lake, tmp_path)
    made.present(check=False)
    rights = database_rights.ask(made.postgres)
    assert rights.method == "" and "permission denied for database" in rights.elsewhere
    expected = ['ALTER SCHEMA "public" OWNER TO "lakefs";', 'GRANT CREATE ON DATABASE "lake" TO "lakefs";']
    assert rights.statements == expected
    with pytest.raises(UpliftError, match="may not create databases, does not own lake, .*Nothing was changed"):
        database_restore.restore(made, check=False)
    lake.admin(*(text.rstrip(";") for text in expected), database="lake")
    assert database_restore.restore(made, check=False)["method"] == "schema", "its own statements were not enough"


@needs_postgres
def test_what_no_dump_could_have_is_named(lake: Server) -> None:
    lake.admin("CREATE TABLE public.others (id serial)", database="lake")
    lake.admin(
        "CREATE SCHEMA closed", "CREATE TABLE closed.t (id int)", "GRANT SELECT ON closed.t TO lakefs", database="lake"
    )
    found = database_rights.ask(lake.at("lake", "lakefs")).unreadable
    assert found == ["closed.t", "others", "others_id_seq"]


@needs_postgres
def test_a_sound_dump_of_an_earlier_state_is_never_replaced(lake: Server, tmp_path: Path) -> None:
    made = backup(lake, tmp_path)
    first = made.present(check=False)
    assert not made.present(check=False)["changed"], "the same state is dumped once"
    lake.admin('DELETE FROM public."odd ""name" WHERE id > 7', database="lake")
    second = made.present(check=False)
    assert second["changed"] and second["sha256"] != first["sha256"]
    kept = Backup(LocalRunner(), made.dsn, second["renamed_to"])
    assert kept.demand_sound().sha256 == first["sha256"] and kept.demand_sound().counts['odd "name'] == 50
    assert (tmp_path / kept.dest).stat().st_mode & 0o777 == 0o600
    database_restore.restore(kept, check=False)
    assert rows(lake) == "50"


@needs_postgres
@pytest.mark.parametrize(("table", "refused"), [("store", False), ('"odd ""name"', True)])
def test_of_a_database_in_use_only_what_rests_is_compared(
    lake: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, refused: bool
) -> None:
    """A server goes on with the new table while the old ones are dumped."""
    made, whole = backup(lake, tmp_path), Backup._dump
    write = f"INSERT INTO public.{table} (k) VALUES (1)" if table == "store" else f"DELETE FROM public.{table}"

    def dumped(self: Backup, *given: Any, **named: Any) -> Any:
        made = whole(self, *given, **named)
        lake.admin(write, database="lake")
        return made

    monkeypatch.setattr(Backup, "_dump", dumped)
    at_rest = ["schema_migrations", 'odd "name']
    if refused:
        with pytest.raises(UpliftError, match='odd "name had 50 rows and has 0'):
            made.present(False, at_rest)
        assert not Path(made.dest).exists()
    else:
        assert made.present(False, at_rest)["changed"]
        lake.admin("ALTER ROLE lakefs CREATEDB")
        assert made.prove()["proved"]


@needs_postgres
def test_a_dump_of_another_database_is_refused(lake: Server, tmp_path: Path) -> None:
    made = backup(lake, tmp_path)
    assert made.present(check=False)["schema"] == "SQL 38"
    lake.fresh("lake", "lakefs")  # somebody has made it anew
    lake.at("lake", "lakefs").run(TABLES.replace("kv", "store"))
    with pytest.raises(
        UpliftError, match=r"is of another database than .* the oid \d+, and lake has \d+ now.*pg_restore"
    ):
        database_restore.restore(made, check=False)


@needs_postgres
def test_a_scratch_database_is_empty_after_each_proof(lake: Server, tmp_path: Path) -> None:
    lake.admin("DROP DATABASE IF EXISTS scratch WITH (FORCE)", "CREATE DATABASE scratch OWNER lakefs")
    lake.at("lake", "lakefs").run("CREATE SCHEMA more; CREATE TABLE more.t (id int);")
    made = backup(lake, tmp_path, lake.dsn("scratch", "lakefs"))
    made.present(check=False)
    assert made.prove()["proved"] and made.prove()["proved"]


MANIFEST = Manifest("h:5432/lake", "77", "lake", 5, "SQL 38", "15", 1.0, 1, "s", {"kv": 1}, 1)


@pytest.mark.parametrize(
    ("manifest", "system", "oids", "says"),
    [
        (MANIFEST, "77", {"lake": 5}, ""),
        (MANIFEST, "", {"lake": 5}, ""),  # a service that does not say it
        (replace(MANIFEST, system=""), "77", {"lake": 5}, ""),
        (MANIFEST, "77", {"lake": 9, "lake_uplift_20261121063829": 5}, ""),  # a restore has put it there
        (MANIFEST, "78", {"lake": 5}, "system identifier 77, and this one has 78"),
        (MANIFEST, "77", {"lake": 9}, "the oid 5, and lake has 9 now"),
        (replace(MANIFEST, name="pond"), "77", {"lake": 5}, "it was taken of pond"),
    ],
)
def test_whose_dump_it_is(manifest: Manifest, system: str, oids: dict[str, int], says: str) -> None:
    found = database.other_database(manifest, system, "lake", oids)
    assert says in found if says else found == ""


ALL = Rights("lake", "l", "public", True, True, True, True)
OWN_SCHEMA = ['ALTER SCHEMA "public" OWNER TO "l";']
CREATE = ['GRANT CREATE ON DATABASE "lake" TO "l";']
RIGHTS: list[tuple[dict[str, Any], str, list[str]]] = [
    ({}, "database", []),
    ({"owns_schema": False, "may_create": False, "extensions": ["pgcrypto"]}, "database", []),
    ({"createdb": False}, "schema", []),
    ({"owns_database": False}, "schema", []),
    ({"elsewhere": "no entry in pg_hba.conf"}, "schema", []),
    ({"createdb": False, "owns_schema": False}, "", OWN_SCHEMA),
    ({"createdb": False, "may_create": False}, "", CREATE),
    ({"createdb": False, "extensions": ["pgcrypto"]}, "", ['ALTER ROLE "l" CREATEDB;']),
    ({"owns_database": False, "extensions": ["x"]}, "", ['ALTER DATABASE "lake" OWNER TO "l";']),
    ({"elsewhere": "no", "extensions": ["x"]}, "", ['GRANT CONNECT ON DATABASE postgres TO "l";']),
]


@pytest.mark.parametrize(("change", "way", "statements"), RIGHTS)
def test_which_way_back_there_is(change: dict[str, Any], way: str, statements: list[str]) -> None:
    rights = replace(ALL, **change)
    assert (rights.method, rights.statements, bool(rights.lacks)) == (way, statements, not way)


def findings(rights: dict[str, Any], leader: bool = True) -> dict[str, str]:
    seen: dict[str, Any] = {
        "release": {},
        "leader": leader,
        "space": {"programs": {}, "paths": {"/b": {"free": 9, "at": "/b"}, "/t": {"free": 9, "at": "/t"}}},
        "info": {"server": {"size": 1, "account": "l", "createdb": False, "rights": rights}},
        "set": {"scratch": True, "tmpdir": "/t", "backup_dir": "/b", "database_free_bytes": 9},
    }
    return {one.key: f"{one.saw} {one.do}" for one in space_findings(seen, to_kv=False, migrates=True) if one.stops}


def test_no_way_back_is_found_before_anything_stops() -> None:
    """With a scratch database the proof of the backup would have passed, and the rollback would have been none."""
    assert findings(ALL.facts()) == {}
    said = findings(replace(ALL, createdb=False, owns_schema=False, may_create=False).facts())["no_rollback"]
    assert "may not create databases" in said and " ".join(OWN_SCHEMA + CREATE) in said
    assert "no_rollback" in findings({}), "rights that were not asked are not taken to be there"
    assert "GRANT SELECT ON a, b" in findings(replace(ALL, unreadable=["a", "b"]).facts())["not_readable"]


def aside(server: Server) -> dict[str, dict[str, Any]]:
    dsn = parse(server.dsn("lake", "lakefs"))
    return {
        row["path"].replace(dsn.place()[: -len("lake")], ""): row
        for row in server_leftovers.ServerLeftovers(LocalRunner(), dsn).rows()
    }


def dropped(server: Server, *names: str) -> None:
    one = server_leftovers.ServerLeftovers(LocalRunner(), parse(server.dsn("lake", "lakefs")))
    for row in list(one.rows()):
        if any(name in row["path"] for name in names):
            one.remove(row["path"])


@needs_postgres
def test_what_a_restore_put_aside_is_told_with_its_operation_and_may_be_dropped(lake: Server, tmp_path: Path) -> None:
    lake.admin(
        "ALTER ROLE lakefs CREATEDB", "COMMENT ON DATABASE lake IS 'ours, ask Anna'", "CREATE DATABASE lake_uplift_mine"
    )
    place = tmp_path / "20261101T031500Z-lakefs-1.84.0"
    place.mkdir()
    made = backup(lake, place)
    made.present(check=False)
    replaced = database_restore.restore(made, check=False)["replaced"]
    (path, row), *more = aside(lake).items()
    assert (path, row["kind"], row["operation"], row["used"], more) == (
        f"database {replaced}", "renamed", place.name, "", []
    )  # fmt: skip
    assert row["size"] > 1000000 and abs(row["changed"] - made.demand_sound().created) < 600
    said = "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = 'lake'"
    assert lake.admin(said) == "ours, ask Anna"
    dropped(lake, replaced)
    assert not aside(lake) and rows(lake) == "50"


@needs_postgres
def test_a_schema_that_was_put_aside_goes_where_nothing_else_is_made_of_it(lake: Server, tmp_path: Path) -> None:
    made = backup(lake, tmp_path)
    made.present(check=False)
    lake.at("lake", "lakefs").run(
        "CREATE TYPE colour AS ENUM ('red'); CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    )
    replaced = database_restore.restore(made, check=False)["replaced"]
    lake.admin(f'CREATE VIEW public.theirs AS SELECT id FROM {replaced}."odd ""name"', database="lake")
    assert aside(lake)[f"schema {replaced} of lake"]["size"] > 0
    with pytest.raises(UpliftError, match="other objects depend on them"):
        dropped(lake, replaced)
    assert lake.admin(f'SELECT count(*) FROM {replaced}."odd ""name"', database="lake") == "50", "half of it is gone"
    lake.admin("DROP VIEW public.theirs", database="lake")
    dropped(lake, replaced)
    assert not aside(lake) and rows(lake) == "50"


@needs_postgres
def test_what_bears_no_comment_of_ours_or_is_used_stays(lake: Server) -> None:
    lake.admin("ALTER ROLE lakefs CREATEDB")
    lake.at("lake", "lakefs").run("CREATE DATABASE lake_uplift_20261121063829417;")
    lake.at("lake", "lakefs").run("CREATE SCHEMA public_uplift_20261121063829417;")
    with pytest.raises(RuntimeError), scratch_database.empty(lake.at("lake", "lakefs")) as scratch:
        left = aside(lake)["database uplift_scratch_lake"]
        assert (left["kind"], left["operation"], left["used"]) == ("scratch", "", "")
        assert scratch.value("SELECT 1 AS one") == 1
        raise RuntimeError
    left = aside(lake)
    assert sorted(left) == [
        "database lake_uplift_20261121063829417",
        "schema public_uplift_20261121063829417 of lake",
    ]
    assert all(row["used"].startswith("it bears no comment of an operation") for row in left.values())
