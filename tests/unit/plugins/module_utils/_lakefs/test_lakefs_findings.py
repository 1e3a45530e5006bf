# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that stops a hop, one row each: what was seen, and the key by which it may be accepted."""

from __future__ import annotations

import copy
from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.findings import findings, move_of

GIB = 1 << 30
RIGHTS = {"account": "lakefs", "method": "database", "lacks": [], "statements": [], "unreadable": []}
SERVER = {"size": 1000, "account": "lakefs", "createdb": True, "place": "db:5432/lakefs", "rights": RIGHTS}
INSIDE = {
    "database": {"type": "postgres", "place": "db:5432/lakefs", "old": "", "new": "db:5432/lakefs"},
    "blockstore": "local",
    "rbac": "",
    "rbac_server": "",
    "bootstrap": False,
    "file_has_database": True,
    "from_environment": [],
}
KV = Database(tables=("kv",), record="4", kv_rows=9, repositories=["repo1"], users={"superAdmin": 1}, basic_auth=True)
ACL = Database(tables=("kv",), record="4", kv_rows=9, repositories=["repo1"], users={"admin": 1})
SQL = Database(tables=("schema_migrations",), sql=38, graveler=["repo1"], repositories=["repo1"], users={"admin": 1})
MVCC = Database(tables=("schema_migrations",), sql=21, mvcc=["repo1"], repositories=["repo1"], users={"admin": 1})


def charted(image: str, name: str = "lake") -> dict[str, Any]:
    return {"helm": name, "rendered": {"image": image, "expected": "treeverse/lakefs:1.84.0", "problem": ""}}


def seen(database: Database = KV, source: str = "1.82.0", target: str = "1.84.0") -> dict[str, Any]:
    info = {
        "running": True,
        "version": source,
        "binary_version": source,
        "setup": "initialized",
        "problems": [],
        "server": dict(SERVER),
        "database": {**asdict(database), "left_behind": []},
    }
    return {
        "info": info,
        "settings": {"settings": copy.deepcopy(INSIDE), "findings": []},
        "staged": [],
        "space": {
            "paths": {"/backup": {"free": GIB}, "/tmp": {"free": GIB}},
            "programs": dict.fromkeys(("psql", "pg_dump", "pg_restore"), "/usr/bin/x"),
        },
        "release": {"changed": True},
        "uncommitted": {"asked": True, "uncommitted": [], "namespaces": {"repo1": "local://repo1"}},
        "hop": {"source": source, "target": target},
        "leader": True,
        "set": {
            "commit_uncommitted": False,
            "discard_data": False,
            "confirm": [],
            "admin_user": "",
            "move_objects_tasks": "",
            "backup_dir": "/backup",
            "tmpdir": "/tmp",
            "scratch": False,
            "database_free_bytes": GIB,
            "places": ["db:5432/lakefs"],
        },
    }


def test_of_a_unit_that_is_another_nothing_else_is_said_of_the_service() -> None:
    given = seen()
    given["info"] |= {"running": False, "version": "", "binary_version": ""}
    given["uncommitted"] = {"asked": False}
    assert keys(given) == ["service_down"] and keys(given, stopping=False) == ["no_credentials"]
    row = {"key": "script_unit", "stops": True, "saw": "a script", "expected": "lakeFS", "do": "name it", "final": True}
    given["info"]["not_itself"] = row
    assert keys(given) == ["script_unit"] and keys(given, stopping=False) == []


@pytest.mark.parametrize("kind", ["local", "dynamodb"])
@pytest.mark.parametrize(("source", "target", "expected"), [("1.82.0", "1.84.0", []), ("0.103.0", "1.84.0", [True])])
def test_a_database_that_cannot_be_asked_is_redeployed_and_not_migrated(
    kind: str, source: str, target: str, expected: list[bool]
) -> None:
    """trap L26: its `migrate up` may fail for want of a record, and nothing is backed up: it stops beforehand."""
    given = seen(KV, source, target)
    given["info"].update(database=None, server=None)
    given["settings"]["settings"]["database"] = {"type": kind, "place": "", "old": "", "new": ""}
    assert [one.stops for one in findings(given) if one.key == "database_not_migrated"] == expected


