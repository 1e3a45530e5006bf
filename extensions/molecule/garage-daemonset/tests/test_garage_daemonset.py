# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage in the pod of a DaemonSet, which has no number of pods: stopped by a label that no node has, and back."""

from __future__ import annotations

import json
from typing import Any

from expectations import nothing_is_held, nothing_is_lost, says, stopped_by
from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def listed(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    words = ("kubectl", "--namespace", cluster.name, "get", kind, "--output", "json")
    found: list[dict[str, Any]] = json.loads(cluster.on("a1", *words))["items"]
    return found


def as_it_was_but_for_its_image(cluster: Cluster, release: str) -> None:
    (daemon,) = listed(cluster, "daemonsets")
    assert not daemon["spec"]["template"]["spec"].get("nodeSelector")
    assert not [name for name in daemon["metadata"].get("annotations", {}) if name.startswith("uplift")]
    (pod,) = listed(cluster, "pods")
    assert pod["spec"]["containers"][0]["image"] == f"dxflrs/garage:v{release}"
    assert not listed(cluster, "jobs")


def test_the_pod_has_the_last_release_and_nothing_is_left_in_the_namespace(cluster: Cluster) -> None:
    as_it_was_but_for_its_image(cluster, "2.5.0")


def test_the_archive_is_of_the_node_of_kubernetes(cluster: Cluster) -> None:
    held = cluster.on("a1", "find", "/var/backups/uplift", "-printf", "%P\n").split("\n")
    assert any("daemonset.garage+node.workload" in one and one.endswith(".tar.zst") for one in held), held


def test_all_its_pods_together_are_no_node(cluster: Cluster) -> None:
    whole = {"garage_unit": f"kubernetes:{cluster.name}/daemonset/garage", "garage_version": "2.5.0"}
    stopped_by(cluster.playbook("garage_plan", **whole), f"{cluster.name}/daemonset/garage@NODE of a DaemonSet")


def test_one_series_back(cluster: Cluster) -> None:
    old = {"image": {"tag": "v{version}"}, "garage": {"replicationFactor": 0}}
    given = {"garage_chart_ref": "/opt/garage-chart", "garage_chart_values": old}
    back = cluster.playbook("garage_rollback", garage_confirm=["rollback"], **given)
    says(back, "garage 2.5.0 -> 1.3.0")
    nothing_is_lost(cluster, "1.3.0")
    nothing_is_held(cluster)
    as_it_was_but_for_its_image(cluster, "1.3.0")
