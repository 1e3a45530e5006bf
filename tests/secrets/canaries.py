# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret in all the spellings in which it might turn up. Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

SHORTEST = 12  # characters of a spelling; a shorter one would be found by chance


@dataclass(frozen=True)
class Sight:
    """Where a canary was seen: which secret, in which spelling, and what stood around it."""

    secret: str
    where: str
    around: str = ""


def spellings(secret: str) -> list[str]:
    """In clear, as URLs and JSON have it, in hexadecimal, and in base64 of any text that holds it."""
    raw = secret.encode()
    plain = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], raw.hex()}
    return sorted(one for one in (*plain, *(_inside(raw, before) for before in range(3))) if len(one) >= SHORTEST)


def _inside(raw: bytes, before: int) -> str:
    """What base64 has of it for certain when so many bytes (modulo 3) stand before it, and others behind it."""
    encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
    first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
    return encoded[first:last]


def seen(text: str, canaries: Mapping[str, str], where: str) -> Iterator[Sight]:
    """Each secret once for each text."""
    for name, secret in canaries.items():
        for one in spellings(secret):
            at = text.find(one)
            if at >= 0:
                yield Sight(name, where, text[max(0, at - 200) : at + len(one) + 60])
                break
