# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Work that takes minutes: started detached, watched line by line, and not lost with the connection."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.vars.clean import remove_internal_keys
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import human

BOOT = "/proc/sys/kernel/random/boot_id"
BOOT_ID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
STAT = re.compile(r"^\d+ \(")  # the beginning of /proc/PID/stat
GRACE = 10.0  # seconds from the end of the process to its result
LIMIT = 7 * 86400  # seconds; Ansible's wrapper wants a number. A task's own `timeout` is the operator's limit.
display = Display()


@dataclass(frozen=True)
class Look:
    """What one look at the node told. `result` is None while the work goes on.

    alive: whether the process that says the progress was seen.
    """

    boot: str
    progress: Mapping[str, Any] | None
    result: str | None
    alive: bool


class Lost(Exception):
    """The node did not answer, or not with what we look for."""


class LongAction(ActionBase):  # type: ignore[misc]  # Ansible is not typed
    """Runs the module of its own name as Ansible's asynchronous tasks are run, and prints what it says on the way."""

    TRANSFERS_FILES = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        if self._task.check_mode:
            foreground: dict[str, Any] = self._execute_module(task_vars=task_vars)
            return foreground
        place = self._here("mktemp", "-d", "-t", "uplift-XXXXXXXXXX").strip()  # 0700: results may hold secrets
        started = self._start(place, task_vars)
        if started.get("failed") or not started.get("ansible_job_id"):
            return started
        host = str(task_vars.get("inventory_hostname", ""))
        patience = float(task_vars.get("uplift_connection_patience", 600))
        text = self._watch(f"{place}/progress", str(started["results_file"]), host, patience)
        result = self._read(text)
        self._connection_try("rm", "-rf", "--", place)
        return result

    def _start(self, place: str, task_vars: Any) -> dict[str, Any]:
        shell, task = self._connection._shell, self._task
        before = shell.get_option("async_dir"), task.async_val
        try:
            shell.set_option("async_dir", place)
            task.async_val = LIMIT
            args = {**task.args, "progress_file": f"{place}/progress"}
            started: dict[str, Any] = self._execute_module(module_args=args, task_vars=task_vars, wrap_async=True)
            return started
        finally:
            shell.set_option("async_dir", before[0])
            task.async_val = before[1]

    def _watch(self, progress: str, results: str, host: str, patience: float) -> str:
        """Look again and again until there is a result. The work does not need us: a lost connection is waited for."""
        said, boot = "", ""
        worker: list[str] = []
        began = seen = alive = time.monotonic()
        while True:
            try:
                # The worker before its result: it writes that first and goes then.
                look = parse(self._here("tail", "-q", "-n", "1", "--", progress, *worker, BOOT, results))
                if boot and look.boot != boot:
                    raise AnsibleActionFail(
                        f"{host} was booted anew while it worked on {self._task.action}: ask again."
                    )
                boot, seen = look.boot, time.monotonic()
                said = self._say(host, look.progress, said)
                if look.result is not None:
                    return look.result
                alive = seen if look.alive or not worker else alive
                if seen - alive > GRACE:
                    raise AnsibleActionFail(self._ended(host))
                worker = [f"/proc/{look.progress['pid']}/stat"] if look.progress else []
            except (AnsibleConnectionFailure, Lost) as exc:
                if time.monotonic() - seen > patience:
                    raise AnsibleActionFail(
                        f"{host} has not answered for {patience:g} s ({exc}). {self._task.action} goes on there by "
                        "itself: look after the node, then ask again."
                    ) from exc
                self._reset()
            # In step with the work: what took a second is not waited for another two.
            time.sleep(min(2.0, max(0.2, (time.monotonic() - began) / 10)))

    def _ended(self, host: str) -> str:
        return (
            f"The process that worked on {self._task.action} at {host} is gone and has left no result; expected one. It"
            " was ended from outside, by the kernel for want of memory or by somebody: see the node's journal, then"
            " run the same again."
        )

    def _here(self, *argv: str) -> str:
        """What a command says on the node, whatever its exit status: tail gives 1 while one of its files is missing."""
        answer = self._low_level_execute_command(" ".join(map(shlex.quote, argv)))
        if answer["rc"] and not answer["stdout"].strip():
            raise Lost(str(answer["stderr"]).strip().splitlines()[-1:] or f"{argv[0]} ended with {answer['rc']}")
        return str(answer["stdout"])

    def _connection_try(self, *argv: str) -> None:
        try:
            self._here(*argv)
        except (AnsibleError, Lost) as exc:
            display.warning(f"{argv[-1]} on the node could not be removed: {exc}")

    def _reset(self) -> None:
        try:
            self._connection.reset()
        except Exception as exc:  # whatever a connection plugin makes of a host that is not there
            display.vvv(f"resetting the connection: {exc}")

    def _say(self, host: str, progress: Mapping[str, Any] | None, said: str) -> str:
        line = f"[{host}] {shown(progress)}" if progress and progress["text"] else said
        if line != said and not self._task.no_log:
            display.display(line)
        return line

    def _read(self, text: str) -> dict[str, Any]:
        """The module's result, as Ansible itself would have read it."""
        answer = {"stdout": text, "stderr": "", "rc": 0}
        try:
            result: dict[str, Any] = self._parse_returned_data(answer, "legacy")
        except TypeError:  # before ansible-core 2.19
            result = self._parse_returned_data(answer)
        remove_internal_keys(result)
        result.pop("ansible_job_id", None)
        return result


def parse(text: str) -> Look:
    """The last lines of: progress (may be missing), the worker's /proc/PID/stat (likewise), boot id, result (which has
    no line end).

    With a terminal on the way (`ssh -tt`), what tail complains of comes in between.
    """
    lines = text.splitlines()
    boots = [number for number, line in enumerate(lines) if BOOT_ID.match(line)]
    told, raw = ([line for line in part if line.startswith("{")] for part in (lines[: sum(boots)], lines[sum(boots) :]))
    if len(boots) != 1 or len(raw) != 1:
        raise Lost("its answer lacks the state of the work")
    try:
        job = json.loads(raw[0])
        progress = json.loads(told[-1]) if told else None
    except ValueError as exc:
        raise Lost(f"its answer is not what was asked for: {raw[0][:60]!r}") from exc
    running = job.get("started") and job.get("finished") in (0, False) and "ansible_job_id" in job
    alive = any(STAT.match(line) for line in lines[: boots[0]])
    return Look(lines[boots[0]], progress, None if running else raw[0], alive)


def shown(progress: Mapping[str, Any]) -> str:
    """`backup  45 %  1.2 of 2.7 GiB`; without a total only the text."""
    text, done, total = str(progress["text"]), float(progress["done"]), float(progress["total"])
    if not total:
        return text
    if progress.get("unit") != "bytes":
        return f"{text}  {100 * done / total:.0f} %  {done:g} of {total:g}"
    whole = human(total)
    part = human(done)
    part = part.rsplit(" ", 1)[0] if part.split()[-1] == whole.split()[-1] else part
    return f"{text}  {100 * done / total:.0f} %  {part} of {whole}"
