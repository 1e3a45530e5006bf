# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which captured case an emulated call is, and how the answer is made to fit the place."""

from __future__ import annotations

import pytest

from tests.lab.lakefs_emulator import answers, config, pack
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
    ("0.30.0", ("run",), {"old": True}, State(sql=21, mvcc=1), "run_mvcc_not_migrated"),
    ("0.30.0", ("run",), {"old": True, "cataloger": "rocks"}, State(sql=21, mvcc=1), "run_mvcc_migrated"),
    ("0.70.6", UP, {"old": True}, State(sql=39), "migrate_up_newer"),
    ("0.70.6", UP, {"old": True}, State(sql=38, dirty=True), "migrate_up_dirty"),
    ("0.70.6", ("run",), {"old": True}, State(sql=38, kv=True), "run_old_server_on_migrated_database"),
    ("0.70.6", ("migrate", "db"), {"old": True}, SQL, "migrate_db"),
    ("0.80.2", UP, {"old": True, "new": True}, SQL, "migrate_up_success"),
    ("0.80.2", UP, {"old": True}, SQL, "migrate_up_old_keys_only"),
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


@pytest.mark.parametrize(("version", "words", "settings", "state", "wanted"), CASES)
def test_case(version: str, words: tuple[str, ...], settings: dict[str, bool], state: State, wanted: str) -> None:
    assert decide(Asked(version, words, **settings), state).name == wanted


@pytest.mark.parametrize("version", pack.BORROWED)
def test_every_case_that_can_be_chosen_has_an_answer(version: str) -> None:
    held = pack.answers(version)["cases"]
    chosen = {
        decide(Asked(version, words, **settings), state).name
        for v, words, settings, state, _name in CASES
        if v == version
    }
    assert chosen and chosen <= set(held)
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
