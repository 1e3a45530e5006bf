# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where hooks come in a plan, what is refused, and when a run that goes on plays one again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._operation import record as operation_record
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api, hooks, serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    PASSES,
    WALKS,
    Plan,
    PlannedHop,
    PlannedPass,
    Shape,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import HOOKS, scoped
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

ROOT = Path(__file__).resolve().parents[5]
VERSION = parse("1.0.0")


def hook(at: str, *steps: str, tasks: str = "webhook") -> dict[str, Any]:
    return {"at": at, "tasks": tasks, "steps": list(steps), "on_error": "stop"}


def ways() -> Iterator[Any]:
    for product, catalogue in CATALOGUES.items():
        hops = [way for hop in catalogue.hops for way in (*hop.shapes, *(hop.renewal.shapes if hop.renewal else ()))]
        for number, way in enumerate((*hops, *catalogue.patch, *catalogue.back)):
            yield pytest.param(product, way, id=f"{product}-{number}")


def plan(product: str, *ways: Shape) -> Plan:
    catalogue = CATALOGUES[product]
    made = [
        PlannedHop(
            VERSION,
            VERSION,
            way.strategy,
            tuple(
                PlannedPass(
                    name, (("a1",), ("b1",)) if name in WALKS else (("a1", "b1"),), scoped(catalogue, way.passes[name])
                )
                for name in PASSES
                if name in way.passes
            ),
            "",
            "",
        )
        for way in ways
    ]
    return Plan(product, "a1", VERSION, tuple(made), verbs=catalogue.verbs)


def names(found: Plan) -> dict[str, list[str]]:
    """`0/walk` -> its steps."""
    return {
        f"{number}/{one.name}": [name for name, _scope in one.steps]
        for number, hop in enumerate(found.hops)
        for one in hop.passes
    }


def garage(strategy: str, product: str = "garage") -> Shape:
    return next(way for way in CATALOGUES[product].patch if way.strategy == strategy)


def test_around_a_rolling_hop_each_wave_is_taken_away_and_given_back() -> None:
    found = names(
        hooks.planned(plan("lakefs", garage("rolling", "lakefs")), [hook(at) for at in hooks.AT if "step" not in at])
    )
    assert found == {
        "0/before": ["preflight", "before_operation", "before_hop", "stage", "inventory"],
        "0/walk": ["before_wave", "stop", "activate", "configure", "start", "healthy", "after_wave"],
        "0/after": ["verify", "after_hop", "after_operation"],
    }


def test_a_wave_that_serves_all_the_while_is_not_taken_away() -> None:
    """The walk in which nodes are backed up while they serve; the switch after it is another matter."""
    (hop,) = [one for one in CATALOGUES["garage"].hops if (one.source, one.target) == ("1", "2")]
    way = next(one for one in hop.shapes if "backup_live" in one.passes.get("walk", ()))
    found = names(hooks.planned(plan("garage", way), [hook("before_wave"), hook("after_wave")]))
    assert found["0/walk"] == ["backup_live", "prove"]
    assert found["0/together"] == ["before_wave", *way.passes["together"], "after_wave"]


def test_an_operation_begins_and_ends_once_and_a_hop_each_time() -> None:
    way = garage("rolling")
    found = names(
        hooks.planned(
            plan("garage", way, way),
            [hook(at) for at in ("before_operation", "before_hop", "after_hop", "after_operation")],
        )
    )
    assert found["0/before"][:3] == ["preflight", "before_operation", "before_hop"]
    assert found["1/before"][:2] == ["preflight", "before_hop"] and "before_operation" not in found["1/before"]
    assert found["0/after"][-1] == "after_hop" and found["1/after"][-2:] == ["after_hop", "after_operation"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], ["before_step", "stop", "before_step", "backup"]),
        (["backup"], ["stop", "before_step", "backup", "prove"]),
        (["nothing"], ["stop", "backup", "prove", "activate"]),
    ],
)
def test_hooks_of_steps_are_next_to_the_steps_that_are_meant(steps: list[str], expected: list[str]) -> None:
    found = names(hooks.planned(plan("garage", garage("rolling")), [hook("before_step", *steps)]))
    assert found["0/walk"][:4] == expected
    assert found["0/before"][0] == "preflight", "it is made before there is a record"


