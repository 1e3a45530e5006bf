# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The operations that nodes remember: the last one of each, and those that others have followed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import lease, report, steer
from ansible_collections.uplift.datastores.plugins.module_utils._operation.record import FILE, Files

_NO_RECORDS = {lease.FILE, steer.FILE}
_PARTS = ("id", "product", "from", "to", "strategy", "who", "started", "finished", "result")

Row = Mapping[str, Any]


def rows(directory: str, host: str) -> list[dict[str, Any]]:
    """A row for each operation in the directory, the oldest first. Of what cannot be read, `result` says why."""
    read = (_read(path, host) for path in paths(directory))
    return sorted(read, key=lambda row: (row.get("started", 0), row["id"]))


def paths(directory: str) -> list[Path]:
    """The files of all records, also of those that cannot be read."""
    return [path for path in sorted(Path(directory).glob("*.json")) if path.name not in _NO_RECORDS]


def _read(path: Path, host: str) -> dict[str, Any]:
    try:
        files = Files(str(path.parent))
        record = files.record() if path.name == FILE else files.ended(path.stem)
    except UpliftError as exc:
        return {"id": path.stem, "result": str(exc), "backups": [], "undoes": ""}
    return row(record, host)


def row(record: Mapping[str, Any], host: str) -> dict[str, Any]:
    told = report.gather({host: record}, {}, [], {}, "")
    mine = {name: told[name] for name in _PARTS if name in told}
    return {**mine, "backups": told["backups"], "undoes": record["plan"].get("undoes", "")}


def told(by_host: Mapping[str, Sequence[Row]]) -> list[str]:
    """All operations of all nodes, as lines; nodes that tell the same of one are named together.

    Each notes its own seconds: of several the first beginning and the last end are said.
    """
    groups: dict[tuple[str, str], list[tuple[str, Row]]] = {}
    for host, found in by_host.items():
        for one in found:
            groups.setdefault((one["id"], _what(one)), []).append((host, one))
    lines = sorted((min(float(one.get("started", 0)) for _host, one in rows), _line(rows)) for rows in groups.values())
    backups = sorted({line for found in by_host.values() for one in found for line in _backups(one)})
    return [*(line for _at, line in lines), *backups] or ["No node remembers an operation."]


def _what(one: Row) -> str:
    if "started" not in one:
        return str(one["result"])
    over = f", back over {one['undoes']}" if one["undoes"] else ""
    way = f"{one.get('product', '')} {one.get('from', '?')} to {one.get('to', '?')}, {one.get('strategy', '')}{over}"
    return f"{way}; {one['result']}; by {one['who']}"


def _line(rows: Sequence[tuple[str, Row]]) -> str:
    ones, hosts = [one for _host, one in rows], ", ".join(host for host, _one in rows)
    said = f"{ones[0]['id']}: {_what(ones[0])}"
    if "started" in ones[0]:
        ended = [one["finished"] for one in ones if "finished" in one]
        said += f"; {_clock(min(one['started'] for one in ones))}" + (f" to {_clock(max(ended))}" if ended else "")
    return f"{said.rstrip('.')}. At {hosts}."


def _backups(one: Row) -> Iterator[str]:
    for item in one["backups"]:
        proof = "proved" if item["proved"] else "not proved"
        yield f"Backup of {one['id']} at {item['host']}: {item['path']}, {item['size']} bytes, {proof}."


def _clock(seconds: float) -> str:
    """To the minute."""
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(seconds))
