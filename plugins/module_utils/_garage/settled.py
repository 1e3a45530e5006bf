# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Has this node recovered? That is: connected, tables synced since its start, no worker failing, no block in error."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.repair import ASSUMED, SEEN, Watch

YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
UNSYNCED = "its tables are not known to be synced since its start"


@dataclass(frozen=True)
class Verdict:
    answer: str
    reason: str
    certainty: str = SEEN
    launched: bool = False


@dataclass
class Memory:
    """Which start of the daemon has had its tables synced. Lives in /run: a new boot is a new start anyway."""

    directory: str
    garage: Garage

    @property
    def path(self) -> Path:
        return Path(self.directory) / (hashlib.sha256(self.garage.config_file.encode()).hexdigest()[:16] + ".synced")

    def certainty(self) -> str:
        """Empty when this start is not known to be synced."""
        try:
            kept = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return ""
        return str(kept.get("certainty", "")) if self.garage.token and kept.get("token") == self.garage.token else ""

    def keep(self, certainty: str) -> None:
        os.makedirs(self.directory, mode=0o755, exist_ok=True)
        write_atomic(str(self.path), json.dumps({"token": self.garage.token, "certainty": certainty}).encode(), 0o644)


def settle(watch: Watch, memory: Memory, expect: Sequence[str], launch: bool, all_nodes: bool = True) -> Verdict:
    """Asks until the answer is yes or the time is over; then the last answer stands."""
    now, end = watch.clock.now, watch.clock.now() + watch.timeout
    launched, cost, failure = False, 0.0, ""
    while True:
        began = now()
        try:
            verdict = look(watch.garage, memory, expect)
            # Another attempt that the end would cut off would hide why the last one failed.
            if verdict.reason == UNSYNCED and launch and now() + cost <= end:
                launched = True
                # A sync only sends. What this node missed while it was away comes to it by the syncs of the others.
                watch.repair("tables", all_nodes)
                memory.keep(watch.certainty)
                continue
        except UpliftError as exc:
            cost, failure = now() - began, str(exc)
            verdict = Verdict(NO if launched else CANNOT_TELL, failure)
        if verdict.answer == YES or not watch.garage.running or now() >= end:
            reason = failure if failure and verdict.reason == UNSYNCED else verdict.reason
            return Verdict(verdict.answer, reason, memory.certainty() or verdict.certainty, launched)
        watch.progress.say(0, 0, verdict.reason)
        watch.rest()


def look(garage: Garage, memory: Memory, expect: Sequence[str]) -> Verdict:
    """One look, which changes nothing."""
    if not garage.running:
        return Verdict(NO, f"no daemon with {garage.config_file} runs")
    up = {node.id[:16] for node in garage.status().nodes if node.up}
    missing = [one[:16] for one in expect if one[:16] not in up]
    if missing:
        return Verdict(NO, f"it is not connected to {', '.join(missing)}")
    stats = garage.stats()
    if stats.block_errors is None:
        return Verdict(CANNOT_TELL, "`garage stats` does not tell the number of blocks in error")
    if stats.block_errors:
        return Verdict(NO, f"{stats.block_errors} blocks are in error")
    workers = garage.workers()
    failing = [one.name for one in workers.workers if one.consecutive_errors] if workers else []
    if failing:
        return Verdict(NO, f"these workers fail again and again: {', '.join(failing)}")
    certainty = memory.certainty()
    if not certainty:
        return Verdict(NO, UNSYNCED)
    how = (
        "its tables are synced since its start"
        if certainty != ASSUMED
        else "its tables had time to sync since its start"
    )
    return Verdict(YES, f"connected to all, {how}, no worker fails, no block is in error", certainty)


def run(garage: Garage, params: Any, watch: Watch, check_mode: bool) -> dict[str, Any]:
    """What `garage_settled` does."""
    began = watch.clock.now()
    memory = Memory(params["state_dir"], garage)
    launch = params["launch"] and not check_mode
    verdict = settle(watch, memory, params["expect"], launch, params["all_nodes"])
    return {
        "changed": verdict.launched,
        "answer": verdict.answer,
        "settled": verdict.answer == YES,
        "reason": verdict.reason,
        "certainty": verdict.certainty,
        "launched": ["tables"] if verdict.launched else [],
        "seconds": round(watch.clock.now() - began, 1),
    }
