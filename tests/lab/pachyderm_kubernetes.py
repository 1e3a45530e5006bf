# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pachyderm on the lab's real Kubernetes, deployed by its own `pachctl deploy local` from a control node.

Images are made from the real programs, the workers' too; etcd is Debian's in place of the one that the manifest names.
All are of a registry of one's own, and the server has two pods, as an operator may have it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.lab import cluster as clusters
from tests.lab import hosts, kubernetes, kubernetes_snapshots, pachyderm, pachyderm_workers, release
from tests.lab import kubernetes_forms as node
from tests.lab import pachyderm_forms as forms
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.kubernetes import control
from tests.lab.proc import say, wait_for

PACKAGES = ("etcd-client",)
ETCD_PORT = 32379
# Nobody but the node itself has images of it: what asks the makers' registry comes to nothing.
REGISTRY = "registry.lab:5000"
REPLICAS = 2
ETCD_IMAGES = (f"{REGISTRY}/coreos/etcd:v3.3.5", f"{REGISTRY}/pachyderm/etcd:v3.3.5")
NEXT = "1.13.4"


def arguments(name: str, version: str) -> list[str]:
    """Each release has a place of its own: a full dump brings metadata and objects along."""
    place = kubernetes.volumes(name) / version
    return ["local", "--host-path", str(place), "--no-dashboard", "--no-expose-docker-socket", "--no-guaranteed"]


def images(version: str) -> None:
    program = release.get("pachyderm", version).with_name("pachd")
    kubernetes.program_image(f"{REGISTRY}/pachyderm/pachd:{version}", program, ["/pachd"])
    pachyderm_workers.images(version, REGISTRY)


def asked_for(name: str, version: str, small_disk: int) -> Cluster:
    expected = pachyderm.asked_for(name, version, small_disk)
    variables = {
        "pachyderm_unit": f"kubernetes:{name}/pachd",
        "pachyderm_address": f"{node.ADDRESS}:{forms.PORT}",
        "pachyderm_quiet_address": f"{node.ADDRESS}:{forms.PORT - 1}",
        "pachyderm_etcd_endpoint": f"http://{node.ADDRESS}:{ETCD_PORT}",
        "pachyderm_deploy_arguments": arguments(name, NEXT),
        "pachyderm_backup": [{"kind": "csi", "claim": kubernetes_snapshots.CLAIM}],
    }
    product = {**expected.product, "form": "kubernetes", "address": node.ADDRESS, "variables": variables}
    return replace(expected, product=product, own_data=())


def install(cluster: Cluster, host: Host) -> None:
    version = cluster.product["release"]
    hosts.put(host, str(release.program("pachyderm", version)), f"{forms.PACHCTL}-{version}")
    hosts.must(host, [
        ["install", "-d", "-m", "0755", pachyderm.HOME],
        ["chown", "root:root", f"{forms.PACHCTL}-{version}"],
        ["ln", "-s", f"pachctl-{version}", forms.PACHCTL],
    ])  # fmt: skip
    words = ["deploy", *arguments(cluster.name, version), f"--registry={REGISTRY}", "--namespace", cluster.name]
    command = [*pachyderm.base(cluster, version), *words]
    kube = ["env", "KUBECONFIG=/root/.kube/config", *command[1:]]
    hosts.must(host, [kube], files=pachyderm.configuration(cluster, version))
    kubernetes.kubectl("-n", cluster.name, "scale", "deployment/pachd", f"--replicas={REPLICAS}")


def up(expected: Cluster) -> Cluster:
    if found := clusters.standing(expected):
        say(f"cluster {found.name} is up already")
        return found
    name, version = expected.name, expected.product["release"]
    kubernetes.up()
    for one in ETCD_IMAGES:
        kubernetes.program_image(one, Path("/usr/bin/etcd"), ["/usr/local/bin/etcd"])
    for one in sorted({version, NEXT}):
        images(one)
    (seat,) = hosts.plan(name, 1, 1, hosts.make_network(name))
    hosts.boot(name, [seat], expected.product["small_disk"], PACKAGES)
    control(seat)
    cluster = replace(expected, hosts=(seat,))
    kubernetes.apply(kubernetes.namespace(name))
    kubernetes_snapshots.install(seat, name)
    say(f"deploying pachyderm {version} by its own pachctl")
    install(cluster, seat)
    calls = forms.calls_itself(version)

    def missing() -> str:
        seen = pachyderm.server(cluster)
        return "" if seen == calls else seen or "no answer"

    wait_for(f"pachd says that it is {calls}", missing, 180, pause=2)
    kubernetes.kubectl("-n", name, "rollout", "status", "deployment/pachd", "--timeout=180s", timeout=200)
    cluster.save()
    return cluster
