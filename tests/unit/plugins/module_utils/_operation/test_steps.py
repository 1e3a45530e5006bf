# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a record say: what is closed, what a failing run may give back, what is never done again."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import record as operation_record
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps as operation_steps
from ansible_collections.uplift.datastores.plugins.module_utils._plan import verbs
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

OWN = {name: said for one in CATALOGUES.values() for name, said in verbs.as_data(one.verbs).items()}
DUMPED = (
    "before: preflight stage quiesce drain pause inventory extract;"
    "together: backup prove stop activate undeploy redeploy restore;"
    "after: healthy pause verify resume unpause"
)
WALK = (
    "before: preflight stage inventory;"
    "walk: before_wave stop backup prove activate start healthy after_wave; after: verify"
)
MIGRATION = (
    "before: preflight stage commit_uncommitted inventory;"
    "together: before_wave stop alone backup prove migrate activate configure start healthy after_wave; after: verify"
)
EMPTIED = "before: inventory; walk: count quiesce stop renew start connect complete resume connect healthy"


def record(way: str, until: str, state: str = "done", **more: Any) -> dict[str, Any]:
    """A node that has done the way up to the step `pass/verb`, which is in `state`."""
    passes = {}
    for part in way.split(";"):
        name, verbs = (word.strip() for word in part.split(":"))
        steps = [{"key": f"0/{name}/{n}/{verb}", "verb": verb, "scope": "node"} for n, verb in enumerate(verbs.split())]
        passes[name] = {"waves": [["a1"]], "steps": steps}
    keys = [step["key"] for one in passes.values() for step in one["steps"]]
    name, verb = until.split("/")
    last = next(place for place, key in enumerate(keys) if key.startswith(f"0/{name}/") and key.endswith(f"/{verb}"))
    done = {"state": "done", "run": "r1", "started": 1.0, "evidence": []}
    steps = {key: {**done, "state": state if key == keys[last] else "done"} for key in keys[: last + 1]}
    plan = {"product": "x", "leader": "a1", "hops": [{"passes": passes}], "undoes": "", "retracts": [], "verbs": OWN}
    plan.update(more)
    return {"id": "op", "state": "open", "plan": plan, "steps": steps}


@pytest.mark.parametrize(
    ("way", "until", "state", "retracts", "opened", "first", "kept"),
    [
        # Before anything is thrown away all is given back, and all since the ports were closed is stale: the dump too.
        (DUMPED, "before/extract", "running", [], ["pipelines", "ports"], "0/before/2/quiesce", []),
        (DUMPED, "together/backup", "done", [], ["pipelines", "ports"], "0/before/2/quiesce", []),
        (DUMPED, "together/stop", "running", [], ["pipelines", "ports", "service"], "0/before/2/quiesce", []),
        (
            DUMPED,
            "together/activate",
            "done",
            ["activate"],
            ["pipelines", "ports", "service"],
            "0/before/2/quiesce",
            [],
        ),
        (DUMPED, "together/activate", "done", [], [], "", []),
        # From then on nothing is: an old server has nothing to serve, a new one not yet.
        (DUMPED, "together/undeploy", "running", ["activate"], [], "", []),
        (DUMPED, "after/verify", "running", ["activate"], [], "", []),
        (DUMPED, "after/unpause", "done", ["activate"], [], "", []),
        # In a walk the node serves again with what lies there; the backup of before the switch is the one that counts.
        (WALK, "before/inventory", "running", [], [], "", []),
        (WALK, "walk/backup", "running", [], ["balancer", "service"], "0/walk/0/before_wave", []),
        (
            WALK,
            "walk/start",
            "running",
            [],
            ["balancer", "service"],
            "0/walk/0/before_wave",
            ["0/walk/2/backup", "0/walk/3/prove", "0/walk/4/activate"],
        ),
        (WALK, "walk/after_wave", "done", [], [], "", []),
        # An old server would serve, and take, what the migration no longer sees.
        (MIGRATION, "together/prove", "running", [], ["balancer", "service"], "0/together/0/before_wave", []),
        (MIGRATION, "together/migrate", "running", [], [], "", []),
        (MIGRATION, "together/start", "running", [], [], "", []),
        # A node whose database was renamed may run, for the others to fill it; its clients would find nothing.
        (EMPTIED, "walk/stop", "done", [], ["ports", "service"], "0/walk/1/quiesce", []),
        (EMPTIED, "walk/start", "running", [], ["service"], "0/walk/2/stop", ["0/walk/3/renew"]),
        (EMPTIED, "walk/complete", "running", [], [], "", []),
    ],
)
def test_what_a_failing_run_gives_back(
    way: str, until: str, state: str, retracts: Any, opened: Any, first: str, kept: Any
) -> None:
    found = record(way, until, state)
    given, undone = operation_steps.undo(found, 0, retracts)
    keys = list(found["steps"])
    assert given == opened
    assert undone == [key for key in keys[keys.index(first) :] if key not in kept] if first else undone == []


