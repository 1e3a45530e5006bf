# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Catalogue, Hop, Series, Way
from ansible_collections.uplift.datastores.plugins.module_utils._version import Version

_STOPPED = "clients are shut out from here until the ports are opened again"
_SWITCH = "all nodes switch at one moment: no node answers for some seconds"
_AWAY = "one wave is away at a time: clients that retry on another address notice nothing"

# Strategies of a move that old and new releases of one series share a protocol for.
PATCH = (
    Way(
        "rolling",
        {
            "before": ("preflight", "stage", "inventory"),
            "walk": ("stop", "backup", "prove", "activate", "start", "connect", "healthy"),
            "after": ("verify", "watch"),
        },
        {"walk": _AWAY},
    ),
    Way(
        "all_at_once",
        {
            "before": ("preflight", "stage", "inventory"),
            "together": ("stop", "backup", "prove", "activate", "start", "connect", "healthy"),
            "after": ("verify", "watch"),
        },
        {"together": "no node answers from the stop to the start"},
    ),
)

# Guide 001, "Minimal downtime migration procedure" (rolling) and "Simple migration procedure" (all_at_once).
# A proof between the backup and the switch is ours: the guide asks for a backup and does not look at it.
SEVEN_TO_EIGHT = Hop(
    source="0.7",
    target="0.8",
    ways=(
        Way(
            "rolling",
            {
                "before": ("preflight", "stage", "inventory", "repair", "drain"),
                "walk": ("stop", "backup", "start", "connect", "healthy"),
                "together": ("prove", "activate", "restart", "connect", "healthy"),
                "walk_again": ("stop", "offline_repair", "start", "connect", "healthy"),
                "after": ("repair", "verify", "watch"),
            },
            {"walk": _AWAY, "together": _SWITCH, "walk_again": _AWAY},
        ),
        Way(
            "all_at_once",
            {
                "before": ("preflight", "stage", "inventory", "quiesce", "connect", "repair", "drain"),
                "together": ("stop", "backup", "prove", "activate", "offline_repair", "start", "connect"),
                "after": ("healthy", "repair", "resume", "connect", "healthy", "verify", "watch"),
            },
            {
                "before": _STOPPED,
                "together": _STOPPED,
                "after": "clients are let in again before the inventory is compared",
            },
        ),
    ),
    irreversible="the counters' tables are new in 0.8: going back means the metadata backup of every node",
    guide="Migrating from 0.7 to 0.8 (guide 001)",
)

# Newest release of each series known to this collection; a newer patch of a known series is allowed with a note.
# Series (0, 5) and (0, 6) and those from (0, 9) on stand here so that a refusal can name the legal path.
GARAGE = Catalogue(
    product="garage",
    series=(
        Series("0.4", Version(0, 4, 0), Version(0, 4, 0)),
        Series("0.5", Version(0, 5, 0), Version(0, 5, 1)),
        Series("0.6", Version(0, 6, 0), Version(0, 6, 0)),
        Series("0.7", Version(0, 7, 0), Version(0, 7, 3)),
        Series("0.8", Version(0, 8, 0), Version(0, 8, 7)),
        Series("0.9", Version(0, 9, 0), Version(0, 9, 4)),
        Series("1", Version(1, 0, 0), Version(1, 3, 0)),
        Series("2", Version(2, 0, 0), Version(2, 1, 0)),
    ),
    until=Version(3, 0, 0),
    hops=(SEVEN_TO_EIGHT,),
    patch=PATCH,
    # replication_mode -> (copies, how many must answer for a read and a write). The "dangerous" modes are held to the
    # safe quorum: an upgrade is not the hour to lean on them.
    quorums={
        "3": (3, 2),
        "3-degraded": (3, 2),
        "3-dangerous": (3, 2),
        "2": (2, 2),
        "2-dangerous": (2, 2),
        "1": (1, 1),
        "none": (1, 1),
    },
)
