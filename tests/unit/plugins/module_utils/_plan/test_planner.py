# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._plan import planner, resume, serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    HOPS,
    PASSES,
    Catalogue,
    Cluster,
    Hop,
    Node,
    Plan,
    Refusal,
    Request,
    Series,
    Shape,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of
from hypothesis import given
from hypothesis import strategies as st


def nodes(zones: str, version: str = "0.7.0") -> list[Node]:
    """One node for each letter; the letter is its zone: "aab" is two nodes in zone a, one in zone b."""
    return [
        Node(f"{zone}{number}", f"id-{zone}{number}", zone, core_version.parse(version))
        for number, zone in enumerate(zones, 1)
    ]


def plan(found: list[Node], target: str = "0.8.7", replication: str = "3", **request: Any) -> Any:
    return planner.plan(GARAGE, found, Cluster([n.id for n in found], replication), Request(target, **request))


def shaped(made: Plan) -> dict[str, list[str]]:
    return {one.name: [verb for verb, _scope in one.steps] for one in made.hops[0].passes}


def test_rolling_is_the_makers_minimal_downtime_procedure() -> None:
    """Guide 001, second procedure, step by step; connect, healthy, prove and verify are ours."""
    made = plan(nodes("aabbcc"))
    assert made.hops[0].strategy == "rolling"
    assert shaped(made) == {
        "before": ["preflight", "stage", "inventory", "repair", "drain"],
        "walk": ["stop", "backup", "start", "connect", "healthy"],
        "together": ["prove", "activate", "restart", "connect", "healthy"],
        "walk_again": ["stop", "offline_repair", "start", "connect", "healthy"],
        "after": ["repair", "verify", "watch"],
    }


def test_all_at_once_is_the_makers_simple_procedure() -> None:
    """Guide 001, first procedure. Its step 10 lets clients in before we can read through S3 to compare."""
    made = plan(nodes("abc"), strategy="all_at_once")
    assert shaped(made) == {
        "before": ["preflight", "stage", "inventory", "quiesce", "connect", "repair", "drain"],
        "together": ["stop", "backup", "prove", "offline_repair", "activate", "start", "connect"],
        "after": ["healthy", "repair", "resume", "connect", "healthy", "verify", "watch"],
    }


@pytest.mark.parametrize("strategy", ["rolling", "all_at_once"])
def test_patch_backs_up_and_proves_before_it_switches(strategy: str) -> None:
    made = plan(nodes("abc", "0.8.0"), strategy=strategy)
    steps = sum(shaped(made).values(), [])
    assert steps.index("stop") < steps.index("backup") < steps.index("prove") < steps.index("activate")
    assert "offline_repair" not in steps


@pytest.mark.parametrize(
    ("zones", "replication", "request_", "walks"),
    [
        ("aabbcc", "3", {}, [["a1", "a2"], ["b3", "b4"], ["c5", "c6"]]),
        ("aabbcc", "3", {"wave": "node"}, [["a1"], ["a2"], ["b3"], ["b4"], ["c5"], ["c6"]]),
        ("aabb", "3", {}, [["a1"], ["a2"], ["b3"], ["b4"]]),
        ("cab", "3", {}, [["a2"], ["b3"], ["c1"]]),
        ("aabbcc", "3-degraded", {}, [["a1", "a2"], ["b3", "b4"], ["c5", "c6"]]),
        ("ab", "2", {"accept": ["wave_interrupts"], "strategy": "rolling"}, [["a1"], ["b2"]]),
    ],
)
def test_waves(zones: str, replication: str, request_: dict[str, Any], walks: list[list[str]]) -> None:
    made = plan(nodes(zones), replication=replication, **request_)
    by_name = {one.name: [list(wave) for wave in one.waves] for one in made.hops[0].passes}
    assert by_name["walk"] == by_name["walk_again"] == walks
    assert len(by_name["together"]) == 1


@pytest.mark.parametrize("replication", ["1", "none", "2", "2-dangerous", "", "seven"])
def test_without_a_copy_to_spare_the_least_interrupting_way_is_all_at_once(replication: str) -> None:
    assert plan(nodes("abc"), replication=replication).hops[0].strategy == "all_at_once"


