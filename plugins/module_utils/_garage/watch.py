# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage

PAUSE = 2.0


@dataclass(frozen=True)
class Look:
    """What can worsen: blocks in error, workers that fail again and again, nodes that are away, what is to be done."""

    block_errors: int
    failing: frozenset[str]
    down: frozenset[str]
    waiting: int


def look(garage: Garage) -> Look:
    stats, workers, status = garage.stats(), garage.workers(), garage.status()
    if stats.block_errors is None:
        raise UpliftError("`garage stats` does not tell how many blocks are in error; cannot tell whether it worsens.")
    return Look(
        stats.block_errors,
        frozenset(one.name for one in (workers.workers if workers else ()) if one.consecutive_errors),
        frozenset(node.id for node in status.nodes if not node.up),
        (stats.resync_queue or 0) + sum(table.merkle_todo + table.gc_todo for table in stats.tables),
    )


def worsened(first: Look, now: Look) -> list[str]:
    """What is worse than at the start, each a sentence. Longer queues alone are load, not harm: shown, not judged."""
    out = []
    if now.block_errors > first.block_errors:
        out.append(f"{now.block_errors} blocks are in error, {first.block_errors} were at the start.")
    if now.failing - first.failing:
        out.append(f"Workers fail again and again: {', '.join(sorted(now.failing - first.failing))}.")
    if now.down - first.down:
        out.append(f"Nodes are away: {', '.join(sorted(now.down - first.down))}.")
    return out


def watch(
    garage: Garage,
    seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    say: Callable[[float, float, str], None],
) -> tuple[Look, Look, list[str]]:
    """Look until the time is over: first look, last look, what had worsened by then. A dip that heals is no harm."""
    start, first = clock(), look(garage)
    now = first
    while clock() - start < seconds:
        sleep(min(PAUSE, seconds))
        now = look(garage)
        say(min(clock() - start, seconds), seconds, "; ".join(worsened(first, now)) or "nothing has worsened")
    return first, now, worsened(first, now)
