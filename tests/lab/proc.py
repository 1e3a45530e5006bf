# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running programs, talking to the person at the keyboard, doing things at once, and locks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tests.lab import paths

T = TypeVar("T")
R = TypeVar("R")


class LabError(Exception):
    """One sentence: what it is about, what was seen, what was wanted, what to do."""


def say(text: str) -> None:
    """Progress goes to stderr: stdout belongs to results that scripts read."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(
    argv: Sequence[str], *, stdin: str = "", timeout: float = 120, check: bool = True
) -> subprocess.CompletedProcess[str]:
    # Without input the child gets an empty one: `lab` is called from loops that read their own stdin.
    try:
        done = subprocess.run(list(argv), capture_output=True, timeout=timeout, input=stdin.encode(), check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(argv)}` gave no answer within {timeout:.0f} s and was killed") from None
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed: run `tests/lab/lab setup`") from None
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    if check and done.returncode:
        raise LabError(f"`{' '.join(argv)}` exited {done.returncode}, expected 0: {(err or out).strip()[-2000:]}")
    return subprocess.CompletedProcess(list(argv), done.returncode, out, err)


def at_once(work: Callable[[T], R], items: Iterable[T], width: int = 16) -> list[R]:
    """`work` on all items in threads; the first failure is raised after all have ended."""
    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(work, items))


def wait_for(what: str, question: Callable[[], str], seconds: float, pause: float = 0.2) -> None:
    """Asks until the answer is the empty string; any other answer says what is still missing."""
    end = time.monotonic() + seconds
    while answer := question():
        if time.monotonic() > end:
            raise LabError(f"{what}: not so after {seconds:.0f} s; last seen: {answer}")
        time.sleep(pause)


def family(pid: int) -> list[int]:
    """The process and all that come of it, eldest first: ansible-playbook's workers have sessions of their own."""
    parents: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stat:
            parents.setdefault(int(stat.read().rpartition(")")[2].split()[1]), []).append(int(entry))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def signal_family(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)  # no more come of it while they are counted
    for one in family(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, number)


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    with paths.made(paths.cache() / "lock").joinpath(name).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another lab process that holds the lock {name}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
