# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Callable, Iterator, TypeVar

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import appointment, systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import held as runtime_held
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock, End, Unclean
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit, read_unit

Seen = TypeVar("Seen")
VERBS = {"stopped": "stop", "started": "start", "restarted": "restart"}
DOWN = ("inactive", "failed")
_DROP_IN = "zzz-uplift-stop.conf"  # the last by name: nothing that the operator wrote comes after it


@dataclass(frozen=True)
class Wish:
    unit: str
    state: str
    signal: str = ""
    stop_timeout: float = 0.0
    start_timeout: float = 60.0
    clean: bool = True
    if_stale: bool = False
    at: float = 0.0
    settle: float = 0.5
    hold: str = ""


def stale(unit: Unit, proc: Path = Path("/proc")) -> bool:
    """Is the main process another program, or with other arguments or environment, than a start would give it now?"""
    try:
        words = [(proc / str(unit.main_pid) / name).read_bytes() for name in ("cmdline", "environ")]
    except OSError as exc:
        raise UpliftError(f"It is unknown what {unit.name} runs as process {unit.main_pid}: {exc}.") from exc
    argv, environ = ([os.fsdecode(word) for word in raw.split(b"\0")[:-1]] for raw in words)
    given = {f"{name}={value}" for name, value in unit.environment.items()}
    return (
        unit.exe != os.path.realpath(unit.binary)
        or " ".join(argv[1:]) != " ".join(unit.command()[1:])
        or not given <= set(environ)
    )


