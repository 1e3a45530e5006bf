# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rolling upgrade is ended by SIGKILL at its steps, with an instance down; the same command goes on to the end."""

from __future__ import annotations

import pytest
from upgrades import Cluster

TARGET = "1.84.0"
MOMENTS = ["0/walk/0/leave", "0/walk/2/activate", "0/walk/4/start", "0/after/0/verify"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(cluster: Cluster, moment: str) -> None:
    """Each goes on at once where the one before was ended."""
    ended = cluster.killed_at(moment, lakefs_version=TARGET)
    assert ended.rc < 0, ended.out[-3000:]


def test_the_last_run_finishes(cluster: Cluster) -> None:
    done = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET)
    assert done.rc == 0, done.out[-3000:]


def test_a_run_after_the_end_changes_nothing(cluster: Cluster) -> None:
    again = cluster.playbook("lakefs_upgrade", lakefs_version=TARGET)
    assert again.rc == 0 and again.says(f"Nothing to do: every node runs {TARGET}."), again.out[-3000:]


def test_what_the_client_was_told_is_stored_is_there(cluster: Cluster) -> None:
    """Before, between and after the runs: the judge demands each of the objects and commits that it was promised."""
    said = cluster.lab("load", "stop")
    assert "WRONG" not in said and " 0 promised" not in said, said
    assert "all as before" in cluster.lab("verify", "--release", TARGET)


# Last: these hold after the runs above.
from lakefs_always import (  # noqa: E402
    cluster,
    test_nothing_is_left_behind,
    test_secrets_are_nowhere,
    test_the_database_is_of_the_new_schema,
    test_what_is_kept_is_private,
)

__all__ = [
    "cluster",
    "test_nothing_is_left_behind",
    "test_secrets_are_nowhere",
    "test_the_database_is_of_the_new_schema",
    "test_what_is_kept_is_private",
]
