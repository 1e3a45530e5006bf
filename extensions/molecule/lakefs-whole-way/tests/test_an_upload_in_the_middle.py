# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client uploads between the last commit and the stop. Before the tests of the way, by its name."""

from __future__ import annotations

import os
from pathlib import Path

from upgrades import ROOT, Cluster

HOOK = Path(__file__).parents[2] / "shared" / "hooks" / "upload.yml"
OLD, TARGET = "0.22.0", os.environ["UPLIFT_TARGET"]


def test_the_migration_stops_and_names_it(cluster: Cluster) -> None:
    """trap L11: `migrate db` would have ended well, and nothing would have told."""
    lab = {"lakefs_lab": str(ROOT / "tests/lab/lab"), "lakefs_lab_cluster": cluster.name}
    hooks = [{"at": "before_wave", "tasks": str(HOOK)}]
    result = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET, lakefs_hooks=hooks, **lab)
    assert result.rc != 0 and result.says("lake/main has 1 (late/while it ran); expected none"), result.out[-6000:]
    assert cluster.sql("SELECT version FROM schema_migrations") == "20", "something was migrated"


def test_the_old_release_serves_again(cluster: Cluster) -> None:
    assert "late/while it ran of lake/main is not committed" in cluster.lab("late", "look")
    for host in cluster.hosts:
        assert cluster.on(host, "readlink", "/usr/local/bin/lakefs").strip() == f"lakefs-{OLD}"
        assert "active" in cluster.on(host, "systemctl", "is-active", "lakefs")


def test_after_a_commit_the_same_command_goes_on(cluster: Cluster) -> None:
    cluster.lab("late", "commit")
    result = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET)
    assert result.rc == 0, result.out[-8000:]
    assert "all as before" in cluster.lab("verify", "--release", TARGET)
