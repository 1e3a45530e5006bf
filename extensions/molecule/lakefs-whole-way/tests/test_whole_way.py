# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From before 0.30 to the newest, and the old tables away at last.

The conversion of the commits is the emulator's; the data at the end is real.
"""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = (
    "clients_were_measured",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "secrets_are_nowhere",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)


def test_every_repository_was_migrated(cluster: Cluster) -> None:
    """trap L12, L13: by the sets of names, and not by the line or the time stamp."""
    old = cluster.sql("SELECT name FROM catalog_repositories ORDER BY 1")
    assert old and old == cluster.sql("SELECT id FROM graveler_repositories ORDER BY 1")


def test_dropping_the_old_tables_wants_to_be_meant(cluster: Cluster) -> None:
    """Listed first; somebody else's are distinguished, whatever they are called."""
    cluster.sql("SET ROLE lakefs; CREATE TABLE tasks (id int); CREATE TABLE auth_user (id int)")
    result = cluster.playbook("lakefs_drop_tables")
    assert result.rc != 0 and result.says("expected drop_tables in lakefs_confirm"), result.out[-3000:]
    assert result.says("tables of others, which stay: auth_user, tasks"), result.out[-3000:]
    assert cluster.sql("SELECT to_regclass('graveler_repositories') IS NOT NULL") == "t"


def test_the_old_tables_are_dropped_and_nothing_else(cluster: Cluster) -> None:
    """trap L10: of two eras; what is served does not come from them any more."""
    left = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'"
    before = cluster.on(cluster.hosts[0], "cat", "/var/lib/uplift/lakefs/lakefs.service/record.json")
    for changed in (True, False):
        result = cluster.playbook("lakefs_drop_tables", lakefs_confirm=["drop_tables"])
        assert result.rc == 0 and result.says("changed=0") is not changed, result.out[-3000:]
        assert cluster.sql(f"{left} AND tablename !~ '^kv'") == "auth_user tasks"
    listed = cluster.on(cluster.hosts[0], "ls", "/var/backups/uplift/lakefs/lakefs.service")
    assert "before-drop-tables.dump.manifest.json" in listed, "there is no rollback"
    assert cluster.on(cluster.hosts[0], "cat", "/var/lib/uplift/lakefs/lakefs.service/record.json") == before
    assert "all as before" in cluster.lab("verify", "--release", cluster.report()["to"])
