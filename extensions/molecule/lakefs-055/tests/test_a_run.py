# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""0.55.0 as the target, and as where a rollback leads (trap L34). Before the tests of how it ended, by its name."""

from __future__ import annotations

from upgrades import Cluster

OLD, TARGET, KV = "0.30.0", "0.55.0", "0.80.2"


def stands_on(cluster: Cluster, release: str, schema: str) -> None:
    assert cluster.sql("SELECT version FROM schema_migrations") == schema
    assert "all as before" in cluster.lab("verify", "--release", release)
    for host in cluster.hosts:
        assert cluster.on(host, "readlink", "/usr/local/bin/lakefs").strip() == f"lakefs-{release}"


def test_up_to_it(cluster: Cluster) -> None:
    """With uncommitted data, directories, two repositories without a commit, and three users (traps L32, L33, L36)."""
    result = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET)
    assert result.rc == 0, result.out[-8000:]
    assert result.says("no_commit (note): ") and result.says("blank/main, draft/main"), result.out[-8000:]
    stands_on(cluster, TARGET, "35")


def test_a_second_run_has_nothing_to_do(cluster: Cluster) -> None:
    result = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET)
    assert result.rc == 0 and result.says("changed=0"), result.out[-3000:]


def test_from_it(cluster: Cluster) -> None:
    result = cluster.playbook("lakefs_upgrade", lakefs_version=KV)
    assert result.rc == 0, result.out[-8000:]
    assert cluster.record() == "1"
    stands_on(cluster, KV, "38")


def test_back_to_it(cluster: Cluster) -> None:
    """Its servers are healthy by the list of repositories: there is no other page that asks the database."""
    result = cluster.playbook("lakefs_rollback", lakefs_confirm=["rollback"])
    assert result.rc == 0, result.out[-8000:]
    assert cluster.record() == ""
    stands_on(cluster, TARGET, "35")
