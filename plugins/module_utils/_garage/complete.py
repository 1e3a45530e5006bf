# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Has a node whose database was renamed got everything again? The next node may lose its own only then.

A node's sync compares its tables with those of every other node that has to have the same, and sends what differs. A
full sync of all nodes that brings this node nothing and takes nothing from it has found them the same, byte by byte:
the others, too, have every entry in the form in which this node was made to write it (seen on 0.9.4: the second of two
syncs moves nothing). What the node had before it was emptied is the other half: health tells nothing of it (G02).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import REPAIRS
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.repair import ASSUMED, SEEN, Watch

Entries = Mapping[str, Mapping[str, Any]]
"""Per table: `items`, those on this node (None when it is unknown), and `fleeting`, how many deleted ones wait on
any node to be forgotten. Garage lets them wait for a day, so that no other entry goes by itself in the meantime."""

YES, NO, CANNOT_TELL = "yes", "no", "cannot tell"
ROUNDS = 2  # full syncs at least, where nothing tells what they moved


@dataclass(frozen=True)
class Round:
    """A full sync of all nodes. `moved` is None where the node shows no metrics; `error` says why it does not count."""

    moved: int | None
    error: str = ""


def count(garage: Garage) -> dict[str, dict[str, int | None]]:
    waiting: dict[str, int] = {}
    for table in garage.tables(everywhere=True):
        waiting[table.name] = waiting.get(table.name, 0) + table.gc_todo
    return {table.name: {"items": table.items, "fleeting": waiting[table.name]} for table in garage.tables()}


def decide(before: Entries, now: Entries, last: Round, rounds: int) -> tuple[str, str]:
    """Pure: the answer, and why."""
    if not before:
        return CANNOT_TELL, "it is not known which entries the node had before"
    if last.error:
        return CANNOT_TELL, last.error
    for name, had in before.items():
        has = now.get(name, {"items": None})["items"]
        if has is None or had["items"] is None:
            return CANNOT_TELL, f"`garage stats` does not tell how many entries the table {name} has"
        # On a busy cluster most entries are deleted ones: an allowance for them proves nothing by itself.
        allowed = 0 if last.moved is None else had["fleeting"]
        if has < had["items"] - allowed:
            forgettable = f", of which {allowed} may be forgotten by now" if allowed else ""
            return NO, f"the table {name} has {has} entries here; before it had {had['items']}{forgettable}"
    if last.moved:
        return NO, f"the last full sync still moved {last.moved} entries between this node and others"
    if last.moved is None and rounds < ROUNDS:
        return NO, f"{rounds} of {ROUNDS} full syncs are made"
    return YES, ""


def run(garage: Garage, params: Mapping[str, Any], watch: Watch, check_mode: bool) -> dict[str, Any]:
    """What `garage_complete` does."""
    patient = replace(garage, timeout=max(garage.timeout, params["timeout"]))  # sled counts by reading everything
    before = params["before"]
    result: dict[str, Any] = {"changed": False, "complete": None, "rounds": 0}
    if before is None or check_mode:
        return {**result, "entries": count(patient)}
    end, rounds = watch.clock.now() + watch.timeout, 0
    while True:
        began = watch.clock.now()
        last, rounds = _sync(watch), rounds + 1
        try:
            entries = count(patient)
        except UpliftError as exc:  # a node went away
            last, entries = Round(None, str(exc).rstrip(".")), {}
        answer, reason = decide(before, entries, last, rounds)
        if answer == YES:
            break
        watch.progress.say(0, 0, reason)
        # A sync that the end would cut off would hide why the last one did not do.
        if rounds >= params["rounds"] or watch.clock.now() * 2 - began >= end:
            raise UpliftError(_sentence(answer, reason, rounds))
        watch.clock.sleep(watch.quiet)
    certainty = ASSUMED if last.moved is None else watch.certainty
    return {**result, "changed": True, "complete": True, "rounds": rounds, "entries": entries, "certainty": certainty}


def _sync(watch: Watch) -> Round:
    """A full sync of all nodes, from its launch to its end everywhere."""
    watch.certainty, watch.missed = SEEN, False
    try:
        errors, moved = _errors(watch), _moved(watch)
        watch.repair("tables", all_nodes=True)
        failed, now = _errors(watch) - errors, _moved(watch)
    except UpliftError as exc:
        return Round(None, f"a full sync did not come to its end: {str(exc).rstrip('.')}")
    if watch.missed or watch.certainty != SEEN:
        return Round(None, "a full sync was not seen on all nodes")
    if failed:
        return Round(None, f"{failed} attempts to sync a part of a table failed on some node")
    return Round(None if moved is None or now is None else now - moved)


def _errors(watch: Watch) -> int:
    """How often the workers that sync have failed, on all nodes; a part that failed is left out of its round."""
    suffix = next(form.worker for form in REPAIRS["tables"] if form.worker)
    return sum(one.errors for one in watch.listed(everywhere=True) if one.name.endswith(suffix))


def _moved(watch: Watch) -> int | None:
    if not watch.metrics_url:
        return None
    try:
        return work.metrics(watch.fetch(watch.metrics_url)).synced_items
    except (OSError, CliError):
        return None  # they may want a token that is not ours to use


def _sentence(answer: str, reason: str, rounds: int) -> str:
    verdict = "has not got everything again" if answer == NO else "cannot be shown to have everything again"
    return (
        f"After {rounds} full syncs the node {verdict}: {reason}. Nothing is done to another node, and"
        " what was renamed is kept. See that all nodes are connected and that clients rest a little, and run again."
    )
