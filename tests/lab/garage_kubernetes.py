# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage on the lab's real Kubernetes as the makers' chart has it, as StatefulSet or DaemonSet. A host is a pod.

A host has kubectl, and a proxy to the one service of all pods, so that fill, load and judge ask where they always do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from tests.lab import hosts, kubernetes, kubernetes_release, pachyderm_workers, paths, release
from tests.lab import kubernetes_forms as node
from tests.lab.garage_forms import ADMIN, RPC, S3, WEB, Settings
from tests.lab.garage_words import Words
from tests.lab.hosts import Host

PACKAGES = ("haproxy",)
ALIAS, CONFIG, NAME = "/usr/local/sbin/garage-in-pod", "/etc/garage.toml", "garage"
ACCOUNT = 1000
CHART = "/opt/garage-chart"
NODE_PORTS = {S3: 30900, WEB: 30902}
INIT = "busybox:stable"
COMMANDS = ("sh", "sed", "sleep", "tar", "du", "find", "sha256sum", "mkdir", "cp", "mv", "rm", "rmdir", "sync")
FILLED = 'sed "s/__RPC_SECRET_REPLACE__/$RPC_SECRET/" /mnt/garage.toml > /mnt/etc/garage.toml'


def image(version: str) -> str:
    return f"dxflrs/garage:v{version}"


def images(versions: Sequence[str]) -> None:
    """The makers' have a program and no entry point: whoever gives other words names the program, too."""
    for version in versions:
        if not kubernetes.known(image(version)):
            program = release.get("garage", version)
            kubernetes.program_image(image(version), program, ["/garage"], plain=["/garage", "server"])
    if not kubernetes.known(INIT):
        pachyderm_workers.image(INIT, {f"bin/{name}": pachyderm_workers.BUSYBOX for name in COMMANDS})


def variables(name: str, seats: Sequence[Host], daemon: bool) -> dict[str, dict[str, Any]]:
    units = [f"daemonset/{NAME}@{node.NODE}" if daemon else f"pod/{NAME}-{at}" for at in range(len(seats))]
    return {host.name: {"garage_unit": f"kubernetes:{name}/{unit}"} for host, unit in zip(seats, units, strict=True)}


def config() -> str:
    """With the chart's own expressions in it."""
    copies = (
        "{{ if .Values.garage.replicationFactor }}replication_factor = {{ .Values.garage.replicationFactor }}"
        '{{ else }}replication_mode = "{{ .Values.garage.replicationMode }}"{{ end }}'
    )
    engine = '{{ with .Values.garage.dbEngine }}db_engine = "{{ . }}"{{ end }}\n'
    return f"""metadata_dir = "/mnt/meta"
data_dir = "/mnt/data"
{engine}
{copies}

rpc_bind_addr = "[::]:{RPC}"
# rpc_secret will be populated by the init container from a k8s secret object
rpc_secret = "__RPC_SECRET_REPLACE__"

bootstrap_peers = []

[s3_api]
s3_region = "garage"
api_bind_addr = "[::]:{S3}"
root_domain = ".s3.lab"

[s3_web]
bind_addr = "[::]:{WEB}"
root_domain = ".web.lab"
index = "index.html"

[admin]
api_bind_addr = "[::]:{ADMIN}"
"""


def values(settings: Settings) -> dict[str, Any]:
    """Of the chart, for what the cluster begins with."""
    own = {"dbEngine": settings.engine, "replicationMode": str(settings.replication), "replicationFactor": 0}
    if Words(settings.release).since(2):
        own["replicationFactor"] = settings.replication
    return {"image": {"tag": f"v{settings.release}"}, "garage": own}


def claims(pods: int) -> list[str]:
    return [f"{kind}-{NAME}-{number}" for number in range(pods) for kind in ("meta", "data")]


def places(name: str, pods: int) -> dict[str, str]:
    """The directories of the node, by their claims."""
    found = {claim: paths.made(kubernetes.volumes(name) / claim) for claim in claims(pods)}
    for place in found.values():
        os.chown(place, ACCOUNT, ACCOUNT)
    return {claim: str(place) for claim, place in found.items()}


