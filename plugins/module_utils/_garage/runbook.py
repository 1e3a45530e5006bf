# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: database engines, and the commands that a runbook needs once. From each release's help and source code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import Form


@dataclass(frozen=True)
class Engine:
    """Where an engine keeps its database below `metadata_dir`, and how one can tell that there is one."""

    path: str
    proof: str
    """A file of every database of this engine, relative to `path`; empty where `path` itself tells enough."""
    since: Version
    until: Version = Version(3, 0, 0)
    other_names: tuple[str, ...] = ()
    blank_pages: int = 0
    """Memory pages in the proof of a database that holds nothing at all: a start that failed leaves one (G21)."""
    snapshots: bool = True
    """Whether it can be copied while the node serves."""
    survives: bool = False
    """Whether all that a client was told is stored outlives the process, however it ends. sled flushes every 2 s."""


ENGINES: Mapping[str, Engine] = {
    "sled": Engine("db", "db", Version(0, 5, 0), until=Version(1, 0, 0), snapshots=False),
    "lmdb": Engine("db.lmdb", "data.mdb", Version(0, 8, 0), other_names=("heed",), blank_pages=2, survives=True),
    "sqlite": Engine("db.sqlite", "", Version(0, 8, 0), other_names=("sqlite3", "rusqlite"), survives=True),
    "fjall": Engine("db.fjall", "", Version(1, 3, 0)),
}

# The engine of a release whose configuration names none: what follows the older release's is a new, empty one (G01).
DEFAULT_ENGINES: Sequence[tuple[Version, str]] = ((Version(0, 9, 0), "lmdb"), (Version(0, 5, 0), "sled"))

# Trees that every database since 0.8 has: a conversion without them converted something else.
TREES = ("bucket_v2:table", "key:table", "object:table", "version:table", "block_ref:table")

MIGRATIONS: Mapping[str, Sequence[Form]] = {
    # 0.7 to 0.9 still have it (G13): only the first series after 0.5 may need it.
    "buckets050": (Form(Version(0, 6, 0), ("migrate", "--yes", "buckets050"), until=Version(0, 7, 0)),),
}

TOOLS: Mapping[str, Sequence[Form]] = {
    "convert-db": (Form(Version(0, 8, 7), ("convert-db",)),),
    "meta snapshot": (Form(Version(0, 9, 4), ("meta", "snapshot")),),
}
