# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils import _version
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    PASSES,
    Catalogue,
    Plan,
    PlannedHop,
    PlannedPass,
    Refusal,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import VERBS

Records = Mapping[str, Mapping[str, Any]]


def plan(catalogue: Catalogue, records: Records, confirmed: bool) -> Plan | Sequence[Refusal]:
    """The way back over the hop that the nodes' operation made last, finished or not. Pure.

    records: host -> its record. What is lost is said, and wanted confirmed: objects written since the backup.
    """
    refusals = _unusable(records)
    if refusals:
        return refusals
    record = next(iter(records.values()))
    number = _last_hop(records)
    hop = record["plan"]["hops"][number]
    switched = _hosts_with(records, number, "activate")
    # A hop between releases that agree on what they keep backs nothing up, and loses nothing on the way back.
    keeps = any(step["verb"] == "backup" for one in hop["passes"].values() for step in one["steps"])
    bare = sorted(set(records) - set(_hosts_with(records, number, "backup", "done"))) if switched and keeps else []
    if bare:
        return [
            Refusal(
                "no_backup",
                f"{', '.join(bare)} finished no backup in the operation {record['id']}, and {', '.join(switched)} went"
                f" on to {hop['target']}; wanted a backup of every node. Finish the upgrade instead: run it again.",
            )
        ]
    if switched and keeps and not confirmed:
        return [_unconfirmed(record, hop)]
    way = catalogue.back[(0 if keeps else 2) if switched else 1]
    names = tuple(record["plan"]["hops"][number]["passes"]["before"]["waves"][0])
    passes = tuple(
        PlannedPass(
            name,
            (names,),
            tuple((verb, VERBS[verb].scope) for verb in way.passes[name]),
            way.interrupts.get(name, ""),
        )
        for name in PASSES
        if name in way.passes
    )
    here, there = _version.parse(hop["target"]), _version.parse(hop["source"])
    guide = f"back over {hop['source']} -> {hop['target']} of {record['id']}"
    lost = "what clients wrote since the backups were taken" if switched and keeps else ""
    return Plan(
        catalogue.product,
        record["plan"]["leader"],
        there,
        (PlannedHop(here, there, way.strategy, passes, lost, guide),),
        undoes=record["id"],
        undoes_hop=number,
    )


def unfinished(records: Records) -> Mapping[str, Any] | None:
    """The record of a way back that was begun and not finished."""
    begun = [record for record in records.values() if record and record["state"] == "open" and record["plan"]["undoes"]]
    return begun[0] if begun else None


def _unusable(records: Records) -> list[Refusal]:
    without = sorted(host for host, record in records.items() if not record)
    if without:
        return [
            Refusal(
                "nothing_to_undo",
                f"{', '.join(without)} remember no operation; wanted the one to go back from on every node.",
            )
        ]
    idents = sorted({record["id"] for record in records.values()})
    if len(idents) > 1:
        seen = ", ".join(f"{host} has {record['id']}" for host, record in sorted(records.items()))
        return [Refusal("records_differ", f"The nodes remember different operations ({seen}); wanted one.")]
    record = next(iter(records.values()))
    if record["state"] == "abandoned" or record["plan"]["undoes"]:
        return [Refusal("nothing_to_undo", f"The operation {record['id']} was given up or gone back from already.")]
    return []


def _last_hop(records: Records) -> int:
    """The number of the last hop in which anything was stopped, or the first."""
    keys = [key.split("/") for record in records.values() for key in record["steps"]]
    return max((int(parts[0]) for parts in keys if parts[-1] in ("stop", "backup", "activate")), default=0)


def _hosts_with(records: Records, number: int, verb: str, state: str = "") -> list[str]:
    def did(record: Mapping[str, Any]) -> bool:
        for key, step in record["steps"].items():
            parts = key.split("/")
            if int(parts[0]) == number and parts[-1] == verb and state in ("", step["state"]):
                return True
        return False

    return sorted(host for host, record in records.items() if did(record))


def _unconfirmed(record: Mapping[str, Any], hop: Mapping[str, Any]) -> Refusal:
    return Refusal(
        "unconfirmed",
        f"Going back from {hop['target']} to {hop['source']} puts back what the operation {record['id']} backed up:"
        " everything that was written since is lost. To do it, confirm it:"
        f" {record['plan']['product']}_confirm: [rollback].",
    )
