# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role operation: what is decided in its task files, by what is called after it and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from inprocess import Asked
from stage import UNREACHABLE, Stage, failed

ONE_BY_ONE = [["a1"], ["b1"], ["c1"]]
STOPPED = {"module": "service", "state": "stopped"}


def away(stage: Stage, *hosts: str) -> dict[str, Any]:
    """What a node tells of its cluster while these are down."""
    return {"and": {"nodes": [{"id": (host * 32)[:64], "up": host not in hosts} for host in stage.hosts]}}


def taken(stage: Stage) -> None:
    """Another run takes every node, as if this one had been away for longer than its lease lives."""
    for host in stage.hosts:
        (stage.kept(host) / "lease.json").unlink()
        stage.record_call(host, owner=stage.owner("another"), state="opened", token="a" * 16)


# One pass: roles/operation/tasks/pass.yml, _step.yml, _failed.yml


def test_a_gate_that_says_no_stops_before_the_first_node(garage: Stage) -> None:
    garage.on("garage_info", away(garage, "c1"), gather=["status"])
    run = garage.steps(["stop", "start"], "walk", ONE_BY_ONE)
    assert not run.of(**STOPPED), "the wave was stopped although the gate said no"
    assert "does not see c1" in run.why and "Nothing was stopped." in run.why


def test_the_gate_is_asked_before_every_wave(garage: Stage) -> None:
    garage.on("garage_info", away(garage, "a1"), gather=["status"], task="Ask a node outside the wave", at="c1")
    garage.on("garage_info", lambda asked: away(garage, "a1") if asked.host == "b1" else None, gather=["status"])
    run = garage.steps(["stop", "start"], "walk", ONE_BY_ONE)
    assert run.hosts(**STOPPED) == ["a1"], "the second wave was stopped although the first had not come back"


def test_a_lost_node_stops_the_walk(garage: Stage) -> None:
    """any_errors_fatal does not stop at an unreachable node."""
    garage.on("garage_connect", UNREACHABLE, host="a1")
    run = garage.steps(["stop", "start", "connect"], "walk", ONE_BY_ONE)
    assert run.hosts(**STOPPED) == ["a1"]
    assert "a1 cannot be reached or failed earlier" in run.why and "Bring the node back" in run.why


def test_a_lost_node_keeps_all_others_from_the_new_release(garage: Stage) -> None:
    """Else the two that are left would switch, next to the third with the old one, and clients be served by both."""
    pair = garage.only("a1", "b1")
    pair.on("clock_offset", UNREACHABLE, host="a1")
    run = pair.steps(["activate", "restart"])
    assert run.of("clock_offset", host="b1") and not run.of("service", state="restarted"), "the other was switched"
    assert "stopped in the pass together, a1 cannot be reached. Correct the cause" in run.why, run.why
    assert run.of("operation", host="b1", state="closed") and run.of("operation_report", state="written"), (
        "no report, or the lease kept"
    )


@pytest.mark.parametrize("lost", [["a1"], ["a1", "b1"]])
def test_a_run_without_any_node_left_says_how_it_goes_on(garage: Stage, lost: list[str]) -> None:
    """Ansible itself ends with a page of plays that no host matched, and nothing to do is said."""
    one = garage.only(*lost)
    for host in lost:
        one.on("metadata_backup", UNREACHABLE, host=host, state="present")
    run = one.playbook("garage_upgrade")
    (said,) = [line for line in run.why.splitlines() if line.startswith("localhost: ")]
    assert f"{', '.join(lost)} cannot be reached, and no other node is left" in said, run.why
    assert f"operation {one.record(lost[0])['id']} is not finished" in said and "run the same command again" in said


def test_a_run_that_ends_well_or_by_its_own_sentence_says_nothing_behind_it(garage: Stage) -> None:
    assert garage.playbook("garage_upgrade").ok
    assert garage.playbook("garage_upgrade").ok  # nothing to do
    one = garage.only("a1")
    one.on("garage_findings", {"and": {"stopping": ["nodes_down"]}})
    assert "localhost" not in one.playbook("garage_upgrade").why


@pytest.mark.parametrize("lost_at", ["the end of the pass", "the end"])
def test_a_node_that_is_lost_at_the_end_keeps_the_others_open(lakefs: Stage, lost_at: str) -> None:
    def silent(asked: Asked) -> Any:
        if lost_at == "the end":
            return UNREACHABLE if asked.args["state"] == "complete" else None
        over = asked.args["state"] == "step" and not asked.args["begin"]
        return UNREACHABLE if over and asked.args["finish"].startswith("0/after/") else None

    lakefs.on("operation", silent, host="l2")
    run = lakefs.playbook("lakefs_upgrade", lakefs_strategy="all_at_once")
    assert not run.ok and "l2 cannot be reached" in run.why and "run the same command again" in run.why
    assert lakefs.record("l1")["state"] == "open", "the record was closed although a node was lost"
    assert "localhost" not in run.why, "l1 has said how it goes on"


