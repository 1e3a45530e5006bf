# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an operation takes its nodes: _open.yml, unlock.yml and status.yml of the role operation."""

from __future__ import annotations

from pathlib import Path

from stage import UNREACHABLE, Stage, failed


def left(stage: Stage) -> list[str]:
    """What lies in the places of the records."""
    return sorted(str(path.relative_to(stage.records)) for path in Path(stage.records).rglob("*"))


def test_a_node_that_is_lost_while_all_are_asked_is_missed_before_any_is_taken(garage: Stage) -> None:
    garage.on("operation", UNREACHABLE, host="b1", state="free")
    was = left(garage)
    run = garage.playbook("garage_upgrade")
    assert not run.ok and not run.of("operation", state="opened"), "nodes were taken although one was lost"
    assert "b1: " in run.why and "no route to host" in run.why and left(garage) == was


def test_one_node_that_is_not_free_keeps_all_from_being_taken(garage: Stage) -> None:
    garage.on("operation", failed("locked by anna"), host="c1", state="free")
    was = left(garage)
    run = garage.playbook("garage_upgrade")
    assert not run.ok and not run.of("operation", state="opened") and "locked by anna" in run.why
    assert left(garage) == was


def test_what_was_taken_is_given_back_when_another_node_refuses(garage: Stage) -> None:
    """Two runs may both have been told that all nodes are free."""
    garage.on("operation", failed("locked by anna"), host="c1", state="opened")
    was = left(garage)
    run = garage.playbook("garage_upgrade")
    assert run.hosts("operation", state="withdrawn") == ["a1", "b1", "c1"]
    assert "was not begun, and what it had taken is given back. locked by anna" in run.why
    assert not run.of("client_probe") and left(garage) == was


def test_what_was_taken_is_given_back_when_a_node_is_lost(garage: Stage) -> None:
    garage.on("operation", UNREACHABLE, host="c1", state="opened")
    was = left(garage)
    run = garage.playbook("garage_upgrade")
    assert run.hosts("operation", state="withdrawn") == ["a1", "b1"] and left(garage) == was
    assert "c1: " in run.why and "what it had taken is given back" in run.why and not run.of("client_probe")


def test_a_lease_is_as_long_as_it_was_asked_for(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("client_probe", failed("no room"))
    run = one.playbook("garage_upgrade", operation_lease_seconds=7200)
    assert [call.args["lease_seconds"] for call in run.of("operation", state="opened")] == [7200], run.why


# unlock.yml


def test_a_lease_is_not_taken_from_a_run_that_may_live_and_every_node_says_whose_it_was(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    pair.record_call("a1", owner=pair.owner("another"), state="opened", plan=pair.plan({}), token="a" * 16)
    run = pair.playbook("garage_unlock", operation_unlock_reason="its controller is gone")
    assert run.why.startswith("a1: ") and (pair.kept("a1") / "lease.json").exists(), run.why
    assert "No run holds the lease of this node." in run.said, "b1 says nothing because a1 refused"
    assert "give it: operation_unlock_reason" in pair.playbook("garage_unlock").why


# history.yml


def test_all_operations_of_the_nodes_are_shown(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    assert "No node remembers an operation." in pair.playbook("garage_history").said
    run = pair.steps(["stop", "start"])
    assert run.ok, run.why
    shown = pair.playbook("garage_history")
    assert shown.ok and "; by operator@controller; " in shown.said and " At a1, b1." in shown.said, shown.why
    assert not shown.of("operation", state="opened"), "it needs no lease"
