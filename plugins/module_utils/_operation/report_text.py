# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The report in words: the ten lines for the screen, the sections as tables, and both in Markdown. Pure."""

from __future__ import annotations

import calendar
import time
from dataclasses import dataclass
from typing import Any, Iterator, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import span
from ansible_collections.uplift.datastores.plugins.module_utils._operation.report import NOT_MEASURED, Report

_GAP = 15.0  # seconds: the client begins after the record is opened, and ends before it is closed


_PASS = ("Pass", "Wave", "Step", "Nodes", "State", "Began", "Time")


# Only a migration of a database can be rehearsed, and most operations have one run.
_SOMETIMES = ("runs", "estimates", "rehearsals", "hooks", "notes", "compared")
_CLIENT = ("Phase", "Requests", "Failed", "By address", "Without service")


@dataclass(frozen=True)
class Table:
    """A section of the report. rows: None where that was not measured. said: what is to be read below it."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]] | None
    said: Sequence[str] = ()


def tables(report: Report) -> list[Table]:
    """All sections, in their order; those that only some operations have are left out of the others."""
    said = {"differences": report.get("not_compared") or ()}
    return [
        Table(title, head, [*rows(report[key])] if key in report else None, said.get(key, ()))
        for title, key, head, rows in (
            ("Passes", "passes", _PASS, _pass_rows),
            ("Runs", "runs", ("By", "Began", "Ended", "How it ended"), _run_rows),
            ("Clients", "probe", _CLIENT, _probe_rows),
            ("Backups", "backups", ("Node", "Archive", "Size", "Proved by restoring"), _backup_rows),
            ("Estimate", "estimates", ("Hop", "Foretold", "Besides", "Took"), _estimate_rows),
            ("Rehearsals", "rehearsals", ("Hop", "Foretold", "Took"), _rehearsal_rows),
            ("Hooks that failed", "hooks", ("Node", "Hook", "Moment", "Task", "Why"), _hook_rows),
            ("Findings", "findings", ("Key", "What"), _sentence_rows),
            ("Inventory", "differences", ("Key", "Difference"), _sentence_rows),
            ("Notes on the inventory", "notes", ("What",), _note_rows),
            ("What was compared", "compared", ("What",), _note_rows),
        )
        if key in report or key not in _SOMETIMES
    ]


def markdown(report: Report) -> str:
    lines = [f"# {title(report)}", "", f"**{result(report)}**", ""]
    lines += [f"- {name}: {text}" for name, text in facts(report)]
    for table in tables(report):
        lines += ["", f"## {table.title}", "", *_grid(table)]
        lines += [line for said in table.said for line in ("", said)]
    return "\n".join([*lines, ""])


def summary(report: Report, where: str) -> list[str]:
    """Ten lines for the operator's screen."""
    return [
        title(report),
        result(report),
        f"By: {report.get('who', NOT_MEASURED)}",
        f"Nodes: {_nodes(report)}",
        f"Time: {_time(report)}",
        f"Passes: {_pass_times(report)}",
        f"Findings: {_keys(report, 'findings')}; backups: {_backup_text(report)}",
        f"Clients: {_clients(report)}",
        f"Inventory: {_inventory(report)}",
        f"Report: {where}",
    ]


def title(report: Report) -> str:
    product, source, target, strategy = (report.get(key, NOT_MEASURED) for key in ("product", "from", "to", "strategy"))
    return f"{product} {source} -> {target} ({strategy}), operation {report.get('id', NOT_MEASURED)}"


def result(report: Report) -> str:
    error = report.get("error")
    waits = "; the comparison with the inventory of before is open" if report.get("not_compared") else ""
    text = f"Result: {report.get('result', NOT_MEASURED)}{waits}"
    return text + (f": {' '.join(error.split())}" if error else "")


def facts(report: Report) -> Iterator[Any]:
    yield "Nodes", _nodes(report)
    yield "By", report.get("who", NOT_MEASURED)
    yield "Time", _time(report)
    yield "Error", (report["error"] or "none") if "error" in report else NOT_MEASURED
    yield "Clients", _clients(report)
    yield "Backups", _backup_text(report)
    yield "Findings", _keys(report, "findings")
    yield "Inventory", _inventory(report)


def _grid(table: Table) -> list[str]:
    if not table.rows:
        return [f"{NOT_MEASURED.capitalize()}." if table.rows is None else "None."]
    head = ["| " + " | ".join(table.head) + " |", "| " + " | ".join("---" for _name in table.head) + " |"]
    return head + ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _pass_rows(rows: Any) -> Iterator[Any]:
    for row in rows:
        took = span(row["finished"] - row["started"])
        yield (
            f"{row['hop'] + 1} {row['pass']}",
            row.get("wave") or "all",
            row["step"],
            " ".join(row["nodes"]),
            row["state"],
            _stamp(row["started"]),
            took,
        )


def _probe_rows(probe: Report) -> Iterator[Any]:
    for row in probe.get("phases") or []:
        failures = ", ".join(f"{address}: {count}" for address, count in sorted(row["failures"].items()))
        yield row["phase"], row["requests"], row["unserved"], failures or "none", span(row["unavailable_seconds"])


def _backup_rows(rows: Any) -> Iterator[Any]:
    for row in rows:
        yield row["host"], row["path"], _size(row["size"]), "yes" if row["proved"] else "no"


