# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused is refused in sentences, all at once, and leaves every host as it was. In the order of the file."""

from __future__ import annotations

import getpass
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from expectations import says
from upgrades import CACHE, Cluster

WANTED: dict[str, Any] = {"garage_version": "0.8.7"}
ME = f"{getpass.getuser()}@{socket.gethostname()}"
ZEROS = "0" * 64


@contextmanager
def unchanged(cluster: Cluster) -> Iterator[None]:
    """Files, links, modes, units and processes of every host, as the lab sees them."""
    before = cluster.trees()
    yield
    assert not cluster.changes(before)


def refused(cluster: Cluster, *sentences: str, argv: tuple[str, ...] = (), **variables: Any) -> None:
    with unchanged(cluster):
        result = cluster.playbook("garage_upgrade", *argv, **variables)
    assert result.rc != 0, result.out[-6000:]
    says(result, *sentences)


@pytest.mark.parametrize(("playbook", "argv"), [("garage_upgrade", ["--check", "--diff"]), ("garage_plan", [])])
def test_looking_changes_nothing(cluster: Cluster, playbook: str, argv: list[str]) -> None:
    with unchanged(cluster):
        result = cluster.playbook(playbook, *argv, **WANTED)
    assert result.rc == 0 and not result.says("(stops)"), result.out[-6000:]
    says(result, "garage 0.7.0 -> 0.8.7, rolling", "wave 3 of 3: c1: stop, offline_repair")


VERSIONS = {
    "": ["The version '' is not a release number; expected three numbers, such as 0.8.7."],
    "newest": ["The version 'newest' is not a release number; expected three numbers, such as 0.8.7."],
    "3.0.0": ["garage 3.0.0 was asked for, and it belongs to no series that is known here", "Choose a target of these"],
    "0.6.0": ["0.7.0 runs and 0.6.0 is older", "Going back is a restore of the backups, not an upgrade."],
}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(cluster: Cluster, version: str) -> None:
    refused(cluster, *VERSIONS[version], garage_version=version)


def test_all_that_is_wrong_with_a_request_comes_at_once(cluster: Cluster) -> None:
    refused(
        cluster,
        f"The play has 2 nodes and the cluster 3: {ident(cluster, 'c1')} are not in it. Run without --limit",
        "The wave 'rack' is not known; expected one of node, zone",
        "The strategy 'sideways' is not possible from 0.7.0 to 0.8.7; allowed: rolling, all_at_once. Choose one of"
        " these",
        argv=("--limit", "a1,b1"),
        garage_wave="rack",
        garage_strategy="sideways",
        **WANTED,
    )


def test_a_corrupted_release_never_gets_as_far_as_a_stop(cluster: Cluster, tmp_path: Path) -> None:
    """No checksum was given: the program is asked what it is before it lies anywhere under its name."""
    (tmp_path / "garage-0.8.7").write_bytes((CACHE / "garage/0.8.7/bin/garage").read_bytes()[: 1 << 20])
    before = {host: cluster.starts(host) for host in cluster.hosts}
    result = cluster.playbook("garage_upgrade", garage_release_source=str(tmp_path), **WANTED)
    assert result.rc != 0
    says(result, "Expected a program for this machine; nothing was changed.")
    assert {host: cluster.starts(host) for host in cluster.hosts} == before
    for host in cluster.hosts:
        assert cluster.on(host, "find", "/usr/local/bin", "-name", "*garage-0.8.7*") == ""
    given_up(cluster)


def test_a_release_that_answers_otherwise_never_gets_as_far_as_a_stop(cluster: Cluster, tmp_path: Path) -> None:
    """trap G28: the real 0.8.7 with another heading over its buckets. Without the trial it is met after the switch."""
    program = (CACHE / "garage/0.8.7/bin/garage").read_bytes()
    other = program.replace(b"List of buckets:", b"Buckets, listed:")
    assert other != program
    (tmp_path / "garage-0.8.7").write_bytes(other)
    before = {host: cluster.starts(host) for host in cluster.hosts}
    result = cluster.playbook("garage_upgrade", garage_release_source=str(tmp_path), **WANTED)
    assert result.rc != 0
    says(
        result,
        "The staged Garage 0.8.7 was started on scratch data and asked for",
        "Buckets, listed:",
        "Nothing was stopped.",
    )
    assert {host: cluster.starts(host) for host in cluster.hosts} == before
    assert cluster.on("a1", "find", "/run", "-maxdepth", "1", "-name", "uplift-scratch*") == ""
    given_up(cluster)


