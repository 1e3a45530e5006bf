# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The ways over a hop of Garage, pass by pass, with what clients notice of each, and those back. Pure data."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import TOOLS
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Shape

STOPPED = "clients are shut out from here until the ports are opened again"
SWITCHED = "all nodes switch at one moment: no node answers for some seconds, however large the metadata are"
_DOWN = "no node answers from the stop to the start: how long is unknown, and grows with the metadata"
_LATER = "; going back loses what they write from the backup on"
_RESTARTED = "clients are served while the nodes are backed up, and by none from the stop to the start"
_SERVED = "clients notice nothing: each wave is backed up while it serves" + _LATER
_EMPTY = "one node at a time is closed to clients until it has everything again: clients that retry notice nothing"
AWAY = "one wave is away at a time: clients that retry on another address notice nothing"

# From here on a node that serves can be backed up, from its own snapshot.
_LIVE = TOOLS["meta snapshot"][0].since


def _patched(strategy: str, name: str, backed_up: tuple[str, ...], noticed: str, since: Version | None = None) -> Shape:
    """A move that old and new releases of one series share a protocol for. backed_up: the steps up to the proof."""
    switched = ("activate", "start", "connect", "healthy")
    return Shape(
        strategy,
        {
            "before": ("preflight", "stage", "inventory"),
            name: (*backed_up, *switched),
            "after": ("verify", "watch"),
        },
        {name: noticed},
        since=since,
    )


_STILL, _SERVING = ("stop", "backup", "prove"), ("backup_live", "prove", "stop")
PATCH = (
    _patched("rolling", "walk", _STILL, AWAY),
    _patched("rolling", "walk", _SERVING, AWAY + _LATER, _LIVE),
    _patched("all_at_once", "together", _STILL, _DOWN),
    _patched("all_at_once", "together", _SERVING, _RESTARTED + _LATER, _LIVE),
)


def switch(
    *more: str,
    before: tuple[str, ...] = (),
    convert: tuple[str, ...] = (),
    walk: tuple[str, ...] = (),
    live: bool = False,
) -> Shape:
    """Old and new releases do not understand each other, and clients may write until the stop: all nodes at once."""
    walked = {"walk": walk} if walk else {}
    return Shape(
        "all_at_once",
        {
            "before": ("preflight", "stage", "inventory", *before, "repair", "drain"),
            **walked,
            # A switch of releases and a proof that their contents are the same come before anything may delete a block.
            "together": (*(_SERVING if live else _STILL), *convert, "start", "connect", "healthy", "contents"),
            "after": (*more, "repair", "verify", "watch"),
        },
        {**dict.fromkeys(walked, _EMPTY), "together": _RESTARTED + _LATER if live else _DOWN},
        since=_LIVE if live else None,
    )


def rolling(*, before: tuple[str, ...] = (), convert: tuple[str, ...] = ()) -> Shape:
    """The same with all that takes time done before, while the others serve: the switch itself is a restart of all.

    With `readable` the new release reads a copy of each node's own data there, before anybody is switched.
    A node that is converted is so on the old release, which goes on with it; its backup is of what it goes on with, so
    that it fits the configuration to which a rollback goes back.
    """
    return Shape(
        "rolling",
        {
            "before": ("preflight", "stage", "inventory", *before, "repair", "drain"),
            "walk": ("stop", *convert, "backup", "start", "connect", "healthy"),
            "together": ("prove", "activate", "restart", "connect", "healthy", "contents"),
            "after": ("repair", "verify", "watch"),
        },
        {"walk": AWAY, "together": SWITCHED},
    )


# The same two where nothing has to be converted, with the backup of a node that serves: its walk stops nothing.
LIVE = (
    Shape(
        "rolling",
        {
            "before": ("preflight", "stage", "inventory", "repair", "drain"),
            "walk": ("backup_live", "prove"),
            "together": ("activate", "restart", "connect", "healthy", "contents"),
            "after": ("repair", "verify", "watch"),
        },
        {"walk": _SERVED, "together": SWITCHED},
        since=_LIVE,
    ),
    switch(convert=("activate",), live=True),
)

# Going back over a hop: nodes that have run the new release get their metadata back; else the old one is only started.
BACK = Shape(
    "all_at_once",
    {
        "together": ("stop", "restore", "activate", "start", "connect"),
        "after": ("healthy", "resume", "connect", "healthy", "contents", "verify"),
    },
    {"together": "no node answers from the stop to the start; what was written since the backup is lost"},
)
REOPEN = Shape(
    "all_at_once",
    {
        "together": ("start", "connect"),
        "after": ("healthy", "resume", "connect", "healthy", "contents", "verify"),
    },
)

# A move inside a series that stopped midway: the nodes that have the new release get the old one again.
SWAP = Shape(
    "all_at_once",
    {"together": ("stop", "activate", "start", "connect"), "after": ("healthy", "contents", "verify")},
    {"together": "the nodes that were switched do not answer from the stop to the start; the others serve"},
)
