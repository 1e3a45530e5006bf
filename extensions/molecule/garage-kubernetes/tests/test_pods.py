# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage in the pods of a StatefulSet: to none and back to as many, of the new image; the rest is refused."""

from __future__ import annotations

import json
from typing import Any

from expectations import nothing_is_lost, stopped_by
from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def listed(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    words = ("kubectl", "--namespace", cluster.name, "get", kind, "--output", "json")
    found: list[dict[str, Any]] = json.loads(cluster.on("a1", *words))["items"]
    return found


def test_as_many_pods_as_before_of_the_new_image(cluster: Cluster) -> None:
    (stateful,) = listed(cluster, "statefulsets")
    assert stateful["spec"]["replicas"] == 3 == stateful["status"]["readyReplicas"]
    assert not [name for name in stateful["metadata"].get("annotations", {}) if name.startswith("uplift")]
    pods = listed(cluster, "pods")
    assert {one["metadata"]["name"] for one in pods} == {"garage-0", "garage-1", "garage-2"}, "a pod of ours is left"
    assert [one["spec"]["containers"][0]["image"] for one in pods] == ["dxflrs/garage:v0.8.7"] * 3


def test_no_pod_had_to_be_started_twice(cluster: Cluster) -> None:
    assert [one["status"]["containerStatuses"][0]["restartCount"] for one in listed(cluster, "pods")] == [0, 0, 0]


def test_nothing_is_left_in_the_namespace(cluster: Cluster) -> None:
    assert not listed(cluster, "jobs")
    names = [one["metadata"]["name"] for one in listed(cluster, "secrets")]
    assert [name for name in names if not name.startswith("sh.helm.release.")] == ["garage-rpc-secret"]


def test_each_node_has_its_own_archive_and_no_copy(cluster: Cluster) -> None:
    for number, host in enumerate(cluster.hosts):
        held = cluster.on(host, "find", "/var/backups/uplift", "-printf", "%P\n").split("\n")
        assert any(f"pod.garage-{number}.workload" in one and one.endswith(".tar.zst") for one in held), held
        assert not [one for one in held if ".copy" in one], held


def test_what_is_not_built_changes_nothing(cluster: Cluster) -> None:
    before = [one["metadata"]["uid"] for one in listed(cluster, "pods")]
    waves = {"garage_version": "0.9.4", "garage_strategy": "rolling"}
    planned = cluster.playbook("garage_plan", **waves)
    stopped_by(
        planned, "kubernetes_hop (stops)", "garage-0 is a pod, and the path takes restart, the waves of the strategy"
    )
    accepted = cluster.playbook("garage_upgrade", **waves, garage_accept=["kubernetes_hop", "release"])
    stopped_by(accepted, "which is not built there", "Nothing was stopped")
    assert [one["metadata"]["uid"] for one in listed(cluster, "pods")] == before
    nothing_is_lost(cluster, "0.8.7")
