# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Keeps the lease of one node alive for as long as ansible-playbook lives, whatever its tasks do.

A process of its own on the controller, started when the lease was taken. It belongs to nobody's session, has none of
the run's files open and prints nothing. Each heartbeat is a process, too: one that hangs is killed, and what it leaves
behind is gone with it.
"""

from __future__ import annotations

import functools
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from ansible_collections.uplift.datastores.plugins.module_utils._operation import lease
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.owner import started

# One sign of life; False when the lease is lost. What it raises is tried again, and then it is told so.
Beat = Callable[[bool], bool]

LOOK = 0.5  # seconds between two looks at what may end it
LONGEST_BEAT = 60.0  # seconds that a heartbeat may take
AGAIN = 5.0  # seconds until one that failed is tried again
BEATEN, LEASE_LOST, FAILED = 0, 3, 4


def keep(owner: Owner, seconds: float, token: str, beat: Beat) -> None:
    """Start it, and return at once. A second one of the same token ends by itself."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _detach()
        _watch(owner, seconds, token, beat)
    finally:
        os._exit(0)


def release(token: str) -> None:
    """Tell the one of this token that the lease was given back."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.setblocking(False)
        try:
            line.sendto(b"end", _address(token))
        except OSError:  # it is gone already, or never was
            return


def _address(token: str) -> str:
    """A name in the kernel, not in a directory: nothing is left of it, and only who knows the token finds it."""
    return f"\0uplift-lease-{token}"


def _detach() -> None:
    """Give up what the worker had: its queue, its pipes, its terminal, its way of ending."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.closerange(3, max(map(int, os.listdir("/proc/self/fd"))) + 1)
    os.chdir("/")
    Path("/proc/self/comm").write_text("uplift-lease", encoding="ascii")


def _watch(owner: Owner, seconds: float, token: str, beat: Beat) -> None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        line.bind(_address(token))
    except OSError:
        return
    line.settimeout(LOOK)

    def ended() -> bool:
        return started(owner.pid) != owner.ticks or _told(line)

    pause, again = lease.interval(seconds), False
    while not _over(pause, ended):
        outcome = _limited(functools.partial(beat, again), min(LONGEST_BEAT, max(seconds / 2, AGAIN)), ended)
        if outcome in (LEASE_LOST, None):
            return
        again = outcome != BEATEN
        pause = min(AGAIN, lease.interval(seconds)) if again else lease.interval(seconds)


def _over(seconds: float, ended: Callable[[], bool]) -> bool:
    """Wait. True as soon as there is nothing more to keep."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if ended():
            return True
    return False


def _told(line: socket.socket) -> bool:
    try:
        return bool(line.recv(8))
    except TimeoutError:
        return False


def _limited(beat: Callable[[], bool], seconds: float, ended: Callable[[], bool]) -> int | None:
    """How one heartbeat ended, in a process group of its own; None when there is nothing more to keep."""
    child = os.fork()
    if not child:
        _beat(beat)
    os.setpgid(child, child)  # as the child does: whichever comes first
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                child = 0
                return os.waitstatus_to_exitcode(status)
            if ended():
                return None
        return FAILED
    finally:
        if child:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _beat(beat: Callable[[], bool]) -> NoReturn:
    outcome = FAILED
    try:
        os.setpgid(0, 0)
        outcome = BEATEN if beat() else LEASE_LOST
    finally:
        os._exit(outcome)
