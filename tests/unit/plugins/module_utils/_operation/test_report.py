# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation import report as subject
from ansible_collections.uplift.datastores.plugins.module_utils._operation import report_text
from hypothesis import given
from hypothesis import strategies as st

GOLDEN = Path(__file__).parent / "golden"
WAVES = {"walk": [["a1"], ["b1"]], "together": [["a1", "b1"]], "after": [["a1", "b1"]]}
HOP = {
    "source": "0.7.0",
    "target": "0.8.7",
    "strategy": "rolling",
    "passes": {name: {"waves": waves} for name, waves in WAVES.items()},
}
PLAN = {"product": "garage", "leader": "a1", "hops": [HOP]}


def step(began: float, took: float, **rest: Any) -> dict[str, Any]:
    return {"state": "done", "run": "r", "started": began, "finished": began + took, "evidence": [], **rest}


def record(late: float) -> dict[str, Any]:
    archive = {"slot": "backup", "kind": "file", "path": "/b/meta.tar.zst", "size": 1234567, "sha256": ""}
    return {
        "format": 1,
        "id": "20261121T031500Z-garage-0.8.7",
        "state": "finished",
        "opened": 1795230900.0,
        "closed": 1795230992.5,
        "who": "operator@controller",
        "plan": PLAN,
        "saved": {"inventory": {"secret": "4425f5c26c5e11581d3223904324dcb5"}},
        "steps": {
            "0/walk/0/stop": step(1795230901.0 + late, 1.5),
            "0/walk/1/backup": step(1795230903.0 + late, 0.4, evidence=[archive]),
            "0/together/0/prove": step(1795230930.0, 0.8),
            "0/together/2/restart": step(1795230931.0, 2.25),
            "0/after/0/repair": step(1795230940.0, 50),
        },
    }


# The figures of a probe at three real nodes, 0.8.7, restarted one by one and then together.
PROBE = {
    "running": False,
    "started": "2026-11-21T03:07:03Z",
    "ended": "2026-11-21T03:07:29Z",
    "requests": 514,
    "unserved": 14,
    "failures": {"127.0.0.1:42000": 22},
    "slowest_seconds": 0.102,
    "longest_unavailable_seconds": 0.813,
    "end_reason": "it was stopped",
    "phases": [
        {
            "phase": "walk a1",
            "requests": 360,
            "unserved": 0,
            "failures": {"127.0.0.1:42000": 1},
            "unavailable_seconds": 0.0,
        },
        {"phase": "together", "requests": 154, "unserved": 14, "failures": {}, "unavailable_seconds": 0.813},
    ],
}
FINDINGS = [{"key": "clock", "stops": False, "saw": "2 s | late", "expected": "0.1 s", "do": "run chronyd"}]


def report() -> dict[str, Any]:
    records = {"a1": record(0), "b1": record(10)}
    return subject.gather(records, PROBE, FINDINGS, {"differences": []}, "")


def test_golden_report() -> None:
    assert report_text.markdown(report()) == (GOLDEN / "report.md").read_text(encoding="utf-8")


def test_golden_summary() -> None:
    lines = report_text.summary(report(), "uplift-reports/report.md")
    assert lines == (GOLDEN / "summary.txt").read_text(encoding="utf-8").splitlines()


def test_nothing_of_what_the_record_saved_gets_out() -> None:
    found = report()
    assert "4425f5c2" not in json.dumps(found) + report_text.markdown(found)


def test_what_was_foretold_stands_beside_what_it_took() -> None:
    saved = {
        "rehearsal_0": {"dump": 0.2, "migrate": 16.8, "all": 21.0},
        "migration_0": 17.2,
        "rehearsal_1": {"migrate": 3},
    }
    found = subject.gather({"a1": {**record(0), "saved": saved}}, {}, [], {}, "")
    assert "| 1 | 16.8 s | 17.2 s |\n| 2 | 3.0 s | not measured |" in report_text.markdown(found)
    assert "Rehearsals" not in report_text.markdown(report())


def test_notes_and_what_was_compared_are_sentences() -> None:
    noted = {"differences": [], "notes": ["a", {"key": "k", "sentence": "b"}], "compared": ["Compared were names."]}
    found = report_text.markdown(subject.gather({"a1": record(0)}, {}, [], noted, ""))
    assert "## Notes on the inventory" in found and "| a |" in found and "| k: b |" in found
    assert "## What was compared" in found and "| Compared were names. |" in found


