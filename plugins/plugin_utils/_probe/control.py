# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._probe import client
from ansible_collections.uplift.datastores.plugins.plugin_utils._probe.client import start_of, write_json

_START_SECONDS = 20.0
_STOP_SECONDS = 15.0
_FILES = ("pid.json", "status.json", "control.json", "probe.log")


def start(directory: Path, orders: Mapping[str, Any], parent: int) -> bool:
    """Start the probe, or keep the one of the same operation as one's own. Whether it was started."""
    _own(directory)
    process = _read(directory / "pid.json")
    if _alive(process):
        if process["operation"] != orders["operation"]:
            seen = f"a probe of the operation {process['operation']!r} runs as process {process['pid']}"
            raise UpliftError(f"In {directory} {seen}; expected none of another operation: stop that one first.")
        if _adopt(directory, process, parent):
            return False
    for name in _FILES:
        (directory / name).unlink(missing_ok=True)
    _write_control(directory, [], parent)
    _spawn(directory, orders)
    return True


def mark(directory: Path, phase: str) -> bool:
    """Name the phase that begins now. Whether it is another one than before."""
    _demand_alive(directory)
    control = _read(directory / "control.json")
    phases = control["phases"]
    if phase == (phases[-1]["name"] if phases else _read(directory / "status.json").get("phase")):
        return False
    write_json(directory / "control.json", {**control, "phases": [*phases, {"name": phase, "at": time.time()}]})
    return True


def read(directory: Path) -> dict[str, Any]:
    """The figures; an outage that is going on counts up to now."""
    status = _read(directory / "status.json")
    if not status:
        raise UpliftError(f"{directory} has no figures of a probe; start the probe first.")
    running = _alive(_read(directory / "pid.json"))
    return _with_ongoing(status, running, time.monotonic())


def stop(directory: Path) -> bool:
    """End the probe, if it runs. Whether it did."""
    process = _read(directory / "pid.json")
    if not _alive(process):
        return False
    os.kill(process["pid"], signal.SIGTERM)
    if not _wait(lambda: not _alive(process), _STOP_SECONDS) and _alive(process):
        os.kill(process["pid"], signal.SIGKILL)
        _wait(lambda: not _alive(process), _STOP_SECONDS)
    return True


def remove(directory: Path) -> bool:
    """End the probe, if it runs, and remove what it kept. Whether there was anything."""
    if not directory.exists():
        return False
    stop(directory)
    shutil.rmtree(directory)
    return True


def _with_ongoing(status: dict[str, Any], running: bool, now: float) -> dict[str, Any]:
    since, phases = status.pop("outage_since"), status["phases"]
    if running and since is not None:
        lasting = round(now - since, 3)
        phases[-1]["unavailable_seconds"] = max(phases[-1]["unavailable_seconds"], lasting)
        status["longest_unavailable_seconds"] = max(status["longest_unavailable_seconds"], lasting)
    status.pop("parent", None)
    age = round(max(0.0, now - status.pop("heartbeat")), 3)
    return {
        **status,
        "running": running,
        "serving": running and since is None,
        "age_seconds": age,
        "unavailable_seconds": phases[-1]["unavailable_seconds"],
        "end_reason": "" if running else status.get("end_reason", "it was killed"),
    }


def _spawn(directory: Path, orders: Mapping[str, Any]) -> None:
    log = os.open(directory / "probe.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        child = subprocess.Popen(
            [sys.executable, str(Path(client.__file__).absolute())],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=directory,
            start_new_session=True,
        )
    finally:
        os.close(log)
    process = {"pid": child.pid, "start": start_of(child.pid), "operation": orders["operation"]}
    write_json(directory / "pid.json", process)
    # Standard input: nobody else can read it, unlike arguments and the environment.
    with cast(IO[bytes], child.stdin) as stream:
        stream.write(json.dumps({**orders, "directory": str(directory)}).encode())
    _wait(lambda: bool(_read(directory / "status.json")) or child.poll() is not None, _START_SECONDS)
    if child.poll() is not None or not _read(directory / "status.json"):
        said = (directory / "probe.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise UpliftError(
            f"The probe did not start: {' '.join(said) or 'it said nothing'} (see {directory}/probe.log)."
        )


def _adopt(directory: Path, process: Mapping[str, Any], parent: int) -> bool:
    """Tell a living probe that it belongs to this run now. It may be about to end with the run that started it."""
    control = _read(directory / "control.json")
    owner = _write_control(directory, control.get("phases", []), parent)
    # A request may hang on every address before the probe looks for orders.
    _wait(lambda: _read(directory / "status.json").get("parent") == owner or not _alive(process), _START_SECONDS)
    return _alive(process)


def _write_control(directory: Path, phases: list[dict[str, Any]], parent: int) -> dict[str, Any]:
    owner = {"pid": parent, "start": start_of(parent)}
    write_json(directory / "control.json", {"phases": phases, "parent": owner})
    return owner


def _own(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_uid != os.geteuid():
            raise UpliftError(f"{directory} belongs to another user; expected a directory of this one's own.")
        directory.chmod(0o700)
    except OSError as error:
        raise UpliftError(f"The directory {directory} cannot be used: {error.strerror}; name another one.") from error


def _demand_alive(directory: Path) -> None:
    if not _alive(_read(directory / "pid.json")):
        reason = _read(directory / "status.json").get("end_reason", "it was killed or never started")
        raise UpliftError(f"No probe runs in {directory} ({reason}); start it again.")


def _alive(process: Mapping[str, Any]) -> bool:
    return bool(process) and start_of(process["pid"]) == process["start"] != ""


def _read(path: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return value


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True
