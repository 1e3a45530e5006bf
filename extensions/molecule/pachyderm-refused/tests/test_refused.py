# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must not begin does not begin, with a sentence that says why, and nothing is changed by it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from pachyderm_always import HOST, PACHCTL, nothing_is_left_behind, nothing_is_lost, pachctl
from upgrades import Cluster, Result

TARGET = "1.13.4"


@pytest.fixture(scope="module")
def dump(cluster: Cluster) -> str:
    """A whole one of this very cluster."""
    path = "/var/tmp/lab-dump"
    cluster.on(HOST, "sh", "-c", f"{' '.join(PACHCTL)} extract --no-objects > {path}")
    return path


def module(on: Cluster, name: str, **parameters: Any) -> Result:
    """One module of the collection, as an operator's own task would call it."""
    address = {"addresses": ["127.0.0.1:30650"], "pachctl": "/usr/local/bin/pachctl"}
    argv = ["ansible", "-i", str(on.directory / "inventory.yml"), "pachyderm", "-m", f"uplift.datastores.{name}"]
    done = subprocess.run(
        [*argv, "-a", json.dumps({**address, **parameters})],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env=on._environment(),
        timeout=300,
    )
    return Result(done.returncode, done.stdout + done.stderr)


def refused(cluster: Cluster, *words: str, **variables: Any) -> None:
    before = cluster.trees()
    done = cluster.playbook("pachyderm_upgrade", **variables)
    assert done.rc != 0 and all(done.says(text) for text in words), done.out[-3000:]
    assert not cluster.changes(before, without="/var/lib/uplift")


def test_nobody_there(cluster: Cluster) -> None:
    """trap P12: our own look at the port says it, and pachctl's half minute is not waited for."""
    nowhere = {"pachyderm_address": "127.0.0.1:1", "pachyderm_quiet_address": "127.0.0.1:2"}
    refused(cluster, "takes a connection", pachyderm_version=TARGET, **nowhere)


@pytest.mark.parametrize("target", ["1.8.0", "2.0.0"])
def test_no_way_there(cluster: Cluster, target: str) -> None:
    """traps P15, P25, P35."""
    refused(cluster, target, pachyderm_version=target)


def test_no_room_for_the_dump(cluster: Cluster) -> None:
    refused(cluster, "no_space", pachyderm_version=TARGET, pachyderm_free_bytes=10**15)


def test_open_commits(cluster: Cluster) -> None:
    """trap P05: the server itself would say nothing."""
    commit = pachctl(cluster, "start", "commit", "data@master").strip()
    try:
        refused(cluster, "open_commits", commit, pachyderm_version=TARGET)
    finally:
        pachctl(cluster, "delete", "commit", f"data@{commit}")


@pytest.mark.parametrize("token", ["", "of-somebody-else"])
def test_authentication_is_on(cluster: Cluster, token: str) -> None:
    """As `auth activate` leaves the metadata, which takes a licence: with an administrator."""
    key = "pachyderm/1.7.0/pachyderm_auth/admins/robot:lab"
    etcdctl = ("env", "ETCDCTL_API=3", "etcdctl")
    cluster.on(HOST, "sh", "-c", f"printf '\\010\\001' | {' '.join(etcdctl)} put {key}")
    try:
        refused(cluster, "auth_closed", "pachyderm_token", pachyderm_version=TARGET, pachyderm_token=token)
    finally:
        cluster.on(HOST, *etcdctl, "del", key)


def test_a_dump_over_a_cluster_that_is_not_empty(cluster: Cluster, dump: str) -> None:
    """trap P03."""
    done = module(cluster, "pachyderm_restore", src=dump)
    assert done.rc != 0 and done.says("is not empty"), done.out


@pytest.mark.parametrize(("size", "words"), [("0", "is empty"), ("40%", "ends in the middle")])
def test_a_dump_that_is_no_dump(cluster: Cluster, dump: str, size: str, words: str) -> None:
    """traps P01, P02, P07, P08."""
    cut = f"{dump}-{size}"
    whole = int(cluster.on(HOST, "stat", "-c", "%s", dump))
    cluster.on(HOST, "cp", dump, cut)
    cluster.on(HOST, "truncate", "-s", "0" if size == "0" else str(whole * 2 // 5), cut)
    done = module(cluster, "pachyderm_restore", src=cut)
    assert done.rc != 0 and done.says(words), done.out


def test_a_text_that_is_no_dump(cluster: Cluster) -> None:
    """trap P08: what `pachctl extract foo` prints, exit 0."""
    cluster.on(HOST, "sh", "-c", "echo 'expected 0 arguments, got 1' > /var/tmp/lab-text")
    done = module(cluster, "pachyderm_restore", src="/var/tmp/lab-text")
    assert done.rc != 0 and done.says("expected a snappy stream"), done.out


def test_another_cluster(cluster: Cluster, dump: str) -> None:
    """trap P11: an address that leads to another cluster than the one that was looked at before."""
    done = module(cluster, "pachyderm_extract", **{"dest": "/var/tmp/lab-never", "cluster": "0" * 32})
    assert done.rc != 0 and done.says("Nothing was changed"), done.out
    assert "lab-never" not in cluster.on(HOST, "ls", "/var/tmp")


def test_nothing_has_changed(cluster: Cluster) -> None:
    nothing_is_lost(cluster, "1.9.12")
    nothing_is_left_behind(cluster)