def test_a_second_operator_is_refused(cluster: Cluster) -> None:
    """With the name, the host, the process and the time of the first, while that one lives."""
    first = cluster.start("garage_upgrade", **WANTED)
    try:
        reached(first, "PLAY [Hop 0, before]")
        os.killpg(first.pid, signal.SIGSTOP)
        held = f"locked by {ME.replace('@', ' on ')} (process {first.pid}, since {time.strftime('%Y-')}"
        refused(cluster, held, "Wait for that run to end", **WANTED)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate()


def test_another_target_than_the_unfinished_one_is_refused(cluster: Cluster) -> None:
    """And the unfinished one can be given up."""
    name = unfinished(cluster)
    refused(
        cluster,
        f"The operation {name} of {ME} is unfinished and goes to 0.8.7; asked for was to 0.8.0.",
        f"or give it up with operation_abandon: {name}",
        garage_version="0.8.0",
    )
    given_up(cluster)


def test_all_that_is_wrong_with_the_nodes_comes_at_once(cluster: Cluster) -> None:
    """trap G26: staged layout changes. Next to them a node that is down, a full disk, a release of another checksum."""
    c1 = ident(cluster, "c1")
    cluster.garage("a1", "layout", "assign", c1, "-t", "staged")
    cluster.on("b1", "fallocate", "-l", "64M", "/var/backups/full")
    cluster.on("c1", "systemctl", "stop", "garage")
    try:
        refused(
            cluster,
            "staged_layout (stops): a1: layout changes that are staged and not applied; expected: nothing staged; to"
            " do: apply them with their version or revert them",
            "no_space (stops): b1: 0 bytes free at /var/backups/uplift",
            "to do: make free space, or name another directory with garage_backup_dir",
            f"{c1} not connected to this node; expected: every node of the layout connected; to do: start them",
            "daemon_down (stops): c1: the service does not run",
            "s3_silent (stops): c1: the S3 address",
            f"release (stops): a1: {CACHE}/garage/0.8.7/bin/garage on the controller has the SHA-256",
            f"expected {ZEROS}; nothing was sent",
            garage_release_checksums={"0.8.7": f"sha256:{ZEROS}"},
            **WANTED,
        )
    finally:
        cluster.garage("a1", "layout", "revert", "--version", "2")
        cluster.on("b1", "rm", "/var/backups/full")
        cluster.on("c1", "systemctl", "start", "garage")


def test_nodes_that_cannot_even_be_planned_say_why(cluster: Cluster, tmp_path: Path) -> None:
    for host in ("b1", "c1"):
        cluster.on(host, "cp", "-p", "/etc/garage.toml", "/run/kept.toml")
    cluster.on("b1", "sed", "-i", "3s/^/[/", "/etc/garage.toml")
    cluster.on("c1", "rm", "/etc/garage.toml")
    try:
        refused(
            cluster,
            "config_not_toml (stops): b1: /etc/garage.toml is not TOML: it cannot be read from line 3",
            "config_missing (stops): c1: /etc/garage.toml is not there; say where the configuration file is",
            "no_answer (stops): b1: the service runs and does not answer everything",
            f"release (stops): a1: The release 0.8.7 is not on the controller at {tmp_path}; looked for",
            garage_release_source=str(tmp_path),
            **WANTED,
        )
    finally:
        for host in ("b1", "c1"):
            cluster.on(host, "mv", "/run/kept.toml", "/etc/garage.toml")


def ident(cluster: Cluster, host: str) -> str:
    return cluster.garage(host, "node", "id", "-q").split("\n")[-2][:16]


def reached(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} was never said:\n{''.join(said)[-6000:]}")


def unfinished(cluster: Cluster) -> str:
    """The id of the operation that the nodes remember as open."""
    record = json.loads(cluster.on("a1", "cat", "/var/lib/uplift/garage/garage.service/record.json"))
    return str(record["id"]) if record["state"] == "open" else ""


def given_up(cluster: Cluster) -> None:
    result = cluster.playbook("garage_plan", operation_abandon=unfinished(cluster), **WANTED)
    assert result.rc == 0 and unfinished(cluster) == "", result.out[-6000:]
