# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scenarios that are only variables use these."""

from __future__ import annotations

from always import cluster, test_backups_are_private_and_proved, test_nothing_is_left_behind, test_nothing_is_lost
from hops import test_each_release_has_its_configuration, test_metadata_belongs_to_the_service

__all__ = [
    "cluster",
    "test_backups_are_private_and_proved",
    "test_each_release_has_its_configuration",
    "test_metadata_belongs_to_the_service",
    "test_nothing_is_left_behind",
    "test_nothing_is_lost",
]
