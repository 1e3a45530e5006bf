# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: what dumps each release of Pachyderm writes and reads, and what it calls itself."""

from __future__ import annotations

from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import some
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import PACHYDERM

FULL, KEPT = "full", "kept"
"""What a dump holds: objects and metadata, or metadata alone besides an object store that is kept."""

# (since, the stream that `extract` writes from there on); a release reads its own and every older one from 1.7.
STREAMS: Sequence[tuple[Version, str]] = (
    (Version(1, 6, 9), "1.7"),
    (Version(1, 8, 1), "1.8"),
    (Version(1, 9, 0), "1.9"),
    (Version(1, 10, 0), "1.10"),
    (Version(1, 11, 0), "1.11"),
    (Version(1, 11, 1), "1.12"),
    (Version(1, 13, 0), "1.13"),
)
ORDER = ("1.7", "1.8", "1.9", "1.10", "1.11", "1.12", "1.13")
_KEEPS_OBJECTS = Version(1, 7, 0)  # P19: extract has --no-objects from here on
NESTED_UNTIL = Version(1, 9, 12)  # P22


def writes(version: Version) -> str:
    """The stream of a release's dumps; "" when it writes none."""
    found = [stream for since, stream in STREAMS if since <= version < Version(2, 0, 0)]
    return found[-1] if found else ""


def unreadable(stream: str, full: bool, target: Version) -> str:
    """Why a release cannot restore a dump of this stream; "" when it can."""
    own = writes(target)
    if not own:
        return f"{target} has no restore"
    if ORDER.index(stream) > ORDER.index(own):
        # P15, P35: some say `unrecognized stream version`, some restore nothing and exit 0.
        return f"{target} reads streams up to {own}, and this one is of {stream}"
    if stream == "1.7" and target in PACHYDERM.never:
        return f"{target} cannot read a dump of 1.7: {PACHYDERM.never[target]}"  # P25
    if stream == "1.8" and full and own == "1.9":
        return f"{target} mixes up the versions of a full dump of 1.8; only one without objects can be restored"  # P26
    return ""


def clashing(clashes: Sequence[str], target: Version) -> str:
    """Why a release ends in the middle of a dump that has such commits; "" where it does not."""
    if not clashes or not forms.of(forms.ONE_OF_A_BRANCH, target):
        return ""
    return (
        f"{target} restores no commit that has two commits of one branch in its provenance, and ends at the first of"
        f" {some(clashes)} (`the commit provenance contains multiple commits from the same branch`)"
    )


def form(source: Version, target: Version, expected: str, parallel: bool) -> str:
    """FULL or KEPT: what the dump of a hop has to hold. `expected` is the operator's word, or "" for what is usual.

    In parallel with the old cluster the new one has an object store of its own, so the objects have to come along.
    """
    stream, can_keep = writes(source), source >= _KEEPS_OBJECTS
    usual = KEPT if can_keep and not parallel and stream != "1.7" else FULL
    return expected or (KEPT if unreadable(stream, usual == FULL, target) and can_keep else usual)
