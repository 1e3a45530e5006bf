# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was planned before is held against who is in the play now: --limit, job slices, fewer forks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api

NODES = [
    {"name": f"{zone}{number}", "id": f"id-{zone}{number}", "zone": zone, "version": "0.7.0"}
    for zone in "abc"
    for number in (1, 2)
]
NAMES = [str(node["name"]) for node in NODES]
ASKED: dict[str, Any] = {
    "product": "garage",
    "target": "0.8.7",
    "strategy": "",
    "wave": "",
    "accept": [],
    "stop_after": "",
    "back": False,
    "confirm": [],
    "via": [],
    "forks": 6,
    "created_with": "",
    "wants": [],
    "nodes": NODES,
    "members": [str(node["id"]) for node in NODES],
    "replication": "3",
    "records": {},
}
PLAN = api.answer(ASKED)["plan"]


def remembered(names: list[str], **plan: Any) -> dict[str, Any]:
    record = {"id": "op-1", "state": "open", "who": "anna@ctl", "opened": 0.0, "saved": {}, "steps": {}}
    return {name: {**record, "plan": {**PLAN, **plan}} for name in names}


def asked(names: list[str], members: list[str] | None = None, ids: bool = True, **other: Any) -> list[tuple[str, str]]:
    nodes = [{**node, "id": node["id"] if ids else ""} for node in NODES if node["name"] in names]
    expected = {**ASKED, "nodes": nodes, "records": remembered(names), **other}
    found = api.answer({**expected, "members": ASKED["members"] if members is None else members})
    assert bool(found["refusals"]) != bool(found["plan"]["hops"])
    return [(refusal["key"], refusal["sentence"]) for refusal in found["refusals"]]


def test_the_whole_operation_goes_on() -> None:
    assert asked(NAMES) == []


@pytest.mark.parametrize("members", [None, []])
def test_a_limited_play_does_not_go_on(members: list[str] | None) -> None:
    """Whatever the cluster can tell while its services are down."""
    ((key, sentence),) = asked(NAMES[:4], members)
    assert key == "nodes_missing" and "6 nodes, and c1, c2 are not in this play. Run without --limit" in sentence


def test_a_node_that_the_operation_does_not_know_waits_for_its_end() -> None:
    ((key, sentence),) = asked(NAMES, records=remembered([*NAMES, "d1"]))
    assert key == "not_a_member" and "d1 are in the play but not in the operation op-1" in sentence


def test_fewer_forks_on_resume_are_refused_as_in_the_beginning() -> None:
    ((key, sentence),) = asked(NAMES, forks=5)
    assert key == "few_forks" and "Run it with --forks 6" in sentence


BACK = {"back": True, "records": remembered(NAMES, undoes="op-0")}


def test_a_way_back_that_was_begun_wants_the_forks_and_every_member() -> None:
    agreed = any(
        step["verb"] == "restart" for hop in PLAN["hops"] for one in hop["passes"].values() for step in one["steps"]
    )
    assert agreed and asked(NAMES, **BACK) == []
    assert [key for key, _sentence in asked(NAMES, forks=5, **BACK)] == ["few_forks"]
    assert [key for key, _sentence in asked(NAMES[:5], **BACK)] == ["nodes_missing"]


def test_a_cluster_whose_nodes_cannot_say_who_they_are_is_gone_back_all_the_same() -> None:
    assert asked(NAMES[:5], ids=False, **BACK) == []
