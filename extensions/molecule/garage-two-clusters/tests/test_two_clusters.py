# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blue is upgraded, then green, then blue goes back: each has its own objects, and green never notices."""

from __future__ import annotations

from typing import Any

import pytest
from expectations import nothing_is_held, nothing_is_lost
from upgrades import Cluster

BLUE, GREEN = "garage.service", "garage-green.service"


@pytest.fixture(scope="module")
def green(cluster: Cluster) -> Cluster:
    """A cluster of its own on the same hosts; it goes with them."""
    made = Cluster(f"{cluster.name}-green")
    if not made.directory.exists():
        made.lab("up", "--release", "0.8.0", "--beside", cluster.name)
        made.lab("fill", "--objects", "50")
    return made


def state(cluster: Cluster, unit: str) -> dict[str, str]:
    """What of a unit changes when it is touched: its process, its program, what systemd reads for it, its record."""
    record = f"/var/lib/uplift/garage/{unit}"
    seen = {}
    for host in cluster.hosts:
        seen[host] = cluster.on(host, "systemctl", "show", unit, "-p", "InvocationID,NRestarts,DropInPaths")
        seen[host] += cluster.on(host, "readlink", cluster.product["binary"])
        seen[host] += cluster.on(host, "find", record, "-type", "f", "-exec", "sha256sum", "{}", "+", check=False)
    return seen


def upgraded(cluster: Cluster, **more: Any) -> None:
    done = cluster.playbook("garage_upgrade", garage_version="0.8.7", **more)
    assert done.rc == 0, done.out[-6000:]
    nothing_is_lost(cluster, "0.8.7")


def test_blue_is_upgraded_and_green_is_not_touched(cluster: Cluster, green: Cluster) -> None:
    """trap G35"""
    before = state(green, GREEN)
    upgraded(cluster)
    assert state(green, GREEN) == before
    nothing_is_lost(green, "0.8.0")


def test_green_is_upgraded_and_blue_is_not_touched(cluster: Cluster, green: Cluster) -> None:
    before = state(cluster, BLUE)
    upgraded(green)
    assert state(cluster, BLUE) == before
    nothing_is_lost(cluster, "0.8.7")
    kept = cluster.on("a1", "find", "/var/backups/uplift/garage", "-name", "meta-0.8.0.tar.zst").split()
    assert len(kept) == 2 and {path.split("/")[5] for path in kept} == {BLUE, GREEN}, kept


def test_each_tells_of_the_other(cluster: Cluster, green: Cluster) -> None:
    for one, other in ((cluster, GREEN), (green, BLUE)):
        said = one.playbook("garage_status")
        assert said.rc == 0 and said.says(f"unit: {other}"), said.out[-3000:]


def test_blue_goes_back_and_green_keeps_what_it_has(cluster: Cluster, green: Cluster) -> None:
    before = state(green, GREEN)
    back = cluster.playbook("garage_rollback", garage_confirm=["rollback"])
    assert back.rc == 0, back.out[-6000:]
    nothing_is_lost(cluster, "0.8.0")
    assert state(green, GREEN) == before
    nothing_is_lost(green, "0.8.7")
    nothing_is_held(cluster)
