# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way of every hop of every product, cut at every moment and gone on with: nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import moment, version
from ansible_collections.uplift.datastores.plugins.module_utils._plan import hooks, serialise
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


def planned(product: str, *taken: Shape, at: Sequence[str] = ()) -> dict[str, Any]:
    """An operation of these hops. A control node is one node, walks take one node at a time. at: what has hooks."""
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
    return serialise.to_dict(hooks.planned(made, [{"at": moment, "steps": []} for moment in at]))


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
    cut_anywhere(plan)


def longest() -> Iterator[Any]:
    """Of each product and strategy the way with the most passes and steps: hooks know no more of a way."""
    for product, catalogue in CATALOGUES.items():
        found: dict[str, Shape] = {}
        for way in ways(catalogue):
            found[way.strategy] = max(found.get(way.strategy, way), way, key=_size)
        yield from (pytest.param(product, (way,), id=f"{product}-{name}") for name, way in found.items())


def _size(way: Shape) -> tuple[int, int]:
    return len(way.passes), sum(map(len, way.passes.values()))


@pytest.mark.parametrize(("product", "taken"), list(longest()))
@pytest.mark.parametrize("at", [("before_wave", "after_wave"), hooks.AT], ids=["balancer", "all"])
def test_with_hooks_it_is_the_same(product: str, taken: tuple[Shape, ...], at: Sequence[str]) -> None:
    cut_anywhere(planned(product, *taken, at=at), set(hooks.AT))


def cut_anywhere(plan: dict[str, Any], verbs: set[str] | None = None) -> None:
    """verbs: at these steps alone; the others are cut where they are without hooks."""
    for truthful in (True, False):
        whole = World(plan, truthful)
        play(whole, "r1")
        demand_whole(whole, "not cut")
        for cut in (one for one in cuts(plan) if verbs is None or one.key.rpartition("/")[2] in verbs):
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
