# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._operation import comparison as operation_comparison
from ansible_collections.uplift.datastores.plugins.module_utils._operation import runs as operation_runs

Report = Mapping[str, Any]

# What a report has; each may be missing, and is then said to be not measured.
KEYS = (
    "id",
    "product",
    "cluster",
    "from",
    "to",
    "strategy",
    "started",
    "finished",
    "who",
    "passes",
    "findings",
    "probe",
    "backups",
    "differences",
    "not_compared",
    "notes",
    "compared",
    "result",
    "error",
)
NOT_MEASURED = "not measured"


def gather(
    records: Mapping[str, Report], probe: Report, findings: Any, comparison: Report, error: str
) -> dict[str, Any]:
    """A report from the record of each node and what the run saw. Nothing else of the records gets into it."""
    known = {host: record for host, record in sorted(records.items()) if record}
    if not known:
        return {"findings": list(findings), "error": error, "result": "failed" if error else "unfinished"}
    first = next(iter(known.values()))
    report = {"id": first["id"], "who": first["who"], "cluster": list(known), **_route(first.get("plan") or {})}
    closed = [record["closed"] for record in known.values() if "closed" in record]
    report.update(
        started=min(record["opened"] for record in known.values()),
        passes=_passes(known),
        findings=list(findings),
        backups=_backups(known),
        result="failed" if error else {"open": "unfinished"}.get(first["state"], first["state"]),
        error=error,
    )
    if closed:
        report["finished"] = max(closed)
    seen = operation_runs.probes(known, probe, _PROBE)
    if seen:
        report["probe"] = seen
    runs = operation_runs.told(known, error)
    if len(runs) > 1:
        report["runs"] = runs
    rehearsed = _rehearsals(known)
    if rehearsed:
        report["rehearsals"] = rehearsed
    foretold = _estimates(first.get("plan") or {}, report["passes"])
    if foretold:
        report["estimates"] = foretold
    failed = _hooks(known)
    if failed:
        report["hooks"] = failed
    waiting = [said for record in known.values() for said in operation_comparison.open_ones(record).values()]
    if waiting:  # what was compared of other hops says nothing of these
        report["not_compared"] = waiting
    elif "differences" in comparison:
        report["differences"] = list(comparison["differences"])
    for part in ("notes", "compared"):
        if comparison.get(part):
            report[part] = list(comparison[part])
    return report


_PROBE = (
    "started",
    "ended",
    "requests",
    "unserved",
    "failures",
    "slowest_seconds",
    "longest_unavailable_seconds",
    "end_reason",
    "outages",
    "phases",
)


def _route(plan: Report) -> dict[str, Any]:
    hops = plan.get("hops") or []
    if not hops:
        return {}
    strategies = sorted({hop["strategy"] for hop in hops})
    ends = {"from": hops[0]["source"], "to": hops[-1]["target"]}
    return {"product": plan["product"], **ends, "strategy": ", ".join(strategies)}


def _passes(records: Mapping[str, Report]) -> list[dict[str, Any]]:
    """One row a step of a wave, in the order in which they began; `spans` has what each node of it took.

    started and finished: seconds since 1970. wave: `2 of 3`, or "" where all nodes go together.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for host, record in records.items():
        for key, step in record["steps"].items():
            hop, name, _place, verb = key.split("/")
            wave = _wave(record, int(hop), name, host)
            new = {"hop": int(hop), "pass": name, "wave": wave, "step": verb, "state": "done", "nodes": [], "spans": []}
            row = rows.setdefault((key, wave), new)
            row["nodes"].append(host)
            row["started"] = min(row.get("started", step["started"]), step["started"])
            if step["state"] != "done":
                row["state"] = step["state"]
            ended = step.get("finished", step["started"])
            row["finished"] = max(row.get("finished", 0), ended)
            row["spans"].append({"node": host, "started": step["started"], "finished": ended, "state": step["state"]})
    return sorted(rows.values(), key=lambda row: row["started"])


def _wave(record: Report, hop: int, name: str, host: str) -> str:
    waves = record["plan"]["hops"][hop].get("passes", {}).get(name, {}).get("waves") or []
    at = next((number for number, wave in enumerate(waves, 1) if host in wave), 0)
    return f"{at} of {len(waves)}" if at and len(waves) > 1 else ""


def _backups(records: Mapping[str, Report]) -> list[dict[str, Any]]:
    rows = []
    for host, record in records.items():
        for key, step in record["steps"].items():
            hop = key.split("/", 1)[0]
            for item in (one for one in step.get("evidence") or [] if one.get("slot") == "backup"):
                proved = any(_proof_of(key, hop) for key, done in record["steps"].items() if done["state"] == "done")
                rows.append({"host": host, "path": item.get("path"), "size": item.get("size"), "proved": proved})
    return rows


def _rehearsals(records: Mapping[str, Report]) -> list[dict[str, Any]]:
    """What a migration took on the copy, and what the real one took; None when it was not made."""
    saved = {key: value for record in records.values() for key, value in (record.get("saved") or {}).items()}
    hops = sorted(key.partition("_")[2] for key in saved if key.startswith("rehearsal_"))
    return [
        {"hop": int(hop), "foretold": saved[f"rehearsal_{hop}"]["migrate"], "took": saved.get(f"migration_{hop}")}
        for hop in hops
    ]


def _hooks(records: Mapping[str, Report]) -> list[dict[str, Any]]:
    """The operator's own tasks that failed where the run was to go on: {host, hook, at, task, why}."""
    return [
        {"host": host, **saved}
        for host, record in records.items()
        for key, saved in (record.get("saved") or {}).items()
        if key.startswith("hook_failed/")
    ]


def _estimates(plan: Report, rows: Any) -> list[dict[str, Any]]:
    """Beside what the plan said of a hop, how long its steps took; what lies between runs of the operation counts not.

    foretold, took: seconds, None where it is not known or nothing of the hop was begun.
    """
    out = []
    for number, hop in enumerate(plan.get("hops") or []):
        if "estimate" in hop:
            # The node that took longest: some of a wave may have taken a step in one run, and others in the next.
            own = [[one["finished"] - one["started"] for one in row["spans"]] for row in rows if row["hop"] == number]
            spans = list(map(max, own))
            told = {"hop": number, "foretold": hop["estimate"]["seconds"], "open": hop["estimate"]["open"]}
            out.append({**told, "took": round(sum(spans), 1) if spans else None})
    return out


def _proof_of(key: str, hop: str) -> bool:
    return key.startswith(f"{hop}/") and key.endswith("/prove")
