# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program, the API and the migration, driven by what real releases said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import s3_read
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import (
    database,
    file,
    health,
    inventory,
    migrate,
    program,
    uncommitted,
)
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import ApiError, Reply
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import Lakefs

from tests.unit.lakefs_replay import answer, reply

DSN = "postgres://lakefs:s3cret@db/lake"


class Node:
    """A runner with one release, whose answers are captures by the words after the configuration."""

    def __init__(self, release: str, script: dict[str, str | Answer | CliError] | None = None) -> None:
        self.release, self.script, self.calls = release, script or {}, []  # type: ignore[var-annotated]

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        if list(argv[-1:]) == ["--version"]:
            return answer(f"{self.release}/version")
        if argv[0] in ("test",):
            return self.script.get("test", Answer(tuple(argv), 0, "", ""))  # type: ignore[return-value]
        self.calls.append((list(argv), how))
        found = self.script[" ".join(argv[3:] if "--config" in argv else argv[1:])]
        if isinstance(found, CliError):
            raise found
        return answer(found) if isinstance(found, str) else found


def migration(
    monkeypatch: pytest.MonkeyPatch, node: Node, *seen: Database, sessions: Sequence[dict[str, Any]] = ()
) -> migrate.Migration:
    looks = list(seen)
    monkeypatch.setattr(database, "look", lambda _postgres: looks.pop(0) if len(looks) > 1 else looks[0])
    made = migrate.Migration(Lakefs(node, "/opt/lakefs", "/etc/lakefs/config.yaml", "lakefs"), DSN, 60)
    monkeypatch.setattr(made.postgres, "sessions", lambda: list(sessions))
    monkeypatch.setattr(made.postgres, "server", lambda: {"size": 1})
    monkeypatch.setattr(uncommitted, "not_taken", lambda _postgres: "")
    return made


def kv(record: str | None, **more: Any) -> Database:
    facts = {"kv_rows": 9, "repositories": ["repo1"], "users": {"admin": 1}, **more}
    return Database(tables=("kv",), record=record, **facts)


def sql(**more: Any) -> Database:
    facts = {"graveler": ["repo1"], "repositories": ["repo1"], "users": {"admin": 1}, **more}
    return Database(tables=("schema_migrations", "graveler_repositories"), sql=38, **facts)


@pytest.mark.parametrize(("release", "output"), [("0.30.0", "-"), ("0.70.6", "="), ("1.84.0", "=")])
def test_where_a_release_logs(release: str, output: str) -> None:
    """Trap L15: 0.30 writes the password into a file named `=`. Trap L30: never the level `none`."""
    said = program.logging(core_version.parse(release))
    assert said["LAKEFS_LOGGING_OUTPUT"] == output and said["LAKEFS_LOGGING_LEVEL"] == "INFO"


COMMANDS = [
    (["lakefs", "--config", "/a.yaml", "run"], "/a.yaml"),
    (["lakefs", "-c", "/a.yaml", "run"], "/a.yaml"),
    (["lakefs", "run", "--config=/a.yaml"], "/a.yaml"),
    (["lakefs", "run"], ""),
]


@pytest.mark.parametrize(("argv", "path"), COMMANDS)
def test_which_configuration_a_server_is_given(argv: list[str], path: str) -> None:
    assert program.named_config(argv) == path


def test_a_migration_names_the_database_and_shows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Traps L02 and L23: a key that is missing, or points elsewhere, does not lead it astray."""
    node = Node("1.84.0", {"migrate up": "1.84.0/migrate_up_older_3"})
    made = migration(monkeypatch, node, kv("3"), kv("4"))
    result = made.run("auto", force=False, check=False, lock=str(tmp_path / "lock"))
    assert result["changed"] and result["line"] == "Migration completed successfully."
    assert (result["before"]["schema"], result["after"]["schema"]) == ("KV schema 3", "KV schema 4")
    argv, how = node.calls[0]
    assert argv == ["/opt/lakefs", "--config", "/etc/lakefs/config.yaml", "migrate", "up"]
    assert how["env"]["LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"] == DSN and how["user"] == "lakefs"
    assert "s3cret" not in json.dumps(result) + " ".join(argv)


def test_the_kv_migration_is_given_both_forms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # trap L02
    node = Node("0.80.2", {"migrate up": "0.80.2/migrate_up_success"})
    made = migration(monkeypatch, node, sql(), sql(record="1", kv_rows=39))
    assert made.run("auto", False, False, lock=str(tmp_path / "lock"))["changed"]
    env = node.calls[0][1]["env"]
    assert env["LAKEFS_DATABASE_CONNECTION_STRING"] == env["LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"] == DSN
    assert env["LAKEFS_DATABASE_TYPE"] == "postgres" and env["LAKEFS_DATABASE_DROP_TABLES"] == "false"


def test_check_mode_and_a_second_run_call_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node("1.84.0")
    assert migration(monkeypatch, node, kv("3")).run("up", False, check=True)["changed"]
    assert not migration(monkeypatch, node, kv("4")).run("up", False, check=False)["changed"]
    assert node.calls == []


def test_others_on_the_database_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traps L05 and L24: a live server, or another migration."""
    others = [{"account": "lakefs", "application": "", "address": "198.18.1.12", "sessions": 2}]
    node = Node("1.84.0")
    with pytest.raises(UpliftError, match="2 other sessions"):
        migration(monkeypatch, node, kv("3"), sessions=others).run("up", False, check=False)
    assert node.calls == []


