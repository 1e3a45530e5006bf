# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was played, one file a cell, by the commit that was played; and the table of it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.matrix.cells import Cell

WIDTH = 72


PRODUCT = ("plugins", "roles", "playbooks")


def commit(root: Path) -> str:
    """The last commit that changed what is played, so that a word in a document has nothing played again; with changes
    that are not committed, a mark of them besides."""

    def git(*argv: str) -> bytes:
        return subprocess.run(
            ["git", "-c", "safe.directory=*", *argv], cwd=root, capture_output=True, check=True
        ).stdout

    changed = git("diff", "HEAD", "--", *PRODUCT)
    mark = f"-{hashlib.sha256(changed).hexdigest()[:8]}" if changed else ""
    return git("log", "-1", "--format=%h", "--abbrev=12", "--", *PRODUCT).decode().strip() + mark


def last_words(said: str) -> str:
    """The last message of a failed task, in one line and without what differs from run to run."""
    failed = re.findall(r"^fatal: .*\n(?: .*\n)*", said, re.M)
    found = re.findall(r"^ +msg: ?(?:[|>]-?)?((?:.*\n)(?: {6,}.*\n)*)", failed[-1], re.M) if failed else []
    text = " ".join((found[-1] if found else said[-300:]).split())
    return re.sub(r"\d{8}T\d{6}Z-\w+", "ID", text)[:600]


class Results:
    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path(self, cell: Cell) -> Path:
        return self.directory / f"{cell.name}.json"

    def logs(self, cell: Cell) -> Path:
        return self.directory / "log" / cell.name

    def of(self, cell: Cell) -> dict[str, Any]:
        path = self.path(cell)
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    def save(self, cell: Cell, outcome: Mapping[str, Any]) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        part = self.path(cell).with_suffix(".part")
        part.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
        part.rename(self.path(cell))


class Newest(Results):
    """What was seen of each cell last, whatever the product was like then."""

    def path(self, cell: Cell) -> Path:
        played = self.directory.glob(f"*/{cell.name}.json")
        return max(played, key=lambda path: path.stat().st_mtime, default=super().path(cell))


def state(cell: Cell, played: Mapping[str, Any]) -> str:
    if cell.fault.impossible:
        return "not possible here"
    return str(played.get("result", "not run"))


def rows(cells: Sequence[Cell], results: Results) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for cell in cells:
        played, one = results.of(cell), cell.upgrade
        words = cell.fault.impossible or "; ".join(played.get("wrong", [])) or played.get("how", "")
        found.append((
            f"{one.product} {one.source} -> {one.target}", one.strategy, cell.fault.name, cell.key,
            played.get("host", ""), state(cell, played), f"{played['seconds']:.0f} s" if played else "",
            f"{played['promised']}" if played else "", results.path(cell).parent.name if played else "", words[:WIDTH],
        ))  # fmt: skip
    return found


HEAD = ("product", "strategy", "fault", "step key", "at", "result", "took", "promised", "commit", "how")


def table(cells: Sequence[Cell], results: Results, played_only: bool = False) -> str:
    listed = [row for row in rows(cells, results) if not played_only or row[5] != "not run"]
    shown = [HEAD, *listed]
    widths = [max(len(row[place]) for row in shown) for place in range(len(HEAD))]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in shown]
    return "\n".join([*lines, "", counts(cells, results)])


def counts(cells: Sequence[Cell], results: Results) -> str:
    found = Counter(state(cell, results.of(cell)) for cell in cells)
    ran = found["passed"] + found["failed"] + found["missed"]
    return (
        f"{len(cells)} cells: {ran} run, {found['passed']} passed, {found['failed']} failed,"
        f" {found['missed']} missed their step, {found['not run']} not run,"
        f" {found['not possible here']} not possible here"
    )
