# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run is ended by SIGKILL when a pass or a step begins; the same command goes on, and the end is the same.

What it leaves in the middle of a step is held down: neither a person nor a boot starts it.
"""

from __future__ import annotations

import killed
import pytest
from upgrades import Cluster

ENDS_WITH = (
    "a_run_after_the_end_changes_nothing",
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
    "nothing_is_lost",
)


MOMENTS = ("0/walk/0/stop", "0/walk/1/backup")
BEGINS_WITH = ("killed",)
THEN = ["0/together/0/prove", "0/together/2/restart", "0/walk_again/0/stop", "0/after/0/repair"]


def active(cluster: Cluster, host: str) -> str:
    return cluster.on(host, "systemctl", "is-active", "garage", check=False).strip()


def test_what_is_down_is_started_by_nobody(cluster: Cluster) -> None:
    operation = cluster.module("a1", "operation", directory="/var/lib/uplift/garage/garage.service")["record"]["id"]
    seen = cluster.module("a1", "service_info", unit="garage")
    assert (seen["unit"]["active"], seen["unit"]["held"]) == ("inactive", operation)
    assert [(one["name"], one["operation"]) for one in seen["held"]] == [("garage.service", operation)]
    cluster.on("a1", "systemctl", "start", "garage")
    assert active(cluster, "a1") == "inactive"
    cluster.lab("reboot", "a1")
    assert active(cluster, "a1") == "inactive"
    assert "start condition failed" in cluster.on("a1", "systemctl", "status", "garage", check=False)
    assert {host: active(cluster, host) for host in ("b1", "c1")} == dict.fromkeys(("b1", "c1"), "active")
    assert cluster.module("b1", "service_info", unit="garage")["held"] == []


@pytest.mark.parametrize("moment", THEN)
def test_killed_again(cluster: Cluster, moment: str) -> None:
    killed.test_killed(cluster, moment)


def test_the_last_run_finishes(cluster: Cluster) -> None:
    done = cluster.playbook("garage_upgrade", garage_version="0.8.7")
    assert done.rc == 0, done.out[-3000:]


def test_every_node_was_started_as_often_as_in_an_unbroken_run(cluster: Cluster) -> None:
    """The boot of a1 and the start by hand are none."""
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 4)


def test_nothing_is_held_at_the_end(cluster: Cluster) -> None:
    for host in cluster.hosts:
        seen = cluster.module(host, "service_info", unit="garage")
        assert (seen["held"], seen["unit"]["active"]) == ([], "active")