def test_two_at_once_on_one_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # trap L24
    made = migration(monkeypatch, Node("1.84.0"), kv("3"))
    with migrate._locked(str(tmp_path / "lock")), pytest.raises(UpliftError, match="Another migration runs"):
        made.run("up", False, False, lock=str(tmp_path / "lock"))


def test_no_room_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:  # trap L25
    node = Node("0.80.2", {"test": Answer(("test",), 1, "", "")})
    with pytest.raises(UpliftError, match="may not write to /tmp"):
        migration(monkeypatch, node, sql()).run("up", False, check=False)
    assert node.calls == []


@pytest.mark.parametrize(
    ("release", "case", "before", "after", "says"),
    [
        ("0.80.2", "migrate_up_missing_table", sql(), sql(record="0", kv_rows=7), "auth_users"),  # trap L03
        ("0.80.2", "migrate_up_success", sql(), sql(record="0", kv_rows=7), "begun and not ended"),  # trap L03
        ("0.103.0", "migrate_up_no_force", kv("1"), kv("1"), "--force"),  # trap L17
    ],
)
def test_a_failure_is_one(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    release: str,
    case: str,
    before: Database,
    after: Database,
    says: str,
) -> None:
    made = migration(monkeypatch, Node(release, {"migrate up": f"{release}/{case}"}), before, after)
    with pytest.raises(UpliftError, match=says):
        made.run("up", False, False, lock=str(tmp_path / "lock"))


