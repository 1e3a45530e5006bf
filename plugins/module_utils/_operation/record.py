# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import moment
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner
from ansible_collections.uplift.datastores.plugins.module_utils._operation.steps import DONE, RUNNING, UNDONE

FORMAT = 1
FILE = "record.json"
OPEN, FINISHED, ABANDONED = "open", "finished", "abandoned"

_KEPT = {"id", "state", "who", "plan", "saved", "steps"}  # what every record has

Data = Dict[str, Any]  # a record as JSON knows it


@dataclass(frozen=True)
class Why:
    """Why a step that had been begun is to be done again. looked: only to look anew at what clients change."""

    sentence: str
    looked: bool = False


LOOKED = Why("Clients were served since an earlier run looked.", looked=True)
OLDER = Why("Clients were served since an earlier run did it.")
AHEAD = Why("What it goes before is not done yet.", looked=True)
CHAIN = Why("An earlier step of this pass had to be done again.")


@dataclass(frozen=True)
class Need:
    """Whether a step is to be done now, why (or why not), whether an earlier run ended inside it; looked as in Why."""

    needed: bool
    reason: str
    interrupted: bool = False
    looked: bool = False


def opened(
    ident: str,
    plan: Mapping[str, Any],
    owner: Owner,
    done: Sequence[str],
    now: float,
    saved: Mapping[str, Any] | None = None,
) -> Data:
    """A new record; `done` names steps that were done before it could be written (the preflight)."""
    ended = {"state": DONE, "run": owner.run, "started": now, "finished": now}
    return {
        "format": FORMAT,
        "id": ident,
        "state": OPEN,
        "opened": now,
        "who": f"{owner.user}@{owner.host}",
        "plan": dict(plan),
        "saved": dict(saved or {}),
        "steps": {key: {**ended, "evidence": []} for key in done},
    }


def unfinished(record: Mapping[str, Any]) -> bool:
    return bool(record) and record["state"] == OPEN


def worked(record: Mapping[str, Any]) -> bool:
    """Whether anything was begun in it since it was written."""
    return any(step["started"] != record["opened"] for step in record["steps"].values())


def foreign(record: Mapping[str, Any], product: str, cluster: str, undoes: str = "") -> str:
    """Why the record is not of this product's cluster, or "". What an ended one says of a cluster binds nobody, unless
    it is the operation `undoes`, which is gone back from.

    cluster: the identity that was found, "" where it is unknown.
    """
    kept = record.get("cluster", "")
    if product and record and record["plan"].get("product") != product:
        seen, expected = f"the product {record['plan'].get('product')!r}", repr(product)
    elif cluster and kept not in ("", cluster) and (unfinished(record) or record["id"] == undoes):
        seen, expected = f"another cluster ({kept})", f"this one ({cluster})"
    else:
        return ""
    return (
        f"is the operation {record['id']} of {seen}; expected one of {expected}. Nothing was changed. See that the"
        " inventory leads to the right nodes; a record that was copied here by mistake is to be moved away."
    )


def need(record: Mapping[str, Any], key: str, run: str, holds: Callable[[Mapping[str, Any]], str]) -> Need:
    """Decide on a step. `holds` re-proves one piece of evidence: "" when it holds, else a sentence.

    Raises UpliftError where the step would have to be done again, and doing so would lose data.
    """
    step = record["steps"].get(key)
    ahead = steps.is_past(record, steps.hop_of(key))
    if step is None and not ahead:
        return Need(True, "not done yet")
    state = step["state"] if step else UNDONE
    if state == DONE and ahead:
        return Need(False, "done, and a later hop has begun")
    why = _why(record, key, run, holds) if step else Why("It is not done, and a later hop has begun.")
    if not why:
        return Need(False, "done, and what it left still holds")
    if state == DONE and why is CHAIN and steps.is_final(record, key):
        lost = _lost(record, key, holds)
        if not lost:
            return Need(False, "done before the new release was made active, and what it left still holds")
        why = lost
    steps.demand_possible(record, key, why.sentence)
    return Need(True, why.sentence, state == RUNNING, why.looked)


def _why(record: Mapping[str, Any], key: str, run: str, holds: Callable[[Mapping[str, Any]], str]) -> Why | None:
    step = record["steps"][key]
    if step["state"] != DONE:
        return Why("A run ended inside it." if step["state"] == RUNNING else "A run that failed has undone it.")
    if step["run"] != run and steps.redone_before(record, key, run):
        return CHAIN
    if steps.leads(record, key, run):
        return AHEAD
    return _lost(record, key, holds) or (_anew(record, key) if steps.stale(record, key, run) else None)


def _anew(record: Mapping[str, Any], key: str) -> Why:
    """What leaves something behind has those after it done again, too: a new backup wants a new proof."""
    return OLDER if steps.verb_of(record, key).slots else LOOKED


def _lost(record: Mapping[str, Any], key: str, holds: Callable[[Mapping[str, Any]], str]) -> Why | None:
    sentence = next(filter(None, map(holds, steps.proves(record, key))), "")
    return Why(sentence) if sentence else None


