# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An installation whose every name and place is its own stays as it is, but for the release."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def test_the_engine_and_the_secret_stay_where_they_were(cluster: Cluster) -> None:
    """traps G20 G21: the engine that holds the data is the one that is named, and the secret goes into no file."""
    for host in cluster.hosts:
        text = cluster.on(host, "cat", cluster.config)
        said = [line for line in text.splitlines() if not line.startswith("#")]
        assert 'db_engine = "sqlite"' in said, text
        assert "rpc_secret" not in "\n".join(said), text
        assert text.count("path = ") == 2, text


def test_the_unit_is_the_operators_own(cluster: Cluster) -> None:
    for host in cluster.hosts:
        assert "s3-store.service" in cluster.on(host, "systemctl", "list-units", "--state=active", "*.service")
        assert cluster.on(host, "systemctl", "show", "-p", "DropInPaths", "--value", "s3-store").strip() == ""