def test_an_estimate_stands_beside_what_it_took() -> None:
    hop = {**HOP, "estimate": {"seconds": 100.0, "open": ["repair"], "unknown": [], "passes": {}}}
    foretold = {**record(0), "plan": {**PLAN, "hops": [hop, {**HOP, "estimate": {"seconds": None, "open": []}}]}}
    found = subject.gather({"a1": foretold}, {}, [], {}, "")
    # The 25 s between the passes are of no step: a run had ended there.
    assert found["estimates"] == [
        {"hop": 0, "foretold": 100.0, "open": ["repair"], "took": 55.0},
        {"hop": 1, "foretold": None, "open": [], "took": None},
    ]
    # Nor are those between two runs, of which each has done the step at another node.
    later = {**foretold, "steps": {"0/after/0/repair": step(1795239940.0, 40)}}
    assert subject.gather({"a1": foretold, "b1": later}, {}, [], {}, "")["estimates"][0]["took"] == 55.0
    text = report_text.markdown(found)
    assert "| 1 | 1 min 40 s | as long as repair need | 54.9 s |" in text.replace("55.0 s", "54.9 s")
    assert "| 2 | unknown | nothing | not measured |" in text
    assert "## Estimate" not in report_text.markdown(report())


def test_hooks_that_failed_are_told() -> None:
    row = {"hook": "webhook", "at": "after_hop", "task": "Tell the web hook", "why": "Status code was 404"}
    saved = {"hook_failed/0/after/after_hop//webhook": row}
    found = subject.gather({"a1": {**record(0), "saved": saved}, "b1": record(0)}, {}, [], {}, "")
    assert found["hooks"] == [{"host": "a1", **row}]
    text = report_text.markdown(found)
    assert "## Hooks that failed" in text and "| a1 | webhook | after_hop | Tell the web hook | Status" in text
    assert "Hooks that failed" not in report_text.markdown(report())


def test_what_the_client_of_a_killed_run_did_not_see_is_said() -> None:
    """The probe ends with its run: 26 s were measured of 92."""
    assert "longest outage 0.8 s (together); not measured: 1 min 06 s of 1 min 32 s" in report_text.markdown(report())
    whole = {**PROBE, "started": "2026-11-21T03:15:05Z", "ended": "2026-11-21T03:16:30Z"}
    found = subject.gather({"a1": record(0)}, whole, [], {}, "")
    assert "not measured: " not in report_text.summary(found, "")[7]


def test_a_run_that_failed() -> None:
    open_ = {**record(0), "state": "open"}
    del open_["closed"]
    found = subject.gather({"a1": open_, "b1": {}}, {}, [], {}, "Stop the service: it did not stop.")
    lines = report_text.summary(found, "r.md")
    assert lines[1] == "Result: failed: Stop the service: it did not stop."
    assert lines[4].endswith("no end yet")
    assert lines[7:9] == ["Clients: not measured", "Inventory: not measured"]
    assert subject.gather({"a1": open_}, {}, [], {}, "")["result"] == "unfinished"


def test_an_open_comparison_claims_nothing() -> None:
    """Of a hop after it, or by buckets and keys alone, no difference may have been found."""
    waiting = {"0": {"state": "open", "said": "Could not be compared: HTML. Compare again with: X."}}
    found = subject.gather({"a1": {**record(0), "comparisons": waiting}}, {}, [], {"differences": []}, "")
    lines = report_text.summary(found, "r.md")
    assert lines[1] == "Result: finished; the comparison with the inventory of before is open"
    assert lines[8] == "Inventory: Could not be compared: HTML. Compare again with: X."
    text = report_text.markdown(found)
    assert "no differences" not in text and "None." not in text.partition("## Inventory")[2]
    assert "Compare again with: X." in text.partition("## Inventory")[2]


def test_a_run_that_never_began() -> None:
    found = subject.gather({"a1": {}}, {}, [], {}, "No\nplan.")
    assert report_text.summary(found, "r.md")[1] == "Result: failed: No plan."


@given(st.sets(st.sampled_from(subject.KEYS)))
def test_any_part_may_be_missing_and_is_named(kept: set[str]) -> None:
    found = {key: value for key, value in report().items() if key in kept}
    text, lines = report_text.markdown(found), report_text.summary(found, "r.md")
    assert len(lines) == 10
    assert all(line and "\n" not in line for line in lines)
    for section, key in (
        ("Passes", "passes"),
        ("Clients", "probe"),
        ("Backups", "backups"),
        ("Inventory", "differences"),
    ):
        assert (f"## {section}\n\nNot measured." in text) == (key not in found)


def test_the_time_of_a_pass_is_that_of_its_hops_and_not_of_what_lies_between() -> None:
    rows = [
        {"hop": hop, "pass": name, "step": "x", "state": "done", "nodes": [], "started": began, "finished": ended}
        for hop, name, began, ended in ((0, "before", 0.0, 10.0), (0, "after", 20.0, 25.0), (1, "before", 30.0, 40.0))
    ]
    assert "Passes: before 20.0 s, after 5.0 s" in report_text.summary({**report(), "passes": rows}, "")
