# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module documents is what it takes; every answer has a sample; and which modules are a promise."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.uplift.datastores.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("[!_]*.py"))
FRAGMENTS = "extends_documentation_fragment"
INTERNAL = "uplift.datastores.attributes.internal"
NOTHING = {"required": False, "default": None, "choices": None, "type": "str", "elements": None}


class Asked(BaseException):
    """What a module gives to AnsibleModule."""


def code(module: str) -> Any:
    return importlib.import_module(f"{PLUGINS}.modules.{module}")


def given(module: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The argument spec and the constraints, as the module itself hands them over."""

    def begin(_self: AnsibleModule, **named: Any) -> None:
        raise Asked(named)

    monkeypatch.setattr(AnsibleModule, "__init__", begin)
    with pytest.raises(Asked) as asked:
        code(module).main()
    named: dict[str, Any] = asked.value.args[0]
    return named


def documented(module: str) -> dict[str, Any]:
    """Its options, with those of the fragments."""
    said = yaml.safe_load(code(module).DOCUMENTATION)
    options = dict(said.get("options") or {})
    for name in said.get("extends_documentation_fragment") or []:
        file, _dot, part = name.removeprefix("uplift.datastores.").partition(".")
        fragment = importlib.import_module(f"{PLUGINS}.doc_fragments.{file}").ModuleDocFragment
        options |= yaml.safe_load(getattr(fragment, (part or "documentation").upper())).get("options") or {}
    return options


def differences(said: Mapping[str, Any], spec: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for name in sorted(said.keys() ^ spec.keys()):
        yield f"{at}{name} is {'documented' if name in said else 'taken'} alone"
    for name in sorted(said.keys() & spec.keys()):
        for what, default in NOTHING.items():
            one, other = said[name].get(what, default), spec[name].get(what, default)
            if what == "choices" and one is not None and other is not None:
                one, other = sorted(one), sorted(other)
            if one != other:
                yield f"{at}{name}: {what} is {one!r} in the documentation and {other!r} in the spec"
        inner = said[name].get("suboptions") or {}, spec[name].get("options") or {}
        yield from differences(*inner, f"{at}{name}.")


def without_sample(returned: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for name, value in returned.items():
        if "sample" not in value:
            yield from without_sample(value["contains"], f"{at}{name}.") if "contains" in value else [f"{at}{name}"]


@pytest.mark.parametrize("module", MODULES)
def test_the_documentation_is_the_spec(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = given(module, monkeypatch)
    hidden = {name for name, option in taken["argument_spec"].items() if name == "seal"}
    spec = {name: option for name, option in taken["argument_spec"].items() if name not in hidden}
    said = {name: option for name, option in documented(module).items() if name not in hidden}
    assert not list(differences(said, spec))


@pytest.mark.parametrize("module", MODULES)
def test_what_is_required_at_times_says_so(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = documented(module)
    for option, value, needed in (row[:3] for row in given(module, monkeypatch).get("required_if") or []):
        for name in needed:
            assert said[name].get("default") is None, f"{name} has a default, so that it is never missing"
            text = str(said[name]["description"])
            assert re.search(rf"(Required|Expected|Needed).*O\({option}={value}\)", text), f"{name}: {text}"


@pytest.mark.parametrize("module", MODULES)
def test_every_answer_has_a_sample(module: str) -> None:
    assert not list(without_sample(yaml.safe_load(code(module).RETURN) or {}))


def public() -> list[str]:
    page = (ROOT / "docs" / "docsite" / "rst" / "architecture.rst").read_text(encoding="utf-8")
    part = page.split("\nThe modules that are a promise\n", 1)[1].split("\nAdd a release\n", 1)[0]
    rows = re.findall(r"^\* .*(?:\n  .*)*", part, re.MULTILINE)
    return re.findall(r"``([a-z_]+)``", "\n".join(rows))


def test_a_module_is_a_promise_or_says_that_it_is_internal() -> None:
    listed = public()
    assert len(listed) == len(set(listed)) and not set(listed) - set(MODULES)
    marked = {name for name in MODULES if INTERNAL in yaml.safe_load(code(name).DOCUMENTATION)[FRAGMENTS]}
    both = marked & set(listed)
    assert not both, f"listed in architecture.rst and marked internal: {sorted(both)}"
    neither = set(MODULES) - marked - set(listed)
    assert not neither, f"list it in architecture.rst, or extend {INTERNAL}: {sorted(neither)}"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_a_product_documents_its_action_group(module: str) -> None:
    product = re.match("garage|lakefs|pachyderm", module)
    said = yaml.safe_load(code(module).DOCUMENTATION)[FRAGMENTS]
    groups = [one for one in said if ".actiongroup_" in one]
    assert groups == ([f"uplift.datastores.attributes.actiongroup_{product[0]}"] if product else [])
