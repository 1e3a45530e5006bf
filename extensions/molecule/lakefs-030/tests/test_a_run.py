# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before the tests of how it ended, by its name."""

from __future__ import annotations

import os

from upgrades import Cluster

OLD, TARGET, IMPORT = "0.30.0", os.environ["UPLIFT_TARGET"], "1.52.0"


def test_all_that_stands_in_the_way_is_said_at_once(cluster: Cluster) -> None:
    """Traps L16, L36, L37: hops before they would be met; nothing has changed."""
    result = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET)
    assert result.rc != 0, result.out[-6000:]
    for said in (
        "too_many_users (stops)",
        "access_lost (stops)",
        "made by its operators: Analysts",
        "no_commit (note)",
    ):
        assert result.says(said), f"{said}: {result.out[-6000:]}"
    assert result.says("blank/main, draft/main") and result.says("3 users (admin, bob, carol)"), result.out[-6000:]
    assert cluster.sql("SELECT version FROM schema_migrations") == "21"
    for host in cluster.hosts:
        assert cluster.on(host, "readlink", "/usr/local/bin/lakefs").strip() == f"lakefs-{OLD}"


def test_the_whole_way(cluster: Cluster) -> None:
    """One of the users is taken along, by the last release that can; that the others go was accepted by key."""
    result = cluster.playbook(
        "lakefs_upgrade",
        lakefs_version=TARGET,
        lakefs_via=[IMPORT],
        lakefs_admin_user="admin",
        lakefs_admin_access_key_id=cluster.product["key"],
        lakefs_accept=["access_lost", "users_lost"],
    )
    assert result.rc == 0, result.out[-8000:]
    assert "all as before" in cluster.lab("verify", "--release", TARGET)
