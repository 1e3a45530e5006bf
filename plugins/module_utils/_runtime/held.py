# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A service that may not start, whoever asks, from its stop to its start: a reboot, puppet, monit, an administrator.

A unit is held by a drop-in with a condition that is false for as long as that very file is there; a container by the
restart policy `no`, with the policy of before in a file. Both are on the disk before the service stops, and both say
for which operation.
"""

from __future__ import annotations

import errno
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit, read_unit

DROP_IN = "zzz-uplift-held.conf"  # the last by name: no drop-in of the operator's resets its condition
# Read by systemd at every boot. The second is for a machine whose /etc cannot be written.
PLACES = ("/etc/systemd/system", "/usr/local/lib/systemd/system")
NOTES = "/var/lib/uplift/held"
_OPERATION = re.compile(r"^# operation: (\S+)$", re.M)
_SINCE = re.compile(r"^# since: (\S+)$", re.M)
_NO_WRITE = (errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class Held:
    """One service that is held. `since` is in UTC, `path` the file that holds it."""

    kind: str
    name: str
    operation: str
    since: str
    path: str

    def summary(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name, "operation": self.operation, "since": self.since}


@dataclass(frozen=True)
class Units:
    """The units of this machine that are held."""

    places: tuple[str, ...] = PLACES

    def all(self) -> list[Held]:
        paths = [path for place in self.places for path in sorted(Path(place).glob(f"*.d/{DROP_IN}"))]
        return [self._read(path) for path in paths]

    def by(self, unit: str) -> str:
        """The operation for which the unit is held; "" when nobody holds it."""
        return next((one.operation for one in self.all() if one.name == unit), "")

    def holds(self, unit: Unit, operation: str) -> bool:
        """Is the unit held for this operation, and does systemd know it?"""
        one = next((one for one in self.all() if one.name == unit.name), None)
        return one is not None and one.operation == operation and one.path in unit.drop_ins

    def hold(self, runner: Runner, unit: str, operation: str) -> None:
        """Whoever held it for another operation holds it no longer."""
        there = next((one for one in self.all() if one.name == unit and one.operation == operation), None)
        path = there.path if there else self._written(runner, unit, operation)
        if path not in read_unit(runner, unit).drop_ins:  # a run that died may have written it and no more
            systemd.reload(runner)
        # It is believed when systemd says that it reads it, and not before anything stops.
        if path not in read_unit(runner, unit).drop_ins:
            systemd.remove_drop_in(runner, path)
            raise UpliftError(
                f"systemd does not read {path}, which is to keep {unit} from being started by a reboot; expected it"
                f" among the drop-ins of `systemctl cat {unit}`. Nothing was stopped."
            )

    def release(self, runner: Runner, unit: str) -> bool:
        """True when it was held."""
        paths = [one.path for one in self.all() if one.name == unit]
        for path in paths:
            systemd.remove_drop_in(runner, path)
        return bool(paths)

    def _written(self, runner: Runner, unit: str, operation: str) -> str:
        why = ""
        for place in self.places:
            path = os.path.join(place, f"{unit}.d", DROP_IN)
            try:
                systemd.write_drop_in(runner, path, drop_in(path, operation, now()))
                return path
            except OSError as exc:
                if exc.errno not in _NO_WRITE:
                    raise
                why = why or f"{place} cannot be written ({exc.strerror})"
        raise UpliftError(
            f"{unit} cannot be kept from being started by a reboot while its data are between two releases: {why}."
            f" Let drop-ins be written to {' or '.join(self.places)}. Nothing was stopped."
        )

    @staticmethod
    def _read(path: Path) -> Held:
        text = path.read_text(encoding="utf-8", errors="replace")
        found, since = _OPERATION.search(text), _SINCE.search(text)
        name = path.parent.name[: -len(".d")]
        return Held("unit", name, found[1] if found else "unknown", since[1] if since else "", str(path))


def drop_in(path: str, operation: str, since: str) -> str:
    """systemd expands `%`, and nothing else, in the path of a condition."""
    return "\n".join(
        [
            "# uplift.datastores holds this service down in the middle of an upgrade: its data may be between two",
            "# releases, and a start now, by anybody or by a reboot, could lose some of them.",
            f"# operation: {operation}",
            f"# since: {since}",
            "# The playbook uplift.datastores.<product>_status tells where the upgrade stands. This file goes when the",
            "# upgrade starts the service: run the same upgrade again, or uplift.datastores.<product>_rollback.",
            "[Unit]",
            f"ConditionPathExists=!{path.replace('%', '%%')}",
            "",
        ]
    )


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def demand_ours(runner: Runner, unit: Unit, proc: Path = Path("/proc")) -> None:
    """A daemon that was started by hand, next to its unit, is neither stopped nor held by it."""
    for process in sorted(path for path in proc.iterdir() if path.name.isdigit()):
        if _looks_alike(unit, process, proc) and not _main_of_another(runner, process):
            raise UpliftError(
                f"Process {process.name} runs {unit.binary} with the arguments of {unit.name}, and outside of it, as"
                " one that was started by hand; expected the unit alone. End it, then start the unit. Nothing was"
                " changed."
            )


def _main_of_another(runner: Runner, process: Path) -> bool:
    """Units of one template may differ in nothing that a process shows. What came by sshd or cron is no unit's."""
    group = (process / "cgroup").read_text(encoding="utf-8", errors="replace")
    found = re.search(r"/([^/\n]+\.service)\s*$", group)
    return found is not None and read_unit(runner, found[1]).main_pid == int(process.name)