def keys(of: dict[str, Any], stopping: bool = True) -> list[str]:
    return sorted(one.key for one in findings(of) if one.stops == stopping)


WELL = [(KV, "1.82.0", "1.84.0"), (ACL, "0.103.0", "1.84.0"), (SQL, "0.70.6", "0.80.2"), (MVCC, "0.23.1", "0.30.0")]


@pytest.mark.parametrize(("database", "source", "target"), WELL)
def test_an_installation_that_is_well_has_none(database: Database, source: str, target: str) -> None:
    assert keys(seen(database, source, target)) == []
    assert keys(seen(database, source, target), stopping=False) == []


DIRTY = [{"repository": "repo1", "branch": "main", "changes": 2}]
ROWS = [
    # key, stops, what is changed in the answers: path -> value, database, source, target
    ("service_down", True, {"info.running": False}, KV, "1.82.0", "1.84.0"),
    ("restart_pending", True, {"info.binary_version": "1.84.0"}, KV, "1.82.0", "1.84.0"),
    ("not_initialized", True, {"info.setup": "not_initialized"}, KV, "1.82.0", "1.84.0"),  # trap L01
    (
        "database_silent",
        True,
        {"info.problems": [{"key": "database_silent", "sentence": "no."}]},
        KV,
        "1.82.0",
        "1.84.0",
    ),
    ("schema_unfit", True, {}, SQL, "1.82.0", "1.84.0"),  # trap L01: the newest on an SQL-era database
    (
        "schema_unfit",
        True,
        {},
        Database(**{**asdict(SQL), "record": "1", "kv_rows": 9}),
        "0.70.6",
        "0.80.2",
    ),  # trap L04
    ("database_broken", True, {}, Database(**{**asdict(SQL), "dirty": True}), "0.70.6", "0.80.2"),  # trap L09
    ("database_broken", True, {}, Database(tables=("kv",), record="0", kv_rows=1), "1.82.0", "1.84.0"),  # trap L25
    (
        "too_many_users",
        True,
        {},
        Database(**{**asdict(ACL), "users": {"a": 1, "b": 1}}),
        "0.103.0",
        "1.84.0",
    ),  # trap L16
    ("too_many_users", True, {}, Database(**{**asdict(ACL), "users": {"a": 2}}), "0.103.0", "1.84.0"),  # trap L16
    (
        "too_many_users",
        True,
        {"hop.later": [{"source": "0.80.2", "target": "1.84.0"}]},
        Database(**{**asdict(SQL), "users": {"a": 1, "b": 1}}),
        "0.70.6",
        "0.80.2",
    ),  # trap L16, seen two hops early
    (
        "users_lost",
        True,
        {"set.admin_user": "a"},
        Database(**{**asdict(ACL), "users": {"a": 1, "b": 1}}),
        "0.103.0",
        "1.52.0",
    ),
    ("rbac_to_acl", True, {}, Database(**{**asdict(ACL), "record": "1"}), "0.80.2", "0.103.0"),  # trap L17
    ("uncommitted_lost", True, {"uncommitted.uncommitted": DIRTY}, MVCC, "0.23.1", "0.30.0"),  # trap L11
    ("uncommitted", False, {"uncommitted.uncommitted": DIRTY}, SQL, "0.70.6", "0.80.2"),
    ("no_credentials", True, {"uncommitted.asked": False}, MVCC, "0.23.1", "0.30.0"),
    ("no_credentials", False, {"uncommitted.asked": False}, KV, "1.82.0", "1.84.0"),
    *(
        (
            key,
            True,
            {"uncommitted.failed": failed, "uncommitted.msg": "no", "uncommitted.why": why},
            KV,
            "1.82.0",
            "1.84.0",
        )
        for failed in (True, False)  # the role's failed_when takes it away
        for why, key in (
            ("refused", "credentials"),  # trap L19
            ("stranger", "not_lakefs"),
            ("gone", "repository_gone"),
            ("unclear", "api_unclear"),
            ("", "api_unclear"),
        )
    ),
    (
        "left_behind",
        True,
        {},
        Database(**{**asdict(SQL), "mvcc": ["old"], "migrated_at": "1"}),
        "0.70.6",
        "0.80.2",
    ),  # trap L12
    ("discard_data", True, {"set.discard_data": True}, MVCC, "0.23.1", "0.30.0"),
    ("two_databases", True, {"settings.settings.database.old": "db:5432/other"}, SQL, "0.70.6", "0.80.2"),  # trap L23
    ("nodes_differ", True, {"set.places": ["db:5432/lakefs", "db:5432/other"]}, KV, "1.82.0", "1.84.0"),
    ("no_connection_string", True, {"settings.settings.database.place": ""}, KV, "1.82.0", "1.84.0"),
    ("environment_only", True, {"settings.settings.file_has_database": False}, SQL, "0.70.6", "0.80.2"),
    ("config_not_staged", True, {"staged": [{"failed": True, "msg": "no."}]}, KV, "1.82.0", "1.84.0"),
    ("config_lost", True, {"staged": [{"lost": ["auth.ldap: gone"]}]}, KV, "1.82.0", "1.84.0"),  # trap L21
    ("config_changes", False, {"staged": [{"changes": ["x is gone"]}]}, KV, "1.82.0", "1.84.0"),
    ("rbac_without_server", True, {"settings.settings.rbac": "simplified"}, ACL, "0.103.0", "1.84.0"),
    (
        "local_bootstrap",
        True,
        {"settings.settings.database.type": "local", "settings.settings.bootstrap": True},
        KV,
        "1.82.0",
        "1.84.0",
    ),  # trap L26
    ("objects_to_move", True, {"settings.settings.blockstore": "gs"}, SQL, "0.45.1", "0.80.2"),  # trap L27
    ("old_namespaces", False, {"settings.settings.blockstore": "azure"}, ACL, "0.103.0", "1.84.0"),  # trap L27
    ("encoded_namespace", True, {"uncommitted.namespaces": {"r": "local://a%20b"}}, KV, "1.60.0", "1.84.0"),  # trap L28
    ("encoded_namespace", False, {"uncommitted.namespaces": {"r": "local://a%20b"}}, ACL, "0.103.0", "1.84.0"),
    ("no_repository", False, {}, Database(**{**asdict(KV), "repositories": []}), "1.82.0", "1.84.0"),
    ("release", True, {"release": {"failed": True, "msg": "not there."}}, KV, "1.82.0", "1.84.0"),
    ("no_checksum", True, {"release": {"unchecked": [{"version": "1", "address": "x"}]}}, KV, "1.82.0", "1.84.0"),
    ("shared_program", True, {"release": {"shared": ["lakefs-b.service"]}}, KV, "1.82.0", "1.84.0"),  # trap G36
    ("mounted_by_unit", True, {"info.mounting": ["/bin/mount /etc/lakefs"]}, KV, "1.82.0", "1.84.0"),  # trap G31
    ("helm_release", False, {"release": {"helm": "lake"}}, KV, "1.82.0", "1.84.0"),
    (
        "chart_image",
        True,
        {"release": charted("treeverse/lakefs:1.82.0"), "set.chart": "lakefs/lakefs"},
        KV,
        "1.82.0",
        "1.84.0",
    ),
    ("chart_image", True, {"release": charted(""), "set.chart": "lakefs/lakefs"}, KV, "1.82.0", "1.84.0"),
    ("program_missing", True, {"space.programs.pg_dump": ""}, SQL, "0.70.6", "0.80.2"),
    ("no_space", True, {"space.paths./backup": {"free": 10}}, SQL, "0.70.6", "0.80.2"),
    ("no_space", True, {"space.paths./tmp": {}}, SQL, "0.70.6", "0.80.2"),  # trap L25
    ("no_directory", True, {"space.paths./tmp": {"at": "/", "free": GIB}}, SQL, "0.70.6", "0.80.2"),  # trap L25
    ("no_space", True, {"set.database_free_bytes": 1500}, SQL, "0.70.6", "0.80.2"),
    ("read_only", True, {"space.paths./tmp": {"at": "/tmp", "free": GIB, "writable": False}}, SQL, "0.70.6", "0.80.2"),
    ("read_only", True, {"space.paths./backup": {"at": "/", "free": GIB, "writable": False}}, KV, "1.82.0", "1.84.0"),
    ("no_space", True, {"space.paths./record": {"at": "/", "free": 0, "writable": True}}, KV, "1.82.0", "1.84.0"),
    ("space_unknown", True, {"set.database_free_bytes": 0}, SQL, "0.70.6", "0.80.2"),
    ("no_scratch", True, {"info.server.createdb": False}, SQL, "0.70.6", "0.80.2"),
]


