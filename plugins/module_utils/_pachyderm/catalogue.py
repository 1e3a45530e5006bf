# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

from typing import Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.verbs import VERBS
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    Catalogue,
    Hop,
    Refusal,
    Series,
    Shape,
)

_SAYS_112 = Version(1, 12, 0)
_AWAY = "Kubernetes replaces the server's pod: the new one answers before the old one goes"
_DOWN = "nobody can load, read or process from here until the ports are opened again"
_REST = ("preflight", "stage", "quiesce", "drain", "pause", "inventory")
# The pipelines are paused again after a restore: what 1.9.0 and older carried comes back running (P06).
_WAKE = ("healthy", "pause", "verify")
# P38: an update of a pipeline that runs begins to work at once, so it comes after the pause.
_AMENDED = ("healthy", "pause", "amend", "verify")
_SHUT_OUT = {"before": _DOWN, "together": _DOWN, "after": _DOWN}

# Releases of one series share the metadata: undeploy and redeploy, or a rolling change of the deployment.
PATCH = (
    Shape(
        "rolling",
        {
            "before": ("preflight", "stage", "inventory"),
            "walk": ("backup", "prove", "activate", "healthy"),
            "after": ("verify",),
        },
        {"walk": _AWAY},
    ),
    Shape(
        "all_at_once",
        {
            "before": ("preflight", "stage", "inventory"),
            "together": ("backup", "prove", "stop", "activate", "start", "healthy"),
            "after": ("verify",),
        },
        {"together": "the server does not answer from the stop to the start"},
    ),
)

# Guide 004: extract, undeploy, redeploy, restore. The rest, the backup, the count and the proofs are ours.
# In parallel with the old cluster the restore itself comes before anything is thrown away.
DUMPED = (
    Shape(
        "all_at_once",
        {
            "before": (*_REST[:2], "rehearse", *_REST[2:], "extract", "try_restore"),
            "together": ("backup", "prove", "recount", "stop", "activate", "undeploy", "redeploy", "restore"),
            "after": (*_AMENDED, "resume", "unpause"),
        },
        _SHUT_OUT,
    ),
    Shape(
        "side_by_side",
        {
            "before": (*_REST, "extract"),
            "together": ("backup", "prove", "recount", "deploy_parallel", "restore"),
            "after": (*_AMENDED, "switch", "resume", "unpause"),
        },
        {**_SHUT_OUT, "after": "the old cluster stays paused next to the new one: going back is a switch"},
    ),
)

# Guide 002, "Migrate to 1.5.x". Called by its path: until the metadata is 1.5's, nothing starts 1.5 on it.
MIGRATED = (
    Shape(
        "all_at_once",
        {
            "before": _REST,
            "together": ("backup", "prove", "stop", "migrate", "activate", "start"),
            "after": (*_WAKE, "resume", "unpause"),
        },
        _SHUT_OUT,
    ),
)

# Going back over a hop: the old metadata is renamed, or the old cluster is paused next to it. Nothing is read from a
# backup.
_LOST = {"together": "nobody answers until the old release does; what was written since is lost"}
BACK = Shape("all_at_once", {"together": ("recall",), "after": ("healthy", "verify", "unpause")}, _LOST)
REOPEN = Shape("all_at_once", {"together": ("recall",), "after": ("healthy", "unpause")})

_COPY = (
    "1.4 keeps data and pipelines in another way, and no migration was ever written (the directory"
    " migration/1.3.12-1.4.0 that the guide names never existed). The written procedure, migration/1.3.x-1.4.x of"
    " 1.4.0: a new 1.4 cluster is run in parallel with the old one; for each repo and each commit in order, `pachctl"
    " put-file REPO BRANCH -f OLD:30650/REPO/BRANCH -r`; write the pipelines' specs anew (BLOCK becomes glob /*/*, FILE"
    " becomes /*, REPO becomes /; output becomes egress; gc_policy goes) and create them; compare; then let the old"
    " cluster go."
)
_NO_WAY_TO_16 = (
    "the makers' guides name no upgrade from 1.5 to 1.6, and `pachctl migrate` of 1.6 knows none but 1.4 to 1.5.0. Load"
    " the data into a new cluster of 1.7 or later instead, repo by repo."
)
_NO_WAY_TO_2 = (
    "extract and restore are gone in 2.0, so there is no dump to take along. Go to the last release of 1.13, then take"
    " the makers' own upgrade to 2."
)
_GUIDE = "extract, redeploy, restore (guide 004)"

