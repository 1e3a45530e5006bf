# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Letting clients in again by a playbook of its own, and giving an operation up that has shut them out."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from stage import UNREACHABLE, Stage, failed

PASSES: dict[str, Any] = {
    "before": ["inventory", "quiesce", "drain"],
    "together": ["stop", "backup", "activate", "start"],
}
QUIET = "/etc/garage.toml.uplift-quiesced"
SHUT = {"thing": "ports", "what": f"it reads {QUIET}", "operation": ""}
OPENED = {"module": "garage_ports", "state": "open"}
STARTED = {"module": "service", "state": "started"}


def killed(stage: Stage, until: str, passes: Any = None) -> None:
    """A run of this operation did the steps up to this one at every node, died inside it, and its lease ran out."""
    plan = stage.plan(passes or PASSES)
    stage._begin(plan, {})
    stage.runs += 1
    keys = [step["key"] for one in plan["hops"][0]["passes"].values() for step in one["steps"]]
    for host in stage.hosts:
        for key in keys[: 1 + next(place for place, key in enumerate(keys) if key.endswith(until))]:
            stage.record_call(host, state="step", begin=key)
            if not key.endswith(until):
                stage.record_call(host, state="step", finish=key)
        (stage.kept(host) / "lease.json").unlink()


def shut(stage: Stage) -> None:
    """The nodes say so, until they are opened."""
    opened: set[str] = set()
    stage.on("garage_ports", lambda asked: opened.add(asked.host), state="open")
    stage.on("garage_info", lambda asked: None if asked.host in opened else {"and": {"closed": [SHUT]}})


def test_a_killed_run_is_recovered_from_and_can_be_gone_on_with(garage: Stage) -> None:
    killed(garage, "drain")
    shut(garage)
    run = garage.playbook("garage_recover")
    assert run.ok, run.why
    assert run.hosts(**OPENED) == garage.hosts and "Clients are let in again." in run.said
    for host in garage.hosts:
        assert garage.record(host)["state"] == "open"
        assert garage.steps_done(host)["0/before/1/quiesce"] == "undone", "the next run would believe that it is closed"
        assert not (garage.kept(host) / "lease.json").exists()
    marked = next(place for place, call in enumerate(run.calls) if call.args.get("state") == "undone")
    assert marked < run.place(**OPENED), "it was opened before the record knew"


def test_what_is_open_is_left_alone(garage: Stage) -> None:
    killed(garage, "inventory")
    run = garage.playbook("garage_recover")
    assert run.ok and "Nothing is closed to clients" in run.said, run.why
    assert not run.of(**OPENED) and not run.of("service") and not run.of("operation", state="opened")


def test_check_mode_of_recover_opens_nothing(garage: Stage) -> None:
    killed(garage, "drain")
    shut(garage)
    run = garage.playbook("garage_recover", check=True)
    assert run.ok and not run.of(**OPENED) and "may_be_opened" in run.said, run.why
    assert garage.steps_done("a1")["0/before/1/quiesce"] == "done"


def test_a_service_that_was_stopped_is_started_with_its_ports_open(garage: Stage) -> None:
    killed(garage, "backup")
    shut(garage)
    garage.on("garage_connect", failed("timed out"))
    run = garage.playbook("garage_recover")
    assert run.ok and run.hosts(**STARTED) == garage.hosts and run.hosts(**OPENED) == garage.hosts, run.why
    assert run.hosts("garage_connect") == garage.hosts, "a node that knows nobody serves nobody"


def test_converted_data_keep_clients_out_everywhere(garage: Stage) -> None:
    killed(garage, "start")
    shut(garage)
    run = garage.playbook("garage_recover")
    assert "Closed to clients at a1: ports, service. It may not be opened: activate has begun" in run.why
    assert "uplift.datastores.garage_rollback" in run.why
    assert not run.of(**OPENED) and not run.of("service") and not run.of("operation", state="undone")