@pytest.mark.parametrize(
    ("key", "stops", "changes", "database", "source", "target"),
    ROWS,
    ids=[f"{n}-{row[0]}" for n, row in enumerate(ROWS)],
)
def test_finding(key: str, stops: bool, changes: dict[str, Any], database: Database, source: str, target: str) -> None:
    given = seen(database, source, target)
    if key == "objects_to_move":
        given["info"]["database"]["sql"] = 31
    for path, value in changes.items():
        *above, last = path.split(".") if "/" not in path else ["space", "paths", path.rpartition(".")[2]]
        where = given
        for part in above:
            where = where[part]
        where[last] = value
    found = [one for one in findings(given) if one.key == key]
    assert [one.stops for one in found] == [stops]
    assert found[0].saw and found[0].expected and found[0].do
    assert [one.key for one in findings(given) if one.stops and one.key != key] == []


def test_what_is_said_and_confirmed_does_not_stop() -> None:
    given = seen(MVCC, "0.23.1", "0.30.0")
    given["uncommitted"]["uncommitted"] = DIRTY
    given["set"].update(discard_data=True, confirm=["discard_data"])
    assert keys(given) == []
    given = seen(MVCC, "0.23.1", "0.30.0")
    given["uncommitted"]["uncommitted"] = DIRTY
    given["set"]["commit_uncommitted"] = True
    assert keys(given) == []


