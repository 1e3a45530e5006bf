# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""lakeFS as a Deployment on the lab's real Kubernetes, over PostgreSQL on a lab host, and the control node next to it.

`a1` is the control node: kubectl, helm with a chart of ours, PostgreSQL's clients, and no lakeFS.
Its proxy and that of `d1` lead to the service, so that fill, load and judge ask where they always do.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts, kubernetes, kubernetes_release, lakefs, lakefs_api, release
from tests.lab import kubernetes_forms as node
from tests.lab import lakefs_forms as forms
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import say, wait_for

PACKAGES = ("postgresql-client-15", "haproxy", "python3-psycopg")
HIDDEN = ("database.postgres.connection_string", "auth.encrypt.secret_key")
NEXT = "1.84.0"
CHART = "/opt/lakefs-chart"


def image(version: str) -> str:
    return f"treeverse/lakefs:{version}"


def blocks(name: str) -> Path:
    return kubernetes.volumes(name) / "blocks"


def manifests(name: str, version: str, settings: forms.Settings, replicas: int) -> list[dict[str, Any]]:
    """As the makers' chart has it: the configuration in a ConfigMap, what is secret in a Secret's variables.

    The image is the chart's to fill in.
    """
    meta = {"namespace": name, "name": "lakefs"}
    labels = {"app.kubernetes.io/name": "lakefs"}
    keys = forms.keys(version, settings)
    variables = {f"LAKEFS_{key.replace('.', '_').upper()}": keys[key] for key in HIDDEN}
    text = forms.config(version, settings, HIDDEN)
    container = {
        "name": "lakefs",
        "image": image("{{ .Values.image.tag }}"),
        "imagePullPolicy": "IfNotPresent",
        "args": ["run", "--config", "/etc/lakefs/config.yaml"],
        "ports": [{"containerPort": forms.PORT}],
        "env": [
            {"name": key, "valueFrom": {"secretKeyRef": {"name": "lakefs", "key": key}}} for key in sorted(variables)
        ],
        "readinessProbe": {"httpGet": {"path": "/_health", "port": forms.PORT}, "periodSeconds": 1},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/lakefs"},
            {"name": "blocks", "mountPath": forms.BLOCKS},
        ],
    }
    volumes = [
        {"name": "config", "configMap": {"name": "lakefs"}},
        {"name": "blocks", "hostPath": {"path": str(blocks(name)), "type": "DirectoryOrCreate"}},
    ]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": volumes}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    service = {
        "type": "NodePort",
        "selector": labels,
        "ports": [{"port": 80, "targetPort": forms.PORT, "nodePort": forms.PORT}],
    }
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": variables},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"config.yaml": text}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": service},
    ]


def install(control: Host, name: str, version: str, things: list[dict[str, Any]]) -> None:
    """By Helm, as most have it."""
    hosts.put(control, str(release.get("helm", kubernetes_release.HELM_VERSION)), "/usr/local/bin/helm")
    files = {f"{CHART}/templates/{one['kind'].lower()}.yaml": json.dumps(one) for one in things}
    files[f"{CHART}/Chart.yaml"] = json.dumps({"apiVersion": "v2", "name": "lakefs", "version": "0.1.0"})
    words = ["install", "lakefs", CHART, "--namespace", name, "--set", f"image.tag={version}"]
    hosts.must(
        control, [["chmod", "-R", "go=", CHART], ["env", "KUBECONFIG=/root/.kube/config", "helm", *words]], files=files
    )


def asked_for(name: str, pods: int, version: str, small_disk: int) -> Cluster:
    """`pods` of the deployment; the hosts are the control node and that of the database."""
    cluster = lakefs.asked_for(name, 1, version, "plain", small_disk)
    own = {"form": "kubernetes", "pods": pods, "config": "", "binary": ""}
    return replace(cluster, product={**cluster.product, **own})


def up(expected: Cluster) -> Cluster:
    if found := clusters.standing(expected):
        say(f"cluster {found.name} is up already")
        return found
    name, made = expected.name, expected.product
    kubernetes.up()
    for version in dict.fromkeys((made["release"], NEXT)):
        program = release.get("lakefs", version)
        kubernetes.program_image(image(version), program, ["/app/lakefs"], ["run"])
    control, last = lakefs.plan(name, 1, hosts.make_network(name))
    hosts.boot(name, [control], made["small_disk"], PACKAGES)
    hosts.boot(name, [last], made["small_disk"], lakefs.PACKAGES)
    cluster = replace(expected, hosts=(control, last))
    made["access"] = {"database": secrets.token_urlsafe(18), "encryption": secrets.token_urlsafe(24)}
    made["variables"] = {
        "lakefs_unit": f"kubernetes:{name}/lakefs", "lakefs_url": f"http://{node.ADDRESS}:{forms.PORT}",
        "lakefs_chart_ref": CHART,
    }  # fmt: skip
    lakefs.make_database(last, made["access"]["database"])
    kubernetes.control(control)
    say(f"deploying lakefs {made['release']} with {made['pods']} pods over PostgreSQL 15")
    kubernetes.apply(kubernetes.namespace(name))
    install(control, name, made["release"], manifests(name, made["release"], lakefs.settings(cluster), made["pods"]))
    for host in (control, last):
        lakefs.make_proxy(host, {"service": node.ADDRESS})
    kubernetes.kubectl("-n", name, "rollout", "status", "deployment/lakefs", "--timeout=180s", timeout=200)
    everywhere = [host.address for host in cluster.hosts]
    wait_for("every address answers", lambda: "; ".join(filter(None, map(lakefs_api.silence, everywhere))), 60)
    made["key"], made["secret"] = lakefs_api.set_up(last.address)
    cluster.save()
    return cluster