def test_where_all_go_together_it_is_from_the_first_that_is_closed_to_the_last_that_is_opened() -> None:
    way = next(way for hop in CATALOGUES["garage"].hops for way in hop.shapes if "resume" in way.passes["after"])
    found = names(
        hooks.planned(
            plan("garage", way), [hook("before_wave"), hook("before_step", "quiesce"), hook("after_step", "resume")]
        )
    )
    before, after = found["0/before"], found["0/after"]
    at, end = before.index("quiesce"), after.index("resume")
    assert before[at - 2 : at + 1] == ["before_wave", "before_step", "quiesce"]
    assert after[end : end + 3] == ["resume", "after_step", "after_wave"]


@pytest.mark.parametrize(("product", "way"), list(ways()))
@pytest.mark.parametrize("at", [(), ("on_failure",), ("after_wave",), hooks.AT])
def test_whatever_the_way_nothing_of_it_is_changed(product: str, way: Shape, at: Sequence[str]) -> None:
    bare = plan(product, way)
    found = hooks.planned(bare, [hook(one) for one in at])
    flat = [name for row in names(found).values() for name in row]
    assert [name for name in flat if name not in HOOKS] == [name for row in names(bare).values() for name in row]
    assert flat.count("before_wave") == flat.count("after_wave")
    if not set(at) - {"on_failure"}:
        assert found == bare, "without hooks a plan has no step more"
    if at == hooks.AT:
        assert {
            name: flat.count(name) for name in ("before_operation", "before_hop", "after_hop", "after_operation")
        } == {
            "before_operation": 1,
            "before_hop": 1,
            "after_hop": 1,
            "after_operation": 1,
        }
        assert found.hops[0].passes[0].name not in WALKS and found.hops[-1].passes[-1].name not in WALKS
        for place, name in enumerate(flat):
            assert name != "before_step" or flat[place + 1] not in HOOKS, flat
            assert name != "after_step" or flat[place - 1] not in HOOKS, flat


def test_a_step_says_whose_it_is() -> None:
    said = serialise.to_dict(hooks.planned(plan("garage", garage("rolling")), [hook("before_hop")]))
    steps = said["hops"][0]["passes"]["before"]["steps"]
    assert steps[1] == {"key": "0/before/1/before_hop", "verb": "before_hop", "scope": "cluster", "role": "hooks"}
    assert "role" not in steps[0]


@pytest.mark.parametrize(
    ("one", "key", "sentence"),
    [
        (hook("before_hop"), "", ""),
        (hook("before_hop", tasks="/there.yml"), "", ""),
        (
            hook("before_hop", tasks="/gone.yml"),
            "hook_missing",
            "The tasks '/gone.yml' of garage_hooks, before_hop: this is not there",
        ),
        (hook("before_hop", tasks="mine.yml"), "hook_missing", "this is no absolute path"),
        (hook("before_step", "stop"), "", ""),
        (
            hook("before_step", "halt"),
            "hook_steps",
            "The steps halt of garage_hooks, before_step: expected steps of garage",
        ),
        (hook("after_step", "preflight"), "hook_steps", "The steps preflight"),
        (hook("before_wave", "stop"), "hook_steps", "The steps stop of garage_hooks, before_wave"),
    ],
)
def test_what_cannot_be_played_is_refused_at_the_plan(one: dict[str, Any], key: str, sentence: str) -> None:
    found = hooks.refused("garage", [one], ["preflight", "stop"], lambda path: path == "/there.yml")
    assert [refusal.key for refusal in found] == ([key] if key else [])
    assert not key or sentence in found[0].sentence


@pytest.mark.parametrize("back", [False, True])
def test_the_plan_of_a_module_is_refused_too(back: bool) -> None:
    params = {"product": "garage", "back": back, "hooks": [hook("before_hop", tasks="/nowhere.yml")]}
    assert [one["key"] for one in api.answer(params)["refusals"]] == ["hook_missing"]


def test_an_operation_keeps_the_moments_that_it_was_begun_with() -> None:
    begun = serialise.to_dict(hooks.planned(plan("garage", garage("rolling")), [hook("before_hop")]))
    assert hooks.not_planned(begun, "garage", [hook("before_hop", tasks="/another.yml"), hook("on_failure")]) == []
    (note,) = hooks.not_planned(begun, "garage", [hook("after_wave"), hook("before_hop")])
    assert "garage_hooks has after_wave, and this operation was begun without" in note