@pytest.mark.parametrize(("image", "name"), [("treeverse/lakefs:1.84.0", "lake"), ("", "")])
def test_a_chart_that_gives_the_new_image_is_no_finding(image: str, name: str) -> None:
    given = seen()
    given.update(release=charted(image, name))
    given["set"]["chart"] = "lakefs/lakefs"
    assert keys(given) == [] and keys(given, stopping=False) == []


def test_only_the_kv_migration_wants_its_directory_to_be_there() -> None:
    """trap L25: elsewhere nothing is written to it, and of a pod's directory this host knows nothing."""
    given = seen(ACL, "0.103.0", "1.84.0")
    given["space"]["paths"]["/tmp"] = {"at": "/", "free": GIB}
    assert keys(given) == []


def test_all_come_at_once_with_nothing_to_see_at_all() -> None:
    given = seen()
    problems = [{"key": "database_silent", "sentence": "refused."}, {"key": "server_silent", "sentence": "gone."}]
    given["info"] = {"running": False, "failure": "", "problems": problems, "database": None, "server": None}
    given["settings"] = {
        "settings": {},
        "findings": [{"key": "config_missing", "severity": "error", "sentence": "not there."}],
    }
    assert keys(given) == ["config_missing", "database_silent", "server_silent", "service_down"]


MOVES = [
    ("gs://bucket/prefix", "gs://bucket//prefix/* to gs://bucket/prefix/*"),
    ("gs://bucket/prefix/", "gs://bucket//prefix/* to gs://bucket/prefix/*"),
    (
        "https://acc.blob.core.windows.net/c",
        "https://acc.blob.core.windows.net/c//* to https://acc.blob.core.windows.net/c/*",
    ),
    (
        "https://acc.blob.core.windows.net/c/prefix/",
        "https://acc.blob.core.windows.net/c/prefix//* to https://acc.blob.core.windows.net/c/prefix/*",
    ),
    ("s3://bucket/prefix", ""),
    ("local://repo1", ""),
]


@pytest.mark.parametrize(("namespace", "move"), MOVES)
def test_where_objects_move_at_050(namespace: str, move: str) -> None:  # trap L27
    assert move_of(namespace) == move


def test_where_nothing_migrates_nothing_is_written_to_its_directory() -> None:
    given = seen(KV, "1.82.0", "1.84.0")
    given["space"]["paths"]["/tmp"] = {"at": "/tmp", "free": GIB, "writable": False}
    assert "read_only" not in keys(given)
