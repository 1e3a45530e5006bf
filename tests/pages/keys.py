# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every finding, refusal and difference that an operator may meet, found in the sources by what makes them.

A key stands in a call of what makes one (`Finding("no_space", ...)`), in a row (`{"key": "config_bad_dsn", ...}`), in a
function of the module that hands its argument on to such (`_gone("repository", ...)`), in a table of the module, or in
a role that asks for it (`'not_compared' in operation_accepted`).
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

from tests.pages.text import Names, said

ROOT = Path(__file__).resolve().parents[2]
FINDING, REFUSAL, DIFFERENCE = "finding", "refusal", "difference"
PRODUCTS = ("garage", "lakefs", "pachyderm")
# What makes one: the place of the key among its arguments, and the kind.
MAKERS = {
    "Finding": (0, FINDING),
    "Refusal": (0, REFUSAL),
    "ConfigError": (0, FINDING),
    "Answer": (1, FINDING),
}
_KEY = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_ASKED = re.compile(r"'([a-z_]+)' (?:not )?in \w+_accept(?:ed)?\b")


@dataclass(frozen=True)
class Said:
    """One place that says it. texts: what was seen, and where the source parts them: what is expected, what to do."""

    key: str
    kind: str
    path: str
    texts: tuple[str, ...] = ()
    stops: bool | None = True  # None: one or the other

    @property
    def product(self) -> str:
        """Empty where it may be anybody's."""
        return next((name for name in PRODUCTS if re.search(rf"(^|[/_]){name}(_|/)", self.path)), "")


