# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.9.12 -> 1.13.4 as `pachctl deploy` leaves it."""

from __future__ import annotations

import json
from typing import Any

from pachyderm_always import cluster
from upgrades import Cluster

__all__ = ["cluster"]


def listed(cluster: Cluster, kind: str) -> dict[str, Any]:
    words = ("kubectl", "--namespace", cluster.name, "get", kind, "--output", "json")
    return {one["metadata"]["name"]: one for one in json.loads(cluster.on("a1", *words))["items"]}


def test_the_deployment_is_the_new_one(cluster: Cluster) -> None:
    """trap P20, P29: undeployed once, and deployed by the new release's own program."""
    pachd = listed(cluster, "deployments")["pachd"]
    assert pachd["spec"]["template"]["spec"]["containers"][0]["image"] == "pachyderm/pachd:1.13.4"
    assert pachd["spec"]["replicas"] == pachd["status"]["readyReplicas"] == 1


def test_the_port_is_the_clients_own(cluster: Cluster) -> None:
    """It was moved while nobody was to load."""
    ports = {one["name"]: one["nodePort"] for one in listed(cluster, "services")["pachd"]["spec"]["ports"]}
    assert ports["api-grpc-port"] == 30650


def test_the_volume_has_a_snapshot_of_this_operation(cluster: Cluster) -> None:
    """Taken once, by the storage driver, and written down beside the dump."""
    ((name, one),) = listed(cluster, "volumesnapshots").items()
    operation = cluster.report()["id"]
    assert one["metadata"]["labels"]["uplift.datastores/operation"] == operation and one["status"]["readyToUse"]
    kept = cluster.on("a1", "cat", f"/var/backups/uplift/pachyderm/{operation}/csi-etcd-volume-0.json")
    assert json.loads(kept)["name"] == name
