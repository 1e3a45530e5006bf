# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab tells when a step begins: at once, and only when it begins anew. The program that runs on the hosts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.record import WATCHER

STOP, BACKUP = "0/walk/0/stop", "0/walk/1/backup"


def written(path: Path, **steps: float) -> None:
    """Whole or not at all, as the record is written."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"steps": {key: {"started": at} for key, at in steps.items()}}), encoding="utf-8")
    part.rename(path)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "record.json"


@pytest.fixture
def watch(record: Path) -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for one in started:
        one.kill()
        one.wait()
        for stream in (one.stdin, one.stdout):
            if stream is not None:
                stream.close()


def watching(started: list[subprocess.Popen[str]], record: Path, *keys: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-I", "-c", WATCHER, str(record), *keys]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_step_is_told_when_it_begins(record: Path, watch: list[subprocess.Popen[str]]) -> None:
    process = watching(watch, record, STOP, BACKUP)
    written(record, **{STOP: 1.0})
    assert told(process) == STOP


def test_a_step_of_an_earlier_run_is_none_until_it_begins_again(
    record: Path, watch: list[subprocess.Popen[str]]
) -> None:
    written(record, **{STOP: 1.0, BACKUP: 2.0})
    process = watching(watch, record, STOP, BACKUP)
    written(record, **{STOP: 1.0, BACKUP: 5.0})
    assert told(process) == BACKUP


def test_it_ends_with_whoever_asked(record: Path, watch: list[subprocess.Popen[str]]) -> None:
    process = watching(watch, record, STOP)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=30) == 0
