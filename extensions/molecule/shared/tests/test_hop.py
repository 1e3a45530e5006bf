# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenarios that are only variables use these."""

from __future__ import annotations

ENDS_WITH = (
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "each_release_has_its_configuration",
    "metadata_belongs_to_the_service",
)
