# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Garage's verify does about objects that cannot be read any more, and whose keys are removed at the end."""

from __future__ import annotations

from typing import Any

from stage import Stage

OBJECT = {"key": "k", "size": 1, "etag": "e", "sha256": "s", "last_modified": "2026-11-20T00:00:00Z"}
BUCKET = {"id": "b1", "alias": "photos", "objects": 1, "complete": True, "digest": "d"}
BEFORE = {"taken": "2026-11-21T03:00:00Z", "objects": [{**BUCKET, "sample": [OBJECT, {**OBJECT, "key": "j"}]}]}


def verified(stage: Stage, asked: dict[str, str], **settings: Any) -> Any:
    """A verify that finds the object `k` missing, of which the nodes say this."""
    rows = [{**BUCKET, "sample": [{**OBJECT, "key": "j"}], "missing": [{"key": "k", "asked": asked}] if asked else []}]
    if not asked:
        rows[0]["sample"] = BEFORE["objects"][0]["sample"]  # type: ignore[index]
    stage.on("garage_inventory", {"inventory": {"taken": "2026-11-21T06:00:00Z", "objects": rows}})
    stage.found(**settings)
    saved = {"inventory_0": {**BEFORE, "buckets": stage.world._buckets(), "keys": stage.world._keys()}}
    return stage.steps(["verify"], "after", before=saved)


def test_what_a_client_deleted_is_said_and_stops_nothing(garage: Stage) -> None:
    run = verified(garage.only("a1"), {"a1": "absent"})
    assert run.ok, run.why
    assert "clients have deleted 1 of the objects that were read before ('k')" in run.said
    assert len(run.of("garage_info", gather=["inventory"])) == 2, "the count after the list tells of clients at work"


def test_without_anything_missing_nothing_is_asked_twice(garage: Stage) -> None:
    run = verified(garage.only("a1"), {})
    assert run.ok and len(run.of("garage_info", gather=["inventory"])) == 1, run.why


def test_what_is_lost_stops_with_the_way_back(garage: Stage) -> None:
    run = verified(garage.only("a1"), {"a1": "broken"})
    assert "the object 'k' is gone: it is listed at a1 and cannot be read." in run.why
    assert "garage_rollback" in run.why


def test_what_cannot_be_told_stops_unless_it_is_accepted(garage: Stage) -> None:
    run = verified(garage.only("a1"), {"a1": "no connection"})
    assert "whether it was deleted or lost is unknown" in run.why and not run.ok


def test_what_cannot_be_told_may_be_accepted(garage: Stage) -> None:
    run = verified(garage.only("a1"), {"a1": "no connection"}, garage_accept=["objects_missing"])
    assert run.ok, run.why


def test_nodes_without_s3_are_told_to_the_inventory(garage: Stage) -> None:
    garage.on("garage_config", {"and": {"config": {"s3": {"addresses": []}, "metadata_dir": "/m"}}}, host="b1")
    run = verified(garage, {"a1": "absent", "b1": "it serves no S3"})
    assert run.of("garage_inventory")[-1].args["mute"] == {"b1": "it serves no S3"}
    assert "it serves no S3" in run.why


def test_the_key_is_of_the_operation_and_written_down_at_once(garage: Stage) -> None:
    one = garage.only("a1")
    one.begun["garage_key"] = {}
    before = {"inventory_0": {"taken": "2026-11-21T03:00:00Z", "objects": []}, "access": {"keys": ["GKearlier"]}}
    run = one.steps(["verify"], "after", before=before)
    assert run.ok, run.why
    (made,) = run.of("garage_access", state="present")
    assert made.args["operation"] == one.record()["id"] and made.args["keys"] == ["GKearlier"]
    assert one.record()["saved"]["access"]["keys"] == ["GKearlier", "GKtest"]
    assert run.calls.index(made) < run.place("operation", state="saved") < run.place("garage_inventory")
