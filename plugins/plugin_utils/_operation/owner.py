# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Who acts, as the controller's kernel knows it. Nothing of it follows a clock that can be set, or a host's name."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner, uptime

MACHINE = Path("/etc/machine-id")
BOOT = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")
ENDED = ("Z", "X")  # states of a process that is only waited for


def owner_of(pid: int) -> Owner:
    """The living process `pid` of this machine as the owner of a lease."""
    ticks = started(pid)
    if not ticks:
        raise UpliftError(f"The process {pid} is not in /proc; the controller has to be a Linux with /proc.")
    return Owner(
        machine=_text(MACHINE),
        boot=_text(BOOT),
        pidns=os.readlink(PID_NAMESPACE),
        pid=pid,
        ticks=ticks,
        user=_user(),
        host=socket.gethostname(),
        since=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - _age(ticks))),
    )


def gone(other: Mapping[str, Any], here: Owner) -> bool:
    """Whether the owner of a lease is known to be dead: a process of this boot and pid namespace that is no more."""
    one = Owner(**other)
    same = (one.machine, one.boot, one.pidns) == (here.machine, here.boot, here.pidns)
    return same and started(one.pid) != one.ticks


def started(pid: int) -> int:
    """When the process was started, in ticks since the boot; 0 when it is no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return 0 if fields[0] in ENDED else int(fields[19])


def _age(ticks: int) -> float:
    return uptime() - ticks / os.sysconf("SC_CLK_TCK")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's arbitrary uid has no name
        return str(os.getuid())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
