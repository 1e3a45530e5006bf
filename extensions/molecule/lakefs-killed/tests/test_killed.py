# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run is ended by SIGKILL at its worst moments, the migration itself too; the same command goes on to the end."""

from __future__ import annotations

import time
from pathlib import Path

import killed
import pytest
from upgrades import Cluster

ENDS_WITH = (
    "the_last_run_finishes",
    "a_run_after_the_end_changes_nothing",
    "nothing_is_lost",
    "secrets_are_nowhere",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)

NEWEST = "1.84.0"
MOMENTS = [
    "0/together/0/commit_uncommitted",
    "0/together/4/backup",
    "0/after/0/verify",
    "1/together/0/commit_uncommitted",
]


@pytest.mark.parametrize("moment", MOMENTS[:2])
def test_killed_before_the_migration(cluster: Cluster, moment: str) -> None:
    killed.test_killed(cluster, moment)
    assert cluster.record() == ""


def test_killed_in_the_middle_of_the_kv_migration(cluster: Cluster, tmp_path: Path) -> None:
    """trap L10, L25: the record is 0 and half of the rows are there. Run, migration and all are killed."""
    for host in cluster.hosts:
        cluster.on(host, "sh", "-c", "mkdir -p /run/lab && echo 120 > /run/lab/lakefs-pause")
    said = tmp_path / "said.txt"
    process = cluster.start("lakefs_upgrade", aside=said, lakefs_version=NEWEST)
    try:
        end = time.monotonic() + 600
        while cluster.record() != "0" and time.monotonic() < end and process.poll() is None:
            time.sleep(0.5)
        assert cluster.record() == "0", said.read_text(encoding="utf-8")[-6000:]
    finally:
        cluster.kill(process)
    for host in cluster.hosts:
        cluster.on(host, "sh", "-c", "rm -f /run/lab/lakefs-pause; pkill -9 -f 'migrate up'", check=False)
    assert cluster.record() == "0"
    # No server was started on it by whatever is left of the run.
    for host in cluster.hosts:
        assert "ActiveState=inactive" in cluster.on(host, "systemctl", "show", "lakefs", "-p", "ActiveState")


@pytest.mark.parametrize("moment", MOMENTS[2:])
def test_killed_after_the_migration(cluster: Cluster, moment: str) -> None:
    killed.test_killed(cluster, moment)
    assert cluster.record() in ("1", "4")
