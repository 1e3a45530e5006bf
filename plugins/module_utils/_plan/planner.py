# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._plan import path, waves
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    HOPS,
    PASSES,
    WALKS,
    Catalogue,
    Cluster,
    Node,
    Plan,
    PlannedHop,
    PlannedPass,
    Refusal,
    Request,
    Shape,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.path import Move, Refused
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of, scoped

WAVES = ("node", "zone")
Waves = waves.Waves


def plan(catalogue: Catalogue, nodes: Sequence[Node], cluster: Cluster, request: Request) -> Plan | Sequence[Refusal]:
    """The whole upgrade path from what runs to what is wanted, or every reason why not. Pure."""
    refusals = [*_request(request), *_twice(nodes), *membership({node.id: node.name for node in nodes}, cluster)]
    try:
        source, target = path.running(nodes), version.parse(request.target)
        via = [version.parse(one) for one in request.via]
        created_with = path.created_with(catalogue, request.created_with, source)
        moves = path.until(catalogue, path.route(catalogue, source, target, via), request.stop_after)
        hops = [_planned(catalogue, move, created_with, nodes, cluster, request) for move in moves]
    except Refused as refused:
        return refusals + list(refused.refusals)
    except UpliftError as error:
        return [*refusals, Refusal("bad_version", str(error))]
    refusals += [*told_at_once(_agreed_waves(catalogue, hops), request.forks), *_too_long(catalogue, hops)]
    if refusals:
        return refusals
    return Plan(
        catalogue.product,
        waves.order(nodes)[0].name,
        target,
        tuple(hops),
        notes=(
            *path.notes(catalogue, target),
            *waves.notes(nodes, cluster, request, catalogue, hops),
            *_unmet(catalogue, request, hops),
        ),
        created_with=request.created_with,
        retracts=tuple(catalogue.retracts),
        verbs=catalogue.verbs,
    )


def _planned(
    catalogue: Catalogue, move: Move, created_with: Version, nodes: Sequence[Node], cluster: Cluster, request: Request
) -> PlannedHop:
    start, stop, hop = move
    shapes = path.wanted(hop.shapes if hop else catalogue.patch, request.wants, start)
    renewal = hop.renewal if hop and hop.renewal and created_with < hop.renewal.below else None
    if renewal:
        chosen = path.shape(renewal.shapes, request.strategy or renewal.shapes[0].strategy, start, stop)
        walks = waves.emptied(nodes, cluster, catalogue, renewal)
    elif request.strategy:
        named = path.shape(shapes, request.strategy, start, stop, request.wants)
        chosen, walks = _try(named, catalogue, nodes, cluster, request)
    else:
        chosen, walks = _least(shapes, catalogue, nodes, cluster, request)
    return PlannedHop(
        start,
        stop,
        chosen.strategy,
        tuple(_pass(catalogue, name, chosen, nodes, walks) for name in PASSES if name in chosen.passes),
        hop.irreversible if hop else "",
        hop.guide if hop else "a move inside a series: the releases share protocol and data",
    )


def _least(
    shapes: Sequence[Shape], catalogue: Catalogue, nodes: Sequence[Node], cluster: Cluster, request: Request
) -> tuple[Shape, Waves]:
    """The first shape in the order of least interruption that this cluster survives."""
    refused: Refused | None = None
    for candidate in shapes:
        try:
            return _try(candidate, catalogue, nodes, cluster, request)
        except Refused as error:
            refused = refused or error
    raise refused or Refused(
        Refusal("no_shape", "The hop has no shape; expected one or more. This is an error in the data.")
    )


def _try(
    chosen: Shape, catalogue: Catalogue, nodes: Sequence[Node], cluster: Cluster, request: Request
) -> tuple[Shape, Waves]:
    walks = waves.waves(nodes, cluster, request, catalogue) if set(WALKS) & set(chosen.passes) else ()
    return chosen, walks


