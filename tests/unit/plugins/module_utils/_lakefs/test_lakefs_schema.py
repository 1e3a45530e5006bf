# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be started on a database, what may migrate it, and what counts as migrated."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import drop, schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.migration import (
    chosen,
    proof,
    settled,
    verdict,
)
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import program as parse
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.lakefs_replay import answer

OLD = ("auth_users", "catalog_repositories", "graveler_repositories", "schema_migrations")


def mvcc(**more: Any) -> Database:
    return Database(tables=OLD, sql=21, **{"mvcc": ["repo1"], "repositories": ["repo1"], "users": {"admin": 1}, **more})


def sql(number: int = 38, **more: Any) -> Database:
    facts = {"graveler": ["repo1"], "repositories": ["repo1"], "users": {"admin": 1}, **more}
    return Database(tables=OLD, sql=number, **facts)


def kv(record: str | None = "4", **more: Any) -> Database:
    facts = {"kv_rows": 22, "repositories": ["repo1"], "users": {"admin": 1}, **more}
    return Database(tables=("kv",), record=record, **facts)


EMPTY = Database()
# The newest binary's own kv table, made by starting it on a database of the SQL era.
STRANDED = sql(record="4", kv_rows=15, repositories=[], basic_auth=True)

UNFIT = [
    # release, database, what is said ("" fits)
    ("1.84.0", kv(), ""),
    ("1.84.0", kv("3"), "wants the KV schema 4"),
    ("1.84.0", kv("5"), "KV schema 5"),
    ("1.84.0", kv("0"), "begun and not ended"),  # trap L25
    ("1.84.0", kv("abc"), "'abc'"),
    ("1.84.0", kv(None), "no schema record"),
    ("1.84.0", EMPTY, "empty"),
    ("1.84.0", sql(), "start as an empty installation"),  # trap L01
    ("1.84.0", STRANDED, "an empty installation was set up next to the old data"),  # trap L01
    ("0.80.2", sql(), "start as an empty installation"),  # trap L02
    ("0.80.2", kv("1"), ""),
    ("0.80.2", kv("4"), "KV schema 4"),
    ("0.70.6", sql(), ""),
    ("0.70.6", sql(37), "wants the SQL schema 38"),
    ("0.70.6", sql(dirty=True), "dirty"),  # trap L09
    ("0.70.6", sql(record="1", kv_rows=39), "before the migration"),  # trap L04
    ("0.70.6", sql(mvcc=["repo1"], graveler=[]), "never migrated"),  # trap L13
    ("0.70.6", sql(mvcc=["repo0"], migrated_at="1"), ""),
    ("0.30.0", mvcc(), "never migrated"),
    ("0.30.0", mvcc(graveler=["repo1"], migrated_at="1"), ""),
    ("0.30.0", mvcc(mvcc=["a", "b"], graveler=["a"], migrated_at="1"), "b were never"),  # trap L12
    ("0.23.1", mvcc(), ""),
    ("1.33.0", kv(users={"admin": 1, "bob": 1}), "2 users (admin, bob)"),  # trap L16
    ("1.84.0", kv(users={"admin": 2}), "has 2 access keys"),  # trap L16
    ("1.84.0", kv(users={"superAdmin": 2, "x": 1}, basic_auth=True), ""),
    ("1.32.0", kv(users={"admin": 1, "bob": 1}), ""),
]


@pytest.mark.parametrize(("release", "seen", "says"), UNFIT, ids=[f"{r[0]}-{n}" for n, r in enumerate(UNFIT)])
def test_what_may_not_be_started(release: str, seen: Database, says: str) -> None:
    said = schema.unfit(version.parse(release), seen)
    assert says in said and bool(said) == bool(says)


def test_data_that_is_given_up_is_no_reason_not_to_start() -> None:
    assert schema.unfit(schema.GRAVELER, mvcc(), discarded=True) == ""


REFUSED = [
    ("1.84.0", "up", sql(), "that is done by 0.80.2"),  # trap L01
    ("1.84.0", "up", kv(None, repositories=[]), "record is lost"),  # trap L10
    ("0.80.2", "up", kv(None), "would be dropped"),  # trap L10
    ("0.80.2", "up", kv("0"), "would be dropped"),  # trap L10: drop_tables had taken the rest
    ("1.84.0", "up", kv("5"), "newer than the 4"),
    ("1.84.0", "up", kv("abc"), "'abc'"),
    ("1.84.0", "up", EMPTY, "a migration of nothing"),  # trap L03
    ("0.80.2", "up", EMPTY, "a migration of nothing"),  # trap L03
    ("0.80.2", "up", sql(dirty=True), "dirty"),  # trap L09
    ("0.70.6", "up", sql(record="1", kv_rows=39), "migrated to KV already"),  # trap L04
    ("0.70.6", "up", sql(39), "newer than"),
    ("0.70.6", "up", mvcc(), "`migrate db` comes first"),  # trap L13
    ("0.80.2", "up", mvcc(), "`migrate db` comes first"),  # trap L13
    ("0.70.6", "db", mvcc(), "print its help and end well"),  # trap L06
    ("1.84.0", "db", kv(), "print its help and end well"),  # trap L06
]


@pytest.mark.parametrize(("release", "command", "seen", "says"), REFUSED)
def test_what_may_not_migrate(release: str, command: str, seen: Database, says: str) -> None:
    judged = verdict(version.parse(release), command, seen)
    assert says in judged.refused and not judged.needed