def test_a_node_that_fails_stops_the_walk(garage: Stage) -> None:
    garage.on("garage_settled", failed("it does not settle"))
    run = garage.steps(["stop", "start", "healthy"], "walk", ONE_BY_ONE)
    assert run.hosts(**STOPPED) == ["a1"] and "it does not settle" in run.why


def test_steps_are_done_once_in_order_and_written_down(garage: Stage) -> None:
    run = garage.steps(["stop", "backup", "start"])
    assert run.ok, run.why
    assert run.modules()[-2:] == ["service", "metadata_backup"]
    assert garage.steps_done("c1") == {f"0/together/{step}": "done" for step in ("0/stop", "1/backup", "2/start")}
    again = garage.steps(["stop", "backup", "start"])
    assert again.ok and not again.of("service") and not again.of("metadata_backup"), "what is done was done again"


def test_what_is_lost_is_done_again_and_nothing_else(garage: Stage) -> None:
    garage.on(
        "metadata_backup", {"and": {"evidence": [{"slot": "backup", "kind": "file", "path": "/b"}]}}, state="present"
    )
    assert garage.steps(["stop", "backup", "prove", "start"]).ok
    garage.lost.append(('"/b"', "/b is gone."))
    run = garage.steps(["stop", "backup", "prove", "start"])
    assert run.of("metadata_backup", state="present"), "the evidence of the backup is gone, and it was not taken again"


def test_a_step_of_the_cluster_is_done_at_the_leader_alone(garage: Stage) -> None:
    run = garage.steps(["stop", "inventory", "start"])
    assert run.ok and run.hosts("garage_inventory") == ["a1"], run.why
    for host in garage.hosts:  # but every node records it: what was done to the data of all is known everywhere
        assert garage.steps_done(host)["0/together/1/inventory"] == "done"


def test_a_failing_step_is_not_written_down_as_done(garage: Stage) -> None:
    garage.on("metadata_backup", failed("disk full"), host="b1")
    run = garage.steps(["stop", "backup", "start"])
    assert garage.steps_done("b1").get("0/together/1/backup") != "done"
    assert "0/together/2/start" not in garage.steps_done("a1"), "the pass went on behind a failed step"
    assert "stopped in the pass together, b1, Archive the directory: disk full" in run.why
    assert "run the same command again" in run.why


def test_a_failing_run_keeps_the_record_and_gives_back_the_lease(garage: Stage) -> None:
    garage.on("metadata_backup", failed("disk full"), host="b1")
    garage.steps(["stop", "backup"])
    for host in garage.hosts:
        assert garage.record(host)["state"] == "open"
        assert not (garage.kept(host) / "lease.json").exists(), f"{host} is still locked by a run that ended"


def test_a_wave_that_fails_gives_back_the_lease_of_the_other_waves(garage: Stage) -> None:
    garage.on("metadata_backup", failed("disk full"), host="b1")
    garage.found(operation_memory={"record": {}})  # as the plan has read it
    garage.steps(["stop", "backup", "start"], "walk", ONE_BY_ONE)
    held = [host for host in garage.hosts if (garage.kept(host) / "lease.json").exists()]
    assert not held, f"{held} are still locked by a run that ended"


def test_a_failing_run_writes_its_report(garage: Stage) -> None:
    garage.on("metadata_backup", failed("disk full"), host="b1")
    run = garage.steps(["stop", "backup"])
    assert "disk full" in run.of("operation_report", state="written")[0].args["error"]


@pytest.mark.parametrize("silent", ["", "c1"])
def test_the_report_of_a_failing_run_has_all_records_as_they_are(garage: Stage, silent: str) -> None:
    """The first wave has ended long ago, the last one was not begun, and may not answer any more."""
    garage.on("service", failed("it fell at once"), host="b1", state="started")
    if silent:
        garage.on("operation", UNREACHABLE, at=silent, host="b1")
    run = garage.playbook("garage_upgrade")
    assert "stopped in the pass walk, b1, Start the service: it fell at once" in run.why
    told = run.of("operation_report", state="written")[0].args["records"]
    assert sorted(told) == garage.hosts
    begun = [key for key in garage.steps_done("a1") if "/walk/" in key]
    assert begun and all(step["state"] == "done" for step in garage.record("a1")["steps"].values())
    for host in set(garage.hosts) - {silent}:
        assert told[host]["steps"] == garage.record(host)["steps"], f"{host} as it was at the beginning"


