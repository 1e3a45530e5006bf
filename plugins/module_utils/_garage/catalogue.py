# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The releases of Garage, and the hops between them, each by the makers' guide. Pure data."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage import shapes
from ansible_collections.uplift.datastores.plugins.module_utils._garage.verbs import VERBS
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    Catalogue,
    Hop,
    Refusal,
    Renewal,
    Series,
    Shape,
)

# Guide 001, "Minimal downtime migration procedure" (rolling) and "Simple migration procedure" (all_at_once).
# A proof between the backup and the switch is ours: the guide asks for a backup and does not look at it.
SEVEN_TO_EIGHT = Hop(
    source="0.7",
    target="0.8",
    shapes=(
        Shape(
            "rolling",
            {
                "before": ("preflight", "stage", "inventory", "repair", "drain"),
                "walk": ("stop", "backup", "start", "connect", "healthy"),
                "together": ("prove", "activate", "restart", "connect", "healthy"),
                "walk_again": ("stop", "offline_repair", "start", "connect", "healthy"),
                "after": ("repair", "verify", "watch"),
            },
            {"walk": shapes.AWAY, "together": shapes.SWITCHED, "walk_again": shapes.AWAY},
        ),
        Shape(
            "all_at_once",
            {
                "before": ("preflight", "stage", "inventory", "quiesce", "connect", "repair", "drain"),
                # Held down, and the old release: a start in the middle of the repair would be of nothing new.
                "together": ("stop", "backup", "prove", "offline_repair", "activate", "start", "connect"),
                "after": ("healthy", "repair", "resume", "connect", "healthy", "verify", "watch"),
            },
            {
                "before": shapes.STOPPED,
                "together": shapes.STOPPED,
                "after": "clients are let in again before the inventory is compared",
            },
        ),
    ),
    irreversible="the counters' tables are new in 0.8: going back means the metadata backup of every node",
    guide="Migrating from 0.7 to 0.8 (guide 001)",
)

# Guide 000, "Migrating from 0.5 to 0.6", its eleven steps; the numbers are the guide's. The migration asks the running
# daemon, so the new release has to be active before it; clients are shut out until it is proved.
FIVE_TO_SIX = Hop(
    source="0.5",
    target="0.6",
    shapes=(
        Shape(
            "all_at_once",
            {
                "before": ("preflight", "stage", "inventory", "quiesce", "connect", "repair", "drain"),  # 1, 2
                "together": ("stop", "backup", "prove", "activate", "start", "connect", "healthy"),  # 4 - 6
                # 7 and 8, 9, 10, 11
                "after": ("migrate", "repair", "contents", "resume", "connect", "healthy", "verify", "watch"),
            },
            {
                "before": shapes.STOPPED,
                "together": shapes.STOPPED,
                "after": "clients are let in again when the contents are right",
            },
        ),
    ),
    irreversible="the buckets get a new table, and the migration of its contents may be made once only",
    guide="Migrating from 0.5 to 0.6 (guide 000)",
)

# The makers' notes for 0.7 take the cluster offline (rolling has not been tried there), those for 1.0 and 2.0 restart
# all nodes at once; each hop was made by hand on real clusters, with all checksums compared.
SIX_TO_SEVEN = Hop(
    source="0.6",
    target="0.7",
    shapes=(shapes.rolling(), shapes.switch(convert=("activate",))),
    irreversible="0.7 writes entries anew in its own form; going back means the metadata backup of every node",
    guide="Migrating from 0.6 to 0.7 (measured on real clusters)",
)

# A mixed cluster looks healthy and refuses writes (G03): all nodes switch at one moment. Rolling, the engine stays,
# written out. 0.9's own program converts before it is made active: until then what could be started is the old
# release on the old database, and never 0.9 on an empty one (G01).
EIGHT_TO_NINE = Hop(
    source="0.8",
    target="0.9",
    shapes=(shapes.rolling(convert=("readable",)), shapes.switch(convert=("convert", "activate"))),
    irreversible="0.9 writes entries in a form that 0.8 cannot read: going back means every node's metadata backup",
    guide="Migrating from 0.8 to 0.9 (measured on real clusters)",
)

