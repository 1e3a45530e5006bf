# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A throw-away key and bucket, and the removal of what an earlier run that died has left."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import Garage

PREFIX = "uplift-"
# As the releases say it: 0.6 and later and 0.5; up to 1.x and 2.x.
_GONE = ("not found", "does not exist")
_NOT_EMPTY = ("not empty", "non-empty")


def grant(garage: Garage, name: str, grant_read: Sequence[str]) -> dict[str, Any]:
    """A new key with all rights on the bucket `name`, and with read on others. What could not be removed is its too."""
    _demand_prefix(name)
    removed, kept = remove(garage)
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


def remove(garage: Garage) -> tuple[list[str], list[str]]:
    """Takes away keys and buckets of the prefix that are ours alone: what went, and which buckets hold objects."""
    ours = sorted(row.id for row in garage.keys().rows if row.name.startswith(PREFIX))
    removed, kept = [], []
    for row in garage.buckets().rows:
        if len(row.aliases) != 1 or not row.aliases[0].startswith(PREFIX):
            continue
        bucket = garage.bucket(row)
        if bucket.website or bucket.local_aliases or any(one.key not in ours for one in bucket.grants):
            continue  # an operator's, whatever it is called
        try:
            garage.delete_bucket(row.aliases[0])  # by its id, Garage would refuse: the alias would remain
            removed.append(row.aliases[0])
        except CliError as exc:
            if any(words in str(exc) for words in _GONE):
                continue  # the same the other way round: this node has not heard yet that the bucket is gone
            if not any(words in str(exc) for words in _NOT_EMPTY):
                raise
            kept.append(row.aliases[0])
    for key in ours:
        garage.delete_key(key)  # takes its permissions with it
    return removed + ours, kept


def _demand_prefix(name: str) -> None:
    if not name.startswith(PREFIX):
        raise UpliftError(
            f"The name {name!r} does not begin with {PREFIX}; wanted one that does, so that a later run can clean up."
        )