@pytest.mark.parametrize("path", [("0.7.0", "0.7.0"), ("0.8.7", "0.8.7")])
def test_nothing_to_do(path: tuple[str, str]) -> None:
    assert plan(nodes("abc", path[0]), path[1]).hops == ()


def test_newer_patch_of_a_known_series_is_a_note() -> None:
    made = plan(nodes("abc"), "0.8.9")
    assert "0.8.9 is newer than 0.8.7" in made.notes[0]


REFUSALS = [
    ("abc", "0.4.0", {"target": "0.8.7"}, "no_automatic_way", "make a new cluster and copy the objects"),
    ("abc", "2.1.0", {"target": "3.0.0"}, "unknown_version", "3.0.0 was asked for"),
    ("abc", "0.5.1", {"target": "0.6.0", "strategy": "rolling"}, "strategy_not_allowed", "allowed: all_at_once"),
    (
        "abc",
        "0.8.7",
        {"target": "0.9.4", "strategy": "rolling", "wants": ["convert"]},
        "strategy_not_allowed",
        "from 0.8.7 to 0.9.4 with convert; allowed: all_at_once",
    ),
    ("abc", "0.8.7", {"target": "0.7.0"}, "downgrade", "0.8.7 runs and 0.7.0 is older"),
    ("abc", "0.8.7", {"target": "0.8.0"}, "downgrade", "restore of the backups"),
    ("abc", "0.7.0", {"target": "7.0.0"}, "unknown_version", "7.0.0 was asked for"),
    ("abc", "0.3.0", {"target": "0.8.7"}, "unknown_version", "0.3.0 runs"),
    ("abc", "0.7.0", {"target": "latest"}, "bad_version", "'latest' is not a release number"),
    ("abc", "0.7.0", {"target": ""}, "bad_version", "'' is not a release number"),
    ("abc", "0.7.0", {"target": "0.8.7", "strategy": "canary"}, "strategy_not_allowed", "rolling, all_at_once"),
    ("abc", "0.7.0", {"target": "0.8.7", "stop_after": "0.9"}, "no_such_stop", "it stops at 0.8.7"),
    ("abc", "0.7.0", {"target": "0.8.7", "wave": "rack"}, "unknown_wave", "expected one of node, zone"),
    ("aabbcc", "0.7.0", {"target": "0.8.7", "strategy": "rolling", "replication": "2"}, "wave_interrupts", "accept"),
    ("aab", "0.7.0", {"target": "0.8.7", "strategy": "rolling", "wave": "zone"}, "wave_interrupts", "without a1, a2"),
    ("aabbcc", "0.7.0", {"target": "0.8.7", "forks": 5}, "few_forks", "6 nodes switch at one moment"),
]


IDS = [f"{row[3]}-{row[1]}" for row in REFUSALS]


@pytest.mark.parametrize(("zones", "version", "request_", "key", "says"), REFUSALS, ids=IDS)
def test_refusals(zones: str, version: str, request_: dict[str, Any], key: str, says: str) -> None:
    refusals = plan(nodes(zones, version), **request_)
    assert [refusal.key for refusal in refusals] == [key]
    assert says in refusals[0].sentence


@pytest.mark.parametrize("request_", [{"forks": 6}, {"forks": 0}, {"forks": 1, "strategy": "all_at_once"}])
def test_forks_matter_where_a_moment_is_agreed_on_only(request_: dict[str, Any]) -> None:
    assert plan(nodes("aabbcc", "0.7.0"), **request_).hops


def test_mixed_versions_name_every_node() -> None:
    found = nodes("ab") + [Node("c3", "id-c3", "c", core_version.parse("0.8.7"))]
    (refusal,) = plan(found)
    assert refusal.key == "mixed_versions"
    assert "a1 runs 0.7.0, b2 runs 0.7.0, c3 runs 0.8.7" in refusal.sentence


