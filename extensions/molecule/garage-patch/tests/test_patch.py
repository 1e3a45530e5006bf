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
    nothing_is_lost(cluster, "0.8.7")


def test_nothing_is_left_behind(cluster: Cluster) -> None:
    nothing_is_left_behind(cluster)


def test_backups_are_private_and_proved(cluster: Cluster) -> None:
    backups_are_private_and_proved(cluster, cluster.report())


def test_no_client_noticed_anything(cluster: Cluster) -> None:
    probe = cluster.report()["probe"]
    assert probe["requests"] > 0 and probe["unserved"] == 0, probe


def test_every_node_was_restarted_once(cluster: Cluster) -> None:
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)
