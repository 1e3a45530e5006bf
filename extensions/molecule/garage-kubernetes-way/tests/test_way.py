# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage in pods from 0.8.7 to 2.5.0: each series with the configuration it wants, the database converted, and back."""

from __future__ import annotations

import json
from typing import Any

from expectations import nothing_is_held, nothing_is_lost, says
from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


def one(cluster: Cluster, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        cluster.on("a1", "kubectl", "--namespace", cluster.name, "get", *words, "--output", "json")
    )
    return found


def config(cluster: Cluster) -> str:
    return str(one(cluster, "configmap", "garage-config")["data"]["garage.toml"])


def images(cluster: Cluster) -> list[str]:
    return [row["spec"]["containers"][0]["image"] for row in one(cluster, "pods")["items"]]


def test_all_pods_have_the_last_release_and_the_configuration_that_it_wants(cluster: Cluster) -> None:
    text = config(cluster)
    assert "replication_factor = 3" in text and "replication_mode" not in text and 'db_engine = "lmdb"' in text
    assert "__RPC_SECRET_REPLACE__" in text, "what the init container fills in has to be there"
    assert images(cluster) == ["dxflrs/garage:v2.5.0"] * 3


def helm(cluster: Cluster, *words: str) -> str:
    return cluster.on("a1", "helm", "--namespace", cluster.name, *words)


def told(cluster: Cluster) -> dict[str, Any]:
    """The values that the Helm release was given."""
    found: dict[str, Any] = json.loads(helm(cluster, "get", "values", "garage", "--output", "json"))
    return found


def test_helm_has_what_runs_and_its_next_upgrade_changes_nothing(cluster: Cluster) -> None:
    assert told(cluster) == {"image": {"tag": "v2.5.0"}, "garage": {"dbEngine": "lmdb", "replicationFactor": 3}}
    before = [row["metadata"]["uid"] for row in one(cluster, "pods")["items"]]
    helm(cluster, "upgrade", "garage", "/opt/garage-chart", "--reuse-values", "--wait")
    assert [row["metadata"]["uid"] for row in one(cluster, "pods")["items"]] == before
    assert "replication_factor = 3" in config(cluster)


def test_nothing_is_left_in_the_namespace(cluster: Cluster) -> None:
    assert not one(cluster, "jobs")["items"]
    held = [row["metadata"]["name"] for row in one(cluster, "configmaps")["items"]]
    assert sorted(held) == ["garage-config", "kube-root-ca.crt"]
    secrets = [row["metadata"]["name"] for row in one(cluster, "secrets")["items"]]
    assert [name for name in secrets if not name.startswith("sh.helm.release.")] == ["garage-rpc-secret"]


def test_one_series_back(cluster: Cluster) -> None:
    """The metadata go back to the volumes, with image and configuration of before, which Helm is told as well."""
    old = {"image": {"tag": "v{version}"}, "garage": {"replicationFactor": 0}}
    given = {"garage_chart_ref": "/opt/garage-chart", "garage_chart_values": old}
    back = cluster.playbook("garage_rollback", garage_confirm=["rollback"], **given)
    says(back, "garage 2.5.0 -> 1.3.0")
    assert told(cluster)["image"] == {"tag": "v1.3.0"} and told(cluster)["garage"]["replicationFactor"] == 0
    assert images(cluster) == ["dxflrs/garage:v1.3.0"] * 3
    assert "replication_mode" in config(cluster) and 'db_engine = "lmdb"' in config(cluster)
    nothing_is_lost(cluster, "1.3.0")
    nothing_is_held(cluster)
    assert not one(cluster, "jobs")["items"]
