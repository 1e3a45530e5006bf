# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

NODE = "node"
CLUSTER = "cluster"
PASSES = ("before", "walk", "together", "walk_again", "after")
WALKS = ("walk", "walk_again")
THINGS = ("service", "ports", "pipelines", "balancer")  # what a step may take from clients and give back

HOPS = 8
"""The most hops that one operation may have: a playbook has plays for so many."""


def _itself(version: Version) -> Version:
    return version


@dataclass(frozen=True)
class Verb:
    """What the record has to know of a step verb.

    slots: the things whose state the step leaves behind. On resume a finished step counts only while the evidence for
    each holds, unless a later step has written the same slot.
    agreed: all nodes of the wave have to be told before a moment, so they are told at once.
    final_after: once one of these slots has been written after the step, the step cannot be done again (a backup of the
    old release, when the new one has run or has changed the data).
    what: what it does, for people. closes, opens: what of THINGS the step takes from clients and what it gives back.
    discards: the step replaces data by older data or by none. It is never done again once clients may have written.
    fresh: the step looks at data that clients change. A later run looks again as long as they are served.
    bars: once the step has begun, a failing run leaves these closed: what would answer is not what clients left. In a
    walk the others serve with the release that lies there, so only what empties a node bars anything.
    bars_walks: it does so in a walk, too.
    role: the role that does it, "" for the product's. spans: what a hook goes before, the next step or the rest of its
    wave, hop or operation; a later run plays it again while anything of that is not done.
    """

    scope: str = NODE
    slots: tuple[str, ...] = ()
    final_after: tuple[str, ...] = ()
    what: str = ""
    agreed: bool = False
    closes: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    discards: bool = False
    fresh: bool = False
    bars: tuple[str, ...] = ()
    bars_walks: bool = False
    role: str = ""
    spans: str = ""


@dataclass(frozen=True)
class Shape:
    """How one strategy does a hop: its passes, each a row of verbs, and what clients notice in which pass.

    since: the oldest release that can go this way; None for all of the hop.
    """

    strategy: str
    passes: Mapping[str, Sequence[str]]
    interrupts: Mapping[str, str] = field(default_factory=dict)
    since: Version | None = None


@dataclass(frozen=True)
class Refusal:
    """Why not, by key (what an operator may accept) and as a sentence."""

    key: str
    sentence: str


@dataclass(frozen=True)
class Renewal:
    """For a hop whose target no longer knows entries that old releases wrote and nobody has written since.

    below: releases before it wrote such entries. shapes: taken in place of the hop's own where there may be some; their
    walk empties one node at a time and lets the others fill it again, which writes every entry anew.
    modes: replication modes in which an empty node misleads no reader.
    by_hand, alone: why not, and what to do instead, in other modes and where no other node has a copy. {0} is the
    mode that there is, {1} what is wanted.
    """

    below: Version
    shapes: Sequence[Shape]
    modes: Sequence[str]
    by_hand: Refusal
    alone: Refusal


@dataclass(frozen=True)
class Series:
    """Releases that share protocol and data: from `since` on, up to the next series.

    newest: the newest release known here; a newer one of the series is a target with a note.
    stop: the release at which a longer upgrade path touches the series (None: the newest).
    """

    name: str
    since: Version
    newest: Version
    stop: Version | None = None


@dataclass(frozen=True)
class Hop:
    """One supported move between two series, by their names. `shapes` is in the order of least interruption; the second
    of a strategy is taken where a step that it has is wanted.

    depart: the oldest release that can make the hop; what is older is first taken there, inside its series.
    arrive: the one release that the hop leads to; what is newer is reached from there, inside its series.
    refusal: why nobody should make this hop by machine, with the written procedure; it has no `shapes` then.
    renewal: what it takes besides where data are older than the target can read.
    """

    source: str
    target: str
    shapes: Sequence[Shape] = ()
    irreversible: str = ""
    guide: str = ""
    depart: Version | None = None
    arrive: Version | None = None
    refusal: str = ""
    renewal: Renewal | None = None


