# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role lakefs where data could be lost: what is uncommitted, what is given back, what is dropped for good."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Run, Stage, failed

LEFT = "lake/main has 4 (late/1, late/2, late/3, ...); expected none"
OUT_OF_MVCC = ["before_wave", "stop", "alone", "uncommitted", "backup", "migrate", "start", "after_wave"]
# Nobody else is on the database, and the program there fits it.
ALONE = {"and": {"sessions": [], "unfit": "", "problems": []}}
INSIDE = {"listen": "0.0.0.0:8000", "database": {"type": "postgres", "place": "db:5432/lake"}}


def alone(stage: Stage) -> Stage:
    """The servers of one database, which only they use."""
    stage.on("lakefs_config", {"and": {"dsn": "postgres://u@db/lake", "settings": INSIDE, "findings": []}})
    stage.on("lakefs_info", ALONE)
    return stage


@pytest.fixture
def both(lakefs: Stage) -> Stage:
    return alone(lakefs)


@pytest.fixture
def one(lakefs: Stage) -> Stage:
    return alone(lakefs.only("l1"))


def hooks(stage: Stage, tmp_path: Any) -> None:
    """An operator's tasks at the load balancer, distinguished by what they say."""
    for word in ("away", "back"):
        path = tmp_path / f"{word}.yml"
        path.write_text(
            f"- name: Take it {word}\n  ansible.builtin.debug:\n    msg: balancer {word}\n", encoding="utf-8"
        )
    moments = {"before_wave": "away", "after_wave": "back"}
    stage.found(lakefs_hooks=[{"at": at, "tasks": str(tmp_path / f"{word}.yml")} for at, word in moments.items()])


def started(run: Run) -> list[str]:
    return run.hosts("service", state="started")


def test_what_is_uncommitted_stops_before_the_backup_and_the_old_release_serves_again(
    both: Stage, tmp_path: Any
) -> None:
    hooks(both, tmp_path)
    both.on("lakefs_uncommitted", failed(LEFT))
    run = both.steps(OUT_OF_MVCC)
    assert LEFT in run.why and not run.of("postgres_backup") and not run.of("lakefs_migrate")
    assert run.place("service", state="stopped") < run.place("lakefs_uncommitted")
    assert sorted(set(started(run))) == ["l1", "l2"] and "balancer back" in run.said
    # What was given back is done again by the next run, and the tables are asked again.
    both.on("lakefs_uncommitted", {"changed": False, "uncommitted": []})
    again = both.steps(OUT_OF_MVCC)
    assert again.ok, again.why
    assert again.hosts("service", state="stopped") == ["l1", "l2"] and again.of("lakefs_uncommitted")
    assert again.place("lakefs_uncommitted") < again.place("postgres_backup") < again.place("lakefs_migrate")


@pytest.mark.parametrize(
    ("settings", "given_up"),
    [
        ({}, False),
        ({"lakefs_discard_data": True}, False),
        ({"lakefs_discard_data": True, "lakefs_confirm": ["discard_data"]}, True),
        ({"lakefs_accept": ["uncommitted_lost"]}, True),
        ({"lakefs_accept": ["uncommitted"]}, False),
    ],
)
def test_only_the_operators_word_gives_it_up(one: Stage, settings: dict[str, Any], given_up: bool) -> None:
    one.found(**settings)
    run = one.steps(["uncommitted", "migrate"])
    assert run.ok, run.why
    (asked,), migrated = run.of("lakefs_uncommitted"), run.of("lakefs_migrate")[0]
    assert (asked.args["given_up"], migrated.args["given_up"]) == (given_up, given_up)


def test_a_database_that_does_not_fit_is_not_started_on(one: Stage) -> None:
    one.on("lakefs_info", {"and": {"sessions": [], "unfit": "the database has the KV schema 4", "problems": []}})
    one.on("postgres_backup", failed("disk full"))
    run = one.steps(["stop", "backup", "start"])
    assert "disk full" in run.why and not started(run) and "could not be given back" in run.said


def test_one_server_that_cannot_be_started_keeps_no_other_down(both: Stage) -> None:
    both.on("lakefs_info", {"and": {"sessions": [], "unfit": "it does not fit", "problems": []}}, host="l1")
    both.on("postgres_backup", failed("disk full"))
    run = both.steps(["stop", "backup", "start"])
    assert "disk full" in run.why and started(run) == ["l2"]


