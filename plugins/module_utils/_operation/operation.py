# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import time
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import (
    comparison,
    neighbours,
    own_steps,
    recovery,
    runs,
    steer,
    steps,
)
from ansible_collections.uplift.datastores.plugins.module_utils._operation import directory as operation_directory
from ansible_collections.uplift.datastores.plugins.module_utils._operation import lease as operation_lease
from ansible_collections.uplift.datastores.plugins.module_utils._operation import record as operation_record
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Leases, Owner
from ansible_collections.uplift.datastores.plugins.module_utils._operation.record import Files
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import held

Params = Mapping[str, Any]
Answer = Mapping[str, Any]


class Held(UpliftError):
    """Another run has the lease. `lease` says whose."""

    def __init__(self, sentence: str, lease: Mapping[str, Any]) -> None:
        super().__init__(sentence)
        self.lease = lease
        self.facts = {"held_by": lease["owner"]}


class Lost(UpliftError):
    """This run had the lease once, and no longer has it: it must not act on what it knew before (fencing)."""

    facts = {"lost": True}

    def __init__(self, why: str) -> None:
        super().__init__(f"This run no longer holds the lease of the operation: {why} Nothing was done at this node.")


def read(params: Params, holds: Callable[[Mapping[str, Any]], str] = lambda _item: "") -> dict[str, Any]:
    """The record and the lease; where `id` names an operation that others have followed, its record. What it left in
    the slots `prove` is proved again: the record's `lost` says what is not as it was left."""
    with operation_directory.sentences(params["directory"]):
        record = _record_of(params)
        if params.get("state") == "read" and params["id"] not in ("", record.get("id")):
            record = _ended(params)
        lease = Leases(params["directory"]).read()
    if record and params.get("prove"):
        record["lost"] = operation_record.lost(record, params["prove"], holds)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    more = {"recovery": recovery.recovery(record), "held": held.everything()}
    more.update(comparison=comparison.summary(record), last_step=steps.last(record))
    more.update(lease_summary=operation_lease.summary(lease), directory=params["directory"])
    more.update(others=neighbours.neighbours(params["directory"]))
    more.update(asked=steer.asked(params["directory"], record.get("id", "")))
    return {"changed": False, "record": record, "lease": lease, "now": now, **more}


def _ended(params: Params) -> dict[str, Any]:
    record = Files(params["directory"]).ended(params["id"])
    if not record:
        raise UpliftError(
            f"There is no record of the operation {params['id']} in {params['directory']}; expected the one that this"
            " node has kept of it. Put it back from the node's backup. Nothing was changed."
        )
    return record


def perform(params: Params, holds: Callable[[Mapping[str, Any]], str]) -> dict[str, Any]:
    """See that this run may act, then do what `state` says. One call at a time on a node."""
    directory, state = params["directory"], params["state"]
    owner = Owner(**params["owner"])
    with operation_directory.sentences(directory):
        if state == "free":
            return _free(owner, params)
        if state == "opened":
            operation_directory.usable(directory)
        made = operation_directory.make(directory) if state == "opened" else []
        with operation_directory.alone(directory) as there:
            if state in _FREE_FOR_ALL:
                return _FREE_FOR_ALL[state](owner, params, made) if there else {"changed": False}
            _renew(owner, params)
            return _with_record(Files(directory), owner, params, holds)


