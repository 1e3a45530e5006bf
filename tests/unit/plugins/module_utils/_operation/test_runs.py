# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs of one operation."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._operation import report, report_text, runs
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner


def owner(number: int) -> Owner:
    return Owner("m", "b", "p", number, 1, f"user{number}", "laptop", "then")


def test_a_run_is_noted_once_and_ends_once() -> None:
    record = runs.begun(runs.begun({"id": "x"}, owner(1), 10.0), owner(1), 11.0)
    assert [(one["who"], one["began"]) for one in record["runs"]] == [("user1@laptop", 10.0)]
    record = runs.ended(record, owner(1), "a1, stop:\n  it hangs", 20.0)
    assert record["runs"][0]["how"] == "a1, stop: it hangs" and record["runs"][0]["ended"] == 20.0
    assert runs.ended(record, owner(2), "it is another's", 30.0) == record
    assert len(runs.ended(record, owner(1), "x" * 9999, 30.0)["runs"][0]["how"]) == runs.LONGEST


def test_a_run_that_was_refused_was_none() -> None:
    first = runs.begun({}, owner(1), 10.0)
    second = runs.begun(first, owner(2), 20.0)
    assert runs.withdrawn(second, owner(2).run) == first
    assert runs.withdrawn(second, owner(3).run) == second and runs.withdrawn({"id": "x"}, "r") == {"id": "x"}


def test_all_runs_are_told_by_all_records() -> None:
    failed = runs.ended(runs.begun({}, owner(1), 10.0), owner(1), "a1: it hangs", 20.0)
    killed = runs.begun(failed, owner(2), 30.0)
    last = runs.begun(killed, owner(3), 50.0)
    told = runs.told({"a1": last, "b1": {"runs": [*runs.begun({}, owner(1), 9.0)["runs"]]}, "c1": {}}, "")
    assert told == [
        {"who": "user1@laptop", "began": 9.0, "ended": 20.0, "how": "a1: it hangs"},
        {"who": "user2@laptop", "began": 30.0, "how": runs.KILLED},
        {"who": "user3@laptop", "began": 50.0, "how": "it goes on"},
    ]
    assert runs.told({"a1": last}, "no room")[-1]["how"] == "no room"
    ended = runs.ended(last, owner(3), "finished", 90.0)
    assert runs.told({"a1": ended}, "")[-1]["how"] == "finished" and runs.told({"a1": {}}, "") == []


def probe(number: int, **more: Any) -> dict[str, Any]:
    """Ten seconds of it."""
    phase = {"phase": f"walk {number}", "requests": 10, "unserved": number, "failures": {}}
    return {
        "started": f"2026-11-21T03:{number:02}:00Z",
        "ended": f"2026-11-21T03:{number:02}:10Z",
        "requests": 10,
        "unserved": number,
        "failures": {"a1": 1},
        "slowest_seconds": 0.1,
        "longest_unavailable_seconds": float(number),
        "outages": [{"since": number, "until": number + 1, "of": "all"}],
        "end_reason": f"reason {number}",
        "phases": [{**phase, "unavailable_seconds": float(number)}],
        **more,
    }


@pytest.mark.parametrize("own", [{}, {"phases": []}, {"running": False}])
def test_without_a_probe_nothing_was_seen(own: dict[str, Any]) -> None:
    assert runs.probes({"a1": {"saved": {"other": 1}}}, own, ("requests",)) == {}


def test_one_probe_is_told_as_it_is() -> None:
    assert runs.probes({}, probe(1), ("started", "requests")) == {"started": "2026-11-21T03:01:00Z", "requests": 10}
    own = {"a1": {"saved": {f"{runs.PROBE}1": probe(1)}}}
    assert runs.probes(own, probe(1), ("requests",)) == {"requests": 10}, "its own is kept, too, and counts once"


def test_what_clients_noticed_in_an_earlier_run_is_not_lost_with_it() -> None:
    records = {"a1": {"saved": {f"{runs.PROBE}1": probe(1)}}, "b1": {"saved": {f"{runs.PROBE}3": probe(3)}}}
    seen = runs.probes(records, probe(5), ("requests",))
    assert (seen["requests"], seen["unserved"], seen["longest_unavailable_seconds"]) == (30, 9, 5.0)
    assert (seen["started"], seen["ended"]) == ("2026-11-21T03:01:00Z", "2026-11-21T03:05:10Z")
    assert seen["failures"] == {"a1": 3} and len(seen["outages"]) == len(seen["phases"]) == len(seen["spans"]) == 3


def test_the_report_has_them_all() -> None:
    hop = {"source": "0.7.0", "target": "0.8.7", "strategy": "rolling", "passes": {}}
    first = runs.ended(runs.begun({}, owner(1), 1795230060.0), owner(1), "a1: it hangs", 1795230070.0)
    record = {
        **runs.begun(first, owner(2), 1795230300.0),
        "id": "x",
        "who": "user1@laptop",
        "state": "finished",
        "plan": {"product": "garage", "hops": [hop]},
        "saved": {f"{runs.PROBE}1": probe(1)},
        "steps": {},
        "opened": 1795230060.0,
        "closed": 1795230310.0,
    }
    found = report.gather({"a1": record}, probe(5), [], {}, "")
    text = report_text.markdown(found)
    assert "## Runs" in text and "| user1@laptop | 2026-11-21T03:01:00Z | 2026-11-21T03:01:10Z | a1: it hangs |" in text
    # 20 s of 250 were looked at: what lies between two probes is not taken for service.
    assert "20 requests, 6 failed on all addresses, longest outage 5.0 s (walk 5); not measured: 3 min 50 s of" in text
    assert "## Runs" not in report_text.markdown(report.gather({"a1": {**record, "runs": []}}, {}, [], {}, ""))
