# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run is held after its first wave, paused, ended and let go on from outside, and approved; then it finishes."""

from __future__ import annotations

import time
from pathlib import Path

from expectations import says, stopped_by
from killed import TARGET, WANTED
from upgrades import Cluster

CANARY = {**WANTED, "lakefs_approve_after": "first_wave"}
POINT = "0/walk/1 is reached and has to be approved (lakefs_approve_after is first_wave)"


def releases(cluster: Cluster) -> list[str]:
    return [cluster.on(host, "readlink", "/usr/local/bin/lakefs").strip() for host in cluster.hosts]


def test_after_the_first_wave_it_waits_to_be_approved(cluster: Cluster) -> None:
    stopped_by(cluster.playbook("lakefs_upgrade", **CANARY), POINT, "then give the same command again")
    assert releases(cluster) == ["lakefs-1.84.0", "lakefs-1.82.0"]


def paused(cluster: Cluster, aside: Path, then: str) -> str:
    """What a run says that finds itself paused, and is then asked for something else."""
    asked = cluster.playbook("lakefs_pause", operation_reason="a call from sales")
    assert asked.rc == 0, asked.out[-3000:]
    says(asked, "The run waits before its next wave. Go on with the playbook lakefs_resume.")
    run = cluster.start("lakefs_upgrade", aside=aside, **CANARY)
    try:
        end = time.monotonic() + 300
        while (
            "Paused before" not in aside.read_text(encoding="utf-8") and run.poll() is None and time.monotonic() < end
        ):
            time.sleep(0.5)
        assert "Paused before" in aside.read_text(encoding="utf-8"), aside.read_text(encoding="utf-8")[-6000:]
        assert "pause" in cluster.playbook("lakefs_status").out
        told = cluster.playbook(then, operation_reason="enough")
        assert told.rc == 0, told.out[-3000:]
        assert run.wait(timeout=300) != 0
    finally:
        if run.poll() is None:
            cluster.kill(run)
    return " ".join(aside.read_text(encoding="utf-8").split())


def test_a_paused_run_that_is_to_end_does(cluster: Cluster, tmp_path: Path) -> None:
    said = paused(cluster, tmp_path / "said.txt", "lakefs_abort")
    assert "It was asked to end by" in said and "enough. It ended before" in said, said[-6000:]
    assert releases(cluster) == ["lakefs-1.84.0", "lakefs-1.82.0"]


def test_a_paused_run_that_is_to_go_on_does(cluster: Cluster, tmp_path: Path) -> None:
    said = paused(cluster, tmp_path / "said.txt", "lakefs_resume")
    assert POINT in said, said[-6000:]


def test_what_the_nodes_remember_is_shown(cluster: Cluster) -> None:
    says(cluster.playbook("lakefs_history"), "lakefs 1.82.0 to 1.84.0, rolling; unfinished; by", " At a1, a2.")


def test_approved_it_goes_to_its_end(cluster: Cluster) -> None:
    done = cluster.playbook("lakefs_upgrade", **CANARY, lakefs_approve=["0/walk/1"])
    assert done.rc == 0, done.out[-6000:]
    assert releases(cluster) == ["lakefs-1.84.0", "lakefs-1.84.0"]
    assert "WRONG" not in cluster.lab("load", "stop")
    assert "all as before" in cluster.lab("verify", "--release", TARGET)
