# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Iterator, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Catalogue, Hop, Node, Refusal, Way
from ansible_collections.uplift.datastores.plugins.module_utils._version import Version


class Refused(Exception):
    """Carries the refusals out of the middle of planning."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def series_of(version: Version) -> tuple[int, ...]:
    """Releases of one series share protocol and data: 0.8.x is a series, 1.x is one."""
    return (0, version.minor) if version.major == 0 else (version.major,)


def name(series: Sequence[int]) -> str:
    return ".".join(str(part) for part in series)


def running(nodes: Sequence[Node]) -> Version:
    """The one release that all nodes run."""
    found = sorted({node.version for node in nodes})
    if len(found) == 1:
        return found[0]
    seen = ", ".join(f"{node.name} runs {node.version}" for node in nodes)
    raise Refused(
        Refusal(
            "mixed_versions",
            f"The nodes run different releases ({seen}) and no record of an unfinished operation explains it; wanted"
            " one release on all nodes. Bring them to one by hand first, or take up the operation that was begun.",
        )
    )


def moves(catalogue: Catalogue, source: Version, target: Version) -> Iterator[tuple[Version, Version, Hop | None]]:
    """The hops from source to target in order; None stands for a move inside a series. Nothing when they are equal."""
    order, start = list(catalogue.series), source
    here, there = series_of(source), series_of(target)
    _known(catalogue, source, target)
    if target < source:
        raise Refused(
            Refusal(
                "downgrade",
                f"{source} runs and {target} is older: the older release cannot read what the newer one has written."
                " Going back is a restore of the metadata backups, not an upgrade.",
            )
        )
    if here == there:
        if source != target:
            yield source, target, None
        return
    for series in order[order.index(here) + 1 : order.index(there) + 1]:
        hop = next((h for h in catalogue.hops if h.source == here and h.target == series), None)
        if hop is None:
            raise Refused(_no_hop(catalogue, source, target, here, series))
        stop = target if series == there else catalogue.series[series]
        yield start, stop, hop
        start, here = stop, series


def notes(catalogue: Catalogue, target: Version) -> tuple[str, ...]:
    newest = catalogue.series[series_of(target)]
    if target <= newest:
        return ()
    return (f"{target} is newer than {newest}, the newest release of its series that this collection was tested with.",)


def way(ways: Sequence[Way], strategy: str, source: Version, target: Version) -> Way:
    for candidate in ways:
        if candidate.strategy == strategy:
            return candidate
    allowed = ", ".join(candidate.strategy for candidate in ways)
    raise Refused(
        Refusal(
            "strategy_not_allowed",
            f"The strategy {strategy!r} is not a way from {source} to {target}; allowed: {allowed}. Choose one of"
            " these, or leave it out for the least interrupting one.",
        )
    )


def _known(catalogue: Catalogue, source: Version, target: Version) -> None:
    known = ", ".join(name(series) for series in catalogue.series)
    for version, what in ((source, "runs"), (target, "was asked for")):
        if series_of(version) not in catalogue.series:
            raise Refused(
                Refusal(
                    "unknown_version",
                    f"{catalogue.product} {version} {what}, and its series {name(series_of(version))} is not known"
                    f" here; known series: {known}. Choose a target of these, or a newer release of this collection.",
                )
            )


def _no_hop(
    catalogue: Catalogue, source: Version, target: Version, here: Sequence[int], series: Sequence[int]
) -> Refusal:
    order = list(catalogue.series)
    legal = order[order.index(series_of(source)) : order.index(series_of(target)) + 1]
    have = ", ".join(f"{name(hop.source)} -> {name(hop.target)}" for hop in catalogue.hops) or "none"
    return Refusal(
        "no_such_hop",
        f"{source} cannot be taken to {target} here: the makers' way is one series at a time,"
        f" {' -> '.join(name(part) for part in legal)}, and the hop {name(here)} -> {name(series)} is not among those"
        f" that this collection makes ({have}). Do that hop by its guide first.",
    )
