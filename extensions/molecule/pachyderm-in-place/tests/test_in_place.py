# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring is tried while clients work, and again before anything is torn down.

First with a dump that 1.13.4 does not take, and then with one that it takes.
"""

from __future__ import annotations

from pachyderm_always import HOST, finish_output, nothing_is_left_behind, nothing_is_lost, pachctl
from upgrades import Cluster

ENDS_WITH = (
    "no_token_is_printed",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "the_backup_was_proved",
    "what_is_kept_is_private",
)

USUAL = {"pachyderm_version": "1.13.4", "pachyderm_objects": "full"}
REPOS = "pachyderm/1.7.0/pachyderm_pfs/repos"
# A name that 1.9.12 would not give itself: as an etcd has it that is older than the rule.
# The plan finds it; here it is accepted.
ODD = {**USUAL, "pachyderm_accept": ["repo_names"]}
NAMED = "odd_name", "odd.name"


def etcdctl(cluster: Cluster, *words: str) -> str:
    return cluster.on(HOST, "env", "ETCDCTL_API=3", "etcdctl", *words)


def no_trial_is_left(cluster: Cluster) -> None:
    units = cluster.on(HOST, "systemctl", "list-units", "--all", "--plain", "--no-legend", "uplift-trial-*")
    names = ("(", "-name", "*trial*", "-o", "-name", "*rehearsal*", ")")
    files = cluster.on(HOST, "find", "/var/backups/uplift", "/run", *names, check=False)
    assert not units.strip() and not files.strip(), units + files


def process(cluster: Cluster, unit: str) -> str:
    return cluster.on(HOST, "systemctl", "show", "-p", "MainPID", "--value", unit)


def test_what_the_new_release_does_not_take_is_known_while_clients_work(cluster: Cluster) -> None:
    """pachctl restores it with exit 0, under another name."""
    pachctl(cluster, "create", "repo", NAMED[0])
    rename = f"etcdctl get {REPOS}/{NAMED[0]} --print-value-only | head -c -1 | sed s/{NAMED[0]}/{NAMED[1]}/g"
    cluster.on(HOST, "env", "ETCDCTL_API=3", "sh", "-c", f"{rename} | etcdctl put {REPOS}/{NAMED[1]}")
    etcdctl(cluster, "del", f"{REPOS}/{NAMED[0]}")
    before = [process(cluster, unit) for unit in ("etcd", "pachd")]
    done = cluster.playbook("pachyderm_upgrade", **ODD)
    assert done.rc != 0 and done.says("1.13.4 does not take a dump of the cluster as it is"), done.out[-4000:]
    assert done.says(f"the repo {NAMED[1]}. Nothing was changed, and clients are served"), done.out[-4000:]
    assert [process(cluster, unit) for unit in ("etcd", "pachd")] == before, "a port was closed, or etcd was touched"
    no_trial_is_left(cluster)


def test_the_dump_that_counts_is_tried_before_anything_is_torn_down(cluster: Cluster) -> None:
    before = process(cluster, "etcd")
    done = cluster.playbook("pachyderm_upgrade", **ODD, pachyderm_rehearse=False)
    assert done.rc != 0 and done.says("1.13.4 does not take the dump"), done.out[-4000:]
    assert done.says(f"the repo {NAMED[1]}. Nothing was torn down"), done.out[-4000:]
    assert process(cluster, "etcd") == before, "etcd was touched"
    assert NAMED[1] in pachctl(cluster, "list", "repo"), "the old cluster does not serve at its own port"
    assert "aside" not in cluster.on(HOST, "ls", "/var/lib/etcd")
    no_trial_is_left(cluster)
    etcdctl(cluster, "del", f"{REPOS}/{NAMED[1]}")
    nothing_is_lost(cluster, "1.9.12")
    nothing_is_left_behind(cluster)


def test_a_dump_that_it_takes_goes_on(cluster: Cluster) -> None:
    finish_output(cluster)
    done = cluster.playbook("pachyderm_upgrade", **USUAL)
    assert done.rc == 0 and done.says("Restoring was tried while clients work: 1.13.4 has taken"), done.out[-4000:]
    assert done.says("Restoring was tried beforehand: 1.13.4 has taken the dump"), done.out[-4000:]
    no_trial_is_left(cluster)


def test_a_run_after_the_end_changes_nothing(cluster: Cluster) -> None:
    again = cluster.playbook("pachyderm_upgrade", **USUAL)
    assert again.rc == 0 and again.says("Nothing to do"), again.out[-3000:]
