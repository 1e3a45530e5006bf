# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A comparison with the inventory of before that cannot be made, and the playbooks that make it at any time after."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Stage, failed

OBJECT = {"key": "k", "size": 1, "etag": "e", "sha256": "s", "last_modified": "2026-11-20T00:00:00Z"}
BUCKET = {"id": "b1", "alias": "photos", "objects": 1, "complete": True, "digest": "d"}
OBJECTS = [{**BUCKET, "sample": [OBJECT]}]
GONE = [{**BUCKET, "sample": [], "missing": [{"key": "k", "asked": {"a1": "broken"}}]}]
HTML = "Listing bucket b1: a1:3900 said 500 <html>; expected a list"
SAVED: dict[str, dict[str, Any]] = {
    "garage": {},
    "lakefs": {"inventory_0": {"taken": "", "repositories": {}, "users": []}, "era_0": "kv"},
    "pachyderm": {"inventory_0": {"path": "/var/backups/uplift/inventory.json"}},
}
READS = {"garage": "garage_inventory", "lakefs": "lakefs_inventory", "pachyderm": "pachyderm_inventory"}
SETTINGS: dict[str, dict[str, Any]] = {"lakefs": {"lakefs_access_key_id": "AKIA", "lakefs_secret_access_key": "x"}}