@dataclass
class Service:
    """One service of systemd, and how to bring it into a state."""

    runner: Runner
    wish: Wish
    clock: Clock = field(default_factory=Clock)
    run_dir: str = "/run"
    units: runtime_held.Units = field(default_factory=runtime_held.Units)

    def needed(self, unit: Unit) -> bool:
        """Is there anything to do but about the hold? Not a restart, when the expected program already runs."""
        if self.wish.state == "stopped":
            return unit.active not in DOWN
        if self.wish.state == "started" or unit.active != "active":
            return unit.active != "active"
        return not self.wish.if_stale or stale(unit)

    def hold_differs(self, unit: Unit) -> bool:
        """A stop holds the unit down where that is wished, and everything else lets it go."""
        if self.wish.state == "stopped":
            return bool(self.wish.hold) and not self.units.holds(unit, self.wish.hold)
        return self.units.by(unit.name) != ""

    def perform(self, unit: Unit) -> dict[str, Any]:
        """Do it, wait until it is done, and say how it went. A bad end is raised after all is as wished."""
        if self.wish.state != "stopped":
            self.units.release(self.runner, unit.name)
        elif self.wish.hold:
            self.units.hold(self.runner, unit.name, self.wish.hold)
        begun, end = self.clock.now(), None
        if not self.needed(unit):
            return self._report(read_unit(self.runner, unit.name), end, begun)
        with self._stopping(unit):
            if unit.active == "failed" and self.wish.state != "stopped":
                self.runner.run(["systemctl", "reset-failed", "--", unit.name])  # else a start limit may refuse us
            begun = self._switch(unit)
            # One that systemd is about to start again has no process, and none that could leave a mark.
            end = self._ended(unit) if unit.main_pid and self.wish.state != "started" else None
            now = self._down(unit) if self.wish.state == "stopped" else self._up(unit)
        if end and self.wish.clean and not end.clean:
            raise Unclean(self._unclean(unit, end, begun), self._report(now, end, begun))
        return self._report(now, end, begun)

    def _report(self, now: Unit, end: End | None, begun: float) -> dict[str, Any]:
        return {
            **summary(now, self.units),
            "seconds": round(self.clock.now() - begun, 3),
            "late_seconds": appointment.late(self.wish.at, begun),
            "stop_seconds": round(end.moment - begun, 3) if end else 0.0,
            "down_seconds": round(now.started - end.moment, 3) if end and now.active == "active" else 0.0,
            "ended": {"code": end.code, "status": end.status, "clean": end.clean} if end else {},
        }

    def _switch(self, unit: Unit) -> float:
        """Give the order, now or at the moment wished; the time at which it takes effect."""
        order = ["systemctl", VERBS[self.wish.state], "--", unit.name]
        at = appointment.effective(self.wish.at, self.clock.now(), unit.name)
        if at:
            # A timer of the node's own systemd: neither the way to the node nor a lost connection can shift the moment.
            demand(self.runner.run([*timer(unit.name, at), *order]), f"Arming the timer for {unit.name}")
            self.clock.sleep(at - self.clock.now())
            return at
        begun = self.clock.now()
        limit = (self.wish.stop_timeout or unit.timeout_stop or 86400.0) + self.wish.start_timeout + 30.0
        demand(self.runner.run(order, timeout=limit), f"systemctl {order[1]} {unit.name}")
        return begun

    @contextmanager
    def _stopping(self, unit: Unit) -> Iterator[None]:
        """The way to stop that is wished, for this one time: a drop-in in /run, gone afterwards."""
        marks = self._marks(unit)
        path = str(Path(self.run_dir, "systemd", "system", f"{unit.name}.d", _DROP_IN))
        shutil.rmtree(marks, ignore_errors=True)
        marks.mkdir(mode=0o700)
        try:
            systemd.write_drop_in(self.runner, path, drop_in(self.wish, str(marks)))
            yield
        finally:
            systemd.remove_drop_in(self.runner, path)
            shutil.rmtree(marks, ignore_errors=True)

    def _marks(self, unit: Unit) -> Path:
        """In the line that uses it systemd takes a backslash or percent sign of a unit's name for something else."""
        return Path(self.run_dir, "uplift-stop-" + re.sub(r"[^A-Za-z0-9@_.-]", "_", unit.name))

    def _ended(self, unit: Unit) -> End:
        """The mark that ExecStopPost= left: systemd itself forgets the old process as soon as the next one runs."""
        marks = self._marks(unit)
        limit = (self.wish.stop_timeout or unit.timeout_stop or 86400.0) + 15.0
        mark = self._until(lambda: next(iter(marks.iterdir()), None), limit)
        if mark is None:
            raise UpliftError(
                f"It is unknown how {unit.name} ended: no mark of its stop within {limit:g} s. "
                f"Look at `systemctl status {unit.name}`."
            )
        code, _colon, status = mark.name.partition(":")
        return End(code, status, mark.stat().st_mtime)

    def _down(self, unit: Unit) -> Unit:
        def look() -> Unit | None:
            now = read_unit(self.runner, unit.name)
            return now if now.active in DOWN else None

        seen = self._until(look, 30.0)
        if seen is None:
            raise UpliftError(f"The unit {unit.name} is not down 30 s after its process ended; expected inactive.")
        return seen

    def _up(self, unit: Unit) -> Unit:
        """Active with another main process than before, which stays for `settle` seconds."""
        old = (unit.main_pid, unit.started) if unit.active == "active" else (0, 0.0)
        new = self._until(lambda: self._fresh(unit.name, old), self.wish.start_timeout)
        if new is None:
            raise UpliftError(
                f"The unit {unit.name} has no main process {self.wish.start_timeout:g} s after its start; "
                f"expected active. See `journalctl -u {unit.name}`."
            )
        self.clock.sleep(max(0.0, min(self.wish.settle, new.started + self.wish.settle - self.clock.now())))
        now = read_unit(self.runner, unit.name)
        if now.active != "active" or now.main_pid != new.main_pid:
            raise UpliftError(_fell(now, self.clock.now() - new.started))
        return now

    def _fresh(self, name: str, old: tuple[int, float]) -> Unit | None:
        now = read_unit(self.runner, name)
        if now.active == "failed" or now.sub_state == "auto-restart":
            raise UpliftError(_fell(now, self.clock.now() - now.started))
        if now.active == "inactive" and now.skipped and not self.wish.at:
            raise UpliftError(
                f"systemd passed over the start of {name}: a condition of the unit is not met; expected it active. See"
                f" `systemctl status {name}`."
            )
        return now if now.active == "active" and now.main_pid and (now.main_pid, now.started) != old else None

    def _until(self, look: Callable[[], Seen | None], limit: float) -> Seen | None:
        end = self.clock.now() + limit
        while True:
            seen = look()
            if seen is not None or self.clock.now() > end:
                return seen
            self.clock.sleep(0.02)

    def _unclean(self, unit: Unit, end: End, begun: float) -> str:
        seconds, limit = end.moment - begun, self.wish.stop_timeout or unit.timeout_stop
        why = ""
        if end.status == "KILL":  # G09: an idle keep-alive client can hold a stop for long
            why = (
                f" It was given {limit:g} s; a client that keeps an idle connection can hold it: close its ports first."
            )
        elif end.code != "exited":  # G08: some releases flush nothing on SIGTERM
            why = f" The signal was {self.wish.signal or unit.kill_signal}: give the one at which this release flushes."
        state = "stopped" if self.wish.state == "stopped" else "running again"
        return f"The process of {unit.name} {end} after {seconds:.1f} s, expected status 0; the unit is {state}.{why}"


