# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""0.8 to 0.9 with a conversion, killed in it: whatever boots meanwhile opens no database with the other release."""

from __future__ import annotations

from typing import Any

from upgrades import Cluster

ENDS_WITH = (
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "each_release_has_its_configuration",
    "metadata_belongs_to_the_service",
)


WANTED: dict[str, Any] = {"garage_version": "0.9.4", "garage_engine": "lmdb"}
CONVERTS = "0/together/3/convert"


def active(cluster: Cluster, host: str) -> str:
    return cluster.on(host, "systemctl", "is-active", "garage", check=False).strip()


def test_killed_in_the_conversion(cluster: Cluster) -> None:
    ended = cluster.killed_at(CONVERTS, **WANTED)
    assert ended.rc < 0, ended.out[-3000:]


def test_a_boot_opens_no_empty_database(cluster: Cluster) -> None:
    """trap G01: until there is a database for it 0.9 is nobody's next start, and nothing is started anyway."""
    cluster.lab("reboot", "a1")
    for host in cluster.hosts:
        cluster.on(host, "systemctl", "start", "garage")
        assert active(cluster, host) == "inactive"
        assert cluster.on(host, "readlink", "-f", cluster.product["binary"]).strip().endswith("0.8.7")


def test_the_next_run_finishes(cluster: Cluster) -> None:
    done = cluster.playbook("garage_upgrade", **WANTED)
    assert done.rc == 0, done.out[-6000:]


def test_each_node_was_started_once(cluster: Cluster) -> None:
    """Before the operation, and by its start."""
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)


def test_each_node_serves_what_was_converted(cluster: Cluster) -> None:
    for host in cluster.hosts:
        assert 'db_engine = "lmdb"' in cluster.on(host, "cat", cluster.config)
        listed = cluster.on(host, "ls", "/var/lib/garage/meta").split()
        assert {"db", "db.lmdb", "db.lmdb.uplift.json"} <= set(listed), listed
