# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An upgrade is ended in each of its phases and gone back from; then finished, gone back from, and made again."""

from __future__ import annotations

import os

import pytest
from upgrades import Cluster, Result

ENDS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


SOURCE, TARGET = os.environ["UPLIFT_SOURCE"], os.environ["UPLIFT_TARGET"]
# By step keys, which differ from hop to hop: in each phase, and where the new release is started.
MOMENTS, START = os.environ["UPLIFT_MOMENTS"].split(), os.environ["UPLIFT_START"]
# What a release that opens another engine than the one that holds the data would find.
EMPTIED = ("sh", "-c", "cd /var/lib/garage/meta && mkdir /var/lib/garage/away && mv db* /var/lib/garage/away/")


def upgrade(cluster: Cluster) -> Result:
    return cluster.playbook("garage_upgrade", garage_version=TARGET)


def gone_back(cluster: Cluster) -> None:
    done = cluster.playbook("garage_rollback", garage_confirm=["rollback"])
    assert done.rc == 0, done.out[-6000:]
    assert "all as before" in cluster.lab("verify", "--release", SOURCE)


@pytest.mark.parametrize("moment", MOMENTS)
def test_back_from_each_phase(cluster: Cluster, moment: str) -> None:
    ended = cluster.killed_at(moment, garage_version=TARGET)
    assert ended.rc < 0, ended.out[-6000:]
    gone_back(cluster)


def test_an_empty_database_is_noticed_before_anything_may_delete_blocks(cluster: Cluster) -> None:
    """trap G01: the nodes call themselves healthy, and `repair blocks` would remove the data."""
    cluster.killed_at(START, garage_version=TARGET)
    for host in cluster.hosts:
        cluster.on(host, *EMPTIED)
    stopped = upgrade(cluster)
    assert stopped.rc > 0 and stopped.says("garage_rollback, which puts them back on all nodes"), stopped.out[-6000:]
    assert "PLAY [Hop 0, after]" not in stopped.out or SOURCE == "0.5.1", stopped.out[-6000:]
    gone_back(cluster)


def test_back_wants_to_be_meant_and_can_be_seen_before(cluster: Cluster) -> None:
    """trap G22: the old program comes back with its own configuration."""
    done = upgrade(cluster)
    assert done.rc == 0, done.out[-6000:]
    refused = cluster.playbook("garage_rollback")
    assert (
        refused.rc > 0
        and refused.says("everything that was written since")
        and refused.says("is lost. To do it, confirm it")
    ), refused.out
    before = cluster.trees()
    shown = cluster.playbook("garage_rollback", "--check", garage_confirm=["rollback"])
    assert shown.rc == 0 and shown.says(f"garage {TARGET} -> {SOURCE}"), shown.out[-6000:]
    assert not cluster.changes(before)
    gone_back(cluster)
    assert all(one.endswith(f"-{SOURCE}") for one in cluster.running()), cluster.running()


def test_and_up_again(cluster: Cluster) -> None:
    done = upgrade(cluster)
    assert done.rc == 0, done.out[-6000:]
