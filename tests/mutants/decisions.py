# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decisions of role files and playbooks, each taken out or turned round: what a test must notice. Pure.

A mutant is a file's text with one change. It is named FILE: TASK: CHANGE, so that the table of accepted survivors
outlives lines that move.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# Taken out as a whole where a task, a block or a play has them.
WHOLE = (
    "failed_when",
    "until",
    "rescue",
    "any_errors_fatal",
    "run_once",
    "no_log",
    "check_mode",
    "delegate_to",
    "serial",
)
# Tasks that only talk: what they say is for people.
TALK = ("ansible.builtin.debug",)
PARTS = ("block", "rescue", "always")


@dataclass(frozen=True)
class Mutant:
    """path: below the collection. tasks: those that a test has to have come by to notice it, each FILE: NAME."""

    path: str
    name: str
    tasks: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"


@dataclass(frozen=True)
class Place:
    """A task in its file: the keys that lead to it, its mapping, and line and name of it and of all in it."""

    keys: tuple[Any, ...]
    task: dict[str, Any]
    own: tuple[tuple[int, str], ...]


def of_file(root: Path, path: Path) -> Iterator[Mutant]:
    text = path.read_text(encoding="utf-8")
    data, nodes = yaml.safe_load(text), yaml.compose(text)
    name = str(path.relative_to(root))
    seen: set[str] = set()
    for place in _places(data, nodes):
        for change, put in _changes(place.task):
            said = f"{_name(place.task)}: {change}"
            while f"{said}" in seen:
                said += "'"
            seen.add(said)
            tasks = tuple(f"{name}: {task}" for _line, task in place.own)
            yield Mutant(name, said, tasks, _with(data, place.keys, put))


def tasks_of(root: Path, path: Path) -> list[tuple[int, str]]:
    """Line and FILE: NAME of each task."""
    text = path.read_text(encoding="utf-8")
    places = _places(yaml.safe_load(text), yaml.compose(text))
    return sorted({(line, f"{path.relative_to(root)}: {name}") for place in places for line, name in place.own})


def of_tree(root: Path) -> Iterator[Mutant]:
    for path in sorted([*(root / "roles").glob("*/tasks/**/*.yml"), *(root / "playbooks").glob("*.yml")]):
        yield from of_file(root, path)


def _places(data: Any, node: Any, keys: tuple[Any, ...] = ()) -> Iterator[Place]:
    for number, (task, one) in enumerate(zip(data or [], node.value if node else [], strict=True)):
        here = (*keys, number)
        inside = [place for part, below in _below(task, one) for place in _places(task[part], below, (*here, part))]
        own = () if any(part in task for part in PARTS) else ((one.start_mark.line + 1, _name(task)),)
        yield Place(here, task, own + tuple(row for place in inside for row in place.own))
        yield from inside


def _name(task: dict[str, Any]) -> str:
    return str(task.get("name", task.get("ansible.builtin.import_playbook", "?")))


def _below(task: Any, node: Any) -> Iterator[tuple[str, Any]]:
    for key, value in node.value:
        if key.value in (*PARTS, "tasks"):
            yield key.value, value


def _changes(task: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is said of it, and what stands in its place (None: nothing)."""
    for key in WHOLE:
        if key in task:
            yield f"without {key}", _without(task, key)
    if "when" in task:
        asked = task["when"] if isinstance(task["when"], list) else [task["when"]]
        for one in asked:
            rest = [other for other in asked if other != one]
            changed = {**task, "when": rest} if rest else _without(task, "when")
            yield f"without when {_short(one)}", changed
        yield "never", {**task, "when": False}
    demanded = task.get("ansible.builtin.assert")
    if demanded and isinstance(demanded["that"], list):
        for one in demanded["that"]:
            rest = [other for other in demanded["that"] if other != one]
            yield f"without that {_short(one)}", {**task, "ansible.builtin.assert": {**demanded, "that": rest}}
    if (
        not any(key in task for key in (*TALK, *PARTS, "hosts", "ansible.builtin.import_playbook"))
        and "when" not in task
    ):
        yield "dropped", None


def _short(condition: Any) -> str:
    text = " ".join(str(condition).split())
    return text if len(text) < 70 else text[:67] + "..."


def _without(task: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in task.items() if name != key}


def _with(data: Any, keys: tuple[Any, ...], put: Any) -> str:
    changed = copy.deepcopy(data)
    at = changed
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = {"name": "Nothing", "ansible.builtin.debug": {"msg": ""}} if put is None else put
    return yaml.safe_dump(changed, sort_keys=False, width=1000, allow_unicode=True)