@dataclass
class Module:
    """The functions of one source, and which of their arguments end as a key: name -> (place, before, after, kind)."""

    tree: ast.Module
    path: str
    functions: list[ast.FunctionDef] = field(default_factory=list)
    makers: dict[str, tuple[int, str, str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        self.makers = {name: (place, "", "", kind) for name, (place, kind) in MAKERS.items()}
        known = 0
        while known != len(self.makers):
            known = len(self.makers)
            for function in self.functions:
                self._hands_on(function)

    def _hands_on(self, function: ast.FunctionDef) -> None:
        takes = [one.arg for one in function.args.args]
        for key, kind, _call in self.made(function):
            parts = key.values if isinstance(key, ast.JoinedStr) else [key]
            names = [getattr(part, "value", part) if isinstance(part, ast.FormattedValue) else part for part in parts]
            given = [one.id for one in names if isinstance(one, ast.Name) and one.id in takes]
            if given and function.name not in self.makers:
                around = ["", ""]
                for part in parts:
                    if isinstance(part, ast.Constant):
                        around[any(part is later for later in parts[1:])] = str(part.value)
                self.makers[function.name] = (takes.index(given[0]), around[0], around[1], kind)

    def made(self, where: ast.AST) -> Iterator[tuple[ast.expr, str, ast.Call | ast.Dict]]:
        """What stands as a key below a node: the expression, the kind, and the call or the row."""
        for node in ast.walk(where):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                place, _before, _after, kind = self.makers.get(name, (len(node.args), "", "", ""))
                if place < len(node.args):
                    yield node.args[place], kind, node
            elif isinstance(node, ast.Dict):
                row = {one.value: value for one, value in _pairs(node) if isinstance(one, ast.Constant)}
                if {"key", "sentence"} <= set(row):
                    # Of a problem that was looked for beforehand its sentence is a finding; else it compares.
                    yield (
                        row["key"],
                        FINDING if "severity" in row or "problem" in self.around(node) else DIFFERENCE,
                        node,
                    )

    def around(self, node: ast.AST) -> str:
        inside = [one for one in self.functions if any(node is child for child in ast.walk(one))]
        return ast.unparse(inside[-1].args) if inside else ""


def _pairs(row: ast.Dict) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    return zip(row.keys, row.values, strict=True)


def here(module: Module, call: ast.AST) -> Names:
    """What names stand for at this place: the constants of the module, and what the function gave last before it."""
    names: dict[str, ast.expr] = dict(constants_of(module, call))
    inside = [one for one in module.functions if any(call is child for child in ast.walk(one))]
    for block in (module.tree.body, list(ast.walk(inside[-1])) if inside else []):
        given = [one for one in block if isinstance(one, ast.Assign) and one.lineno <= getattr(call, "lineno", 0)]
        for node in sorted(given, key=lambda one: one.lineno):
            for target in node.targets:
                names |= _given(target, node.value)
    return names


def constants_of(module: Module, call: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Releases and figures that a sentence has from another module, such as `schema.MOVED`."""
    written = {ast.unparse(one) for one in ast.walk(call) if isinstance(one, (ast.Name, ast.Attribute))}
    written = {one for one in written if one.rpartition(".")[2].isupper()}
    place = f"ansible_collections.uplift.datastores.{module.path.removesuffix('.py').replace('/', '.')}"
    if written and importlib.util.find_spec(place):
        home = importlib.import_module(place)
        for name in written:
            found: object = home
            for part in name.split("."):
                found = getattr(found, part, None)
            if isinstance(found, (Version, str, int)):
                yield name, ast.Constant(str(found))


def _given(target: ast.expr, value: ast.expr) -> dict[str, ast.expr]:
    if isinstance(target, ast.Name):
        return {target.id: value}
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return {one.id: what for one, what in zip(target.elts, value.elts, strict=False) if isinstance(one, ast.Name)}
    return {}


def constants(key: ast.expr) -> list[str]:
    """The keys that an expression may be, as far as it tells."""
    if isinstance(key, ast.IfExp):
        return constants(key.body) + constants(key.orelse)
    found = isinstance(key, ast.Constant) and isinstance(key.value, str) and _KEY.fullmatch(key.value)
    return [str(key.value)] if found and isinstance(key, ast.Constant) else []


def python(path: Path, name: str) -> Iterator[Said]:
    """What one source says."""
    module = Module(ast.parse(path.read_text(encoding="utf-8")), name)
    for expression, kind, node in module.made(module.tree):
        maker = module.makers.get(getattr(node.func, "id", "")) if isinstance(node, ast.Call) else None
        before, after = (maker[1], maker[2]) if maker else ("", "")
        for key in constants(expression):
            texts, stops = _texts(module, node, expression)
            yield Said(f"{before}{key}{after}", kind, name, texts, stops)
    if any(not constants(expression) for expression, _kind, node in module.made(module.tree)):
        yield from _tables(module)


def _texts(module: Module, node: ast.Call | ast.Dict, key: ast.expr) -> tuple[tuple[str, ...], bool | None]:
    names = here(module, node)
    stops: bool | None = True
    if isinstance(node, ast.Dict):
        rest = [value for one, value in _pairs(node) if getattr(one, "value", "") == "sentence"]
    else:
        rest = [*node.args[node.args.index(key) + 1 :], *[one.value for one in node.keywords]]
        if getattr(node.func, "id", "") == "Finding":
            stops = bool(rest[0].value) if isinstance(rest[0], ast.Constant) else None
            rest = rest[1:]
        elif isinstance(node.func, ast.Name) and node.func.id in ("_no", "Answer"):
            rest = rest[1:]  # the engine
    return tuple(said(one, names) for one in rest), stops


def _tables(module: Module) -> Iterator[Said]:
    """Rows (key, text, text...) of a module whose findings take their key from a table."""
    for node in module.tree.body:
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
        for row in ast.walk(value) if value else ():
            if isinstance(row, ast.Tuple) and len(row.elts) > 2 and constants(row.elts[0]):
                texts = tuple(said(one, {}) for one in row.elts[1:])
                if all(" " in text for text in texts):
                    yield Said(constants(row.elts[0])[0], FINDING, module.path, texts)


def roles(path: Path, name: str) -> Iterator[Said]:
    """What a role asks to have been accepted."""
    for key in _ASKED.findall(path.read_text(encoding="utf-8")):
        yield Said(key, REFUSAL, name)


@cache
def found(root: Path = ROOT) -> tuple[Said, ...]:
    """Everything, in the order of the keys."""
    everything: list[Said] = []
    for path in sorted((root / "plugins").rglob("*.py")):
        everything += python(path, str(path.relative_to(root)))
    for room in ("roles", "playbooks"):
        for path in sorted((root / room).rglob("*.yml")):
            everything += roles(path, str(path.relative_to(root)))
    return tuple(sorted(everything, key=lambda one: one.key))
