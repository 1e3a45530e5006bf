# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which room of module_utils may know which: see "Rooms" in docs/docsite/rst/architecture.rst."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.unit.said import sentences

ROOT = Path(__file__).resolve().parents[2]
UTILS = ROOT / "plugins" / "module_utils"
BASE = "ansible_collections.uplift.datastores.plugins.module_utils."
PRODUCTS = ("_garage", "_lakefs", "_pachyderm")
KNOWS: dict[str, set[str]] = {
    "_core": set(),
    "_runtime": {"_core"},
    "_hooks": {"_core"},
    "_backup": {"_core", "_runtime"},
    "_plan": {"_core", "_operation"},
    "_operation": {"_core", "_plan", "_runtime"},
    **dict.fromkeys(PRODUCTS, {"_core", "_plan", "_operation", "_runtime", "_backup"}),
}
REGISTRY = "_products"  # the one file outside the rooms


def known(path: Path) -> set[str]:
    """The rooms that a file imports from."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.removeprefix(BASE).partition(".")[0] for name in names if name.startswith(BASE)}


def test_every_file_is_in_a_room() -> None:
    rooms = {path.relative_to(UTILS).parts[0] for path in UTILS.rglob("*.py")}
    assert rooms == {*KNOWS, f"{REGISTRY}.py"}, "a file outside the rooms, or a room that has no rule here"


def test_the_registry_alone_knows_all_products_and_the_planners_entry_alone_the_registry() -> None:
    assert known(UTILS / f"{REGISTRY}.py") == {*PRODUCTS, "_plan"}
    plugins = ROOT / "plugins"
    assert [
        path.relative_to(plugins).as_posix() for path in sorted(plugins.rglob("*.py")) if REGISTRY in known(path)
    ] == ["module_utils/_plan/api.py"]


@pytest.mark.parametrize("room", KNOWS)
def test_a_room_knows_what_it_may(room: str) -> None:
    wrong = []
    for path in sorted((UTILS / room).rglob("*.py")):
        place = path.relative_to(UTILS).as_posix()
        wrong += [f"{place} imports from {one}" for one in known(path) - {room, REGISTRY} - KNOWS[room]]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", [room for room in KNOWS if room not in PRODUCTS])
def test_what_is_no_products_names_none(room: str) -> None:
    """A sentence for operators of all products does not speak of one."""
    named = re.compile("|".join(product.strip("_") for product in PRODUCTS), re.IGNORECASE)
    wrong = [
        f"{path.name}, line {line}: {text}"
        for path in sorted((UTILS / room).rglob("*.py"))
        for line, text in sentences(path)
        if named.search(text)
    ]
    assert not wrong, "\n".join(wrong)


def test_packages_say_nothing_themselves() -> None:
    """Ansible ships the `__init__.py` of every parent with each module."""
    written = [
        path for room in ("module_utils", "plugin_utils") for path in (ROOT / "plugins" / room).rglob("__init__.py")
    ]
    assert written and not [str(path) for path in written if path.read_text(encoding="utf-8")]
