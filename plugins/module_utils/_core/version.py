# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


class Version(NamedTuple):
    """A release number. Sorts as releases do; prints as ``0.8.7``."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


_EXACT = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_ANYWHERE = re.compile(r"(?<![\d.])v?(\d+)\.(\d+)\.(\d+)(?![\d.])")


def parse(text: str) -> Version:
    """A version as an operator writes it (``0.8.7``, ``v0.8.7``). Anything else is refused, not guessed."""
    match = _EXACT.fullmatch(str(text).strip())
    if not match:
        raise UpliftError(f"The version {text!r} is not a release number; expected three numbers, such as 0.8.7.")
    return Version(*(int(part) for part in match.groups()))


def find(text: str) -> Version | None:
    """The first release number in what a program said (``garage cargo:0.8.7 [features: ...]``), or None."""
    match = _ANYWHERE.search(text)
    return Version(*(int(part) for part in match.groups())) if match else None


def demand(image: str, said: str, expected: str) -> None:
    """What an image says when it is asked for its version has to be the release that it is taken for."""
    if str(find(said)) != expected:
        raise UpliftError(
            f"The image {image} says {said[:80]!r}, expected {expected}: name another image. Nothing was changed."
        )
