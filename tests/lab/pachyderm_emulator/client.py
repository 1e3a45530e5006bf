# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pachctl finds the server and asks it, and what it says of its own before."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from .release import WARNING, Failed, Uncaptured, V, proved


def address() -> str:
    if os.environ.get("PACHD_ADDRESS"):
        return os.environ["PACHD_ADDRESS"]
    found = re.search(r'"pachd_address":\s*"(?:grpc://)?([^"]+)"', config().read_text() if config().exists() else "")
    return found.group(1) if found else "0.0.0.0:30650"


def config() -> Path:
    return Path(os.environ.get("PACH_CONFIG") or Path(os.environ.get("HOME", "/"), ".pachyderm", "config.json"))


def first_call() -> None:
    """trap P32: up to 1.8.7 on stdout, where a dump may be redirected to."""
    out = sys.stdout if V < (1, 9, 0) else sys.stderr
    path = config()
    if path.exists() and "user_id" in path.read_text():
        return
    proved("a first call without a configuration", "first_call_no_config")
    if not path.exists():
        said = f'No config detected at "{path}". Generating new config...'
        print(said if V >= (1, 9, 0) else f"no config detected at %q. Generating new config... {path}", file=out)
    print(f"No UserID present in config. Generating new UserID and updating config at {path}", file=out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"user_id": uuid.uuid4().hex}))


def unreachable(where: str) -> str:
    """trap P12: the real one tries for half a minute; 1.5 for ten seconds."""
    proved("a call where nothing listens", "version_refused", "extract_refused", "migrate_default_from_refused")
    time.sleep(0 if os.environ.get("LAB_HASTE") else 10 if V < (1, 6, 0) else 30)
    text = "context deadline exceeded"
    port = where.rpartition(":")[2]
    if V < (1, 8, 0):
        return text
    if port not in ("30650", "650"):
        return (
            f'could not connect (note: port is usually 30650 or 650, but is currently set to "{port}"--is this right?):'
            f" {text}"
        )
    hint = "looks like loopback, check that 'pachctl port-forward' is running"
    return f'could not connect (note: address "{where}" {hint}): {text}'


def ask(verb: str, /, **args: Any) -> Any:
    first_call()
    where = address()
    host, _colon, port = where.rpartition(":")
    try:
        connection = socket.create_connection((host, int(port)), timeout=5)
    except OSError:
        raise Failed(unreachable(where)) from None
    connection.settimeout(600)
    try:
        connection.sendall(json.dumps({"name": verb, "args": args}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline()
    except OSError:
        line = b""
    if not line:
        # What the real one adds when a restore breaks.
        raise Failed("transport is closing" + (f"\n{WARNING}" if verb == "restore" and V >= (1, 8, 3) else ""))
    answer = json.loads(line)
    if "uncaptured" in answer:
        raise Uncaptured(answer["uncaptured"])
    if "error" in answer:
        raise Failed(answer["error"])
    return answer["value"]
