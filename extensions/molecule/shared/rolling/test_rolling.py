# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hop of which all that takes time is done node by node, under client load."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = (
    "nothing_is_lost",
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
    "each_release_has_its_configuration",
    "metadata_belongs_to_the_service",
    "clients_noticed_nothing_but_the_switch",
)


def test_each_node_was_started_for_its_backup_and_for_the_switch(cluster: Cluster) -> None:
    """And once before."""
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 3)
