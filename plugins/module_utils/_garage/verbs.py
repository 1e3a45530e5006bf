# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The steps that only this product has; the others are in _plan/verbs.py."""

from __future__ import annotations

from typing import Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import CLUSTER, THINGS, Verb

VERBS: Mapping[str, Verb] = {
    "repair": Verb(what="run the online repairs and wait for their end"),
    "snapshot": Verb(what="take the product's own snapshot of the metadata"),
    "backup_live": Verb(
        slots=("backup",),
        final_after=("release", "data"),
        fresh=True,
        what="back up the metadata of the node that serves, from a snapshot of its own, with a manifest",
    ),
    "count": Verb(fresh=True, what="count the entries of every table"),
    "renew": Verb(
        discards=True,
        bars=("ports",),
        bars_walks=True,
        what="rename the database, so that the other nodes fill a new one",
    ),
    "complete": Verb(what="prove that the node has all that the others have"),
    "convert": Verb(
        slots=("engine",), discards=True, what="convert the metadata to an engine that the new release has"
    ),
    "adopt": Verb(what="let the release that runs read the converted database from its next start on"),
    "readable": Verb(what="let the new release read a copy of what the old one has written, and serve it alone"),
    "contents": Verb(CLUSTER, what="compare buckets, aliases, keys and permissions before anything may delete a block"),
    "offline_repair": Verb(slots=("data",), bars=THINGS, what="run the offline migration with the new release"),
    "restart": Verb(
        slots=("service",),
        agreed=True,
        opens=("service",),
        what="switch all nodes to the new release at one agreed moment",
    ),
    "connect": Verb(what="connect every node with every other at once"),
    "watch": Verb(CLUSTER, what="watch errors, queues and the probe under production load"),
}
