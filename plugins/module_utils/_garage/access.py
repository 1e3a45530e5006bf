# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A throw-away key and bucket, and the removal of what an earlier run that died has left."""

from __future__ import annotations

from typing import Any, Collection, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import mark, ours

# As the releases say it: 0.6 and later and 0.5; up to 1.x and 2.x.
_GONE = ("not found", "does not exist")
_NOT_EMPTY = ("not empty", "non-empty")
# Seen on a cluster of 0.8.0 and 0.8.7 in the middle of a walk: the old nodes have no handler for what a deletion asks.
_NO_QUORUM = "Could not reach quorum"


def grant(garage: Garage, operation: str, known: Collection[str], grant_read: Sequence[str]) -> dict[str, Any]:
    """A new key with all rights on a bucket of the operation's own, and with read on others.

    known: ids of keys that the record says are the operation's. What could not be removed is the new key's too.
    """
    name = _demand_mark(operation)
    removed, kept = remove(garage, known, later=True)
    key = garage.create_key(name)
    if not key.secret:
        raise UpliftError(
            f"Garage {garage.version()} made the key {key.id} and showed no secret; it is of no use. Delete it."
        )
    if name not in kept:
        name = _made(garage, name, key.id)
    for bucket in sorted({name, *kept}):
        garage.permit("allow", bucket, key.id, *garage.rights())
    there = {row.id: row.word for row in garage.buckets().rows}
    for bucket in (there[one] for one in grant_read if one in there):  # what was listed may have just been removed
        garage.permit("allow", bucket, key.id, "read")
    return {
        "changed": True,
        "access_key_id": key.id,
        "secret_access_key": key.secret,
        "bucket": name,
        "removed": removed,
        "leftover_buckets": [one for one in kept if one != name],
    }


def _made(garage: Garage, name: str, key_id: str) -> str:
    """The bucket's name. A node that was away when one was removed remembers its alias alone, for up to ten minutes."""
    try:
        garage.create_bucket(name)
    except CliError as exc:
        if "already exists" not in str(exc):
            raise
        name = f"{name}-{key_id[-8:].lower()}"
        garage.create_bucket(name)
    return name


def remove(garage: Garage, known: Collection[str], later: bool = False) -> tuple[list[str], list[str]]:
    """Takes away what is ours alone: what went, and which buckets hold objects and had to stay.

    Ours is a key that the record knows (`known`) or whose name is the mark of an operation, and a bucket that has such
    a name and no other, which nobody else may use. later: what too few nodes answer for now is left to the next run;
    else that is an error.
    """
    mine = sorted(row.id for row in garage.keys().rows if row.id in known or ours(row.name))
    removed, kept = [], []
    for row in garage.buckets().rows:
        if len(row.aliases) != 1 or not ours(row.aliases[0]):
            continue
        bucket = garage.bucket(row)
        if bucket.website or bucket.local_aliases or any(one.key not in mine for one in bucket.grants):
            continue  # an operator's, whatever it is called
        try:
            garage.delete_bucket(row.aliases[0])  # by its id, Garage would refuse: the alias would remain
            removed.append(row.aliases[0])
        except CliError as exc:
            if any(words in str(exc) for words in _GONE) or (later and _NO_QUORUM in str(exc)):
                continue  # the same the other way round: this node has not heard yet that the bucket is gone
            if not any(words in str(exc) for words in _NOT_EMPTY):
                raise
            kept.append(row.aliases[0])
    for key in mine:
        garage.delete_key(key)  # takes its permissions with it
    return removed + mine, kept


def _demand_mark(operation: str) -> str:
    name = mark(operation)
    if not ours(name):
        raise UpliftError(
            f"{operation!r} is not the id of an operation; expected one such as 20261121T031500Z-garage-0.8.7, so that"
            " a later run knows the key again as this collection's own."
        )
    return name
