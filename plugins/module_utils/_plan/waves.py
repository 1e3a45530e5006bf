# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Which nodes a walk takes at once, and how many copies of an object are away with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    Catalogue,
    Cluster,
    Node,
    PlannedHop,
    Refusal,
    Renewal,
    Request,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.path import Refused

Waves = Sequence[Sequence[str]]


def order(nodes: Sequence[Node]) -> list[Node]:
    """Plan order: zone by zone, so that a wave of a zone is a stretch of it."""
    return sorted(nodes, key=lambda node: (node.zone, node.name))


def waves(nodes: Sequence[Node], cluster: Cluster, request: Request, catalogue: Catalogue) -> Waves:
    """A zone at a time where three zones or more hold three copies and no zone more than may be away; else a node."""
    copies, needed = _quorum(nodes, cluster, catalogue)
    by_zone = request.wave == "zone" or (not request.wave and _could_be_zones(nodes, cluster, catalogue))
    found = _zones(nodes) if by_zone else [[node] for node in order(nodes)]
    for wave in found:
        lost = copies_lost(wave, nodes, cluster, copies)
        if lost > copies - needed and "wave_interrupts" not in request.accept:
            raise Refused(_unservable(wave, cluster, lost, needed, catalogue))
    return [[node.name for node in wave] for wave in found]


def emptied(nodes: Sequence[Node], cluster: Cluster, catalogue: Catalogue, renewal: Renewal) -> Waves:
    """Which nodes have their databases filled anew by the others: one at a time, so that no object misses two copies,
    however copies lie in the zones. Where every zone has a copy of everything, one zone's nodes will do: what they send
    back writes the others' entries anew (seen on Garage 0.9.4)."""
    copies, _needed = catalogue.quorums.get(cluster.replication, (0, 0))
    if copies < 2:
        raise Refused(_filled(renewal.alone, cluster, renewal))
    if cluster.replication not in renewal.modes:
        raise Refused(_filled(renewal.by_hand, cluster, renewal))
    zones = _zones([node for node in nodes if node.stores])
    whole = len(zones) == copies == zones_with_a_copy(nodes, cluster, copies)
    return [[node.name] for node in (min(zones, key=len) if whole else order(nodes))]


def zones_with_a_copy(nodes: Sequence[Node], cluster: Cluster, copies: int) -> int:
    """In how many zones every object has a copy at least: what the layout demands, or as many as there can be.

    A zone of gateways holds none. Where a node's zone or the layout's word is not known, one zone may hold all.
    """
    zones, expected = {node.zone for node in nodes if node.stores}, cluster.zone_redundancy
    most = min(len(zones), copies)
    if expected in ("", "maximum"):
        return most if "" not in zones else 1
    return min(most, int(expected)) if expected.isdecimal() and "" not in zones else 1


def copies_lost(wave: Sequence[Node], nodes: Sequence[Node], cluster: Cluster, copies: int) -> int:
    """The most copies of one object that the wave can hold: all, but for one in each zone that must have one besides,
    and never two on one node. Where the replication is not known (0 copies), as many as there are nodes."""
    if not copies:
        return len(wave)
    storing = [node for node in wave if node.stores]
    elsewhere = zones_with_a_copy(nodes, cluster, copies) - len({node.zone for node in storing})
    return min(len(storing), copies - max(0, elsewhere))


def notes(
    nodes: Sequence[Node], cluster: Cluster, request: Request, catalogue: Catalogue, hops: Sequence[PlannedHop]
) -> tuple[str, ...]:
    """Why the waves are nodes, where an operator who knows of the zones would wait for zones."""
    as_wished = replace(cluster, zone_redundancy="")
    walks = any(len(one.waves) > 1 for hop in hops for one in hop.passes)
    surprising = _could_be_zones(nodes, as_wished, catalogue) and not _could_be_zones(nodes, cluster, catalogue)
    if request.wave or not walks or not surprising:
        return ()
    return (
        f"a wave is one node: the layout's zone redundancy is {cluster.zone_redundancy} ({catalogue.redundancy}), so"
        " one zone may hold more copies of an object than may be away at once.",
    )


def _could_be_zones(nodes: Sequence[Node], cluster: Cluster, catalogue: Catalogue) -> bool:
    copies, needed = _quorum(nodes, cluster, catalogue)
    zones = _zones(nodes)
    known = len(zones) >= 3 and copies == 3 and all(node.zone for node in nodes)
    return known and all(copies_lost(zone, nodes, cluster, copies) <= copies - needed for zone in zones)


def _quorum(nodes: Sequence[Node], cluster: Cluster, catalogue: Catalogue) -> tuple[int, int]:
    """(copies, how many of them must answer); (0, 0) where the replication is not known."""
    return (len(nodes), 1) if catalogue.alike else catalogue.quorums.get(cluster.replication, (0, 0))


def _zones(nodes: Sequence[Node]) -> list[list[Node]]:
    found: dict[str, list[Node]] = {}
    for node in order(nodes):
        found.setdefault(node.zone, []).append(node)
    return list(found.values())


def _filled(refusal: Refusal, cluster: Cluster, renewal: Renewal) -> Refusal:
    return replace(refusal, sentence=refusal.sentence.format(cluster.replication, " or ".join(renewal.modes)))


def _unservable(wave: Sequence[Node], cluster: Cluster, lost: int, needed: int, catalogue: Catalogue) -> Refusal:
    names = ", ".join(node.name for node in wave)
    zones = f" and zone redundancy {cluster.zone_redundancy}" if cluster.zone_redundancy else ""
    return Refusal(
        "wave_interrupts",
        f"With replication {cluster.replication!r}{zones} the cluster cannot serve without {names}: up to {lost} copies"
        f" of an object would be away and {needed} must answer. Choose a smaller wave or all_at_once, or accept the"
        f" downtime with {catalogue.product}_accept: [wave_interrupts].",
    )
