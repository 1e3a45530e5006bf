# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation tells to type exists: playbooks, settings, options, files, pages and targets of make."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible.cli.playbook import PlaybookCLI

from tests.pages import __main__ as pages
from tests.pages.settings import ELSEWHERE
from tests.unit.said import settings

ROOT = Path(__file__).resolve().parents[3]
RST = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "tests").glob("*/README.md")])
LABEL = "ansible_collections.uplift.datastores.docsite."


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every `ansible-playbook` that a page shows, as its arguments."""
    for path in (*RST, *MARKDOWN):
        for line in re.findall(r"(?m)^ +(?:\$ )?(ansible-playbook .*)$", path.read_text(encoding="utf-8")):
            yield path.name, shlex.split(line, comments=True)[1:]


COMMANDS = [pytest.param(words, id=f"{name}-{number}") for number, (name, words) in enumerate(commands())]


def given(extra: str) -> list[str]:
    """The names of the variables that `-e` gives."""
    if extra.startswith("@"):
        return []
    if extra.startswith("{"):
        return list(json.loads(extra))
    return [word.partition("=")[0] for word in shlex.split(extra)]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_that_is_shown_can_be_given(words: list[str]) -> None:
    cli = PlaybookCLI(["ansible-playbook", *words])
    cli.init_parser()
    options = cli.parser.parse_args(words)
    for playbook in options.args:
        name = playbook.removeprefix("uplift.datastores.")
        if name != playbook:
            assert (ROOT / "playbooks" / f"{name}.yml").is_file()
    names = [name for extra in options.extra_vars or () for name in given(extra)]
    assert not [name for name in names if name not in settings() | set(ELSEWHERE)]


def test_there_are_commands_to_look_at() -> None:
    assert len(COMMANDS) > 40


def test_every_reference_leads_to_a_page() -> None:
    everything = {path.name: path.read_text(encoding="utf-8") for path in RST} | pages.made()
    there = {label for page in everything.values() for label in re.findall(rf"(?m)^\.\. _{LABEL}(\w+):$", page)}
    asked = {
        (name, label)
        for name, page in everything.items()
        for label in re.findall(rf":ref:`(?:[^`<]*<)?{LABEL}(\w+)>?`", page)
    }
    assert len(asked) > 20 and not {(name, label) for name, label in asked if label not in there}
    assert {path.stem for path in RST} <= there, "each page has a label of its own name"


def anchors(page: str) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"(?m)^#+ (.+)$", page)}


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_markdown_page_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if not link.startswith(("http://", "https://", "mailto:")):
            place, _hash, anchor = link.partition("#")
            target = (path.parent / place).resolve() if place else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_target_of_make_that_is_named_is_there() -> None:
    there = set(re.findall(r"(?m)^([a-z -]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    targets = {word for line in there for word in line.split()}
    named = {
        (path.name, word)
        for path in (*RST, *MARKDOWN)
        for word in re.findall(r"(?:`|^ {4}(?:\$ )?)make ([a-z-]+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(named) > 5 and not {(name, word) for name, word in named if word not in targets}


def test_every_variable_of_the_example_inventories_is_a_setting() -> None:
    for path in RST:
        for block in re.findall(r"code-block:: yaml\n\n((?:    .*\n|\n)+)", path.read_text(encoding="utf-8")):
            names = re.findall(r"\b((?:garage|lakefs|pachyderm|operation)_\w+):", block)
            assert not [name for name in names if name not in settings()], path.name
            yaml.safe_load(re.sub(r"(?m)^    ", "", block))


def test_the_questions_of_a_stranger_are_answered_where_it_is_said() -> None:
    """Every file is there, and defines what stands behind it."""
    page = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Twelve questions")[2].partition("\n## ")[0]
    )
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 12
    for _question, files in rows:
        named = re.findall(r"`([\w/.]+/[\w/.]+)`(?: \(((?:`\w+`(?:, )?)+)\))?", files)
        assert named
        for name, defined in named:
            path = ROOT / name.replace("MU/", "plugins/module_utils/")
            assert path.exists(), name
            for word in re.findall(r"\w+", defined):
                assert re.search(rf"(?m)^(?:def |class )?{word}\b", path.read_text(encoding="utf-8")), (name, word)
