# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A patch inside a series, rolling under client load."""

from __future__ import annotations

import json
from typing import Any

from expectations import nothing_is_left_behind, stopped_by
from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def test_no_client_noticed_anything(cluster: Cluster) -> None:
    probe = cluster.report()["probe"]
    assert probe["requests"] > 0 and probe["unserved"] == 0, probe


def test_every_node_was_restarted_once(cluster: Cluster) -> None:
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)


def compared(cluster: Cluster) -> Any:
    """What `garage_verify` wrote, and what the record of the leader says of it."""
    (report,) = cluster.reports.glob("*/verify.json")
    record = cluster.module("a1", "operation", directory="/var/lib/uplift/garage/garage.service")["record"]
    assert record["state"] == "finished"
    return json.loads(report.read_text(encoding="utf-8")), record["comparisons"]["0"]["state"]


def test_all_can_be_compared_again_while_clients_write(cluster: Cluster) -> None:
    starts = {host: cluster.starts(host) for host in cluster.hosts}
    done = cluster.playbook("garage_verify")
    assert done.rc == 0 and done.says("Inventory: no differences"), done.out[-6000:]
    report, state = compared(cluster)
    assert (report["differences"], state) == ([], "same")
    assert {host: cluster.starts(host) for host in cluster.hosts} == starts
    nothing_is_left_behind(cluster)


def test_an_object_that_is_lost_on_all_disks_is_a_difference(cluster: Cluster) -> None:
    """The last test: nothing is sound after it."""
    cluster.lab("load", "stop")
    for host in cluster.hosts:
        cluster.on(host, "find", cluster.product["data"], "-type", "f", "-delete")
    lost = cluster.playbook("garage_verify")
    stopped_by(lost, "it is listed at", "cannot be read", "garage_accept: [objects_gone]")
    report, state = compared(cluster)
    assert {row["key"] for row in report["differences"]} == {"objects_gone"} and state == "different"
    nothing_is_left_behind(cluster)
