# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wherever Garage runs: only two files order a service or a release, and no task names a container."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

TASKS = sorted((Path(__file__).resolve().parents[2] / "roles" / "garage" / "tasks").glob("*.yml"))
ELSEWHERE = ("service", "service_info", "release")


def tasks(found: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in found:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part, []))


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_no_task_knows_where_it_runs(path: Path) -> None:
    for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
        for module in task:
            assert module not in {f"uplift.datastores.{name}" for name in ELSEWHERE}, (
                f"{path.name}, {task['name']}: the roles service and release do that, wherever it runs"
            )


TOLD = ("binary", "config_file", "user")


def test_what_the_operator_says_of_the_program_is_used_by_every_task() -> None:
    """By each whose module finds the node's Garage by its unit: of a script the unit says nothing."""
    checked = 0
    for path in TASKS:
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
            name = next((word for word in task if word.startswith("uplift.datastores.garage_")), "")
            module = f"ansible_collections.uplift.datastores.plugins.modules.{name.rpartition('.')[2]}"
            if not name or not set(TOLD) <= set(import_module(module).SPEC):
                continue
            checked += 1
            node = task[name]["unit"].replace("garage_unit", "garage_{}").replace(".unit", ".told.{}")
            expected = {one: node.replace("{}", one).replace(" }}", " or omit }}") for one in TOLD}
            assert {one: task[name].get(one) for one in TOLD} == expected, f"{path.name}, {task['name']}"
    assert checked > 20


def test_only_two_files_choose() -> None:
    called = {"uplift.datastores.service": set[str](), "uplift.datastores.release": set[str]()}
    for path in TASKS:
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8"))):
            name = task.get("ansible.builtin.include_role", {}).get("name", "")
            called.get(name, set()).add(path.stem)
    assert called == {"uplift.datastores.service": {"_service"}, "uplift.datastores.release": {"_release"}}
