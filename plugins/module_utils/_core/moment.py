# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""When something was left on a node, to distinguish it from what an earlier step has left. No clock counts here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping

Moment = Dict[str, Any]  # {boot: id of the node's boot, up: seconds since it}

KEY = "at"
BOOT, UPTIME = "/proc/sys/kernel/random/boot_id", "/proc/uptime"


def now() -> Moment:
    """{} where the node cannot tell."""
    try:
        boot = Path(BOOT).read_text(encoding="ascii").strip()
        return {"boot": boot, "up": float(Path(UPTIME).read_text(encoding="ascii").split()[0])}
    except (OSError, ValueError, IndexError):
        return {}


def since(item: Mapping[str, Any], begun: Mapping[str, Any], here: Mapping[str, Any]) -> bool:
    """Was the evidence left after `begun`? here: the present moment. What has no moment of its own counts as new."""
    left = item.get(KEY) or {}
    if not left or not begun or not here:
        return True
    if left["boot"] != here["boot"]:
        return False  # of before the node was booted, so an earlier step's
    return bool(begun["boot"] != here["boot"] or left["up"] >= begun["up"])


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != KEY}
