# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a node has to do: `stats`, `worker list`, `block list-errors`, `/metrics`, and the daemon's own log."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understood
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.text import Reader, Row, cells, number

_STATS = {
    "version": r"Garage version:\s*(.+)",
    "engine": r"Database engine:\s*(.+)",
    "table": r"Table stats for (\w+)",
    "merkle_todo": r"  Merkle updater todo queue length:\s*(\d+)",
    "gc_todo": r"  GC todo queue length:\s*(\d+)",
    "resync_queue": r"  resync queue length:\s*(\d+)",
    "block_errors": r"  blocks with resync errors:\s*(\d+)",
}
_STATS_KNOWN = [
    re.compile(text)
    for text in (
        r"Rust compiler version: ", r"Ring nodes & partition count:$", r"Table stats:$", r"Block manager stats:$",
        r"Storage nodes:$", r"  [0-9a-f]{16}\b", r"  ID\s+Hostname\s", r"  number of items: ", r"  Merkle tree size: ",
        r"  number of RC entries\b", r"If values are missing above", r"Estimated available storage", r"  (meta)?data: ",
        r"A precise estimate could not be given", r"==== NODE \[", r"==== CLUSTER STATISTICS", r"Node ID: ",
        r"Hostname: ", r"Garage features: ", r"=+$", r"Stats for node [0-9a-f]{16}:$", r"Cluster statistics:$",
        r"Number of buckets: ", r"Total number of objects: ", r"Total size of objects: ",
    )
]  # fmt: skip
_STATES = {"Busy": "busy", "Busy*": "throttled", "Idle": "idle", "Done": "done"}
_BARE_WORKER = re.compile(
    r"(\d+)\s+(Busy|Idle|Done|Thr:[\d.]+)\s+(\S.*)"
)  # 0.8.0: no header, details on lines of their own
_DETAILS = {
    "queue": re.compile(
        r"(?:tranquility = \d+, )?(\d+) (?:blocks in queue|partitions remaining|items in queue)"
        r"(?:, \d+ blocks in error state)?"
    ),
    "both": re.compile(r"(\d+) consecutive errors \((\d+) total\), last .+"),
    "errors": re.compile(r"\((\d+) errors, last .+\)"),
    "progress": re.compile(r"(\d+ items done|Phase \d: .*|[\d.]+% done.*)"),
    "nothing": re.compile(
        r"\(unused\)|tranquility = \d+(?:, \d+ blocks in error state)?|Last completed scrub: .*|Paused, .*"
    ),
}
_SYNC_ENDPOINT = 'rpc_endpoint="garage_table/sync.rs/Rpc:'
_SYNCED_ITEM = re.compile(r"table_sync_items_(?:received|sent)")
_COUNTER = "counter"  # tables that Garage itself writes, all the time
_METRIC = re.compile(r"(\w+)(?:\{(.*)\})? (\d+(?:\.\d+)?)(?: \d+)?")
# A resync that failed is tried again: `stats` tells which blocks still are in error.
_LOG_BLOCK = re.compile(r"Error when resyncing (\w+)")
_NOT_LAUNCHED = re.compile(r"([0-9a-f]{16})\s+Error: (.*)")
_LOG_ERRORS = re.compile(
    r"Sync error(?: with \w+)?: |Error while syncing |Repair worker failed with error|Error in worker "
)


@dataclass(frozen=True)
class Table:
    name: str
    merkle_todo: int = 0
    gc_todo: int = 0
    items: int | None = None


@dataclass(frozen=True)
class Stats:
    version: str | None
    engine: str | None
    tables: tuple[Table, ...]
    resync_queue: int | None
    block_errors: int | None
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class Worker:
    tid: int
    state: str
    name: str
    queue: int | None = None
    progress: str | None = None
    errors: int = 0
    consecutive_errors: int = 0

    @property
    def active(self) -> bool:
        return self.state in ("busy", "throttled")


@dataclass(frozen=True)
class Workers:
    workers: tuple[Worker, ...]
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class BrokenBlock:
    hash: str
    references: int
    errors: int
    next_try: str


@dataclass(frozen=True)
class BrokenBlocks:
    blocks: tuple[BrokenBlock, ...]
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class Metrics:
    """`sync_requests` counts what this node asked others while syncing its tables: it stops when the sync ends.
    `synced_items`: entries that syncs have brought to this node or taken from it since its start."""

    sync_requests: int
    resync_queue: int | None
    block_errors: int | None
    unparsed: tuple[str, ...]
    synced_items: int = 0


@dataclass(frozen=True)
class Log:
    """What the daemon's log tells of repairs (up to 0.7 nothing else does)."""

    started: int
    exited: int
    errors: tuple[str, ...]
    broken_blocks: frozenset[str] = frozenset()