def test_a_run_that_lost_its_lease_touches_nothing(garage: Stage) -> None:
    """What `recover` would do, it would do in the middle of the other run's work."""

    garage.on("metadata_backup", lambda _asked: taken(garage) or failed("disk full"), host="a1")
    run = garage.steps(["stop", "backup"])
    after = run.calls[run.place("metadata_backup", host="c1") + 1 :]
    assert {call.module for call in after} <= {"operation"}, f"a run without its lease went on: {after}"
    for host in garage.hosts:
        assert garage.record_call(host, state="read")["lease"]["owner"]["boot"] == "another", (
            "it took the other's lease"
        )


# Planning: plan.yml, _open.yml, findings.yml


def test_the_plan_alone_changes_nothing(garage: Stage) -> None:
    one = garage.only("a1")
    run = one.playbook("garage_plan")
    assert run.ok, run.why
    assert "0.8.0 -> 0.8.7" in run.said and run.of("garage_findings")
    assert not one.record() and not run.of("client_probe") and not run.of("garage_access")


def test_check_mode_ends_with_the_plan(garage: Stage) -> None:
    one = garage.only("a1")
    run = one.playbook("garage_upgrade", check=True)
    assert run.ok and "0.8.0 -> 0.8.7" in run.said, run.why
    assert not one.record() and not run.of("service") and not run.of("garage_access")


def test_nothing_to_do_begins_nothing(garage: Stage) -> None:
    one = garage.only("a1")
    run = one.playbook("garage_upgrade", garage_version="0.8.0")
    assert run.ok and "Nothing to do: every node runs 0.8.0." in run.said
    assert not one.record() and not run.of("garage_findings"), "an operation was begun for nothing"


