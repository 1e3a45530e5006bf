# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the buckets hold, by S3 as a client reads it: on the controller, or on a node that nobody else reaches."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.missing import ABSENT, BROKEN, THERE
from ansible_collections.uplift.datastores.plugins.module_utils._core.s3 import (
    Access,
    Door,
    S3Error,
    Store,
    read,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import ours

_CHUNK = 65536
PATIENCE = 60.0  # seconds of an inventory for which no connection at all is waited out


class Limits(NamedTuple):
    """How much of a bucket is looked at: objects read, keys listed, and the size up to which an object is read."""

    sample: int = 20
    keys: int = 10000
    object_bytes: int = 64 * 1024 * 1024


def inventory(params: Mapping[str, Any]) -> dict[str, Any]:
    """What `garage_inventory` does, wherever that is done."""
    access = Access(
        params["region"], params["key_id"], params["secret"], params["ca_file"], params["style"] == "virtual"
    )
    limits = Limits(params["sample"], params["list_limit"], params["max_object_bytes"])
    store = Store(params["addresses"], access, PATIENCE)
    buckets = [named(one, access.virtual) for one in params["buckets"]]
    with understanding("the S3 API"):
        return {"changed": False, "inventory": take(store, buckets, limits, params["like"], params["mute"])}


def named(bucket: Mapping[str, Any], virtual: bool = False) -> dict[str, str]:
    """The bucket's id, a name of it for people, and the one for S3: the id, which Garage 0.5 does not know yet.

    An id is too long for the name of a host: there it has to be an alias that everybody has.
    """
    everybodys = list(bucket.get("global_aliases", []))
    names = [*everybodys, *(one["alias"] for one in bucket.get("local_aliases", []))]
    asked = everybodys[0] if virtual and everybodys else bucket.get("s3_name") or bucket["id"]
    return {"id": bucket["id"], "alias": next(iter(names), ""), "s3_name": asked}


def take(
    store: Store,
    buckets: Sequence[Mapping[str, Any]],
    limits: Limits,
    like: Sequence[Mapping[str, Any]],
    mute: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """What clients can read now. `like`: the objects of an earlier inventory, whose sampled keys are read again.

    mute: nodes that cannot be asked through S3, and why; what they would say of a missing object is not known.
    """
    taken = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    earlier = {row["id"]: [item["key"] for item in row["sample"]] for row in like}
    rows = []
    for bucket in buckets:
        if not ours(bucket["alias"]):  # a dead run's may be left, with no permission to read it
            found = _bucket(store, bucket.get("s3_name", bucket["id"]), limits, earlier.get(bucket["id"]), mute or {})
            rows.append({"id": bucket["id"], "alias": bucket["alias"], **found})
    return {"taken": taken, "objects": rows}


def spread(rows: Sequence[str], expected: int) -> list[str]:
    """At most `expected` of the rows, evenly over them, the first always; the same rows give the same choice."""
    count = min(expected, len(rows))
    return [rows[at * len(rows) // count] for at in range(count)]


def digest(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = sorted([row["key"], row["size"], row["etag"]] for row in rows)
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def _bucket(
    store: Store, bucket: str, limits: Limits, keys: Sequence[str] | None, mute: Mapping[str, str]
) -> dict[str, Any]:
    rows, complete = _listing(store, bucket, limits.keys)
    figures = {"objects": len(rows), "complete": complete, "digest": digest(rows)}
    if keys is None:
        expected = spread([row["key"] for row in rows], limits.sample)
        return {
            **figures,
            "sample": [one for key in expected for one in _object(store, bucket, key, limits.object_bytes)],
        }
    found = [_again(store, bucket, key, limits.object_bytes, mute) for key in keys]
    return {
        **figures,
        "sample": [one for one in found if "asked" not in one],
        "missing": [one for one in found if "asked" in one],
    }


def _again(store: Store, bucket: str, key: str, limit: int, mute: Mapping[str, str]) -> dict[str, Any]:
    """An object that was there: its figures, or what every node says of it. What is in between is asked once more."""
    for _attempt in range(2):
        with suppress(UpliftError):  # that no node can read it is an answer here, and the nodes' reasons come below
            found = next(_object(store, bucket, key, limit), None)
            if found:
                return found
        asked = store.each(lambda s3: _trace(s3, bucket, key, limit))
        if not {THERE, BROKEN} & set(asked.values()):
            break  # else a client may have written or deleted it between two questions
    return {"key": key, "asked": {**asked, **mute}}


def _trace(door: Door, bucket: str, key: str, limit: int) -> str:
    """What one node says: THERE, ABSENT, or BROKEN where it lists the object and does not give the whole of it.

    A node that has lost the blocks of an object begins to answer, and breaks off.
    """
    page = door.page(bucket, prefix=key, max_keys=1)
    listed = any(row["key"] == key for row in page["rows"])
    try:
        found = bool(_read(door, bucket, key, limit))
    except S3Error as error:
        if not listed or error.late or not error.connected:
            raise
        found = False
    return THERE if found else BROKEN if listed else ABSENT


def _listing(store: Store, bucket: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    rows: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        page = _page(store, bucket, {"max_keys": max(1, min(1000, limit - len(rows))), **more})
        rows += page["rows"]
        if not page["next"]:
            return rows, True
        if len(rows) >= limit:
            return rows, False
        more = {"continuation_token": page["next"]}


def _page(store: Store, bucket: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    return store.ask(f"Listing bucket {bucket[:16]}", lambda door: door.page(bucket, **asked))


def _object(store: Store, bucket: str, key: str, limit: int) -> Iterator[dict[str, Any]]:
    found = store.ask(f"Reading {key!r} of bucket {bucket[:16]}", lambda door: _read(door, bucket, key, limit))
    if found:
        yield found


def _read(door: Door, bucket: str, key: str, limit: int) -> dict[str, Any]:
    """The object's figures; none when it is not there. An object above the limit has no checksum."""
    try:
        with door.asked("GET", bucket, key) as answer:
            size = int(answer.headers["Content-Length"])
            checksum = _checksum(answer, size) if size <= limit else ""
            tag, modified = answer.headers["ETag"], parsedate_to_datetime(answer.headers["Last-Modified"])
    except S3Error as error:
        if error.status == 404 and error.code == "NoSuchKey":
            return {}
        raise
    when = modified.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"key": key, "size": size, "etag": tag, "sha256": checksum, "last_modified": when}


def _checksum(answer: Any, size: int) -> str:
    made, got = hashlib.sha256(), 0
    while got < size:
        part = read(answer, _CHUNK)
        if not part:  # a node that goes away in the middle of an object: the next address is asked
            raise S3Error(f"{got} bytes came of {size}")
        made.update(part)
        got += len(part)
    return made.hexdigest()
