# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import time
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps
from ansible_collections.uplift.datastores.plugins.module_utils._plan import serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    PASSES,
    Catalogue,
    Cluster,
    Plan,
    PlannedHop,
    PlannedPass,
    Refusal,
    Shape,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import scoped

Records = Mapping[str, Mapping[str, Any]]
RESTORE, REOPEN, SWAP = 0, 1, 2  # places in Catalogue.back


def plan(
    catalogue: Catalogue, records: Records, seen: Mapping[str, str], cluster: Cluster, confirmed: bool
) -> Plan | Sequence[Refusal]:
    """The rollback over the hop that the nodes' operation made last, finished or not. Pure.

    records: host -> its record. seen: host -> the release that it runs, "" where that is not known. What is lost is
    said, and expected confirmed: objects written since the backup.
    """
    refusals = _unusable(records)
    if refusals:
        return refusals
    record = next(iter(records.values()))
    number = _last_hop(records)
    hop = record["plan"]["hops"][number]
    refusals = _strangers(catalogue, records, number, seen, cluster)
    if refusals:
        return refusals
    found = _by_hand(catalogue, records, number, cluster) or _way(catalogue, records, number)
    if isinstance(found, Refusal):
        return [found]
    which, names = found
    if which == RESTORE and not confirmed:
        return [_unconfirmed(record, hop, _since(records, number))]
    chosen = catalogue.back[which]
    here, there = version.parse(hop["target"]), version.parse(hop["source"])
    return Plan(
        catalogue.product,
        record["plan"]["leader"],
        there,
        (
            PlannedHop(
                here,
                there,
                chosen.strategy,
                _passes(catalogue, chosen, names),
                "what clients wrote since the backups were taken" if which == RESTORE else "",
                f"back over {hop['source']} -> {hop['target']} of {record['id']}",
            ),
        ),
        undoes=record["id"],
        undoes_hop=number,
        retracts=tuple(catalogue.retracts),
        verbs=catalogue.verbs,
    )


def _way(catalogue: Catalogue, records: Records, number: int) -> tuple[int, tuple[str, ...]] | Refusal:
    """Which of the catalogue's rollback shapes, and the nodes that it is for."""
    record = next(iter(records.values()))
    hop = record["plan"]["hops"][number]
    everyone = _everyone(record, number)
    switched = _hosts_with(records, number, "activate")
    # A hop between releases that agree on what they keep backs nothing up, and loses nothing when it goes back.
    keeps = any(steps.backs_up(record, key) for key in serialise.keys({"hops": [hop]}))
    if not switched:
        return REOPEN, everyone
    bare = sorted(host for host, one in records.items() if keeps and not _backed_up(one, number))
    if bare and not hop["irreversible"] and len(catalogue.back) > SWAP:
        # The others were not reached yet and serve with the old release, which shares protocol and data with the new.
        down = {host for host, one in records.items() if "service" in steps.closed(one, number)}
        return SWAP, tuple(name for name in everyone if name in {*switched, *down})
    if bare:
        return Refusal(
            "no_backup",
            f"{', '.join(bare)} finished no backup in the operation {record['id']}, and {', '.join(switched)} went on"
            f" to {hop['target']}; expected a backup of every node. Finish the upgrade instead: run it again.",
        )
    return (RESTORE if keeps else SWAP), everyone


def _by_hand(catalogue: Catalogue, records: Records, number: int, cluster: Cluster) -> Refusal | None:
    """What only a person can put back is said before anything is begun."""
    verb, refusal = catalogue.by_hand.get(cluster.replication, ("", None))
    return refusal if verb and _hosts_with(records, number, verb, "done") else None


def _passes(catalogue: Catalogue, chosen: Shape, names: tuple[str, ...]) -> tuple[PlannedPass, ...]:
    return tuple(
        PlannedPass(
            name,
            (names,),
            scoped(catalogue, chosen.passes[name]),
            chosen.interrupts.get(name, ""),
        )
        for name in PASSES
        if name in chosen.passes
    )


def _everyone(record: Mapping[str, Any], number: int) -> tuple[str, ...]:
    passes = record["plan"]["hops"][number]["passes"]
    return tuple(name for wave in (passes.get("before") or passes["together"])["waves"] for name in wave)


def unfinished(records: Records) -> Mapping[str, Any] | None:
    """The record of a rollback that was begun and not finished."""
    begun = [record for record in records.values() if record and record["state"] == "open" and record["plan"]["undoes"]]
    return begun[0] if begun else None


