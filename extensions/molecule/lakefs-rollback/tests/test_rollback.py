# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back from the newest to the SQL era: database, program and configuration together, or nothing at all."""

from __future__ import annotations

from lakefs_always import cluster, test_secrets_are_nowhere, test_what_is_kept_is_private
from upgrades import Cluster

OLD = "0.70.6"


def test_going_back_wants_to_be_meant(cluster: Cluster) -> None:
    result = cluster.playbook("lakefs_rollback")
    assert result.rc != 0 and result.says("restore in lakefs_confirm"), result.out[-3000:]
    assert cluster.record() == "4"


def test_back_to_the_old_release(cluster: Cluster) -> None:
    """trap L04: on the migrated database the old server would start, and serve what is stale."""
    result = cluster.playbook("lakefs_rollback", lakefs_confirm=["restore"])
    assert result.rc == 0, result.out[-6000:]
    assert cluster.record() == "" and cluster.sql("SELECT version FROM schema_migrations") == "38"
    assert "all as before" in cluster.lab("verify", "--release", OLD)


def test_configuration_and_program_went_back_together(cluster: Cluster) -> None:
    for host in cluster.hosts:
        text = cluster.on(host, "cat", cluster.config)
        assert "postgres:" not in text and "connection_string" in text, "the configuration is not the old one"
        assert cluster.on(host, "readlink", "/usr/local/bin/lakefs").strip() == f"lakefs-{OLD}"


def test_forward_again(cluster: Cluster) -> None:
    done = cluster.playbook("lakefs_upgrade", lakefs_version="1.84.0")
    assert done.rc == 0, done.out[-6000:]
    assert "all as before" in cluster.lab("verify", "--release", "1.84.0")


__all__ = ["cluster", "test_secrets_are_nowhere", "test_what_is_kept_is_private"]
