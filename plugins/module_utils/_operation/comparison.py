# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: how the comparison of a hop with the inventory of before has ended, as the record keeps it.

A record has `comparisons`: number of the hop -> {state, when, who, said}. OPEN: an answer could not be read, which is
no loss; the hop is done, and whether anything is lost is not known. DIFFERENT: something is, and was not accepted.
"""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Record = Mapping[str, Any]

OPEN, SAME, ACCEPTED, DIFFERENT = "open", "same", "accepted", "different"
_SHOWN = 5  # differences in a sentence


def entry(record: Record, found: Mapping[str, Any], who: str, now: float) -> dict[str, Any]:
    """found: `unread`, a sentence on the answer that could not be read, or `differences` and `accepted` (keys)."""
    unread, rows = found.get("unread") or "", found.get("differences") or []
    lost = [row for row in rows if row["key"] not in (found.get("accepted") or ())]
    state = OPEN if unread else DIFFERENT if lost else ACCEPTED if rows else SAME
    text = f"Could not be compared: {unread} {again(record)}" if unread else _sentences(lost or rows)
    return {"state": state, "when": now, "who": who, "said": text}


def note(record: dict[str, Any], params: Mapping[str, Any], who: str, now: float) -> dict[str, Any]:
    """Put into the record of the operation `id` how the `comparison` of its hop `hop` has ended: `summary`."""
    if not record or record["id"] != params["id"]:
        seen = record.get("id", "no operation")
        raise UpliftError(f"The record here is of {seen}; expected {params['id']}, which was compared. Compare again.")
    made = entry(record, params["comparison"], who, now)
    record.setdefault("comparisons", {})[str(params["hop"])] = made
    return {**summary(record), "hop": params["hop"], "state": made["state"], "said": made["said"]}


def again(record: Record) -> str:
    product = record["plan"]["product"]
    return (
        "Compare again with: ansible-playbook -i INVENTORY"
        f" uplift.datastores.{product}_verify, with the settings of the upgrade."
    )


def open_ones(record: Record) -> dict[int, str]:
    """The hops whose comparison is open, with what is said of it."""
    rows = (record.get("comparisons") or {}).items() if record else ()
    return {int(number): str(row["said"]) for number, row in sorted(rows) if row["state"] == OPEN}


def summary(record: Record) -> dict[str, Any]:
    """{hop, state, said, open, measured, refused}: which hop a comparison now would be of, how the last one of it ended
    (`none` where there was none), the sentences of those that are open, the hops with an inventory of before, and why
    there is nothing to compare with.
    """
    if not record:
        said = "There is no record of an operation; expected that of an upgrade, with the inventory of before it."
        return {"hop": -1, "state": "none", "said": "", "open": [], "measured": [], "refused": said}
    known, waiting = record.get("comparisons") or {}, open_ones(record)
    measured = _measured(record)
    number = next(iter(waiting), max(measured, default=-1))
    last = known.get(str(number)) or {"state": "none", "said": ""}
    refused = "" if number >= 0 else f"The operation {record['id']} has noted no inventory of before; expected one."
    rest = {"open": list(waiting.values()), "measured": measured, "refused": refused}
    return {"hop": number, "state": last["state"], "said": last["said"], **rest}


def _measured(record: Record) -> list[int]:
    """The hops with an inventory. A rollback has one hop, and is measured by that of the hop it undoes."""
    plan, saved = record["plan"], record["saved"]
    if plan.get("undoes"):
        return [0] if _has(saved, int(plan.get("undoes_hop") or 0)) else []
    return [number for number in range(len(plan["hops"])) if _has(saved, number)]


def _has(saved: Mapping[str, Any], number: int) -> bool:
    return f"inventory_{number}" in saved


def _sentences(rows: Any) -> str:
    more = f" And {len(rows) - _SHOWN} more." if len(rows) > _SHOWN else ""
    return " ".join(row["sentence"] for row in rows[:_SHOWN]) + more