NEEDED = [
    ("1.84.0", "up", kv("4"), False),
    ("1.84.0", "up", kv("1"), True),
    ("1.84.0", "up", kv("3"), True),
    ("0.80.2", "up", sql(30), True),
    ("0.80.2", "up", sql(record="0", kv_rows=7), True),  # killed in the middle: run again
    ("0.80.2", "up", sql(record="1", kv_rows=39), False),
    ("0.70.6", "up", sql(37), True),
    ("0.70.6", "up", sql(38), False),  # trap L09: by the record, since the command is silent
    ("0.30.0", "db", mvcc(), True),
    ("0.30.0", "db", mvcc(mvcc=["a", "b"], graveler=["a"], migrated_at="1"), True),  # trap L12
    ("0.30.0", "db", mvcc(graveler=["repo1"], migrated_at="1"), False),
]


@pytest.mark.parametrize(("release", "command", "seen", "needed"), NEEDED)
def test_what_is_needed(release: str, command: str, seen: Database, needed: bool) -> None:
    judged = verdict(version.parse(release), command, seen)
    assert (judged.refused, judged.needed) == ("", needed)


def test_the_command_is_chosen_by_what_is_there() -> None:
    assert chosen(schema.GRAVELER, mvcc(), discard=False) == "db"
    assert chosen(schema.GRAVELER, mvcc(), discard=True) == "up"
    assert chosen(schema.TO_KV, sql(), discard=False) == "up"


PROOFS = [
    # capture, release, command, before, after, what is wrong ("" nothing)
    ("0.80.2/migrate_up_success", "up", sql(), sql(record="1", kv_rows=39), ""),
    ("0.80.2/migrate_up_already_migrated", "up", sql(record="1"), sql(record="1"), ""),
    ("0.80.2/migrate_up_missing_table", "up", sql(), sql(record="0", kv_rows=7), "auth_users"),  # trap L03
    ("0.80.2/migrate_up_tmpdir_unwritable", "up", sql(), sql(record="0"), "create temp dir"),  # trap L25
    ("0.80.2/migrate_up_success", "up", sql(), sql(record="0"), "begun and not ended"),  # trap L03: the line alone
    ("0.80.2/migrate_up_success", "up", sql(), sql(record="1", repositories=[]), "repo1"),
    ("0.80.2/migrate_up_success_two_users", "up", sql(users={"a": 1, "b": 1}), sql(record="1"), "the users a, b"),
    ("0.80.2/migrate_db", "up", sql(), sql(), "Usage:"),  # trap L06
    ("1.84.0/migrate_up_older_1", "up", kv("1"), kv("4"), ""),
    ("1.84.0/migrate_up_older_1", "up", kv("1"), kv("1"), "has the KV schema 1"),
    ("0.103.0/migrate_up_no_force", "up", kv("1"), kv("1"), "--force"),  # trap L17
    ("0.70.6/migrate_up_older", "up", sql(37), sql(38), ""),  # trap L09
    ("0.70.6/migrate_up_older", "up", sql(37), sql(37), "expected the SQL schema 38"),  # trap L09
    ("0.30.0/migrate_db_success", "db", mvcc(), mvcc(graveler=["repo1"], migrated_at="1"), ""),
    ("0.30.0/migrate_db_success", "db", mvcc(), mvcc(migrated_at="1"), "left repo1 behind"),  # trap L12
]


@pytest.mark.parametrize(("case", "command", "before", "after", "says"), PROOFS)
def test_line_and_record_have_to_agree(case: str, command: str, before: Database, after: Database, says: str) -> None:
    found = proof(version.parse(case.split("/")[0]), command, parse.outcome(answer(case)), before, after)
    assert says in found.problem and bool(found.problem) == bool(says)
    assert found.changed == (before != after)


def test_warnings_of_098_are_a_failure_although_it_ends_well() -> None:  # trap L17
    said = parse.outcome(parse.Answer(("lakefs",), 0, "Updated nothing.  Re-run with --force to update!\n", ""))
    assert "Updated nothing" in proof(version.parse("0.98.0"), "up", said, kv("1"), kv("1")).problem


databases = st.builds(
    Database,
    tables=st.sampled_from([(), ("kv",), OLD, (*OLD, "kv")]),
    sql=st.sampled_from([None, 21, 30, 38]),
    dirty=st.booleans(),
    record=st.sampled_from([None, "0", "1", "3", "4", "5", "abc"]),
    kv_rows=st.integers(0, 3),
    mvcc=st.sampled_from([[], ["a"]]),
    graveler=st.sampled_from([[], ["a"]]),
    repositories=st.sampled_from([[], ["a"]]),
    migrated_at=st.sampled_from(["", "1"]),
)
releases = st.sampled_from(["0.30.0", "0.70.6", "0.80.2", "0.103.0", "1.52.0", "1.84.0"]).map(version.parse)


@given(release=releases, command=st.sampled_from(["up", "db"]), seen=databases)
def test_a_verdict_is_a_refusal_or_work_or_nothing(release: Any, command: str, seen: Database) -> None:
    judged = verdict(release, command, seen)
    assert not (judged.refused and judged.needed)
    if not judged.refused and not judged.needed:
        assert settled(release, command, seen)
    if schema.expected(release).era == schema.KV and seen.record in (None, "0") and release > schema.TO_KV:
        assert judged.refused, "only 0.80.2 leaves the SQL era"


@given(release=releases, seen=databases)
def test_what_fits_has_the_schema_of_the_release(release: Any, seen: Database) -> None:
    if not schema.unfit(release, seen):
        found = schema.state(seen).schema
        assert found and found.number == schema.expected(release).number


def test_old_tables_go_only_when_all_of_them_is_in_kv() -> None:  # trap L10
    assert "never migrated" in drop.refused(sql())
    assert "begun and not ended" in drop.refused(sql(record="0", kv_rows=7))
    assert "repo2" in drop.refused(sql(record="1", kv_rows=9, graveler=["repo1", "repo2"]))
    assert drop.refused(sql(record="4", kv_rows=9)) == ""
