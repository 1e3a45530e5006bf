# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run is ended by SIGKILL inside its steps; the same command goes on, and the end is the same."""

from __future__ import annotations

import pytest
from upgrades import Cluster

__all__ = ["cluster", "test_nothing_is_left_behind", "test_nothing_is_lost", "test_the_backup_was_proved"]

MOMENTS = [
    "0/before/2/quiesce",
    "0/before/6/extract",
    "0/before/7/try_restore",
    "0/together/6/redeploy",
    "0/together/7/restore",
    "0/after/5/unpause",
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(cluster: Cluster, moment: str) -> None:
    """Each goes on at once where the one before was ended. During the restore: it begins again with fresh metadata."""
    ended = cluster.killed_at(moment, pachyderm_version="1.13.4")
    assert ended.rc < 0, ended.out[-3000:]


def test_the_last_run_finishes(cluster: Cluster) -> None:
    done = cluster.playbook("pachyderm_upgrade", pachyderm_version="1.13.4")
    assert done.rc == 0, done.out[-3000:]


def test_a_run_after_the_end_changes_nothing(cluster: Cluster) -> None:
    again = cluster.playbook("pachyderm_upgrade", pachyderm_version="1.13.4")
    assert again.rc == 0 and again.says("Nothing to do"), again.out[-3000:]


# Last: these hold after the runs above.
from pachyderm_always import (  # noqa: E402
    cluster,
    test_nothing_is_left_behind,
    test_nothing_is_lost,
    test_the_backup_was_proved,
)
