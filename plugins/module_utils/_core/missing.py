# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: whether what is missing after an upgrade was deleted by its owner, is lost, or whether that is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Mapping

# What a node says of a thing. Every other word is the reason why it does not say.
THERE, ABSENT, BROKEN = "there", "absent", "broken"
DELETED, LOST, UNKNOWN = "deleted", "lost", "unknown"


@dataclass(frozen=True)
class Verdict:
    """kind: DELETED (a note), LOST (stops) or UNKNOWN (stops, and may be accepted). why: the end of a sentence."""

    kind: str
    why: str


def judge(asked: Mapping[str, str], live: bool, counted: bool | None = None, most: bool = False) -> Verdict:
    """On one thing that could not be read. A deletion is known at every node alike; a loss leaves traces.

    asked: node -> THERE, ABSENT (neither listed nor readable), BROKEN (listed and not readable) or why it cannot tell.
    live: whether clients could write in between. counted: whether the cluster counts no more things than it lists, None
    where it does not count. most: whether most of what was looked at is missing, which owners seldom do.
    """
    if not live:
        return Verdict(LOST, "no client could write in between")
    at = {word: _list(node for node, said in asked.items() if said == word) for word in (THERE, ABSENT, BROKEN)}
    silent = {node: said for node, said in asked.items() if said not in at}
    if at[BROKEN]:
        return Verdict(LOST, f"it is listed at {at[BROKEN]} and cannot be read")
    if at[THERE] and at[ABSENT]:
        return Verdict(LOST, f"it is at {at[THERE]} and not at {at[ABSENT]}")
    if silent or not at[ABSENT]:
        there = f"it is at {at[THERE]}" if at[THERE] else "nobody was asked"
        reasons = "; ".join(f"{node}: {said}" for node, said in silent.items()) or there
        return Verdict(UNKNOWN, f"not every node says that it is gone ({reasons})")
    if counted is False:
        return Verdict(UNKNOWN, "no node has it, and the cluster counts more than it lists")
    if most and not counted:
        return Verdict(
            UNKNOWN, "no node has it, nor most of the others that were looked at, and no count confirms that"
        )
    return Verdict(DELETED, "no node has it")


def _list(nodes: Iterable[str]) -> str:
    return ", ".join(sorted(nodes))