def volumes(name: str, pods: int) -> list[dict[str, Any]]:
    """Made before their claims, since nobody here makes volumes for claims."""
    found = []
    for claim, place in places(name, pods).items():
        spec = {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": name,
            "claimRef": {"namespace": name, "name": claim},
            "hostPath": {"path": place},
        }
        meta = {"name": f"{name}-{claim}", "labels": {"uplift-lab": name}}
        found.append({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": spec})
    return found


def manifests(name: str, settings: Settings, pods: int, daemon: bool) -> list[dict[str, Any]]:
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
    meta = {"namespace": name, "name": NAME, "labels": labels}
    secret = {"name": "RPC_SECRET", "valueFrom": {"secretKeyRef": {"name": f"{NAME}-rpc-secret", "key": "rpcSecret"}}}
    restricted = {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
    first = {
        "name": f"{NAME}-init",
        "image": INIT,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", FILLED],
        "env": [secret],
        "securityContext": restricted,
        "volumeMounts": [
            {"name": "configmap", "mountPath": "/mnt/garage.toml", "subPath": "garage.toml"},
            {"name": "etc", "mountPath": "/mnt/etc"},
        ],
    }
    own = {
        "name": NAME,
        "image": image("").removesuffix("v") + "{{ .Values.image.tag }}",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": S3, "name": "s3-api"}, {"containerPort": WEB, "name": "web-api"}],
        "securityContext": restricted,
        "volumeMounts": [
            {"name": "meta", "mountPath": "/mnt/meta"},
            {"name": "data", "mountPath": "/mnt/data"},
            {"name": "etc", "mountPath": CONFIG, "subPath": "garage.toml"},
        ],
    }
    template: dict[str, Any] = {
        "metadata": {"labels": labels},
        "spec": {
            "securityContext": {"runAsUser": ACCOUNT, "runAsGroup": ACCOUNT, "fsGroup": ACCOUNT, "runAsNonRoot": True},
            "initContainers": [first],
            "containers": [own],
            "volumes": [
                {"name": "configmap", "configMap": {"name": f"{NAME}-config"}},
                {"name": "etc", "emptyDir": {}},
            ],
        },
    }
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": name, "resources": {"requests": {"storage": "1Gi"}}}
    stateful = {
        "selector": {"matchLabels": labels},
        "replicas": pods,
        "serviceName": NAME,
        "podManagementPolicy": "OrderedReady",
        "template": template,
        "volumeClaimTemplates": [{"metadata": {"name": kind}, "spec": claim} for kind in ("meta", "data")],
    }
    workload = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta, "spec": stateful}
    if daemon:
        paths_ = zip(("meta", "data"), places(name, 1).values(), strict=True)
        template["spec"]["volumes"] += [{"name": kind, "hostPath": {"path": place}} for kind, place in paths_]
        workload = {**workload, "kind": "DaemonSet", "spec": {key: stateful[key] for key in ("selector", "template")}}
    ports = [{"name": f"p{port}", "port": port, "targetPort": port, "nodePort": at} for port, at in NODE_PORTS.items()]
    service = {"type": "NodePort", "selector": labels, "ports": ports}
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {**meta, "name": f"{NAME}-rpc-secret"},
            "stringData": {"rpcSecret": settings.secret},
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**meta, "name": f"{NAME}-config"},
            "data": {"garage.toml": config()},
        },
        workload,
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
    ]


def proxy() -> str:
    """The port that the lab knows, to the service of all pods."""
    times = "  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n"
    rows = [
        f"listen p{port}\n  mode tcp\n  bind :{port}\n  server all {node.ADDRESS}:{at}\n"
        for port, at in NODE_PORTS.items()
    ]
    return "\n".join([f"defaults\n  mode tcp\n{times}", *rows])


def up(name: str, seats: Sequence[Host], settings: Settings, more: Sequence[str], daemon: bool) -> None:
    """`more`: releases whose images the node has, too: there is no registry."""
    kubernetes.up()
    images([settings.release, *more])
    kubernetes.apply(kubernetes.namespace(name), *([] if daemon else volumes(name, len(seats))))
    for number, host in enumerate(seats):
        kubernetes.control(host)
        pod = f"daemonset/{NAME}" if daemon else f"{NAME}-{number}"
        words = f"kubectl --namespace {name} exec {pod} --container {NAME} -- /garage"
        files = {ALIAS: f'#!/bin/sh\nexec {words} "$@"\n', "/etc/haproxy/haproxy.cfg": proxy()}
        restart = ["systemctl", "restart", "haproxy.service"]
        hosts.must(host, [["chmod", "755", ALIAS], ["systemctl", "enable", "haproxy.service"], restart], files=files)
    install(name, seats, settings, daemon)
    words_ = ("rollout", "status", f"{'daemon' if daemon else 'stateful'}set/{NAME}", "--timeout=180s")
    kubernetes.kubectl("-n", name, *words_, timeout=200)


def install(name: str, seats: Sequence[Host], settings: Settings, daemon: bool) -> None:
    """By Helm, as most have it, and from each host, since each may be the one that tells Helm afterwards."""
    files = {
        f"{CHART}/templates/{one['kind'].lower()}.yaml": json.dumps(one)
        for one in manifests(name, settings, len(seats), daemon)
    }
    files[f"{CHART}/Chart.yaml"] = json.dumps({"apiVersion": "v2", "name": NAME, "version": "0.1.0"})
    files[f"{CHART}/values.yaml"] = json.dumps(values(settings))
    for host in seats:
        hosts.put(host, str(release.get("helm", kubernetes_release.HELM_VERSION)), "/usr/local/bin/helm")
        hosts.must(host, [["chmod", "-R", "go=", CHART]], files=files)
    words = ["helm", "install", NAME, CHART, "--namespace", name]
    hosts.must(seats[0], [["env", "KUBECONFIG=/root/.kube/config", *words]])


def address(name: str, number: int) -> str:
    """Where a pod is now, by its place in the order of their names."""
    words = ("get", "pods", "--selector", f"app.kubernetes.io/name={NAME}", "--sort-by", "metadata.name")
    return kubernetes.kubectl("-n", name, *words, "--output", f"jsonpath={{.items[{number}].status.podIP}}").strip()
