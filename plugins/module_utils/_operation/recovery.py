# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what a record says is closed to clients at its node, and what of it may be opened by a run of its own."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import THINGS


def recovery(record: Mapping[str, Any]) -> dict[str, Any]:
    """{hop, closed, barred, left}.

    hop: the number of the one that began last. closed: thing -> key of the step that closed it. barred: thing -> why it
    has to stay as it is. left: of an abandoned operation, what it has left closed, as rows {thing, what, operation}.
    Where there is no record, or of an operation that has ended, nothing is known of what may be opened.
    """
    if not record or record["state"] not in ("open", "abandoned"):
        seen = f"the operation {record['id']} is {record['state']}" if record else "there is no record of an operation"
        return {"hop": 0, "closed": {}, "barred": dict.fromkeys(THINGS, seen), "left": []}
    keys = steps.begun(record)
    number = max(map(steps.hop_of, keys), default=0)
    closed = steps.closed(record, number)
    barred = steps.barred(record, number, record["plan"].get("retracts") or ())
    if record["plan"].get("undoes"):
        barred = dict.fromkeys(THINGS, f"the rollback {record['id']} has begun")
    left = [{"thing": thing, "what": f"step {key}", "operation": record["id"]} for thing, key in sorted(closed.items())]
    return {
        "hop": number,
        "closed": closed,
        "barred": barred,
        "left": left if record["state"] == "abandoned" else [],
    }


def way_back(record: Mapping[str, Any], hop: int) -> list[str]:
    """Why a failing run leaves something closed that going on or a rollback opens; of a rollback nothing."""
    if record["plan"].get("undoes"):
        return []
    return sorted(set(steps.barred(record, hop, record["plan"].get("retracts") or ()).values()))


def held_rows(name: str, held: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Of all services that a node holds down (kind, name, operation) the one that is called so, as a row of `left`."""
    return [
        {"thing": "service", "what": f"{one['kind']} {one['name']}", "operation": one["operation"]}
        for one in held
        if one["name"] in (name, f"{name}.service")
    ]
