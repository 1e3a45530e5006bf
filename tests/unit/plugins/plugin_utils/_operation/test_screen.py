# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The line of now on a real terminal, and none where there is no terminal."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TextIO

import pytest
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import screen as subject


class Display:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def display(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, TextIO]]:
    monkeypatch.setattr(subject, "EVERY", 3600.0)  # the test says when the line is drawn
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield ours, stream
    os.close(ours)


@pytest.fixture
def started(
    terminal: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, Display, subject.Screen]]:
    """What the terminal is given to read, and who prints there."""
    ours, stream = terminal
    monkeypatch.setenv("TERM", "xterm")
    display, made = Display(stream), subject.Screen(lambda width: "now", stream)
    made.start(display)
    yield ours, display, made
    made.stop()


def test_what_is_printed_comes_above_the_line_of_now(started: tuple[int, Display, subject.Screen]) -> None:
    ours, display, made = started
    made.draw()
    display.display("stays")
    made.draw()
    made.stop()
    display.display("the end")
    made.draw()
    said = b""
    while not said.endswith(b"the end\r\n"):
        said += os.read(ours, 1000)
    assert said == b"\r\x1b[Know" + b"\r\x1b[K" + b"stays\r\n" + b"\r\x1b[Know" + b"\r\x1b[K" + b"the end\r\n"


def test_a_worker_prints_without_the_lock_of_the_run(
    started: tuple[int, Display, subject.Screen], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, display, made = started
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with made._lock:
        display.display("from a worker")
    assert os.read(ours, 1000) == b"from a worker\r\n"


@pytest.mark.parametrize("dumb", [True, False])
def test_without_a_terminal_nothing_is_changed(
    terminal: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch, dumb: bool
) -> None:
    monkeypatch.setenv("TERM", "dumb" if dumb else "xterm")
    stream = terminal[1] if dumb else io.StringIO()
    display = Display(stream)
    before = display.display
    subject.Screen(lambda width: "now", stream).start(display)
    assert display.display == before


def test_a_terminal_that_is_gone_costs_the_line_alone(
    terminal: tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(number: int, data: bytes) -> int:
        raise BrokenPipeError

    made = subject.Screen(lambda width: "now", terminal[1])
    monkeypatch.setattr(os, "write", gone)
    made.draw()
    assert made._end.is_set()
