# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every setting that a message names exists: in plugins, roles and playbooks, looked up in the argument specs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.said import GAP, ROOT, messages, named, sentences, settings

# A name with the product before it, or with whatever product is filled in there.
OURS = re.compile(rf"(?<![\w/.\-])((?:garage|lakefs|pachyderm|operation|uplift|{GAP})_[a-z0-9_{GAP}]+)(?!\w)")
# `name`, `name: value` and name: [value], which an operator copies as they are.
COPIED = re.compile(rf"`([a-z][a-z_{GAP}]*)(?:[:=][^`]*)?`|(?<!\w)([a-z_{GAP}]+): (?:true|false|\[[a-z_{GAP}]*\])")
# Words in backticks that are none of ours: a program, and a step that a comment in a file names.
OTHERS = {"test", "resume"}
# What the developers of a product's role read when it breaks its contract.
CONTRACT = {f"{GAP}_found"}
PYTHON = sorted(path for path in (ROOT / "plugins").rglob("*.py") if "doc_fragments" not in path.parts)
YAML = sorted(path for room in ("roles", "playbooks") for path in (ROOT / room).rglob("*.yml"))


def unknown(text: str) -> Iterator[str]:
    """Names in a text that nobody can set."""
    there, could_be = settings(), settings() | named()
    for name in OURS.findall(text):
        if name not in CONTRACT and not any(re.fullmatch(name.replace(GAP, "[a-z]+"), one) for one in could_be):
            yield name
    for quoted, given in COPIED.findall(text):
        name = quoted or given
        if name not in OTHERS and not any(re.fullmatch(name.replace(GAP, "[a-z]+"), one) for one in there):
            yield name


@pytest.mark.parametrize("path", [*PYTHON, *YAML], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_setting_that_a_message_names_is_there(path: Path) -> None:
    said = [text for _line, text in sentences(path)] if path.suffix == ".py" else messages(path)
    found = [f"{name} in {text!r}" for text in said for name in unknown(text)]
    assert not found, "no role has such a setting:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("give it up by operation_abandon", []),
        ("give it up by abandon: true", ["abandon"]),
        (f"set {GAP}_accept: [not_compared]", []),
        (f"set {GAP}_agree: [not_compared]", [f"{GAP}_agree", f"{GAP}_agree"]),
        ("name it by `unit`", ["unit"]),
        ("name it by `garage_unit`", []),
        ("run lakefs_drop_tables, or lakefs_drop_table", ["lakefs_drop_table"]),
        ("the file /etc/garage_old.toml", []),
    ],
)
def test_what_counts_as_the_name_of_a_setting(text: str, found: list[str]) -> None:
    assert list(unknown(text)) == found


def test_there_are_messages_to_look_at() -> None:
    assert sum(1 for path in PYTHON for _one in sentences(path)) > 500
    assert sum(1 for path in YAML for _one in messages(path)) > 50
