# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Deployment on Kubernetes: to no pods and back to as many, one migration as a Job, nothing left of either."""

from __future__ import annotations

import json
from typing import Any

from lakefs_always import (
    cluster,
    test_nothing_is_lost,
    test_secrets_are_nowhere,
    test_the_database_is_of_the_new_schema,
    test_what_is_kept_is_private,
)
from upgrades import Cluster

__all__ = [
    "cluster",
    "test_nothing_is_lost",
    "test_secrets_are_nowhere",
    "test_the_database_is_of_the_new_schema",
    "test_what_is_kept_is_private",
]


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
    assert [one["metadata"]["name"] for one in listed(cluster, "secrets")] == ["lakefs"]
    assert cluster.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1") == "lakefs\npostgres"


def test_the_rehearsal_foretold_it(cluster: Cluster) -> None:
    saved = json.loads(cluster.on("a1", "cat", "/var/lib/uplift/lakefs/record.json"))["saved"]
    assert {"rehearsal_0", "migration_0"} <= set(saved), sorted(saved)
