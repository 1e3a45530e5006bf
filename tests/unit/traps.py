# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of the traps, read: each id with what it is and what closes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "docsite" / "rst" / "traps.rst"
_ROW = re.compile(r"^   \* - ([GLP]\d\d)\n     - (.*(?:\n       .*)*)\n     - (.*(?:\n       .*)*)$", re.MULTILINE)


@dataclass(frozen=True)
class Trap:
    id: str
    what: str
    by: str
    """"*Open.*", "Avoided: ..." where nothing here does what it springs at, or what closes it."""

    @property
    def open(self) -> bool:
        return self.by == "*Open.*"

    @property
    def avoided(self) -> bool:
        return self.by.startswith("Avoided: ")


def traps() -> list[Trap]:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    return [Trap(name, " ".join(what.split()), " ".join(by.split())) for name, what, by in rows]
