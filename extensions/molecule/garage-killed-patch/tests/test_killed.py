# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rolling patch is ended by SIGKILL with a node down, twice, and goes on to the end under the eyes of a client."""

from __future__ import annotations

import pytest
from upgrades import Cluster

__all__ = ["cluster", "test_backups_are_private_and_proved", "test_nothing_is_left_behind"]


@pytest.mark.parametrize("moment", ["0/walk/1/backup", "0/walk/4/start"])
def test_killed(cluster: Cluster, moment: str) -> None:
    ended = cluster.killed_at(moment, garage_version="0.8.7")
    assert ended.rc < 0, ended.out[-3000:]


def test_the_last_run_finishes(cluster: Cluster) -> None:
    done = cluster.playbook("garage_upgrade", garage_version="0.8.7")
    assert done.rc == 0, done.out[-3000:]


def test_every_node_was_restarted_once(cluster: Cluster) -> None:
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)


def test_what_the_client_was_told_is_stored_is_there(cluster: Cluster) -> None:
    """Before, between and after the runs: the judge demands each of the objects that it was promised."""
    said = cluster.lab("load", "stop")
    assert "WRONG" not in said and " 0 promised" not in said, said
    assert "all as before" in cluster.lab("verify", "--release", "0.8.7")


# Last: these hold after the runs above.
from always import cluster, test_backups_are_private_and_proved, test_nothing_is_left_behind  # noqa: E402
