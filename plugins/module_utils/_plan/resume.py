# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Refusal, Request

Records = Mapping[str, Mapping[str, Any]]


def unfinished(records: Records, request: Request) -> Mapping[str, Any] | Sequence[Refusal] | None:
    """What the nodes remember: nothing to go on with (None), the record to go on with, or why it cannot be.

    A node without a record is one that the operation had not reached when it was opened; it gets it now.
    """
    half = half_given_up(records)
    if half:
        return half
    open_ones = {host: record for host, record in records.items() if record and record["state"] == "open"}
    if not open_ones:
        return None
    idents = sorted({record["id"] for record in open_ones.values()})
    if len(idents) > 1:
        seen = ", ".join(f"{host} has {record['id']}" for host, record in sorted(open_ones.items()))
        return [
            Refusal(
                "records_differ",
                f"The nodes remember different unfinished operations ({seen}); expected one. Abandon the one that is"
                " not meant, with operation_abandon: its id.",
            )
        ]
    record = next(iter(open_ones.values()))
    target, hops = record["plan"]["target"], record["plan"]["hops"]
    if request.target.lstrip("v") != target:
        return [_other(record, f"to {target}", f"to {request.target}", "version")]
    if request.strategy and request.strategy != hops[0]["strategy"]:
        return [_other(record, hops[0]["strategy"], request.strategy, "strategy")]
    if request.created_with and request.created_with != record["plan"].get("created_with", ""):
        seen = f"for data that began with {record['plan'].get('created_with') or hops[0]['source']}"
        return [_other(record, seen, f"one for data that began with {request.created_with}", "created_with")]
    return record


def half_given_up(records: Records) -> list[Refusal]:
    """Nodes of one operation of which some have it open and some given up: the run that gave it up ended midway."""
    for ident in sorted({record["id"] for record in records.values() if record and record["state"] == "open"}):
        at = {
            state: sorted(host for host, one in records.items() if one and (one["id"], one["state"]) == (ident, state))
            for state in ("open", "abandoned")
        }
        if at["abandoned"]:
            sentence = (
                f"The operation {ident} is given up at {', '.join(at['abandoned'])} and still open at"
                f" {', '.join(at['open'])}; expected the same at all of its nodes. Give it up at the others, too, with"
                f" operation_abandon: {ident}. Nothing was changed."
            )
            return [Refusal("half_given_up", sentence)]
    return []


def play(record: Mapping[str, Any], hosts: Sequence[str]) -> list[Refusal]:
    """Why these hosts cannot go on with it: --limit, job slices and another inventory show here."""
    hops = record["plan"]["hops"]
    planned = {name for hop in hops for one in hop["passes"].values() for wave in one["waves"] for name in wave}
    missing, strange = sorted(planned - set(hosts)), sorted(set(hosts) - planned)
    out = []
    if missing:
        out.append(
            Refusal(
                "nodes_missing",
                f"The operation {record['id']} is one of {len(planned)} nodes, and {', '.join(missing)} are not in this"
                " play. Run without --limit and job slices, and with the inventory that it was begun with.",
            )
        )
    if strange:
        out.append(
            Refusal(
                "not_a_member",
                f"{', '.join(strange)} are in the play but not in the operation {record['id']}; expected its"
                f" {len(planned)} nodes. Take them out of the group until it has ended.",
            )
        )
    return out


def _other(record: Mapping[str, Any], seen: str, expected: str, what: str) -> Refusal:
    return Refusal(
        "unfinished_operation",
        f"The operation {record['id']} of {record['who']} is unfinished and goes {seen}; asked for was {expected}. Run"
        f" again with the {what} it was begun with, or give it up with operation_abandon: {record['id']}.",
    )
