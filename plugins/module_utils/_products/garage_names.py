# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What `garage migrate buckets050` makes of the names of 0.5: ids, and other names where S3 does not allow them."""

from __future__ import annotations

import hashlib
import ipaddress
import re

_ALLOWED = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def bucket_id(name: str) -> str:
    """The id that a bucket of 0.5 has in 0.6 and for ever after: the first half of its name's BLAKE2b."""
    return hashlib.blake2b(name.encode()).hexdigest()[:64]


def is_s3_name(name: str) -> bool:
    """As Garage 0.6 decides it."""
    if not _ALLOWED.fullmatch(name) or name.startswith("xn--") or name.endswith("-s3alias"):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return True
    return False


def migrated_name(name: str) -> str:
    """The name after the migration (G14)."""
    return name if is_s3_name(name) else bucket_id(name)[:32]
