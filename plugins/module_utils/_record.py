# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._files import write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._lease import Owner
from ansible_collections.uplift.datastores.plugins.module_utils._plan import shape
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import VERBS

FORMAT = 1
RUNNING, DONE = "running", "done"
OPEN, FINISHED, ABANDONED = "open", "finished", "abandoned"

_KEPT = {"id", "state", "who", "plan", "saved", "steps"}  # what every record has

Data = Dict[str, Any]  # a record as JSON knows it


@dataclass(frozen=True)
class Need:
    """Whether a step is to be done now, and why (or why not)."""

    needed: bool
    reason: str


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

    cluster: the identity that was found, "" where it cannot be told.
    """
    kept = record.get("cluster", "")
    if product and record and record["plan"].get("product") != product:
        seen, wanted = f"the product {record['plan'].get('product')!r}", repr(product)
    elif cluster and kept not in ("", cluster) and (unfinished(record) or record["id"] == undoes):
        seen, wanted = f"another cluster ({kept})", f"this one ({cluster})"
    else:
        return ""
    return (
        f"is the operation {record['id']} of {seen}; wanted one of {wanted}. Nothing was changed. See that the"
        " inventory leads to the right nodes; a record that was copied here by mistake is to be moved away."
    )


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
    """Where a node keeps its part of the record: DIR/record.json, 0600 in a directory 0700."""

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self._record = self.directory / "record.json"

    def record(self) -> Data:
        return self._read(self._record)

    def write_record(self, record: Mapping[str, Any]) -> None:
        self._write(self._record, record)

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
                f"{path} cannot be read as a record ({exc}); wanted JSON written by this collection. Nothing was"
                " changed. Put it back from the node's backup; without one, see by hand how far the node is, and move"
                " the file away."
            ) from exc
        seen = data.get("format") if isinstance(data, dict) else None
        if seen not in (None, FORMAT):
            raise UpliftError(
                f"{path} has the format {seen!r}; wanted {FORMAT}. Nothing was changed. Use the release of this"
                " collection that wrote it."
            )
        if seen is None or not set(data) >= _KEPT:
            raise UpliftError(
                f"{path} holds no record; wanted a JSON object written by this collection. Nothing was changed. See by"
                " hand how far the node is, and move the file away."
            )
        return dict(data)

    def _write(self, path: Path, data: Mapping[str, Any]) -> None:
        # Unsorted: the order of passes is the order of work.
        write_atomic(str(path), json.dumps(data, indent=1).encode(), 0o600)
