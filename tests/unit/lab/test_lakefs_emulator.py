# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which captured case an emulated call is, and how the answer is made to fit the place."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml

from tests.lab import lakefs_api, lakefs_table, release
from tests.lab.lakefs_emulator import answers, config, pack, program, server
from tests.lab.lakefs_emulator.answers import Said
from tests.lab.lakefs_emulator.cases import Asked, decide
from tests.lab.lakefs_emulator.database import State

SQL = State(sql=38, graveler=1, tables=frozenset({"auth_users", "graveler_repositories"}))
UP = ("migrate", "up")
CASES = (
    ("0.22.0", ("run",), {"old": True}, State(sql=20, mvcc=1), "run_current"),
    ("0.22.0", ("run",), {"old": True}, State(sql=21, mvcc=1), "run_newer"),
    ("0.22.0", ("migrate", "db"), {"old": True}, State(sql=20, mvcc=1), "migrate_db"),
    ("0.22.0", UP, {}, State(), "migrate_up_empty"),
    ("0.30.0", ("migrate", "db"), {"old": True}, State(sql=20, mvcc=1), "migrate_db_success"),
    ("0.30.0", UP, {}, State(), "migrate_up_empty"),
    ("0.30.0", UP, {}, State(sql=20), "migrate_up_older"),
    ("0.30.0", UP, {}, State(sql=21, dirty=True), "migrate_up_dirty"),
    ("0.30.0", UP, {}, State(sql=38), "migrate_up_newer"),
    ("0.30.0", ("migrate", "version"), {}, State(sql=20), "migrate_version_older"),
    ("0.30.0", ("run",), {"old": True}, State(sql=21, graveler=1), "run_current"),
    ("0.30.0", ("run",), {"old": True}, State(sql=38, graveler=1), "run_newer"),
    ("0.30.0", ("run",), {"old": True}, State(sql=20, mvcc=1), "run_older"),
    ("0.30.0", ("run",), {"old": True}, State(), "run_empty"),
    ("0.30.0", ("run",), {"old": True}, State(sql=21, mvcc=1), "run_mvcc_not_migrated"),
    ("0.30.0", ("run",), {"old": True, "cataloger": "rocks"}, State(sql=21, mvcc=1), "run_mvcc_migrated"),
    ("0.55.0", UP, {"old": True}, State(sql=21), "migrate_up_older"),
    ("0.55.0", UP, {"old": True}, State(sql=35), "migrate_up_current"),
    ("0.55.0", UP, {"old": True}, State(sql=35, dirty=True), "migrate_up_dirty"),
    ("0.55.0", ("run",), {"old": True}, State(sql=38), "run_newer"),
    ("0.55.0", ("run",), {"old": True}, State(sql=21), "run_older"),
    ("0.55.0", ("run",), {"old": True}, State(sql=35), "run_current"),
    ("0.55.0", ("migrate", "version"), {"old": True}, State(sql=35), "migrate_version_current"),
    ("0.70.6", UP, {"old": True}, State(sql=39), "migrate_up_newer"),
    ("0.70.6", UP, {"old": True}, State(sql=38, dirty=True), "migrate_up_dirty"),
    ("0.70.6", ("run",), {"old": True}, State(sql=38, kv=True), "run_old_server_on_migrated_database"),
    ("0.70.6", ("migrate", "db"), {"old": True}, SQL, "migrate_db"),
    ("0.80.2", UP, {"old": True, "new": True}, SQL, "migrate_up_success"),
    ("0.80.2", UP, {"old": True}, SQL, "migrate_up_old_keys_only"),
    ("0.80.2", UP, {"old": True, "new": True}, State(sql=38, dirty=True), "migrate_up_dirty"),
    ("0.80.2", UP, {"old": True, "new": True}, State(sql=39), "migrate_up_newer"),
    ("0.80.2", UP, {"new": True}, SQL, "migrate_up_new_section_only"),
    ("0.80.2", UP, {"old": True, "new": True, "temporary": False}, SQL, "migrate_up_tmpdir_unwritable"),
    ("0.80.2", ("run",), {"new": True}, SQL, "run_new_section_only"),
    ("0.80.2", ("run",), {"old": True, "new": True}, SQL, "run_not_migrated"),
    ("0.98.0", ("run",), {"new": True}, State(kv=True, record="2"), "run_current"),
    ("0.98.0", ("run",), {"new": True}, State(kv=True, record="1"), "run_older_1"),
    ("0.99.0", ("run",), {"new": True}, State(kv=True, record="3"), "run_current"),
    ("0.103.0", UP, {"new": True}, State(kv=True, record="1"), "migrate_up_no_force"),
    ("0.103.0", (*UP, "--force"), {"new": True}, State(kv=True, record="1"), "migrate_up_force"),
    ("1.52.0", UP, {"new": True}, State(kv=True, record="1"), "migrate_up_older_1_two_users"),
    ("1.52.0", ("run",), {"new": True}, State(kv=True, record="4", users=2), "run_two_users"),
    ("1.52.0", ("run",), {"new": True}, State(kv=True, record="4", users=1, credentials=1), "run_first_start_one_user"),
)


