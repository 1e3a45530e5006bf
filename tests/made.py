# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what is made from data: the tables of steps in the guides, and what each verb takes in the argument specs.

    python tests/made.py        # writes; tests/unit/test_made.py fails while something is not as this would write it

Every verb declares the settings that its tasks use, also by the variables of the role and by files that it includes.
The text of a setting stands once, at `discover`, and the others refer to it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "..\n  The steps, made by tests/made.py\n", "..\n  End of the steps\n"


NEEDS = Path(__file__).parent / "pages" / "needs.yml"


def needs(product: str) -> dict[str, Any]:
    """Per step of a product the keys of the findings that ask for what it needs, or why it needs nothing."""
    return dict(yaml.safe_load(NEEDS.read_text(encoding="utf-8"))[product])


def table(verbs: dict[str, Any], asked: dict[str, Any]) -> str:
    """The steps of a product: name -> verb, as reStructuredText. asked: its `needs`."""
    rows = ["   * - Step", "     - What it does", "     - Where", "     - Clients", "     - Asked beforehand"]
    for name, verb in verbs.items():
        notes = [f"closed: {', '.join(verb.closes)}"] if verb.closes else []
        notes += [f"given back: {', '.join(verb.opens)}"] if verb.opens else []
        where = "once, at the leader" if verb.scope == "cluster" else "at each node"
        rows += [f"   * - ``{name}``", f"     - {verb.what}", f"     - {where}", f"     - {'; '.join(notes)}".rstrip()]
        said = asked[name] if isinstance(asked[name], str) else ", ".join(f"``{key}``" for key in asked[name])
        rows.append(f"     - {said}")
    head = [".. list-table::", "   :header-rows: 1", "   :widths: 12 36 12 15 25", ""]
    return "\n".join([BEGIN, *head, *rows, "", END])


def guide(text: str, verbs: dict[str, Any], asked: dict[str, Any]) -> str:
    before, _begin, rest = text.partition(BEGIN)
    return before + table(verbs, asked) + rest.partition(END)[2]


def settings(role: Path) -> list[str]:
    return list(yaml.safe_load((role / "defaults" / "main.yml").read_text(encoding="utf-8")) or ())


def takes(role: Path, entry: str) -> list[str]:
    """The settings of the role that the entry point uses, in the order of the defaults."""
    known, values = settings(role), variables(role)
    used: set[str] = set()
    todo = words(files(role, entry), role.name)
    while todo:
        name = todo.pop()
        if name not in used:
            used.add(name)
            todo |= words(values.get(name, ""), role.name)
    return [name for name in known if name in used]


def words(text: str, role: str) -> set[str]:
    return set(re.findall(rf"\b{role}_\w+", text))


def variables(role: Path) -> dict[str, str]:
    """Every variable and default of the role, with its text."""
    found: dict[str, str] = {}
    for path in (role / "vars" / "main.yml", role / "defaults" / "main.yml"):
        read = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
        found.update({name: yaml.safe_dump(value) for name, value in (read or {}).items()})
    return found


def files(role: Path, entry: str) -> str:
    """The text of the entry point and of all task files that it includes."""
    tasks, seen, text = role / "tasks", set(), ""
    todo = [tasks / f"{entry}.yml"]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        said = re.sub(r"(?m)(^|\s)#.*", "", path.read_text(encoding="utf-8"))
        text += said
        for name in re.findall(r"include_tasks: ['\"]?([^'\"\n]*(?:\{\{[^}]*\}\}[^'\"\n]*)*)", said):
            pattern = re.sub(r"\{\{.*?\}\}", "*", name.strip())
            if pattern.endswith(".yml"):  # else it is the operator's own file
                todo += [one for base in (tasks, path.parent) for one in base.glob(pattern)]
    return text


def argument_specs(role: Path) -> str:
    """The file as it has to be: what each entry point takes, by reference to what `discover` says of it."""
    text = (role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    head, *parts = re.split(r"(?m)^  (?=\w+:$)", text)
    out = [head]
    for part in parts:
        entry = part.partition(":")[0]
        if entry == "discover":
            out.append(re.sub(r"(?m)^      (\w+):(?: &\w+)?$", r"      \1: &\1", part))
            continue
        above = part.partition("    options:")[0]
        names = [] if entry == "main" else takes(role, entry)
        rows = "".join(f"      {name}: *{name}\n" for name in names)
        out.append(f"{above}    options:\n{rows}" if rows else f"{above}    options: {{}}\n")
    return "".join(one if not number else f"  {one}" for number, one in enumerate(out))


def ordered(catalogue: Any, known: dict[str, Any]) -> dict[str, Any]:
    """The verbs of a product, in the order in which its ways come to them."""
    ways = [way for hop in catalogue.hops for way in (*hop.shapes, *(hop.renewal.shapes if hop.renewal else ()))]
    rows = [row for way in (*ways, *catalogue.patch, *catalogue.back) for row in way.passes.values()]
    return {name: known[name] for name in dict.fromkeys(name for row in rows for name in row)}


def made() -> dict[Path, str]:
    """Every file that is made, or has a part that is, as it has to be."""
    from ansible_collections.uplift.datastores.plugins.module_utils._plan import verbs
    from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

    found = {}
    for product, catalogue in CATALOGUES.items():
        path = ROOT / "docs" / "docsite" / "rst" / f"{product}_guide.rst"
        steps = ordered(catalogue, dict(verbs.all_of(catalogue)))
        found[path] = guide(path.read_text(encoding="utf-8"), steps, needs(product))
        role = ROOT / "roles" / product
        found[role / "meta" / "argument_specs.yml"] = argument_specs(role)
        for path in (ROOT / "playbooks").glob(f"{product}_*.yml"):
            found[ROOT / "docs" / "examples" / "awx-project" / "playbooks" / path.name] = imported(path)
    return found


def imported(path: Path) -> str:
    """The playbook of a project in AWX that runs one of ours: AWX finds none inside collections."""
    head, _dashes, rest = path.read_text(encoding="utf-8").partition("---\n")
    name = yaml.safe_load(rest)[0]["name"]
    return f"{head}---\n- name: {name}\n  ansible.builtin.import_playbook: uplift.datastores.{path.stem}\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT.parents[2]))  # the copy of the tree that the gates use
    for place, expected in made().items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(expected, encoding="utf-8")
