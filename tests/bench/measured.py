# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One measured run of a command: how long, and what it cost the machine that it ran on."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """seconds and cpu (user and system, of the command and all that it waited for); memory: MiB of its largest process.

    outage: seconds for which no address served the client, failed: its requests that none served; -1: no client.
    """

    what: str
    nodes: int
    seconds: float
    cpu: float
    memory: int
    outage: float = -1
    failed: int = -1
    requests: int = -1
    note: str = ""


def timed(what: str, nodes: int, argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> Figure:
    """Runs it and says what it cost; a command that fails has no figure."""
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        _pid, status, usage = os.wait4(child.pid, 0)
    seconds, code = time.monotonic() - began, os.waitstatus_to_exitcode(status)
    if code:
        raise SystemExit(f"{what}, {nodes} nodes: ended with {code}, expected 0. See {log}.")
    cpu = usage.ru_utime + usage.ru_stime
    return Figure(what, nodes, round(seconds, 1), round(cpu, 1), usage.ru_maxrss >> 10)
