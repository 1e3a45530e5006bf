# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Two buckets side by side: what is in the one and not, or not so, in the other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

with suppress(ImportError):  # the action says that it is missing
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

SHOWN = 10
# The words of amazon.aws -> those of botocore.
_WORDS = {
    "endpoint_url": "endpoint_url",
    "region": "region_name",
    "access_key": "aws_access_key_id",
    "secret_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}


class Object(NamedTuple):
    size: int
    tag: str


Listing = Mapping[str, Object]


def client(connection: Mapping[str, Any]) -> Any:
    """What is not said is what botocore finds itself: the environment, a profile, the machine's role."""
    given = {_WORDS[name]: value for name, value in connection.items() if name in _WORDS and value}
    # An endpoint of one's own has seldom a name for each bucket.
    style: Any = {"addressing_style": "path" if "endpoint_url" in given else "auto"}
    try:
        session = botocore.session.Session(profile=connection.get("profile") or None)
        return session.create_client("s3", **given, config=Config(s3=style))
    except (BotoCoreError, ValueError) as error:
        raise UpliftError(f"No S3 client can be made: {error}.") from error


def listed(asked: Any, bucket: str, prefix: str, page: int = 1000) -> Listing:
    try:
        expected = {"Bucket": bucket, "Prefix": prefix, "PaginationConfig": {"PageSize": page}}
        pages = asked.get_paginator("list_objects_v2").paginate(**expected)
        return {
            row["Key"]: Object(int(row["Size"]), str(row.get("ETag", "")).strip('"'))
            for part in pages
            for row in part.get("Contents", [])
        }
    except (BotoCoreError, ClientError) as error:
        raise UpliftError(f"The bucket {bucket} cannot be listed: {said(error)}.") from error


def differences(ours: Listing, copy: Listing) -> list[str]:
    """As sentences. What the copy has besides is from before, and harms nobody."""
    if not ours:
        return ["the bucket is empty; expected the object store of a cluster"]
    found = [text for key, one in sorted(ours.items()) if (text := _difference(key, one, copy.get(key)))]
    return found[:SHOWN] + ([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])


def _difference(key: str, one: Object, other: Object | None) -> str:
    if other is None:
        return f"{key} is not in the copy"
    if other.size != one.size:
        return f"{key} has {other.size} bytes in the copy, expected {one.size}"
    # The tag of what went up in parts (it has a dash) tells of the parts too, which a copy need not share.
    if other.tag != one.tag and "-" not in one.tag + other.tag:
        return f"{key} has the checksum {other.tag} in the copy, expected {one.tag}"
    return ""


def said(error: Exception) -> str:
    if not isinstance(error, ClientError):
        return str(error)
    detail = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return f"{status} {detail.get('Code', '')} {detail.get('Message', '')}".strip()
