# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations


class UpliftError(Exception):
    """What an operator has to know, as one sentence: the thing, the value seen, the value expected, what to do."""


class Silent(UpliftError):
    """Nobody answers at all: that is another thing than an answer that is not understood. A module says `silent`."""

    @property
    def facts(self) -> dict[str, bool]:
        return {"silent": True}
