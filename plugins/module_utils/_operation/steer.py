# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What people ask of a run from outside: to pause or to end before its next wave, and where it waits to be approved.

What is asked is kept at the leader, in DIR/asked.json with 0600, for one operation: another one does not see it. No
lease is needed to ask, since it is the run itself that does it.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import write_atomic

PAUSE, ABORT, NOTHING = "pause", "abort", ""
ASKS = (NOTHING, PAUSE, ABORT)
FIRST_WAVE, PASS, HOP = "first_wave", "pass", "hop"
FILE = "asked.json"
_KEYS = {"ask", "operation", "who", "reason", "at"}


def asked(directory: str, operation: str) -> dict[str, Any]:
    """{ask, operation, who, reason, at} of this operation; ask is "" where nothing was asked, or of another one."""
    path = Path(directory) / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if set(told) != _KEYS or told["ask"] not in ASKS:
            raise ValueError("it lacks what such a file has")
    except FileNotFoundError:
        told = {}
    except (ValueError, TypeError) as exc:
        raise UpliftError(
            f"{path} cannot be read ({exc}); expected what a pause or an abort has written. Nothing was changed. Remove"
            " the file, and ask again."
        ) from exc
    if told.get("operation") != operation:
        return {"ask": NOTHING, "operation": operation, "who": "", "reason": "", "at": 0.0}
    return dict(told)


def ask(directory: str, operation: str, what: str, who: str, reason: str) -> bool:
    """Note it for the operation; NOTHING takes back what was asked. Whether that is a change."""
    before = asked(directory, operation)
    if before["ask"] == what:
        return False
    path = Path(directory) / FILE
    if what == NOTHING:
        os.unlink(path)
        return True
    told = {"ask": what, "operation": operation, "who": who, "reason": reason, "at": time.time()}
    write_atomic(str(path), json.dumps(told).encode(), 0o600)
    return True


def point(plan: Mapping[str, Any], hop: int, name: str, host: str, after: str) -> str:
    """The point in the plan that has to be approved before the wave of `host` begins; "" for none.

    after: first_wave, when the first of several waves of a pass is done; pass, before each pass of a hop but its first;
    hop, before each hop but the first; "" for nowhere. A point is `0/walk/1`: hop, pass, waves of it that are done.
    """
    passes = plan["hops"][hop]["passes"]
    wave = next((number for number, hosts in enumerate(passes[name]["waves"]) if host in hosts), 0)
    first = next(iter(passes)) == name
    due = {
        NOTHING: False,
        FIRST_WAVE: wave == 1,
        PASS: wave == 0 and not first,
        HOP: wave == 0 and first and hop > 0,
    }
    return f"{hop}/{name}/{wave}" if due[after] else ""


def waits(told: Mapping[str, Any], wave: Sequence[str], product: str) -> str:
    """What an operator reads while the run is paused."""
    why = f": {told['reason']}" if told["reason"] else ""
    return (
        f"Paused before {', '.join(wave)} by {told['who']}{why}. Go on with the playbook {product}_resume, or end the"
        f" run with {product}_abort."
    )