def test_one_node_that_may_not_be_opened_keeps_all_closed(garage: Stage) -> None:
    killed(garage, "backup")
    garage.record_call(
        "b1", state="opened", id="20261121T031500Z-test", plan=garage.record("b1")["plan"], token="u" * 16
    )
    garage.record_call("b1", state="step", finish="0/together/1/backup")
    garage.record_call("b1", state="step", begin="0/together/2/activate")
    (garage.kept("b1") / "lease.json").unlink()
    shut(garage)
    run = garage.playbook("garage_recover")
    assert "Closed to clients at b1: ports, service." in run.why and not run.of(**OPENED), run.why


def test_without_a_record_nobody_knows_what_lies_there(garage: Stage) -> None:
    shut(garage)
    run = garage.playbook("garage_recover")
    assert "may not be opened: there is no record of an operation" in run.why and not run.of(**OPENED)


def test_a_node_without_a_record_and_open_keeps_no_other_closed(garage: Stage) -> None:
    """One that came to the cluster after the run which was killed."""
    killed(garage, "drain")
    shutil.rmtree(garage.records / "c1")
    run = garage.playbook("garage_recover")
    assert run.ok and run.hosts(**OPENED) == ["a1", "b1"], run.why
    assert sum("Clients are let in again" in said for said in run.told.said) == 1


def test_a_node_that_was_lost_earlier_in_the_run_keeps_all_closed(garage: Stage) -> None:
    killed(garage, "drain")
    shut(garage)
    for host in garage.hosts:
        garage.on("ping", UNREACHABLE if host == "b1" else {}, host=host)
    play = {"hosts": "garage", "gather_facts": False, "tasks": [{"name": "Ping", "ansible.builtin.ping": None}]}
    run = garage.plays([play, {"import_playbook": "uplift.datastores.garage_recover"}])
    assert "b1 cannot be reached" in run.why and not run.of(**OPENED), run.why


@pytest.mark.parametrize("state", ["free", "opened"])
def test_a_node_that_is_lost_while_the_lease_is_taken_keeps_all_closed(garage: Stage, state: str) -> None:
    pair = garage.only("a1", "b1")
    killed(pair, "drain")
    shut(pair)
    pair.on("operation", UNREACHABLE, host="b1", state=state)
    run = pair.playbook("garage_recover")
    assert not run.ok and not run.of(**OPENED) and not run.of("operation", state="undone"), run.why
    assert not (pair.kept("a1") / "lease.json").exists(), "the others cannot be recovered until it ends by itself"
    assert pair.steps_done("a1")["0/before/1/quiesce"] == "done", "the record is as it was"