def test_limit_slices_and_stale_inventories_show_as_missing_or_strange_members() -> None:
    found = nodes("abc")
    cluster = Cluster(["id-a1", "id-b2", "id-gone"], "3")
    refusals = planner.plan(GARAGE, found, cluster, Request("0.8.7"))
    assert [(r.key, "id-gone" in r.sentence or "c3" in r.sentence) for r in refusals] == [
        ("nodes_missing", True),
        ("not_a_member", True),
    ]


def test_two_names_of_one_node_are_refused() -> None:
    """Each would be a wave of its own, and believe that the other serves meanwhile."""
    found = [*nodes("abc"), Node("twin", "id-a1", "a", core_version.parse("0.7.0"))]
    (refusal,) = planner.plan(GARAGE, found, Cluster(["id-a1", "id-b2", "id-c3"], "3"), Request("0.8.7"))
    assert refusal.key == "node_twice" and refusal.sentence.startswith("a1 and twin are one node, id-a1;")


def test_all_refusals_come_at_once() -> None:
    found = nodes("ab", "0.4.0")
    refusals = planner.plan(GARAGE, found, Cluster(["id-a1", "id-b2", "id-c3"], "3"), Request("0.8.7", wave="rack"))
    assert [refusal.key for refusal in refusals] == ["unknown_wave", "nodes_missing", "no_automatic_way"]


clusters = st.lists(st.sampled_from("abcde"), min_size=1, max_size=9).map("".join)


replications = st.sampled_from(["1", "2", "3", "3-degraded"])


@given(zones=clusters, replication=replications, wave=st.sampled_from(["", "zone", "node"]))
def test_every_plan_keeps_the_rules(zones: str, replication: str, wave: str) -> None:
    found = nodes(zones)
    made = plan(found, replication=replication, wave=wave)
    assert isinstance(made, Plan), made
    names = sorted(node.name for node in found)
    for one in made.hops[0].passes:
        assert sorted(name for taken in one.waves for name in taken) == names, "every node once a pass"
        assert all(all_of(GARAGE)[verb].scope == scope for verb, scope in one.steps)
        for taken in one.waves:
            if len(one.waves) > 1:
                zones_taken = {node.zone for node in found if node.name in taken}
                assert len(zones_taken) == 1, "no wave mixes zones"
    assert [one.name for one in made.hops[0].passes] == [n for n in PASSES if n in shaped(made)]
    keys = serialise.keys(serialise.to_dict(made))
    assert len(keys) == len(set(keys))


@given(zones=clusters, replication=st.sampled_from(["1", "2", "3"]))
def test_rolling_never_takes_more_copies_than_the_cluster_can_miss(zones: str, replication: str) -> None:
    found = nodes(zones)
    made = plan(found, replication=replication, strategy="rolling")
    copies = int(replication)
    if isinstance(made, Plan):
        taken = next(one.waves for one in made.hops[0].passes if one.name == "walk")
        assert copies == 3
        distinct = len(set(zones))
        for wave in taken:
            lost = len({node.zone for node in found if node.name in wave}) if distinct >= 3 else len(wave)
            assert lost <= 1
    else:
        assert [refusal.key for refusal in made] == ["wave_interrupts"]


def test_tree_says_what_interrupts_and_what_cannot_be_undone() -> None:
    lines = serialise.tree(serialise.to_dict(plan(nodes("aabbcc"))))
    assert lines[0] == "garage 0.7.0 -> 0.8.7, rolling (Migrating from 0.7 to 0.8 (guide 001))"
    switch = "all nodes switch at one moment: no node answers for some seconds, however large the metadata are"
    assert f"  together   ! {switch}" in lines
    assert "    wave 2 of 3: b3 b4: stop, backup, start, connect, healthy" in lines
    assert "    wave 1 of 1: a1 a2 b3 b4 c5 c6: preflight, stage, inventory (at a1), repair, drain" in lines
    assert lines[-1].startswith("  no rollback except from the backup")


def way(source: str, target: str, **request: Any) -> list[tuple[str, str, str]]:
    made = plan(nodes("abc", source), target, **request)
    return [(str(hop.source), str(hop.target), hop.strategy) for hop in made.hops]


