# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operator's own tasks around an upgrade: roles/hooks, and where the role operation plays them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stage import Run, Stage, failed

MOMENTS = ("before_operation", "before_hop", "before_wave", "before_step", "after_step", "after_wave", "after_hop")
ALL = [
    "before_operation",
    "before_hop",
    "before_wave",
    "before_step",
    "stop",
    "start",
    "after_step",
    "after_wave",
    "after_hop",
]
TASKS = """\
- name: Say where it is
  ansible.builtin.debug:
    msg: "{{ hooks_at }} of {{ hooks_step or 'none' }} at {{ hooks_nodes | join('+') }}; {{ hooks_error }}"
- name: Work
  ansible.builtin.ping:
"""


def said(run: Run) -> list[str]:
    return [line.partition(";")[0] for line in run.told.said if " of " in line and " at " in line and ";" in line]


def own(stage: Stage, tmp_path: Path, *moments: str, **more: Any) -> Stage:
    path = tmp_path / "own.yml"
    path.write_text(TASKS, encoding="utf-8")
    stage.on("ping", {})
    stage.found(**{f"{stage.product}_hooks": [{"at": at, "tasks": str(path), **more} for at in moments]})
    return stage


@pytest.fixture
def pair(garage: Stage, tmp_path: Path) -> Stage:
    return own(garage.only("a1", "b1"), tmp_path, *MOMENTS)


