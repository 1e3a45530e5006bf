# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumps
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import PACHYDERM, called
from ansible_collections.uplift.datastores.plugins.module_utils._plan import path, planner
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    PASSES,
    Cluster,
    Hop,
    Node,
    Plan,
    Request,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of
from hypothesis import given
from hypothesis import strategies as st


def plan(source: str, target: str, platform: str = "systemd", **request: Any) -> Any:
    node = Node("control", "1", "", version.parse(source))
    return planner.plan(PACHYDERM, [node], Cluster(["1"], platform), Request(target, **request))


def hops(made: Any) -> list[str]:
    assert isinstance(made, Plan), made
    return [f"{hop.source} {hop.strategy} {hop.target}" for hop in made.hops]


def refusal(made: Any) -> str:
    assert not isinstance(made, Plan), hops(made)
    return " ".join(f"{one.key}: {one.sentence}" for one in made)


IN, SIDE, ROLL = "all_at_once", "side_by_side", "rolling"


@pytest.mark.parametrize(
    ("source", "target", "way"),
    [
        ("1.13.0", "1.13.4", [f"1.13.0 {IN} 1.13.4"]),
        # trap P16: the only routine leads to 1.5.0; from there inside the series
        ("1.4.8", "1.5.0", [f"1.4.8 {IN} 1.5.0"]),
        ("1.4.8", "1.5.3", [f"1.4.8 {IN} 1.5.0", f"1.5.0 {IN} 1.5.3"]),
        # trap P19: 1.6 has extract from 1.6.9 on
        ("1.6.2", "1.7.14", [f"1.6.2 {IN} 1.6.10", f"1.6.10 {IN} 1.7.14"]),
        # trap P25: never by 1.8.0, where the guide goes
        ("1.7.3", "1.9.0", [f"1.7.3 {IN} 1.7.14", f"1.7.14 {IN} 1.8.8", f"1.8.8 {IN} 1.9.0"]),
        ("1.8.0", "1.8.8", [f"1.8.0 {IN} 1.8.8"]),
        ("1.8.7", "1.13.4", [f"1.8.7 {IN} 1.8.8", f"1.8.8 {IN} 1.9.12", f"1.9.12 {IN} 1.13.4"]),
        ("1.9.12", "1.13.4", [f"1.9.12 {IN} 1.13.4"]),
        ("1.9.12", "1.11.9", [f"1.9.12 {IN} 1.11.9"]),
        # trap P18: what says 1.12.0 has no last point release that was known
        ("1.12.0", "1.13.4", [f"1.12.0 {IN} 1.13.4"]),
        ("1.11.9", "1.13.4", [f"1.11.9 {IN} 1.13.4"]),
        ("1.10.1", "1.13.4", [f"1.10.1 {IN} 1.10.5", f"1.10.5 {IN} 1.13.4"]),
    ],
)
def test_way(source: str, target: str, way: list[str]) -> None:
    assert hops(plan(source, target)) == way


@pytest.mark.parametrize(
    ("source", "target", "said"),
    [
        ("1.3.12", "1.4.8", "migration/1.3.x-1.4.x"),  # trap P17
        ("1.2.0", "1.13.4", "-f OLD:30650/REPO/BRANCH -r"),
        ("1.5.0", "1.6.10", "no upgrade from 1.5 to 1.6"),
        ("1.13.4", "2.0.0", "extract and restore are gone in 2.0"),
        ("1.9.12", "2.3.1", "extract and restore are gone in 2.0"),
        ("1.7.14", "1.8.0", "bad_release: 1.8.0 is no target"),  # trap P25
        ("1.7.14", "1.8.2", "the first release that reads one is 1.8.3"),
        ("1.13.4", "1.11.9", "downgrade"),  # trap P15
        ("1.9.12", "3.0.0", "unknown_version"),
    ],
)
def test_refused(source: str, target: str, said: str) -> None:
    assert said in refusal(plan(source, target))


def test_the_guides_steps_are_in_order() -> None:
    made = plan("1.9.12", "1.13.4")
    steps = [verb for one in made.hops[0].passes for verb, _scope in one.steps]
    expected = [
        "rehearse",
        "quiesce",
        "drain",
        "extract",
        "try_restore",
        "backup",
        "prove",
        "stop",
        "undeploy",
        "redeploy",
        "restore",
        "verify",
    ]
    assert [step for step in steps if step in expected] == expected
    assert steps.index("restore") < len(steps) - 1 - steps[::-1].index("pause") < steps.index("verify")  # trap P06
    assert steps[-1] == "unpause"


