# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.9.12 -> 1.13.4 as `pachctl deploy` leaves it."""

from __future__ import annotations

import json
import time
from typing import Any

from pachyderm_always import HOST, pachctl
from upgrades import Cluster

# A pipeline that nobody had before, with workers of its own.
SPEC = {
    "pipeline": {"name": "later-copy"},
    "transform": {"image": "alpine:3", "cmd": ["sh", "-c", "cp /pfs/later/* /pfs/out/"]},
    "input": {"pfs": {"repo": "later", "glob": "/*"}},
}


def listed(cluster: Cluster, kind: str) -> dict[str, Any]:
    words = ("kubectl", "--namespace", cluster.name, "get", kind, "--output", "json")
    return {one["metadata"]["name"]: one for one in json.loads(cluster.on(HOST, *words))["items"]}


REGISTRY = "registry.lab:5000/pachyderm"


def test_the_deployment_is_the_new_one(cluster: Cluster) -> None:
    """trap P20, P29: undeployed once, and deployed by the new release's own program; registry and pods as before."""
    pachd = listed(cluster, "deployments")["pachd"]
    (container,) = pachd["spec"]["template"]["spec"]["containers"]
    given = {row["name"]: row.get("value") for row in container["env"]}
    assert container["image"] == given["WORKER_SIDECAR_IMAGE"] == f"{REGISTRY}/pachd:1.13.4"
    assert given["WORKER_IMAGE"] == f"{REGISTRY}/worker:1.13.4"
    assert pachd["spec"]["replicas"] == pachd["status"]["readyReplicas"] == 2


def test_the_port_is_the_clients_own(cluster: Cluster) -> None:
    """It was moved while nobody was to load."""
    ports = {one["name"]: one["nodePort"] for one in listed(cluster, "services")["pachd"]["spec"]["ports"]}
    assert ports["api-grpc-port"] == 30650


def test_the_volume_has_a_snapshot_of_this_operation(cluster: Cluster) -> None:
    """Taken once, by the storage driver, and written down next to the dump."""
    ((name, one),) = listed(cluster, "volumesnapshots").items()
    operation = cluster.report()["id"]
    assert one["metadata"]["labels"]["uplift.datastores/operation"] == operation and one["status"]["readyToUse"]
    unit = f"{cluster.name}.deployment.pachd.workload"
    kept = cluster.on(HOST, "cat", f"/var/backups/uplift/pachyderm/{unit}/{operation}/csi-etcd-volume-0.json")
    assert json.loads(kept)["name"] == name


def test_exactly_the_pipelines_that_ran_have_workers(cluster: Cluster) -> None:
    """trap P14: of the new release."""
    pods = [one for one in listed(cluster, "pods").values() if one["metadata"]["labels"].get("component") == "worker"]
    images = {one["metadata"]["labels"]["pipelineName"]: one["spec"]["initContainers"][0]["image"] for one in pods}
    assert images == dict.fromkeys(("edges", "joined"), f"{REGISTRY}/worker:1.13.4")
    assert {one["status"]["phase"] for one in pods} == {"Running"}


def test_a_new_pipeline_works(cluster: Cluster) -> None:
    """From a file to what a worker made of it, all by the new release; then it is taken away again."""
    cluster.lab("verify")  # which points the lab's own pachctl at the new server
    spec, text = "/var/tmp/later.json", "made after the upgrade"
    cluster.on(HOST, "sh", "-c", f"printf %s '{json.dumps(SPEC)}' > {spec}; printf %s '{text}' > /var/tmp/later.txt")
    pachctl(cluster, "create", "repo", "later")
    pachctl(cluster, "create", "pipeline", "-f", spec)
    pachctl(cluster, "put", "file", "later@master:/later.txt", "-f", "/var/tmp/later.txt")
    seen, ends = "", time.monotonic() + 180
    while seen != text and time.monotonic() < ends:
        time.sleep(2)
        seen = pachctl(cluster, "get", "file", "later-copy@master:/later.txt", check=False).strip()
    pachctl(cluster, "delete", "pipeline", "later-copy")
    pachctl(cluster, "delete", "repo", "later")
    assert seen == text
