# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import uuid
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import moment
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._operation import operation
from ansible_collections.uplift.datastores.plugins.module_utils._operation import record as operation_record
from ansible_collections.uplift.datastores.plugins.module_utils._plan import resume, verbs
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Request

WALK = ["stop", "backup", "start", "connect", "healthy"]
TOGETHER = ["activate", "restart"]
STOPPED = {"slot": "service", "kind": "unit", "name": "garage", "active": False}
STARTED = {"slot": "service", "kind": "unit", "name": "garage", "active": True}
ARCHIVE = {"slot": "backup", "kind": "file", "path": "/b", "size": 1, "sha256": "x"}


def owner(run: str = "1") -> dict[str, Any]:
    """The process `run` of one controller."""
    where = {"machine": "m", "boot": "b", "pidns": "pid:[1]", "pid": int(run), "ticks": 100 + int(run)}
    return {**where, "user": "anna", "host": "ctl", "since": "2026-11-21T03:00:00Z"}


def steps(name: str, verbs: list[str]) -> dict[str, Any]:
    rows = [{"key": f"0/{name}/{place}/{verb}", "verb": verb, "scope": "node"} for place, verb in enumerate(verbs)]
    return {"waves": [["a1"]], "steps": rows}


PLAN = {
    "product": "garage",
    "leader": "a1",
    "target": "0.8.7",
    "verbs": verbs.as_data(GARAGE.verbs),
    "hops": [
        {
            "source": "0.7.0",
            "target": "0.8.7",
            "strategy": "rolling",
            "passes": {"walk": steps("walk", WALK), "together": steps("together", TOGETHER)},
        }
    ],
}


