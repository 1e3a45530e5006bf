# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guide 001, minimal downtime procedure, zone by zone under client load."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def test_clients_noticed_nothing_but_the_switch(cluster: Cluster) -> None:
    phases = {row["phase"]: row["unserved"] for row in cluster.report()["probe"]["phases"]}
    walks = {name: unserved for name, unserved in phases.items() if name.startswith("walk")}
    assert len(walks) == 6 and set(walks.values()) == {0}, phases


def test_every_node_was_restarted_exactly_three_times(cluster: Cluster) -> None:
    """Its own start, then one in each walk and one together; the second run of the playbook (idempotence) none."""
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 4)
