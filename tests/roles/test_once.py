# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked, done and said once for a whole cluster, however many nodes it has."""

from __future__ import annotations

from typing import Any

from stage import Run, Stage, failed


def told(run: Run, text: str) -> int:
    """In how many messages an operator reads this."""
    return sum(text in said for said in run.told.said)


def test_an_upgrade_asks_and_tells_the_cluster_once(garage: Stage) -> None:
    run = garage.playbook("garage_upgrade")
    assert run.ok, run.why
    assert len(run.of("upgrade_plan")) == 1 and told(run, "0.8.0 -> 0.8.7") == 1
    assert len(run.of("client_probe", state="started")) == len(run.of("client_probe", state="stopped")) == 1
    assert len(run.of("operation_report", state="written")) == 1
    removed = [call.args["dir"] for call in run.of("client_probe", state="removed")]
    assert removed and len(removed) == len(set(removed)), "removed once for each node"
    assert len(run.of("garage_access", state="absent")) == 1
    assert not run.of("garage_connect", timeout=5), "nodes that were never apart were joined"
    assert "[]" not in run.told.said, "nothing to tell was told"
    marked = run.of("client_probe", state="marked")
    assert len(marked) == len({call.args["phase"] for call in marked}), "not once for each wave"


BEFORE, AGAIN = (f"uplift.datastores.garage : {name}" for name in ("List the buckets", "List the buckets and keys"))


def test_what_was_asked_or_read_is_not_asked_or_read_again(garage: Stage) -> None:
    run = garage.playbook("garage_upgrade")
    listed = [call.task for call in run.of("garage_info", gather=["inventory"])]
    assert run.ok and listed == [BEFORE, AGAIN], "before, and for the comparison"
    read = [task for _state, host, task, _result in run.told.results if "Validating" in task and host == "a1"]
    assert any("'discover'" in task for task in read), "what the operator set was not read"
    assert not any("'healthy'" in task for task in read), read


def test_what_was_not_answered_is_asked_again(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_info", {"and": {"problem": "bucket list: HTML"}}, gather=["inventory"], task=BEFORE)
    listed = [call.task for call in one.playbook("garage_upgrade").of("garage_info", gather=["inventory"])]
    assert listed == [BEFORE, AGAIN, AGAIN]


def test_what_stands_in_the_way_of_all_is_said_once(garage: Stage) -> None:
    garage.on("garage_findings", {"and": {"stopping": ["nodes_down"]}})
    assert garage.playbook("garage_plan").why.count("What blocks the upgrade is shown above") == 1


def test_clients_that_waited_too_long_are_told_of_once(garage: Stage) -> None:
    garage.on("client_probe", {"longest_unavailable_seconds": 9})
    given: dict[str, Any] = {"operation_others": [], "operation_product": "garage", "operation_pass": "walk"}
    run = garage.role("operation", "clients", operation_probe_dir="/p", operation_max_unavailable_seconds=5, **given)
    assert len(run.of("client_probe", state="marked")) == 1
    assert run.why.count("No address served for 9 s") == 1


def test_a_node_outside_the_wave_is_told_once_and_hides_no_cause(garage: Stage) -> None:
    garage.on("metadata_backup", failed("disk full"), host="a1")
    garage.on("operation", failed("read-only file system"), at="c1", state="closed")
    run = garage.steps(["stop", "backup", "start"], "walk", [["a1", "b1"], ["c1"]])
    assert len(run.of("operation", at="c1", state="closed")) == 1
    assert "stopped in the pass walk, a1, Archive the directory: disk full" in run.why, run.why
    assert [call.at for call in run.of("garage_access", state="absent")] == ["c1"], "not by a node that is taken down"
    assert "read-only file system" not in run.why, "a lease that runs out by itself hid the cause"


def test_a_gate_that_says_no_says_it_once(garage: Stage) -> None:
    nodes = [{"id": (host * 32)[:64], "up": host != "c1"} for host in garage.hosts]
    garage.on("garage_info", {"and": {"nodes": nodes}}, gather=["status"])
    run = garage.steps(["stop"], "walk", [["a1", "b1"], ["c1"]])
    asked = [state for state, _host, task, _result in run.told.results if "Fail unless the cluster survives" in task]
    assert asked == ["failed"] and "does not see c1" in run.why and not run.of("service"), run.why


def test_servers_outside_the_wave_are_asked_once(lakefs: Stage) -> None:
    three = lakefs.only("l1", "l2", "l3")
    run = three.steps(["stop", "start"], "walk", [["l1", "l2"], ["l3"]])
    asked = [call.at for call in run.of("lakefs_healthy")]
    assert run.ok and asked[0] == "l3" and sorted(asked[1:]) == ["l1", "l2"], run.why


def test_a_prepared_cluster_keeps_what_is_staged_and_is_no_failure(lakefs: Stage) -> None:
    run = lakefs.playbook("lakefs_prepare")
    assert run.ok and told(run, "is prepared and waits: preflight, stage") == 1, run.why
    assert run.of("operation_report", state="written")[-1].args["error"] == ""
    assert not run.of("lakefs_config", state="absent") and not run.of("helm_release"), "the run behaves as the last one"
    assert not list(lakefs.records.rglob("lease.json")) and lakefs.record()["state"] == "open"
    assert not run.of("service", state="stopped")
