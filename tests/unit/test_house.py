# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house that no linter knows. Findings are sentences with the place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import HOPS

from tests.unit.said import keys

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").glob("*") if path.is_dir())

# What no task may say, and what it does instead. Comments are free.
BANNED = {
    "version literal": (  # a bare 0.5 may be seconds; quoted, in three parts or next to the word it is a version
        r"""(?<![\w.-])v?\d+\.\d+\.\d+(?![\w.])|['"]v?\d+\.\d+['"]|version.*\b\d+\.\d""",
        "it is a fact: plugins/module_utils/_<product>/",
    ),
    "shell": (r"\b(shell|raw):", "write or use a module"),
    "ignore_errors": (r"\bignore_errors:", "a check has three answers, and cannot tell stops: failed_when"),
    "tasks_from with extension": (r"\btasks_from: *\S+\.ya?ml", "leave it out: with it arguments are not validated"),
}
# The collection's own versions, which Ansible wants to see there.
OWN_VERSION = re.compile(r"\b(version_added|min_ansible_version):")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def task_lines() -> Iterator[tuple[str, str]]:
    for path in sorted(path for room in ("roles", "playbooks") for path in (ROOT / room).rglob("*")):
        if path.suffix in (".yml", ".yaml", ".j2") and path.is_file():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                text = re.sub(r"(^|\s)#.*", "", line)
                if not OWN_VERSION.search(text):
                    yield f"{path.relative_to(ROOT)}:{number}", text


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    specs = load(ROOT / "roles" / role / "meta" / "argument_specs.yml") or {}
    return specs.get("argument_specs") or {}


@pytest.mark.parametrize("what", BANNED)
def test_not_in_roles_and_playbooks(what: str) -> None:
    pattern, instead = BANNED[what]
    found = [f"{place}: {text.strip()}" for place, text in task_lines() if re.search(pattern, text)]
    assert not found, f"{what} ({instead}):\n" + "\n".join(found)


def test_defaults_are_what_argument_specs_say() -> None:
    found = []
    for role in ROLES:
        defaults = load(ROOT / "roles" / role / "defaults" / "main.yml") or {}
        options = [item for spec in entry_points(role).values() for item in (spec.get("options") or {}).items()]
        documented = dict(options).keys()
        found += [f"{role}: {name} has a default and no argument_specs option" for name in defaults.keys() - documented]
        for name, option in options:
            said, done = option.get("default"), defaults.get(name)
            if said != done:
                found.append(f"{role}: {name} is {done!r} in defaults and {said!r} in argument_specs")
    assert not found, "\n".join(found)


def test_public_tasks_files_are_entry_points() -> None:
    for role in ROLES:
        files = {path.stem for path in (ROOT / "roles" / role / "tasks").glob("[!_]*.yml")}
        assert files == set(entry_points(role)), f"{role}: tasks files and argument_specs entries differ"


def test_modules_are_in_their_action_groups() -> None:
    groups = load(ROOT / "meta" / "runtime.yml")["action_groups"]
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py")}
    assert groups["all"] == sorted(modules)
    for product in groups.keys() - {"all"}:
        assert groups[product] == [name for name in groups["all"] if name.startswith(f"{product}_")]


# Whose guide has to tell of the keys in a source. What is in none of these is everybody's.
OWN = {
    "garage": re.compile("garage"),
    "lakefs": re.compile("lakefs|postgres"),
    "pachyderm": re.compile("pach"),
}
GUIDES = sorted(path.name.partition("_")[0] for path in (ROOT / "docs/docsite/rst").glob("*_guide.rst"))


def test_a_playbook_has_plays_for_as_many_hops_as_a_plan_may_have() -> None:
    hops = [play["vars"]["uplift_hop"] for play in load(ROOT / "playbooks" / "upgrade.yml") if "vars" in play]
    assert hops == list(range(HOPS))


@pytest.mark.parametrize("product", GUIDES)
def test_the_guide_names_every_setting_and_every_key(product: str) -> None:
    guide = (ROOT / f"docs/docsite/rst/{product}_guide.rst").read_text(encoding="utf-8")
    others = [rule for name, rule in OWN.items() if name != product]
    paths = [
        path
        for path in (ROOT / "plugins").rglob("*.py")
        if not any(rule.search(str(path.relative_to(ROOT))) for rule in others)
    ]
    found = {key for path in paths for key in keys(path.read_text(encoding="utf-8"))}
    names = found | set(load(ROOT / "roles" / product / "defaults" / "main.yml"))
    missing = sorted(name for name in names if f"``{name}``" not in guide)
    assert len(found) > 20 and not missing, f"{product}_guide.rst does not tell of {', '.join(missing)}"


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports them by it."""
    names = [path.name for path in (ROOT / "tests" / "unit").rglob("test_*.py")]
    assert not {name for name in names if names.count(name) > 1}
