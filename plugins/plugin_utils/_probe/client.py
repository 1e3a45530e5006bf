# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A client that asks all the time, and keeps account of when nobody served it: it writes and reads one object by S3, or
reads one page of an API.

Run as a script by `control`, with its orders and credentials as JSON on standard input. It imports nothing of
the collection, since a script has no collection loader.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import ssl
import sys
import time
import urllib.parse
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

with suppress(ImportError):  # the action says that it is missing
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

CONTENT = b"uplift-probe"
CONNECT_SECONDS = 2.0
READ_SECONDS = 3.0
GOODBYE_SECONDS = 6.0
STATUS_SECONDS = 0.2
PARENT_SECONDS = 0.5
OUTAGES = 200  # the latest that are kept one by one
WRITE, READ = ("write", "PUT", CONTENT), ("read", "GET", b"")


class Phase:
    """The figures of one phase."""

    def __init__(self, name: str, wall: float) -> None:
        self.name = name
        self.started = wall
        self.ended: float | None = None
        self.requests = 0
        self.unserved = 0
        self.failures: dict[str, int] = {}
        self.unavailable = 0.0
        self.slowest = 0.0


class Ledger:
    """Who served when. Pure: all times are given; `now` is a steady clock, `wall` the clock on the wall.

    An outage is one of writes or of reads. It counts as soon as a request has failed on all addresses, then from the
    last success before to the first success after; its whole length counts in each phase that it ends in or leaves.
    """

    def __init__(self, name: str, now: float, wall: float) -> None:
        self.phases = [Phase(name, wall)]
        self.outages: deque[dict[str, Any]] = deque(maxlen=OUTAGES)
        self._begun, self._wall = now, wall - now
        self._last: dict[str, float] = {}
        self._since: dict[str, float] = {}

    def mark(self, name: str, now: float, wall: float) -> None:
        self.end(now, wall)
        self.phases.append(Phase(name, wall))

    def end(self, now: float, wall: float) -> None:
        self._charge(now)
        self.phases[-1].ended = wall

    def request(self, kind: str, served: bool, failed_on: Sequence[str], seconds: float, now: float) -> None:
        phase = self.phases[-1]
        phase.requests += 1
        phase.slowest = max(phase.slowest, seconds)
        for address in failed_on:
            phase.failures[address] = phase.failures.get(address, 0) + 1
        if served:
            self._charge(now, kind)
            self._over(kind, now)
            self._last[kind] = now
        else:
            phase.unserved += 1
            self._since.setdefault(kind, self._last.get(kind, self._begun))

    def figures(self) -> dict[str, Any]:
        """All figures; what is going on still is not in them, but given by `outage_since`, on the steady clock."""
        failures = sum((Counter(phase.failures) for phase in self.phases), Counter())
        return {
            "phase": self.phases[-1].name,
            "started": _stamp(self.phases[0].started),
            "ended": _stamp(self.phases[-1].ended),
            "requests": sum(phase.requests for phase in self.phases),
            "unserved": sum(phase.unserved for phase in self.phases),
            "failures": {**failures},
            "longest_unavailable_seconds": round(max(phase.unavailable for phase in self.phases), 3),
            "slowest_seconds": round(max(phase.slowest for phase in self.phases), 3),
            "outages": [*self.outages],
            "outage_since": min(self._since.values(), default=None),
            "phases": [_row(phase) for phase in self.phases],
        }

    def _over(self, kind: str, now: float) -> None:
        since = self._since.pop(kind, None)
        if since is not None:
            began, ended = (round(self._wall + one, 3) for one in (since, now))
            self.outages.append({"of": kind, "since": began, "until": ended})

    def _charge(self, now: float, kind: str = "") -> None:
        phase = self.phases[-1]
        for name, since in self._since.items():
            if kind in ("", name):
                phase.unavailable = max(phase.unavailable, now - since)


def _row(phase: Phase) -> dict[str, Any]:
    return {
        "phase": phase.name,
        "started": _stamp(phase.started),
        "ended": _stamp(phase.ended),
        "requests": phase.requests,
        "unserved": phase.unserved,
        "failures": dict(phase.failures),
        "unavailable_seconds": round(phase.unavailable, 3),
        "slowest_seconds": round(phase.slowest, 3),
    }


def _stamp(wall: float | None) -> str:
    return "" if wall is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall))