def lost(record: Mapping[str, Any], slots: Sequence[str], holds: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """What the steps of the last hop left in these slots and what is not so any more, as sentences."""
    number = max(map(steps.hop_of, record["steps"]), default=0)
    items = [item for key in steps.begun(record, number) for item in record["steps"][key]["evidence"]]
    return list(filter(None, (holds(item) for item in items if item.get("slot") in slots)))


def begun(record: Data, key: str, run: str, now: float, why: str = "", looked: bool = False) -> None:
    step = {"state": RUNNING, "run": run, "started": now, moment.KEY: moment.now(), "why": why, "evidence": []}
    record["steps"][key] = {**step, "looked": looked}


def finished(record: Data, key: str, evidence: Sequence[Mapping[str, Any]], now: float) -> None:
    """Only evidence of the step's own slots, and of its own time, is kept: what another step left is that step's."""
    step = record["steps"].get(key)
    if step is None or step["state"] != RUNNING:
        raise UpliftError(f"The step {key} was not begun at this node and cannot be finished. The record was changed.")
    begun_at, here = step.get(moment.KEY) or {}, moment.now()
    own = [item for item in evidence if item.get("slot") in steps.verb_of(record, key).slots]
    kept = [moment.plain(item) for item in own if moment.since(item, begun_at, here)]
    step.update(state=DONE, finished=now, evidence=kept)


def undone(record: Data, number: int, run: str, now: float) -> tuple[list[str], list[str]]:
    """Mark as undone what a failing run is about to give back; what that is, and the steps' keys.

    Before anything is given back: a run that dies in between has the steps done once more, which harms nothing.
    """
    opened, keys = steps.undo(record, number, record["plan"].get("retracts") or ())
    for key in keys:
        record["steps"][key].update(state=UNDONE, undone=now, undone_by=run)
    return opened, keys


def demand_complete(record: Mapping[str, Any], node: str) -> None:
    """An operation is finished when every step of its plan is done at every node, and not before."""
    left = steps.missing(record, node)
    if left:
        raise UpliftError(
            f"The operation {record['id']} is not finished at {node}: {', '.join(left[:6])}"
            f"{' and others' if len(left) > 6 else ''} ({len(left)} steps) are not done; expected all of its plan. Run"
            " the same command again, without --start-at-task, --tags or --limit."
        )


def demand_running(record: Mapping[str, Any], node: str, holds: Callable[[Mapping[str, Any]], str]) -> None:
    """And not while a service is down that its steps have started: it may have ended a minute after its start."""
    number = max(map(steps.hop_of, record["steps"]), default=0)
    items = [item for key in steps.begun(record, number) for item in steps.proves(record, key)]
    lost = next(filter(None, (holds(item) for item in items if item.get("slot") == "service")), "")
    if lost:
        raise UpliftError(
            f"The operation {record['id']} is not finished at {node}, where all its steps are done: {lost} See its"
            " journal for why; the next run starts it again."
        )


class Files:
    """Where a node keeps its part of the record: DIR/record.json, 0600 in a directory 0700."""

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self._record = self.directory / FILE

    def record(self) -> Data:
        return self._read(self._record)

    def write_record(self, record: Mapping[str, Any]) -> None:
        self._write(self._record, record)

    def ended(self, ident: str) -> Data:
        """The record of an operation that others have followed; {} where it is not here."""
        return self._read(self._archived(ident))

    def archive(self, record: Mapping[str, Any]) -> None:
        """Keep an ended record under its id, out of the way of the next operation."""
        self._write(self._archived(record["id"]), record)

    def restore(self, ident: str, state: str) -> None:
        """Take the record away; the one of `ident`, which it has replaced, comes back in its state."""
        if not ident:
            self._record.unlink()
        elif self._archived(ident).exists():
            self.write_record({**self._read(self._archived(ident)), "state": state})
            self._archived(ident).unlink()

    def _archived(self, ident: str) -> Path:
        return self.directory / f"{ident}.json"

    def _read(self, path: Path) -> Data:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as exc:
            raise UpliftError(
                f"{path} cannot be read as a record ({exc}); expected JSON written by this collection. Nothing was"
                " changed. Put it back from the node's backup; without one, see by hand how far the node is, and move"
                " the file away."
            ) from exc
        seen = data.get("format") if isinstance(data, dict) else None
        if seen not in (None, FORMAT):
            raise UpliftError(
                f"{path} has the format {seen!r}; expected {FORMAT}. Nothing was changed. Use the release of this"
                " collection that wrote it."
            )
        if seen is None or not set(data) >= _KEPT:
            raise UpliftError(
                f"{path} holds no record; expected a JSON object written by this collection. Nothing was changed. See"
                " by hand how far the node is, and move the file away."
            )
        return dict(data)

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        # Unsorted: the order of passes is the order of work.
        write_atomic(str(path), json.dumps(data, indent=1).encode(), 0o600)
