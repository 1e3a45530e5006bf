# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.82.0 to 1.84.0 where units have all in their environment, and no file is anywhere (trap L31)."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = (
    "all_instances_are_in_the_load_balancer_again",
    "clients_were_measured",
    "hooks_were_played",
    "no_request_failed",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "secrets_are_nowhere",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)


def test_there_is_no_file_that_could_be_read(cluster: Cluster) -> None:
    """The task's own home is closed to the account: a program that looks there ends."""
    names = ("-name", "config.*", "-o", "-name", ".lakefs.*")
    for host in cluster.hosts:
        found = cluster.on(host, "find", "/etc/lakefs", "/var/lib/lakefs", "/root", *names, check=False)
        assert "config." not in found and ".lakefs." not in found, found
        assert cluster.on(host, "stat", "-c", "%a %U", "/root").split() == ["700", "root"]