@understood("`garage stats`")
def stats(text: str) -> Stats:
    reader, facts, tables, header = Reader(text, _STATS_KNOWN), {}, [], ""
    for line in reader.lines():
        found = next(
            ((name, match[1]) for name, match in ((n, re.fullmatch(p, line)) for n, p in _STATS.items()) if match), None
        )
        if line.startswith("  Table  "):
            header = line
        elif found and found[0] == "table":
            tables.append(Table(found[1]))
        elif found and found[0] == "merkle_todo" and tables:
            tables[-1] = replace(tables[-1], merkle_todo=int(found[1]))
        elif found and found[0] == "gc_todo" and tables:
            tables[-1] = replace(tables[-1], gc_todo=int(found[1]))
        elif found:
            facts[found[0]] = found[1]
        elif header and re.fullmatch(r"  \w+(\s+(\d+|NC|-))+", line):
            row = cells(header, line)
            tables.append(Table(row["Table"], int(row["MklTodo"]), int(row["GcTodo"]), number(row["Items"])))
        else:
            reader.unparsed.append(line)
    queue, errors = number(facts.get("resync_queue", "")), number(facts.get("block_errors", ""))
    return Stats(facts.get("version"), facts.get("engine"), tuple(tables), queue, errors, reader.done())


@understood("`garage worker list`")
def workers(text: str) -> Workers:
    reader, found, header = Reader(text), [], ""
    message_may_follow = False
    for line in reader.lines():
        bare = _BARE_WORKER.fullmatch(line)
        if line.startswith("TID  "):
            header = line
        elif header:
            found.append(_worker(cells(header, line)))
        elif bare:
            found.append(Worker(int(bare[1]), _STATES.get(bare[2], "throttled"), bare[3]))
            message_may_follow = False
        elif found and line.startswith("      "):
            detailed = _detailed(found[-1], line.strip())
            if detailed is None and not message_may_follow:
                reader.unparsed.append(line)
            message_may_follow = bool(detailed and detailed.errors)
            found[-1] = detailed or found[-1]
        else:
            reader.unparsed.append(line)
    return Workers(tuple(found), reader.done())


@understood("`garage block list-errors`")
def broken_blocks(text: str) -> BrokenBlocks:
    reader, found, header = Reader(text), [], ""
    for line in reader.lines():
        if line.startswith("Hash  "):
            header = line
        elif header and re.match(r"[0-9a-f]{64}  ", line):
            row = cells(header, line)
            found.append(BrokenBlock(row["Hash"], int(row["RC"]), int(row["Errors"]), row["Next try"]))
        else:
            reader.unparsed.append(line)
    return BrokenBlocks(tuple(found), reader.done())


@understood("/metrics")
def metrics(text: str) -> Metrics:
    reader = Reader(text, [re.compile("#")])
    sums: dict[str, int] = {}
    moved = 0
    for line in reader.lines():
        match = _METRIC.match(line)
        if not match:
            reader.unparsed.append(line)
        elif _SYNCED_ITEM.fullmatch(match[1]):
            moved += 0 if _COUNTER in (match[2] or "") else int(float(match[3]))
        elif match[1] != "rpc_request_counter" or _SYNC_ENDPOINT in (match[2] or ""):
            sums[match[1]] = sums.get(match[1], 0) + int(float(match[3]))
    queue, errors = sums.get("block_resync_queue_length"), sums.get("block_resync_errored_blocks")
    return Metrics(sums.get("rpc_request_counter", 0), queue, errors, reader.done(), moved)


def log(text: str) -> Log:
    errors = tuple(line.strip() for line in text.splitlines() if _LOG_ERRORS.search(line))
    blocks = frozenset(_LOG_BLOCK.findall(text))
    return Log(text.count("Worker started: Repair worker"), text.count("Worker exited: Repair worker"), errors, blocks)


def not_launched(text: str) -> dict[str, str]:
    """Nodes on which 2.x could not launch a repair, and why: it ends with 0 all the same (G06)."""
    return {match[1]: match[2] for match in map(_NOT_LAUNCHED.fullmatch, text.splitlines()) if match}


def _worker(row: Row) -> Worker:
    return Worker(
        tid=int(row["TID"]),
        state=_STATES.get(row["State"], row["State"]),
        name=row["Name"],
        queue=number(row["Queue"]),
        progress=None if row["Done"] == "-" else row["Done"],
        errors=number(row["Errors"]) or 0,
        consecutive_errors=number(row["Consec"]) or 0,
    )


def _detailed(worker: Worker, line: str) -> Worker | None:
    """The worker with what an indented line adds to it; None when no rule knows the line."""
    hits = {name: match for name, match in ((n, p.fullmatch(line)) for n, p in _DETAILS.items()) if match}
    if "queue" in hits:
        return replace(worker, queue=int(hits["queue"][1]))
    if "both" in hits:
        return replace(worker, consecutive_errors=int(hits["both"][1]), errors=int(hits["both"][2]))
    if "errors" in hits:
        return replace(worker, errors=int(hits["errors"][1]))
    if "progress" in hits:
        return replace(worker, progress=hits["progress"][1])
    return worker if hits else None