class Node:
    """A managed node: a directory for the record, and facts that evidence is held against."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.lost = str(directory / "record"), {}
        self.slots: dict[str, str] = {}

    def holds(self, item: Any) -> str:
        return self.slots.get(item["slot"] + str(item.get("active", "")), "")

    def call(self, state: str, run: str = "1", **params: Any) -> Any:
        defaults = {
            **dict.fromkeys(("product", "cluster", "reason", "dead", "token"), ""),
            "id": "op",
            "plan": PLAN,
            "done": [],
            "finish": "",
            "begin": "",
            "evidence": [],
            "save": {},
            "result": "",
            "hop": 0,
            "node": "a1",
            "lease_seconds": 120,
            "owner": owner(run),
        }
        if state == "opened":
            defaults["token"] = uuid.uuid4().hex
        return operation.perform({**defaults, "directory": self.directory, "state": state, **params}, self.holds)

    def step(self, key: str, run: str = "1", evidence: Any = ()) -> bool:
        """Begin and, when needed, finish one step; whether it was needed."""
        needed: bool = self.call("step", run, begin=key)["needed"]
        if needed:
            self.call("step", run, finish=key, evidence=list(evidence))
        return needed

    def record(self) -> Any:
        return operation_record.Files(self.directory).record()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    made = Node(tmp_path)
    made.call("opened")
    return made


def test_record_is_for_its_owner_alone(node: Node) -> None:
    assert stat.S_IMODE(os.stat(node.directory).st_mode) == 0o700
    for name in ("record.json", "lease.json"):
        assert stat.S_IMODE(os.stat(os.path.join(node.directory, name)).st_mode) == 0o600


def test_a_finished_step_is_not_done_again_by_the_next_run(node: Node) -> None:
    assert node.step("0/walk/0/stop", evidence=[STOPPED])
    node.call("closed")
    node.call("opened", "2")
    assert not node.step("0/walk/0/stop", "2")
    assert node.step("0/walk/1/backup", "2")


def test_a_step_that_a_run_died_in_is_done_again(node: Node) -> None:
    node.call("step", begin="0/walk/0/stop")
    node.call("opened", "2", dead="b:pid:[1]:1:101")
    answer = node.call("step", "2", begin="0/walk/0/stop")
    assert answer["needed"] and answer["interrupted"]


def walked(node: Node) -> None:
    for place, verb in enumerate(WALK):
        left = {"stop": [STOPPED], "backup": [ARCHIVE], "start": [STARTED]}.get(verb, [])
        assert node.step(f"0/walk/{place}/{verb}", evidence=left)
    node.call("closed")
    node.call("opened", "2")


def test_what_a_later_step_changed_on_purpose_is_no_loss(node: Node) -> None:
    """The node runs after `start`: that the stop no longer holds must not stop it once more."""
    walked(node)
    node.slots["serviceFalse"] = "The unit garage is active; expected inactive."
    assert [node.step(f"0/walk/{place}/{verb}", "2") for place, verb in enumerate(WALK)] == [False] * 5


def test_a_lost_postcondition_is_done_again_with_all_that_came_after_it(node: Node) -> None:
    walked(node)
    node.slots["backup"] = "The file /b is gone."
    redone = [node.step(f"0/walk/{place}/{verb}", "2", [ARCHIVE]) for place, verb in enumerate(WALK)]
    assert redone == [False, True, True, True, True]


def test_a_backup_lost_after_the_switch_cannot_be_taken_again(node: Node) -> None:
    walked(node)
    node.step("0/together/0/activate", "2")
    node.slots["backup"] = "The file /b is gone."
    with pytest.raises(UpliftError, match="cannot be done again, since the new release has been made active"):
        node.step("0/walk/1/backup", "2")


def test_only_evidence_of_the_steps_own_slot_is_kept(node: Node) -> None:
    node.step("0/walk/0/stop", evidence=[STARTED, ARCHIVE])
    assert node.record()["steps"]["0/walk/0/stop"]["evidence"] == [STARTED]


def test_evidence_that_an_earlier_step_left_is_not_this_ones(node: Node) -> None:
    """A registered result stays until it is registered again: `undeploy` left no metadata, `redeploy` did."""
    node.step("0/walk/0/stop", evidence=[{**STOPPED, "at": moment.now()}])
    early = moment.now()
    node.call("step", begin="0/walk/2/start")
    stale, own = {**STOPPED, "at": {**early, "up": early["up"] - 1}}, {**STARTED, "at": moment.now()}
    node.call("step", finish="0/walk/2/start", evidence=[stale, own])
    assert node.record()["steps"]["0/walk/2/start"]["evidence"] == [STARTED]


def test_a_step_that_was_not_begun_cannot_be_finished(node: Node) -> None:
    with pytest.raises(UpliftError, match="was not begun at this node"):
        node.call("step", finish="0/walk/0/stop")


def test_another_operation_on_the_node_is_refused_and_an_ended_one_is_kept(node: Node) -> None:
    with pytest.raises(UpliftError, match="unfinished operation op of anna@ctl"):
        node.call("opened", id="op2")
    node.call("opened")
    walked(node)
    for place, verb in enumerate(TOGETHER):
        node.step(f"0/together/{place}/{verb}", "2")
    node.call("closed", "2", result="finished")
    node.call("opened", id="op2")
    kept = json.loads(Path(node.directory, "op.json").read_text(encoding="utf-8"))
    assert (kept["state"], node.record()["id"]) == ("finished", "op2")
    asked = {"directory": node.directory, "state": "read", "product": "", "plan": {}, "cluster": ""}
    assert operation.read({**asked, "id": ""})["record"]["id"] == "op2"
    assert operation.read({**asked, "id": "op"})["record"] == kept, "the rollbacks ask what the operation did"
    with pytest.raises(UpliftError, match="no record of the operation op0 in .*; expected the one that this node has"):
        operation.read({**asked, "id": "op0"})
    assert operation.read({**asked, "id": "op0", "state": "free"})["record"]["id"] == "op2", "in check mode"


def test_an_operation_is_finished_only_when_every_step_of_its_plan_is_done(node: Node) -> None:
    """More hops than a playbook has plays for, --start-at-task, a pass without hosts: never `finished`."""
    walked(node)
    with pytest.raises(UpliftError, match="not finished at a1: 0/together/0/activate, 0/together/1/restart"):
        node.call("closed", "2", result="finished")
    assert node.record()["state"] == "open"


def done(node: Node) -> None:
    walked(node)
    for place, verb in enumerate(TOGETHER):
        node.step(f"0/together/{place}/{verb}", "2", [STARTED] if verb == "restart" else [])


def test_an_operation_is_not_finished_while_a_service_that_it_started_is_down(node: Node) -> None:
    """One that ends a minute after its start has answered every step; what an earlier step stopped does not count."""
    done(node)
    node.call("complete", "2")
    node.slots = {"serviceFalse": "The unit garage is active.", "serviceTrue": "The unit garage is failed."}
    for state in ("complete", "closed"):
        with pytest.raises(UpliftError, match="not finished at a1, where all its steps are done: The unit garage is f"):
            node.call(state, "2", result="finished")
    assert node.record()["state"] == "open"
    assert node.step("0/together/1/restart", "2"), "it is started again"


def test_a_node_whose_record_was_closed_before_the_others_were_does_nothing_again(node: Node) -> None:
    done(node)
    node.call("closed", "2", result="finished")
    node.call("opened", "3")
    assert not node.step("0/walk/0/stop", "3") and not node.step("0/together/0/activate", "3")
    node.call("closed", "3", result="finished")
    assert node.record()["state"] == "finished"


def test_a_closed_record_that_a_refused_run_has_opened_is_closed_again(node: Node) -> None:
    done(node)
    node.call("closed", "2", result="finished")
    before = node.record()
    node.call("opened", "3")
    assert node.record()["state"] == "open"
    node.call("withdrawn", "3")
    after = node.record()
    assert after == {**before, "number": after["number"]} and after["state"] == "finished"


def test_what_a_failing_run_gives_back_is_undone_in_the_same_call(node: Node) -> None:
    """The service is started again: the stop, and the backup that was made while it was down, are done again."""
    node.step("0/walk/0/stop", evidence=[STOPPED])
    node.step("0/walk/1/backup", evidence=[ARCHIVE])
    answer = node.call("undone")
    assert (answer["opened"], answer["undone"]) == (["service"], ["0/walk/0/stop", "0/walk/1/backup"])
    node.call("closed")
    node.call("opened", "2")
    assert [node.step(f"0/walk/{place}/{verb}", "2") for place, verb in enumerate(WALK)] == [True] * 5


def test_abandoning_needs_no_lease_of_ones_own_but_respects_a_living_one(node: Node) -> None:
    with pytest.raises(operation.Held):
        node.call("abandoned", "2")
    node.call("closed")
    node.call("abandoned", "2")
    assert node.record()["state"] == "abandoned"


def test_check_and_read_leave_no_trace(tmp_path: Path) -> None:
    nobody = {"directory": str(tmp_path / "none"), "product": "", "cluster": "", "plan": {}}
    answer = operation.read(nobody)
    assert (answer["record"], answer["lease"], list(tmp_path.iterdir())) == ({}, {}, [])


RESUMES = [
    ({}, {"target": "0.8.7"}, None),
    ({"a1": {}}, {"target": "0.8.7"}, None),
    ({"a1": {"state": "finished", "id": "x"}}, {"target": "0.8.7"}, None),
    ({"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}, "b1": {}}, {"target": "0.8.7"}, "x"),
    ({"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}}, {"target": "v0.8.7"}, "x"),
    ({"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}}, {"target": "0.8.6"}, "unfinished_operation"),
    (
        {"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}},
        {"target": "0.8.7", "strategy": "all_at_once"},
        "unfinished_operation",
    ),
    (
        {"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}, "b1": {"state": "open", "id": "y"}},
        {"target": "0.8.7"},
        "records_differ",
    ),
    (
        {"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}, "b1": {"state": "abandoned", "id": "x"}},
        {"target": "0.8.7"},
        "half_given_up",
    ),
    (
        {"a1": {"state": "open", "id": "x", "who": "u@h", "plan": PLAN}, "b1": {"state": "abandoned", "id": "w"}},
        {"target": "0.8.7"},
        "x",
    ),
]


@pytest.mark.parametrize(("records", "request_", "answer"), RESUMES)
def test_resume(records: Any, request_: Any, answer: str | None) -> None:
    found = resume.unfinished(records, Request(**request_))
    if answer is None:
        assert found is None
    elif isinstance(found, list):
        assert [refusal.key for refusal in found] == [answer]
    else:
        assert found is not None and found["id"] == answer
