# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client was told is stored: one line each, and afterwards each is demanded. Knows no product.

A line: {"at": when the answer came (seconds), "what": "object" or "commit", "key": ..., "body": ...}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from tests.lab import s3
from tests.lab.cluster import Cluster
from tests.lab.lakefs_api import Api
from tests.lab.manifest import LOAD
from tests.lab.proc import LabError

FILE = "ledger.jsonl"
Entry = dict[str, Any]
# Sentences about the first so many that are lost; the rest as a number.
SHOWN = 5


class Writer(Protocol):
    """A client of one product. `store` gives what it was told is stored, nothing without a clear yes."""

    def store(self, number: int) -> list[Entry]: ...

    def lost(self, expected: Sequence[Entry]) -> list[str]:
        """A sentence for each that is not there as it was written."""


def path(cluster: Cluster) -> Path:
    return cluster.directory / FILE


def note(cluster: Cluster, entries: Sequence[Entry]) -> None:
    with path(cluster).open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(entry) + "\n" for entry in entries)


def entries(cluster: Cluster) -> list[Entry]:
    if not path(cluster).exists():
        return []
    return [json.loads(line) for line in path(cluster).read_text(encoding="utf-8").splitlines()]


def demanded(noted: Sequence[Entry], gone_over: Sequence[tuple[float, float]] = ()) -> list[Entry]:
    """Without what a confirmed way back went over: written from its backup (the first time) to its end (the second)."""
    return [one for one in noted if not any(since <= one["at"] <= until for since, until in gone_over)]


def losses(writer: Writer, expected: Sequence[Entry]) -> list[str]:
    found = writer.lost(expected)
    more = [f"and {len(found) - SHOWN} more that a client was told are stored"] if len(found) > SHOWN else []
    return found[:SHOWN] + more


class S3Writer:
    """Objects that nobody writes again, through the addresses in turn."""

    def __init__(self, opened: Sequence[tuple[str, s3.Client]], prefix: str, begun: float) -> None:
        self.opened, self.prefix, self.begun = opened, prefix, begun

    def store(self, number: int) -> list[Entry]:
        key = f"{self.prefix}kept/{self.begun:.0f}-{number:06}"
        for step in range(len(self.opened)):
            _address, client = self.opened[(number + step) % len(self.opened)]
            try:
                client.put_object(Bucket=LOAD, Key=key, Body=key.encode())
            except Exception:  # refused, timed out, 5xx: whatever it is, nothing was promised
                continue
            return [{"what": "object", "key": key, "body": key}]
        return []

    def lost(self, expected: Sequence[Entry]) -> list[str]:
        with ThreadPoolExecutor(4) as pool:
            return [said for said in pool.map(self.missing, expected) if said]

    def missing(self, entry: Entry) -> str:
        """Why it is not there as it was written; empty when it is."""
        said = ""
        for address, client in self.opened:
            try:
                body = client.get_object(Bucket=LOAD, Key=entry["key"])["Body"].read().decode()
            except Exception as error:  # as above
                said = f"object {entry['key']}, which a client was told is stored: {address}: {error}"
                continue
            return "" if body == entry["body"] else f"object {entry['key']} reads as {body[:80]!r}"
        return said


class LakefsWriter(S3Writer):
    """A commit now and then besides."""

    EVERY = 10

    def __init__(
        self, opened: Sequence[tuple[str, s3.Client]], prefix: str, begun: float, api: Api, turn: int = 0
    ) -> None:
        super().__init__(opened, prefix, begun)
        self.api, self.turn = api, turn

    def store(self, number: int) -> list[Entry]:
        stored = super().store(number)
        self.turn += len(stored)
        if not stored or self.turn % self.EVERY:
            return stored
        try:
            where = f"/repositories/{LOAD}/branches/main/commits"
            made = self.api.call("POST", where, {"message": stored[0]["key"]})
        except (LabError, ValueError):
            return stored
        return [*stored, {"what": "commit", "key": made["id"], "body": stored[0]["key"]}]

    def missing(self, entry: Entry) -> str:
        if entry["what"] == "object":
            return super().missing(entry)
        try:
            seen = self.api.call("GET", f"/repositories/{LOAD}/commits/{entry['key']}")["message"]
        except (LabError, ValueError) as error:
            return f"commit {entry['key']}, which a client was told is made: {error}"
        return "" if seen == entry["body"] else f"commit {entry['key']} says {seen!r}"
