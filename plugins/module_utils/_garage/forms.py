# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: how each release of Garage spells what is asked of it. From each release's help and source code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

STOP_SIGNAL = "SIGINT"
"""Every release stops properly on it; up to 0.7 on nothing else."""

LINGERING = (Version(0, 9, 0), Version(1, 0, 0))
"""From the first on, and below the second, the daemon serves a connection that a client keeps, whatever signal it got,
and ends when the client ends it (G09). 1.x ends it after 10 s."""


@dataclass(frozen=True)
class Form:
    """How it is said from release `since` on, up to the `until` that no longer knows it. `{}` is the caller's word."""

    since: Version
    words: tuple[str, ...]
    until: Version = Version(3, 0, 0)
    worker: str = ""
    """A repair's name in `worker list`; empty when releases of this form have no such list."""
    reader: str = ""
    """Which of the parsers of buckets and keys reads the answer: `first` (0.5), the usual one, or `api` (2.x)."""
    field: str = ""
    """For a word that goes into a JSON payload: its name there."""

    def covers(self, version: Version) -> bool:
        return self.since <= version < self.until


def said(forms: Sequence[Form], version: Version) -> Form | None:
    """How this release says it; None where it does not."""
    return next((one for one in forms if one.covers(version)), None)


PAGED = Version(2, 5, 0)
"""From here on a list takes `offset` and `limit` and refuses `null`; the `Get...` calls still want `null` (G28)."""
_ALL = '{{"limit": 1000000}}'
LISTED = 10000
"""Rows at which every earlier release ends its lists of buckets and keys without a word, and 2.5.0 without a limit."""

COMMANDS: Mapping[str, Sequence[Form]] = {
    "node id": (Form(Version(0, 5, 0), ("node", "id", "-q")),),
    "node connect": (Form(Version(0, 5, 0), ("node", "connect", "{}")),),
    "status": (Form(Version(0, 5, 0), ("status",)),),
    "layout": (Form(Version(0, 5, 0), ("layout", "show")),),
    "stats": (Form(Version(0, 5, 0), ("stats",)),),
    "stats of all": (Form(Version(0, 5, 0), ("stats", "-a")),),
    # Measured: 0.9.4 has it; 1.3.0 and 2.5.0 refuse the word.
    "entries": (Form(Version(0, 9, 0), ("stats", "--detailed"), until=Version(1, 0, 0)),),
    "workers": (Form(Version(0, 8, 0), ("worker", "list")),),
    "blocks in error": (Form(Version(0, 8, 1), ("block", "list-errors")),),
    "buckets": (
        Form(Version(0, 5, 0), ("bucket", "list"), until=Version(0, 6, 0), reader="first"),
        Form(Version(0, 6, 0), ("bucket", "list"), until=Version(2, 0, 0)),
        # The tables of 2.x cut ids, and of several aliases name the first one alone.
        Form(Version(2, 0, 0), ("json-api", "ListBuckets", "null"), until=PAGED, reader="api"),
        Form(PAGED, ("json-api", "ListBuckets", _ALL), reader="api"),
    ),
    "bucket": (
        Form(Version(0, 5, 0), ("bucket", "info", "{}"), until=Version(0, 6, 0), reader="first"),
        Form(Version(0, 6, 0), ("bucket", "info", "{}"), until=Version(2, 0, 0)),
        Form(Version(2, 0, 0), ("json-api", "GetBucketInfo", "{}"), reader="api", field="search"),
    ),
    "keys": (
        Form(Version(0, 5, 0), ("key", "list"), until=Version(0, 6, 0), reader="first"),
        Form(Version(0, 6, 0), ("key", "list"), until=Version(2, 0, 0)),
        Form(Version(2, 0, 0), ("json-api", "ListKeys", "null"), until=PAGED, reader="api"),
        Form(PAGED, ("json-api", "ListKeys", _ALL), reader="api"),
    ),
    "key": (
        Form(Version(0, 5, 0), ("key", "info", "{}"), until=Version(2, 0, 0)),
        Form(Version(2, 0, 0), ("json-api", "GetKeyInfo", "{}"), reader="api", field="search"),
    ),
    "create key": (
        Form(Version(0, 5, 0), ("key", "new", "--name", "{}"), until=Version(0, 9, 0)),
        Form(Version(0, 9, 0), ("key", "create", "{}"), until=Version(2, 0, 0)),
        Form(Version(2, 0, 0), ("json-api", "CreateKey", "{}"), reader="api", field="name"),
    ),
    "delete key": (Form(Version(0, 5, 0), ("key", "delete", "--yes", "{}")),),
    "create bucket": (Form(Version(0, 5, 0), ("bucket", "create", "{}")),),
    "delete bucket": (Form(Version(0, 5, 0), ("bucket", "delete", "--yes", "{}")),),
}

# What a key can be allowed on a bucket.
RIGHTS: Sequence[Form] = (
    Form(Version(0, 5, 0), ("read", "write"), until=Version(0, 6, 0)),
    Form(Version(0, 6, 0), ("read", "write", "owner")),
)

METRICS_SINCE = Version(0, 7, 0)
# From here on `stats` counts the blocks in error.
BLOCK_ERRORS_SINCE = Version(0, 7, 0)

REPAIRS: Mapping[str, Sequence[Form]] = {
    "tables": (
        Form(Version(0, 5, 0), ("tables",), until=Version(0, 8, 0)),
        Form(Version(0, 8, 0), ("tables",), worker=" sync"),
    ),
    "blocks": (
        Form(Version(0, 5, 0), ("blocks",), until=Version(0, 8, 0)),
        Form(Version(0, 8, 0), ("blocks",), worker="Block repair worker"),
    ),
    "versions": (
        Form(Version(0, 5, 0), ("versions",), until=Version(0, 8, 0)),
        Form(Version(0, 8, 0), ("versions",), until=Version(0, 9, 0), worker="Version repair worker"),
        Form(Version(0, 9, 0), ("versions",), worker="version repair worker"),
    ),
    "block_refs": (
        Form(Version(0, 5, 0), ("block_refs",), until=Version(0, 8, 0)),
        Form(Version(0, 8, 0), ("block_refs",), until=Version(0, 9, 0), worker="Block refs repair worker"),
        Form(Version(0, 9, 0), ("block_refs",), until=Version(1, 0, 0), worker="block_ref repair worker"),
        Form(Version(1, 0, 0), ("block-refs",), worker="block_ref repair worker"),
    ),
    "mpu": (Form(Version(0, 9, 0), ("mpu",), worker="multipart_upload repair worker"),),
    "rebalance": (Form(Version(0, 9, 0), ("rebalance",), worker="Block rebalance worker"),),
    "block_rc": (Form(Version(1, 0, 0), ("block-rc",), worker="Block refcount repair worker"),),
}

OFFLINE_REPAIRS: Mapping[str, Sequence[Form]] = {
    "object_counters": (Form(Version(0, 8, 0), ("object_counters",)),),
    "k2v_item_counters": (Form(Version(0, 8, 0), ("k2v_item_counters",)),),
}
