# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the sources say to an operator, found in their text."""

from __future__ import annotations

import re

_KEY = re.compile(r'(?:Finding|Refusal|ConfigError|_difference)\(\s*(?:#.*\n\s*)?"(\w+)"|\{"key": "(\w+)"')


def keys(python: str) -> set[str]:
    """The keys of findings, refusals and differences in a source."""
    return {one or other for one, other in _KEY.findall(python)}