def find_unit(runner: Runner, name: str) -> Unit:
    """The unit, or a sentence when it cannot be used."""
    unit = read_unit(runner, name)
    if unit.load_state == "masked":
        raise UpliftError(
            f"The unit {unit.name} is masked: somebody keeps it from being started; expected loaded. When that is over,"
            f" let it go by `systemctl unmask {unit.name}` and run again. Nothing was changed."
        )
    if unit.load_state != "loaded":
        raise UpliftError(
            f"The unit {unit.name} is {unit.load_state}, expected loaded: name it as `systemctl list-units` does."
        )
    return unit


def demand_down(runner: Runner, name: str) -> None:
    """Files may be touched only while nobody writes them, and not every program looks after that itself (G05)."""
    unit = find_unit(runner, name)
    if unit.active not in DOWN:
        raise UpliftError(
            f"The unit {unit.name} is {unit.active}, expected inactive: stop it first. Nothing was changed."
        )


def summary(unit: Unit, units: runtime_held.Units) -> dict[str, Any]:
    held, active = units.by(unit.name), unit.active == "active"
    evidence = {"slot": "service", "kind": "unit", "name": unit.name, "active": active}
    return {
        "unit": unit.name,
        "active": unit.active,
        "main_pid": unit.main_pid,
        "started": unit.started,
        "exe": unit.exe,
        "held": held,
        "evidence": [{**evidence, "held": held} if held and not active else evidence],
    }


def drop_in(wish: Wish, marks: str) -> str:
    lines = [
        "# Written by uplift.datastores for one stop; it goes by itself.",
        "[Service]",
        f"ExecStopPost=+{shutil.which('touch') or '/usr/bin/touch'} {marks}/${{EXIT_CODE}}:${{EXIT_STATUS}}",
    ]
    lines += [f"KillSignal={wish.signal}"] if wish.signal else []
    lines += [f"TimeoutStopSec={wish.stop_timeout:g}"] if wish.stop_timeout else []
    return "\n".join(lines) + "\n"


def timer(name: str, at: float) -> list[str]:
    """The beginning of a command that runs the rest of it at a moment. The usual accuracy of a timer is a minute."""
    moment = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(at))}.{int(at * 1e6) % 1000000:06d} UTC"
    label = "uplift-switch-" + re.sub(r"[^A-Za-z0-9_.-]", "-", name.rsplit(".", 1)[0])
    calendar = [f"--on-calendar={moment}", "--timer-property=AccuracySec=1ms"]
    return ["systemd-run", "--quiet", "--collect", f"--unit={label}", *calendar, "--"]


def _fell(now: Unit, seconds: float) -> str:
    end = f"process {now.exit_code or 'ended'} with {now.exit_status}"
    return (
        f"The unit {now.name} did not stay up: {now.active} ({now.sub_state}) {seconds:.1f} s after its start, {end}; "
        f"expected active. See `journalctl -u {now.name}`."
    )


def bring(runner: Runner, wish: Wish, check: bool) -> dict[str, Any]:
    """Bring a service into a state; in check mode only say whether that would change anything."""
    return brought(Service(runner, wish), check)


def brought(service: Service, check: bool) -> dict[str, Any]:
    """The same for a service with its own clock and places."""
    wish, unit = service.wish, find_unit(service.runner, service.wish.unit)
    appointment.effective(wish.at, service.clock.now(), wish.unit)
    if wish.hold:
        runtime_held.demand_ours(service.runner, unit)
    if not service.needed(unit) and not service.hold_differs(unit):
        return {"changed": False, **summary(unit, service.units)}
    after = {"active": "inactive" if wish.state == "stopped" else "active", "state": wish.state, "held": wish.hold}
    diff = {"before": {"active": unit.active, "exe": unit.exe, "held": service.units.by(unit.name)}, "after": after}
    return {"changed": True, "diff": diff, **(summary(unit, service.units) if check else service.perform(unit))}


def info(runner: Runner, name: str) -> dict[str, Any]:
    """All of a unit but what may be secret: of the environment only the names, of the command what the unit says."""
    unit = read_unit(runner, name)
    shown = {item.name: getattr(unit, item.name) for item in fields(unit) if item.name != "environment"}
    return {**shown, **summary(unit, runtime_held.Units()), "environment_names": sorted(unit.environment)}