@pytest.mark.parametrize(("version", "words", "settings", "state", "expected"), CASES)
def test_case(version: str, words: tuple[str, ...], settings: dict[str, bool], state: State, expected: str) -> None:
    assert decide(Asked(version, words, **settings), state).name == expected


def test_a_packed_emulator_is_known_as_one(tmp_path: Path) -> None:
    """Else one of an earlier checkout would stay: its first bytes are a program's (launcher.c)."""
    pack.release("0.22.0", tmp_path)
    assert release.emulated(tmp_path / "lakefs") and not release.emulated(Path("/bin/true"))


@pytest.mark.parametrize("version", pack.BORROWED)
def test_every_case_that_can_be_chosen_has_an_answer(version: str) -> None:
    held = pack.answers(version)["cases"]
    chosen = {
        decide(Asked(version, words, **settings), state).name
        for v, words, settings, state, _name in CASES
        if v == version
    }
    assert chosen and chosen <= set(held)
    for name in chosen:
        assert (pack.CAPTURES / f"{held[name]['capture']}.yml").is_file(), "each answer names its capture"
    assert f"lakefs version {version}" in held["version"]["stdout"]


def test_configuration_file() -> None:
    text = (
        '# c\ndatabase:\n  type: postgres # here\n  postgres:\n    connection_string: "a#b"\n'
        "listen_address: 0.0.0.0:8000\n"
    )
    assert config.parse(text) == {
        "database.type": "postgres",
        "database.postgres.connection_string": "a#b",
        "listen_address": "0.0.0.0:8000",
    }


def test_unknown_keys_by_their_section() -> None:
    known = ["database.type", "auth.encrypt.secret_key", "listen_address"]
    wrong = ["database.connection_string", "cataloger.type", "listen_address"]
    assert config.unknown(wrong, known) == {"": ["cataloger"], "database": ["connection_string"]}
    assert config.unknown(wrong, []) == {}


def test_the_log_goes_where_the_setting_says() -> None:
    said = Said(0, "result\n", 'time="x" msg="Configuration file"\ntime="x" msg="KV valid"\n')
    moved, aside = answers.routed(said, "=", "-", "1.52.0")
    assert (moved.out, moved.err, aside) == (
        'time="x" msg="KV valid"\nresult\n',
        'time="x" msg="Configuration file"\n',
        "",
    )
    assert answers.routed(said, "=", "=", "1.52.0")[0] == said


def test_0_30_takes_the_sign_for_a_file() -> None:
    """trap L15: with the password in it."""
    said = Said(0, 'time="x" uri="postgres://lakefs:SECRET@127.0.0.1:15432/m1"\nMigrate completed\n', "")
    place = {"PGHOST": "db", "PGPORT": "5432", "PGUSER": "me", "PGPASSWORD": "word", "PGDATABASE": "d"}
    fitted = Said(0, answers.located(said.out, place), "")
    shown, aside = answers.routed(fitted, "-", "=", "0.30.0")
    assert shown.out == "Migrate completed\n" and "postgres://me:word@db:5432/d" in aside


