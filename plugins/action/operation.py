# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import getpass
import os
import socket
import time
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Adds who acts, and takes over at once from a run of this controller whose process is gone."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        owner = owner_of(os.getppid())
        args = {**self._task.args, "owner": owner}
        result: dict[str, Any] = self._execute_module(module_args=args, task_vars=task_vars)
        other = result.get("held_by")
        if other and other["host"] == owner["host"] and owner_of(other["pid"])["run"] != other["run"]:
            args["take_over"] = other["run"]
            result = self._execute_module(module_args=args, task_vars=task_vars)
        return result


def owner_of(pid: int) -> dict[str, Any]:
    """Who the process is. Its start time is part of `run`: process ids are used again."""
    host = socket.gethostname()
    since = _started(pid)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
    return {"run": f"{host}:{pid}:{since:.2f}", "user": _user(), "host": host, "pid": pid, "since": stamp}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's arbitrary uid has no name
        return str(os.getuid())


def _started(pid: int) -> float:
    """Epoch seconds at which the process started, 0 when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stream:
            ticks = int(stream.read().rsplit(")", 1)[1].split()[19])
        with open("/proc/stat", encoding="ascii") as stream:
            boot = next(int(line.split()[1]) for line in stream if line.startswith("btime"))
    except (OSError, StopIteration):
        return 0.0
    return boot + ticks / os.sysconf("SC_CLK_TCK")
