# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guide 001, simple procedure, on hosts as a distribution's package leaves them."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def test_objects_are_counted(cluster: Cluster) -> None:
    """The offline repair has filled the counters."""
    said = cluster.garage("a1", "bucket", "info", "photos")
    assert "Objects: 0" not in said and "Objects:" in said, said


def test_metadata_belongs_to_the_service(cluster: Cluster) -> None:
    """trap G19: the offline repair ran as the service's own user."""
    for host in cluster.hosts:
        assert cluster.on(host, "find", "/var/lib/garage/meta", "-not", "-user", "garage").strip() == ""
