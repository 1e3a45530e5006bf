# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of mutants do not rot: every trap has a row, and the texts and tests of all rows are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.traps import traps

ROOT = Path(__file__).resolve().parents[2]
MUTANTS = ROOT / "tests" / "mutants"


def rows(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((MUTANTS / name).read_text(encoding="utf-8")))


TABLE = [pytest.param(row, id=f"{name}-{row['name']}") for name in ("traps.yml", "python.yml") for row in rows(name)]


def test_every_trap_that_is_closed_has_a_row() -> None:
    """But for those that are avoided: there is no fix to take out, and the capture is held by a test of its own."""
    closed = sorted(one.id for one in traps() if not one.open and not one.avoided)
    assert sorted(row["name"] for row in rows("traps.yml")) == closed


@pytest.mark.parametrize("row", TABLE)
def test_a_row_says_what_is_there(row: dict[str, Any]) -> None:
    text = (ROOT / row["file"]).read_text(encoding="utf-8")
    assert text.count(row["text"]) == 1, (
        f"{row['text']!r} is to stand once in {row['file']}, and the row is to be fixed"
    )
    assert row["instead"] != row["text"]
    if row["file"].endswith(".py"):
        ast.parse(text.replace(row["text"], row["instead"]))
    path, _colons, function = row["test"].partition("::")
    tests = (ROOT / path).read_text(encoding="utf-8")
    assert re.search(rf"def {re.escape(function.partition('[')[0])}\(", tests), f"{row['test']} is no test"