def test_the_ready_made_ones_are_the_files_of_the_role() -> None:
    there = {path.stem for path in (ROOT / "roles" / "hooks" / "tasks").glob("[!_]*.yml")}
    assert there == {*hooks.READY, "main", "play"}


# What the record says of them when a run goes on.

ROW = ("before_hop", "before_wave", "before_step", "stop", "start", "after_wave", "verify")


def resumed(until: int, state: str = "done") -> list[str]:
    """The hooks that the second run plays again, where the first has done the steps of ROW before `until`, and the next
    is in `state`."""
    way = PlannedPass("together", (("a1",),), tuple((name, "node") for name in ROW))
    whole = serialise.to_dict(Plan("x", "a1", VERSION, (PlannedHop(VERSION, VERSION, "all_at_once", (way,), "", ""),)))
    keys = serialise.keys(whole)
    done = {"state": "done", "run": "r1", "started": 1.0, "evidence": []}
    steps = {key: {**done, "state": "done" if place < until else state} for place, key in enumerate(keys[: until + 1])}
    record = {"id": "op", "state": "open", "plan": {**whole, "undoes": "", "retracts": []}, "steps": steps}
    found = []
    for key in keys:
        need = operation_record.need(record, key, "r2", lambda _item: "")
        if need.needed:
            found.append(key.rpartition("/")[2])
            operation_record.begun(record, key, "r2", 2.0, need.reason, need.looked)
            operation_record.finished(record, key, [], 3.0)
    return found


@pytest.mark.parametrize(
    ("until", "again"),
    [
        (0, list(ROW)),
        (2, list(ROW)),  # the step before which it was played is not done
        (3, ["before_hop", "before_wave", "before_step", "stop", "start", "after_wave", "verify"]),
        (4, ["before_hop", "before_wave", "start", "after_wave", "verify"]),  # that step is done
        (5, ["before_hop", "before_wave", "after_wave", "verify"]),
        (6, ["before_hop", "verify"]),  # the wave is back
    ],
)
def test_what_goes_before_something_that_is_not_done_is_played_again(until: int, again: list[str]) -> None:
    assert resumed(until, "running") == again


def test_what_is_all_done_is_not_played_again() -> None:
    assert resumed(len(ROW)) == []


def record_of(names: Sequence[str], *passes: Sequence[str]) -> dict[str, Any]:
    """A node that has begun the steps of these passes; `names` are those whose last one runs."""
    catalogue = CATALOGUES["garage"]
    made = tuple(
        PlannedPass(name, (("a1",),), scoped_with_hooks(row))
        for name, row in zip(("before", "together", "after"), passes, strict=False)
    )
    hop = PlannedHop(VERSION, VERSION, "all_at_once", made, "", "")
    whole = serialise.to_dict(Plan("garage", "a1", VERSION, (hop,), verbs=catalogue.verbs))
    done = {"state": "done", "run": "r1", "started": 1.0, "evidence": []}
    steps = {key: dict(done) for key in serialise.keys(whole)}
    for key in steps:
        if key.rpartition("/")[2] in names:
            steps[key]["state"] = "running"
    return {"id": "op", "state": "open", "plan": {**whole, "undoes": "", "retracts": []}, "steps": steps}


def scoped_with_hooks(row: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, "node") for name in row)


def test_a_node_that_stays_closed_is_not_given_back() -> None:
    """`renew` empties a node: its ports stay closed, so no balancer may send clients there."""
    record = record_of(["start"], ["before_wave", "quiesce", "stop", "renew", "start"])
    opened, undone = operation_record.undone(record, 0, "r1", 2.0)
    assert opened == ["service"] and not [key for key in undone if key.endswith("before_wave")]


def test_a_wave_is_taken_away_again_whatever_has_changed() -> None:
    record = record_of(["before_wave"], ["before_wave", "quiesce"], ["stop", "activate"])
    need = operation_record.need(record, "0/before/0/before_wave", "r2", lambda _item: "")
    assert need.needed and need.interrupted