def _unusable(records: Records) -> list[Refusal]:
    known = {host: record for host, record in records.items() if record}
    planned = {name for record in known.values() for name in _everyone(record, _last_hop(known))}
    new = sorted(host for host in records if host not in known and known and host not in planned)
    if new:
        return [
            Refusal(
                "members_changed",
                f"{', '.join(new)} is in the play and was not in the operation that is to be undone: there is no backup"
                " of its metadata. Take it out of the cluster's layout and of the group, then run this again.",
            )
        ]
    without = sorted(host for host in records if host not in known)
    if without:
        return [
            Refusal(
                "nothing_to_undo",
                f"{', '.join(without)} has no record of an operation; expected the one to go back from on every node.",
            )
        ]
    idents = sorted({record["id"] for record in records.values()})
    if len(idents) > 1:
        seen = ", ".join(f"{host} has {record['id']}" for host, record in sorted(records.items()))
        return [Refusal("records_differ", f"The nodes have records of different operations ({seen}); expected one.")]
    said = next(filter(None, map(_ended, records.values())), "")
    return [Refusal("nothing_to_undo", said)] if said else []


def _ended(record: Mapping[str, Any]) -> str:
    """Why there is nothing to go back from: the last operation was a rollback itself, or was given up, or what going
    back needs was removed; else ""."""
    if record["plan"]["undoes"]:
        return f"The last operation, {record['id']}, was a rollback itself, and there is nothing more to go back from."
    if record["state"] == "abandoned":
        return (
            f"The operation {record['id']} was given up with operation_abandon, and cannot be gone back from any more."
        )
    if "forgotten" in record:
        product, when = record["plan"]["product"], time.strftime("%Y-%m-%d", time.gmtime(record["forgotten"]))
        return (
            f"What going back from the operation {record['id']} needs was removed by {product}_cleanup on {when}, with"
            f" {product}_confirm: [forget_rollback]; it cannot be gone back from any more."
        )
    return ""


def _strangers(
    catalogue: Catalogue, records: Records, number: int, seen: Mapping[str, str], cluster: Cluster
) -> list[Refusal]:
    """What the record does not tell of: nodes that are not here, releases that it did not install, other backups."""
    out = []
    record = next(iter(records.values()))
    hop = record["plan"]["hops"][number]
    away = sorted(set(_everyone(record, number)) - set(records))
    if away or len(cluster.members) > len(records):
        who = ", ".join(away) or f"{len(cluster.members) - len(records)} of the cluster's nodes"
        out.append(
            Refusal(
                "nodes_missing",
                f"{who} not in the play; expected every node of the operation {record['id']}. Run it without --limit"
                " and job slices.",
            )
        )
    other = sorted(f"{host} runs {one}" for host, one in seen.items() if one and one not in _own(catalogue, hop))
    if other:
        out.append(
            Refusal(
                "other_release",
                f"{', '.join(other)}; the operation {record['id']} went from {hop['source']} to {hop['target']}. What"
                " was installed since is not in its record, and the old backups do not fit it. Go back from that by"
                " hand first.",
            )
        )
    lost = [f"{host}: {one}" for host, found in sorted(records.items()) for one in found.get("lost", ())]
    if lost:
        out.append(
            Refusal(
                "backup_changed",
                f"The backups are not those that the operation {record['id']} made: {' '.join(lost)} Put back the files"
                " that it wrote. Nothing was changed.",
            )
        )
    return out


def _own(catalogue: Catalogue, hop: Mapping[str, Any]) -> set[str]:
    """The releases of a hop, by their numbers and by what they call themselves."""
    numbers = [version.parse(hop[end]) for end in ("source", "target")]
    return {str(name) for one in numbers for name in (one, catalogue.called(one))}


def _last_hop(records: Records) -> int:
    """The number of the last hop in which anything was stopped, or the first."""
    keys = [
        key
        for record in records.values()
        for key in steps.begun(record)
        if steps.verb_name(key) in ("stop", "activate") or steps.backs_up(record, key)
    ]
    return max(map(steps.hop_of, keys), default=0)


def _backed_up(record: Mapping[str, Any], number: int) -> list[str]:
    """The keys of the steps of the hop that have left a backup."""
    mine = [key for key in steps.begun(record, number) if steps.backs_up(record, key)]
    return [key for key in mine if record["steps"][key]["state"] == steps.DONE]


def _hosts_with(records: Records, number: int, verb: str, state: str = "") -> list[str]:
    def did(record: Mapping[str, Any]) -> bool:
        mine = [key for key in steps.begun(record, number) if steps.verb_name(key) == verb]
        return any(state in ("", record["steps"][key]["state"]) for key in mine)

    return sorted(host for host, record in records.items() if did(record))


def _since(records: Records, number: int) -> str:
    """When the oldest backup of the hop was begun, in words: what is in it of a node that serves is of that moment."""
    times = [record["steps"][key]["started"] for record in records.values() for key in _backed_up(record, number)]
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(min(times))) if times else "then"


def _unconfirmed(record: Mapping[str, Any], hop: Mapping[str, Any], since: str) -> Refusal:
    return Refusal(
        "unconfirmed",
        f"Going back from {hop['target']} to {hop['source']} puts back what the operation {record['id']} backed up:"
        f" everything that was written since {since} is lost. To do it, confirm it:"
        f" {record['plan']['product']}_confirm: [rollback].",
    )