@pytest.fixture(params=["garage", "lakefs", "pachyderm"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """One node of each product, with the settings that an operator needs anyway."""
    made: Stage = request.getfixturevalue(request.param)
    made = made.only(made.hosts[0])
    made.found(**SETTINGS.get(made.product, {}))
    return made


def saved(stage: Stage) -> dict[str, Any]:
    before = {"taken": "2026-11-21T03:00:00Z", "objects": OBJECTS}
    if stage.product == "garage":
        return {"inventory_0": {**before, "buckets": stage.world._buckets(), "keys": stage.world._keys()}}
    return SAVED[stage.product]


def verified(stage: Stage, **hop: Any) -> Any:
    return stage.steps(["verify"], "after", before=saved(stage), **hop)


def compared(stage: Stage, number: int = 0) -> Any:
    return stage.record()["comparisons"][str(number)]


def is_all_there(stage: Stage) -> None:
    stage.on("garage_inventory", {"inventory": {"taken": "2026-11-21T06:00:00Z", "objects": OBJECTS}})
    stage.on("(lakefs|pachyderm)_inventory", {"and": {"inventory": {}, "differences": [], "notes": []}})


def test_an_answer_that_cannot_be_read_ends_no_operation(stage: Stage) -> None:
    stage.on(READS[stage.product], failed(HTML))
    run = verified(stage)
    assert run.ok, run.why
    assert stage.steps_done()["0/after/0/verify"] == "done", "the same upgrade command would try it again, for ever"
    told = compared(stage)
    assert told["state"] == "open" and told["said"] in run.said
    assert (
        HTML in told["said"]
        and f"Compare again with: ansible-playbook -i INVENTORY uplift.datastores.{stage.product}_verify"
        in told["said"]
    )
    assert "rollback" not in run.said and "recover" not in run.said


def test_what_is_all_there_is_noted_too(stage: Stage) -> None:
    is_all_there(stage)
    run = verified(stage)
    assert run.ok and compared(stage)["state"] == "same", run.why


def test_where_nobody_answers_it_stops(stage: Stage) -> None:
    """Whether clients are served is not known then: the same command looks again."""
    stage.on(READS[stage.product], failed("No server takes a connection.", silent=True))
    run = verified(stage)
    assert not run.ok and "No server takes a connection." in run.why and "comparisons" not in stage.record()


def test_a_difference_stays_one(stage: Stage) -> None:
    row = {"key": "repository_gone", "sentence": "The repository x is gone."}
    stage.on("garage_inventory", {"inventory": {"taken": "2026-11-21T06:00:00Z", "objects": GONE}})
    stage.on("(lakefs|pachyderm)_inventory", {"and": {"inventory": {}, "differences": [row], "notes": []}})
    run = verified(stage)
    assert not run.ok and "gone" in run.why and compared(stage)["state"] == "different"
    assert stage.steps_done()["0/after/0/verify"] != "done"


def test_the_next_hop_waits_for_the_comparison_of_this_one(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_inventory", failed(HTML))
    assert verified(one).ok
    is_all_there(one)
    run = one.steps(["stage"], "before", number=1)
    assert not run.ok and not run.of("release") and HTML in run.why and "garage_accept: [not_compared]" in run.why
    one.found(garage_accept=["not_compared"])
    assert one.steps(["stage"], "before", number=1).ok


@pytest.mark.parametrize("undoes", ["", "20261121T030000Z-old"])
def test_what_was_not_measured_before_is_said_and_not_compared(stage: Stage, undoes: str) -> None:
    """A rollback of an upgrade that stopped before its inventory, and an upgrade that was given its key late."""
    run = stage.steps(["verify"], "after", undoes=undoes)
    assert run.ok, run.why
    assert "no inventory of before this change was kept at" in run.said and not run.of(READS[stage.product])
    assert "comparisons" not in stage.record() and stage.steps_done()["0/after/0/verify"] == "done"


def test_a_way_back_of_garage_compares_no_buckets_without_an_inventory(garage: Stage) -> None:
    run = garage.only("a1").steps(["contents"], "after", undoes="20261121T030000Z-old")
    assert run.ok and "Buckets and keys are not compared" in run.said and not run.of("garage_compare"), run.why


# The playbooks


def done(stage: Stage, **more: Any) -> None:
    """An operation that has ended, as its record stays on the node."""
    is_all_there(stage)
    assert verified(stage).ok
    stage.record_call(stage.hosts[0], owner=stage.owner(), state="opened", plan=stage.record()["plan"], token="u" * 16)
    stage.record_call(stage.hosts[0], owner=stage.owner(), state="closed", result="finished", node=stage.hosts[0])
    stage.begun["garage_key"] = {}


def again(stage: Stage, **extra: Any) -> Any:
    return stage.playbook(f"{stage.product}_verify", **SETTINGS.get(stage.product, {}), **extra)


def test_without_a_record_there_is_nothing_to_compare_with(stage: Stage) -> None:
    run = again(stage)
    assert not run.ok and "There is no record of an operation at any node" in run.why, run.why
    assert not run.of(READS[stage.product])


def test_a_record_without_an_inventory_is_refused(stage: Stage) -> None:
    assert stage.steps(["stage"], "before").ok
    run = again(stage)
    assert not run.ok and "has noted no inventory of before" in run.why and not run.of(READS[stage.product])


def test_a_cluster_is_compared_at_any_time_after(stage: Stage) -> None:
    done(stage)
    was = stage.record()
    run = again(stage)
    assert run.ok and len(run.of(READS[stage.product])) == 1, run.why
    now = stage.record()
    assert {**was, "comparisons": {}} == {**now, "comparisons": {}}, "more than the comparison was written"
    assert now["comparisons"]["0"]["when"] > was["comparisons"]["0"]["when"]
    assert not (stage.kept(stage.hosts[0]) / "lease.json").exists() and not run.of("operation", state="opened")
    (report,) = run.of("operation_report", state="written")
    assert report.args["name"] == "verify", "it would write over the report of the operation"
    changes = {
        call.module for call in run.calls if call.args.get("state") in ("present", "absent", "started", "stopped")
    }
    assert changes <= {"garage_access"}


def test_a_key_that_is_made_to_look_is_taken_back(garage: Stage) -> None:
    one = garage.only("a1")
    done(one)
    one.on("garage_inventory", failed(HTML))
    run = again(one)
    assert not run.ok
    made, gone = run.of("garage_access")
    assert (made.args["state"], gone.args["state"]) == ("present", "absent") and gone.args["keys"] == ["GKtest"]


def test_a_key_that_stays_changes_nothing_of_what_was_compared(garage: Stage) -> None:
    one = garage.only("a1")
    done(one)
    one.on("garage_access", failed("no quorum"), state="absent")
    run = again(one)
    assert run.ok and compared(one)["state"] == "same", run.why
    assert "the key of this run was not removed, nor its bucket: no quorum" in run.said


def test_what_is_different_then_is_an_error_of_it_alone(stage: Stage) -> None:
    done(stage)
    row = {"key": "repository_gone", "sentence": "The repository x is gone."}
    stage.on("garage_inventory", {"inventory": {"taken": "2026-11-21T06:00:00Z", "objects": GONE}})
    stage.on("(lakefs|pachyderm)_inventory", {"and": {"inventory": {}, "differences": [row], "notes": []}})
    run = again(stage)
    key = "objects_gone" if stage.product == "garage" else "repository_gone"
    assert not run.ok and "ask their owners first" in run.why and f"{stage.product}_accept: [{key}]" in run.why
    assert compared(stage)["state"] == "different" and stage.record()["state"] == "finished"
    accepted = again(stage, **{f"{stage.product}_accept": [key]})
    assert accepted.ok and compared(stage)["state"] == "accepted", accepted.why


def test_an_open_comparison_is_closed_by_it(stage: Stage) -> None:
    done(stage)
    stage.on(READS[stage.product], failed(HTML))
    run = again(stage)
    assert not run.ok and HTML in run.why and compared(stage)["state"] == "open"
    is_all_there(stage)
    assert again(stage).ok and compared(stage)["state"] == "same"


def test_it_waits_for_a_run_that_acts(stage: Stage) -> None:
    done(stage)
    stage.record_call(
        stage.hosts[0], owner=stage.owner("another"), state="opened", plan=stage.record()["plan"], token="u" * 16
    )
    run = again(stage)
    assert not run.ok and "is locked by operator on controller" in run.why and not run.of(READS[stage.product])


def test_lakefs_is_not_compared_without_a_key(lakefs: Stage) -> None:
    one = lakefs.only("l1")
    one.found(**SETTINGS["lakefs"])
    done(one)
    one.found(lakefs_access_key_id="")
    run = one.playbook("lakefs_verify")
    assert not run.ok and "lakefs_access_key_id is not given" in run.why and compared(one)["state"] == "same"


def test_clients_of_pachyderm_have_been_served_since(pachyderm: Stage) -> None:
    """For the step they were shut out: whatever differed was ours. Now pipelines that were started again are none."""
    is_all_there(pachyderm)
    passes = {"before": ["quiesce"], "after": ["verify"]}
    plan = pachyderm.plan(passes)
    pachyderm._begin(plan, {**SAVED["pachyderm"], "ran": ["edges"]})
    (pachyderm.kept("p1") / "lease.json").unlink()
    run = again(pachyderm)
    (asked,) = run.of("pachyderm_inventory")
    assert run.ok and (asked.args["clients"], asked.args["ran"]) == ("since", ["edges"]), run.why