class Door:
    """One address: a request by a connection of its own (an idle one keeps Garage from stopping, trap G09).

    A botocore client takes two and a half times the processor time of its signer with the standard library's HTTP.
    """

    def __init__(self, address: str, orders: dict[str, Any]) -> None:
        self.address = address
        parts = urllib.parse.urlsplit(address if "://" in address else f"http://{address}")
        virtual = orders["style"] == "virtual" and not orders["path"]
        bucket = f"{orders['bucket']}." if virtual else ""
        self._base = f"{parts.scheme}://{bucket}{parts.netloc}"
        self._host, self._port = bucket + (parts.hostname or ""), parts.port
        secure = parts.scheme == "https"
        self._context = ssl.create_default_context(cafile=orders["ca_file"] or None) if secure else None
        self._orders = orders
        inside = "" if virtual else f"/{orders['bucket']}"
        self._path = orders["path"] or f"{inside}/{orders['object']}"

    def send(self, method: str, body: bytes) -> bytes:
        headers = self._headers(method, body)
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(READ_SECONDS)
            connection.request(method, self._path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise http.client.HTTPException(f"{answer.status}")
        return said

    def serves(self, method: str, body: bytes) -> bool:
        """An object has to be the one that was written; a page may be any. Who is told to end waits for the answer: a
        write that nobody waits for may come after the removal."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            answer = self.send(method, body)
            return answer == CONTENT or method != "GET" or bool(self._orders["path"])
        except (OSError, http.client.HTTPException):
            return False
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def _headers(self, method: str, body: bytes) -> dict[str, str]:
        """Signed as S3 wants it, or with the key and its secret as a page of an API does."""
        key, secret = self._orders["key_id"], self._orders["secret"]
        if self._orders["path"]:
            return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}
        request = AWSRequest(method, self._base + self._path, data=body)
        S3SigV4Auth(Credentials(key, secret), "s3", self._orders["region"]).add_auth(request)
        return dict(request.headers.items())

    def _connection(self) -> http.client.HTTPConnection:
        if self._context:
            secure = http.client.HTTPSConnection
            return secure(self._host, self._port, timeout=CONNECT_SECONDS, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_SECONDS)


class Probe:
    """The loop: ask, look for orders, write the figures, wait."""

    def __init__(self, orders: dict[str, Any], directory: Path) -> None:
        self._orders = orders
        self._directory = directory
        self._doors = [Door(address, orders) for address in orders["addresses"]]
        self._kinds = (READ,) if orders["path"] else (WRITE, READ)
        self._turn = 0
        self._written = self._parent_seen = 0.0
        self._control: dict[str, Any] = {"phases": [], "parent": {}}
        self._control_state: tuple[int, int] = (0, 0)
        self._ledger = Ledger(orders["phase"], time.monotonic(), time.time())
        self._marks = 0

    def run(self) -> str:
        """Until there is a reason to end, which is returned."""
        end = time.monotonic() + self._orders["max_seconds"]
        while True:
            began = time.monotonic()
            self._obey()
            if began >= end:
                return f"its {self._orders['max_seconds']:g} s are over"
            if self._orphaned(began):
                return "the run that it belongs to is gone"
            for kind, method, body in self._kinds:
                self._request(kind, method, body)
            self._publish()
            time.sleep(max(0.0, began + self._orders["interval"] - time.monotonic()))

    def finish(self, reason: str) -> None:
        self._ledger.end(time.monotonic(), time.time())
        # A page that is only read leaves nothing.
        self._publish(end_reason=reason, object_removed=WRITE not in self._kinds or removed(self._doors))

    def _request(self, kind: str, method: str, body: bytes) -> None:
        # Each request begins at another address, so that every address is tried all the time.
        self._turn = (self._turn + 1) % len(self._doors)
        order = self._doors[self._turn :] + self._doors[: self._turn]
        began, failed = time.monotonic(), []
        for door in order:
            if door.serves(method, body):
                break
            failed.append(door.address)
        now = time.monotonic()
        self._ledger.request(kind, len(failed) < len(order), failed, now - began, now)

    def _obey(self) -> None:
        """Take the orders that have come since: names of phases, and whom the probe belongs to."""
        path = self._directory / "control.json"
        state = path.stat()
        if (state.st_mtime_ns, state.st_ino) == self._control_state:
            return
        self._control_state = (state.st_mtime_ns, state.st_ino)
        self._control = json.loads(path.read_text())
        for mark in self._control["phases"][self._marks :]:
            self._ledger.mark(mark["name"], time.monotonic(), mark["at"])
        self._marks = len(self._control["phases"])
        self._written = 0.0

    def _orphaned(self, now: float) -> bool:
        if now - self._parent_seen < PARENT_SECONDS:
            return False
        self._parent_seen = now
        parent = self._control["parent"]
        return bool(start_of(parent["pid"]) != parent["start"])

    def _publish(self, **last: Any) -> None:
        now = time.monotonic()
        if now - self._written >= STATUS_SECONDS or last:
            self._written = now
            known = {"operation": self._orders["operation"], "parent": self._control["parent"], "heartbeat": now}
            write_json(self._directory / "status.json", {**self._ledger.figures(), **known, **last})


def removed(doors: Sequence[Door]) -> bool:
    """Whether one of them took the object away."""
    limit = time.monotonic() + GOODBYE_SECONDS
    return any(time.monotonic() < limit and door.serves("DELETE", b"") for door in doors)


def write_json(path: Path, value: Any) -> None:
    """Whole or not at all, and for nobody else to read."""
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        json.dump(value, stream)
    temporary.replace(path)


def start_of(pid: int) -> str:
    """When the process started, so that its number cannot be mistaken for another's; empty when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "running"  # a system without /proc


def _main() -> None:
    orders = json.load(sys.stdin)

    def leave(_signal: int, _frame: Any) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    probe, reason = Probe(orders, Path(orders["directory"])), "it was stopped"
    try:
        reason = probe.run()
    except Exception as error:
        reason = f"it broke: {type(error).__name__}: {error}"
    finally:
        probe.finish(reason)


if __name__ == "__main__":
    _main()
