# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What `garage migrate buckets050` makes of the names of 0.5: ids, and other names where S3 does not allow them."""

from __future__ import annotations

import hashlib
import ipaddress
import re

_S3_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{1,61})[a-z0-9]")


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
