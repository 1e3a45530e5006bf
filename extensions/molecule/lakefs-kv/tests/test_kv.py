# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guide 003, the KV migration, with its stages of the configuration, and on to the newest."""

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


def test_the_configuration_is_of_the_newest(cluster: Cluster) -> None:
    """trap L02, L21: the old key stays until the migration is proved, and goes then; the comment is the operator's."""
    for host in cluster.hosts:
        text = cluster.on(host, "cat", cluster.config)
        assert text.count("connection_string") == 1 and "postgres:" in text, "the old key is still there"
        assert text.startswith("# lakeFS of the lab")


def test_the_old_tables_are_still_there(cluster: Cluster) -> None:
    """trap L10: dropping them is a step of its own."""
    assert cluster.sql("SELECT count(*) > 0 FROM graveler_repositories") == "t"


def test_users_came_along(cluster: Cluster) -> None:
    journal = cluster.on(cluster.hosts[0], "journalctl", "-u", "lakefs", "-o", "cat", "--no-pager")
    second = cluster.on(cluster.hosts[1], "journalctl", "-u", "lakefs", "-o", "cat", "--no-pager")
    assert "User admin was migrated successfully" in journal + second


def test_the_rehearsal_foretold_it(cluster: Cluster) -> None:
    """What the copy took and what the real one took are both in the report."""
    assert [row["hop"] for row in cluster.report()["rehearsals"] if row["foretold"] and row["took"]] == [0, 1]
