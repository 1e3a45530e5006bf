# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hop whose backups are taken of nodes that serve: what clients notice, what is no backup, and the way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from upgrades import Cluster

BEGINS_WITH = (
    "nothing_is_lost",
    "backups_are_private_and_proved",
    "nothing_is_left_behind",
    "each_release_has_its_configuration",
    "metadata_belongs_to_the_service",
    "clients_noticed_nothing_but_the_switch",
)
SNAPSHOT = {"garage_backup_method": "snapshot"}
# What the archive of a1 gives back is not what was in it, and its manifest agrees with that.
SPOIL = Path(__file__).with_name("spoil.py").read_text(encoding="utf-8")


def archive(cluster: Cluster) -> str:
    found = cluster.on("a1", "find", "/var/backups/uplift", "-name", "meta-1.3.0.tar.zst").split()
    return max(found, key=lambda path: path.split("/")[-2])


def starts(cluster: Cluster) -> dict[str, int]:
    return {host: cluster.starts(host) for host in cluster.hosts}


def test_each_node_was_started_for_the_switch_alone(cluster: Cluster) -> None:
    """And once before."""
    assert starts(cluster) == dict.fromkeys(cluster.hosts, 2)


def backed_up(cluster: Cluster, host: str) -> float:
    """When the backup of the host was begun."""
    steps = cluster.module(host, "operation", directory="/var/lib/uplift/garage/garage.service")["record"]["steps"]
    return float(steps["0/walk/0/backup_live"]["started"])


def test_back_to_what_was_there_when_the_first_backup_was_begun(cluster: Cluster) -> None:
    """What clients were told is stored since then is lost; the lab's judge demands the rest."""
    print(cluster.lab("load", "stop"))
    since = min(backed_up(cluster, host) for host in cluster.hosts)
    ledger = cluster.directory / "ledger.jsonl"
    kept = [line for line in ledger.read_text(encoding="utf-8").splitlines() if json.loads(line)["at"] < since]
    assert kept, "nothing was written before"
    ledger.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    done = cluster.playbook("garage_rollback", garage_confirm=["rollback"])
    assert done.rc == 0, done.out[-6000:]
    assert "all as before" in cluster.lab("verify", "--release", "1.3.0")


@pytest.mark.parametrize(
    ("how", "said"),
    [("whole", ""), ("emptied", "it holds no database of lmdb, or an empty one"), ("flipped", "cannot read it")],
)
def test_what_does_not_open_is_no_backup(cluster: Cluster, how: str, said: str) -> None:  # trap G37
    kept = json.loads(cluster.on("a1", "python3", "-c", SPOIL, archive(cluster), how))
    asked = {"state": "proved", "dest": kept["dest"], "metadata_dir": kept["metadata_dir"], "engine": "lmdb"}
    answer = cluster.module("a1", "garage_live_backup", **asked)
    assert answer.get("proved", False) is not bool(said) and said in answer.get("msg", ""), answer


def test_a_run_that_goes_on_backs_up_what_clients_have_written_since(cluster: Cluster) -> None:
    before = starts(cluster)
    ended = cluster.killed_at("0/walk/1/prove", garage_version="2.5.0", **SNAPSHOT)
    assert ended.rc < 0, ended.out[-6000:]
    first = archive(cluster)
    done = cluster.playbook("garage_upgrade", garage_version="2.5.0", **SNAPSHOT)
    assert done.rc == 0, done.out[-6000:]
    beside = cluster.on("a1", "ls", str(Path(first).parent))
    assert beside.count(".tar.zst.2") and archive(cluster) == first, beside
    assert starts(cluster) == {host: number + 1 for host, number in before.items()}
    assert "all as before" in cluster.lab("verify", "--release", "2.5.0")
