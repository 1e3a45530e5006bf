# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rolling patch is ended by SIGKILL with a node down, twice, and goes on to the end under the eyes of a client."""

from __future__ import annotations

from upgrades import Cluster

MOMENTS = ("0/walk/1/backup", "0/walk/4/start")
BEGINS_WITH = ("killed", "the_last_run_finishes")
ENDS_WITH = (
    "what_the_client_was_told_is_stored_is_there",
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
)


def test_every_node_was_restarted_once(cluster: Cluster) -> None:
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)
