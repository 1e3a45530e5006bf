# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of settings, from the argument specs and defaults of the roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.pages import text
from tests.pages.keys import PRODUCTS

ROOT = Path(__file__).resolve().parents[2]
_MARKS = re.compile(r"\b[VCOM]\(((?:[^()\\]|\\.|\([^()]*\))*)\)")
_WAITS = "Seconds that a run waits for a node to answer again while it does work that takes minutes."
# What the controller itself asks for, and no role.
ELSEWHERE = {"uplift_connection_patience": ("float", "600", _WAITS)}


def read(role: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What can be set: name -> its default, and name -> its option."""
    base = ROOT / "roles" / role
    defaults = yaml.safe_load((base / "defaults" / "main.yml").read_text(encoding="utf-8")) or {}
    specs = yaml.safe_load((base / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    return defaults, {name: one for spec in specs.values() for name, one in (spec.get("options") or {}).items()}


def rst(said: str) -> str:
    """Ansible's marks (V, C, O, M) as reStructuredText."""
    out, end = "", 0
    for mark in _MARKS.finditer(said):
        out += text.literal(said[end : mark.start()]) + f" ``{mark[1]}`` "
        end = mark.end()
    spaced = re.sub(r"\s+", " ", f"{out} {text.literal(said[end:])}")
    return re.sub(r" ([,.;:)])", r"\1", spaced.replace("( ", "(")).strip()


def row(name: str, default: Any, option: Mapping[str, Any]) -> tuple[str, str, str]:
    described = option.get("description", "")
    said = " ".join(rst(str(one)) for one in (described if isinstance(described, list) else [described]))
    choices = [str(one) for one in option.get("choices", []) if one != ""]
    said += f" One of {', '.join(f'``{one}``' for one in choices)}." if choices else ""
    kind = option.get("type", "str") + (f" of {option['elements']}" if option.get("elements") else "")
    shown = (
        yaml.safe_dump(default, default_flow_style=True, width=10_000).split("\n")[0]
        if default not in ("", None)
        else "empty"
    )
    return f"``{name}``", f"{kind}, {shown if shown == 'empty' else f'``{shown}``'}", said


def page(product: str, called: str) -> str:
    defaults, options = read(product)
    rows = [row(name, value, options.get(name, {})) for name, value in defaults.items()]
    body = (
        "What an operator may set, in the inventory, in a file of variables or with ``-e``. The settings of"
        f" {called} come first, those of every operation after them.\n\n"
    )
    head, widths = ("Setting", "Type and default", "What for"), (25, 20, 55)
    body += text.table(widths, head, rows)
    defaults, options = read("operation")
    given = [row(name, value, options[name]) for name, value in defaults.items() if name in options]
    given += [(f"``{name}``", f"{kind}, ``{value}``", what) for name, (kind, value, what) in ELSEWHERE.items()]
    body += f"\n{text.heading('Of every operation', '-')}\n" + text.table(widths, head, given)
    return text.page(f"{product}_settings", f"The settings of {called}", body)


def pages(called: Mapping[str, str]) -> dict[str, str]:
    return {f"{product}_settings.rst": page(product, called[product]) for product in PRODUCTS}
