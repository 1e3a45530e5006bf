# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rollback over a hop: what it needs, what it refuses, and what it says is lost."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import PACHYDERM
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api, planner, rollback, serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Cluster, Node, Plan, Request

HOSTS = ("a1", "b1", "c1")


def record(until: str, state: str = "open", target: str = "1.3.0", **more: Any) -> dict[str, Any]:
    """The record of 0.8.7 -> target after the step whose key ends so; the last step is still running."""
    found = [Node(host, host, host[0], version.parse("0.8.7")) for host in HOSTS]
    made = planner.plan(GARAGE, found, Cluster(HOSTS, "3"), Request(target))
    assert isinstance(made, Plan)
    plan = serialise.to_dict(made)
    keys = serialise.keys(plan)
    last = next(
        number
        for number, key in enumerate(keys)
        if key.startswith(until.rpartition(" ")[0]) and key.endswith(until.rpartition(" ")[2])
    )
    steps = {
        key: {"state": "done", "run": "r", "started": 1.0, "finished": 2.0, "evidence": []} for key in keys[: last + 1]
    }
    if state == "open":
        steps[keys[last]]["state"] = "running"
    return {"id": "op-1", "who": "root@host", "state": state, "plan": {**plan, **more}, "steps": steps, "saved": {}}


def left(step: str, found: dict[str, Any], state: str = "done") -> dict[str, Any]:
    """The record with one piece of evidence, and another state, at the step of the hop that is named so."""
    hop, verb = step.split()
    key = next(key for key in found["steps"] if key.startswith(hop) and key.endswith(f"/{verb}"))
    found["steps"][key].update(evidence=[{"slot": verb}], state=state)
    return found


def ask(records: dict[str, Any], confirm: bool = True, seen: Any = None, members: Any = HOSTS) -> Any:
    return rollback.plan(GARAGE, records, seen or {}, Cluster(members, "3"), confirm)


@pytest.mark.parametrize(
    ("until", "state", "over", "verbs"),
    [
        ("0/ verify", "finished", ("0.9.4", "0.8.7"), ["stop", "restore", "activate", "start", "connect"]),
        ("0/ contents", "open", ("0.9.4", "0.8.7"), ["stop", "restore", "activate", "start", "connect"]),
        ("0/ restart", "open", ("0.9.4", "0.8.7"), ["stop", "restore", "activate", "start", "connect"]),
        ("0/ prove", "open", ("0.9.4", "0.8.7"), ["start", "connect"]),  # after the walk: the old release serves
        ("0/ backup", "open", ("0.9.4", "0.8.7"), ["start", "connect"]),
        ("0/ drain", "open", ("0.9.4", "0.8.7"), ["start", "connect"]),
        ("1/ drain", "open", ("0.9.4", "0.8.7"), ["stop", "restore", "activate", "start", "connect"]),
        ("1/ stop", "open", ("1.3.0", "0.9.4"), ["start", "connect"]),
        ("1/ activate", "open", ("1.3.0", "0.9.4"), ["stop", "restore", "activate", "start", "connect"]),
    ],
)
def test_way_back_is_over_the_last_hop_that_stopped_anything(
    until: str, state: str, over: tuple[str, str], verbs: list[str]
) -> None:
    """trap G04: the old release gets the old metadata back, unless the new one never ran."""
    made = ask({host: record(until, state) for host in HOSTS})
    assert isinstance(made, Plan), made
    (hop,) = made.hops
    assert (str(hop.source), str(hop.target)) == over and made.undoes == "op-1"
    assert made.undoes_hop == ("0.8.7", "0.9.4").index(over[1])
    together = next(one for one in hop.passes if one.name == "together")
    assert [verb for verb, _scope in together.steps] == verbs and together.waves == (HOSTS,)
    assert ("restore" in verbs) is ("lost" in together.interrupts) is bool(hop.irreversible)


def test_it_wants_the_loss_confirmed_and_says_what_is_lost() -> None:
    (refusal,) = ask({host: record("0/ verify", "finished") for host in HOSTS}, confirm=False)
    assert refusal.key == "unconfirmed" and "that was written since 1970-01-01 00:00 UTC is lost" in refusal.sentence
    assert "garage_confirm: [rollback]" in refusal.sentence


def served(until: str, state: str = "open") -> dict[str, Any]:
    """The record of 1.3.0 -> 2.1.0 whose backups were taken while the nodes served, up to the first step named so."""
    found = [Node(host, host, host[0], version.parse("1.3.0")) for host in HOSTS]
    made = planner.plan(GARAGE, found, Cluster(HOSTS, "3"), Request("2.1.0", wants=("backup_live",)))
    assert isinstance(made, Plan)
    plan = serialise.to_dict(made)
    keys = serialise.keys(plan)
    last = next(place for place, key in enumerate(keys) if key.endswith(f"/{until}"))
    done = {"state": "done", "run": "r", "started": 1.0, "finished": 86400.0, "evidence": []}
    steps = {key: dict(done) for key in keys[: last + 1]}
    steps[keys[last]]["state"] = "running" if state == "open" else "done"
    return {"id": "op-1", "who": "root@host", "state": state, "plan": plan, "steps": steps, "saved": {}}


