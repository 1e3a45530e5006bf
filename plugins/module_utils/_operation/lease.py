# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Who may act on a node now. Time is the node's own since its boot: no clock that is set counts here."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import write_atomic

Data = Dict[str, Any]  # a lease as JSON knows it

FILE = "lease.json"
UPTIME = "/proc/uptime"
BEAT = "uptime"  # the file in DIR/heartbeat-TOKEN: a copy of /proc/uptime
LONGEST = 30.0  # seconds between two heartbeats, however long the lease


@dataclass(frozen=True)
class Owner:
    """Who acts: the process of ansible-playbook. `user`, `host` and `since` are for people and decide nothing.

    machine: /etc/machine-id, may be empty. boot, pidns: its boot and pid namespace. ticks: when it was started, as
    /proc/PID/stat says it: it is not a date, and no stepped clock changes it.
    """

    machine: str
    boot: str
    pidns: str
    pid: int
    ticks: int
    user: str
    host: str
    since: str

    @property
    def run(self) -> str:
        """Unique to the process."""
        return f"{self.boot}:{self.pidns}:{self.pid}:{self.ticks}"

    @property
    def shown(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}, since {self.since})"


def owner_of(lease: Mapping[str, Any]) -> Owner:
    return Owner(**lease["owner"])


def mine(lease: Mapping[str, Any], owner: Owner) -> bool:
    return bool(lease) and owner_of(lease).run == owner.run


def alive(lease: Mapping[str, Any]) -> bool:
    return bool(lease) and bool(lease["age"] < lease["seconds"])


def interval(seconds: float) -> float:
    """From one heartbeat to the next: three may be lost."""
    return min(seconds / 4, LONGEST)


def age(beat: float, now: float) -> float:
    """Seconds since the heartbeat. One that lies ahead is of the time before the node was booted."""
    return now - beat if beat <= now else now


def refused(lease: Mapping[str, Any], owner: Owner, dead: str = "") -> str:
    """The sentence that refuses `owner`, or "" when it may act: no lease, its own, one whose time is up, or the lease
    of the run `dead`, whose process is known to be gone."""
    if not alive(lease) or mine(lease, owner) or owner_of(lease).run == dead:
        return ""
    left = lease["seconds"] - lease["age"]
    return (
        f"The cluster is locked by {owner_of(lease).shown}, last seen {lease['age']:.0f} s ago. Wait for that run"
        f" to end; if it is gone, its lease ends by itself in {left:.0f} s."
    )


def locked(lease: Mapping[str, Any], dead: str = "") -> str:
    """The sentence that keeps a lease from being taken away, or "" when its owner is dead: no sign of life within two
    heartbeats, or a process that is known to be gone."""
    if not lease or owner_of(lease).run == dead or lease["age"] > 2 * interval(lease["seconds"]):
        return ""
    owner = owner_of(lease)
    return (
        f"The run of {owner.shown} is alive: it was last seen {lease['age']:.0f} s ago. Its lease is not taken away."
        f" End it first: kill -INT {owner.pid} on {owner.host}, or cancel the job; then run this again."
    )


def taken(
    lease: Mapping[str, Any], owner: Owner, seconds: float, token: str, number: int, undo: Mapping[str, Any]
) -> Data:
    """The lease as `owner` holds it. Its number rises with every change of hands; its length stays as it was taken.

    number: the highest that was given out here. undo: what taking it has made, should the run be refused elsewhere.
    """
    if mine(lease, owner):
        return {name: value for name, value in lease.items() if name != "age"}
    highest = max(number, lease["number"] if lease else 0)
    return {"owner": asdict(owner), "number": highest + 1, "seconds": seconds, "token": token, "undo": dict(undo)}


def summary(lease: Mapping[str, Any]) -> Data:
    """What an operator reads of a lease: {holder, last_heartbeat_seconds, rest_seconds, number}; nobody holds one whose
    time is up."""
    if not alive(lease):
        return {"holder": "none", "last_heartbeat_seconds": None, "rest_seconds": 0, "number": lease.get("number", 0)}
    return {
        "holder": owner_of(lease).shown,
        "last_heartbeat_seconds": round(lease["age"]),
        "rest_seconds": round(lease["seconds"] - lease["age"]),
        "number": lease["number"],
    }


def uptime() -> float:
    return float(Path(UPTIME).read_text(encoding="ascii").split()[0])


class Leases:
    """Where a node keeps its lease: DIR/lease.json, and DIR/heartbeat-TOKEN/uptime, which is written from outside.

    The heartbeat has a directory of its own, since nothing can copy a file into a directory that is gone: what is late
    cannot make a lease of an earlier run look alive.
    """

    def __init__(self, directory: str) -> None:
        self.directory = Path(directory)
        self.path = self.directory / FILE

    def read(self) -> Data:
        """The lease with its `age` in seconds, {} when there is none."""
        try:
            lease = json.loads(self.path.read_text(encoding="utf-8"))
            expected = set(Owner.__annotations__)
            if not {"number", "seconds", "token", "undo"} <= set(lease) or set(lease["owner"]) != expected:
                raise ValueError("it lacks what a lease has")
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, KeyError, AttributeError) as exc:
            raise UpliftError(
                f"{self.path} cannot be read as a lease ({exc}); expected JSON written by this collection. Nothing was"
                " changed. When no run is alive, take it away with the playbook of its product that ends in _unlock."
            ) from exc
        return {**lease, "age": self._age(lease["token"])}

    def take(self, lease: Mapping[str, Any]) -> None:
        """Write it with its first sign of life; those of earlier runs go. On a full disk nothing is left."""
        new = not self._beats(lease["token"]).exists()
        try:
            self.beat(lease["token"])
            write_atomic(str(self.path), json.dumps(lease, indent=1).encode(), 0o600)
        except BaseException:
            if new:
                shutil.rmtree(self._beats(lease["token"]), ignore_errors=True)
            raise
        self._beats_go(but=lease["token"])

    def beat(self, token: str) -> None:
        place = self._beats(token)
        place.mkdir(mode=0o700, exist_ok=True)
        write_atomic(str(place / BEAT), Path(UPTIME).read_bytes(), 0o600)

    def drop(self) -> None:
        if self.path.exists():
            self.path.unlink()
        self._beats_go()

    def youngest(self) -> float:
        """Seconds since the youngest sign of life of any run: for a lease that cannot be read."""
        tokens = [place.name.partition("-")[2] for place in self.directory.glob("heartbeat-*")]
        return min(map(self._age, tokens), default=uptime())

    def _beats(self, token: str) -> Path:
        return self.directory / f"heartbeat-{token}"

    def _age(self, token: str) -> float:
        """Of a heartbeat that is not there, as old as the boot. It is empty for a moment while it is copied."""
        for _again in range(5):
            now = uptime()
            try:
                return age(float((self._beats(token) / BEAT).read_text(encoding="ascii").split()[0]), now)
            except FileNotFoundError:
                return now
            except (ValueError, IndexError):
                time.sleep(0.1)
        return uptime()

    def _beats_go(self, but: str = "") -> None:
        """Renamed first: a copy that is on its way may still write into what is being removed."""
        for place in self.directory.glob("*heartbeat-*"):
            if place.name == f"heartbeat-{but}":
                continue
            gone = place.with_name(f".{place.name.lstrip('.')}")
            if place != gone:
                place.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
            shutil.rmtree(gone, ignore_errors=True)