def _pass(catalogue: Catalogue, name: str, chosen: Shape, nodes: Sequence[Node], walks: Waves) -> PlannedPass:
    everyone = [[node.name for node in waves.order(nodes)]]
    return PlannedPass(
        name,
        tuple(tuple(wave) for wave in (walks if name in WALKS else everyone)),
        scoped(catalogue, chosen.passes[name]),
        chosen.interrupts.get(name, ""),
    )


def _unmet(catalogue: Catalogue, request: Request, hops: Sequence[PlannedHop]) -> list[str]:
    """What is done otherwise than the operator wants it, since a hop has no way to do it so."""
    return [
        f"{hop.source} -> {hop.target}: {catalogue.unmet[wish]}"
        for hop in hops
        for wish in request.wants
        if wish in catalogue.unmet and wish not in {name for one in hop.passes for name, _scope in one.steps}
    ]


def _request(request: Request) -> list[Refusal]:
    if request.wave in ("", *WAVES):
        return []
    expected = ", ".join(WAVES)
    return [Refusal("unknown_wave", f"The wave {request.wave!r} is not known; expected one of {expected}, or none.")]


def _twice(nodes: Sequence[Node]) -> list[Refusal]:
    """Two names of one node would be two waves, each believing that the others serve meanwhile."""
    names: dict[str, list[str]] = {}
    for node in nodes:
        names.setdefault(node.id, []).append(node.name)
    return [
        Refusal(
            "node_twice",
            f"{' and '.join(sorted(several))} are one node, {ident[:16]}; expected one name of the inventory for each."
            " Take the others out of the group. Where they are two daemons of one host, give each its unit.",
        )
        for ident, several in sorted(names.items())
        if ident and len(several) > 1
    ]


def membership(here: Mapping[str, str], cluster: Cluster) -> list[Refusal]:
    """--limit, job slices and stale inventories show as a difference between the play and the cluster's own list."""
    missing = sorted(member for member in cluster.members if member not in here)
    strange = sorted(name for ident, name in here.items() if ident not in cluster.members)
    out = []
    if missing:
        out.append(
            Refusal(
                "nodes_missing",
                f"The play has {len(here)} nodes and the cluster {len(cluster.members)}:"
                f" {', '.join(i[:16] for i in missing)} are not in it. Run without --limit and job slices, and with"
                " an inventory that has every node.",
            )
        )
    if strange:
        out.append(
            Refusal(
                "not_a_member",
                f"{', '.join(strange)} are in the play but not in the cluster's layout; expected the nodes of one"
                " cluster. Take them out of the group, or give them a role first.",
            )
        )
    return out


def _agreed_waves(catalogue: Catalogue, hops: Sequence[PlannedHop]) -> Waves:
    agreed = {name for name, verb in all_of(catalogue).items() if verb.agreed}
    passes = [one for hop in hops for one in hop.passes if agreed & {name for name, _scope in one.steps}]
    return [wave for one in passes for wave in one.waves]


def told_at_once(agreed: Waves, forks: int) -> list[Refusal]:
    """A node that waits for its turn hears of the agreed moment when it is over, and is left behind.

    agreed: the waves whose nodes have to be told of one.
    """
    most = max((len(wave) for wave in agreed), default=0)
    if not 0 < forks < most:
        return []
    sentence = (
        f"{most} nodes switch at one moment and Ansible talks to {forks} of them at once; expected {most} or more."
    )
    return [Refusal("few_forks", f"{sentence} Run it with --forks {most}, or forks = {most} in ansible.cfg.")]


def _too_long(catalogue: Catalogue, hops: Sequence[PlannedHop]) -> list[Refusal]:
    if len(hops) <= HOPS:
        return []
    stop = hops[HOPS - 1].target
    return [
        Refusal(
            "too_many_hops",
            f"The upgrade path has {len(hops)} hops; one operation makes at most {HOPS}. End this one at {stop} with"
            f" {catalogue.product}_stop_after: {stop}, then run the rest as another.",
        )
    ]
