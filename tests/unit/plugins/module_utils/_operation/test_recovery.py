# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a record says is closed to clients, and what of it may be opened by a run of its own."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._garage.ports import QUIET, closed
from ansible_collections.uplift.datastores.plugins.module_utils._operation import left_closed
from ansible_collections.uplift.datastores.plugins.module_utils._operation.recovery import THINGS, held_rows, recovery

STEPS = ["before/0/inventory", "before/1/quiesce", "together/0/stop", "together/1/backup", "together/2/activate"]


def record(until: int, state: str = "open", running: bool = False, undoes: str = "", hop: int = 0) -> dict[str, Any]:
    """So many of the steps are done in the hop, and all of those before it."""
    passes: dict[str, Any] = {"before": [], "together": []}
    for step in STEPS:
        passes[step.split("/", maxsplit=1)[0]].append({"verb": step.split("/")[2], "scope": "node", "key": step})
    hops = [
        {
            "passes": {
                name: {"steps": [{**one, "key": f"{number}/{one['key']}"} for one in row]}
                for name, row in passes.items()
            }
        }
        for number in range(2)
    ]
    keys = [f"{number}/{step}" for number in range(2) for step in STEPS][: len(STEPS) * hop + until]
    steps = {key: {"state": "done", "run": "r", "started": 1.0, "evidence": []} for key in keys}
    if running and keys:
        steps[keys[-1]]["state"] = "running"
    return {"id": "op-1", "state": state, "plan": {"undoes": undoes, "hops": hops}, "steps": steps}


@pytest.mark.parametrize(
    ("until", "running", "shut", "barred"),
    [
        (0, False, [], []),
        (1, False, [], []),
        (2, False, ["ports"], []),
        (2, True, ["ports"], []),
        (3, True, ["ports", "service"], []),
        (4, False, ["ports", "service"], []),
        (5, True, ["ports", "service"], sorted(THINGS)),
    ],
)
@pytest.mark.parametrize("state", ["open", "abandoned"])
def test_what_is_closed_and_what_has_to_stay_so(
    until: int, running: bool, shut: list[str], barred: list[str], state: str
) -> None:
    found = recovery(record(until, state, running))
    assert (sorted(found["closed"]), sorted(found["barred"]), found["hop"]) == (shut, barred, 0)
    assert [row["thing"] for row in found["left"]] == (shut if state == "abandoned" else [])
    assert set(found["barred"].values()) <= {"activate has begun"}


def test_the_hop_that_began_last_counts() -> None:
    found = recovery(record(2, hop=1))
    assert (found["hop"], found["closed"], found["barred"]) == (1, {"ports": "1/before/1/quiesce"}, {})


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({}, "there is no record of an operation"),
        (record(5, "finished"), "the operation op-1 is finished"),
        (record(2, undoes="op-0"), "the rollback op-1 has begun"),
    ],
)
def test_where_nothing_is_known_nothing_may_be_opened(found: dict[str, Any], why: str) -> None:
    assert recovery(found)["barred"] == dict.fromkeys(THINGS, why)


HELD = [
    {"kind": "unit", "name": "garage.service", "operation": "op-1", "since": ""},
    {"kind": "container", "name": "garaged", "operation": "op-2", "since": ""},
]


@pytest.mark.parametrize(
    ("name", "config", "rows"),
    [
        ("garage.service", "/etc/garage.toml", [("service", "unit garage.service", "op-1")]),
        ("garage", f"/etc/garage.toml{QUIET}", [("service", "unit garage.service", "op-1"), ("ports", ANY, "")]),
        ("garaged", "", [("service", "container garaged", "op-2")]),
        ("other.service", f"/etc/garage.toml{QUIET}", [("ports", ANY, "")]),
        ("garage2.service", "/etc/garage.toml", []),
    ],
)
def test_what_a_node_of_garage_shows(name: str, config: str, rows: list[Any]) -> None:
    assert [(row["thing"], row["what"], row["operation"]) for row in closed(name, config, HELD)] == rows
    assert held_rows(name, []) == []


def test_each_thing_that_is_left_closed_is_one_finding_that_stops() -> None:
    rows = [{"thing": thing, "what": f"step {thing}", "operation": "op-1"} for thing in (*THINGS, *THINGS)]
    found = list(left_closed.left_closed("lakefs", rows))
    assert [one.key for one in found] == ["service_held", "ports_closed", "pipelines_paused", "out_of_balancer"]
    assert all(one.stops and "by the operation op-1" in one.saw for one in found)
    assert all("uplift.datastores.lakefs_recover" in one.do for one in found)
    assert list(left_closed.left_closed("garage", [])) == []
