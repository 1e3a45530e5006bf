# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which action a module has: its own file, or the one that meta/runtime.yml sends it to."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = "uplift.datastores."
RUNTIME: dict[str, Any] = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
ROUTES: dict[str, dict[str, str]] = RUNTIME["plugin_routing"]["modules"]
PLAY = """
- hosts: all
  gather_facts: false
  module_defaults:
    group/uplift.datastores.pachyderm: {backup_dir: /var/backups/uplift}
  tasks:
    - name: Look for what stops
      uplift.datastores.pachyderm_findings:
        info: {problem: nobody answers, problems: [nobody answers]}
        space: {}
      register: found
    - name: Show it
      ansible.builtin.debug: {var: found}
"""


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("module", ROUTES)
def test_a_module_is_sent_to_an_action_that_is_there(module: str) -> None:
    target = ROUTES[module]["action_plugin"].removeprefix(OURS)
    assert (ROOT / "plugins" / "modules" / f"{module}.py").is_file()
    assert not (ROOT / "plugins" / "action" / f"{module}.py").exists(), "its own file would never be asked"
    action = importlib.import_module(f"ansible_collections.{OURS}plugins.action.{target}").ActionModule
    if target == "upgrade_plan":
        code = importlib.import_module(f"ansible_collections.{OURS}plugins.modules.{module}")
        assert callable(code.work) and code.SPEC
    else:
        assert action.__mro__[1].__name__ == "LongAction" and "progress_file" in text(f"plugins/modules/{module}.py")


def test_no_action_file_only_names_a_class() -> None:
    """One of a kind is enough: the others of that kind are sent to it."""
    same: dict[str, list[str]] = {}
    for path in sorted((ROOT / "plugins" / "action").glob("[!_]*.py")):
        code = path.read_text(encoding="utf-8")
        if "def " not in code:
            same.setdefault(code.split("class ", 1)[1].splitlines()[0], []).append(path.stem)
    assert all(len(files) == 1 for files in same.values()), same


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_what_is_sent_elsewhere_has_its_group_and_asks_no_node(tmp_path: Path, check: list[str]) -> None:
    """By ansible-playbook itself: the host cannot be reached, and the group's defaults come to the module."""
    play = tmp_path / "play.yml"
    play.write_text(PLAY, encoding="utf-8")
    tree = next(path for path in sys.path if (Path(path) / "ansible_collections" / "uplift" / "datastores").exists())
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": tree,
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
    }
    argv = [sys.executable, "-m", "ansible", "playbook", "-i", "192.0.2.1,", *check, str(play)]
    ran = subprocess.run(
        argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert ran.returncode == 0, ran.stdout
    shown = ran.stdout[ran.stdout.index("=> {") + 3 : ran.stdout.rindex("}") + 1]
    found: dict[str, Any] = json.loads(shown)["found"]
    assert {"no_answer"} <= {finding["key"] for finding in found["findings"]}
