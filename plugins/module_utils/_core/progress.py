# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
import os
import threading
import time
from typing import Callable


class Progress:
    """The module's side of a progress line: a JSON object a line in a file the action plugin reads. No path: silent.

    The first line has no text: it tells whose work it is, so that the action notices when that process is gone.
    """

    def __init__(
        self, path: str | None = None, clock: Callable[[], float] = time.monotonic, pause: float = 0.2
    ) -> None:
        self._path = path
        self._clock = clock
        self._pause = pause
        self._next = 0.0
        self._text = ""
        self._write(0, 0, "", "")

    def say(self, done: float, total: float, text: str, unit: str = "") -> None:
        """`done` of `total` `unit`s (0: unknown). A burst is thinned out: a new text and the end are always said."""
        if text == self._text and done < total and self._clock() < self._next:
            return
        self._text, self._next = text, self._clock() + self._pause
        self._write(done, total, text, unit)

    def _write(self, done: float, total: float, text: str, unit: str) -> None:
        if not self._path:
            return
        told = {"done": done, "total": total, "text": text, "unit": unit, "pid": os.getpid()}
        line = json.dumps(told) + "\n"
        # A lost progress line must never cost the work itself: a full /tmp is not a reason to stop a backup.
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line.encode())
            finally:
                os.close(handle)
        except OSError:
            self._path = None


class Ticker:
    """Says every second how long it has taken, for work that itself says nothing until its end."""

    def __init__(self, progress: Progress, text: str, more: Callable[[], str] = str) -> None:
        self._progress, self._text, self._more, self._stop = progress, text, more, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        seconds = 0
        while not self._stop.wait(1):
            seconds += 1
            more = self._more()
            self._progress.say(0, 0, f"{self._text}: {seconds} s" + (f", {more}" if more else ""))