def test_the_whole_way_is_six_hops_each_by_its_own_strategy() -> None:
    """By way of the newest release of each series; the strategy of a hop is the least interrupting one it allows."""
    assert way("0.5.1", "2.1.0") == [
        ("0.5.1", "0.6.0", "all_at_once"),
        ("0.6.0", "0.7.0", "rolling"),
        ("0.7.0", "0.8.7", "rolling"),
        ("0.8.7", "0.9.4", "rolling"),
        ("0.9.4", "1.3.0", "all_at_once"),  # with what 0.5 wrote written anew
        ("1.3.0", "2.1.0", "rolling"),
    ]


@pytest.mark.parametrize(
    ("source", "target", "request_", "hops"),
    [
        ("0.9.0", "1.3.0", {}, [("0.9.0", "0.9.4", "rolling"), ("0.9.4", "1.3.0", "rolling")]),
        ("1.0.0", "1.3.0", {}, [("1.0.0", "1.3.0", "rolling")]),
        ("0.8.7", "2.1.0", {"stop_after": "0.9"}, [("0.8.7", "0.9.4", "rolling")]),
        ("0.8.7", "2.1.0", {"stop_after": "0.9.4"}, [("0.8.7", "0.9.4", "rolling")]),
        (
            "0.8.7",
            "2.1.0",
            {"stop_after": "2"},
            [("0.8.7", "0.9.4", "rolling"), ("0.9.4", "1.3.0", "rolling"), ("1.3.0", "2.1.0", "rolling")],
        ),
        # What a setting asks for decides on a hop that has it in one of its ways, and on no other.
        ("0.8.7", "0.9.4", {"wants": ["convert"]}, [("0.8.7", "0.9.4", "all_at_once")]),
        ("0.9.4", "1.3.0", {"wants": ["convert"]}, [("0.9.4", "1.3.0", "rolling")]),
        ("1.3.0", "2.1.0", {"wants": ["convert"]}, [("1.3.0", "2.1.0", "rolling")]),
    ],
)
def test_ways(source: str, target: str, request_: dict[str, Any], hops: list[tuple[str, str, str]]) -> None:
    assert way(source, target, **request_) == hops


def test_the_guide_from_five_to_six_line_by_line() -> None:
    """Guide 000; its numbers: 1 quiesce, 2 repair and drain, 4 stop, 5 backup, 6 start, 7 and 8 migrate, 9, 10, 11."""
    assert shaped(plan(nodes("abc", "0.5.1"), "0.6.0")) == {
        "before": ["preflight", "stage", "inventory", "quiesce", "connect", "repair", "drain"],
        "together": ["stop", "backup", "prove", "activate", "start", "connect", "healthy"],
        "after": ["migrate", "repair", "contents", "resume", "connect", "healthy", "verify", "watch"],
    }


SWITCHES = [("0.6.0", "0.7.0"), ("0.8.7", "0.9.4"), ("0.9.4", "1.3.0"), ("1.3.0", "2.1.0")]


@pytest.mark.parametrize(
    ("source", "target", "strategy"),
    [(*hop, way) for hop in SWITCHES for way in ("rolling", "all_at_once")],
)
def test_contents_are_compared_before_a_repair_may_delete_blocks(source: str, target: str, strategy: str) -> None:
    """trap G01: with an empty database `repair blocks` removes the data."""
    made = plan(nodes("abc", source), target, strategy=strategy)
    steps = [verb for one in made.hops[0].passes for verb, _scope in one.steps]
    switched, again = steps.index("activate"), "restart" if strategy == "rolling" else "start"
    assert switched < steps.index(again, switched) < steps.index("contents") < steps.index("repair", switched)
    assert steps.index("backup") < steps.index("prove") < switched