@pytest.mark.parametrize(
    ("until", "verbs"),
    [
        ("backup_live", ["start", "connect"]),
        ("prove", ["start", "connect"]),
        ("restart", ["stop", "restore", "activate", "start", "connect"]),
    ],
)
def test_a_backup_of_a_node_that_served_is_gone_back_to_as_any_other(until: str, verbs: list[str]) -> None:
    made = ask({host: served(until) for host in HOSTS})
    assert isinstance(made, Plan), made
    together = next(one for one in made.hops[0].passes if one.name == "together")
    assert [verb for verb, _scope in together.steps] == verbs


def test_what_is_lost_is_lost_from_the_beginning_of_the_backup_on() -> None:
    """The snapshot is of that moment; to archive and note it may take a day."""
    (refusal,) = ask({host: served("verify", "finished") for host in HOSTS}, confirm=False)
    assert refusal.key == "unconfirmed" and "written since 1970-01-01 00:00 UTC is lost" in refusal.sentence


def test_without_such_a_backup_nobody_goes_back_to_it() -> None:
    records = {"a1": served("restart"), "b1": served("restart"), "c1": served("backup_live")}
    (refusal,) = ask(records)
    assert refusal.key == "no_backup" and refusal.sentence.startswith("c1 finished no backup")


def test_it_refuses_where_a_node_has_no_backup_and_another_went_on() -> None:
    (refusal,) = ask({"a1": record("0/ activate"), "b1": record("0/ activate"), "c1": record("0/ stop")})
    assert refusal.key == "no_backup" and refusal.sentence.startswith("c1 finished no backup")


def patched(a1: str, b1: str = "0/ inventory") -> dict[str, Any]:
    """A rolling patch: a1 as far as this, b1 as far as that, c1 not reached."""
    found = [Node(host, host, host[0], version.parse("0.8.0")) for host in HOSTS]
    made = planner.plan(GARAGE, found, Cluster(HOSTS, "3"), Request("0.8.7"))
    assert isinstance(made, Plan) and made.hops[0].strategy == "rolling"
    plan = serialise.to_dict(made)
    keys = serialise.keys(plan)
    out = {}
    for host, until in {"a1": a1, "b1": b1, "c1": "0/ inventory"}.items():
        last = next(place for place, key in enumerate(keys) if key.endswith(until.split("/ ")[1]))
        steps = {key: {"state": "done", "run": "r", "started": 1.0, "finished": 2.0, "evidence": []} for key in keys}
        steps = {key: steps[key] for key in keys[: last + 1]}
        out[host] = {"id": "op-1", "who": "root@host", "state": "open", "plan": plan, "steps": steps, "saved": {}}
    return out


@pytest.mark.parametrize(
    ("a1", "b1", "names"),
    [
        ("0/ activate", "0/ inventory", ("a1",)),
        ("0/ healthy", "0/ activate", ("a1", "b1")),
        ("0/ healthy", "0/ stop", ("a1", "b1")),  # b1 was stopped and nobody has started it
    ],
)
def test_a_patch_that_stopped_on_its_way_is_gone_back_from_at_the_switched_nodes_alone(
    a1: str, b1: str, names: Any
) -> None:
    """The others have no backup and need none: the releases share protocol and data. Nothing is lost."""
    made = ask(patched(a1, b1), confirm=False)
    assert isinstance(made, Plan), made
    assert [one.waves for one in made.hops[0].passes] == [(names,), (names,)] and made.hops[0].irreversible == ""
    assert [verb for verb, _scope in made.hops[0].passes[0].steps] == ["stop", "activate", "start", "connect"]


def test_it_refuses_what_the_record_does_not_tell_of() -> None:
    """A later hop made by hand, --limit, a node that joined, a backup that is another file."""
    done = {host: record("0/ verify", "finished") for host in HOSTS}
    cases: list[tuple[Any, str, str]] = [
        (
            ask(done, seen={"a1": "1.3.0"}),
            "other_release",
            "a1 runs 1.3.0; the operation op-1 went from 0.8.7 to 0.9.4",
        ),
        (ask({"a1": done["a1"], "b1": done["b1"]}), "nodes_missing", "c1 not in the play"),
        (ask(done, members=(*HOSTS, "d1")), "nodes_missing", "1 of the cluster's nodes not in the play"),
        (ask({**done, "d1": {}}), "members_changed", "d1 is in the play and was not in the operation"),
        (
            ask({**done, "b1": {**done["b1"], "lost": ["/b is gone."]}}),
            "backup_changed",
            "b1: /b is gone. Put back the files",
        ),
    ]
    for found, key, sentence in cases:
        assert not isinstance(found, Plan)
        assert [refusal.key for refusal in found] == [key] and sentence in found[0].sentence
    assert isinstance(ask(done, seen={"a1": "0.9.4", "b1": "0.8.7", "c1": ""}), Plan)


