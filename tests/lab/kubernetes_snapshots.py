# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of volumes on the lab's Kubernetes: the real kind, a claim, and a stand-in for the storage driver.

The stand-in copies nothing. It calls a snapshot ready when its claim is there, and says what is wrong when it is not.
"""

from __future__ import annotations

from typing import Any

from tests.lab import hosts, kubernetes
from tests.lab.hosts import Host

GROUP, CLAIM = "snapshot.storage.k8s.io", "etcd-volume"
PROGRAM = "/usr/local/sbin/lab-snapshots"
DRIVER = """\
import json, subprocess, time
kubectl = ["kubectl", "--namespace", "{namespace}"]
while True:
    listed = subprocess.run([*kubectl, "get", "volumesnapshots,pvc", "-o", "json"], capture_output=True).stdout
    items = json.loads(listed or b'{{"items": []}}')["items"]
    claims = [one["metadata"]["name"] for one in items if one["kind"] == "PersistentVolumeClaim"]
    for one in items:
        if one["kind"] == "VolumeSnapshot" and not one.get("status", {{}}).get("readyToUse"):
            claim = one["spec"]["source"]["persistentVolumeClaimName"]
            status = {{"readyToUse": claim in claims, "restoreSize": "1Gi"}}
            if claim not in claims:
                status["error"] = {{"message": "there is no claim " + claim}}
            patch = ["patch", "volumesnapshot", one["metadata"]["name"], "--subresource", "status", "--type", "merge"]
            subprocess.run([*kubectl, *patch, "--patch", json.dumps({{"status": status}})])
    time.sleep(2)
"""


def definition() -> dict[str, Any]:
    """As the makers of CSI define it, without their rules for what stands in it."""
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    names = {"kind": "VolumeSnapshot", "plural": "volumesnapshots", "singular": "volumesnapshot"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"volumesnapshots.{GROUP}",
            # The API server takes a kind of this group from nobody without it.
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes-csi/external-snapshotter"},
        },
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def claim(namespace: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}
    meta = {"name": CLAIM, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


def install(host: Host, namespace: str) -> None:
    kubernetes.apply(definition(), claim(namespace))
    run = ["systemd-run", "--unit", "lab-snapshots", "--setenv", "KUBECONFIG=/root/.kube/config", "python3", PROGRAM]
    hosts.must(host, [run], files={PROGRAM: DRIVER.format(namespace=namespace)})