def _rehearsal_rows(rows: Any) -> Iterator[Any]:
    for row in rows:
        took = NOT_MEASURED if row["took"] is None else span(row["took"])
        yield row["hop"] + 1, span(row["foretold"]), took


def _run_rows(rows: Any) -> Iterator[Any]:
    for row in rows:
        yield row["who"], _stamp(row["began"]), _stamp(row["ended"]) if "ended" in row else NOT_MEASURED, row["how"]


def _estimate_rows(rows: Any) -> Iterator[Any]:
    for row in rows:
        foretold, took = (span(row[name]) if row[name] is not None else "" for name in ("foretold", "took"))
        besides = f"as long as {', '.join(row['open'])} need" if row["open"] else "nothing"
        yield row["hop"] + 1, foretold or "unknown", besides, took or NOT_MEASURED


def _hook_rows(rows: Any) -> Iterator[Any]:
    for row in rows:
        yield tuple(row[name] for name in ("host", "hook", "at", "task", "why"))


def _note_rows(rows: Any) -> Iterator[Any]:
    """Sentences of their own, or with the key of what they are about."""
    for row in rows:
        yield (row,) if isinstance(row, str) else (f"{row['key']}: {row['sentence']}",)


def _sentence_rows(rows: Any) -> Iterator[Any]:
    """Findings of a preflight (saw, expected, do) and of others (sentence)."""
    for row in rows:
        saw, expected, do = (row.get(name, "") for name in ("saw", "expected", "do"))
        sentence = row.get("sentence") or f"{saw}; expected {expected}: {do}"
        yield row["key"], sentence


def _nodes(report: Report) -> str:
    return f"{len(report['cluster'])} ({' '.join(report['cluster'])})" if "cluster" in report else NOT_MEASURED


def _time(report: Report) -> str:
    began, ended = report.get("started"), report.get("finished")
    if began is None:
        return NOT_MEASURED
    return f"{_stamp(began)} to " + (f"{_stamp(ended)}, {span(ended - began)}" if ended is not None else "no end yet")


def _pass_times(report: Report) -> str:
    """Each pass by its name: the time of all hops that have it, without what lies between them."""
    spans: dict[tuple[int, str], list[float]] = {}
    for row in report.get("passes") or []:
        began, ended = spans.get((row["hop"], row["pass"]), (row["started"], row["finished"]))
        spans[row["hop"], row["pass"]] = [min(began, row["started"]), max(ended, row["finished"])]
    times: dict[str, float] = {}
    for (_hop, name), (began, ended) in spans.items():
        times[name] = times.get(name, 0.0) + ended - began
    texts = [f"{name} {span(seconds)}" for name, seconds in times.items()]
    return ", ".join(texts) or ("none" if "passes" in report else NOT_MEASURED)


def _keys(report: Report, name: str) -> str:
    if name not in report:
        return NOT_MEASURED
    return ", ".join(sorted({row["key"] for row in report[name]})) or "none"


def _backup_text(report: Report) -> str:
    rows = report.get("backups")
    if not rows:
        return "none" if rows is not None else NOT_MEASURED
    proved = sum(1 for row in rows if row["proved"])
    return f"{len(rows)}, {_size(sum(row['size'] or 0 for row in rows))}, {proved} of them proved by restoring"


def _clients(report: Report) -> str:
    probe = report.get("probe")
    if not probe or not probe.get("phases"):
        return NOT_MEASURED
    worst = max(probe["phases"], key=lambda row: row["unavailable_seconds"])
    seconds = probe["longest_unavailable_seconds"]
    text = f"{probe['requests']} requests, {probe['unserved']} failed on all addresses, longest outage {span(seconds)}"
    return (f"{text} ({worst['phase']})" if seconds else text) + _unmeasured(report)


def _unmeasured(report: Report) -> str:
    """Where a run was killed its client was, too: what it did not see may not look like service."""
    began, ended = report.get("started"), report.get("finished")
    seen = spans(report["probe"])
    if began is None or ended is None or not seen:
        return ""
    away = ended - began - sum(until - since for since, until in seen)
    return f"; not measured: {span(away)} of {span(ended - began)}" if away > _GAP else ""


def spans(probe: Report) -> list[tuple[float, float]]:
    """When clients were looked at, by each run that had a probe; seconds since 1970. None where one does not say."""
    each = probe.get("spans") or [probe]
    found = [(moment(one.get("started")), moment(one.get("ended"))) for one in each]
    known = [(since, until) for since, until in found if since is not None and until is not None]
    return known if len(known) == len(found) else []


def moment(stamp: Any) -> float | None:
    """Seconds since 1970 of `2026-11-21T03:07:03Z`; None of anything else."""
    try:
        return float(calendar.timegm(time.strptime(str(stamp), "%Y-%m-%dT%H:%M:%SZ")))
    except ValueError:
        return None


def _inventory(report: Report) -> str:
    if report.get("not_compared"):
        return " ".join(report["not_compared"][0].split())
    if "differences" not in report:
        return NOT_MEASURED
    count = len(report["differences"])
    return f"{count} differences ({_keys(report, 'differences')})" if count else "no differences"


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _size(count: Any) -> str:
    if count is None:
        return NOT_MEASURED
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count} bytes"
