# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way of every hop of every product, cut at every moment and gone on with: nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import moment, version
from ansible_collections.uplift.datastores.plugins.module_utils._plan import serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    PASSES,
    Catalogue,
    Plan,
    PlannedHop,
    PlannedPass,
    Shape,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import scoped
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

from tests.unit.world import Cut, Ended, World, play

NODES = ("a1", "b1")
VERSION = version.parse("1.0.0")
MOMENTS = ("begun", "inside", "after")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock without the kernel's files: to read them took two thirds of the time, and nothing here is about them."""

    def now() -> moment.Moment:
        return {"boot": "this one", "up": time.monotonic()}

    monkeypatch.setattr(moment, "now", now)


def ways(catalogue: Catalogue) -> Iterator[Shape]:
    """Each way of the catalogue once."""
    hops = [way for hop in catalogue.hops for way in (*hop.shapes, *(hop.renewal.shapes if hop.renewal else ()))]
    seen = set()
    for way in (*catalogue.patch, *hops):
        form = (way.strategy, tuple((name, tuple(verbs)) for name, verbs in way.passes.items()))
        if form not in seen:
            seen.add(form)
            yield way


def planned(product: str, *taken: Shape) -> dict[str, Any]:
    """An operation of these hops. A control node is one node, walks take one node at a time."""
    names = NODES[:1] if product == "pachyderm" else NODES
    hops = []
    for way in taken:
        passes = tuple(
            PlannedPass(
                name,
                tuple((one,) for one in names) if name.startswith("walk") else (names,),
                scoped(CATALOGUES[product], way.passes[name]),
            )
            for name in PASSES
            if name in way.passes
        )
        hops.append(PlannedHop(VERSION, VERSION, way.strategy, passes, "", ""))
    catalogue = CATALOGUES[product]
    made = Plan(product, names[0], VERSION, tuple(hops), retracts=tuple(catalogue.retracts), verbs=catalogue.verbs)
    return serialise.to_dict(made)


def operations() -> Iterator[Any]:
    for product, catalogue in CATALOGUES.items():
        found = list(ways(catalogue))
        for number, way in enumerate(found):
            yield pytest.param(product, (way,), id=f"{product}-{number}-{way.strategy}")
        # Several hops: what the first has left must not come back in the second.
        for number, way in enumerate(found):
            if any(verb in verbs for verbs in way.passes.values() for verb in ("extract", "migrate", "convert")):
                yield pytest.param(product, (way, way), id=f"{product}-{number}-twice-{way.strategy}")


def cuts(plan: dict[str, Any]) -> Iterator[Cut]:
    """Every moment of the last hop; the first is an operation of its own here."""
    for hop in plan["hops"][-1:]:
        for one in hop["passes"].values():
            for step in one["steps"]:
                names = [plan["leader"]] if step["scope"] == "cluster" else [n for wave in one["waves"] for n in wave]
                for name in names:
                    for when in MOMENTS:
                        for recover in (False, True):
                            yield Cut(step["key"], name, when, recover)


def starts(world: World) -> dict[str, int]:
    return {name: node.starts for name, node in world.nodes.items()}


def demand_whole(world: World, context: object) -> None:
    """The end that is wanted: the newest release everywhere, nothing closed, nothing of the clients' lost."""
    newest = len(world.plan["hops"])
    for name, node in world.nodes.items():
        state = (node.up, node.held, node.closed, node.away, world.paused, max(node.runs, world.serving))
        assert state == (True, False, False, False, False, newest), (context, name, node)
    lost = set(world.told) - set(world.served())
    assert not lost, (context, f"{len(lost)} of {len(world.told)} writes are lost")


@pytest.mark.parametrize(("product", "taken"), list(operations()))
def test_a_way_that_is_cut_anywhere_ends_as_one_that_is_not(product: str, taken: tuple[Shape, ...]) -> None:
    plan = planned(product, *taken)
    for truthful in (True, False):
        whole = World(plan, truthful)
        play(whole, "r1")
        demand_whole(whole, "not cut")
        for cut in cuts(plan):
            for reboot in (False, True):
                context = (truthful, cut, "reboot" if reboot else "")
                world = World(plan, truthful)
                with pytest.raises(Ended):
                    play(world, "r1", cut)
                world.write()
                if reboot:
                    world.reboot()
                world.write()
                try:
                    play(world, "r2")
                except Exception as exc:
                    raise AssertionError((context, exc)) from exc
                demand_whole(world, context)
                if truthful and not cut.recover and not reboot:
                    assert starts(world) == starts(whole), context