def test_a_case_that_nobody_captured_says_so() -> None:
    """0.55.0 on a database that was migrated to KV: no other release's answer stands in for it."""
    call = program.Call.__new__(program.Call)
    call.held, call.version, call.file, call.settings = pack.answers("0.55.0"), "0.55.0", "", {}
    said = call.say("run_old_server_on_migrated_database", {})
    assert said.rc != 0 and said.err == "nobody captured this: run_old_server_on_migrated_database of 0.55.0\n"
    shown = call.say("run_older", {}, State(sql=21))
    assert "db version=21, available=35" in shown.out


def test_a_variable_that_the_release_does_not_know_is_no_unknown_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.55.0 has no database.type: in the file it is refused, in the environment it is passed over."""
    monkeypatch.setenv("LAKEFS_DATABASE_TYPE", "postgres")
    file = tmp_path / "config.yaml"
    call = program.Call.__new__(program.Call)
    call.held, call.version, call.file = pack.answers("0.55.0"), "0.55.0", str(file)
    for text, wrong in (("listen_address: a\n", {}), ("database:\n  type: b\n", {"database": ["type"]})):
        file.write_text(text)
        ended = call.configure()
        assert (ended is not None, call.wrong_keys()) == (bool(wrong), wrong)
        if ended:
            said = program.wrong_key_said(call.say(ended.name, {}), wrong)
            assert "'Database' has invalid keys: type" in said.out + said.err


# What it looks for, has and lacks, as each release did.


ANSWERS = functools.cache(pack.answers)


def site(version: str, **facts: object) -> server.Site:
    class Store:
        def facts(self) -> dict[str, object]:
            return facts

        def tables(self) -> frozenset[str]:
            return frozenset()

    return server.Site(ANSWERS(version), "/nowhere", Store(), "sql", "s3.lakefs.lab")  # type: ignore[arg-type]


def recorded(case: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((pack.CAPTURES / f"{case}.yml").read_text())
    return found


@pytest.mark.parametrize("version", ["0.30.0", "0.70.6", "0.80.2"])
@pytest.mark.parametrize(
    "case",
    [
        "http_tags_empty",
        "http_ref_commits_committed",
        "http_branch_protection_none",
        "http_config_version_set_up",
    ],
)
def test_a_page_that_the_release_lacks_is_answered_as_captured(version: str, case: str) -> None:
    """Trap L32."""
    kept = recorded(f"{version}/{case}")
    found = site(version).lacking(kept["path"].removeprefix("/api/v1").partition("?")[0])
    assert (found is None) == (kept["status"] == 200)
    if found:
        assert (found.status, found.body.decode(), found.source) == (kept["status"], kept["body"], f"{version}/{case}")


@pytest.mark.parametrize(("version", "status"), [("0.30.0", 405), ("0.22.0", 405), ("0.70.6", 200)])
def test_the_page_of_the_setup(version: str, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trap L34."""
    one = site(version)
    monkeypatch.setattr(one, "initialized", lambda: True)
    found = one.open_page("GET", "/api/v1/setup_lakefs")
    assert found and found[0] == status


STATS = {name: {"path": name, "path_type": "object", "size_bytes": 1} for name in ("f/1", "f/2", "g.txt")}


@pytest.mark.parametrize("version", ["0.30.0", "0.55.0", "0.70.6", "0.80.2"])
@pytest.mark.parametrize("case", ["committed", "delimiter_committed", "delimiter_none_committed", "prefix_committed"])
def test_objects_are_grouped_as_captured(version: str, case: str) -> None:
    """Trap L33: rows of path and kind, and for a group all of it."""
    kept = recorded(f"{version}/http_objects_ls_{case}")
    asked = parse_qs(kept["path"].partition("?")[2], keep_blank_values=True)
    found = server.grouped(STATS, asked, lakefs_table.of(version)["grouped"])
    expected = json.loads(kept["body"])["results"]
    assert [(row["path"], row["path_type"]) for row in found] == [(row["path"], row["path_type"]) for row in expected]
    groups = [row for row in expected if row["path_type"] != "object"]
    assert [server.alike(row, expected) for row in found if row["path_type"] != "object"] == groups


