# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Deployment on Kubernetes: to no pods and back to as many, one migration as a Job, nothing left of either."""

from __future__ import annotations

import json
import os
from typing import Any

from expectations import nothing_is_lost, stopped_by
from upgrades import Cluster

BEGINS_WITH = ("nothing_is_lost", "secrets_are_nowhere", "the_database_is_of_the_new_schema", "what_is_kept_is_private")


def listed(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    words = ("kubectl", "--namespace", cluster.name, "get", kind, "--output", "json")
    found: list[dict[str, Any]] = json.loads(cluster.on("a1", *words))["items"]
    return found


def test_as_many_pods_as_before_of_the_new_image(cluster: Cluster) -> None:
    (deployment,) = listed(cluster, "deployments")
    assert deployment["spec"]["replicas"] == cluster.product["pods"] == deployment["status"]["readyReplicas"]
    assert "uplift.datastores/replicas" not in deployment["metadata"]["annotations"]
    images = [one["spec"]["containers"][0]["image"] for one in listed(cluster, "pods")]
    assert images == ["treeverse/lakefs:1.84.0"] * cluster.product["pods"]


def test_no_pod_had_to_be_started_twice(cluster: Cluster) -> None:
    assert [one["status"]["containerStatuses"][0]["restartCount"] for one in listed(cluster, "pods")] == [0, 0]


def test_nothing_is_left_in_the_namespace(cluster: Cluster) -> None:
    """trap L15: what a Job was told in secret goes with it."""
    assert not listed(cluster, "jobs")
    held = [one["metadata"]["name"] for one in listed(cluster, "secrets") if one["type"] != "helm.sh/release.v1"]
    assert held == ["lakefs"]
    assert cluster.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == "lakefs\npostgres"


def helm(cluster: Cluster, *words: str) -> str:
    return cluster.on("a1", "env", "KUBECONFIG=/root/.kube/config", "helm", "--namespace", cluster.name, *words)


def test_the_next_upgrade_of_helm_takes_nothing_back(cluster: Cluster) -> None:
    """Its values have the new image, and were brought there without another start of a pod."""
    assert json.loads(helm(cluster, "get", "values", "lakefs", "--output", "json")) == {"image": {"tag": "1.84.0"}}
    pods = sorted(one["metadata"]["uid"] for one in listed(cluster, "pods"))
    helm(cluster, "upgrade", "lakefs", "/opt/lakefs-chart", "--reuse-values", "--wait")
    assert sorted(one["metadata"]["uid"] for one in listed(cluster, "pods")) == pods


def test_what_is_not_there_is_said_before_anything_changes(cluster: Cluster) -> None:
    """All by the plan, with what a real kubectl says."""
    here = f"kubernetes:{cluster.name}"
    twice = {"name": "lakefs-too", "image": "treeverse/lakefs:1.84.0"}
    words = ("kubectl", "--namespace", cluster.name)
    cluster.on("a1", *words, "create", "deployment", "twice", "--image", "treeverse/lakefs:1.84.0", "--replicas", "0")
    change = json.dumps({"spec": {"template": {"spec": {"containers": [twice]}}}})
    cluster.on("a1", *words, "patch", "deployment", "twice", "--patch", change)
    try:
        for unit, sentence in (
            (here, f"The unit is '{here}', which cannot be read; expected a systemd unit as NAME.service"),
            (f"{here}/other", f"There is no deployment other in {cluster.name}; expected the one that serves"),
            (f"{here}/statefulset/lakefs", f"There is no statefulset lakefs in {cluster.name}; expected the one"),
            (f"{here}/lakefs:nowhere", "There is no context 'nowhere' in the kube configuration that kubectl reads"),
            (f"{here}/twice", "; expected exactly one with lakefs in its name or its image"),
        ):
            stopped_by(cluster.playbook("lakefs_plan", lakefs_version="1.84.0", lakefs_unit=unit), sentence)
    finally:
        cluster.on("a1", *words, "delete", "deployment", "twice")


def migrate(cluster: Cluster) -> dict[str, Any]:
    unit = f"kubernetes:{cluster.name}/lakefs"
    return cluster.module("a1", "lakefs_migrate", unit=unit, dsn=f"{cluster.dsn()}?sslmode=disable")


def scaled(cluster: Cluster, pods: int) -> None:
    words = ("kubectl", "--namespace", cluster.name)
    cluster.on("a1", *words, "scale", "deployment/lakefs", f"--replicas={pods}")
    gone = ("wait", "--for=delete", "pod", "--selector", "app.kubernetes.io/name=lakefs", "--timeout=90s")
    cluster.on("a1", *words, *(gone if not pods else ("rollout", "status", "deployment/lakefs", "--timeout=90s")))


def test_a_migration_is_one_job(cluster: Cluster) -> None:
    """traps L03, L05: not while pods serve; then once, by the real new release, and the record says so."""
    cluster.lab("state", "schema-3")
    assert "session" in migrate(cluster)["msg"]
    scaled(cluster, 0)
    done = migrate(cluster)
    assert done["changed"] and done["before"]["schema"] == "KV schema 3" and cluster.record() == "4", done
    assert not migrate(cluster)["changed"]
    assert not listed(cluster, "jobs")
    scaled(cluster, cluster.product["pods"])
    nothing_is_lost(cluster, os.environ["UPLIFT_TARGET"])
