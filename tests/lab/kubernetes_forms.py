# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a single node of Kubernetes is told: addresses, configurations, command lines. Pure.

What differs from a usual node is there because root has no CAP_SYS_RESOURCE here, and cgroup v1.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The lab's hosts have 198.18.0.0 - 198.18.127.255; nothing of the node listens outside of what follows.
BRIDGE, POD_BRIDGE = "uplift-kube", "uplift-pods"
ADDRESS, PODS, SERVICES = "198.18.128.1", "198.18.129.0/24", "198.19.0.0/16"
FIRST_SERVICE = "198.19.0.1"
NODE, PORT, ETCD_PORT = "node", 6443, 23790
RUN = "/run/uplift-kubernetes"
SOCKET = f"{RUN}/containerd.sock"
CNI_PROGRAMS = "/usr/lib/cni"
PAUSE = "uplift-lab/pause:1"
PAUSE_SOURCE = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int number) { _exit(0); }
static void reap(int number) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) {
  signal(SIGTERM, end);
  signal(SIGINT, end);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
"""


@dataclass(frozen=True)
class Process:
    """A program of the node. The mark is a word of its command line that no other process has."""

    name: str
    argv: tuple[str, ...]
    mark: str


def containerd(home: Path) -> str:
    return f"""version = 2
root = "{home}/containerd"
state = "{RUN}/containerd"
[grpc]
  address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/{PAUSE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PROGRAMS}"
    conf_dir = "{home}/cni"
"""


def network() -> str:
    bridge: dict[str, Any] = {
        "type": "bridge",
        "bridge": POD_BRIDGE,
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }
    plugins = [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}]
    return json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": plugins}, indent=1)


def kubelet(home: Path) -> str:
    """JSON, which is YAML, too."""
    return json.dumps({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "authentication": {
            "anonymous": {"enabled": False}, "webhook": {"enabled": False},
            "x509": {"clientCAFile": f"{home}/pki/ca.crt"},
        },
        "authorization": {"mode": "AlwaysAllow"},
        "featureGates": {"KubeletInUserNamespace": True},
        "oomScoreAdj": 0,
        "cgroupDriver": "cgroupfs",
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "evictionHard": {},
        "imageGCHighThresholdPercent": 100,
        "resolvConf": "",
    }, indent=1)  # fmt: skip


def proxy(home: Path) -> str:
    # Replies of a pod on the same bridge would not come back through the translation: all is masked.
    return json.dumps({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{home}/kubeconfig"},
        "hostnameOverride": NODE,
        "bindAddress": ADDRESS,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "mode": "iptables",
        "clusterCIDR": PODS,
        "nodePortAddresses": [f"{ADDRESS}/32"],
        "iptables": {"masqueradeAll": True},
        "conntrack": {"maxPerCore": 0},
    }, indent=1)  # fmt: skip


def kubeconfig(home: Path, encoded: dict[str, str]) -> str:
    """With the certificates in it, so that it can be taken to another host as it is."""
    return json.dumps({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {
            "server": f"https://{ADDRESS}:{PORT}", "certificate-authority-data": encoded["ca.crt"],
        }}],
        "users": [{"name": "lab", "user": {
            "client-certificate-data": encoded["client.crt"], "client-key-data": encoded["client.key"],
        }}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
    }, indent=1)  # fmt: skip


def processes(home: Path, programs: Path) -> list[Process]:
    """In the order of their start; the kubelet and what it talks to last."""
    pki = home / "pki"
    config = f"--kubeconfig={home}/kubeconfig"
    quiet = ["--leader-elect=false", "--bind-address=127.0.0.1"]
    client = f"http://127.0.0.1:{ETCD_PORT}"

    def own(name: str, *argv: str) -> Process:
        return Process(name, (str(programs / name), *argv), str(programs / name))

    return [
        Process("containerd", ("containerd", "--config", f"{home}/containerd.toml"), f"{home}/containerd.toml"),
        Process(
            "etcd",
            (
                "etcd", f"--data-dir={home}/etcd", f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}", f"--listen-peer-urls=http://127.0.0.1:{ETCD_PORT + 1}",
            ),
            f"--data-dir={home}/etcd",
        ),
        own(
            "kube-apiserver", f"--etcd-servers={client}", f"--bind-address={ADDRESS}", f"--secure-port={PORT}",
            f"--advertise-address={ADDRESS}", f"--service-cluster-ip-range={SERVICES}", "--authorization-mode=RBAC",
            f"--tls-cert-file={pki}/server.crt", f"--tls-private-key-file={pki}/server.key",
            f"--client-ca-file={pki}/ca.crt", f"--service-account-key-file={pki}/accounts.pub",
            f"--service-account-signing-key-file={pki}/accounts.key", "--service-account-issuer=https://lab.invalid",
            f"--kubelet-client-certificate={pki}/client.crt", f"--kubelet-client-key={pki}/client.key",
            # Else exec and logs look the node's name up.
            "--kubelet-preferred-address-types=InternalIP", "--allow-privileged=true",
            "--service-node-port-range=8000-32767",
            f"--cert-dir={home}/made",
        ),
        own(
            "kube-controller-manager", config, *quiet, f"--root-ca-file={pki}/ca.crt",
            f"--service-account-private-key-file={pki}/accounts.key", f"--cert-dir={home}/made",
        ),
        own("kube-scheduler", config, *quiet, f"--cert-dir={home}/made"),
        own(
            "kubelet", config, f"--config={home}/kubelet.json", f"--node-ip={ADDRESS}", f"--hostname-override={NODE}",
            f"--root-dir={home}/kubelet", f"--cert-dir={home}/made",
        ),
        own("kube-proxy", f"--config={home}/proxy.json"),
    ]  # fmt: skip
