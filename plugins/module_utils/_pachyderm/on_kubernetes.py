# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.


"""What a Pachyderm on Kubernetes has besides its server: the service that clients use, metadata, claims, snapshots."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import REPLICAS, notes_of, replicas

SERVER, PORT = "pachd", "api-grpc-port"  # the names that `pachctl deploy` gives
SNAPSHOT = "volumesnapshots.snapshot.storage.k8s.io"


def of(unit: str) -> Place:
    place = runtime_place.read(unit)
    if place.kind != runtime_place.KUBERNETES:
        raise UpliftError(f"The unit is {unit}; expected Pachyderm on Kubernetes, as kubernetes:NAMESPACE/pachd.")
    return place


def store_of(place: Place, unit: str) -> Place:
    """Where the metadata is: as the operator says, else what `pachctl deploy` calls it."""
    told = runtime_place.kind_of(unit) == runtime_place.KUBERNETES
    return of(unit) if told else replace(place, name="etcd", workload=runtime_place.DEPLOYMENT)


def deployed(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    """What `pachyderm_deployed` tells."""
    place = of(params["unit"])
    client, store = runtime_kubectl.of(runner, place), store_of(place, params["etcd_unit"])
    server = client.get(place.workload, place.name)
    metadata = runtime_kubectl.of(runner, store).get(store.workload, store.name)
    volumes = metadata.get("spec", {}).get("template", {}).get("spec", {}).get("volumes", [])
    kinds = client.ask(["api-resources", "--namespaced", "--output", "name"], "Asking Kubernetes what it knows").out
    return {
        "there": bool(server),
        "image": Pods(runner, place, SERVER, seen=server).container()["image"] if server else "",
        "replicas": int(notes_of(server).get(REPLICAS, replicas(server))) if server else 0,
        "directories": sorted({os.path.dirname(one["hostPath"]["path"]) for one in volumes if "hostPath" in one}),
        "claims": sorted(one["metadata"]["name"] for one in client.find("persistentvolumeclaims")),
        "snapshots": SNAPSHOT in kinds.split(),
    }


def move(runner: Runner, unit: str, port: int, check: bool) -> dict[str, Any]:
    """Give the port that clients use another number at the nodes. The service's other ports stay."""
    client = runtime_kubectl.of(runner, of(unit))
    service = client.get("service", SERVER)
    if not service:
        raise UpliftError(
            f"There is no service {SERVER} in {client.namespace}; expected the one that clients use. Somebody has"
            " deleted it: make it again from the manifest of the deployment, then run the same command again. Nothing"
            " was changed."
        )
    own = next((one for one in service["spec"]["ports"] if one.get("name") == PORT), None)
    if own is None:
        raise UpliftError(
            f"The service {SERVER} in {client.namespace} has no port {PORT}; expected it as `pachctl deploy` makes it."
            " Nothing was changed."
        )
    changed = own.get("nodePort") != port
    if changed and not check:
        change = {"spec": {"ports": [{"port": own["port"], "nodePort": port}]}}
        client.patch("service", SERVER, change, how="strategic")
    return {"changed": changed, "port": port, "before": own.get("nodePort") or 0, "evidence": []}


def snapshot(
    runner: Runner,
    params: Mapping[str, Any],
    check: bool,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """A VolumeSnapshot of a claim, and wait until it can be restored from. One that is there is not taken anew."""
    client, name = runtime_kubectl.of(runner, of(params["unit"])), params["name"]
    found = client.get(SNAPSHOT, name)
    if check:
        return {"changed": not found, "name": name, "namespace": client.namespace, "status": {}}
    if not found:
        client.create(expected(client.namespace, params), f"Taking a snapshot of {params['claim']}")
    ends = now() + params["timeout"]
    while True:
        status = client.get(SNAPSHOT, name).get("status") or {}
        if status.get("readyToUse"):
            return {"changed": not found, "name": name, "namespace": client.namespace, "status": status}
        if now() >= ends:  # an error is told while the driver tries again, and goes when it succeeds
            said = (status.get("error") or {}).get("message", "its driver says nothing")
            raise UpliftError(
                f"The snapshot {name} of {params['claim']} is not ready after {params['timeout']:g} s ({said});"
                " expected readyToUse. See `kubectl describe volumesnapshot`, delete it and run again."
            )
        sleep(2.0)


def expected(namespace: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Without a class it is the default one of the claim's driver."""
    spec: dict[str, Any] = {"source": {"persistentVolumeClaimName": params["claim"]}}
    if params["class"]:
        spec["volumeSnapshotClassName"] = params["class"]
    meta = {"name": params["name"], "namespace": namespace, "labels": dict(params["labels"])}
    return {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot", "metadata": meta, "spec": spec}
