# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has come of it: the data at the end are a real release's."""

from __future__ import annotations

from upgrades import Cluster

BEGINS_WITH = (
    "nothing_is_left_behind",
    "nothing_is_lost",
    "secrets_are_nowhere",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)


def test_what_was_not_committed_came_along(cluster: Cluster) -> None:
    """Trap L36: of repositories without a commit, too; the judge has read the objects."""
    rows = "SELECT count(*) FROM kv_v WHERE partition_key ~ '{}-main:'"
    assert cluster.sql(rows.format("draft")) == "3" and cluster.sql(rows.format("blank")) == "0"


def test_one_user_is_left(cluster: Cluster) -> None:
    users = cluster.sql(
        "SELECT string_agg(key, ' ') FROM kv_v WHERE partition_key = 'basicAuth' AND key LIKE 'users/%'"
    )
    assert users == "users/superAdmin"
