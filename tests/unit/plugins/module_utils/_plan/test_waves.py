# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No wave takes more copies of an object than the cluster can miss, wherever the layout may have put them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api, planner
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Cluster, Node, Plan, Request
from hypothesis import given
from hypothesis import strategies as st


def nodes(zones: str, version: str = "0.9.0") -> list[Node]:
    """One node for each letter; a capital is a gateway in the zone of that letter, a dash a node without a zone."""
    return [
        Node(
            f"{zone}{number}",
            f"id-{zone}{number}",
            zone.lower().strip("-"),
            core_version.parse(version),
            not zone.isupper(),
        )
        for number, zone in enumerate(zones, 1)
    ]


def plan(zones: str, redundancy: str, **wishes: Any) -> Any:
    found = nodes(zones)
    wishes = {"target": "0.9.4", "strategy": "rolling", **wishes}
    replication = wishes.pop("replication", "3")
    return planner.plan(GARAGE, found, Cluster([n.id for n in found], replication, redundancy), Request(**wishes))


def walk(made: Plan) -> list[list[str]]:
    return next([list(wave) for wave in one.waves] for one in made.hops[0].passes if one.name == "walk")


BY_ZONE = [["a1", "a2"], ["b3", "b4"], ["c5", "c6"]]
BY_NODE = [["a1"], ["a2"], ["b3"], ["b4"], ["c5"], ["c6"]]


@pytest.mark.parametrize(
    ("zones", "redundancy", "expected"),
    [
        ("aabbcc", "", BY_ZONE),
        ("aabbcc", "maximum", BY_ZONE),
        ("aabbcc", "3", BY_ZONE),
        ("aabbcc", "2", BY_NODE),
        ("aabbcc", "1", BY_NODE),
        ("aabbcc", "a word of a later release", BY_NODE),
        ("abc", "2", [["a1"], ["b2"], ["c3"]]),
        ("aabbC", "maximum", [["a1"], ["a2"], ["b3"], ["b4"], ["C5"]]),
        ("aabbccDD", "maximum", [*BY_ZONE, ["D7", "D8"]]),
        ("aabb--", "maximum", [["-5"], ["-6"], ["a1"], ["a2"], ["b3"], ["b4"]]),
    ],
)
def test_a_wave_is_a_zone_only_where_a_zone_holds_one_copy(
    zones: str, redundancy: str, expected: list[list[str]]
) -> None:
    """`garage layout config -r 2` lets two of three copies lie in one zone; a zone of gateways holds none."""
    assert walk(plan(zones, redundancy)) == expected


@pytest.mark.parametrize(
    ("zones", "redundancy", "said"),
    [
        ("aabbcc", "2", "zone redundancy 2 the cluster cannot serve without a1, a2: up to 2 copies"),
        ("aaabbbccc", "1", "zone redundancy 1 the cluster cannot serve without a1, a2, a3: up to 3 copies"),
        ("aabbC", "maximum", "zone redundancy maximum the cluster cannot serve without a1, a2: up to 2 copies"),
    ],
)
def test_a_zone_that_may_hold_two_copies_is_refused_as_a_wave(zones: str, redundancy: str, said: str) -> None:
    (refusal,) = plan(zones, redundancy, wave="zone")
    assert refusal.key == "wave_interrupts" and said in refusal.sentence
    assert isinstance(plan(zones, redundancy, wave="zone", accept=["wave_interrupts"]), Plan)


def test_the_plan_says_why_its_waves_are_nodes() -> None:
    (note,) = plan("aabbcc", "2").notes
    assert note.startswith("a wave is one node: the layout's zone redundancy is 2 (garage layout config -r)")
    assert plan("aabbcc", "2", wave="node").notes == () == plan("aabbcc", "maximum").notes
    assert plan("aabbcc", "2", strategy="all_at_once").notes == () == plan("aabb", "2").notes


@pytest.mark.parametrize(
    ("zones", "redundancy", "expected"),
    [
        ("abbcc", "maximum", [["a1"]]),
        ("abbcc", "2", [["a1"], ["b2"], ["b3"], ["c4"], ["c5"]]),
        ("aabbC", "maximum", [["a1"], ["a2"], ["b3"], ["b4"], ["C5"]]),
        ("aabbccD", "maximum", [["a1"], ["a2"]]),
    ],
)
def test_one_zone_is_emptied_only_where_it_holds_a_copy_of_everything(
    zones: str, redundancy: str, expected: list[list[str]]
) -> None:
    found = nodes(zones, "0.9.4")
    cluster = Cluster([node.id for node in found], "3", redundancy)
    made = planner.plan(GARAGE, found, cluster, Request("1.3.0", created_with="0.5"))
    assert isinstance(made, Plan) and walk(made) == expected


def placements(found: list[Node], copies: int, redundancy: str) -> Iterator[set[str]]:
    """Every place that the layout may have given the copies of one object."""
    storing = [node for node in found if node.stores]
    most = min(copies, len({node.zone for node in storing}))
    expected = most if redundancy == "maximum" else min(most, int(redundancy))
    for held in combinations(storing, copies):
        if len({node.zone for node in held}) >= expected:
            yield {node.name for node in held}


@given(
    zones=st.text("abcdABC", min_size=1, max_size=9),
    replication=st.sampled_from(["1", "2", "3", "3-degraded"]),
    redundancy=st.sampled_from(["maximum", "1", "2", "3"]),
    wave=st.sampled_from(["", "node", "zone"]),
)
def test_no_wave_takes_more_copies_than_the_quorum_allows(
    zones: str, replication: str, redundancy: str, wave: str
) -> None:
    made = plan(zones, redundancy, replication=replication, wave=wave)
    copies, needed = GARAGE.quorums[replication]
    if not isinstance(made, Plan):
        assert [refusal.key for refusal in made] == ["wave_interrupts"]
        return
    for taken in walk(made):
        for held in placements(nodes(zones), copies, redundancy):
            assert len(held - set(taken)) >= needed, f"{held} lose too many with {taken}"


def test_the_module_takes_what_the_role_found() -> None:
    found = [
        {"name": node.name, "id": node.id, "zone": node.zone, "version": "0.9.0", "stores": node.stores}
        for node in nodes("aabbC")
    ]
    params = {
        "product": "garage", "nodes": found, "members": [one["id"] for one in found], "replication": "3",
        "zone_redundancy": "2", "target": "0.9.4", "strategy": "rolling", "wave": "zone", "accept": [],
        "stop_after": "", "via": [], "forks": 0, "created_with": "", "wants": [], "records": {}, "back": False,
        "confirm": [],
    }  # fmt: skip
    assert [refusal["key"] for refusal in api.answer(params)["refusals"]] == ["wave_interrupts"]
    assert not api.answer({**params, "wave": ""})["refusals"]
