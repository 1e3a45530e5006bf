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

from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._files import make_private
from ansible_collections.uplift.datastores.plugins.module_utils._plan import shape
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import VERBS

FORMAT = 1
RUNNING, DONE = "running", "done"
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
    """Whether a step is to be done now, and why (or why not)."""

    needed: bool
    reason: str


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
    """Decide on a step. `holds` re-proves one piece of evidence: "" when it holds, else a sentence."""
    step = record["steps"].get(key)
    if step is None:
        return Need(True, "not done yet")
    if step["state"] == RUNNING:
        return Need(True, "a run ended inside it")
    if step["run"] != run and _redone_before(record, key, run):
        return Need(True, "an earlier step of this pass had to be done again")
    lost = next(filter(None, map(holds, _proves(record, key))), "")
    if not lost:
        return Need(False, "done, and what it left still holds")
    _may_be_redone(record, key, lost)
    return Need(True, lost)


def behind(record: Mapping[str, Any]) -> int:
    """How many hops the node has behind it: it has begun the next, and of no step of theirs would `need` ask again."""
    steps = record.get("steps") or {}
    asked = [key for key, step in steps.items() if step["state"] != DONE or _proves(record, key)]
    return min([max(map(_hop, steps), default=0), *map(_hop, asked)])


def begun(record: Data, key: str, run: str, now: float) -> None:
    record["steps"][key] = {"state": RUNNING, "run": run, "started": now, "evidence": []}


def finished(record: Data, key: str, evidence: Sequence[Mapping[str, Any]], now: float) -> None:
    """Only evidence of the step's own slot is kept: what another step left is that step's to prove."""
    step = record["steps"].get(key)
    if step is None or step["state"] != RUNNING:
        raise UpliftError(f"The step {key} was not begun at this node and cannot be finished. The record was changed.")
    slot = VERBS[_verb(key)].slot
    kept = [dict(item) for item in evidence if slot and item.get("slot") == slot]
    step.update(state=DONE, finished=now, evidence=kept)


def _hop(key: str) -> int:
    return int(key.split("/", 1)[0])


def _verb(key: str) -> str:
    return key.rsplit("/", 1)[1]


def _later(record: Mapping[str, Any], key: str) -> list[str]:
    keys = shape.keys(record["plan"])
    return [later for later in keys[keys.index(key) + 1 :] if later in record["steps"]]


def _proves(record: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    """The step's evidence, as long as no later step has begun to put something else in its place."""
    slot, evidence = VERBS[_verb(key)].slot, record["steps"][key]["evidence"]
    return () if any(VERBS[_verb(later)].slot == slot for later in _later(record, key)) else evidence


def _redone_before(record: Mapping[str, Any], key: str, run: str) -> bool:
    one_pass = key.rsplit("/", 2)[0] + "/"
    keys = [other for other in shape.keys(record["plan"]) if other.startswith(one_pass)]
    earlier = [record["steps"].get(other) for other in keys[: keys.index(key)]]
    return any(step is not None and step["run"] == run for step in earlier)


def _may_be_redone(record: Mapping[str, Any], key: str, lost: str) -> None:
    barrier = VERBS[_verb(key)].final_after
    if barrier and any(VERBS[_verb(later)].slot == barrier for later in _later(record, key)):
        raise UpliftError(
            f"The step {key} no longer holds: {lost} It cannot be done again, since the new release has been made"
            " active after it. Put back what is missing, or go back with the backups of the other nodes."
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