def test_only_what_was_closed_is_given_back(both: Stage, tmp_path: Any) -> None:
    hooks(both, tmp_path)
    both.found(lakefs_access_key_id="AKIA", lakefs_secret_access_key="s")
    both.on("lakefs_inventory", failed("the API is silent"))
    run = both.steps(["before_wave", "inventory", "stop"])
    assert "the API is silent" in run.why and "balancer back" in run.said and not started(run)


def test_nobody_is_put_into_a_balancer_that_nobody_took_out_of_it(both: Stage, tmp_path: Any) -> None:
    hooks(both, tmp_path)
    both.on("postgres_backup", failed("disk full"))
    run = both.steps(["stop", "backup"])
    assert started(run) == ["l1", "l2"] and "balancer back" not in run.said


def test_a_migration_mends_namespaces_and_says_how_long_it_took(one: Stage) -> None:
    one.on("lakefs_migrate", {"and": {"seconds": 12.5}})
    run = one.steps(["migrate"])
    assert [call.args.get("command") for call in run.of("lakefs_migrate")] == ["auto", "task"]
    assert one.record()["saved"]["migration_0"] == 12.5


# lakefs_drop_tables

OLD = {"changed": True, "tables": ["auth_users", "schema_migrations"], "foreign": ["tasks"]}
GONE = {"changed": False, "tables": [], "foreign": ["tasks"]}


def drop(stage: Stage, *confirm: str, check: bool = False) -> Run:
    return stage.playbook("lakefs_drop_tables", check=check, lakefs_confirm=list(confirm))


def test_old_tables_are_listed_and_stay_until_it_is_meant(both: Stage) -> None:
    both.on("lakefs_drop_tables", OLD)
    run = drop(both)
    assert "expected drop_tables in lakefs_confirm" in run.why
    assert "auth_users, schema_migrations" in run.why and "of others, which stay: tasks" in run.why
    assert not run.of("lakefs_drop_tables", check=False) and not run.of("postgres_backup")


def test_old_tables_go_after_a_proved_backup_and_under_the_lease(both: Stage) -> None:
    both.on("lakefs_drop_tables", OLD)
    run = drop(both, "drop_tables")
    assert run.ok, run.why
    order = [
        run.place("operation", state="opened"),
        run.place("postgres_backup", state="present", at_rest=OLD["tables"]),
        run.place("postgres_backup", state="proved"),
        run.place("lakefs_drop_tables", check=False),
        run.place("operation", state="withdrawn"),
    ]
    assert order == sorted(order) and run.hosts("lakefs_drop_tables", check=False) == ["l1"]
    assert run.hosts("postgres_backup") == ["l1", "l1"], "one database is backed up and proved once"
    assert run.said.count("which stay: tasks") == 1
    assert not (both.kept("l1") / "lease.json").exists() and both.record("l1") == {}


@pytest.mark.parametrize("state", ["present", "proved"])
def test_nothing_is_dropped_without_a_proved_backup(both: Stage, state: str) -> None:
    both.on("lakefs_drop_tables", OLD)
    both.on("postgres_backup", failed("no room"), state=state)
    run = drop(both, "drop_tables")
    assert "no room" in run.why and not run.of("lakefs_drop_tables", check=False)
    assert not (both.kept("l1") / "lease.json").exists(), "the lease was not given back"


def test_nothing_is_dropped_while_an_operation_is_under_way(both: Stage) -> None:
    both.on("lakefs_drop_tables", OLD)
    plan = both.plan({"together": ["stop"]})
    both.record_call("l1", state="opened", plan=plan, token="t" * 16)
    both.record_call("l1", state="closed")
    run = drop(both, "drop_tables")
    assert "is open; expected a finished one or none" in run.why, run.why
    assert not run.of("lakefs_drop_tables", check=False) and not run.of("postgres_backup")


def test_another_run_that_holds_a_node_is_not_passed_over(both: Stage) -> None:
    both.on("lakefs_drop_tables", OLD)
    both.record_call("l2", owner=both.owner("another"), state="opened", plan=both.plan({}), token="a" * 16)
    run = drop(both, "drop_tables")
    assert not run.ok and not run.of("lakefs_drop_tables", check=False) and not run.of("postgres_backup")
    assert (both.kept("l2") / "lease.json").exists() and not (both.kept("l1") / "lease.json").exists()


@pytest.mark.parametrize(("answer", "check"), [(GONE, False), (OLD, True)])
def test_where_there_is_nothing_to_do_nothing_is_taken(one: Stage, answer: dict[str, Any], check: bool) -> None:
    one.on("lakefs_drop_tables", answer)
    run = drop(one, "drop_tables", check=check)
    assert run.ok, run.why
    assert not run.of("postgres_backup") and not run.of("operation", state="opened")
