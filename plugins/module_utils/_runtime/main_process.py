# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The end of a service's main process, wherever the service runs, and the clock by which it is waited for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


@dataclass(frozen=True)
class End:
    """How the main process ended. `code` is exited, killed or dumped, `status` the exit status or the signal's name."""

    code: str
    status: str
    moment: float

    @property
    def clean(self) -> bool:
        return (self.code, self.status) == ("exited", "0")

    def __str__(self) -> str:
        if self.code == "exited":
            return f"ended with status {self.status}"
        return f"was ended by SIG{self.status}" + (" and dumped core" if self.code == "dumped" else "")


class Unclean(UpliftError):
    """The service is in the expected state, but its process did not end as it should have."""

    def __init__(self, sentence: str, facts: dict[str, Any]) -> None:
        super().__init__(sentence)
        self.facts = {**facts, "changed": True}


def children(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """The processes that this one has started and that are there."""
    try:
        return [int(one) for one in (proc / str(pid) / "task" / str(pid) / "children").read_text().split()]
    except OSError:
        return []


@dataclass(frozen=True)
class Clock:
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
