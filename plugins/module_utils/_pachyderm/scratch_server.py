# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: a scratch etcd and pachd, two transient units that see nothing of the cluster and end by themselves."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._runtime import transient

PARTS = ("pachd", "etcd")  # in the order in which they are stopped
PORTS = (
    "etcd",
    "etcd_peer",
    "PORT",
    "HTTP_PORT",
    "PEER_PORT",
    "S3GATEWAY_PORT",
    "SAML_PORT",
    "OIDC_PORT",
    "PPROF_PORT",
)
# Nothing can be connected there, and the kernel says so at once: no pod is ever made of a restored pipeline.
_NO_KUBERNETES = "255.255.255.255"
_PACHD: Mapping[str, str] = {
    "ETCD_SERVICE_HOST": "127.0.0.1",
    "KUBERNETES_PORT_443_TCP_ADDR": _NO_KUBERNETES,
    "PACHD_POD_NAME": "uplift-trial",
    "PACH_NAMESPACE": "uplift-trial",
    "STORAGE_BACKEND": "LOCAL",
    "STORAGE_UPLOAD_CONCURRENCY_LIMIT": "100",
    "STORAGE_PUT_FILE_CONCURRENCY_LIMIT": "100",
    "METRICS": "false",
    "REQUIRE_CRITICAL_SERVERS_ONLY": "true",
    "BLOCK_CACHE_BYTES": "64M",
    "PACHD_MEMORY_REQUEST": "512M",
}
_CERTIFICATE = "/pachd-tls-cert"  # where pachd looks, whatever it is told: it would serve TLS with the cluster's
_ADDRESS = re.compile(r"\|-- (\d+(?:\.\d+){3})$")


@dataclass(frozen=True)
class ScratchServer:
    """One trial. ident: its own, as of `ident`. directory: its own, on the host. account: who the servers run as.

    hidden: what belongs to the cluster, and is not there for them. addresses: the node's own; with no other anything
    is exchanged, since pachd listens at all. limit: seconds after which systemd ends them, whoever is left to do it.
    """

    ident: str
    directory: str
    account: str
    ports: Mapping[str, int]
    hidden: Sequence[str] = ()
    addresses: Sequence[str] = ()
    limit: float = 7200

    def etcd(self, program: str) -> list[str]:
        client, peer = (f"http://127.0.0.1:{self.ports[name]}" for name in ("etcd", "etcd_peer"))
        settings = {
            "ETCD_ENABLE_V2": "true",  # releases that have none only warn
            "ETCD_MAX_TXN_OPS": "10000",
            "ETCD_QUOTA_BACKEND_BYTES": str(8 << 30),
            "ETCD_NAME": "uplift-trial",
            "ETCD_DATA_DIR": f"{place(self.ident)}/etcd",
            "ETCD_LISTEN_CLIENT_URLS": client,
            "ETCD_ADVERTISE_CLIENT_URLS": client,
            "ETCD_LISTEN_PEER_URLS": peer,
            "ETCD_INITIAL_ADVERTISE_PEER_URLS": peer,
            "ETCD_INITIAL_CLUSTER": f"uplift-trial={peer}",
        }
        return self._run("etcd", settings, [program])

    def pachd(self, program: str) -> list[str]:
        """Its own store, whatever the cluster's is. Nothing of the cluster's environment is passed on."""
        ports = {name: str(self.ports[name]) for name in PORTS[2:]}
        root = {"PACH_ROOT": f"{place(self.ident)}/store", "PACH_CACHE_ROOT": f"{place(self.ident)}/cache"}
        settings = {**_PACHD, "ETCD_SERVICE_PORT": str(self.ports["etcd"]), **ports, **root}
        return self._run("pachd", settings, [program, "--mode", "full"])

    def log(self, part: str) -> str:
        return f"{self.directory}/{part}.log"

    def _run(self, part: str, settings: Mapping[str, str], words: Sequence[str]) -> list[str]:
        expected = [
            *transient.confined(self.account, self.limit, self.addresses),
            f"BindPaths={self.directory}:{place(self.ident)}",
            *(f"InaccessiblePaths=-{path}" for path in outside(self.hidden, [self.directory, words[0]])),
            f"InaccessiblePaths=-{_CERTIFICATE}",
            f"StandardOutput=append:{self.log(part)}",
            f"StandardError=append:{self.log(part)}",
        ]
        return transient.started(unit(self.ident, part), expected, settings, words)


def ident(operation: str, token: str) -> str:
    """One trial of an operation, distinguished from those of other runs: what one takes away is its own."""
    return f"{re.sub('[^A-Za-z0-9.-]', '_', operation)}-{token}"


def unit(ident_: str, part: str) -> str:
    return f"uplift-trial-{ident_}-{part}.service"


def ident_of(name: str) -> str:
    """Of a unit that has a name of `unit`."""
    return name[len("uplift-trial-") :].rpartition("-")[0]


def place(ident_: str) -> str:
    """Where the servers find the directory, which lies where their account may not go."""
    return f"/run/uplift-trial-{ident_}"


def outside(hidden: Sequence[str], needed: Sequence[str]) -> list[str]:
    """What can be hidden without hiding what is needed."""
    return [
        one for one in hidden if os.path.isabs(one) and not any(f"{path}/".startswith(f"{one}/") for path in needed)
    ]


def local_addresses(trie: str) -> list[str]:
    """The node's own IPv4 addresses, of /proc/net/fib_trie. pachd calls itself at the first that is not loopback."""
    found: list[str] = []
    last = ""
    for line in trie.splitlines():
        named = _ADDRESS.search(line)
        if named:
            last = named[1]
        elif "/32 host LOCAL" in line and last not in found and not last.startswith("127."):
            found.append(last)
    return found


def panic(log: str) -> str:
    """Why pachd itself says that it ended; "" when it does not."""
    return next((line.strip() for line in log.splitlines() if line.startswith(("panic:", "fatal error:"))), "")
