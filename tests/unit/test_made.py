# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guides and argument specs are as the data and the task files have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import CLUSTER, Verb

from tests import made


@pytest.mark.parametrize("path", made.made(), ids=lambda path: f"{path.parent.name}-{path.name}-{path.parents[1].name}")
def test_what_is_made_is_as_it_would_be_made_now(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == made.made()[path], "run: python tests/made.py, and look at what changed"


def test_a_step_in_a_table() -> None:
    verbs = {"pause": Verb(CLUSTER, closes=("pipelines",), what="stop them"), "look": Verb(what="look")}
    asked = {"pause": ["no_answer", "clock"], "look": "It looks."}
    shown = made.table(verbs, asked)
    cells = ["   * - ``pause``", "stop them", "once, at the leader", "closed: pipelines", "``no_answer``, ``clock``\n"]
    assert "\n     - ".join(cells) in shown
    assert "   * - ``look``\n     - look\n     - at each node\n     -\n     - It looks.\n" in shown
    assert made.guide(f"a\n{made.BEGIN}old\n{made.END}b\n", verbs, asked) == f"a\n{shown}b\n"


STOP = """
- name: Stop  # not toy_other
  include_tasks: "{{ toy_kind }}/stop.yml"
- debug: {msg: "{{ toy_place }}"}
"""
SPECS = """argument_specs:
  main:
    short_description: No
    options: {}
  discover:
    short_description: Look
    options:
      toy_unit:
        type: str
      toy_limit:
        type: int
      toy_dir:
        type: str
      toy_other:
        type: str
  stop:
    short_description: Stop
    options: {}
"""


@pytest.fixture
def role(tmp_path: Path) -> Path:
    for name, text in {
        "defaults/main.yml": "toy_unit: t\ntoy_limit: 5\ntoy_dir: d\ntoy_other: o\n",
        "vars/main.yml": 'toy_place: "{{ toy_dir }}/x"\n',
        "tasks/stop.yml": STOP,
        "tasks/docker/stop.yml": "- debug: {msg: '{{ toy_limit }}'}\n",
        "meta/argument_specs.yml": SPECS,
    }.items():
        path = tmp_path / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "toy"


def test_what_a_verb_takes_is_what_its_tasks_use(role: Path) -> None:
    """By a variable of the role, and by every file that it may include; not by a comment."""
    assert made.takes(role, "stop") == ["toy_limit", "toy_dir"]


def test_the_text_of_a_setting_stands_once(role: Path) -> None:
    expected = made.argument_specs(role)
    specs = yaml.safe_load(expected)["argument_specs"]
    assert specs["stop"]["options"] == {"toy_limit": {"type": "int"}, "toy_dir": {"type": "str"}}
    assert specs["main"]["options"] == {} and len(specs["discover"]["options"]) == 4
    (role / "meta" / "argument_specs.yml").write_text(expected, encoding="utf-8")
    assert made.argument_specs(role) == expected, "made twice it is the same"
