# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From MVCC to the newest. The conversion of the commits is the emulator's; the data at the end is real."""

from __future__ import annotations

from lakefs_always import (
    cluster,
    test_nothing_is_left_behind,
    test_nothing_is_lost,
    test_secrets_are_nowhere,
    test_the_database_is_of_the_new_schema,
    test_what_is_kept_is_private,
)
from upgrades import Cluster

__all__ = [
    "cluster",
    "test_nothing_is_left_behind",
    "test_nothing_is_lost",
    "test_secrets_are_nowhere",
    "test_the_database_is_of_the_new_schema",
    "test_what_is_kept_is_private",
]


def test_every_repository_was_migrated(cluster: Cluster) -> None:
    """trap L12, L13: by the sets of names, and not by the line or the time stamp."""
    old = cluster.sql("SELECT name FROM catalog_repositories ORDER BY 1")
    assert old and old == cluster.sql("SELECT id FROM graveler_repositories ORDER BY 1")


def test_the_cataloger_is_gone(cluster: Cluster) -> None:
    """trap L14: fatal to every later release."""
    for host in cluster.hosts:
        assert "cataloger" not in cluster.on(host, "cat", cluster.config)