_SERIES = (
    Series("1.3", Version(1, 0, 0), Version(1, 3, 19)),
    Series("1.4", Version(1, 4, 0), Version(1, 4, 8)),
    Series("1.5", Version(1, 5, 0), Version(1, 5, 3)),
    Series("1.6", Version(1, 6, 0), Version(1, 6, 10)),
    Series("1.7", Version(1, 7, 0), Version(1, 7, 14)),
    Series("1.8", Version(1, 8, 0), Version(1, 8, 8)),
    Series("1.9", Version(1, 9, 0), Version(1, 9, 12)),
    Series("1.10", Version(1, 10, 0), Version(1, 10, 5)),
    Series("1.11", Version(1, 11, 0), Version(1, 11, 9)),
    Series("1.12", Version(1, 12, 0), Version(1, 12, 5)),
    Series("1.13", Version(1, 13, 0), Version(1, 13, 4)),
    Series("2", Version(2, 0, 0), Version(2, 0, 0)),
)
_BACK = "the metadata is fresh, read from the dump: going back means what was renamed, and the old release"


def called(version: Version) -> Version:
    """What a release calls itself: the tags 1.11.1 - 1.11.9 say 1.12.0 (P18)."""
    return _SAYS_112 if Version(1, 11, 1) <= version < _SAYS_112 else version


def _dumped() -> Iterator[Hop]:
    """From 1.9 on the restoring release converts every older stream, so that one hop goes straight to the target."""
    # The last point release of a series writes its dump. What calls itself 1.12.0 may be 1.11.1 - 1.11.9 too (P18), so
    # its series has no last release that was known; the upgrade straight from there is measured.
    depart = {"1.9": Version(1, 9, 12), "1.10": Version(1, 10, 5)}
    names = [series.name for series in _SERIES if Version(1, 9, 0) <= series.since < Version(2, 0, 0)]
    for place, source in enumerate(names):
        for target in names[place + 1 :]:
            yield Hop(source, target, DUMPED, _BACK, _GUIDE, depart=depart.get(source))


PACHYDERM = Catalogue(
    product="pachyderm",
    unit="pachd.service",
    series=_SERIES,
    until=Version(3, 0, 0),
    hops=(
        Hop("1.3", "1.4", refusal=_COPY),  # P17
        Hop(
            "1.4",
            "1.5",
            MIGRATED,
            "1.4 cannot read what is migrated: going back means the backup of the metadata",
            "pachctl migrate (guide 002)",
            arrive=Version(1, 5, 0),  # P16: the only routine there is
        ),
        Hop("1.5", "1.6", refusal=_NO_WAY_TO_16),
        # P19: before 1.6.9 there is no extract.
        Hop("1.6", "1.7", DUMPED, _BACK, _GUIDE, depart=Version(1, 6, 10)),
        Hop("1.7", "1.8", DUMPED, _BACK, "1.7.14 to 1.8 (guide 004)", depart=Version(1, 7, 14)),
        Hop("1.8", "1.9", DUMPED, _BACK, "1.8.7 to 1.9.0 (guide 004)", depart=Version(1, 8, 8)),
        *_dumped(),
        Hop("1.13", "2", refusal=_NO_WAY_TO_2),
    ),
    verbs=VERBS,
    patch=PATCH,
    back=(BACK, REOPEN),
    # Its recover makes the old release the active one again: the metadata are what counts.
    retracts=("activate",),
    called=called,
    by_hand={
        "kubernetes": (
            "undeploy",
            Refusal(
                "by_hand",
                "In place on Kubernetes the volumes of the old metadata are gone, so no program can go back. Deploy the"
                " old release, restore the snapshot of etcd that lies next to the dump (pachyderm_backup_dir), and"
                " start it. Nothing was changed.",
            ),
        )
    },
    # What stands behind the control node: Kubernetes starts a new pod before it ends the old one, systemd cannot.
    quorums={"kubernetes": (2, 1), "systemd": (1, 1)},
    never={
        # P25
        Version(
            1, 8, 0
        ): "its server panics on a dump of 1.7, and on the metadata and objects of one, although the guide goes there.",
        Version(1, 8, 1): "it refuses a dump of 1.7, and the first release that reads one is 1.8.3.",
        Version(1, 8, 2): "it refuses a dump of 1.7, and the first release that reads one is 1.8.3.",
    },
)
