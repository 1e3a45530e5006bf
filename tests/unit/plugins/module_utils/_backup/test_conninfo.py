# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection in many spellings is read the same, as libpq itself reads it, and a real server is reached by each."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import conninfo, service_file
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import DatabaseError, parse, whole
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database import Backup
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database_restore import restore
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import database, schema
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.real_postgres import Server, needs_postgres, serve

LIBRARY = ctypes.util.find_library("pq")


class Option(ctypes.Structure):
    """PQconninfoOption of libpq-fe.h."""

    _fields_ = [
        *((name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val", "label", "dispchar")),
        ("dispsize", ctypes.c_int),
    ]


def libpq(text: str) -> dict[str, str] | None:
    """What libpq reads in it; None where it refuses."""
    library = ctypes.CDLL(LIBRARY)
    library.PQconninfoParse.restype = ctypes.POINTER(Option)
    found, parts, place = library.PQconninfoParse(text.encode(), None), {}, 0
    if not found:
        return None
    while found[place].keyword:
        if found[place].val:
            parts[found[place].keyword.decode()] = found[place].val.decode()
        place += 1
    library.PQconninfoFree(found)
    if not parts.get("port", "0").strip(","):
        del parts["port"]  # of several hosts without one
    return parts


def in_url(parts: Mapping[str, str], in_query: bool) -> str:
    hosts, ports = parts["host"].split(","), parts.get("port", "").split(",")
    places = ",".join(
        (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{ports[number]}" if any(ports) else "")
        for number, host in enumerate(hosts)
    )
    account = ":".join(quote(parts[name], safe="") for name in ("user", "password") if name in parts)
    rest = {name: parts[name] for name in parts if name not in ("host", "port", "user", "password", "dbname")}
    if in_query:  # everything as words of the query
        rest, account, places = dict(parts), "", ""
    path = "/" if in_query else "/" + quote(parts.get("dbname", ""), safe="")
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in rest.items())
    return f"postgres://{account + '@' if account else ''}{places}{path}{'?' + query if query else ''}"


def in_keywords(parts: Mapping[str, str], blanks: str) -> str:
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in parts.items()}
    return "  ".join(f"{name}{blanks}={blanks}'{value}'" for name, value in quoted.items())


def bare(parts: Mapping[str, str], blanks: str) -> str:
    """Without quotes: what would end a value has a backslash before it."""
    escaped = {name: re.sub(r"([\s'\\])", r"\\\1", value) for name, value in parts.items()}
    return "\n".join(f"{name}{blanks}={blanks}{value}" for name, value in escaped.items())


WORDS = st.text("aZ9é '\\/@:?&=%+,#.-_", min_size=1, max_size=8)
HOSTS = st.lists(
    st.sampled_from(["db", "10.0.0.7", "db-2.example.org", "fd00::1", "/run/postgresql"]), min_size=1, max_size=3
)
CONNECTIONS = st.fixed_dictionaries(
    {"host": HOSTS, "user": WORDS, "dbname": WORDS},
    optional={
        "password": WORDS,
        "ports": st.lists(st.integers(1, 65535), min_size=3, max_size=3),
        "sslrootcert": WORDS,
        "passfile": WORDS,
        "target_session_attrs": st.just("read-write"),
        "options": st.sampled_from(["-csearch_path=lakefs", "-c search_path=a\\ b", "--search_path=lake"]),
    },
)


@pytest.mark.skipif(not LIBRARY, reason="no libpq is installed here")
@given(asked=CONNECTIONS, blanks=st.sampled_from(["", " "]))
def test_every_spelling_of_a_connection_is_read_alike_and_as_libpq_reads_it(asked: dict[str, Any], blanks: str) -> None:
    hosts = asked.pop("host")
    ports = [str(port) for port in asked.pop("ports", [])][: len(hosts)]
    parts = {"host": ",".join(hosts), **({"port": ",".join(ports)} if ports else {}), **asked}
    spellings = [in_url(parts, False), in_url(parts, True), in_keywords(parts, blanks), bare(parts, blanks)]
    for text in spellings:
        assert libpq(text) == parts, text
        assert dict(parse(text).parts) == parts, text
    places = {parse(text).place() for text in spellings}
    assert len(places) == 1
    for text in spellings:
        there = parse(text).at("another 'one'/é")
        assert dict(there.parts) == {**parts, "dbname": "another 'one'/é"}


@pytest.mark.parametrize(
    ("text", "place", "options"),
    [
        ("postgres://u@h/d?search_path=lakefs", "h:5432/d (search_path lakefs)", "-c search_path=lakefs"),
        ("postgres://u@h/d?options=-csearch_path%3Dlakefs", "h:5432/d (search_path lakefs)", "-csearch_path=lakefs"),
        ("host=h user=u dbname=d search_path=lakefs", "h:5432/d (search_path lakefs)", "-c search_path=lakefs"),
        (
            "host=h user=u dbname=d options='-c statement_timeout=9 -c search_path=lakefs'",
            "h:5432/d (search_path lakefs)", "-c statement_timeout=9 -c search_path=lakefs",
        ),
        (
            "postgres://u@h/d?search_path=a, b&statement_timeout=0", "h:5432/d (search_path a, b)",
            "-c search_path=a,\\ b -c statement_timeout=0",
        ),
        ("postgres://u@h1:1,h2:2/d?target_session_attrs=read-write", "h1:1,h2:2/d", ""),
        ("host=h1,h2 port=7 user=u", "h1:7,h2:7/u", ""),
        ("postgres:///d?host=/run/postgresql&user=u", "/run/postgresql:5432/d", ""),
        ("postgres://u@[fd00::1]:7/d", "[fd00::1]:7/d", ""),
        ("postgres://u@h/d?pool_max_conns=5&default_query_exec_mode=exec&x-migrations-table=m", "h:5432/d", ""),
        ("postgres://u@h/d?database=e", "h:5432/e", ""),
        ("user=u dbname=d service=prod", "service prod/d", ""),
    ],
)  # fmt: skip
def test_a_schema_is_part_of_the_place_and_settings_go_to_the_server(text: str, place: str, options: str) -> None:
    assert parse(text).place() == place
    assert parse(text).environment().get("PGOPTIONS", "") == options


def test_what_the_environment_of_the_service_says_counts_less() -> None:
    besides = conninfo.besides(
        {"PGHOST": "other", "PGPASSFILE": "/etc/lake fs/pass", "PGSSLROOTCERT": "/ca", "PGTZ": "UTC", "HOME": "/x"}
    )
    found = parse(whole("postgres://u@h/d?search_path=lakefs", {**besides, "user": "lakefs"}))
    assert (found.parts["host"], found.parts["user"], found.parts["passfile"]) == ("h", "u", "/etc/lake fs/pass")
    assert found.text == "postgres://u@h/d?search_path=lakefs"  # lakeFS has its environment already
    there = found.at("new")
    assert there.text == "postgres://u@h/new?search_path=lakefs" and there.environment()["PGSSLROOTCERT"] == "/ca"
    assert parse(whole("host=h", {"user": "lakefs"})).database == "lakefs"
    assert whole("", besides) == ""


SERVICES = "# of ours\n[prod]\nhost=db.example.org\nport = 7\ndbname=lakefs\npassword=w0rd\n[test]\nhost=x\n"


def test_a_service_is_read_and_the_string_wins_over_it(tmp_path: Path) -> None:
    file = tmp_path / "services"
    file.write_text(SERVICES, encoding="utf-8")
    text = whole(
        "service=prod user=u dbname=other", conninfo.besides({"PGSERVICEFILE": str(file), "PGHOST": "nowhere"})
    )
    found = service_file.resolved(parse(text))
    assert found.place() == "db.example.org:7/other"
    assert found.environment()["PGPASSWORD"] == "w0rd" and "PGSERVICE" not in found.environment()
    assert service_file.resolved(found.at("x")).place() == "db.example.org:7/x"
    for wrong, said in (
        ("service=none", "has no service \\[none\\]"),
        ("service=prod servicefile=/no", "cannot be read"),
    ):
        with pytest.raises(DatabaseError, match=said):
            service_file.resolved(parse(whole(wrong, {} if "=/no" in wrong else {"servicefile": str(file)})))
    with pytest.raises(DatabaseError, match="and no file of services; expected PGSERVICEFILE"):
        service_file.resolved(parse("service=prod"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from serve()


KV = """CREATE TABLE kv (partition_key bytea, key bytea, value bytea);
INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '4'), ('graveler', 'repos/one', 'x');"""


@pytest.fixture
def lake(server: Server) -> Server:
    """lakeFS in a schema of its own; public is empty."""
    server.fresh("lake", "lakefs")
    server.admin("ALTER ROLE lakefs CREATEDB")
    server.at("lake", "lakefs").run(f"CREATE SCHEMA own; SET search_path TO own; {KV}")
    return server


def spellings(port: int, directory: Path) -> dict[str, str]:
    """Of one connection, that real lakeFS and libpq take."""
    free = "127.0.0.1:9"
    service = directory / "services"
    service.write_text(f"[lake]\nhost=127.0.0.1\nport={port}\ndbname=lake\nuser=lakefs\n", encoding="utf-8")
    own = "search_path=own"
    return {
        "url": f"postgres://lakefs:w0rd@127.0.0.1:{port}/lake?{own}",
        "options": f"postgres://lakefs@127.0.0.1:{port}/lake?options=-csearch_path%3Down",
        "keywords": f"host=127.0.0.1 port={port} user=lakefs dbname = 'lake' {own}",
        "hosts": f"postgres://lakefs@{free},127.0.0.1:{port}/lake?target_session_attrs=read-write&{own}",
        "several": f"host=127.0.0.1,127.0.0.1 port=9,{port} user=lakefs dbname=lake target_session_attrs=any {own}",
        "query": f"postgres:///?host=127.0.0.1&port={port}&user=lakefs&dbname=lake&{own}",
        "pool": f"postgres://lakefs@127.0.0.1:{port}/lake?pool_max_conns=3&{own}&sslmode=disable",
        "service": whole(f"service=lake {own}", {"servicefile": str(service)}),
        "environment": whole(f"postgres:///lake?{own}", {"host": "127.0.0.1", "port": str(port), "user": "lakefs"}),
    }


@needs_postgres
def test_a_real_server_is_reached_by_each_spelling(lake: Server, tmp_path: Path) -> None:
    for name, text in spellings(lake.port, tmp_path).items():
        seen = database.look(Postgres(LocalRunner(), parse(text)))
        assert (seen.record, seen.repositories, seen.place) == ("4", ["one"], "own"), name


@needs_postgres
@pytest.mark.parametrize("given_scratch", [False, True])
@pytest.mark.parametrize("by", ["string", "service", "database", "account"])
def test_a_schema_is_backed_up_proved_and_put_back(lake: Server, tmp_path: Path, by: str, given_scratch: bool) -> None:
    text = f"postgres://lakefs@127.0.0.1:{lake.port}/lake" + ("?search_path=own" if by == "string" else "")
    if by == "service":
        text = spellings(lake.port, tmp_path)["service"]
    elif by != "string":
        whose = "DATABASE lake" if by == "database" else "ROLE lakefs IN DATABASE lake"
        lake.admin(f'ALTER {whose} SET search_path TO own, "$user"')
    lake.fresh("spare", "lakefs")
    if given_scratch and by in ("database", "account"):
        lake.admin("ALTER DATABASE spare SET search_path TO own")
    spare = f"postgres://lakefs@127.0.0.1:{lake.port}/spare" if given_scratch else ""
    made = Backup(LocalRunner(), parse(text), str(tmp_path / "lake.dump"), spare)
    made.present(check=False)
    assert made.prove()["rows"] == 2
    made.postgres.run("DELETE FROM kv;")
    assert restore(made, check=False)["method"] == "database"
    assert database.look(Postgres(LocalRunner(), parse(text))).repositories == ["one"]


FOREIGN = "CREATE TABLE kv (k int); CREATE TABLE schema_migrations (version varchar);"


@needs_postgres
@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ("", "the database is empty: this is not the one"),
        (KV.partition("INSERT")[0], "the database is empty"),  # what `lakefs migrate version` leaves behind (L07)
        (FOREIGN, "none of its 2 tables (kv, schema_migrations) is of lakeFS: it is another program's"),
        (
            f"CREATE SCHEMA own; SET search_path TO own; {KV}",
            "the schema public has no table of lakeFS, and the schema own",
        ),
        (
            f"CREATE SCHEMA own; SET search_path TO own; {KV} SET search_path TO public; {FOREIGN}",
            "and the schema own has",
        ),
        (f"CREATE SCHEMA own_uplift_20261128; SET search_path TO own_uplift_20261128; {KV}", "the database is empty"),
    ],
)
def test_a_database_that_is_not_of_lakefs_is_said_to_be_none(server: Server, statements: str, said: str) -> None:
    server.fresh("other", "lakefs")
    server.at("other", "lakefs").run(statements or "SELECT 1;")
    seen = database.look(server.at("other", "lakefs"))
    assert said in schema.unfit(schema.ANY_KV, seen)