@dataclass(frozen=True)
class Catalogue:
    """All that the planner knows of a product: its series in order, the hops between them, moves inside one.

    verbs: the steps that no other product has; see _plan/verbs.py for the others.
    until: the first release that belongs to no known series.
    never: releases that are no target, and why.
    back: how a hop is gone back over: when the new release was made active; when it was not; and, where there is a
    third, when it was and the hop backs nothing up.
    quorums: replication mode -> (copies, how many must answer). alike: the nodes keep nothing themselves (they share
    a database), so one that stays serves everybody; quorums are not asked then.
    redundancy: the command by which a layout says in how many zones copies must lie, "" where there is none.
    retracts: verbs that a failing run itself takes back, so that they bar nothing.
    called: what a release calls itself.
    by_hand: replication mode -> a verb after which there is no rollback by machine there, and what a person does.
    unit: where it runs when nobody says where, as the role's default has it; "" for the unit of the product's name.
    unmet: a step that can be wanted -> what the plan says of a hop that has no way with it.
    """

    product: str
    series: Sequence[Series]
    until: Version
    hops: Sequence[Hop]
    patch: Sequence[Shape]
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    quorums: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    alike: bool = False
    redundancy: str = ""
    never: Mapping[Version, str] = field(default_factory=dict)
    back: Sequence[Shape] = ()
    retracts: Sequence[str] = ()
    called: Callable[[Version], Version] = _itself
    by_hand: Mapping[str, tuple[str, Refusal]] = field(default_factory=dict)
    unit: str = ""
    unmet: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """One node as found: inventory name, the cluster's id for it, zone ("" for none), the release that runs.

    stores: whether it holds copies of objects; a gateway does not.
    """

    name: str
    id: str
    zone: str
    version: Version
    stores: bool = True


@dataclass(frozen=True)
class Cluster:
    """What the cluster says of itself: member ids and the replication mode as it is written in the config ("3").

    zone_redundancy: in how many zones a copy of everything must lie, as the layout says it: a number, "maximum" (as
    many as there can be), or "" where the release has no such setting and always does the latter.
    """

    members: Sequence[str]
    replication: str
    zone_redundancy: str = ""


@dataclass(frozen=True)
class Request:
    """What the operator wants. strategy and wave may be "": the planner chooses. accept: findings by key.

    via: releases that the upgrade path has to include, in order; one that lies behind already is passed over.
    forks: how many nodes the controller tells something at once; 0 when it is not known.
    created_with: the series or release that the first data were written with, where that is older than what runs.
    wants: steps that another setting of the operator asks for. A way without them is none where another of its hop has
    them.
    """

    target: str
    strategy: str = ""
    wave: str = ""
    accept: Sequence[str] = ()
    stop_after: str = ""
    via: Sequence[str] = ()
    forks: int = 0
    created_with: str = ""
    wants: Sequence[str] = ()


@dataclass(frozen=True)
class PlannedPass:
    name: str
    waves: tuple[tuple[str, ...], ...]
    steps: tuple[tuple[str, str], ...]
    interrupts: str = ""


@dataclass(frozen=True)
class PlannedHop:
    source: Version
    target: Version
    strategy: str
    passes: tuple[PlannedPass, ...]
    irreversible: str
    guide: str


@dataclass(frozen=True)
class Plan:
    """undoes: the operation that a rollback undoes, and the number of the hop in it. created_with: as it was asked for.

    retracts: verbs that a failing run itself takes back. verbs: those of its steps that only this product has.
    """

    product: str
    leader: str
    target: Version
    hops: tuple[PlannedHop, ...]
    notes: tuple[str, ...] = ()
    undoes: str = ""
    undoes_hop: int = 0
    created_with: str = ""
    retracts: tuple[str, ...] = ()
    verbs: Mapping[str, Verb] = field(default_factory=dict)
