# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A server behind HAProxy, by the admin socket. Its answers: tests/unit/fixtures/haproxy, of 2.6.12."""

from __future__ import annotations

import socket
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

DRAIN, READY = "drain", "ready"
_MAINT, _DRAINED = 0x01, 0x08  # srv_admin_state, as an administrator has forced it
_RUNNING = "2"  # srv_op_state
_PAUSE = 0.5

Ask = Callable[[str], str]  # one command -> what is answered


def asker(path: str, timeout: float = 10.0) -> Ask:
    def ask(command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(timeout)
                line.connect(path)
                line.sendall(command.encode() + b"\n")
                return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")
        except OSError as exc:
            raise UpliftError(
                f"HAProxy does not answer at {path} ({exc}); expected its admin socket, `stats socket {path} level"
                " admin` in the section global. Name another one with hooks_haproxy_socket, or play this with become."
            ) from exc

    return ask


def rows(answer: str, key: str) -> dict[str, dict[str, str]]:
    """A table with a line of names that begins with `#`: the value of `key` -> its row."""
    lines = answer.splitlines()
    names = next((line[1:].split() for line in lines if line.startswith("#")), [])
    if key not in names:
        raise UpliftError(
            f"HAProxy answers {answer.strip()[:200]!r}; expected a table with {key}. See that the backend is there"
            " (hooks_haproxy_backend), and that the socket has the level admin."
        )
    found = (dict(zip(names, line.split())) for line in lines if line.strip() and not line.startswith("#"))
    return {row[key]: row for row in found if key in row}


def seen(ask: Ask, backend: str, server: str) -> dict[str, str]:
    found = rows(ask(f"show servers state {backend}"), "srv_name")
    if server not in found:
        raise UpliftError(
            f"The backend {backend} of HAProxy has no server {server!r}; expected one of {', '.join(sorted(found))}."
            " Name it with hooks_haproxy_server."
        )
    return found[server]


def connections(ask: Ask, backend: str, server: str) -> int:
    """How many connections to the server are in use now."""
    found = rows(ask(f"show servers conn {backend}"), "bkname/svname")
    return int(found[f"{backend}/{server}"]["used_cur"])


def changed(row: Mapping[str, str], wanted: str) -> bool:
    """Whether something is to be done. Who put a server into maintenance wants it there: it is not taken out of it."""
    state = int(row["srv_admin_state"])
    if state & _MAINT:
        raise UpliftError(
            f"{row['be_name']}/{row['srv_name']} is in maintenance at HAProxy (srv_admin_state {state}); expected what"
            " this collection has left, ready or drain. Whoever did that takes it back first: set server"
            f" {row['be_name']}/{row['srv_name']} state ready."
        )
    return bool(state & _DRAINED) != (wanted == DRAIN)


def brought(params: Mapping[str, Any], ask: Ask, clock: Clock, check: bool) -> dict[str, Any]:
    """Set the state, and wait until it is so: no connection in use, or requests are given to it."""
    backend, server, wanted = str(params["backend"]), str(params["server"]), str(params["state"])
    needed = changed(seen(ask, backend, server), wanted)
    if check:
        return {"changed": needed}
    if needed:
        said = ask(f"set server {backend}/{server} state {wanted}").strip()
        if said:
            raise UpliftError(
                f"HAProxy answers {said!r} to the state {wanted} of {backend}/{server}; expected nothing."
            )
    ends = clock.now() + float(params["timeout"])
    while True:
        left = _missing(ask, backend, server, wanted)
        if not left:
            return {"changed": needed}
        if clock.now() >= ends:
            raise UpliftError(f"{backend}/{server} {left} after {params['timeout']:g} s (hooks_haproxy_timeout).")
        clock.sleep(_PAUSE)


def _missing(ask: Ask, backend: str, server: str, wanted: str) -> str:
    if wanted == DRAIN:
        used = connections(ask, backend, server)
        return f"has {used} connections in use at HAProxy; expected none" if used else ""
    state = seen(ask, backend, server)["srv_op_state"]
    return "" if state == _RUNNING else f"is not up at HAProxy (srv_op_state {state}); expected {_RUNNING}"
