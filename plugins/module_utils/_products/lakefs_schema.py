# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: which schema of the database each release of lakeFS writes, and which ones it can begin from.

From the migration files and constants of each tag; the release notes leave out about fourteen of the changes (L22).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._version import Version

MVCC, SQL, KV = "mvcc", "sql", "kv"
OLDEST = Version(0, 8, 1)
GRAVELER = Version(0, 30, 0)  # its `migrate db` takes commits out of the MVCC tables; from 0.31 they are ignored
MOVED = Version(0, 50, 0)  # objects lie without a double slash on GCS and Azure from here on
SUPPORTED_NAMESPACES = Version(0, 108, 0)  # namespaces that were not moved at 0.50 are not read any more
TO_KV = Version(0, 80, 2)
ONLY_KV = Version(0, 82, 0)
REFUSES_NEWER = Version(0, 101, 0)
ANY_KV = Version(0, 103, 0)  # `migrate up` begins from every KV schema
BASIC_AUTH = Version(1, 33, 0)  # one user with one key; all others are refused at the start
LAST_IMPORT = Version(1, 52, 0)  # the last release whose `superuser` can take over one user of several
NO_IMPORT = Version(1, 53, 0)
STDERR_LOG = Version(0, 70, 6)  # the oldest release known to take `=` for stderr; 0.30 takes it for a file name
# Releases whose every answer is in the captures.
SEEN = (GRAVELER, Version(0, 70, 6), TO_KV, ANY_KV, LAST_IMPORT, Version(1, 84, 0))
UNKNOWN = Version(2, 0, 0)

# (first release, what schema_migrations says). The binary starts on exactly this number.
SQL_SCHEMAS: Sequence[tuple[Version, int]] = (
    (Version(0, 8, 1), 1),
    (Version(0, 9, 0), 4),
    (Version(0, 10, 0), 5),
    (Version(0, 13, 0), 6),
    (Version(0, 14, 0), 7),
    (Version(0, 15, 0), 8),
    (Version(0, 16, 0), 11),
    (Version(0, 17, 0), 14),
    (Version(0, 19, 0), 15),
    (Version(0, 20, 0), 16),
    (Version(0, 20, 1), 17),
    (Version(0, 21, 3), 19),
    (Version(0, 22, 0), 20),
    (Version(0, 23, 1), 21),
    (GRAVELER, 21),
    (Version(0, 31, 0), 22),
    (Version(0, 33, 0), 24),
    (Version(0, 40, 0), 26),
    (Version(0, 41, 1), 27),
    (Version(0, 42, 0), 28),
    (Version(0, 43, 0), 29),
    (Version(0, 44, 1), 30),
    (Version(0, 45, 1), 31),
    (MOVED, 31),
    (Version(0, 51, 0), 32),
    (Version(0, 52, 0), 33),
    (Version(0, 53, 0), 35),
    (Version(0, 62, 0), 36),
    (Version(0, 64, 0), 37),
    (Version(0, 69, 0), 38),
)
LAST_SQL = SQL_SCHEMAS[-1][1]

# (first release, the record kv/schema/version that it writes)
KV_SCHEMAS: Sequence[tuple[Version, int]] = (
    (Version(0, 80, 0), 1),
    (ONLY_KV, 1),
    (Version(0, 98, 0), 2),
    (Version(0, 99, 0), 3),
    (REFUSES_NEWER, 4),
    (ANY_KV, 4),
    (BASIC_AUTH, 4),
    (NO_IMPORT, 4),
)


@dataclass(frozen=True)
class Schema:
    """What a release's database looks like: the era, and the number in its version record."""

    era: str
    number: int

    def __str__(self) -> str:
        return {MVCC: "MVCC, SQL schema", SQL: "SQL schema", KV: "KV schema"}[self.era] + f" {self.number}"


def wanted(version: Version) -> Schema:
    """The schema that this release writes, and starts on."""
    kv = [number for since, number in KV_SCHEMAS if since <= version]
    if kv:
        return Schema(KV, kv[-1])
    sql = [number for since, number in SQL_SCHEMAS if since <= version]
    return Schema(SQL if version >= GRAVELER else MVCC, sql[-1] if sql else 0)


def basic_auth(version: Version) -> bool:
    return version >= BASIC_AUTH