@pytest.mark.parametrize(
    ("host", "own"),
    [("s3.lakefs.lab", True), ("repo1.s3.lakefs.lab:8000", True), ("127.0.0.1:8000", False), ("as3.lakefs.lab", False)],
)
def test_which_name_is_the_gateways(host: str, own: bool) -> None:
    """Trap L35."""
    assert site("0.30.0").own_host(host) == own


@pytest.mark.parametrize("version", pack.BORROWED)
def test_a_page_that_nobody_captured_says_so(version: str) -> None:
    for found in (site(version).page("/statistics", {}), site(version).written("/api/v1/no", {}, "", b"")):
        assert found[0] == server.NOBODY and found[2].startswith(b"nobody captured this: ")


@pytest.mark.parametrize("kind", ["users", "groups", "policies"])
@pytest.mark.parametrize("version", pack.BORROWED)
def test_who_may_do_what(version: str, kind: str) -> None:
    """Trap L37: releases with the basic authentication answer 501, those before a list."""
    assert site(version).page(f"/auth/{kind}", {}).status == (
        200 if kind == "users" or lakefs_table.of(version)["groups"] else 501
    )


@pytest.mark.parametrize("version", ["0.30.0", "0.70.6", "0.80.2"])
@pytest.mark.parametrize("number", range(1, 5))
def test_it_finds_the_file_that_the_release_found(
    version: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap L31. /etc/lakefs is left out: it is this machine's."""
    kept = recorded(f"{version}/config_order_{number}")
    said = re.search(r"(?:fields\.file=|Using config file: )/lab/(\S+)", kept["stdout"])
    if not said:
        assert "/etc/lakefs/config.yaml" in kept["stdout"]
        return
    for one in ("wd/config.yaml", "ahome/.lakefs/config.yaml", "ahome/.lakefs.yaml"):
        there = re.escape({"wd": "./", "ahome": "~/"}[one.partition("/")[0]] + one.partition("/")[2])
        if re.search(rf" {there}[,;]", kept["state"]):
            (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / one).write_text("a: 1\n")
    (tmp_path / "wd").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "wd")
    monkeypatch.setenv("HOME", str(tmp_path / "ahome"))
    assert program.searched(lakefs_table.of(version)) == (f"{tmp_path}/{said[1]}", False)


@pytest.mark.parametrize(("version", "closed"), [("0.30.0", False), ("0.70.6", True), ("0.103.0", True)])
def test_a_last_file_that_may_not_be_opened(
    version: str, closed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(self: Path, *_words: object) -> None:
        raise PermissionError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/lab/roothome")
    with monkeypatch.context() as here:
        here.setattr(Path, "open", denied)
        path, seen = program.searched(lakefs_table.of(version))
    assert seen == closed
    if closed:
        case = pack.answers(version)["cases"]["run_home_unreadable"]
        said = answers.fitted(case, {}, {"file": path, "temporary": "/tmp"})
        assert said.rc == 1 and "open /lab/roothome/.lakefs.yaml: permission denied" in said.err


@pytest.mark.parametrize("version", ["0.30.0", "0.55.0", "0.70.6", "0.80.2", "1.84.0"])
def test_the_key_pair_of_a_setup(version: str) -> None:
    """Trap L38: the secret of 0.30.0 has another name."""
    made = json.loads(recorded(f"{version}/http_post_setup_lakefs")["body"])
    assert lakefs_api.key_pair(made) == ("SECRET", "SECRET")


def test_the_lab_reads_the_last_page_of_0_30_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no offset of a next one."""
    said = yaml.safe_load((pack.CAPTURES / "0.30.0/http_branch_diff_changed.yml").read_text())["body"]
    monkeypatch.setattr(lakefs_api.Api, "call", lambda *_asked: json.loads(said))
    assert [one["path"] for one in lakefs_api.Api("a1").listed("/diff")] == ["f/2", "f/3", "g.txt"]
