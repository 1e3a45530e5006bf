# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is this machine idle enough to measure on? A figure from a busy one is worse than none."""

from __future__ import annotations

import time
from pathlib import Path

ALLOWED = 0.15  # of the processors' time, for what else a machine does


def share(before: str, after: str) -> float:
    """The part of the processors' time that was used between two first lines of /proc/stat."""
    first, second = ([int(word) for word in text.split()[1:9]] for text in (before, after))
    spent = [late - early for early, late in zip(first, second, strict=True)]
    idle = spent[3] + spent[4]  # idle, and waiting for a disk
    return 1 - idle / (sum(spent) or 1)


def refused(used: float) -> str:
    """Why nothing is measured; "" where it may be."""
    if used <= ALLOWED:
        return ""
    return (
        f"This machine is busy: {used:.0%} of its processors' time is used by others, expected at most {ALLOWED:.0%}."
        " Nothing was measured. Wait until it is idle, or add --although-busy: the page says so then."
    )


def used(seconds: float) -> float:
    before = _line()
    time.sleep(seconds)
    return share(before, _line())


def _line() -> str:
    with Path("/proc/stat").open(encoding="ascii") as handle:
        return handle.readline()
