# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the run that has the lease writes into its record: steps, what is given back, and the end."""

from __future__ import annotations

import time
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._operation import record as operation_record
from ansible_collections.uplift.datastores.plugins.module_utils._operation import recovery, runs
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Leases, Owner
from ansible_collections.uplift.datastores.plugins.module_utils._operation.record import Files

Params = Mapping[str, Any]


def step(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    """Finish one step and begin the next in one call: half the calls of a pass are saved."""
    now, needed = time.time(), operation_record.Need(False, "")
    if params["finish"]:
        operation_record.finished(record, params["finish"], params["evidence"], now)
    if params["begin"]:
        needed = operation_record.need(record, params["begin"], owner.run, holds)
    if needed.needed:
        operation_record.begun(record, params["begin"], owner.run, now, needed.reason, needed.looked)
    if params["finish"] or needed.needed:
        files.write_record(record)
    answer = {
        "needed": needed.needed,
        "reason": needed.reason,
        "interrupted": needed.interrupted,
        "step": params["begin"],
    }
    return {"changed": False, **answer}


def undone(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    """What a failing run may give back to clients, marked as undone before it does."""
    opened, keys = operation_record.undone(record, params["hop"], owner.run, time.time())
    if keys:
        files.write_record(record)
    return {
        "changed": bool(keys),
        "opened": opened,
        "undone": keys,
        "record": record,
        "barred": recovery.way_back(record, params["hop"]),
    }


def saved(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    record["saved"].update(params["save"])
    files.write_record(record)
    return {"changed": False}


def complete(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    """At every node before the record of any is closed: nothing is left to do, and what was started runs."""
    operation_record.demand_complete(record, params["node"])
    operation_record.demand_running(record, params["node"], holds)
    return {"changed": False}


def closed(files: Files, record: Any, owner: Owner, params: Params, holds: Callable[[Any], str]) -> dict[str, Any]:
    leases = Leases(params["directory"])
    token = leases.read()["token"]
    if params["result"] == operation_record.FINISHED:
        complete(files, record, owner, params, holds)
    record = runs.ended(record, owner, params["result"] or params["reason"], time.time())
    if params["result"]:
        record.update(state=params["result"], closed=time.time())
    files.write_record(record)
    leases.drop()
    return {"changed": bool(params["result"]), "record": record, "given_back": token}
