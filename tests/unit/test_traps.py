# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every trap that is named is defined, each says what closes it, and nothing cites a text outside the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

from tests.unit.said import keys
from tests.unit.traps import PAGE, ROOT, Trap, traps

TEXTS = {".py", ".yml", ".rst", ".md", ".j2", ".sh", ".toml", ""}
ROOMS = ("changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles", "tests")
ID = re.compile(r"\b[GLP]\d\d\b")
# Texts that lie next to the project and not in it.
OUTSIDE = re.compile(
    r"\bfacts?,? section|\bsections? \d|§|\bthe facts\b(?! are)|design\.md|\bshared/(facts|captures|guides|lab)\b", re.I
)


def texts() -> Iterator[tuple[str, str]]:
    for path in [*sorted(path for room in ROOMS for path in (ROOT / room).rglob("*")), *ROOT.glob("*.md")]:
        fixture = path.is_relative_to(ROOT / "tests" / "unit" / "fixtures") or "output" in path.parts
        if path.suffix in TEXTS and path.is_file() and not fixture and path != Path(__file__):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def closers() -> set[str]:
    """Everything that a reader can look up: modules, steps, playbooks, settings, and keys of findings and refusals."""
    python = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py"))
    settings = {
        name
        for path in (ROOT / "roles").glob("*/defaults/main.yml")
        for name in yaml.safe_load(path.read_text("utf-8"))
    }
    files = {path.stem for room in ("plugins/modules", "playbooks") for path in (ROOT / room).glob("*.*")}
    verbs = {verb for catalogue in CATALOGUES.values() for verb in all_of(catalogue)}
    return files | settings | verbs | keys(python)


@pytest.fixture(scope="module")
def known() -> set[str]:
    return closers()


def test_ids_are_counted_without_a_gap() -> None:
    assert len(traps()) == PAGE.read_text(encoding="utf-8").count("   * - ") - 3, "a row that cannot be read"
    for letter in "GLP":
        ids = [one.id for one in traps() if one.id[0] == letter]
        assert ids == [f"{letter}{number:02}" for number in range(1, len(ids) + 1)]


def test_what_is_named_anywhere_is_defined() -> None:
    defined = {one.id for one in traps()}
    unknown = [f"{name}: {one}" for name, text in texts() for one in sorted(set(ID.findall(text)) - defined)]
    assert not unknown, f"{PAGE.name} does not define:\n" + "\n".join(unknown)


@pytest.mark.parametrize("trap", traps(), ids=lambda trap: trap.id)
def test_one_is_open_or_closed_by_something_that_is_there(trap: Trap, known: set[str]) -> None:
    assert trap.what.endswith(".")
    named = set(re.findall(r"``([a-z_0-9]+)``", trap.by)) & known
    assert trap.open or named, f"{trap.id}: what closes it is no module, step, playbook, setting or key: {trap.by}"


def test_a_closed_one_is_named_by_a_test_or_has_a_row() -> None:
    table = {row["name"] for row in yaml.safe_load((ROOT / "tests/mutants/traps.yml").read_text(encoding="utf-8"))}
    tests = {one for name, text in texts() if "test_" in name and name.endswith(".py") for one in ID.findall(text)}
    held = {one.id for one in traps() if not one.open}
    assert not held - table - tests
    assert not {one.id for one in traps() if one.open} & table, "it has a row, so say what closes it"


def test_nothing_cites_a_text_outside_the_project() -> None:
    cited = [f"{name}: {line.strip()}" for name, text in texts() for line in text.splitlines() if OUTSIDE.search(line)]
    assert not cited, "\n".join(cited)
