# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils import _record
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._files import make_private
from ansible_collections.uplift.datastores.plugins.module_utils._record import Files, Owner

Params = Mapping[str, Any]


class Held(UpliftError):
    """Another run has the lease. `lease` says whose."""

    def __init__(self, sentence: str, lease: Mapping[str, Any]) -> None:
        super().__init__(sentence)
        self.lease = lease
        self.facts = {"held_by": lease["owner"]}


def read(params: Params, holds: Callable[[Mapping[str, Any]], str] = lambda _item: "") -> dict[str, Any]:
    """The record and the lease. What it left in the slots `prove` is proved again: the record's `lost` says what is not
    as it was left."""
    files = Files(params["directory"])
    record = files.record()
    if record and params.get("prove"):
        record["lost"] = _record.lost(record, params["prove"], holds)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    return {"changed": False, "record": record, "lease": files.lease(), "now": now}


def perform(params: Params, holds: Callable[[Mapping[str, Any]], str]) -> dict[str, Any]:
    """Take or renew the lease, then do what `state` says. One call at a time on a node."""
    files = Files(params["directory"])
    owner = Owner(**params["owner"])
    with _alone(params["directory"]):
        _lease(files, owner, params)
        if params["state"] == "opened":
            return _opened(files, owner, params)
        record = files.record()
        if not _record.unfinished(record) or record["id"] != params["id"]:
            raise UpliftError(
                f"The record here is of {record.get('id', 'no operation')!r}, state {record.get('state', 'none')!r};"
                f" wanted the open operation {params['id']!r}. Another run has ended it: begin again."
            )
        return _OPEN[params["state"]](files, record, owner, params, holds)


def _lease(files: Files, owner: Owner, params: Params) -> None:
    lease = files.lease()
    refused = _record.held_by(lease, owner, time.time())
    if refused and lease["owner"]["run"] != params["take_over"]:
        raise Held(refused, lease)
    if params["state"] not in ("opened", "abandoned") and (not lease or lease["owner"]["run"] != owner.run):
        # A run that lost its lease while it was away must not act on what it knew before (fencing).
        raise UpliftError("This run no longer holds the lease of the operation: another took it. Nothing was done.")
    files.write_lease(_record.leased(lease, owner, params["lease_seconds"]))


def _opened(files: Files, owner: Owner, params: Params) -> dict[str, Any]:
    record = files.record()
    undone = record and record["id"] == params["plan"].get("undoes")
    if _record.unfinished(record) and not undone:
        if record["id"] == params["id"]:
            return {"changed": False, "record": record}
        files.drop_lease()
        raise UpliftError(
            f"The unfinished operation {record['id']} of {record['who']} is on this node;"
            f" wanted {params['id']} or none."
        )
    if record:
        files.archive({**record, "state": _record.ABANDONED} if undone else record)
    # A way back proves itself by the inventory of the operation that it undoes.
    saved = record["saved"] if undone else {}
    record = _record.opened(params["id"], params["plan"], owner, params["done"], time.time(), saved)
    files.write_record(record)
    return {"changed": True, "record": record}


def _step(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    """Finish one step and begin the next in one call: half the calls of a pass are saved."""
    now, needed = time.time(), _record.Need(False, "")
    if params["finish"]:
        _record.finished(record, params["finish"], params["evidence"], now)
    if params["begin"]:
        needed = _record.need(record, params["begin"], owner.run, holds)
    if needed.needed:
        _record.begun(record, params["begin"], owner.run, now, needed.reason)
    if params["finish"] or needed.needed:
        files.write_record(record)
    answer = {"needed": needed.needed, "reason": needed.reason, "interrupted": needed.interrupted}
    return {"changed": False, **answer}


def _undone(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    """What a failing run may give back to clients, marked as undone before it does."""
    opened, keys = _record.undone(record, params["hop"], owner.run, time.time())
    if keys:
        files.write_record(record)
    return {"changed": bool(keys), "opened": opened, "undone": keys, "record": record}


def _saved(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    record["saved"].update(params["save"])
    files.write_record(record)
    return {"changed": False}


def _abandoned(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    return _closed(files, record, owner, {**params, "result": _record.ABANDONED}, holds)


def _closed(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    if params["result"] == _record.FINISHED:
        _record.demand_complete(record, params["node"])
    if params["result"]:
        record.update(state=params["result"], closed=time.time())
        files.write_record(record)
    files.drop_lease()
    return {"changed": bool(params["result"]), "record": record}


_OPEN: Mapping[str, Callable[..., dict[str, Any]]] = {
    "step": _step,
    "undone": _undone,
    "saved": _saved,
    "closed": _closed,
    "abandoned": _abandoned,
}
STATES = ("read", "opened", *_OPEN)


@contextmanager
def _alone(directory: str) -> Iterator[None]:
    make_private(directory)
    descriptor = os.open(os.path.join(directory, "lock"), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
