# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Catalogue, Hop, Series, Shape, Verb

ALL_AT_ONCE = {
    "before": ("preflight", "inventory"),
    "together": ("stop", "backup", "activate", "polish", "start"),
    "after": ("verify",),
}
ROLLING = {"before": ("preflight", "inventory"), "walk": ("stop", "activate", "start"), "after": ("verify",)}
TOY = Catalogue(
    product="toy",
    series=(Series("1", Version(1, 0, 0), Version(1, 1, 0)), Series("2", Version(2, 0, 0), Version(2, 0, 0))),
    until=Version(3, 0, 0),
    hops=(Hop("1", "2", shapes=(Shape("all_at_once", ALL_AT_ONCE),), irreversible="2 writes a form of its own"),),
    verbs={"polish": Verb(slots=("data",), bars=("service",), what="write the words in the form of the new release")},
    patch=(Shape("rolling", ROLLING),),
    quorums={"2": (2, 1)},
    back=(
        Shape("all_at_once", {"together": ("stop", "restore", "activate", "start"), "after": ("verify",)}),
        Shape("all_at_once", {"together": ("start",), "after": ("verify",)}),
    ),
)
