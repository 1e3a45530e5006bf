# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the sources say to an operator, as reStructuredText."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence

GAP = "..."
Names = Mapping[str, ast.expr]


def said(expression: ast.expr | None, names: Names) -> str:
    """The text of an expression, with what is filled in later in <brackets>; `names`: what each stands for."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return expression.value
    if isinstance(expression, ast.JoinedStr):
        return "".join(said(part, names) for part in expression.values)
    if isinstance(expression, ast.FormattedValue):
        text = said(expression.value, names)
        return text if re.search(r"[a-z] [a-z]|^[0-9.]+$", text) else f"<{_name(expression.value)}>"
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.Add):
        return said(expression.left, names) + said(expression.right, names)
    if isinstance(expression, ast.IfExp):
        either = [text for text in (said(expression.body, names), said(expression.orelse, names)) if text]
        return " / ".join(dict.fromkeys(either))
    written = ast.unparse(expression) if isinstance(expression, (ast.Name, ast.Attribute)) else ""
    if written in names:
        return said(names[written], {name: one for name, one in names.items() if name != written})
    return f"<{_name(expression)}>"


def _name(expression: ast.expr | None) -> str:
    """A word for what is filled in: the last name that leads to it."""
    if isinstance(expression, ast.Name):
        return expression.id.strip("_").replace("_", " ")
    if isinstance(expression, ast.Attribute):
        return expression.attr.strip("_").replace("_", " ")
    if isinstance(expression, ast.Subscript):
        key = expression.slice
        named = isinstance(key, ast.Constant) and isinstance(key.value, str)
        return str(getattr(key, "value", "")).replace("_", " ") if named else _name(expression.value)
    if isinstance(expression, ast.BoolOp):
        return _name(expression.values[0])
    if isinstance(expression, ast.Call):
        return _called(expression)
    return GAP


def _called(call: ast.Call) -> str:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function == "get" and call.args and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value).replace("_", " ")
    if function == "len":
        return "number"
    if isinstance(call.func, ast.Attribute) and not isinstance(call.func.value, ast.Constant):
        return _name(call.func.value)
    return _name(call.args[0]) if call.args else GAP


def literal(text: str) -> str:
    """Sentences as they are said, for reStructuredText: what is code is marked, and nothing else has a meaning."""
    parts = re.split(r"`([^`]+)`|\b([a-z]+(?:_[a-z0-9]+)+)\b", text.replace("\n", " "))
    out = ""
    for number, part in enumerate(parts):
        if part is None:
            continue
        if number % 3:
            out += ("\\ " if out and re.search(r"[\w<>*-]$", out) else "") + f"``{part}``"
        else:
            after = "\\ " if number and re.match(r"[\w<>*_]", part) else ""
            out += after + re.sub(r"([\\*_|])", r"\\\1", part)
    return out.strip()


def sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", ">")) or not text else ".")


def heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def table(widths: Sequence[int], head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """head may be empty."""
    out = [".. list-table::", f"   :header-rows: {bool(head):d}", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in (*([head] if head else []), *rows):
        for number, cell in enumerate(row):
            lines = (f"   {'* -' if number == 0 else '  -'} {cell}".rstrip()).split("\n")
            out += [lines[0], *[f"       {line}".rstrip() for line in lines[1:]]]
    return "\n".join(out) + "\n"


def page(name: str, title: str, body: str) -> str:
    """A page with the label by which others refer to it."""
    # REUSE-IgnoreStart
    top = (
        "..\n  Copyright (c) 2026 the uplift.datastores contributors\n"
        "  GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or"
        " https://www.gnu.org/licenses/gpl-3.0.txt)\n  SPDX-License-Identifier: GPL-3.0-or-later\n\n"
        "  Made by tests/pages from the data of the collection.\n\n"
    )
    # REUSE-IgnoreEnd
    return f"{top}.. _ansible_collections.uplift.datastores.docsite.{name}:\n\n{heading(title, '=')}\n{body.rstrip()}\n"