@pytest.mark.parametrize(("source", "target"), [*SWITCHES, ("0.7.0", "0.8.7")])
def test_a_rolling_switch_is_a_restart_of_all_with_nothing_before_it_that_takes_a_node_away(
    source: str, target: str
) -> None:
    """trap G03: old and new releases serve side by side at no moment that is planned. What grows with the metadata (the
    backup, its proof, a conversion, the look at a copy) is done while the others, or all, serve."""
    made = plan(nodes("aabbcc", source), target).hops[0]
    together = next(one for one in made.passes if one.name == "together")
    assert made.strategy == "rolling" and together.waves == (("a1", "a2", "b3", "b4", "c5", "c6"),)
    assert shaped(plan(nodes("aabbcc", source), target))["together"][:5] == [
        *("prove", "activate", "restart", "connect", "healthy"),
    ]
    walk = shaped(plan(nodes("aabbcc", source), target))["walk"]
    assert (walk[0], walk[-4:]) == ("stop", ["backup", "start", "connect", "healthy"])


LIVE = ["backup_live"]
STEPS = {
    ("1.3.0", "2.1.0", "rolling"): {"walk": ["backup_live", "prove"], "together": ["activate", "restart"]},
    ("1.3.0", "2.1.0", "all_at_once"): {"together": ["backup_live", "prove", "stop", "activate", "start"]},
    ("0.9.4", "0.9.5", "rolling"): {"walk": ["backup_live", "prove", "stop", "activate", "start"]},
    ("1.0.0", "1.3.0", "all_at_once"): {"together": ["backup_live", "prove", "stop", "activate", "start"]},
}


@pytest.mark.parametrize(("source", "target", "strategy"), STEPS)
def test_a_backup_of_a_node_that_serves_stops_nothing_but_for_the_switch(
    source: str, target: str, strategy: str
) -> None:
    made = plan(nodes("abc", source), target, strategy=strategy, wants=LIVE)
    steps = shaped(made)
    for name, row in STEPS[source, target, strategy].items():
        assert steps[name][: len(row)] == row
    assert "backup" not in str(steps).replace("backup_live", "") and "snapshot" not in steps["before"]
    assert not [note for note in made.notes if "garage_backup_method" in note]
    noticed = " ".join(one.interrupts for one in made.hops[0].passes)
    assert "going back loses what they write from the backup on" in noticed


@pytest.mark.parametrize(
    ("source", "target", "hops"),
    [
        ("0.9.3", "0.9.4", ["0.9.3 -> 0.9.4"]),  # too old to take one
        ("0.8.0", "0.8.7", ["0.8.0 -> 0.8.7"]),
        ("0.9.4", "2.1.0", ["0.9.4 -> 1.3.0"]),  # a conversion, and the look at a copy, want the node down
        ("0.7.0", "2.1.0", ["0.7.0 -> 0.8.7", "0.8.7 -> 0.9.4", "0.9.4 -> 1.3.0"]),
    ],
)
def test_a_hop_without_such_a_way_stops_the_nodes_and_the_plan_says_so(
    source: str, target: str, hops: list[str]
) -> None:
    made = plan(nodes("abc", source), target, wants=LIVE)
    said = [note.partition(": ")[0] for note in made.notes if "stopped for their backup all the same" in note]
    assert said == hops
    for hop in made.hops:
        steps = {name for one in hop.passes for name, _scope in one.steps}
        assert ("backup" in steps) == (f"{hop.source} -> {hop.target}" in hops) != ("backup_live" in steps)


def test_nobody_gets_it_without_asking() -> None:
    for hop in SWITCHES:
        assert "backup_live" not in str(shaped(plan(nodes("abc", hop[0]), hop[1])))


def test_a_node_that_is_converted_in_a_walk_is_backed_up_with_what_it_goes_on_with() -> None:
    """The configuration that a rollback goes back to names the converted database, so the backup has to hold it."""
    steps = shaped(plan(nodes("abc", "0.9.4"), "1.3.0"))["walk"]
    assert steps[:6] == ["stop", "convert", "adopt", "readable", "backup", "start"]


