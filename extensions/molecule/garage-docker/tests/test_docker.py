# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Garage in docker containers, six nodes in three zones: three hops in one operation, and back over the last one."""

from __future__ import annotations

from expectations import each_is_of, nothing_is_lost, stopped_by
from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


LOST = "uplift-garage-docker-lost"


def each_is_of_release(cluster: Cluster, release: str) -> None:
    each_is_of(
        cluster,
        f"v{release}",
        {"/etc/garage.toml", "/var/lib/garage/meta", "/var/lib/garage/data"},
        "/garage",
        "server",
    )
    assert {cluster.container(host)["Config"]["Env"][-1] for host in cluster.hosts} == {"RUST_LOG=garage=info"}


def test_each_container_is_the_same_of_the_new_image(cluster: Cluster) -> None:
    each_is_of_release(cluster, "2.1.0")


def test_metadata_belongs_to_the_containers_user(cluster: Cluster) -> None:
    """trap G19: what ran next to the daemon ran as the container's own user."""
    for host in cluster.hosts:
        meta = next(one["Source"] for one in cluster.container(host)["Mounts"] if one["Destination"].endswith("meta"))
        assert cluster.on(host, "find", meta, "-not", "-user", "root").strip() == ""


def test_it_was_one_operation(cluster: Cluster) -> None:
    report = cluster.report()
    assert (report["from"], report["to"], report["result"]) == ("0.8.7", "2.1.0", "finished")
    assert {row["hop"] for row in report["passes"] if row["state"] == "done"} == {0, 1, 2}


def test_images_that_will_not_do(cluster: Cluster) -> None:
    """All by the plan, which changes nothing."""
    plan = cluster.playbook("garage_plan", garage_version="2.1.1")
    stopped_by(plan, "The image uplift-lab/garage:v2.1.1 is not on this machine, and cannot be had")
    cluster.on("a1", "docker", "tag", "uplift-lab/garage:v2.1.0", f"{LOST}:v2.1.1")
    try:
        plan = cluster.playbook("garage_plan", garage_version="2.1.1", garage_image=LOST + ":v{version}")
        stopped_by(plan, f"The image {LOST}:v2.1.1 says 'garage", "expected 2.1.1: name another image")
    finally:
        cluster.on("a1", "docker", "rmi", f"{LOST}:v2.1.1")


def test_containers_that_will_not_do(cluster: Cluster) -> None:
    for unit, sentence in (
        (
            "podman:garage",
            "The unit is 'podman:garage', which cannot be read; expected a systemd unit as garage.service",
        ),
        (
            "kubernetes:store/statefulset/garage",
            "expected one pod a host: kubernetes:store/pod/garage-0 of a StatefulSet",
        ),
    ):
        stopped_by(cluster.playbook("garage_plan", garage_version="2.1.1", garage_unit=unit), sentence)
    plan = cluster.playbook("garage_plan", garage_version="2.1.1", garage_unit="docker:no-such-container")
    stopped_by(plan, "There is no container no-such-container; expected one, running or not")
    mounts = cluster.container("a1")["Mounts"]
    config = next(one["Source"] for one in mounts if one["Destination"] == "/etc/garage.toml")
    cluster.on(
        "a1", "docker", "create", "--name", LOST, "--label", f"uplift-lab={cluster.name}", "-v",
        f"{config}:/etc/garage.toml", "uplift-lab/garage:v2.1.0",
    )  # fmt: skip
    try:
        plan = cluster.playbook("garage_plan", garage_version="2.1.1", garage_unit=f"docker:{LOST}")
        stopped_by(
            plan, "data_in_container (stops)", f"which lies in the container {LOST} alone; expected it on a volume"
        )
    finally:
        cluster.on("a1", "docker", "rm", LOST)


def test_the_way_back_over_the_last_hop(cluster: Cluster) -> None:
    stopped_by(cluster.playbook("garage_rollback"), "garage_confirm: [rollback]")
    each_is_of_release(cluster, "2.1.0")
    result = cluster.playbook("garage_rollback", garage_confirm=["rollback"])
    assert result.rc == 0, result.out[-6000:]
    each_is_of_release(cluster, "1.3.0")
    nothing_is_lost(cluster, "1.3.0")


def test_and_forward_again(cluster: Cluster) -> None:
    result = cluster.playbook("garage_upgrade", garage_version="2.1.0")
    assert result.rc == 0, result.out[-6000:]
    each_is_of_release(cluster, "2.1.0")
    nothing_is_lost(cluster, "2.1.0")
