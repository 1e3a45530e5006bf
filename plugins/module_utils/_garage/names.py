# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Names of buckets and keys: those of 0.5, which `garage migrate buckets050` makes others of, and this collection's."""

from __future__ import annotations

import hashlib
import ipaddress
import re

_S3_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]")
# An operation's id in small letters, as S3 wants names, and where an alias was taken the end of the key's id.
_OURS = re.compile(r"uplift-[0-9]{8}t[0-9]{6}z-garage-[0-9][0-9a-z.-]*-probe(-[0-9a-f]{8})?")


def mark(operation: str) -> str:
    """What the throw-away key and bucket of an operation are called: `uplift-OPERATION-probe`."""
    return f"uplift-{operation}-probe".lower()


def ours(name: str) -> bool:
    """Whether a key or bucket bears an operation's mark. A name that merely begins with `uplift-` is an operator's."""
    return bool(_OURS.fullmatch(name))


def bucket_id(name: str) -> str:
    """The id that a bucket of 0.5 has in 0.6 and for ever after: half of its name's BLAKE2b (migrate.rs)."""
    return hashlib.blake2b(name.encode()).hexdigest()[:64]


def new_name(name: str) -> str:
    """What the migration calls a bucket whose name S3 does not allow: garage_model 0.6.0, migrate.rs (G14)."""
    return name if valid(name) else bucket_id(name)[:32]


def valid(name: str) -> bool:
    """Garage's own rule (garage_model 0.6.0, bucket_alias_table.rs)."""
    try:
        ipaddress.ip_address(name)
        return False
    except ValueError:
        return bool(_S3_NAME.fullmatch(name)) and not name.startswith("xn--") and not name.endswith("-s3alias")
