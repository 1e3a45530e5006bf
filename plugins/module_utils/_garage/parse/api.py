# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Garage 2.x by `json-api`: its tables cut ids, and of several aliases name the first one alone."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understood
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.inventory import (
    Bucket,
    BucketRow,
    Buckets,
    Grant,
    Key,
    KeyRow,
    Keys,
)

_QUOTAS = {"maxSize": "maximum size", "maxObjects": "maximum number of objects"}


@understood("`garage json-api` for the buckets")
def buckets(text: str) -> Buckets:
    rows = _read(text, list)
    return Buckets(
        tuple(
            BucketRow(
                row["id"],
                tuple(row["globalAliases"]),
                tuple(sorted((one["accessKeyId"], one["alias"]) for one in row["localAliases"])),
            )
            for row in rows
        ),
        (),
    )


@understood("`garage json-api` for a bucket")
def bucket(text: str) -> Bucket:
    """Without the local aliases of keys that have no permission here: those stand in the list of buckets alone."""
    one = _read(text, dict)
    may = sorted((row["accessKeyId"], row["permissions"]) for row in one["keys"])
    return Bucket(
        id=one["id"],
        website=one["websiteAccess"],
        global_aliases=tuple(sorted(one["globalAliases"])),
        local_aliases=tuple(
            sorted((row["accessKeyId"], alias) for row in one["keys"] for alias in row["bucketLocalAliases"])
        ),
        grants=tuple(
            Grant(key, granted["read"], granted["write"], granted["owner"])
            for key, granted in may
            if any(granted.values())
        ),
        quotas=tuple((name, str(one["quotas"][key])) for key, name in _QUOTAS.items() if one["quotas"].get(key)),
        objects=one["objects"],
        size=f"{one['bytes']} B",
        unparsed=(),
    )


@understood("`garage json-api` for the keys")
def keys(text: str) -> Keys:
    return Keys(tuple(KeyRow(row["id"], row["name"]) for row in _read(text, list)), ())


@understood("`garage json-api` for a key", secret=True)
def key(text: str) -> Key:
    one = _read(text, dict)
    return Key(one["accessKeyId"], one["name"], one["permissions"]["createBucket"], one.get("secretAccessKey"))


def _read(text: str, kind: type) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, kind):
        # Not what it said: a new key's answer holds its secret.
        raise UpliftError(f"`garage json-api` answered with {len(text)} characters that are no JSON {kind.__name__}.")
    return found