def test_rolling_is_for_point_releases_on_kubernetes() -> None:
    assert hops(plan("1.13.0", "1.13.4", "kubernetes")) == [f"1.13.0 {ROLL} 1.13.4"]
    assert "wave_interrupts" in refusal(plan("1.13.0", "1.13.4", strategy=ROLL))
    said = refusal(plan("1.9.12", "1.13.4", "kubernetes", strategy=ROLL))
    assert "strategy_not_allowed" in said and "all_at_once, side_by_side" in said


def test_beside() -> None:
    made = plan("1.9.12", "1.13.4", strategy=SIDE)
    steps = [verb for one in made.hops[0].passes for verb, _scope in one.steps]
    assert "undeploy" not in steps and "stop" not in steps and "try_restore" not in steps
    assert steps.index("deploy_parallel") < steps.index("restore") < steps.index("verify") < steps.index("switch")


@pytest.mark.parametrize(
    "hop", [hop for hop in PACHYDERM.hops if hop.shapes], ids=lambda hop: f"{hop.source}-{hop.target}"
)
def test_no_release_is_ever_started_on_the_metadata_of_an_older_series(hop: Hop) -> None:
    """trap P30: listings look right then, and the first read of a file panics the server."""
    for way in hop.shapes:
        steps = [verb for name in PASSES for verb in way.passes.get(name, ())]
        after = steps[steps.index("stop") :] if "activate" in steps else []
        starts = [step for step in after if step in ("start", "restart", "redeploy")]
        if "migrate" in steps:
            assert after.index("migrate") < after.index("activate") < after.index("start")
        elif after:
            assert starts == ["redeploy"] and after.index("undeploy") < after.index("redeploy") < after.index("restore")
        else:
            assert "deploy_parallel" in steps and "start" not in steps


versions = st.builds(Version, st.just(1), st.integers(4, 13), st.integers(0, 14))


@given(versions, versions)
def test_every_plan_reaches_its_target_in_steps_that_are_known(source: Version, target: Version) -> None:
    made = plan(str(source), str(target))
    if not isinstance(made, Plan):
        return
    stops = [source, *(hop.target for hop in made.hops)]
    assert stops[-1] == target
    assert all(hop.source == stop for hop, stop in zip(made.hops, stops, strict=False))
    assert not set(stops[1:]) & set(PACHYDERM.never)
    for hop in made.hops:
        assert all(verb in all_of(PACHYDERM) for one in hop.passes for verb, _scope in one.steps)
        if any(verb == "extract" for one in hop.passes for verb, _scope in one.steps):
            full = dumps.form(hop.source, hop.target, "", False) == dumps.FULL
            stream = dumps.writes(hop.source)
            assert stream and not dumps.unreadable(stream, full, hop.target)


@pytest.mark.parametrize(
    ("source", "target", "parallel", "form"),
    [
        ("1.6.10", "1.7.14", False, dumps.FULL),  # trap P19: no --no-objects in 1.6
        ("1.7.14", "1.8.8", False, dumps.FULL),  # the guide
        ("1.8.8", "1.9.0", False, dumps.KEPT),  # trap P26
        ("1.8.8", "1.9.12", True, dumps.KEPT),
        ("1.9.12", "1.13.4", False, dumps.KEPT),
        ("1.9.12", "1.13.4", True, dumps.FULL),
    ],
)
def test_form(source: str, target: str, parallel: bool, form: str) -> None:
    assert dumps.form(version.parse(source), version.parse(target), "", parallel) == form


@pytest.mark.parametrize(
    ("stream", "full", "target", "said"),
    [
        ("1.7", True, "1.8.0", "panics"),  # trap P25
        ("1.7", True, "1.8.1", "1.8.3"),
        ("1.7", True, "1.8.3", ""),
        ("1.7", True, "1.9.0", ""),
        ("1.8", True, "1.9.12", "mixes up"),  # trap P26
        ("1.8", False, "1.9.12", ""),
        ("1.8", True, "1.10.0", ""),
        ("1.13", True, "1.11.9", "reads streams up to 1.12"),  # trap P15
        ("1.8", True, "1.7.14", "reads streams up to 1.7"),  # trap P35
        ("1.12", False, "1.13.4", ""),
        ("1.13", True, "1.6.2", "no restore"),
    ],
)
def test_what_a_release_can_read(stream: str, full: bool, target: str, said: str) -> None:
    why = dumps.unreadable(stream, full, version.parse(target))
    assert said in why and bool(why) == bool(said)


@pytest.mark.parametrize(("tag", "said"), [("1.11.9", "1.12.0"), ("1.11.1", "1.12.0"), ("1.11.0", "1.11.0")])
def test_what_a_tag_calls_itself(tag: str, said: str) -> None:
    assert str(called(version.parse(tag))) == said  # trap P18


def test_series_follow_each_other() -> None:
    for one, other in pairwise(PACHYDERM.series):
        assert one.since <= one.newest < other.since
        assert path.series_of(PACHYDERM, one.newest) == one
