# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios' files are made of their table, and each names tests that are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.run import scenarios

ROOT = Path(__file__).resolve().parents[2]
TABLE = scenarios.table()
PLACES = {
    "garage": ("always", "hops", "killed"),
    "lakefs": ("lakefs_always", "killed"),
    "pachyderm": ("pachyderm_always", "killed"),
}


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def named(path: Path) -> list[str]:
    """What a file of tests begins and ends with."""
    found: list[str] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("BEGINS_WITH", "ENDS_WITH"):
            found += ast.literal_eval(node.value)
    return found


def files(name: str) -> list[Path]:
    """The files of tests of a scenario."""
    row = TABLE[name]
    places = [scenarios.SCENARIOS / row["tests"]] if "tests" in row else []
    places += [scenarios.SCENARIOS / name / "tests"] if "tests" not in row or row.get("own") else []
    return [path for place in places for path in sorted(place.glob("test_*.py"))]


def test_the_table_has_every_scenario() -> None:
    assert sorted(path.parent.name for path in scenarios.SCENARIOS.glob("*/molecule.yml")) == sorted(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_the_file_is_what_the_table_makes(name: str) -> None:
    made = (scenarios.SCENARIOS / name / "molecule.yml").read_text(encoding="utf-8")
    assert made == scenarios.molecule(TABLE[name]), "change the table, and run tests/run/scenarios.py write"


@pytest.mark.parametrize("name", TABLE)
def test_a_scenario_has_tests_and_those_that_it_names_are_there(name: str) -> None:
    product = str(TABLE[name]["env"].get("product", "garage"))
    there = {one for place in PLACES[product] for one in functions(ROOT / "tests" / "testinfra" / f"{place}.py")}
    for path in files(name):
        expected = [f"test_{one}" for one in named(path)]
        assert len(set(expected)) == len(expected) and set(expected) <= there - functions(path), path
        assert expected or any(one.startswith("test_") for one in functions(path)), f"no test in {path}"
    assert files(name)


def test_every_product_has_a_short_one() -> None:
    """`make test` runs few of them."""
    short = [name for name, row in TABLE.items() if row.get("short")]
    assert {name.partition("-")[0] for name in short} == {"garage", "lakefs", "pachyderm"} and len(short) < 6
