# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Pachyderm lies on a lab host: units, environment, and the words of its command line by version. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

UID = "991"
PORT = 30650
ROOT, CACHE = "/var/lib/pachyderm/store", "/var/lib/pachyderm/cache"
ETCD_DATA = "/var/lib/etcd/default"
ENVIRONMENT = "/etc/pachyderm/pachd.env"
PACHCTL, PACHD = "/usr/local/bin/pachctl", "/usr/local/bin/pachd"
KUBE = "/usr/local/lib/uplift-lab/kube.py"
NAMESPACE, PARALLEL_NAMESPACE = "default", "pachyderm-next"
PARALLEL_ROOT, PARALLEL_ENVIRONMENT = "/var/lib/pachyderm/store-parallel", "/etc/pachyderm/pachd-parallel.env"

VARIABLES = {
    "pachyderm_object_store": ROOT,
    "pachyderm_parallel_object_store": PARALLEL_ROOT,
    "pachyderm_user": "pachyderm",
}
# What the Debian package's own unit reads: pachd writes more keys in one transaction than etcd takes by default.
ETCD = """ETCD_ENABLE_V2=true
ETCD_MAX_TXN_OPS=10000
"""

KUBE_UNIT = f"""[Unit]
Description=As much of a Kubernetes API as pachd needs

[Service]
ExecStart=/usr/bin/python3 -I {KUBE} /etc/uplift-lab {NAMESPACE} {PARALLEL_NAMESPACE}

[Install]
WantedBy=multi-user.target
"""

# The operator's second cluster for `side_by_side`: units that are there and not started.
ETCD_PARALLEL = """[Unit]
Description=etcd of the second Pachyderm

[Service]
Type=notify
User=etcd
Environment=ETCD_ENABLE_V2=true ETCD_MAX_TXN_OPS=10000 ETCD_NAME=parallel ETCD_DATA_DIR=/var/lib/etcd/parallel
Environment=ETCD_LISTEN_CLIENT_URLS=http://127.0.0.1:2479 ETCD_ADVERTISE_CLIENT_URLS=http://127.0.0.1:2479
Environment=ETCD_LISTEN_PEER_URLS=http://127.0.0.1:2480 ETCD_INITIAL_ADVERTISE_PEER_URLS=http://127.0.0.1:2480
Environment=ETCD_INITIAL_CLUSTER=parallel=http://127.0.0.1:2480
ExecStart=/usr/bin/etcd
Restart=on-failure
"""


def unit(program: str, environment_file: str, etcd: str) -> str:
    return f"""[Unit]
Description=Pachyderm server
Requires={etcd}
After=network-online.target {etcd} kube.service

[Service]
User=pachyderm
Group=pachyderm
EnvironmentFile={environment_file}
ExecStart={program} --mode full
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
"""


def series(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def emulated(version: str) -> bool:
    """These cannot be built from a package registry: `pachyderm_emulator` stands in for them."""
    return tuple(map(int, version.split("."))) <= (1, 9, 0)


def calls_itself(version: str) -> str:
    """trap P18: the tags v1.11.1 - v1.11.9 carry the constants of 1.12.0."""
    return "1.12.0" if re.fullmatch(r"1\.11\.[1-9]", version) else version


def environment(parallel: bool = False) -> str:
    """The limits have to be there, or no pipeline gets its workers. The second server lives a thousand ports higher."""
    more = 1000 if parallel else 0
    values = {
        "PORT": PORT + more, "HTTP_PORT": 30652 + more, "PEER_PORT": 30653 + more, "SAML_PORT": 30654 + more,
        "OIDC_PORT": 30657 + more, "S3GATEWAY_PORT": 30600 + more, "PPROF_PORT": 30651 + more,
        "ETCD_SERVICE_HOST": "127.0.0.1", "ETCD_SERVICE_PORT": 2479 if parallel else 2379,
        "ETCD_PORT_2379_TCP_ADDR": "127.0.0.1",
        "KUBERNETES_PORT_443_TCP_ADDR": "127.0.0.1", "PACHD_POD_NAME": "pachd",
        "PACH_NAMESPACE": PARALLEL_NAMESPACE if parallel else NAMESPACE,
        "STORAGE_BACKEND": "LOCAL", "PACH_ROOT": PARALLEL_ROOT if parallel else ROOT,
        "PACH_CACHE_ROOT": f"{CACHE}-parallel" if parallel else CACHE,
        "STORAGE_UPLOAD_CONCURRENCY_LIMIT": 100, "STORAGE_PUT_FILE_CONCURRENCY_LIMIT": 100,
        "METRICS": "false", "REQUIRE_CRITICAL_SERVERS_ONLY": "true",
        "BLOCK_CACHE_BYTES": "64M", "PACHD_MEMORY_REQUEST": "512M",
    }  # fmt: skip
    return "".join(f"{name}={value}\n" for name, value in values.items())


def client(version: str, port: int = PORT, host: str = "127.0.0.1") -> str:
    """pachctl's configuration: no metrics (10 s without internet), and the address where contexts exist."""
    if tuple(map(int, version.split("."))) < (1, 9, 1):
        return json.dumps({"user_id": "lab", "v1": {"pachd_address": f"{host}:{port}"}})
    context = {"pachd_address": f"grpc://{host}:{port}"}
    return json.dumps({
        "user_id": "lab",
        "v2": {"active_context": "lab", "contexts": {"lab": context}, "metrics": False},
    })  # fmt: skip


def words(version: str, verb: str, noun: str, *rest: str) -> list[str]:
    """`list repo` from 1.9, `list-repo` before; before contexts, the environment has the address."""
    if series(version) >= (1, 9):
        return [verb, noun, *rest]
    return [f"{verb}-{noun}", *rest, "--no-metrics"]


def place(version: str, repo: str, commit: str, path: str = "") -> list[str]:
    """`repo@commit:/path` from 1.9; words of their own before."""
    if series(version) >= (1, 9):
        return [f"{repo}@{commit}" + (f":{path}" if path else "")]
    return [repo, commit, *([path] if path else [])]


def objects(text: str) -> Iterator[dict[str, Any]]:
    """`--raw` is JSON after JSON without anything between."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        found, end = decoder.raw_decode(text, at)
        yield found
        at = end + len(text[end:]) - len(text[end:].lstrip())


def versions(raw: str) -> tuple[str, str]:
    """`version --raw`: client and server; zeros are left out."""
    found = [".".join(str(one.get(part, 0)) for part in ("major", "minor", "micro")) for one in objects(raw)]
    return (found + ["", ""])[0], (found + ["", ""])[1]