def _with_record(files: Files, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    if params["state"] == "renewed":
        return {"changed": False}
    record = files.record()
    # What an abandoned operation has left closed may still be opened; it goes on with no step.
    opens = record.get("state") == operation_record.ABANDONED and params["state"] in _OPENS and not params["result"]
    if not (operation_record.unfinished(record) or opens) or record["id"] != params["id"]:
        raise UpliftError(
            f"The record here is of {record.get('id', 'no operation')!r}, state {record.get('state', 'none')!r};"
            f" expected the open operation {params['id']!r}. Another run has ended it: begin again."
        )
    return _OPEN[params["state"]](files, record, owner, params, holds)


def _renew(owner: Owner, params: Params) -> None:
    leases = Leases(params["directory"])
    lease = leases.read()
    if not lease:
        raise Lost("it was given back or taken away.")
    if not operation_lease.mine(lease, owner):
        raise Lost(f"the cluster is locked by {operation_lease.owner_of(lease).shown}.")
    if params["token"] and params["token"] != lease["token"]:
        raise Lost("this process has taken another one since.")
    leases.beat(lease["token"])


def _record_of(params: Params) -> dict[str, Any]:
    record = Files(params["directory"]).record()
    product, undoes = params["product"] or params["plan"].get("product", ""), params["plan"].get("undoes", "")
    other = operation_record.foreign(record, product, params["cluster"], undoes)
    if other:
        raise UpliftError(f"The record in {params['directory']} {other}")
    return record


def _free(owner: Owner, params: Params) -> dict[str, Any]:
    """Refuse what `opened` would refuse, and leave no trace."""
    operation_directory.usable(params["directory"])
    _demand_free(owner, params)
    _demand_no_other(_record_of(params), params)
    return {"changed": False}


def _demand_free(owner: Owner, params: Params) -> None:
    lease = Leases(params["directory"]).read()
    sentence = operation_lease.refused(lease, owner, params["dead"])
    if sentence:
        raise Held(sentence, lease)


def _demand_no_other(record: Mapping[str, Any], params: Params) -> None:
    if operation_record.unfinished(record) and record["id"] not in (params["id"], params["plan"].get("undoes")):
        raise UpliftError(
            f"The unfinished operation {record['id']} of {record['who']} is on this node; expected"
            f" {params['id'] or 'it'} or none. Go on with it, or give it up with operation_abandon: {record['id']}."
        )


def _opened(owner: Owner, params: Params, made: list[str]) -> dict[str, Any]:
    files, leases = Files(params["directory"]), Leases(params["directory"])
    try:
        _free(owner, params)
        record, before = files.record(), leases.read()
        resumed = bool(record) and record["id"] == params["id"]
        # A run may have been ended between the closing of this node's record and that of another's.
        reopened = resumed and record["state"] == operation_record.FINISHED
        undo = {"id": "", "archived": "", "state": "", "made": made, "reopened": reopened}
        undo.update(run="" if runs.last(record) == owner.run else owner.run)
        if not resumed:
            undo.update(id=params["id"], archived=record.get("id", ""), state=record.get("state", ""))
        lease = operation_lease.taken(
            before, owner, params["lease_seconds"], params["token"], record.get("number", 0), undo
        )
        leases.take(lease)
    except BaseException:
        operation_directory.unmake(made)
        raise
    try:
        number = lease["number"]
        record = _resumed(files, record, owner, number) if resumed else _begun(files, record, owner, params, number)
    except BaseException:
        _take_back(params["directory"], undo)
        raise
    told = {name: lease[name] for name in ("number", "seconds", "token")}
    return {"changed": not resumed, "lease": told, "record": record, "directory": params["directory"]}


def _resumed(files: Files, record: Any, owner: Owner, number: int) -> dict[str, Any]:
    state = operation_record.OPEN if record["state"] == operation_record.FINISHED else record["state"]
    files.write_record({**runs.begun(record, owner, time.time()), "number": number, "state": state})
    return dict(record)


def _begun(files: Files, record: Any, owner: Owner, params: Params, number: int) -> dict[str, Any]:
    undone = record and record["id"] == params["plan"].get("undoes")
    if record:
        files.archive({**record, "state": operation_record.ABANDONED} if undone else record)
    # A rollback proves itself by the inventory of the operation that it undoes.
    saved = record["saved"] if undone else {}
    new = operation_record.opened(params["id"], params["plan"], owner, params["done"], time.time(), saved)
    new.update(runs.begun({}, owner, new["opened"]), cluster=params["cluster"], number=number)
    files.write_record(new)
    return new


def _withdrawn(owner: Owner, params: Params, made: list[str]) -> dict[str, Any]:
    """Give back what this very run has taken, as if it had never asked; nothing else is touched."""
    lease = Leases(params["directory"]).read()
    if not operation_lease.mine(lease, owner):
        return {"changed": False}
    _take_back(params["directory"], lease["undo"])
    return {"changed": True, "given_back": lease["token"]}


def _take_back(directory: str, undo: Mapping[str, Any]) -> None:
    files, leases = Files(directory), Leases(directory)
    record = files.record()
    ident = record.get("id", "")
    if not undo["id"]:  # it went on with the record that is here
        state = operation_record.FINISHED if undo["reopened"] else record["state"]
        before = {**runs.withdrawn(record, undo["run"]), "state": state}
        if before != record:  # on a full disk it was not written either
            files.write_record(before)
    elif ident and (ident == undo["archived"] or ident == undo["id"] and not operation_record.worked(record)):
        files.restore(undo["archived"], undo["state"])
    leases.drop()
    operation_directory.unmake(undo["made"])


def _abandoned(owner: Owner, params: Params, made: list[str]) -> dict[str, Any]:
    files, leases = Files(params["directory"]), Leases(params["directory"])
    _demand_free(owner, params)
    record = files.record()
    if not operation_record.unfinished(record) or record["id"] != params["id"]:
        return {"changed": False, "record": record}
    record.update(state=operation_record.ABANDONED, closed=time.time())
    files.write_record(record)
    leases.drop()
    return {"changed": True, "record": record}


def _compared(owner: Owner, params: Params, made: list[str]) -> dict[str, Any]:
    """Note how the comparison of a hop has ended; also of an operation that has ended, while no other run acts."""
    _demand_free(owner, params)
    files = Files(params["directory"])
    record = files.record()
    told = comparison.note(record, params, owner.shown, time.time())
    files.write_record(record)
    return {"changed": True, "record": record, "comparison": told}


def _unlocked(owner: Owner, params: Params, made: list[str]) -> dict[str, Any]:
    """Take the lease away from an owner that is dead, and write down who did it and why."""
    if not params["reason"].strip():
        raise UpliftError("A lease is taken away for a reason; give it: operation_unlock_reason. Nothing was changed.")
    files, leases = Files(params["directory"]), Leases(params["directory"])
    try:
        lease = leases.read()
    except UpliftError:
        if leases.youngest() <= 2 * operation_lease.LONGEST:
            raise
        lease, whose = {}, "a run whose lease could not be read"
    else:
        if not lease:
            return {"changed": False, "whose": ""}
        sentence, whose = operation_lease.locked(lease, params["dead"]), operation_lease.owner_of(lease).shown
        if sentence:
            raise Held(sentence, lease)
    record = files.record()
    if record:
        told = {"who": owner.shown, "when": time.time(), "reason": params["reason"], "whose": whose}
        record.setdefault("unlocked", []).append(told)
        record["number"] = max(record.get("number", 0), lease.get("number", 0))
        files.write_record(record)
    leases.drop()
    return {"changed": True, "whose": whose}


def _asked(owner: Owner, params: Params, made: list[str]) -> dict[str, Any]:
    """For the run that has the lease, by whoever may write here."""
    record = Files(params["directory"]).record()
    if not operation_record.unfinished(record) or record["id"] != params["id"]:
        raise UpliftError(
            f"There is no unfinished operation {params['id']} here; expected the one that is to"
            f" {params['ask'] or 'go on'}. Nothing was changed."
        )
    return {"changed": steer.ask(params["directory"], params["id"], params["ask"], owner.shown, params["reason"])}


_OPENS = ("undone", "saved", "closed")
# What is for the run alone that holds the lease of the open operation, and what anybody may ask for.
_OPEN: Mapping[str, Callable[..., dict[str, Any]]] = {
    "step": own_steps.step,
    "undone": own_steps.undone,
    "saved": own_steps.saved,
    "complete": own_steps.complete,
    "closed": own_steps.closed,
}
_FREE_FOR_ALL: Mapping[str, Callable[..., dict[str, Any]]] = {
    "opened": _opened,
    "withdrawn": _withdrawn,
    "abandoned": _abandoned,
    "unlocked": _unlocked,
    "compared": _compared,
    "asked": _asked,
}
STATES = ("read", "waited", "free", "renewed", *_FREE_FOR_ALL, *_OPEN)
