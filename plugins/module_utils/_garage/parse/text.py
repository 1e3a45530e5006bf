# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What all parsers of Garage's text share: padded tables, headed sections, and the duty to report an unknown line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Iterator, Pattern, Sequence, Tuple

Row = Dict[str, str]
Section = Tuple[str, Row]


def cells(header: str, line: str) -> Row:
    """One line of a table, cut where the header's words begin: split at spaces, an empty cell would vanish."""
    starts = [match.start() for match in re.finditer(r"\S+(?: \S+)*", header)]
    ends = [*starts[1:], max(len(line), len(header))]
    return {header[start:end].strip(): line[start:end].strip() for start, end in zip(starts, ends)}


@dataclass
class Reader:
    """Walks over a text; whatever nobody takes is kept in `unparsed`."""

    text: str
    known: Sequence[Pattern[str]] = ()
    unparsed: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The lines that are neither empty nor plain words around the answers."""
        for line in self.text.splitlines():
            if line.strip() and not any(pattern.match(line) for pattern in self.known):
                yield line

    def sections(self, key: str) -> Iterator[Section]:
        """Rows of the tables under `==== TITLE ====`, whose header begins with `key`."""
        title, header = "", ""
        for line in self.lines():
            match = re.fullmatch(r"==== (.+) ====", line)
            if match:
                title, header = match[1], ""
            elif re.match(rf"{key}\s\s", line):
                header = line
            elif header:
                yield title, cells(header, line)
            else:
                self.unparsed.append(line)

    def done(self) -> tuple[str, ...]:
        return tuple(self.unparsed)


def number(text: str) -> int | None:
    """A count, or None for what Garage prints when it has none (`-`, `NC`, nothing)."""
    return int(text) if text.isdigit() else None
