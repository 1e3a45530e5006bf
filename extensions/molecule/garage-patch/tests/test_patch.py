# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A patch inside a series, rolling under client load."""

from __future__ import annotations

from always import cluster, test_backups_are_private_and_proved, test_nothing_is_left_behind, test_nothing_is_lost
from upgrades import Cluster

__all__ = ["cluster", "test_backups_are_private_and_proved", "test_nothing_is_left_behind", "test_nothing_is_lost"]


def test_no_client_noticed_anything(cluster: Cluster) -> None:
    probe = cluster.report()["probe"]
    assert probe["requests"] > 0 and probe["unserved"] == 0, probe


def test_every_node_was_restarted_once(cluster: Cluster) -> None:
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)
