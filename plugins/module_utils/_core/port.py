# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A port that clients use, and whether anybody takes a connection there."""

from __future__ import annotations

import contextlib
import socket
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

OPEN, CLOSED = "open", "closed"
_PAUSE = 0.5


def state(host: str, port: int, timeout: float = 3.0) -> str:
    """`open` or `closed`. Only a refusal is closed: a host that says nothing may serve others. UpliftError then."""
    try:
        socket.create_connection((host.strip("[]"), port), timeout=timeout).close()
        return OPEN
    except ConnectionRefusedError:
        return CLOSED
    except OSError as exc:
        raise UpliftError(
            f"It is unknown whether {host}:{port} takes connections ({exc}); expected a connection or a refusal. Give"
            " an address that this machine reaches."
        ) from exc


def closed(params: Mapping[str, Any], clock: Clock, ask: Callable[[str, int], str] = state) -> dict[str, Any]:
    """What `port_closed` does: wait until it is."""
    host, port = str(params["host"]), int(params["port"])
    deadline = clock.now() + float(params["timeout"])
    while ask(host, port) != CLOSED:
        if clock.now() >= deadline:
            raise UpliftError(
                f"{host}:{port} still takes connections after {params['timeout']:g} s; expected it closed to clients."
                " See what listens there: another server, or a proxy."
            )
        clock.sleep(_PAUSE)
    left = {"slot": "ports", "kind": "closed", "host": host, "port": port}
    return {"changed": False, "evidence": [*params["left"], left]}


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens at, all different."""
    with contextlib.ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _number in range(count)]
        for one in bound:
            one.bind(("0.0.0.0", 0))
        return [int(one.getsockname()[1]) for one in bound]
