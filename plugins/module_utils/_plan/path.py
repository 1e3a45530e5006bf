# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Iterable, Iterator, Sequence, Tuple

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    Catalogue,
    Hop,
    Node,
    Refusal,
    Series,
    Shape,
)


class Refused(Exception):
    """Carries the refusals out of the middle of planning."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def series_of(catalogue: Catalogue, version: Version) -> Series | None:
    """The series that the release belongs to; None when no known one does."""
    begun = [series for series in catalogue.series if series.since <= version < catalogue.until]
    return begun[-1] if begun else None


def running(nodes: Sequence[Node]) -> Version:
    """The one release that all nodes run."""
    found = sorted({node.version for node in nodes})
    if len(found) == 1:
        return found[0]
    seen = ", ".join(f"{node.name} runs {node.version}" for node in nodes)
    raise Refused(
        Refusal(
            "mixed_versions",
            f"The nodes run different releases ({seen}) and no record of an unfinished operation explains it; expected"
            " one release on all nodes. Bring them to one by hand first, or take up the operation that was begun.",
        )
    )


Move = Tuple[Version, Version, "Hop | None"]


def until(catalogue: Catalogue, moves: Iterable[Move], name: str) -> list[Move]:
    """The upgrade path up to the move that ends at the release or the series of this name; all of it for ""."""
    out: list[Move] = []
    for move in moves:
        out.append(move)
        series = series_of(catalogue, move[1])
        if name and name.lstrip("v") in (str(move[1]), series.name if series else ""):
            return out
    if name and out:
        stops = ", ".join(str(stop) for _start, stop, _hop in out)
        raise Refused(
            Refusal(
                "no_such_stop", f"The upgrade path does not stop at {name!r}; it stops at {stops}. Choose one of these."
            )
        )
    return out


def route(catalogue: Catalogue, source: Version, target: Version, via: Sequence[Version]) -> Iterator[Move]:
    """The moves by way of releases that the operator names."""
    start = source
    for stop in [*(one for one in via if source < one < target), target]:
        yield from moves(catalogue, start, stop)
        start = stop


def moves(catalogue: Catalogue, source: Version, target: Version) -> Iterator[Move]:
    """The hops from source to target in order; None stands for a move inside a series. Nothing when they are equal."""
    here, there = (_known(catalogue, version, what) for version, what in ((source, "runs"), (target, "was asked for")))
    _allowed(catalogue, source, target)
    start = source
    while here != there:
        hop, series = _next(catalogue, here, there, source, target)
        if hop.depart and start < hop.depart:
            yield start, hop.depart, None
            start = hop.depart
        stop = hop.arrive or (target if series == there else series.stop or series.newest)
        yield start, stop, hop
        start, here = stop, series
    if start != target:
        yield start, target, None


def _next(catalogue: Catalogue, here: Series, there: Series, source: Version, target: Version) -> tuple[Hop, Series]:
    """The hop that gets farthest without passing the target, and the series it leads to."""
    reach = {series.name: series for series in catalogue.series if here.since < series.since <= there.since}
    hops = [hop for hop in catalogue.hops if hop.source == here.name and hop.target in reach]
    if not hops:
        raise Refused(_no_hop(catalogue, source, target, here))
    hop = max(hops, key=lambda one: reach[one.target].since)
    if hop.refusal:
        raise Refused(Refusal("no_automatic_way", f"{source} cannot be taken to {target} here: {hop.refusal}"))
    return hop, reach[hop.target]


def created_with(catalogue: Catalogue, name: str, source: Version) -> Version:
    """The oldest release that may have written data: what the operator says, or what runs."""
    if not name:
        return source
    word = name[1:] if name.startswith("v") else name
    named = [series.since for series in catalogue.series if series.name == word]
    if not named:
        named = [_known(catalogue, core_version.parse(name), "was named as the one that data began with").since]
    found = named[0]
    if found > source:
        raise Refused(
            Refusal(
                "bad_version",
                f"Data that began with {name} are newer than {source}, which runs; expected an older release, or none.",
            )
        )
    return found


def notes(catalogue: Catalogue, target: Version) -> tuple[str, ...]:
    newest = _known(catalogue, target, "was asked for").newest
    if target <= newest:
        return ()
    return (f"{target} is newer than {newest}, the newest release of its series that this collection was tested with.",)


def wanted(shapes: Sequence[Shape], verbs: Sequence[str], source: Version) -> list[Shape]:
    """The ways from this release that have all of these steps which any of them has."""

    def of(one: Shape) -> set[str]:
        return {verb for row in one.passes.values() for verb in row}

    there = [one for one in shapes if one.since is None or one.since <= source]
    offered = set(verbs) & {verb for one in there for verb in of(one)}
    return [one for one in there if offered <= of(one)]


def shape(shapes: Sequence[Shape], strategy: str, source: Version, target: Version, asked: Sequence[str] = ()) -> Shape:
    for candidate in shapes:
        if candidate.strategy == strategy:
            return candidate
    allowed = ", ".join(candidate.strategy for candidate in shapes)
    steps = f" with {', '.join(asked)}" if asked else ""
    raise Refused(
        Refusal(
            "strategy_not_allowed",
            f"The strategy {strategy!r} is not possible from {source} to {target}{steps}; allowed: {allowed}. Choose"
            " one of these, or leave it out for the least interrupting one.",
        )
    )


def _known(catalogue: Catalogue, version: Version, what: str) -> Series:
    found = series_of(catalogue, version)
    if found is None:
        known = ", ".join(series.name for series in catalogue.series)
        raise Refused(
            Refusal(
                "unknown_version",
                f"{catalogue.product} {version} {what}, and it belongs to no series that is known here; known series:"
                f" {known}. Choose a target of these, or a newer release of this collection.",
            )
        )
    return found


def _allowed(catalogue: Catalogue, source: Version, target: Version) -> None:
    if target < source:
        raise Refused(
            Refusal(
                "downgrade",
                f"{source} runs and {target} is older: the older release cannot read what the newer one has written."
                " Going back is a restore of the backups, not an upgrade.",
            )
        )
    if target in catalogue.never:
        reason = catalogue.never[target]
        raise Refused(Refusal("bad_release", f"{target} is no target: {reason} Choose another release."))


def _no_hop(catalogue: Catalogue, source: Version, target: Version, here: Series) -> Refusal:
    names = [series.name for series in catalogue.series if series.since <= target]
    legal = " -> ".join(names[names.index(here.name) :])
    have = ", ".join(f"{hop.source} -> {hop.target}" for hop in catalogue.hops if not hop.refusal) or "none"
    return Refusal(
        "no_such_hop",
        f"{source} cannot be taken to {target} here: the makers' upgrade path is {legal}, and this collection makes no"
        f" hop from {here.name} on it (it makes {have}). Do that hop by its guide first.",
    )
