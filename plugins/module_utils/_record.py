# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils import _steps
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._files import make_private
from ansible_collections.uplift.datastores.plugins.module_utils._steps import DONE, RUNNING, UNDONE

FORMAT = 1
LOOKED = "Clients were served since an earlier run looked."
CHAIN = "An earlier step of this pass had to be done again."
OPEN, FINISHED, ABANDONED = "open", "finished", "abandoned"

Data = Dict[str, Any]  # a record or a lease as JSON knows it


@dataclass(frozen=True)
class Owner:
    """Who acts: one run of ansible-playbook. `run` is unique to it, the rest is for people."""

    run: str
    user: str
    host: str
    pid: int
    since: str


@dataclass(frozen=True)
class Need:
    """Whether a step is to be done now, why (or why not), and whether an earlier run ended inside it."""

    needed: bool
    reason: str
    interrupted: bool = False


def held_by(lease: Mapping[str, Any], owner: Owner, now: float) -> str:
    """The sentence that refuses `owner`, or "" when it may act: no lease, its own, or one whose time is up."""
    if not lease or lease["owner"]["run"] == owner.run or now >= lease["heartbeat"] + lease["seconds"]:
        return ""
    other = lease["owner"]
    left = lease["heartbeat"] + lease["seconds"] - now
    return (
        f"The cluster is in the hands of {other['user']} on {other['host']} (process {other['pid']}, since"
        f" {other['since']}), last seen {now - lease['heartbeat']:.0f} s ago. Wait for that run to end; if it is gone,"
        f" its lease ends by itself in {left:.0f} s."
    )


def leased(lease: Mapping[str, Any], owner: Owner, seconds: float) -> Data:
    """The lease in `owner`'s hands. The number rises with every change of hands: an overtaken run sees it is late."""
    mine = lease and lease["owner"]["run"] == owner.run
    number = lease["number"] + (0 if mine else 1) if lease else 1
    return {"owner": asdict(owner), "number": number, "seconds": seconds}


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


def need(record: Mapping[str, Any], key: str, run: str, holds: Callable[[Mapping[str, Any]], str]) -> Need:
    """Decide on a step. `holds` re-proves one piece of evidence: "" when it holds, else a sentence.

    Raises UpliftError where the step would have to be done again, and doing so would lose data.
    """
    step = record["steps"].get(key)
    ahead = any(_steps.hop_of(other) > _steps.hop_of(key) for other in _steps.begun(record))
    if step is None and not ahead:
        return Need(True, "not done yet")
    state = step["state"] if step else UNDONE
    if state == DONE and ahead:
        return Need(False, "done, and a later hop has begun")
    why = _why(record, key, run, holds) if step else "It is not done, and a later hop has begun."
    if not why:
        return Need(False, "done, and what it left still holds")
    if state == DONE and why == CHAIN and _steps.is_final(record, key):
        lost = _lost(record, key, holds)
        if not lost:
            return Need(False, "done before the new release was made active, and what it left still holds")
        why = lost
    _steps.demand_possible(record, key, why)
    return Need(True, why, state == RUNNING)


def _why(record: Mapping[str, Any], key: str, run: str, holds: Callable[[Mapping[str, Any]], str]) -> str:
    step = record["steps"][key]
    if step["state"] != DONE:
        return "A run ended inside it." if step["state"] == RUNNING else "A run that failed has undone it."
    if step["run"] != run and _steps.redone_before(record, key, run, LOOKED):
        return CHAIN
    return _lost(record, key, holds) or (LOOKED if _steps.stale(record, key, run) else "")


def _lost(record: Mapping[str, Any], key: str, holds: Callable[[Mapping[str, Any]], str]) -> str:
    return next(filter(None, map(holds, _steps.proves(record, key))), "")


def lost(record: Mapping[str, Any], slots: Sequence[str], holds: Callable[[Mapping[str, Any]], str]) -> list[str]:
    """What the steps of the last hop left in these slots and what is not so any more, as sentences."""
    number = max(map(_steps.hop_of, record["steps"]), default=0)
    items = [item for key in _steps.begun(record, number) for item in record["steps"][key]["evidence"]]
    return list(filter(None, (holds(item) for item in items if item.get("slot") in slots)))


def begun(record: Data, key: str, run: str, now: float, why: str = "") -> None:
    record["steps"][key] = {"state": RUNNING, "run": run, "started": now, "why": why, "evidence": []}


def finished(record: Data, key: str, evidence: Sequence[Mapping[str, Any]], now: float) -> None:
    """Only evidence of the step's own slots is kept: what another step left is that step's to prove."""
    step = record["steps"].get(key)
    if step is None or step["state"] != RUNNING:
        raise UpliftError(f"The step {key} was not begun at this node and cannot be finished. The record was changed.")
    kept = [dict(item) for item in evidence if item.get("slot") in _steps.verb_of(key).slots]
    step.update(state=DONE, finished=now, evidence=kept)


def undone(record: Data, number: int, run: str, now: float) -> tuple[list[str], list[str]]:
    """Mark as undone what a failing run is about to give back; what that is, and the steps' keys.

    Before anything is given back: a run that dies in between has the steps done once more, which harms nothing.
    """
    opened, keys = _steps.undo(record, number, record["plan"].get("retracts") or ())
    for key in keys:
        record["steps"][key].update(state=UNDONE, undone=now, undone_by=run)
    return opened, keys


def demand_complete(record: Mapping[str, Any], node: str) -> None:
    """An operation is finished when every step of its plan is done at every node, and not before."""
    left = _steps.missing(record, node)
    if left:
        raise UpliftError(
            f"The operation {record['id']} is not finished at {node}: {', '.join(left[:6])}"
            f"{' and others' if len(left) > 6 else ''} ({len(left)} steps) are not done; expected all of its plan. Run"
            " the same command again, without --start-at-task, --tags or --limit."
        )


class Files:
    """Where a node keeps its part of the record: DIR/record.json and DIR/lease.json, 0600 in a directory 0700.

    The lease's heartbeat is the time of its file, so that a long step can renew it by touching it.
    """

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self._record, self._lease = self.directory / "record.json", self.directory / "lease.json"

    def record(self) -> Data:
        return self._read(self._record)

    def lease(self) -> Data:
        lease = self._read(self._lease)
        return {**lease, "heartbeat": self._lease.stat().st_mtime} if lease else {}

    def write_record(self, record: Mapping[str, Any]) -> None:
        self._write(self._record, record)

    def write_lease(self, lease: Mapping[str, Any]) -> None:
        self._write(self._lease, lease)

    def drop_lease(self) -> None:
        self._lease.unlink(missing_ok=True)

    def archive(self, record: Mapping[str, Any]) -> None:
        """Keep an ended record under its id, out of the way of the next operation."""
        self._write(self.directory / f"{record['id']}.json", record)

    def _read(self, path: Path) -> Data:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as exc:
            said = f"{path} cannot be read as a record ({exc}); wanted JSON written by this collection."
            raise UpliftError(said) from exc
        if not isinstance(data, dict):
            raise UpliftError(f"{path} holds no record; wanted a JSON object written by this collection.")
        if path == self._record and data.get("format") != FORMAT:
            seen = data.get("format")
            raise UpliftError(f"{path} has the format {seen!r}; wanted {FORMAT}. Use the release that wrote it.")
        return dict(data)

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        make_private(str(self.directory))
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(data, stream, indent=1)  # unsorted: the order of passes is the order of work
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
