# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.82.0 to 1.84.0, one instance after the other, out of and into haproxy by the operator's own tasks, under load."""

from __future__ import annotations

from lakefs_always import (
    cluster,
    test_clients_were_measured,
    test_no_request_failed,
    test_nothing_is_left_behind,
    test_nothing_is_lost,
    test_secrets_are_nowhere,
    test_the_database_is_of_the_new_schema,
    test_what_is_kept_is_private,
)
from upgrades import Cluster

__all__ = [
    "cluster",
    "test_clients_were_measured",
    "test_no_request_failed",
    "test_nothing_is_left_behind",
    "test_nothing_is_lost",
    "test_secrets_are_nowhere",
    "test_the_database_is_of_the_new_schema",
    "test_what_is_kept_is_private",
]


def test_every_instance_was_restarted_once(cluster: Cluster) -> None:
    """Its own start and one in the walk; the second run of the playbook (idempotence) none."""
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)


def test_all_instances_are_in_the_load_balancer_again(cluster: Cluster) -> None:
    stat = cluster.on("d1", "sh", "-c", "echo show stat | socat stdio /run/haproxy/admin.sock")
    assert all(f"instances,{host}," in stat for host in cluster.hosts)
    assert "DRAIN" not in stat and "MAINT" not in stat and "DOWN" not in stat, stat
