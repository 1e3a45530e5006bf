# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contract of a product's role: see "The contract of a product" in docs/docsite/rst/architecture.rst."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._operation.gave import FOUND
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "docsite" / "rst" / "architecture.rst").read_text(encoding="utf-8")
KERNEL = ROOT / "roles" / "operation"
ENTRIES = ("discover", "preflight", "gate", "begin", "end", "recover", "compare", "verify")
# Entry points that no plan and no contract asks for: a playbook of its own does.
OWN = {"lakefs": {"drop_tables"}}
# Entry point -> what it hands to the role operation, by which of that role's entry points.
HANDS_OVER = {"preflight": "findings", "end": "report", "verify": "compare"}
# Entry point -> the variable in which it leaves what it gives.
LEAVES = {"discover": "found", "preflight": "findings", "compare": "compared"}
PRODUCTS = [pytest.param(name, ROOT / "roles" / name, id=name) for name in CATALOGUES]
ALL = [*PRODUCTS, pytest.param("toy", ROOT / "tests" / "toy" / "roles" / "toy", id="toy")]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


def tasks(found: Any) -> Iterator[dict[str, Any]]:
    for task in found or ():
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))


def of(role: Path, entry: str) -> list[dict[str, Any]]:
    return list(tasks(load(role / "tasks" / f"{entry}.yml")))


def used(product: str) -> set[str]:
    """Every verb of every way of the product, forth and back."""
    catalogue = CATALOGUES[product]
    ways = [way for hop in catalogue.hops for way in (*hop.shapes, *(hop.renewal.shapes if hop.renewal else ()))]
    return {verb for way in (*ways, *catalogue.patch, *catalogue.back) for row in way.passes.values() for verb in row}


@pytest.mark.parametrize(("product", "role"), PRODUCTS)
def test_the_entry_points_are_the_contract_and_the_verbs_and_no_more(product: str, role: Path) -> None:
    there = {path.stem for path in (role / "tasks").glob("[!_]*.yml")} - {"main"}
    assert there == {*ENTRIES, *used(product), *OWN.get(product, ())}


@pytest.mark.parametrize(("product", "role"), ALL)
def test_what_is_given_is_left_where_the_operation_looks(product: str, role: Path) -> None:
    for entry, name in LEAVES.items():
        left = {task.get("register") for task in of(role, entry)}
        left |= {one for task in of(role, entry) for one in task.get("ansible.builtin.set_fact") or ()}
        assert f"{product}_{name}" in left or product == "toy" and name == "findings", (
            f"{entry} leaves no {product}_{name}"
        )


@pytest.mark.parametrize(("product", "role"), ALL)
def test_discover_gives_the_whole_shape(product: str, role: Path) -> None:
    (found,) = (
        task["ansible.builtin.set_fact"][f"{product}_found"]
        for task in of(role, "discover")
        if "ansible.builtin.set_fact" in task
    )
    assert "reports" in found
    for part, (names, usual) in FOUND.items():
        assert set(names) <= set(found[part]) <= {*names, *usual}, f"{product}: {part}"


@pytest.mark.parametrize(("product", "role"), PRODUCTS)
def test_what_belongs_to_the_operation_is_handed_over(product: str, role: Path) -> None:
    for entry, asked in HANDS_OVER.items():
        included = [
            task["ansible.builtin.include_role"] for task in of(role, entry) if "ansible.builtin.include_role" in task
        ]
        assert {"name": "uplift.datastores.operation", "tasks_from": asked} in included, (
            f"{entry} does not call {asked}"
        )


def takes() -> set[str]:
    """The variables of the operation that the architecture promises to products."""
    table = TEXT.partition("What a verb may ask of the operation")[2].partition("Add a release")[0]
    return set(re.findall(r"``(operation_[a-z_]+)", table))


@pytest.mark.parametrize(("product", "role"), ALL)
def test_a_verb_asks_of_the_operation_what_is_promised_and_nothing_else(product: str, role: Path) -> None:
    given = {
        option
        for spec in load(KERNEL / "meta" / "argument_specs.yml")["argument_specs"].values()
        for option in spec["options"]
    }
    asked = {
        name
        for path in [*role.glob("tasks/**/*.yml"), *role.glob("vars/*.yml"), *role.glob("defaults/*.yml")]
        for name in re.findall(
            r"(?<![\w.])operation_[a-z_]+", re.sub(r"(?m)(^|\s)#.*", "", path.read_text(encoding="utf-8"))
        )
    }
    strange = asked - takes() - given
    assert not strange, f"{product} asks {sorted(strange)} of the operation; the architecture does not promise it"


def test_what_is_promised_is_there() -> None:
    kernel = "".join(path.read_text(encoding="utf-8") for path in KERNEL.rglob("*.yml"))
    assert len(takes()) > 10 and not [
        name for name in takes() if name not in kernel and name != "operation_did"
    ]  # the filter


def test_the_operation_knows_no_product() -> None:
    """Not by name, and by variables of theirs only where the filter product_gave says; and by the unit, which names
    where the record lies before anybody was asked."""
    unit = "lookup('ansible.builtin.vars', operation_product ~ '_unit', default='')"
    for path in sorted([*KERNEL.glob("tasks/*.yml"), *KERNEL.glob("vars/*.yml"), *KERNEL.glob("defaults/*.yml")]):
        text = path.read_text(encoding="utf-8").replace(unit, "")
        said = re.search("|".join(CATALOGUES), text.replace("playbooks of this collection, such as garage_upgrade", ""))
        assert not said, f"{path.name} knows {said and said[0]}"
        looked_up = re.findall(r"operation_product ~ '_(?!accept: \[|rollback)", text)
        assert "lookup('ansible.builtin.vars'" not in text and not looked_up, f"{path.name} puts names together"


def test_every_entry_point_of_the_contract_is_told_of() -> None:
    table = TEXT.partition("The contract of a product\n")[2].partition("What a verb may ask of the operation")[0]
    assert set(re.findall(r"``(\w+)``", table)) >= set(ENTRIES)