@pytest.mark.parametrize(("source", "target"), [("0.8.7", "0.9.4"), ("0.9.4", "1.3.0"), ("1.3.0", "2.5.0")])
def test_the_new_release_reads_a_copy_of_each_node_s_data_while_the_others_serve(source: str, target: str) -> None:
    made = shaped(plan(nodes("abc", source), target))
    assert "readable" in made["walk"] and "readable" not in made["together"]


def test_the_engine_is_converted_by_the_release_that_knows_both() -> None:
    """1.x has no sled: the 0.9 program converts before the switch. So does it on the upgrade path to 0.9, called by its
    path."""
    steps = shaped(plan(nodes("abc", "0.9.4"), "1.3.0", strategy="all_at_once"))["together"]
    assert steps.index("prove") < steps.index("convert") < steps.index("readable") < steps.index("activate")
    steps = shaped(plan(nodes("abc", "0.8.7"), "0.9.4", strategy="all_at_once"))["together"]
    assert steps.index("prove") < steps.index("convert") < steps.index("activate") < steps.index("start")


@pytest.mark.parametrize("verb", ["convert", "offline_repair"])
def test_what_the_new_release_does_offline_comes_before_it_may_be_started(verb: str) -> None:  # trap G01
    """But where it runs already, in the second walk, and where the old one goes on with what was made: it is told so
    before it is started."""
    for hop in GARAGE.hops:
        for way in hop.shapes:
            for name, verbs in way.passes.items():
                if verb in verbs and name == "walk":
                    assert verbs.index(verb) < verbs.index("adopt") < verbs.index("start")
                elif verb in verbs and name != "walk_again":
                    assert "activate" in verbs and verbs.index(verb) < verbs.index("activate") < verbs.index("start")


def test_refusal_is_a_sentence_with_what_to_do() -> None:
    for zones, version, request_, _key, _says in REFUSALS:
        for refusal in plan(nodes(zones, version), **request_):
            assert isinstance(refusal, Refusal)
            assert refusal.sentence.endswith(".") or refusal.key == "bad_version"


ANEW = ["count", "quiesce", "stop", "renew", "start", "connect", "complete", "resume", "connect", "healthy"]


def last(made: Plan) -> dict[str, list[str]]:
    return {one.name: [verb for verb, _scope in one.steps] for one in made.hops[-1].passes}


@pytest.mark.parametrize(
    ("source", "target", "request_", "anew"),
    [
        ("0.5.1", "1.3.0", {}, True),
        ("0.5.0", "2.1.0", {"stop_after": "1"}, True),
        ("0.9.4", "1.3.0", {"created_with": "0.5"}, True),
        ("0.9.4", "1.3.0", {"created_with": "v0.5.1", "strategy": "all_at_once"}, True),
        ("0.8.7", "1.3.0", {"created_with": "0.5"}, True),
        ("0.9.4", "1.3.0", {}, False),
        ("0.6.0", "1.3.0", {}, False),
        ("0.9.4", "1.3.0", {"created_with": "0.6"}, False),
        ("0.9.4", "1.3.0", {"created_with": "0.9.4"}, False),
    ],
)
def test_entries_of_0_5_are_written_anew_where_there_may_be_some(
    source: str, target: str, request_: dict[str, Any], anew: bool
) -> None:
    """0.9 writes them before 1.x is asked to read them; without need the hop is as it was."""
    steps = last(plan(nodes("abc", source), target, **request_))
    assert (steps["walk"] == ANEW) is anew
    order = [*steps["walk"], *steps["together"]]
    assert order.index("readable") < order.index("activate")


def test_the_way_that_ends_before_needs_nothing_anew() -> None:
    made = plan(nodes("abc", "0.5.1"), "2.1.0", replication="1", stop_after="0.9")
    assert not any("renew" in verb for hop in made.hops for one in hop.passes for verb, _scope in one.steps)