@pytest.mark.parametrize("product", ["garage", "lakefs", "pachyderm"])
def test_each_product_plays_them_in_the_same_way(product: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    whole: Stage = request.getfixturevalue(product)
    one = own(whole.only(whole.hosts[0]), tmp_path, *MOMENTS)
    host = one.hosts[0]
    run = one.steps(["before_operation", "before_wave", "before_step", "backup", "after_step", "after_wave"])
    assert run.ok, run.why
    assert said(run) == [
        f"before_operation of none at {host}",
        f"before_wave of none at {host}",
        f"before_step of backup at {host}",
        f"after_step of backup at {host}",
        f"after_wave of none at {host}",
    ]


def test_those_of_an_operation_are_played_once_and_those_of_a_wave_at_its_nodes(pair: Stage) -> None:
    run = pair.steps(ALL)
    assert run.ok, run.why
    where = run.hosts("ping")
    assert len(where) == 3 * 1 + 4 * 2 and where.count("b1") == 4, where
    assert "before_wave of none at a1+b1" in said(run)


def test_hooks_of_other_steps_are_not_played(pair: Stage, tmp_path: Path) -> None:
    own(pair, tmp_path, "before_step", steps=["start"])
    run = pair.steps(["before_step", "stop", "before_step", "start"])
    assert run.ok and said(run) == ["before_step of start at a1+b1"] * 2, run.why


def test_without_hooks_no_task_is_played_for_them(garage: Stage) -> None:
    one = garage.only("a1")
    run = one.steps(["stop", "start"])
    assert run.ok and not [task for task in run.told.results if "hook" in task[2].lower()], run.why


def test_one_that_fails_stops_the_run_and_what_it_has_taken_is_given_back(pair: Stage) -> None:
    pair.on("ping", failed("no such pool"), nth=2, host="b1")
    run = pair.steps(["before_wave", "before_step", "stop", "after_wave"])
    assert not run.ok and "b1, Work: no such pool" in run.why
    assert not run.of("service", state="stopped") and said(run).count("after_wave of none at a1+b1") == 2
    pair.rules.pop()
    again = pair.steps(["before_wave", "before_step", "stop", "after_wave"])
    assert again.ok and "before_wave of none at a1+b1" in said(again), "what was given back is not taken away again"


def test_one_that_may_fail_is_said_and_the_run_goes_on(pair: Stage, tmp_path: Path) -> None:
    own(pair, tmp_path, "before_wave", on_error="go_on")
    pair.on("ping", failed("no such pool"), host="b1")
    run = pair.steps(["before_wave", "stop", "after_wave"])
    assert run.ok and run.hosts("service", state="stopped") == ["a1", "b1"]
    assert (
        "(before_wave) failed at b1, Work: no such pool What comes after it is done all the same (garage_hooks)"
        in run.said
    )
    kept = [value for key, value in pair.record("b1")["saved"].items() if key.startswith("hook_failed/")]
    assert kept == [{"hook": str(tmp_path / "own.yml"), "at": "before_wave", "task": "Work", "why": "no such pool"}]
    assert not [key for key in pair.record("a1")["saved"] if key.startswith("hook_failed/")]


def test_what_a_hook_keeps_out_of_the_log_is_kept_out_of_the_record(pair: Stage, tmp_path: Path) -> None:
    own(pair, tmp_path, "before_wave", on_error="go_on")
    (tmp_path / "own.yml").write_text(f"{TASKS}  no_log: true\n", encoding="utf-8")
    pair.on("ping", failed("the key is 4425f5c2"))
    run = pair.steps(["before_wave", "stop", "after_wave"])
    assert run.ok and "4425f5c2" not in str(pair.record("a1")) + run.shown, run.why
    assert "its output is kept out of the log (no_log)." in run.said


def test_on_a_failure_one_node_tells_why(pair: Stage, tmp_path: Path) -> None:
    own(pair, tmp_path, "on_failure")
    pair.on("service", failed("it hangs"), state="stopped", host="b1")
    run = pair.steps(["stop"])
    assert said(run) == ["on_failure of none at a1+b1"] and "it hangs" in run.said and len(run.of("ping")) == 1
    assert run.place("operation", state="closed") < run.place("ping"), "it is told while the lease is held"


def test_one_for_a_failure_that_fails_hides_no_cause(pair: Stage, tmp_path: Path) -> None:
    own(pair, tmp_path, "on_failure")
    pair.on("ping", failed("the channel is gone"))
    pair.on("service", failed("it hangs"), state="stopped", host="b1")
    run = pair.steps(["stop"])
    assert "it hangs" in run.why and "Correct the cause and run the same command again" in run.why
    assert "the channel is gone" in run.said


def test_a_run_that_goes_on_plays_again_what_is_before_something_that_is_not_done(pair: Stage) -> None:
    pair.on("service", failed("it hangs"), state="started", host="a1")
    steps = ["before_hop", "before_step", "stop", "after_step", "before_step", "start", "after_hop"]
    assert not pair.steps(steps, "walk", [["a1"], ["b1"]]).ok
    pair.rules.pop()
    again = pair.steps(steps, "walk", [["a1"], ["b1"]])
    assert again.ok, again.why
    assert [one.partition(" at")[0] for one in said(again)][:3] == [
        "before_hop of none",
        "before_step of stop",
        "after_step of stop",
    ]


def test_a_hook_that_is_not_there_is_said_with_the_plan(pair: Stage) -> None:
    pair.found(garage_hooks=[{"at": "before_hop", "tasks": "/nowhere/own.yml"}])
    run = pair.playbook("garage_plan", garage_version=pair.world.target)
    assert "The tasks '/nowhere/own.yml' of garage_hooks, before_hop: this is not there" in run.why


@pytest.mark.parametrize("check", [False, True])
def test_a_setting_that_a_hook_lacks_is_said_with_the_plan(pair: Stage, check: bool) -> None:
    pair.found(garage_hooks=[{"at": "after_hop", "tasks": "webhook"}], hooks_webhook_url="chat.example.org/4425f5c2")
    run = pair.playbook("garage_upgrade" if check else "garage_plan", check=check)
    assert "hooks_webhook_url, which webhook of garage_hooks, after_hop needs, is no address of http" in run.why
    assert not run.ok and "4425f5c2" not in run.shown and not run.of("operation", state="opened")
    pair.found(hooks_webhook_url="https://chat.example.org/4425f5c2")
    assert pair.playbook("garage_plan").ok


def test_a_file_that_holds_no_tasks_is_said_with_the_plan(pair: Stage, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("ansible.builtin.ping:\n", encoding="utf-8")
    assert "it is no list; expected a list of tasks" in pair.playbook("garage_plan").why


def test_a_moment_that_is_none_is_refused(pair: Stage) -> None:
    pair.found(garage_hooks=[{"at": "at_lunch", "tasks": "webhook"}])
    run = pair.playbook("garage_plan", garage_version=pair.world.target)
    assert "at_lunch" in run.why and not run.of("operation", state="opened")


# Those that the collection brings.


def ready(stage: Stage, at: str, tasks: str, **settings: Any) -> Run:
    stage.found(**{f"{stage.product}_hooks": [{"at": at, "tasks": tasks}], **settings})
    return stage.steps([at], fresh=True)


def test_haproxy_is_asked_on_its_own_hosts(garage: Stage) -> None:
    one = garage.only("a1", "b1")
    one.on("haproxy_server", {"changed": True})
    run = ready(one, "before_wave", "haproxy_drain", hooks_haproxy_hosts=["b1"], hooks_haproxy_backend="s3")
    assert run.ok, run.why
    assert [(call.host, call.at, call.args["server"], call.args["state"]) for call in run.of("haproxy_server")] == [
        ("a1", "b1", "a1", "drain"),
        ("b1", "b1", "b1", "drain"),
    ]
    assert not ready(
        one, "before_wave", "haproxy_drain", hooks_haproxy_backend="s3", hooks_haproxy_hosts="{{ omitted }}"
    ).ok


def test_a_setting_that_is_missing_is_named(garage: Stage) -> None:
    run = ready(garage.only("a1"), "before_wave", "haproxy_drain", hooks_haproxy_hosts=["a1"])
    assert "missing required arguments: hooks_haproxy_backend" in run.why


def test_keepalived_reads_a_file(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("copy", {"changed": True})
    one.on("wait_for", {})
    run = ready(one, "before_wave", "keepalived_lower")
    assert run.ok, run.why
    assert [call.args["content"] for call in run.of("copy")] == ["1\n"]
    run = ready(one, "after_wave", "keepalived_raise")
    assert [call.args["content"] for call in run.of("copy")] == ["0\n"] and not run.of("wait_for")


SILENCES = [
    {"id": "s1", "createdBy": "uplift.datastores", "comment": "another operation", "status": {"state": "active"}},
    {"id": "s2", "createdBy": "uplift.datastores", "comment": "ID", "status": {"state": "expired"}},
    {"id": "s3", "createdBy": "uplift.datastores", "comment": "ID", "status": {"state": "active"}},
    {"id": "s4", "createdBy": "anna", "comment": "ID", "status": {"state": "active"}},
]


@pytest.mark.parametrize("there", [True, False])
def test_alertmanager_has_one_silence_of_an_operation(garage: Stage, there: bool) -> None:
    from answers import ID

    one = garage.only("a1")
    rows = [{**row, "comment": row["comment"].replace("ID", ID)} for row in SILENCES]
    one.on("uri", {"json": rows if there else rows[:2]})
    more = {
        "hooks_alertmanager_url": "http://am:9093",
        "hooks_alertmanager_matchers": [{"name": "job", "value": "garage"}],
    }
    run = ready(one, "before_operation", "alertmanager_silence", **more)
    assert run.ok, run.why
    (posted,) = run.of("uri", method="POST")
    assert posted.args["body"].get("id") == ("s3" if there else None) and posted.args["body"]["comment"] == ID
    run = ready(one, "after_operation", "alertmanager_expire", **more)
    assert [call.args["url"].rpartition("/")[2] for call in run.of("uri", method="DELETE")] == (["s3"] if there else [])


def test_a_web_hook_is_told_a_sentence(garage: Stage) -> None:
    one = garage.only("a1", "b1")
    one.on("uri", {})
    run = ready(one, "before_wave", "webhook", hooks_webhook_url="http://channel/secret")
    assert run.ok, run.why
    (told,) = run.of("uri")
    assert "before wave, garage" in told.args["body"]["text"] and "a1 b1" in told.args["body"]["text"]
    assert "secret" not in run.shown