@pytest.mark.parametrize(
    ("platform", "state", "keys"),
    [("kubernetes", "done", ["by_hand"]), ("kubernetes", "running", []), ("systemd", "done", [])],
)
def test_what_only_a_person_can_put_back_is_said_before_anything_is_begun(platform: str, state: str, keys: Any) -> None:
    """Fresh metadata on Kubernetes mean fresh volumes. One that died inside the step is asked whether they are gone."""
    node = Node("c", "control", "", version.parse("1.9.12"))
    made = planner.plan(PACHYDERM, [node], Cluster(["control"], platform), Request("1.13.4", "all_at_once"))
    assert isinstance(made, Plan)
    plan = serialise.to_dict(made)
    order = serialise.keys(plan)
    last = next(place for place, key in enumerate(order) if key.endswith("/undeploy"))
    done = {"state": "done", "run": "r", "started": 1.0, "finished": 2.0, "evidence": []}
    steps = {key: {**done, "state": state if key == order[last] else "done"} for key in order[: last + 1]}
    one = {"c": {"id": "op-1", "who": "u@h", "state": "open", "plan": plan, "steps": steps, "saved": {}}}
    found = rollback.plan(PACHYDERM, one, {}, Cluster(["control"], platform), True)
    assert ([] if isinstance(found, Plan) else [refusal.key for refusal in found]) == keys


@pytest.mark.parametrize(
    ("records", "key"),
    [
        ({"a1": {}, "b1": record("0/ verify")}, "nothing_to_undo"),
        ({"a1": record("0/ verify"), "b1": {**record("0/ verify"), "id": "op-2"}}, "records_differ"),
        ({"a1": record("0/ verify", "abandoned")}, "nothing_to_undo"),
        ({"a1": record("0/ verify", "finished", undoes="op-0")}, "nothing_to_undo"),
        ({"a1": record("0/ verify"), "b1": {**record("0/ verify"), "forgotten": 1795230900.0}}, "nothing_to_undo"),
    ],
)
def test_it_refuses_what_it_cannot_know(records: dict[str, Any], key: str) -> None:
    assert [refusal.key for refusal in ask(records)] == [key]


def test_what_it_needs_may_have_been_removed() -> None:
    (refusal,) = ask({"a1": {**record("0/ verify", "finished"), "forgotten": 1795230900.0}})
    assert refusal.sentence == (
        "What going back from the operation op-1 needs was removed by garage_cleanup on 2026-11-21, with"
        " garage_confirm: [forget_rollback]; it cannot be gone back from any more."
    )


def test_a_way_back_that_was_begun_is_gone_on_with() -> None:
    made = serialise.to_dict(ask({host: record("0/ verify", "finished") for host in HOSTS}))
    begun = {"id": "op-2", "state": "open", "plan": made, "steps": {}, "who": "root@host"}
    params = {
        "product": "garage",
        "target": "",
        "strategy": "",
        "wave": "",
        "accept": [],
        "stop_after": "",
        "back": True,
    }
    found = api.answer(
        {
            **params,
            "confirm": [],
            "nodes": [],
            "members": [],
            "replication": "3",
            "forks": 0,
            "records": {"a1": begun, "b1": record("0/ verify", "abandoned")},
        }
    )
    assert (found["resumed"], found["plan"]["undoes"]) == ("op-2", "op-1")


FORWARD = {
    "product": "garage", "target": "1.3.0", "strategy": "", "wave": "", "accept": [], "stop_after": "",
    "back": False, "confirm": [], "via": [], "forks": 5, "created_with": "", "wants": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("records", "hops"),
    [
        ({host: record("1/ drain") for host in HOSTS}, {1}),
        ({host: record("0/ verify") for host in HOSTS}, {0, 1}),
        # One node is not known to have ended the first hop, or remembers another operation, or nothing.
        ({**{host: record("1/ drain") for host in HOSTS}, "c1": record("0/ verify")}, {0, 1}),
        ({**{host: record("1/ drain") for host in HOSTS}, "c1": {}}, {0, 1}),
        ({**{h: record("1/ drain") for h in HOSTS}, "c1": {**record("1/ drain", "finished"), "id": "op-0"}}, {0, 1}),
        # What a step of a hop left is not asked for once the node has begun the next: nothing of it is done again.
        ({**{h: record("1/ drain") for h in HOSTS}, "c1": left("0/ backup", record("1/ drain"))}, {1}),
        ({**{h: record("1/ drain") for h in HOSTS}, "c1": left("0/ stage", record("1/ drain"))}, {1}),
        ({h: left("0/ backup", record("1/ backup")) for h in HOSTS}, {1}),
        # A step of the first hop whose end nobody has seen.
        ({**{h: record("1/ drain") for h in HOSTS}, "c1": left("0/ verify", record("1/ drain"), "running")}, {0, 1}),
    ],
)
def test_a_resumed_operation_orders_no_hop_that_all_nodes_have_behind_them(
    records: dict[str, Any], hops: set[int]
) -> None:
    found = api.answer({**FORWARD, "records": records})
    assert found["resumed"] == "op-1"
    assert {number for number, _name, _node in found["order"]} == hops
    assert {node for _number, _name, node in found["order"]} == set(HOSTS)
