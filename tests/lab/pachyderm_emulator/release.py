# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release that this is, the captures that it may speak by, and the ways in which a call ends."""

from __future__ import annotations

import json
import pkgutil
from typing import Any


def held() -> dict[str, Any]:
    """As `pack` has put it next to this module; in the checkout, where nobody is asked, there is none."""
    try:
        found: dict[str, Any] = json.loads(pkgutil.get_data(__package__, "release.json") or b"")
    except FileNotFoundError:
        return {"release": "0.0.0", "captured": {}}
    return found


HELD = held()
# "1.8.8"; and case -> the release that it was captured of, all that this one may speak by.
RELEASE: str = HELD["release"]
CAPTURED: dict[str, str] = HELD["captured"]
V = tuple(int(part) for part in RELEASE.split("."))
SERIES = ".".join(RELEASE.split(".")[:2])
DASHED, CAMEL = V < (1, 9, 0), V < (1, 8, 1)
WARNING = (
    "WARNING: Your cluster might be in an invalid state--consider deleting partially-restored data before continuing"
)
UNCAPTURED = 70  # what a call exits with that nobody has captured


class Failed(Exception):
    """What the real one prints before it exits 1."""


class Panic(Exception):
    """What makes the real server fall."""


class Uncaptured(Exception):
    """What nobody has captured of the real one: it may not be answered."""


def proved(what: str, *cases: str) -> None:
    """Goes on only by a capture: `what` is being answered as one of these cases of this release was."""
    if not any(case in CAPTURED for case in cases):
        raise Uncaptured(f"{what} of {RELEASE} (expected one of the captures {', '.join(cases)})")
