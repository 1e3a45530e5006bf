# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.missing import ABSENT, BROKEN, THERE
from ansible_collections.uplift.datastores.plugins.module_utils._garage.names import ours
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.s3 import Store, status_of

with suppress(ImportError):  # the action says that it is missing
    from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError, ReadTimeoutError


class Limits(NamedTuple):
    """How much of a bucket is looked at: objects read, keys listed, and the size up to which an object is read."""

    sample: int = 20
    keys: int = 10000
    object_bytes: int = 64 * 1024 * 1024


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


def _trace(s3: Any, bucket: str, key: str, limit: int) -> str:
    """What one node says: THERE, ABSENT, or BROKEN where it lists the object and does not give the whole of it.

    A node that has lost the blocks of an object begins to answer, and breaks off.
    """
    page = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    listed = any(row["Key"] == key for row in page.get("Contents", []))
    try:
        found = bool(_read(s3, bucket, key, limit))
    except (ConnectionError, ReadTimeoutError):
        raise
    except (ClientError, BotoCoreError):
        if not listed:
            raise
        found = False
    return THERE if found else BROKEN if listed else ABSENT


def _listing(store: Store, bucket: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    rows: list[dict[str, Any]] = []
    more: dict[str, Any] = {}
    while True:
        asked = {"Bucket": bucket, "MaxKeys": max(1, min(1000, limit - len(rows))), **more}
        page = _page(store, asked)
        rows += [{"key": row["Key"], "size": row["Size"], "etag": row["ETag"]} for row in page.get("Contents", [])]
        if not page.get("IsTruncated"):
            return rows, True
        if len(rows) >= limit:
            return rows, False
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _page(store: Store, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return store.ask(f"Listing bucket {asked['Bucket'][:16]}", lambda s3: s3.list_objects_v2(**asked))


def _object(store: Store, bucket: str, key: str, limit: int) -> Iterator[dict[str, Any]]:
    found = store.ask(f"Reading {key!r} of bucket {bucket[:16]}", lambda s3: _read(s3, bucket, key, limit))
    if found:
        yield found


def _read(s3: Any, bucket: str, key: str, limit: int) -> dict[str, Any]:
    """The object's figures; none when it is not there. An object above the limit has no checksum."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if status_of(error) == 404 and error.response["Error"]["Code"] == "NoSuchKey":
            return {}
        raise
    checksum, size = "", int(answer["ContentLength"])
    try:
        if size <= limit:
            checksum = _checksum(answer["Body"])
    finally:
        answer["Body"].close()
    modified = answer["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"key": key, "size": size, "etag": answer["ETag"], "sha256": checksum, "last_modified": modified}


def _checksum(body: Any) -> str:
    made = hashlib.sha256()
    try:
        for part in body.iter_chunks(65536):
            made.update(part)
    except BotoCoreError:
        raise
    except OSError as error:  # a node that goes away in the middle of an object: the next address is asked
        raise HTTPClientError(error=error) from error
    return made.hexdigest()
