# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""0.5.1 to 2.5.0 in one operation; what 0.5 wrote is written anew by 0.9 before 1.x is asked to read it."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = (
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "each_release_has_its_configuration",
    "metadata_belongs_to_the_service",
)


def test_one_node_of_one_zone_was_emptied_and_what_it_had_is_kept(cluster: Cluster) -> None:
    """What the others filled it with they have written anew themselves: every zone has a copy of everything."""
    argv = ("find", "/var/lib/garage", "-maxdepth", "2", "-path", "*/meta.uplift-*/db")
    kept = {host: cluster.on(host, *argv).split() for host in cluster.hosts}
    assert [len(found) for found in kept.values()] == [1, 0, 0], kept


def test_clients_noticed_nothing_of_it(cluster: Cluster) -> None:
    """The node is closed to them: an empty one would answer that their buckets do not exist."""
    phases = {row["phase"]: row["unserved"] for row in cluster.report()["probe"]["phases"]}
    walks = {name: unserved for name, unserved in phases.items() if name.startswith("walk a1")}
    assert walks and set(walks.values()) == {0}, phases
