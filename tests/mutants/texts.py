# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts one text in place of another in a copy of the tree, and wants the named test to fail: tables of such rows.

python tests/mutants/texts.py COPIES [--only REGEX] [--sample N --seed TEXT] [--jobs 2] TABLE...
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

import table
import yaml

ROOT = Path(__file__).resolve().parents[2]
PYTEST = (
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--tb=no",
    "--no-header",
)
LIMIT = 300  # seconds; a mutant that never ends is noticed, too


@dataclass(frozen=True)
class Row:
    """name: a trap's id, or what is taken out. text stands once in file (below the collection). test: a node id."""

    name: str
    file: str
    text: str
    instead: str
    test: str

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def rows(path: Path) -> list[Row]:
    return [Row(**row) for row in yaml.safe_load(path.read_text(encoding="utf-8"))]


def tried(copy: Path, row: Row) -> tuple[str, float]:
    """Who noticed it ("" for nobody), and the seconds."""
    file, began = copy / row.file, time.monotonic()
    before = file.read_text(encoding="utf-8")
    if before.count(row.text) != 1:
        return "", 0.0
    try:
        file.write_text(before.replace(row.text, row.instead), encoding="utf-8")
        answer = subprocess.run(
            [*PYTEST, row.test], cwd=copy, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"{row.test} (it never ends)", time.monotonic() - began
    finally:
        file.write_text(before, encoding="utf-8")
    return row.test if answer.returncode == 1 else "", time.monotonic() - began


def run(chosen: Sequence[Row], copies: Path, jobs: int, out: table.Table) -> None:
    free: Queue[Path] = Queue()
    for number in range(jobs):
        copy = copies / str(number) / "ansible_collections/uplift/datastores"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".ansible", "output", ".ruff_cache"))
        free.put(copy)

    def sound(test: str) -> None:
        copy = free.get()
        try:
            if subprocess.run([*PYTEST, test], cwd=copy, capture_output=True, check=False).returncode:
                out.minded.append(f"{test}: fails without any mutant")
        finally:
            free.put(copy)

    def one(row: Row) -> None:
        copy = free.get()
        try:
            out.row(str(row), *tried(copy, row))
        finally:
            free.put(copy)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(sound, sorted({row.test for row in chosen})))
        list(pool.map(one, chosen))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("copies", type=Path, help="a directory for copies of the tree")
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--only", default="", help="a regular expression for the names of mutants")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", default="")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    chosen = [row for path in asked.tables for row in rows(path) if re.search(asked.only, str(row))]
    if asked.sample:
        chosen = random.Random(asked.seed).sample(chosen, min(asked.sample, len(chosen)))
    out = table.Table({}, set())
    run(chosen, asked.copies, asked.jobs, out)
    return out.end(whole=False)


if __name__ == "__main__":
    sys.exit(main())