def test_a_way_back_and_a_hop_that_is_past_give_nothing_back() -> None:
    assert operation_steps.undo(record(WALK, "walk/backup", undoes="op-0"), 0, ()) == ([], [])
    later = record(WALK, "walk/backup")
    later["plan"]["hops"].append({"passes": {"walk": {"waves": [["a1"]], "steps": [{"key": "1/walk/0/stop"}]}}})
    later["steps"]["1/walk/0/stop"] = {"state": "done", "run": "r1", "evidence": []}
    assert operation_steps.undo(later, 0, ()) == ([], [])


@pytest.mark.parametrize(
    ("way", "until", "key", "lost", "because"),
    [
        # The two ways in which a day of commits was lost: what throws data away is done again after clients wrote.
        (DUMPED, "after/resume", "0/together/5/redeploy", True, "clients may have written after it"),
        (DUMPED, "after/unpause", "0/together/6/restore", False, "clients may have written after it"),
        (
            WALK.replace("backup", "convert"),
            "walk/start",
            "0/walk/2/convert",
            False,
            "clients may have written after it",
        ),
        # What only the old release could do.
        (DUMPED, "together/undeploy", "0/before/6/extract", False, "the new release has been made active"),
        (MIGRATION, "together/activate", "0/together/3/backup", True, "the new release has been made active"),
        # Also while the old one is active still: the data are the new one's by then.
        (MIGRATION, "together/migrate", "0/together/3/backup", True, "or has changed the data, after it"),
        # What is open although it was closed, when the data are changed already.
        (DUMPED, "together/undeploy", "0/before/2/quiesce", True, "activate has begun after it"),
        (MIGRATION, "together/migrate", "0/together/1/stop", True, "what the old release wrote since is not in it"),
    ],
)
def test_what_would_lose_data_is_refused_with_the_way_out(
    way: str, until: str, key: str, lost: bool, because: str
) -> None:
    found = record(way, until)
    found["steps"][key].update(state="done" if lost else "running", evidence=[{"slot": ""}] if lost else [])
    with pytest.raises(UpliftError) as refused:
        operation_record.need(found, key, "r2", lambda _item: "It is not so any more.")
    for words in (f"The step {key} no longer holds", because, "rollback playbook"):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("way", "until", "key", "reason"),
    [
        (MIGRATION, "before/inventory", "0/before/2/commit_uncommitted", operation_record.LOOKED.sentence),
        (DUMPED, "before/drain", "0/before/3/drain", ""),  # clients are shut out: it still holds
        (MIGRATION, "together/activate", "0/before/3/inventory", ""),  # the new release has come
        (WALK, "walk/activate", "0/before/2/inventory", ""),
        (WALK, "before/inventory", "0/before/1/stage", ""),
    ],
)
def test_what_clients_change_is_looked_at_by_each_run(way: str, until: str, key: str, reason: str) -> None:
    """A day lies between two runs: what clients committed in it belongs into the inventory."""
    found = operation_record.need(record(way, until), key, "r2", lambda _item: "")
    assert (found.needed, found.reason if reason else "") == (bool(reason), reason)
    assert not operation_record.need(record(way, until), key, "r1", lambda _item: "").needed


def test_what_was_only_looked_at_anew_has_nothing_after_it_done_again() -> None:
    found, key, after = record("before: inventory stage", "before/stage"), "0/before/0/inventory", "0/before/1/stage"
    why = operation_record.need(found, key, "r2", lambda _item: "")
    operation_record.begun(found, key, "r2", 2.0, why.reason, why.looked)
    operation_record.finished(found, key, [], 3.0)
    assert not operation_record.need(found, after, "r2", lambda _item: "").needed
    found["steps"][key]["looked"] = False
    assert operation_record.need(found, after, "r2", lambda _item: "").reason == operation_record.CHAIN.sentence


