# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from expectations import backups_are_private_and_proved, nothing_is_left_behind, nothing_is_lost
from upgrades import Cluster, scenario


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return scenario()


def test_nothing_is_lost(cluster: Cluster) -> None:
    """Guide 001, simple procedure, on hosts as a distribution's package leaves them. trap G02"""
    nothing_is_lost(cluster, "0.8.7")


def test_nothing_is_left_behind(cluster: Cluster) -> None:
    """trap G23: the ports were closed by moving them, and are where the operator put them again."""
    nothing_is_left_behind(cluster)


def test_backups_are_private_and_proved(cluster: Cluster) -> None:
    backups_are_private_and_proved(cluster, cluster.report())


def test_objects_are_counted(cluster: Cluster) -> None:
    """The offline repair has filled the counters. trap G15: on sled one object may be missing in one bucket."""
    said = cluster.garage("a1", "bucket", "info", "photos")
    assert "Objects: 0" not in said and "Objects:" in said, said


def test_metadata_belongs_to_the_service(cluster: Cluster) -> None:
    """trap G19: the offline repair ran as the service's own user."""
    for host in cluster.hosts:
        assert cluster.on(host, "find", "/var/lib/garage/meta", "-not", "-user", "garage").strip() == ""