def test_findings_stop_before_anything_is_written(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_findings", {"and": {"stopping": ["nodes_down"], "said": ["nodes_down (stops): a1 ..."]}})
    run = one.playbook("garage_upgrade")
    assert not run.ok and "nodes_down" in run.why and "Nothing was changed." in run.why
    assert "nodes_down (stops)" in run.said and not one.record() and not run.of("service")


def test_findings_of_one_node_stop_all(garage: Stage) -> None:
    garage.on("garage_findings", {"and": {"stopping": ["no_room"]}}, host="c1")
    run = garage.playbook("garage_plan")
    assert not run.ok and "no_room" in run.why


def test_a_node_that_was_lost_earlier_in_the_run_stops_the_plan(garage: Stage) -> None:
    """As in a site.yml: a node that an earlier play could not reach is silently left out of the next one."""
    garage.on("ping", UNREACHABLE, host="b1")
    garage.on("ping", {}, host="a1")
    garage.on("ping", {}, host="c1")
    play = {"hosts": "garage", "gather_facts": False, "tasks": [{"name": "Ping", "ansible.builtin.ping": None}]}
    run = garage.plays([play, {"import_playbook": "uplift.datastores.garage_upgrade"}])
    assert not run.of("upgrade_plan") and "b1 cannot be reached" in run.why


def test_a_node_that_cannot_say_who_it_is_is_looked_at_before_it_is_planned(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_info", {"and": {"node_id": None}})
    one.on("garage_findings", {"and": {"stopping": ["node_unknown"]}})
    run = one.playbook("garage_upgrade")
    assert "node_unknown" in run.why and not run.of("upgrade_plan"), "it was planned with a node that has no id"


@pytest.fixture
def whole(garage: Stage) -> Stage:
    """One node, and an upgrade of it that ended in the middle."""
    one = garage.only("a1")
    one.on("garage_settled", failed("it does not settle"))
    assert not one.playbook("garage_upgrade").ok
    one.rules.clear()
    return one


def test_the_next_run_goes_on_where_the_last_one_ended(whole: Stage) -> None:
    first = whole.record()["id"]
    run = whole.playbook("garage_upgrade")
    assert run.ok, run.why
    assert not run.of("garage_findings"), "the preflight was made again for an operation that had begun"
    assert not run.of(**STOPPED), "a node was stopped again for what was done already"
    assert whole.record()["id"] == first and whole.record()["state"] == "finished"
    assert [call for call in run.of("operation_report", state="written") if call.args["error"] == ""]


def test_a_module_that_is_killed_is_told_in_plain_words(garage: Stage) -> None:
    raw = {"rc": 137, "module_stderr": "Killed\n", "module_stdout": ""}
    garage.on("service", failed("Module result deserialization failed: No start of json char found", **raw))
    run = garage.steps(["stop"], "walk", ONE_BY_ONE)
    assert "was killed (exit status 137)" in run.why.splitlines()[-1] and "see the journal there" in run.why


def test_no_record_is_closed_while_a_service_that_was_started_is_down_at_any_node(garage: Stage) -> None:
    """One that ends a minute after its start has answered every step."""
    pair = garage.only("a1", "b1")
    left = {"slot": "service", "kind": "unit", "name": "garage", "active": True}
    down = ('"active": true', "The unit garage is failed, it was left active.")

    def dies(_asked: Any) -> None:
        if pair.asked(state="started"):
            pair.lost.append(down)

    pair.on("service", {"and": {"evidence": [left]}}, state="started", host="b1")
    pair.on("garage_info", dies, gather=["inventory"])
    run = pair.playbook("garage_upgrade")
    assert not run.ok and "stopped in the pass finish, b1, " in run.why, run.why
    assert "all its steps are done: The unit garage is failed" in run.why and "the next run starts it" in run.why
    assert {pair.record(host)["state"] for host in pair.hosts} == {"open"}
    assert not list(pair.records.rglob("lease.json")) and run.of("operation_report", state="written")[-1].args["error"]
    pair.lost.clear()
    pair.rules.clear()
    run = pair.playbook("garage_upgrade")
    assert run.ok and {pair.record(host)["state"] for host in pair.hosts} == {"finished"}, run.why


def test_another_target_is_refused_while_an_operation_is_unfinished(whole: Stage) -> None:
    run = whole.playbook("garage_upgrade", garage_version="0.8.6")
    assert not run.ok and not run.of("service")


def test_an_operation_is_given_up_by_its_id_and_no_other(whole: Stage) -> None:
    ident = whole.record()["id"]
    run = whole.playbook("garage_plan", operation_abandon="20200101T000000Z-garage-0.1")
    assert whole.record()["state"] == "open", "an operation was given up that was not named"
    run = whole.playbook("garage_plan", operation_abandon=ident)
    assert run.ok and whole.record()["state"] == "abandoned", run.why


def test_the_way_back_wants_to_be_confirmed(whole: Stage) -> None:
    run = whole.playbook("garage_rollback")
    assert not run.ok and "garage_confirm: [rollback]" in run.why and not run.of("service")


def test_status_shows_what_there_is(whole: Stage) -> None:
    run = whole.playbook("garage_status")
    assert run.ok and whole.record()["id"] in run.said and "'state': 'open'" in run.said


@pytest.mark.parametrize("role", ["operation", "garage", "lakefs", "pachyderm", "service", "release", "backup"])
def test_a_role_without_an_entry_point_refuses(garage: Stage, role: str) -> None:
    run = garage.only("a1").role(role, "main")
    assert not run.ok and f"The role {role} has no main entry point" in run.why


# Clients and the report: clients.yml, report.yml


def test_clients_that_waited_too_long_stop_the_walk(garage: Stage) -> None:
    one = garage.only("a1")
    given = {
        "operation_probe_dir": "/p",
        "operation_others": ["b1"],
        "operation_product": "garage",
        "operation_pass": "walk",
    }
    one.on("client_probe", {"longest_unavailable_seconds": 9})
    run = one.role("operation", "clients", operation_max_unavailable_seconds=5, **given)
    assert "No address served for 9 s; expected at most 5 s (garage_max_unavailable_seconds)" in run.why
    assert one.role("operation", "clients", operation_max_unavailable_seconds=9, **given).ok
    run = one.role("operation", "clients", operation_max_unavailable_seconds=0, **given)
    assert run.ok and run.of("client_probe")[0].args["phase"] == "walk a1"
    run = one.role("operation", "clients", **{**given, "operation_others": []}, operation_max_unavailable_seconds=0)
    assert run.of("client_probe")[0].args["phase"] == "walk all nodes"


def test_a_limit_that_nobody_measures_stops_the_walk(garage: Stage) -> None:
    """Seen: a run that went on after a failure had no key, so no probe, and passed its limit in silence."""
    one = garage.only("a1")
    given = {"operation_others": ["b1"], "operation_product": "garage", "operation_pass": "walk"}
    run = one.role("operation", "clients", operation_max_unavailable_seconds=5, **given)
    assert "garage_max_unavailable_seconds is 5, and nothing measures what clients notice" in run.why
    run = one.role("operation", "clients", operation_max_unavailable_seconds=0, **given)
    assert run.ok and not run.of("client_probe")


@pytest.mark.parametrize("product", ["garage", "lakefs"])
def test_the_gate_asks_for_the_limit_without_a_probe_too(product: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(product)
    hosts = stage.hosts[:2]
    pair = stage.only(*hosts)
    pair.found(**{f"{product}_probe": False, f"{product}_max_unavailable_seconds": 5})
    run = pair.steps(["stop"], "walk", [[host] for host in hosts])
    assert f"{product}_max_unavailable_seconds is 5, and nothing measures" in run.why
    assert not run.of("service", state="stopped")
    run = pair.steps(["stop"], "walk", [[host] for host in hosts], fresh=True, undoes="x")
    assert run.of("service", state="stopped"), "what goes back is not held up by a limit"