def test_a_lease_that_one_node_refuses_is_given_back_at_the_others(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    killed(pair, "drain")
    shut(pair)
    pair.on("operation", failed("disk full"), host="b1", state="opened")
    run = pair.playbook("garage_recover")
    assert "disk full" in run.why and not run.of(**OPENED), run.why
    assert run.of("operation", state="withdrawn", host="a1") and not (pair.kept("a1") / "lease.json").exists()


def test_a_living_run_is_not_recovered_into(garage: Stage) -> None:
    killed(garage, "drain")
    shut(garage)
    garage.record_call(
        "c1", owner=garage.owner("another"), state="opened", plan=garage.record("c1")["plan"], token="u" * 16
    )
    run = garage.playbook("garage_recover")
    assert not run.ok and not run.of(**OPENED) and not run.of("operation", state="undone")
    assert not (garage.kept("a1") / "lease.json").exists(), "it was refused and left a lease behind"


def test_a_node_that_does_not_open_is_said(garage: Stage) -> None:
    killed(garage, "drain")
    garage.on("garage_info", {"and": {"closed": [SHUT]}})
    garage.on("garage_ports", failed("read-only file system"), state="open", host="b1")
    run = garage.playbook("garage_recover")
    assert f"it reads {QUIET}, what recover could not start at b1 is still closed" in run.why, run.why
    assert not (garage.kept("a1") / "lease.json").exists()


ABANDON = {"operation_abandon": "20261121T031500Z-test"}


def test_giving_up_lets_clients_in_first(garage: Stage) -> None:
    killed(garage, "drain")
    shut(garage)
    run = garage.playbook("garage_plan", **ABANDON)
    assert run.ok, run.why
    assert run.hosts(**OPENED) == garage.hosts
    assert run.place(**OPENED) < run.place("operation", state="abandoned")
    assert garage.record("b1")["state"] == "abandoned"
    assert run.of("garage_findings")[-1].args["closed"] == [], "what has been opened would be found closed"


GIVEN_UP: dict[str, Any] = {
    "garage": PASSES,
    "lakefs": {"walk": ["before_wave", "stop", "activate", "start", "after_wave"]},
    "pachyderm": {"before": ["pause", "quiesce", "inventory", "extract"]},
}


@pytest.mark.parametrize(
    ("product", "until"), [("garage", "inventory"), ("lakefs", "before_wave"), ("pachyderm", "pause")]
)
def test_what_the_probe_of_an_abandoned_operation_kept_goes(
    product: str, until: str, request: pytest.FixtureRequest
) -> None:
    stage = request.getfixturevalue(product)
    killed(stage, until, GIVEN_UP[product])
    run = stage.playbook(f"{product}_plan", **ABANDON)
    assert stage.record()["state"] == "abandoned", run.why
    left = {"state": "removed", "dir": f"{stage.place}/reports/.probe-{ABANDON['operation_abandon']}"}
    assert len(run.of("client_probe", **left)) == 1, "once, on the controller"
    assert run.place("operation", state="abandoned") < run.place("client_probe", **left)


@pytest.mark.parametrize("lost", [UNREACHABLE, failed("no space left on device")])
def test_what_is_given_up_at_some_nodes_only_is_told_and_the_same_command_goes_on(garage: Stage, lost: Any) -> None:
    killed(garage, "drain")
    shut(garage)
    broken = [True]
    garage.on("operation", lambda _asked: lost if broken else None, state="abandoned", host="b1")
    run = garage.playbook("garage_plan", **ABANDON)
    assert not run.ok and not run.of("upgrade_plan") and not run.of("client_probe"), run.why
    assert {host: garage.record(host)["state"] for host in garage.hosts} == {
        "a1": "abandoned",
        "b1": "open",
        "c1": "abandoned",
    }
    for playbook in ("garage_upgrade", "garage_rollback"):
        run = garage.playbook(playbook, garage_confirm=["rollback"])
        assert "is given up at a1, c1 and still open at b1; expected the same at all of its nodes." in run.why
        assert not run.of("operation", state="opened"), "it took the lease"
    broken.clear()
    run = garage.playbook("garage_plan", **ABANDON)
    assert run.ok and {garage.record(host)["state"] for host in garage.hosts} == {"abandoned"}, run.why
    assert run.of("client_probe", state="removed")


def test_a_node_that_refuses_keeps_all_from_being_given_up(garage: Stage) -> None:
    """Asked before any is changed: a living run at the last node, or one that cannot be written."""
    killed(garage, "drain")
    shut(garage)
    garage.on("operation", failed("its file system is full"), state="free", host="c1")
    run = garage.playbook("garage_plan", garage_confirm=["abandon"], **ABANDON)
    assert "its file system is full" in run.why
    assert {garage.record(host)["state"] for host in garage.hosts} == {"open"} and not run.of(**OPENED)


def test_the_probe_of_a_living_run_is_left_alone(garage: Stage) -> None:
    killed(garage, "inventory")
    plan = garage.record("b1")["plan"]
    garage.record_call("b1", owner=garage.owner("another"), state="opened", plan=plan, token="u" * 16)
    run = garage.playbook("garage_plan", **ABANDON)
    assert "The cluster is locked by" in run.why and not run.of("client_probe")


def test_giving_up_what_is_open_takes_no_lease(garage: Stage) -> None:
    killed(garage, "inventory")
    run = garage.playbook("garage_plan", **ABANDON)
    assert run.ok and garage.record("c1")["state"] == "abandoned", run.why
    assert not run.of("operation", state="opened") and not run.of("operation", state="undone")
    assert len(run.of("client_probe", state="removed")) == 1


def test_check_mode_of_giving_up_opens_nothing(garage: Stage) -> None:
    one = garage.only("a1")
    killed(one, "drain")
    shut(one)
    run = one.playbook("garage_plan", check=True, **ABANDON)
    assert run.ok and not run.of(**OPENED) and not run.of("operation", state="undone"), run.why
    assert one.record()["state"] == "open"


def test_what_may_not_be_opened_is_not_given_up(garage: Stage) -> None:
    killed(garage, "start")
    shut(garage)
    run = garage.playbook("garage_plan", **ABANDON)
    assert "may not be opened: activate has begun" in run.why
    assert garage.record("a1")["state"] == "open"


def test_an_operator_who_confirms_it_gives_up_and_is_told_what_is_closed(garage: Stage) -> None:
    killed(garage, "start")
    shut(garage)
    run = garage.playbook("garage_plan", garage_confirm=["abandon"], **ABANDON)
    assert garage.record("a1")["state"] == "abandoned" and not run.of(**OPENED)
    things = {row["thing"] for row in run.of("garage_findings")[-1].args["closed"]}
    assert things == {"ports", "service"}


def test_what_an_abandoned_operation_left_closed_is_recovered(garage: Stage) -> None:
    """The run that gave it up was of another release, or died before it opened anything."""
    killed(garage, "drain")
    shut(garage)
    for host in garage.hosts:
        garage.record_call(host, state="abandoned")
    run = garage.playbook("garage_recover")
    assert run.ok and run.hosts(**OPENED) == garage.hosts, run.why
    assert garage.record("a1")["state"] == "abandoned", "it is not an open operation again"
    assert garage.steps_done("a1")["0/before/1/quiesce"] == "undone"


def test_a_new_operation_is_told_why_clients_stay_out(garage: Stage) -> None:
    one = garage.only("a1")
    killed(one, "drain")
    one.record_call("a1", state="abandoned")
    run = one.playbook("garage_plan")
    assert run.of("garage_findings")[0].args["closed"] == [
        {"thing": "ports", "what": "step 0/before/1/quiesce", "operation": "20261121T031500Z-test"}
    ]


@pytest.mark.parametrize("opened", [["ports"], ["service"], ["ports", "service"]])
def test_recover_of_a_node_opens_just_what_it_is_told(garage: Stage, opened: list[str]) -> None:
    one = garage.only("a1")
    plan = one.plan({"before": ["quiesce"]})
    run = one.plays(
        [
            {
                "hosts": "garage",
                "gather_facts": False,
                "tasks": [
                    {
                        "ansible.builtin.include_role": {"name": "uplift.datastores.garage", "tasks_from": entry},
                        "vars": values,
                    }
                    for entry, values in (
                        ("discover", {}),
                        (
                            "recover",
                            {"operation_undone": {"opened": opened}, "operation_planned": {"plan": plan, "token": "t"}},
                        ),
                    )
                ],
            }
        ]
    )
    assert run.ok, run.why
    assert bool(run.of(**OPENED)) == ("ports" in opened)
    assert bool(run.of(**STARTED)) == ("service" in opened)


def test_a_server_of_lakefs_is_started_and_put_back_into_the_balancer(lakefs: Stage) -> None:
    one = lakefs.only("l1")
    killed(one, "activate", {"walk": ["before_wave", "stop", "activate", "start", "after_wave"]})
    run = one.playbook("lakefs_recover")
    assert run.ok, run.why
    assert run.of(**STARTED), run.said
    assert one.steps_done("l1")["0/walk/0/before_wave"] == "undone"


@pytest.mark.parametrize("product", ["garage", "lakefs"])
def test_a_service_that_does_not_start_is_no_success(product: str, request: pytest.FixtureRequest) -> None:
    stage = request.getfixturevalue(product)
    one = stage.only(stage.hosts[0])
    killed(one, "activate", {"walk": ["stop", "activate", "start"]})
    one.on("service", failed("it fell at once"), state="started")
    run = one.playbook(f"{product}_recover")
    assert "what recover could not start" in run.why and "Clients are let in again" not in run.said
    assert "_recover): it fell at once" in run.said
    assert not (one.kept(one.hosts[0]) / "lease.json").exists()


def test_lakefs_that_was_migrated_stays_down(lakefs: Stage) -> None:
    one = lakefs.only("l1")
    killed(one, "migrate", {"together": ["stop", "backup", "migrate", "activate", "start"]})
    run = one.playbook("lakefs_recover")
    assert "may not be opened: migrate has begun" in run.why and not run.of("service")


def test_pipelines_of_pachyderm_are_started_again(pachyderm: Stage) -> None:
    killed(pachyderm, "extract", {"before": ["pause", "quiesce", "extract"]})
    run = pachyderm.playbook("pachyderm_recover")
    assert run.ok, run.why
    assert run.of("pachyderm_pipelines") and set(pachyderm.steps_done().values()) == {"undone"}


def test_pipelines_of_an_abandoned_operation_are_started_again(pachyderm: Stage) -> None:
    killed(pachyderm, "extract", {"before": ["pause", "quiesce", "extract"]})
    pachyderm.record_call(pachyderm.hosts[0], state="abandoned")
    run = pachyderm.playbook("pachyderm_recover")
    assert run.ok and run.of("pachyderm_pipelines", state="started"), run.why


def test_an_operator_of_pachyderm_is_told_why_the_pipelines_stand(pachyderm: Stage) -> None:
    killed(pachyderm, "extract", {"before": ["pause", "quiesce", "extract"]})
    pachyderm.record_call(pachyderm.hosts[0], state="abandoned")
    pachyderm.on("pachyderm_info", {"and": {"release": pachyderm.world.version}})
    run = pachyderm.playbook("pachyderm_plan")
    assert run.of("pachyderm_findings"), run.said
    assert {row["thing"] for row in run.of("pachyderm_findings")[0].args["closed"]} == {"pipelines", "ports"}


def test_a_patch_that_does_not_start_is_gone_back_from_at_its_node_alone(garage: Stage) -> None:
    """The others have no backup, need none, and serve all the time."""
    broken = [True]
    garage.on("service", lambda _asked: failed("it fell") if broken else None, state="started", host="a1")
    run = garage.playbook("garage_upgrade")
    assert "a1, Start the service: it fell" in run.why and run.hosts("service", state="stopped") == ["a1"]
    broken.clear()
    run = garage.playbook("garage_rollback")
    assert run.ok, run.why
    assert {call.host for call in run.of("service")} == {"a1"}
    swaps = [(call.host, call.args["version"], call.check) for call in run.of("config_release")]
    assert swaps == [("a1", "0.8.0", True), ("a1", "0.8.0", False)], "asked before the stop, and done after it"
    assert not run.of("metadata_backup"), "there is nothing to restore: the releases share their data"
    assert run.hosts("garage_inventory") == ["a1"] and run.of("garage_compare")
    for host in garage.hosts:
        assert garage.record(host)["state"] == "finished"
        assert not (garage.kept(host) / "lease.json").exists()


def test_status_shows_what_is_closed(garage: Stage) -> None:
    one = garage.only("a1")
    killed(one, "drain")
    run = one.playbook("garage_status")
    assert run.ok and "'closed_to_clients': ['ports']" in run.said, run.said
