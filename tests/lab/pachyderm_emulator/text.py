# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pachctl writes: tables, lengths of time, sizes, and JSON after JSON. Pure but for the moment and stdout."""

from __future__ import annotations

import json
import re
import sys
import time
from typing import Any

from .lives import moment
from .release import CAMEL, V

Row = dict[str, Any]
# Whose keys are names that somebody gave.
OWN = ("env", "node_selector", "labels", "annotations", "secrets")


def columns(rows: list[list[str]], least: int) -> str:
    """`least`: 20 in old tables; later ones are as wide as their words."""
    widths = [max(least - 1, *(len(row[i]) for row in rows)) + 1 for i in range(len(rows[0]))]
    return "".join("".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) + "\n" for row in rows)


def table(rows: list[list[str]]) -> None:
    sys.stdout.write(columns(rows, 20 if V < (1, 6, 0) else 1))


def dump_json(things: list[Row]) -> None:
    """trap P13: one after another with nothing between; what is empty is left out."""
    sys.stdout.write("".join(json.dumps(prune(thing), indent=2, ensure_ascii=False) for thing in things))


def prune(thing: Row) -> Row:
    return {key: value for key, value in thing.items() if value not in ("", None, [], False, 0, "0")}


def camel(thing: Any, own: bool = False) -> Any:
    """trap P33: keys of pipelines and jobs, up to 1.8.0."""
    if not CAMEL:
        return thing
    if isinstance(thing, list):
        return [camel(one) for one in thing]
    if isinstance(thing, dict):
        return {
            key if own else re.sub(r"_(.)", lambda found: found[1].upper(), key): camel(value, key in OWN)
            for key, value in thing.items()
        }
    return thing


def ago(stamp: str) -> str:
    seconds = int(time.time() - moment(stamp))
    return f"{length(seconds)} ago"


def length(seconds: int) -> str:
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return f"{seconds} second{'s' if seconds > 1 else ''}"
    return "About a minute" if seconds < 120 else f"{seconds // 60} minutes"


def lasted(one: Row) -> str:
    """updated_list_commit: of what is open, a dash."""
    return length(int(moment(one["finished"]) - moment(one["started"]))) if one["finished"] else "-"


def human(size: float) -> str:
    space = " " if V < (1, 6, 0) else ""
    for unit in ("B", "KiB"):
        if size < 1024:
            return f"{size:.4g}{space}{unit}"
        size /= 1024
    return f"{size:.4g}{space}MiB"


def id_of(repo: str, name: str) -> Row:
    return {"repo": {"name": repo}, "id": name}


def branch_of(repo: str, name: str) -> Row:
    return {"repo": {"name": repo}, "name": name}


def timeout(text: str) -> str:
    """settings_list_pipeline_raw: 30s is 30.000s in 1.7."""
    return re.sub(r"^(\d+)s$", r"\1.000s", text) if V < (1, 8, 0) else text


def plain_time(text: str) -> str:
    """settings_inspect_pipeline: 60s is 1m0s."""
    seconds = int(text[:-1])
    return f"{seconds // 60}m{seconds % 60}s" if seconds >= 60 else f"{seconds}s"
