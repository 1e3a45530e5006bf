# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The runs of one operation: who began each, how it ended, and what its clients noticed. Pure.

A record keeps {run, who, began; ended, how} of each, the oldest first. One that was killed has no end: the next run
that went on is all that is known of it.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner

Data = Dict[str, Any]
KILLED = "it was killed, or lost its lease"
PROBE = "probe/"  # with the moment at which it was started: what `saved` has of the probe of a run that has ended
LONGEST = 500  # characters of how a run has ended


def last(record: Mapping[str, Any]) -> str:
    """The run that came last, "" for none."""
    return str((record.get("runs") or [{"run": ""}])[-1]["run"])


def begun(record: Mapping[str, Any], owner: Owner, now: float) -> Data:
    """The record with this run in it, once."""
    known = list(record.get("runs") or [])
    if last(record) == owner.run:
        return dict(record)
    return {**record, "runs": [*known, {"run": owner.run, "who": f"{owner.user}@{owner.host}", "began": now}]}


def ended(record: Mapping[str, Any], owner: Owner, how: str, now: float) -> Data:
    known = list(record.get("runs") or [])
    if last(record) != owner.run:
        return dict(record)
    return {**record, "runs": [*known[:-1], {**known[-1], "ended": now, "how": " ".join(how.split())[:LONGEST]}]}


def withdrawn(record: Mapping[str, Any], run: str) -> Data:
    """The record without the run that was refused before it did anything."""
    known = list(record.get("runs") or [])
    return {**record, "runs": known[:-1]} if known and last(record) == run else dict(record)


def told(records: Mapping[str, Mapping[str, Any]], error: str) -> list[Data]:
    """{who, began, ended, how} of each run, by all records: each node tells of those that came to it.

    error: why the run that writes the report has stopped; its end is not noted yet.
    """
    found: dict[str, Data] = {}
    for record in records.values():
        for one in record.get("runs") or []:
            row = found.setdefault(one["run"], {"who": one["who"], "began": one["began"]})
            row["began"] = min(row["began"], one["began"])
            if "ended" in one:
                row.update(ended=max(row.get("ended", 0.0), one["ended"]), how=one["how"])
    rows = sorted(found.values(), key=lambda row: row["began"])
    last = {"how": error or "it goes on"}
    return [{"how": KILLED, **row} if row is not rows[-1] else {**last, **row} for row in rows]


def probes(records: Mapping[str, Mapping[str, Any]], own: Mapping[str, Any], keys: Sequence[str]) -> Data:
    """What clients noticed in all runs, as if one probe had seen it; {} where none has.

    spans: where there were several, when each of them looked. keys: what the report tells of one.
    """
    saved = [value for record in records.values() for key, value in _saved(record) if key.startswith(PROBE)]
    every = {one.get("started"): one for one in [*saved, own] if one.get("phases")}
    seen = [one for _started, one in sorted(every.items(), key=lambda pair: str(pair[0]))]
    if len(seen) < 2:
        return {name: one[name] for one in seen for name in keys if name in one}
    failures: dict[str, int] = {}
    for one in seen:
        for address, count in (one.get("failures") or {}).items():
            failures[address] = failures.get(address, 0) + count
    return {
        "started": seen[0].get("started"),
        "ended": seen[-1].get("ended"),
        "spans": [{name: one.get(name) for name in ("started", "ended")} for one in seen],
        **{name: sum(one.get(name) or 0 for one in seen) for name in ("requests", "unserved")},
        "failures": failures,
        **{
            name: max(one.get(name) or 0 for one in seen) for name in ("slowest_seconds", "longest_unavailable_seconds")
        },
        "end_reason": seen[-1].get("end_reason", ""),
        **{name: [row for one in seen for row in one.get(name) or []] for name in ("outages", "phases")},
    }


def _saved(record: Mapping[str, Any]) -> Any:
    return (record.get("saved") or {}).items()