SERVED = "before: preflight stage; walk: backup_live prove stop; together: activate restart"


@pytest.mark.parametrize(
    ("until", "needed"),
    [
        ("walk/prove", True),  # both, for what clients have written since
        ("together/activate", False),  # the new release has come
        ("walk/stop", False),  # the node is down, and nobody has written since
    ],
)
def test_a_backup_of_a_node_that_served_is_taken_and_proved_again_by_each_run(until: str, needed: bool) -> None:
    found, backup, proof = record(SERVED, until), "0/walk/0/backup_live", "0/walk/1/prove"
    why = operation_record.need(found, backup, "r2", lambda _item: "")
    assert (why.needed, why.looked) == (needed, False)
    if needed:
        operation_record.begun(found, backup, "r2", 2.0, why.reason, why.looked)
        operation_record.finished(found, backup, [], 3.0)
    assert operation_record.need(found, proof, "r2", lambda _item: "").needed is needed


def test_a_hop_is_past_when_the_next_has_begun() -> None:
    """What its steps left may be gone by then: nothing of it is done again, and what it never did is not begun."""
    found = record(DUMPED, "after/unpause")
    found["plan"]["hops"].append(
        {"passes": {"before": {"waves": [["a1"]], "steps": [{"key": "1/before/0/preflight"}]}}}
    )
    found["steps"]["1/before/0/preflight"] = {"state": "done", "run": "r1", "evidence": []}
    found["steps"]["0/together/2/stop"]["evidence"] = [{"slot": "service"}]
    assert not operation_record.need(found, "0/together/2/stop", "r2", lambda _item: "It runs.").needed
    del found["steps"]["0/together/6/restore"]
    with pytest.raises(UpliftError, match="clients may have written"):
        operation_record.need(found, "0/together/6/restore", "r2", lambda _item: "")


def test_undone_counts_as_not_done() -> None:
    found = record(WALK, "walk/backup")
    operation_record.undone(found, 0, "r1", 2.0)
    assert operation_steps.begun(found, 0) == ["0/before/0/preflight", "0/before/1/stage", "0/before/2/inventory"]
    assert (
        operation_record.need(found, "0/walk/2/backup", "r2", lambda _item: "").reason
        == "A run that failed has undone it."
    )
    assert "0/walk/2/backup" in operation_steps.missing(found, "a1")


def test_what_a_hop_is_made_of_and_what_of_it_was_done() -> None:
    found = record(DUMPED, "together/undeploy", "running")
    found["steps"]["0/together/4/undeploy"]["evidence"] = [{"inode": 77}]
    found["steps"]["0/together/2/stop"]["state"] = "undone"
    found["plan"]["hops"][0]["strategy"] = "all_at_once"
    did = operation_steps.did(found, 0)
    assert did["strategies"] == ["all_at_once"] and not did["walks"]
    assert did["planned"][:2] == ["preflight", "stage"] and "resume" in did["planned"]
    assert did["begun"]["undeploy"] == [{"inode": 77}]
    assert "stop" not in did["begun"] and "redeploy" not in did["begun"], "undone, and not reached"
    assert operation_steps.did({"plan": found["plan"]})["begun"] == {}, "a plan has done nothing"


def test_whether_others_serve_and_which_hop_is_asked_for() -> None:
    plan = {
        "hops": [
            {**hop, "strategy": "s"} for way in (WALK, MIGRATION) for hop in record(way, "after/verify")["plan"]["hops"]
        ]
    }
    assert [operation_steps.did({"plan": plan}, number)["walks"] for number in (0, 1)] == [True, False]
    assert operation_steps.did({"plan": plan})["walks"] and "migrate" in operation_steps.did({"plan": plan})["planned"]
    assert "migrate" not in operation_steps.did({"plan": plan}, 0)["planned"]
    assert operation_steps.did({"plan": {"hops": []}}) == {"strategies": [], "walks": False, "planned": [], "begun": {}}


def test_the_last_step_is_the_one_that_was_begun_last() -> None:
    found = record(WALK, "walk/backup")
    assert operation_steps.last({}) == operation_steps.last({"steps": {}}) == ""
    found["steps"]["0/walk/1/stop"]["started"] = 9.0
    assert operation_steps.last(found) == "0/walk/1/stop"
