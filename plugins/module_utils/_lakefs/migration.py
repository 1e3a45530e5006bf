# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: whether a release may migrate what is there, and whether it has. No binary of lakeFS can be asked for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.program import (
    DONE,
    NOTHING,
    SILENT,
    Outcome,
)

UP, DB = "up", "db"
_OLD_DATA = "graveler_repositories"


def chosen(version: Version, seen: Database, discard: bool) -> str:
    """Which command brings this database to the release."""
    return DB if version == schema.GRAVELER and seen.mvcc and not discard else UP


@dataclass(frozen=True)
class Verdict:
    """May it be run? `refused` is the reason why not; `needed` is false when everything is as it should be."""

    needed: bool
    refused: str = ""


def verdict(version: Version, command: str, seen: Database) -> Verdict:
    """Before: what `lakefs migrate COMMAND` of this release would do to this database."""
    refused = next(_refusals(version, command, seen), "")
    return Verdict(False, refused) if refused else Verdict(not settled(version, command, seen))


def settled(version: Version, command: str, seen: Database) -> bool:
    """Is there nothing left to do?"""
    if command == DB:
        return seen.sql == schema.expected(schema.GRAVELER).number and bool(seen.migrated_at) and not missing(seen)
    found = schema.state(seen)
    if found.problem or not found.schema:
        return False
    want = schema.expected(version)
    same_era = (found.schema.era == schema.KV) == (want.era == schema.KV)
    return same_era and found.schema.number == want.number


def missing(seen: Database) -> list[str]:
    """Repositories that `migrate db` has left behind, whatever its timestamp says (L12)."""
    return schema.not_migrated(seen)


def _refusals(version: Version, command: str, seen: Database) -> Iterator[str]:
    found, want = schema.state(seen), schema.expected(version)
    if command == DB and version != schema.GRAVELER:  # L06
        yield f"`migrate db` is a command of {schema.GRAVELER} alone; {version} would print its help and end well"
    if not seen.tables or found.schema is None and not found.problem:
        yield "the database is empty: a migration of nothing would look like a success"
    if seen.dirty and seen.record is None:
        yield f"{found.problem}. Restore the backup, or fix the schema and clear the flag by hand"
    if seen.record is not None and not seen.record.isdigit():
        yield found.problem
    if want.era == schema.KV:
        yield from _to_kv(version, seen)
    elif seen.record is not None:
        yield f"the database is migrated to KV already (record {seen.record}); {version} is older than that"
    elif found.schema and found.schema.number > want.number:
        yield f"the database has the {found.schema}, which is newer than the {want} of {version}"
    if command == UP and version > schema.GRAVELER and found.schema and found.schema.era == schema.MVCC:  # L13
        yield (
            f"{len(missing(seen)) or 'all'} repositories are in the form before {schema.GRAVELER}: its `migrate db`"
            f" comes first, or {version} shows none of them"
        )


def _to_kv(version: Version, seen: Database) -> Iterator[str]:
    record = int(seen.record) if seen.record and seen.record.isdigit() else None
    number = schema.expected(version).number
    if record is not None and record > number:
        yield f"the database has the KV schema {record}, which is newer than the {number} of {version}"
    if record in (None, 0) and seen.kv_rows and _OLD_DATA not in seen.tables:
        # L10: it begins by dropping the kv table.
        yield "the record is lost and the SQL tables are gone: the kv table is all there is, and would be dropped"
    if record in (None, 0) and version >= schema.ONLY_KV:  # L01
        yield f"the database was never migrated to KV (record {seen.record}): that is done by {schema.TO_KV}"


@dataclass(frozen=True)
class Proof:
    """After: did it do what it was to do? `problem` is "" when it did."""

    changed: bool
    problem: str = ""


def proof(version: Version, command: str, said: Outcome, before: Database, after: Database) -> Proof:
    """Line and record together: 'KV Migration took' is printed on failure and on an empty database as well (L03)."""
    changed = before != after
    if said.state not in (DONE, NOTHING, SILENT):
        return Proof(changed, f"it said: {said.line}")
    if command == DB and missing(after):
        return Proof(changed, f"it ended well, and left {', '.join(missing(after))} behind")
    if not settled(version, command, after):
        found = schema.state(after)
        seen = found.problem or f"the database has the {found.schema or 'empty schema'}"
        return Proof(
            changed, f"it said {said.line or 'nothing'!r}, and {seen}; expected the {schema.expected(version)}"
        )
    lost = sorted(set(before.repositories) - set(after.repositories))
    if lost:
        return Proof(changed, f"the repositories {', '.join(lost)} are gone")
    gone = sorted(set(before.users) - set(after.users))
    return Proof(changed, f"the users {', '.join(gone)} are gone" if gone and not after.basic_auth else "")
