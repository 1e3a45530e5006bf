# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sources say to an operator, found in their text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
GAP = "\0"
_DOCUMENTATION = ("DOCUMENTATION", "EXAMPLES", "RETURN")
_KEY = re.compile(r'(?:Finding|Refusal|ConfigError|_difference)\(\s*(?:#.*\n\s*)?"(\w+)"|\{"key": "(\w+)"')


def keys(python: str) -> set[str]:
    """The keys of findings, refusals and differences in a source."""
    return {one or other for one, other in _KEY.findall(python)}


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of everything in a source that an operator may read; `GAP` stands for what is filled in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left = {id(part) for node in ast.walk(tree) for part in _not_said(node)}
    for node in ast.walk(tree):
        text = ""
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left:
            text = node.value
        if " " in text.strip() and not text.startswith("SELECT "):
            yield getattr(node, "lineno", 0), text


def _not_said(node: ast.AST) -> Iterator[ast.AST]:
    """Parts of a text that is taken as a whole, docstrings, and the documentation of modules."""
    if isinstance(node, ast.JoinedStr):
        yield from node.values
    documents = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _DOCUMENTATION
    if isinstance(node, ast.Expr) or (isinstance(node, ast.Assign) and documents):
        yield node.value


def messages(path: Path) -> Iterator[str]:
    """The `msg` and `fail_msg` of a file of tasks or plays."""
    for value in _values(yaml.safe_load(path.read_text(encoding="utf-8"))):
        yield re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", GAP, value, flags=re.S), flags=re.S)


def _values(node: Any, said: bool = False) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _values(value, said or key in ("msg", "fail_msg", "success_msg"))
    elif isinstance(node, list):
        for value in node:
            yield from _values(value, said)
    elif said and isinstance(node, str):
        yield node


@cache
def settings() -> set[str]:
    """What an operator can set: every option of every role."""
    specs = [yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")]
    return {name for spec in specs for entry in spec["argument_specs"].values() for name in entry.get("options") or {}}


@cache
def named() -> set[str]:
    """Modules and playbooks, which a message may send to as well."""
    return {path.stem for room in ("plugins/modules", "playbooks") for path in (ROOT / room).glob("*.*")}
