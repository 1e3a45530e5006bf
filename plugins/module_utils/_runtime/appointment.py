# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The moment at which all nodes of a switch do the same, and a node that is told of it late."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

SOONEST = 0.5  # seconds that it must lie ahead, so that a timer is surely armed before it
LATEST = 60.0  # seconds after it in which a node still follows the others


def effective(at: float, now: float, name: str) -> float:
    """When to act: at the moment, or 0.0 for at once where there is none, or not enough of it left.

    The others have been told it and do not wait: a node that stays behind keeps clients out until somebody comes, one
    that follows at once for as long as it is late. UpliftError when it is so long past that nobody will have kept it.
    """
    if at and now - at > LATEST:
        raise UpliftError(
            f"The moment for {name} is {now - at:.0f} s past at this node, expected it ahead, or {LATEST:g} s past at"
            " most: the controller slept, or its work takes too long. Agree on a later one. Nothing was changed."
        )
    return at if at - now >= SOONEST else 0.0


def late(at: float, began: float) -> float:
    """Seconds after the moment at which a node began."""
    return round(max(0.0, began - at), 2) if at else 0.0
