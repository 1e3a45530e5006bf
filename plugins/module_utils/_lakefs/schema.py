# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""DATA: which schema of the database each release of lakeFS writes, and which ones it can begin from.

From the migration files and constants of each tag; the release notes leave out about fourteen of the changes (L22).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import some
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database

MVCC, SQL, KV = "mvcc", "sql", "kv"
OLDEST = Version(0, 8, 1)
GRAVELER = Version(0, 30, 0)  # its `migrate db` takes commits out of the MVCC tables; from 0.31 they are ignored
MOVED = Version(0, 50, 0)  # objects lie without a double slash on GCS and Azure from here on
SUPPORTED_NAMESPACES = Version(0, 108, 0)  # namespaces that were not moved at 0.50 are not read any more
TO_KV = Version(0, 80, 2)
ONLY_KV = Version(0, 82, 0)
REFUSES_NEWER = Version(0, 101, 0)
AFTER_GRAVELER = Version(0, 30, 1)
ANY_KV = Version(0, 103, 0)  # `migrate up` begins from every KV schema
BASIC_AUTH = Version(1, 33, 0)  # one user with one key; all others are refused at the start
LAST_IMPORT = Version(1, 52, 0)  # the last release whose `superuser` can take over one user of several
NO_IMPORT = Version(1, 53, 0)
TASKS_SINCE = Version(1, 68, 0)  # before, `migrate task` is an unknown word: help, and exit status 0 (L06)
# Releases whose every answer is in the captures.
SEEN = (GRAVELER, Version(0, 55, 0), Version(0, 70, 6), TO_KV, ANY_KV, LAST_IMPORT, Version(1, 84, 0))
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


def expected(version: Version) -> Schema:
    """The schema that this release writes, and starts on."""
    kv = [number for since, number in KV_SCHEMAS if since <= version]
    if kv:
        return Schema(KV, kv[-1])
    sql = [number for since, number in SQL_SCHEMAS if since <= version]
    return Schema(SQL if version >= GRAVELER else MVCC, sql[-1] if sql else 0)


@dataclass(frozen=True)
class Hop:
    """One hop, or a target with no plan to it (then `source` is the target)."""

    source: Version
    target: Version

    @property
    def to_kv(self) -> bool:
        return expected(self.source).era != KV and expected(self.target).era == KV

    @property
    def from_mvcc(self) -> bool:
        return self.source < GRAVELER <= self.target

    @property
    def migrates(self) -> bool:
        return expected(self.source) != expected(self.target) or self.users_become_one

    @property
    def users_become_one(self) -> bool:
        return self.source < BASIC_AUTH <= self.target


def basic_auth(version: Version) -> bool:
    return version >= BASIC_AUTH


def unfit(version: Version, seen: Database, discarded: bool = False) -> str:
    """Why this release must not be started on this database; "" when it fits.

    The binaries do not ask all of this themselves: a new one on an old database, and an old one on a migrated one,
    start as an installation that is empty or stale, and say that they are healthy (L01, L02, L04, L13).
    """
    want, found = expected(version), state(seen)
    if found.problem:
        return found.problem
    if found.schema is None:
        return nothing_of_lakefs(seen)
    if want.era == KV and found.schema.era != KV:
        return f"the database has the {found.schema} and {version} would start as an empty installation next to it"
    if want.era != KV and found.schema.era == KV:
        return f"the database has the {found.schema} and {version} would serve what was there before the migration"
    if found.schema.era == MVCC and version >= GRAVELER and not discarded:
        return f"{_list(seen.mvcc)} were never migrated by `migrate db`, and {version} would not show them"
    if found.schema.number != want.number:
        return f"the database has the {found.schema}, and {version} wants the {want}"
    return users_unfit(version, seen)


def nothing_of_lakefs(seen: Database) -> str:
    """Why there is nothing: another schema than the server's, another program's database, or an empty one."""
    if seen.elsewhere:
        here = f"the schema {seen.place}" if seen.place else "the search path"
        return (
            f"{here} has no table of lakeFS, and the schema {_list(seen.elsewhere)} has: the connection string that was"
            " read leads to another schema than the server's (search_path)"
        )
    if seen.tables and not seen.of_lakefs:
        return f"none of its {len(seen.tables)} tables ({_list(seen.tables)}) is of lakeFS: it is another program's"
    return "the database is empty: this is not the one that the installation has run on"


def users_unfit(version: Version, seen: Database) -> str:
    """From 1.33 on a server starts with one user who has one key, or not at all (L16)."""
    if not basic_auth(version) or seen.basic_auth or not seen.users:
        return ""
    many = {user: keys for user, keys in seen.users.items() if keys > 1}
    if len(seen.users) > 1:
        return f"there are {len(seen.users)} users ({_list(sorted(seen.users))}), and {version} starts with one only"
    if many:
        return f"the user {_list(many)} has {max(many.values())} access keys, and {version} starts with one only"
    return ""


@dataclass(frozen=True)
class State:
    """Which schema a database has (None: it is empty), or why that cannot be said or used."""

    schema: Schema | None
    problem: str = ""


def state(seen: Database) -> State:
    if seen.record is not None and not seen.record.isdigit():
        return State(
            None, f"the record kv/schema/version is {seen.record!r}, expected a number: it was written by hand"
        )
    if seen.record == "0":
        return State(None, "a migration to KV was begun and not ended (the record kv/schema/version is 0)")
    if seen.record is not None:
        lost = sorted(set(seen.graveler) - set(seen.repositories)) if not seen.repositories else []
        if lost:
            return State(
                None,
                f"the KV tables hold no repository, the SQL tables hold {_list(lost)}: an empty"
                " installation was set up next to the old data",
            )
        return State(Schema(KV, int(seen.record)))
    if seen.sql is None:
        return State(None, "the kv table has no schema record: its migrations are unknown" if seen.kv_rows else "")
    if seen.dirty:
        return State(None, f"the SQL schema {seen.sql} is marked dirty: a migration was interrupted")
    return State(Schema(MVCC if _mvcc(seen, seen.sql) else SQL, seen.sql))


def to_kv(before: Database, after: Database) -> bool:
    """Did what stood in the SQL tables become KV?"""
    return before.record in (None, "0") and before.sql is not None and after.record is not None


def _mvcc(seen: Database, number: int) -> bool:
    """Later than 0.30 what was not migrated is recognised by the timestamp: a repository may be gone since."""
    at_the_hop = expected(GRAVELER).number
    return number < at_the_hop or bool(not_migrated(seen)) and (number == at_the_hop or not seen.migrated_at)


def not_migrated(seen: Database) -> list[str]:
    """Repositories of the MVCC tables that are not among those of 0.30 (L12: the timestamp says nothing of them)."""
    return sorted(set(seen.mvcc) - set(seen.graveler))


def _list(names: Iterable[str]) -> str:
    return some(list(names), 5)
