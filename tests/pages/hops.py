# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page for each way of making a hop, from the catalogues. Hops that are made alike have one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._plan import api, serialise, verbs
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    CLUSTER,
    Catalogue,
    Hop,
    Series,
    Shape,
)
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

from tests.pages import text

# Three nodes in three zones; what a plan of them looks like.
NODES = ("a1", "b1", "c1")


def alike(catalogue: Catalogue) -> list[list[Hop]]:
    """The hops that are made in the same way, and refused for the same reason, together."""
    groups: dict[tuple[Any, ...], list[Hop]] = {}
    for hop in catalogue.hops:
        ways = tuple((one.strategy, tuple(one.passes.items())) for one in hop.shapes)
        known = (repr(ways), hop.guide, hop.refusal, str(hop.depart), bool(hop.renewal))
        groups.setdefault(known, []).append(hop)
    return list(groups.values())


def name(catalogue: Catalogue, hops: Sequence[Hop]) -> str:
    ends = f"{hops[0].source}_to_{hops[0].target}"
    return f"{catalogue.product}_{ends.replace('.', '_')}"


def title(called: str, hops: Sequence[Hop]) -> str:
    sources, targets = list(dict.fromkeys(h.source for h in hops)), list(dict.fromkeys(h.target for h in hops))
    return f"{called} {_ends(sources)} to {_ends(targets)}"


def _ends(series: Sequence[str]) -> str:
    by_number = sorted(series, key=lambda one: [int(part) for part in one.split(".")])
    return by_number[0] if len(by_number) == 1 else f"{by_number[0]} ... {by_number[-1]}"


def page(catalogue: Catalogue, called: str, hops: Sequence[Hop]) -> str:
    first, series = hops[0], {one.name: one for one in catalogue.series}
    body = ""
    if len(hops) > 1:
        body += "These hops are made alike:\n\n" + _made(hops) + "\n"
    rows = list(_facts(catalogue, first, series, len(hops) == 1))
    body += text.table((25, 75), (), rows) if rows else ""
    if first.refusal:
        why = text.literal(text.sentence(first.refusal))
        body += f"\nThis hop is not made by a program (``no_automatic_way``): {why}\n"
    for shape in first.shapes:
        body += "\n" + strategy(catalogue, shape, _plan(catalogue, first, series, shape.strategy))
    if first.renewal:
        body += "\n" + renewal(catalogue, first, series)
    return text.page(name(catalogue, hops), title(called, hops), body)


def _made(hops: Sequence[Hop]) -> str:
    return text.table((40, 60), ("From", "To"), folded(hops))


def folded(hops: Sequence[Hop]) -> list[tuple[str, str]]:
    """The ends of hops; those that lead to the same series together."""
    by_source: dict[str, list[str]] = {}
    for hop in hops:
        by_source.setdefault(hop.source, []).append(hop.target)
    by_targets: dict[tuple[str, ...], list[str]] = {}
    for source, targets in by_source.items():
        by_targets.setdefault(tuple(targets), []).append(source)
    return [(", ".join(sources), ", ".join(targets)) for targets, sources in by_targets.items()]


def _facts(catalogue: Catalogue, hop: Hop, series: Mapping[str, Series], alone: bool) -> Iterator[tuple[str, str]]:
    if hop.guide:
        yield "The makers' guide", text.literal(hop.guide)
    if alone:
        yield "From", _releases(series[hop.source])
        yield "To", _releases(series[hop.target])
    if hop.depart:
        yield "Departs from", f"{hop.depart}; what is older is first taken there, inside its series"
    if hop.shapes:
        kept = text.literal(text.sentence(hop.irreversible))
        lost = text.literal(catalogue.back[0].interrupts.get("together", "")) if catalogue.back else ""
        yield "The way back", kept or "The older release and its configuration are put back; nothing is lost."
        yield "During the way back", text.sentence(lost) if kept else ""


def _releases(series: Series) -> str:
    stop = f"; a longer way goes by {series.stop}" if series.stop else ""
    return f"series {series.name}: {series.since} to {series.newest}, the newest that is known here{stop}"


def strategy(catalogue: Catalogue, shape: Shape, plan: Sequence[str], heading: str = "") -> str:
    """The passes of one way, each with its steps and what clients notice."""
    known = verbs.all_of(catalogue)
    out = [text.heading(heading or f"``{shape.strategy}``", "-")]
    if plan:
        out += [
            "The plan of three nodes in three zones:\n",
            ".. code-block:: text\n",
            *[f"    {line}" for line in plan],
            "",
        ]
    for name_, steps in shape.passes.items():
        notice = shape.interrupts.get(name_, "")
        out.append(f"**{name_}**" + (f" - {text.literal(notice)}" if notice else "") + "\n")
        rows = [
            (
                f"``{one}``",
                text.literal(serialise.said(known[one])),
                "once" if known[one].scope == CLUSTER else "at each node",
            )
            for one in steps
        ]
        out.append(text.table((20, 60, 20), ("Step", "What it does", "Where"), rows))
    return "\n".join(out)


