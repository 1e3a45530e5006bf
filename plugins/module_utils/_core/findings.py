# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Finding:
    """What preflight saw at a node. `stops` findings refuse the operation unless their key is accepted, and those that
    are `final` do so even then: no step would come further."""

    key: str
    stops: bool
    saw: str
    expected: str
    do: str
    final: bool = False


def summary(findings: Sequence[Finding], node: str, accept: Sequence[str]) -> dict[str, Any]:
    """Findings as rows, as lines for a person, and the keys of those that stop the operation; worst first."""
    found = sorted(findings, key=lambda one: not one.stops)
    stopping = sorted({one.key for one in found if one.stops and (one.final or one.key not in accept)})
    where = f"{node}: " if node else ""
    rows = [
        {**asdict(one), "sentence": f"{where}{one.saw.rstrip('.')}; expected: {one.expected}; to do: {one.do}"}
        for one in found
    ]
    said = [f"{row['key']} ({'stops' if row['key'] in stopping else 'note'}): {row['sentence']}" for row in rows]
    return {"findings": rows, "said": said, "stopping": stopping}


def read_only(space: Mapping[str, Any], names: str) -> Iterator[Finding]:
    """Directories that steps will write to and cannot, as `node_space` saw them. names: the settings that name them,
    but for that of the record."""
    names = f"{names}; of the record, with operation_root"
    for path, row in (space.get("paths") or {}).items():
        if row.get("writable") is False:
            yield Finding(
                "read_only",
                True,
                f"nothing can be written to {path} (at {row['at']})",
                "a directory that the steps may write to",
                f"mount it to read and write; or name another place, with {names}",
            )
        elif row.get("free") == 0:
            yield Finding(
                "no_space",
                True,
                f"nothing is free at {path} (at {row['at']}), where the steps write",
                "some space: every step notes in the record what it does",
                f"make free space; or name another place, with {names}",
            )


def some(names: Sequence[str], most: int = 10) -> str:
    """The first of them, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