# 1.0 no longer knows the entries of 0.5, and 0.6 to 0.9 leave an entry as it is until something writes it anew: a
# cluster that began with 0.5 went to 1.3 healthy, and 0 of 42 objects were readable. What a node is sent by a sync it
# writes in its own form, and what it sends back the others write anew as well. Full copies of buckets and keys are
# asked of the node itself: an empty one tells its clients that they do not exist, so it is closed to them meanwhile.
_HAND = (
    " shut clients out; on one node of each zone at a time, stop it, move its database out of the metadata directory,"
    " start it, and run `garage repair --all-nodes --yes tables` until it has synced, twice. Then run this without"
    " garage_created_with."
)
_LEGAL = " garage_stop_after 0.9 ends the operation before."
ANEW = Renewal(
    below=Version(0, 6, 0),
    modes=("3",),
    shapes=(
        shapes.switch(
            before=("snapshot",),
            walk=(
                *("count", "quiesce", "stop", "renew", "start", "connect", "complete"),
                *("resume", "connect", "healthy"),
            ),
            convert=("convert", "readable", "activate"),
        ),
    ),
    by_hand=Refusal(
        "copies_mislead",
        "1.x cannot read entries that 0.5 wrote, and writing them anew empties a node's database for a while; with"
        " replication {0!r} readers would be told that objects do not exist; expected {1!r}. Do it by hand on 0.9:"
        + _HAND
        + _LEGAL,
    ),
    alone=Refusal(
        "no_copies",
        "1.x cannot read entries that 0.5 wrote, and writing them anew takes a copy on another node; with replication"
        " {0!r} there is none. On 0.9, copy the objects to a new cluster through S3." + _LEGAL,
    ),
)

# sled is gone in 1.x: the last 0.9 converts, on nodes that are down, and can go on with what it has converted.
NINE_TO_ONE = Hop(
    source="0.9",
    target="1",
    shapes=(
        shapes.rolling(before=("snapshot",), convert=("convert", "adopt", "readable")),
        shapes.switch(before=("snapshot",), convert=("convert", "readable", "activate")),
    ),
    renewal=ANEW,
    irreversible="1.x writes the layout and entries anew: going back means the metadata backup of every node",
    guide="Migrating from 0.9 to 1.0 (measured on real clusters)",
    depart=Version(0, 9, 4),
)

ONE_TO_TWO = Hop(
    source="1",
    target="2",
    shapes=(
        shapes.rolling(before=("snapshot",), convert=("readable",)),
        shapes.switch(before=("snapshot",), convert=("activate",)),
        *shapes.LIVE,
    ),
    irreversible="2.x writes buckets and keys in a form that 1.x cannot read: going back means the metadata backup of"
    " every node",
    guide="Migrating from 1.0 to 2.0 (measured on real clusters)",
)

# A newer release of a known series is allowed with a note. 0.4 stands here so that a refusal can name the legal path.
GARAGE = Catalogue(
    product="garage",
    series=(
        Series("0.4", Version(0, 4, 0), Version(0, 4, 0)),
        Series("0.5", Version(0, 5, 0), Version(0, 5, 1)),
        Series("0.6", Version(0, 6, 0), Version(0, 6, 0)),
        # A longer upgrade path touches 0.7 for minutes only: at the release that every figure here was measured with.
        Series("0.7", Version(0, 7, 0), Version(0, 7, 3), stop=Version(0, 7, 0)),
        Series("0.8", Version(0, 8, 0), Version(0, 8, 7)),
        Series("0.9", Version(0, 9, 0), Version(0, 9, 4)),
        Series("1", Version(1, 0, 0), Version(1, 3, 0)),
        Series("2", Version(2, 0, 0), Version(2, 5, 0)),
    ),
    until=Version(3, 0, 0),
    hops=(
        Hop("0.4", "0.5", refusal="the makers advise against 0.4 and older; make a new cluster and copy the objects."),
        FIVE_TO_SIX,
        SIX_TO_SEVEN,
        SEVEN_TO_EIGHT,
        EIGHT_TO_NINE,
        NINE_TO_ONE,
        ONE_TO_TWO,
    ),
    back=(shapes.BACK, shapes.REOPEN, shapes.SWAP),
    redundancy="garage layout config -r",
    unmet={
        "backup_live": "the nodes are stopped for their backup all the same, since the hop converts the database or the"
        " release takes no snapshot of it (garage_backup_method)."
    },
    verbs=VERBS,
    patch=shapes.PATCH,
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