def renewal(catalogue: Catalogue, hop: Hop, series: Mapping[str, Series]) -> str:
    found = hop.renewal
    if not found:
        return ""
    out = [
        f"Where data were written before {found.below} the hop writes them anew"
        f" (``{catalogue.product}_created_with``). It is possible with the replication mode {' or '.join(found.modes)};"
        f" with another it is refused as ``{found.by_hand.key}`` or ``{found.alone.key}``.\n"
    ]
    created = str(next(one.name for one in catalogue.series if one.since < found.below and one.name in ("0.5",)))
    for shape in found.shapes:
        plan = _plan(catalogue, hop, series, shape.strategy, created)
        out.append(strategy(catalogue, shape, plan, f"``{shape.strategy}``, with old data written anew"))
    return "\n".join(out)


def _plan(catalogue: Catalogue, hop: Hop, series: Mapping[str, Series], chosen: str, created: str = "") -> list[str]:
    """What the planner itself says; nothing where it goes otherwise from this release to that."""
    source, target = hop.depart or series[hop.source].stop or series[hop.source].newest, series[hop.target]
    rows = [{"name": one, "id": one, "zone": one[0], "version": str(source)} for one in NODES]
    found = api.answer(
        {
            "product": catalogue.product, "nodes": rows, "members": list(NODES), "replication": "3", "records": {},
            "target": str(hop.arrive or target.stop or target.newest), "strategy": chosen, "wave": "", "accept": [],
            "stop_after": "", "via": [], "forks": 0, "created_with": created, "wants": [], "back": False,
        }
    )  # fmt: skip
    return list(found["tree"]) if len(found["plan"]["hops"]) == 1 else []


def inside(catalogue: Catalogue, called: str) -> str:
    """A move inside a series, and the ways back."""
    body = "From one release of a series to another, such as a patch. Old and new releases understand each other.\n"
    for shape in catalogue.patch:
        body += "\n" + strategy(catalogue, shape, [])
    return text.page(f"{catalogue.product}_inside_a_series", f"{called} inside a series", body)


def back(catalogue: Catalogue, called: str) -> str:
    told = (
        "Where the new release was made active anywhere",
        "Where it was made active nowhere",
        "Where it was made active, and nothing had to be backed up",
    )
    body = f"What ``{catalogue.product}_rollback`` does over the last hop."
    body += " It is planned, shown and recorded like an upgrade.\n"
    for shape, when in zip(catalogue.back, told, strict=False):
        body += "\n" + strategy(catalogue, shape, [], when)
    for mode, (verb, refusal) in catalogue.by_hand.items():
        how = text.literal(refusal.sentence)
        body += f"\nWith {mode}, once ``{verb}`` is done, there is no way back by a program: {how}\n"
    return text.page(f"{catalogue.product}_back", f"{called}: the way back over a hop", body)


def overview(catalogue: Catalogue, called: str) -> str:
    """Every hop, with the page that says how it is made; and releases that are no target."""
    rows = [
        (*ends, f":ref:`ansible_collections.uplift.datastores.docsite.{name(catalogue, group)}`")
        for group in alike(catalogue)
        for ends in folded(group)
    ]
    body = (
        f"Every hop that is known of {called}. A longer way is made of several in one operation, each verified before"
    )
    body += " the next.\n\n"
    body += text.table((30, 35, 35), ("From", "To", "How"), rows)
    if catalogue.never:
        body += "\nNo target (``bad_release``):\n\n"
        body += "\n".join(f"* {one}: {text.literal(why)}" for one, why in catalogue.never.items()) + "\n"
    body += "\n.. toctree::\n   :hidden:\n\n"
    names = [name(catalogue, group) for group in alike(catalogue)]
    body += "".join(
        f"   {one}\n" for one in (*names, f"{catalogue.product}_inside_a_series", f"{catalogue.product}_back")
    )
    body += (
        f"\nInside a series: :ref:`ansible_collections.uplift.datastores.docsite.{catalogue.product}_inside_a_series`."
        f" The way back: :ref:`ansible_collections.uplift.datastores.docsite.{catalogue.product}_back`.\n"
    )
    return text.page(f"{catalogue.product}_hops", f"The hops of {called}", body)


def pages(called: Mapping[str, str]) -> dict[str, str]:
    made: dict[str, str] = {}
    for product, catalogue in CATALOGUES.items():
        made[f"{product}_hops.rst"] = overview(catalogue, called[product])
        made[f"{product}_inside_a_series.rst"] = inside(catalogue, called[product])
        made[f"{product}_back.rst"] = back(catalogue, called[product])
        for group in alike(catalogue):
            made[f"{name(catalogue, group)}.rst"] = page(catalogue, called[product], group)
    return made