def test_force_is_given_where_it_means_something(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # trap L17
    node = Node("0.103.0", {"migrate up --force": "0.103.0/migrate_up_force"})
    assert migration(monkeypatch, node, kv("1"), kv("4")).run("up", True, False, lock=str(tmp_path / "l"))["changed"]
    node = Node("1.84.0", {"migrate up": "1.84.0/migrate_up_older_1"})
    assert migration(monkeypatch, node, kv("1"), kv("4")).run("up", True, False, lock=str(tmp_path / "l"))["changed"]


def test_a_namespace_that_would_stop_the_server_is_mended(monkeypatch: pytest.MonkeyPatch) -> None:  # trap L28
    dry, real = "migrate task run storage-ns-encoded --dry-run", "migrate task run storage-ns-encoded"
    node = Node("1.84.0", {dry: "1.84.0/migrate_task_run_dry_run", real: "1.84.0/migrate_task_run"})
    assert migration(monkeypatch, node, kv("4")).task(check=True)["updated"] == ["local://bucket/a b"]
    assert migration(monkeypatch, node, kv("4")).task(check=False)["changed"]
    node = Node("1.84.0", {real: "1.84.0/migrate_task_run_skipped"})
    with pytest.raises(UpliftError, match="enc skipped"):
        migration(monkeypatch, node, kv("4")).task(check=False)
    assert not migration(monkeypatch, Node("1.52.0"), kv("4")).task(check=False)["changed"]  # trap L06: no such word


def test_one_user_of_two_is_taken_over_by_152(monkeypatch: pytest.MonkeyPatch) -> None:  # trap L16
    words = "superuser --user-name admin --access-key-id AKIA"
    two = {"admin": 1, "bob": 1}
    node = Node("1.52.0", {words: "1.52.0/superuser_import"})
    made = migration(monkeypatch, node, kv("4", users=two), kv("4", users={"superAdmin": 1}, basic_auth=True))
    result = made.admit("admin", "AKIA", check=False)
    assert result == {"changed": True, "user": "admin"}, "the answer of the release holds the secret key"
    with pytest.raises(UpliftError, match="by way of 1.52.0"):
        migration(monkeypatch, Node("1.84.0"), kv("4", users=two)).admit("admin", "AKIA", check=False)
    with pytest.raises(UpliftError, match="no user 'eve'"):
        migration(monkeypatch, node, kv("4", users=two)).admit("eve", "AKIA", check=False)


CONFIG_CHECKS = [
    ("1.84.0", "migrate_version_db_down", ""),
    ("0.70.6", "migrate_version_db_down", ""),
    ("0.80.2", "migrate_version_db_down", ""),
    ("1.84.0", "migrate_up_old_keys", "invalid keys: connection_string"),  # trap L21
    ("0.80.2", "migrate_up_unknown_key", "invalid keys"),  # trap L21
    ("1.84.0", "migrate_up_no_config", "missing required keys"),
]


@pytest.mark.parametrize(("release", "case", "says"), CONFIG_CHECKS)
def test_a_release_reads_a_configuration_and_no_database(release: str, case: str, says: str) -> None:
    node = Node(release, {"migrate version": f"{release}/{case}"})
    lakefs = Lakefs(node, "/opt/lakefs", "/etc/lakefs/config.yaml")
    if says:
        with pytest.raises(UpliftError, match=says):
            program.reads(lakefs)
    else:
        assert program.reads(lakefs)["version"] == release
    env = node.calls[0][1]["env"]
    assert {env[name] for name in program.DSN_VARIABLES} == {program.NOWHERE}  # trap L07


def test_a_configuration_is_kept_once_and_put_back(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("a: 1\n")
    path.chmod(0o640)
    new, old = (file.staged_path(str(path), release) for release in ("1.84.0", "0.80.2"))
    assert new.endswith("config.uplift-1.84.0.yaml"), "lakeFS tells the kind of a file by the end of its name"
    Path(new).write_text("a: 2\n")
    assert file.activate(str(path), new, old, check=True)["changed"] and path.read_text() == "a: 1\n"
    assert file.activate(str(path), new, old, check=False)["changed"]
    assert not file.activate(str(path), new, old, check=False)["changed"]
    assert path.read_text() == "a: 2\n" and Path(old).read_text() == "a: 1\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert file.activate(str(path), old, new, check=False)["changed"] and path.read_text() == "a: 1\n"
    # As after a finished operation, of which the staged one is removed: a rollback keeps what it finds.
    Path(new).unlink()
    path.write_text("a: 3\n")
    assert file.activate(str(path), old, new, check=False)["changed"]
    assert path.read_text() == "a: 1\n" and Path(new).read_text() == "a: 3\n"


def test_an_edit_since_it_was_staged_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    new, old = (file.staged_path(str(path), release) for release in ("1.84.0", "1.82.0"))
    Path(new).write_text("a: 1\n")
    Path(old).write_text("a: 1\n")
    path.write_text("a: 1\n# edited\n")
    with pytest.raises(UpliftError, match="was edited since these were made from it. Make the same edit in"):
        file.activate(str(path), new, old, check=False)
    assert path.read_text() == "a: 1\n# edited\n"


class Web:
    """Pages by method and path; the last one stays."""

    def __init__(self, pages: dict[str, Reply]) -> None:
        self.pages, self.asked = pages, []  # type: ignore[var-annotated]

    def __call__(self, method: str, url: str, *_rest: Any) -> Reply:
        path = url.partition("/api/v1")[2].partition("?")[0]
        self.asked.append(f"{method} {path}")
        return self.pages.get(path, Reply(404, "{}"))


class Active:
    active = "active"


def healthy(monkeypatch: pytest.MonkeyPatch, pages: dict[str, Reply], version: str = "1.84.0", **more: Any) -> Any:
    monkeypatch.setattr(lakefs_where, "read_unit", lambda *_args: Active())
    seconds = iter(range(1000))
    params = {"unit": "lakefs", "url": "http://l1:8000", "access_key_id": "A", "secret_access_key": "S", "timeout": 5}
    given = {**params, "version": version, **more}
    return health.wait(Node(version), given, Web(pages), lambda: float(next(seconds)), lambda _s: None)


WELL = {
    "/setup_lakefs": reply("1.84.0/http_setup_lakefs_initialized"),
    "/config/version": reply("1.84.0/http_config_version"),
    "/repositories": reply("1.84.0/http_repositories"),
}


def test_a_server_that_sees_its_data_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert healthy(monkeypatch, WELL)["url"] == "http://l1:8000"


UNWELL = [
    ({"/setup_lakefs": reply("1.84.0/http_setup_lakefs_sql_era")}, "does not see its data"),  # trap L01
    ({"/setup_lakefs": reply("0.80.2/http_setup_lakefs_new_section_only")}, "does not see its data"),  # trap L02
    ({"/setup_lakefs": reply("1.84.0/http_setup_lakefs_db_down")}, "cannot be reached"),  # trap L18
    ({"/repositories": reply("1.84.0/http_repositories_db_down_later")}, "auth.encrypt.secret_key"),  # trap L19
    ({"/config/version": Reply(200, '{"version": "1.82.0"}')}, "answers as 1.82.0, expected 1.84.0"),
]


@pytest.mark.parametrize(("pages", "says"), UNWELL)
def test_a_server_that_says_it_is_well_and_is_not(
    monkeypatch: pytest.MonkeyPatch, pages: dict[str, Reply], says: str
) -> None:
    with pytest.raises(UpliftError, match=says):
        healthy(monkeypatch, {**WELL, **pages})


def test_030_has_no_page_for_it_and_lists_repositories(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {**WELL, "/setup_lakefs": reply("0.30.0/http_setup_lakefs"), "/config/version": Reply(404, "")}
    assert healthy(monkeypatch, pages, version="0.30.0")["seconds"] > 0


def listed(*rows: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps({"results": list(rows), "pagination": {"has_more": False}}))


BEFORE = {
    "repositories": {
        "repo1": {
            "branches": {"main": "h1", "dev": "h2"},
            "tags": {"v1": "h1"},
            "uncommitted": {"main": 2},
            "lost_heads": [],
            "lost_tags": [],
            "object": {"path": "a", "branch": "main", "sha256": "s"},
        }
    }
}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({}, ""),
        ({"branches": {"main": "h1"}}, "branch_gone"),
        ({"branches": {"main": "h9", "dev": "h2"}}, ""),
        ({"branches": {"main": "h9", "dev": "h2"}, "lost_heads": ["main"]}, "head_gone"),
        ({"tags": {}}, "tag_gone"),
        ({"tags": {"v1": "h2"}}, "tag_changed"),
        ({"uncommitted": {}}, "uncommitted_changed"),  # trap L05, L11
        ({"uncommitted": {"main": 1}}, "uncommitted_changed"),
        ({"uncommitted": {"main": 3}}, ""),  # a client's, before the stop or after the start
        ({"uncommitted": {}, "branches": {"main": "h9", "dev": "h2"}}, ""),  # somebody has committed them
        ({"object": {"path": "a", "branch": "main", "sha256": "t"}}, "object_changed"),
    ],
)
def test_what_is_lost(change: dict[str, Any], key: str) -> None:
    after = {"repositories": {"repo1": {**BEFORE["repositories"]["repo1"], **change}}}
    found = inventory.compare(BEFORE, after, live=False)
    assert [one["key"] for one in found] == ([key] if key else [])


@pytest.mark.parametrize(
    ("change", "ids_change", "key"),
    [
        ({"branches": {"main": "h1"}}, False, "branch_deleted"),
        ({"branches": {"main": "h1"}, "lost_heads": ["dev"]}, False, "branch_gone"),
        ({"branches": {"main": "h1"}}, True, "branch_gone"),
        ({"tags": {}}, False, "tag_deleted"),
        ({"tags": {"v1": "h2"}}, False, "tag_deleted"),
        ({"tags": {}, "lost_tags": ["v1"]}, False, "tag_gone"),
        ({"tags": {"v1": "h2"}, "lost_tags": ["v1"]}, False, "tag_changed"),
    ],
)
def test_what_a_client_deleted_while_others_served_leaves_its_commit(
    change: dict[str, Any], ids_change: bool, key: str
) -> None:
    after = {"repositories": {"repo1": {**BEFORE["repositories"]["repo1"], **change}}}
    found = inventory.compare(BEFORE, after, ids_change, live=True)
    assert [one["key"] for one in found] == [key]
    assert (key in inventory.NOTES) == key.endswith("_deleted")


def test_clients_that_worked_all_the_time_may_take_back_their_changes() -> None:
    after = {"repositories": {"repo1": {**BEFORE["repositories"]["repo1"], "uncommitted": {}}}}
    assert inventory.compare(BEFORE, after, live=True) == []


def test_a_repository_that_is_gone_and_an_inventory_that_is_not_there() -> None:
    assert [one["key"] for one in inventory.compare(BEFORE, {"repositories": {}})] == ["repository_gone"]
    with pytest.raises(UpliftError, match="is unknown"):
        inventory.compare({}, BEFORE)


def test_uncommitted_changes_are_committed_where_they_are() -> None:  # trap L11
    changes = reply("1.84.0/http_branch_diff_uncommitted")
    web = Web(
        {
            "/repositories": listed({"id": "repo1"}),
            "/repositories/repo1/branches": listed({"id": "main", "commit_id": "c"}, {"id": "de/v", "commit_id": "c"}),
            "/repositories/repo1/branches/main/diff": changes,
            "/repositories/repo1/branches/de%2Fv/diff": listed(),
            "/repositories/repo1/branches/main/commits": Reply(201, '{"id": "c1"}'),
        }
    )
    api = Api("http://l1:8000", "A", "S", web)
    where, empty = inventory.uncommitted(api)
    assert empty == [] and where == [{"repository": "repo1", "branch": "main", "changes": 2}]
    assert inventory.commit(api, where, "m") == [{"repository": "repo1", "branch": "main", "commit": "c1"}]


def test_without_an_access_key_nothing_is_asked() -> None:
    params = {"url": "http://l1:8000", "access_key_id": "", "secret_access_key": "", "text": ""}
    assert inventory.commit_all(params, True)["asked"] is False


def test_an_api_that_refuses_is_a_sentence() -> None:
    api = Api("http://l1:8000", "A", "S", Web({"/repositories": Reply(401, "{}")}))
    with pytest.raises(ApiError, match="the credentials are not taken"):
        list(api.rows("Listing", "/repositories"))


def test_a_signature_is_the_one_of_the_standard() -> None:
    """Made with botocore 1.43 for the same request."""
    made = s3_read.signed("127.0.0.1:8000", "/repo1/main/a b.txt", "AKIA", "secret", "us-east-1", "20261121T000000Z")
    assert made["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIA/20261121/us-east-1/s3/aws4_request, ")
    assert made["Authorization"].endswith("Signature=924d9e2bf16889fade57e2165281401b7f327c99b0426dc3e650c01598fa4fd1")


@pytest.mark.parametrize("given_up", [False, True])
def test_migrate_db_goes_over_nothing_uncommitted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given_up: bool
) -> None:
    """Trap L11: also where an operator calls it by hand. A rehearsal does: clients work on what it has copied."""
    old = ("catalog_repositories", "schema_migrations")
    before = Database(tables=old, sql=20, mvcc=["repo1"], repositories=["repo1"], users={"admin": 1})
    after = Database(tables=old, sql=21, mvcc=["repo1"], graveler=["repo1"], repositories=["repo1"], migrated_at="now",
                     users={"admin": 1})  # fmt: skip
    rows = [{"repository": "repo1", "branch": "main", "changes": 1, "paths": ["late"]}]
    monkeypatch.setattr(uncommitted, "look", lambda _postgres: rows)
    node = Node("0.30.0", {"migrate db": "0.30.0/migrate_db_success"})
    made = migration(monkeypatch, node, before, after)
    if given_up:
        assert made.run("auto", False, False, given_up=True, lock=str(tmp_path / "lock"))["changed"]
    else:
        with pytest.raises(UpliftError, match=r"repo1/main has 1 \(late\); expected none"):
            made.run("auto", False, False, lock=str(tmp_path / "lock"))
        assert node.calls == []


@pytest.mark.parametrize("given_up", [False, True])
def test_the_migration_to_kv_has_to_take_what_is_uncommitted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given_up: bool
) -> None:
    node = Node("0.80.2", {"migrate up": "0.80.2/migrate_up_success"})
    made = migration(monkeypatch, node, sql(), sql(record="1", kv_rows=39))
    monkeypatch.setattr(uncommitted, "not_taken", lambda _postgres: "lake/main had 2 and has 1")
    if given_up:
        assert made.run("auto", False, False, given_up=True, lock=str(tmp_path / "lock"))["changed"]
    else:
        with pytest.raises(UpliftError, match="lake/main had 2 and has 1. No server is started on it"):
            made.run("auto", False, False, lock=str(tmp_path / "lock"))


def test_a_later_migration_has_no_old_tables_to_ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = migration(monkeypatch, Node("1.84.0", {"migrate up": "1.84.0/migrate_up_older_3"}), kv("3"), kv("4"))
    monkeypatch.setattr(uncommitted, "not_taken", lambda _postgres: "is unknown")
    assert made.run("auto", False, False, lock=str(tmp_path / "lock"))["changed"]