@pytest.mark.parametrize(
    ("replication", "key", "says"),
    [
        ("1", "no_copies", "copy the objects to a new cluster"),
        ("none", "no_copies", "with replication 'none' there is none"),
        ("", "no_copies", "garage_stop_after"),
        ("2", "copies_mislead", "shut clients out; on one node of each zone at a time"),
        ("3-degraded", "copies_mislead", "with replication '3-degraded' readers would be told"),
        ("3-dangerous", "copies_mislead", "expected '3'"),
    ],
)
def test_a_database_is_emptied_only_where_others_hold_and_tell_what_it_held(
    replication: str, key: str, says: str
) -> None:
    """Not to be accepted: it is not an outage that would follow, but wrong answers or a loss."""
    (refusal,) = plan(
        nodes("abc", "0.9.4"), "1.3.0", replication=replication, created_with="0.5", accept=["wave_interrupts", key]
    )
    assert refusal.key == key and says in refusal.sentence


@pytest.mark.parametrize(
    ("created_with", "key", "says"),
    [
        ("0.3", "bad_version", "0.3"),
        ("0.3.0", "unknown_version", "0.3.0 was named as the one that data began with"),
        ("early", "bad_version", "early"),
        ("1", "bad_version", "newer than 0.9.4"),
        ("2.1.0", "bad_version", "expected an older release"),
    ],
)
def test_a_birth_that_cannot_be(created_with: str, key: str, says: str) -> None:
    (refusal,) = plan(nodes("abc", "0.9.4"), "1.3.0", created_with=created_with)
    assert refusal.key == key and says in refusal.sentence


@given(zones=clusters, wave=st.sampled_from(["", "zone", "node"]))
def test_one_node_at_a_time_is_emptied_and_every_object_has_lain_on_one_of_them(zones: str, wave: str) -> None:
    found = nodes(zones, "0.9.4")
    walk = next(
        one.waves for one in plan(found, "1.3.0", created_with="0.5", wave=wave).hops[0].passes if one.name == "walk"
    )
    assert all(len(taken) == 1 for taken in walk), "however copies lie in the zones, no object misses two"
    names = [taken[0] for taken in walk]
    assert len(names) == len(set(names))
    if len(set(zones)) == 3:
        zone = {node.zone for node in found if node.name in names}
        assert len(zone) == 1 and names == [node.name for node in found if node.zone in zone], "a zone has a whole copy"
    else:
        assert sorted(names) == sorted(node.name for node in found)


def test_an_operation_without_it_is_not_taken_for_one_with_it() -> None:
    """The refusal of `readable` ends in giving the operation up: silently going on would end there again."""
    record = {
        "id": "X", "state": "open", "who": "me@here",
        "plan": serialise.to_dict(plan(nodes("abc", "0.9.4"), "1.3.0")),
    }  # fmt: skip
    (refusal,) = resume.unfinished({"a1": record}, Request("1.3.0", created_with="0.5"))
    assert refusal.key == "unfinished_operation" and "abandon: X" in refusal.sentence
    record["plan"] = serialise.to_dict(plan(nodes("abc", "0.9.4"), "1.3.0", created_with="0.5"))
    assert resume.unfinished({"a1": record}, Request("1.3.0", created_with="0.5")) == record
    assert resume.unfinished({"a1": record}, Request("1.3.0")) == record


def test_a_way_of_more_hops_than_an_operation_makes_is_refused() -> None:
    """A playbook has plays for so many: what came after them would not be done, and the operation not finished."""
    here, *between, there = [f"1.{number}.0" for number in range(HOPS + 2)]
    found = [core_version.parse(one) for one in (here, *between, there)]
    series = tuple(Series(f"{one.major}.{one.minor}", one, one) for one in found)
    way = Shape("all_at_once", {"before": ("preflight",)})
    hops = tuple(Hop(one.name, other.name, (way,)) for one, other in pairwise(series))
    catalogue = Catalogue("toy", series, core_version.parse("2.0.0"), hops, (way,))
    node, cluster = [Node("a1", "a1", "", found[0])], Cluster(["a1"], "1")
    (refusal,) = planner.plan(catalogue, node, cluster, Request(there))
    assert refusal.key == "too_many_hops" and f"toy_stop_after: {between[-1]}" in refusal.sentence
    assert isinstance(planner.plan(catalogue, node, cluster, Request(there, stop_after=between[-1])), Plan)
