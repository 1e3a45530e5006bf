# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Back over the migration to KV and over the last hop to the newest: database, program and configuration together."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = ("secrets_are_nowhere", "what_is_kept_is_private")

OLD, KV, NEWEST = "0.70.6", "0.80.2", "1.84.0"


def stands_on(cluster: Cluster, release: str, record: str) -> None:
    assert cluster.record() == record
    assert "all as before" in cluster.lab("verify", "--release", release)
    for host in cluster.hosts:
        assert cluster.on(host, "readlink", "/usr/local/bin/lakefs").strip() == f"lakefs-{release}"


def test_going_back_wants_to_be_meant(cluster: Cluster) -> None:
    result = cluster.playbook("lakefs_rollback")
    assert result.rc != 0 and result.says("lakefs_confirm: [rollback]"), result.out[-3000:]
    assert cluster.record() == "1"


def test_back_to_the_sql_era(cluster: Cluster) -> None:
    """trap L04: on the migrated database the old server would start, and serve what is stale."""
    result = cluster.playbook("lakefs_rollback", lakefs_confirm=["rollback"])
    assert result.rc == 0, result.out[-6000:]
    stands_on(cluster, OLD, "")
    assert cluster.sql("SELECT version FROM schema_migrations") == "38"
    for host in cluster.hosts:
        keys = [line.split(":")[0].strip() for line in cluster.on(host, "cat", cluster.config).splitlines()]
        assert "postgres" not in keys and "connection_string" in keys, "the configuration is not the old one"


def test_there_is_nothing_more_to_undo(cluster: Cluster) -> None:
    result = cluster.playbook("lakefs_rollback", lakefs_confirm=["rollback"])
    assert result.rc != 0 and result.says("nothing more to go back from"), result.out[-3000:]


def put_aside(cluster: Cluster) -> str:
    return cluster.sql("SELECT string_agg(datname, ',') FROM pg_database WHERE datname ~ '_uplift_|^uplift_scratch_'")


def test_what_the_restore_put_aside_goes_when_it_is_asked_for(cluster: Cluster) -> None:
    aside = put_aside(cluster)
    assert aside and "," not in aside
    listed = cluster.playbook("lakefs_cleanup", lakefs_cleanup_days=0)
    assert listed.rc == 0 and listed.says(f"/{aside}: data that") and put_aside(cluster) == aside, listed.out[-3000:]
    assert cluster.playbook("lakefs_cleanup", lakefs_cleanup_remove=True).rc == 0 and put_aside(cluster) == aside
    gone = cluster.playbook("lakefs_cleanup", lakefs_cleanup_remove=True, lakefs_cleanup_days=0)
    assert gone.rc == 0 and not put_aside(cluster), gone.out[-3000:]
    stands_on(cluster, OLD, "")


def test_forward_again(cluster: Cluster) -> None:
    done = cluster.playbook("lakefs_upgrade", lakefs_version=NEWEST)
    assert done.rc == 0, done.out[-6000:]
    stands_on(cluster, NEWEST, "4")


def test_back_over_the_last_hop(cluster: Cluster) -> None:
    """Of an operation of two hops the second; a release of 0.80 would start on the newest's schema, too."""
    result = cluster.playbook("lakefs_rollback", lakefs_confirm=["rollback"])
    assert result.rc == 0, result.out[-6000:]
    stands_on(cluster, KV, "1")
