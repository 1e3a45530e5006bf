# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A program that takes minutes, with a figure of how far it is while it works."""

from __future__ import annotations

import threading
import time
from typing import Callable, TypeVar

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress

Result = TypeVar("Result")


def watched(work: Callable[[], Result], progress: Progress, text: Callable[[], str], pause: float = 1.0) -> Result:
    """The result of `work`; `text` is asked and said while it goes on. What it raises is raised here."""
    ended: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            ended.append(work())
        except BaseException as exc:  # noqa: BLE001 - it is raised again below
            failed.append(exc)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    while worker.is_alive():
        progress.say(0, 0, _asked(text))
        worker.join(pause)
    if failed:
        raise failed[0]
    return ended[0]


def _asked(text: Callable[[], str]) -> str:
    """A figure that cannot be had is no reason to stop the work."""
    try:
        return text()
    except UpliftError:
        return "working"


class Stopwatch:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._begun = clock, clock()

    def seconds(self) -> float:
        return round(self._clock() - self._begun, 2)