def _looks_alike(unit: Unit, process: Path, proc: Path) -> bool:
    try:
        if os.readlink(str(process / "exe")) != os.path.realpath(unit.binary):
            return False
        raw = [(process / name).read_bytes() for name in ("cmdline", "environ")]
        group = (process / "cgroup").read_text(encoding="utf-8", errors="replace")
        spaces = [os.readlink(str(proc / one / "ns" / "mnt")) for one in (process.name, "self")]
    except OSError:
        return False  # it has ended, or is a thread of the kernel
    words, environ = (os.fsdecode(one).split("\0")[:-1] for one in raw)
    other = {name: value for name, _sign, value in (word.partition("=") for word in environ)}
    return (
        " ".join(words[1:]) == " ".join(unit.command()[1:])
        and all(other.get(name, value) == value for name, value in unit.environment.items())  # else another instance's
        and f"/{unit.name}" not in group
        and spaces[0] == spaces[1]  # else in a container, or in a unit's sandbox
    )


@dataclass(frozen=True)
class Containers:
    """The containers of this machine that are held, and the restart policies that they had before."""

    notes: str = NOTES

    def all(self) -> list[Held]:
        found = [(path, self._read(path)) for path in sorted(Path(self.notes).glob("*.json"))]
        return [Held("container", one["name"], one["operation"], one["since"], str(path)) for path, one in found]

    def by(self, name: str) -> str:
        """The operation for which the container is held; "" when nobody holds it."""
        return str(self.note(name).get("operation", ""))

    def note(self, name: str) -> dict[str, Any]:
        """name, operation, since and policy, as docker wants that; {} when it is not held."""
        path = self._path(name)
        return self._read(path) if path.exists() else {}

    def write(self, name: str, operation: str, policy: Mapping[str, Any]) -> None:
        """Before the policy is changed: a run that is killed in between leaves what the next one puts back."""
        told = {"name": name, "operation": operation, "since": now(), "policy": dict(policy)}
        try:
            files.make_private(self.notes)
            files.write_atomic(str(self._path(name)), (json.dumps(told, indent=1) + "\n").encode(), 0o600)
        except OSError as exc:
            raise UpliftError(
                f"The restart policy of the container {name} cannot be kept in {self.notes} ({exc.strerror}); expected"
                " that to be a directory where this account may write. Nothing was stopped."
            ) from exc

    def forget(self, name: str) -> None:
        self._path(name).unlink()
        files.sync_directory(self.notes)

    def _path(self, name: str) -> Path:
        return Path(self.notes, f"{name}.json")

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return {key: found[key] for key in ("name", "operation", "since", "policy")}
        except (ValueError, KeyError, TypeError) as exc:
            raise UpliftError(
                f"{path} is not what this collection wrote there: which restart policy its container had is unknown"
                ". Set it by `docker update --restart`, and move the file away."
            ) from exc


def everything() -> list[dict[str, str]]:
    """kind, name, operation and since of all that is held on this machine, whatever the inventory names."""
    return [one.summary() for one in [*Units().all(), *Containers().all()]]
