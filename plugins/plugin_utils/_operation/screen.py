# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The terminal: lines that stay go by Ansible's display, and below them stands the line of now, each second anew.

Without a terminal there is no such line: in AWX, in a pipe, with TERM=dumb.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

EVERY = 1.0  # seconds
WIDE = 100  # columns where nobody can say how wide it is
_ERASE = b"\r\x1b[K"


def width() -> int:
    """Asked each time: a terminal may be made narrower in the middle."""
    return shutil.get_terminal_size((WIDE, 24)).columns


class Screen:
    """`now` gives the line of now for a width, or "" for none."""

    def __init__(self, now: Callable[[int], str], stream: TextIO | None = None) -> None:
        self._now, self._stream = now, stream or sys.stdout
        self._shown, self._lock, self._end = False, threading.Lock(), threading.Event()
        self._own = os.getpid()

    def start(self, display: Any) -> None:
        """From now on; whatever `display` prints comes above the line of now."""
        if not self._stream.isatty() or os.environ.get("TERM") == "dumb":
            return
        printed = display.display

        def above(*args: Any, **more: Any) -> Any:
            if os.getpid() != self._own:  # a worker: it sends what it has to say, and its copy of the lock is nobody's
                return printed(*args, **more)
            with self._lock:
                self._erase()
                return printed(*args, **more)

        display.display = above
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._end.set()
        with self._lock:
            self._erase()

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            with self._lock:
                self.draw()

    def draw(self) -> None:
        text = "" if self._end.is_set() else self._now(width())
        if text or self._shown:
            self._write(_ERASE + text.encode(errors="replace"))
            self._shown = bool(text)

    def _erase(self) -> None:
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _write(self, data: bytes) -> None:
        """Past Python's own buffer, whose lock a worker could inherit. A terminal that is gone costs the line alone."""
        try:
            os.write(self._stream.fileno(), data)
        except OSError:
            self._end.set()
