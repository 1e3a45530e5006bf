# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form `proxied`: S3 on loopback or a socket file, and before it haproxy with TLS by an authority of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.lab import hosts
from tests.lab.cluster import Cluster, write
from tests.lab.garage_forms import PROXY, local_s3
from tests.lab.hosts import Host
from tests.lab.proc import run

PACKAGES = ("haproxy",)


def authority(directory: Path) -> Path:
    return directory / "ca.crt"


def make(directory: Path, seats: Sequence[Host]) -> str:
    """The authority, and a certificate of it with its key for all hosts, as haproxy wants it."""
    directory.mkdir(parents=True, exist_ok=True)
    ca, key = authority(directory), directory / "ca.key"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    run([*new, "-subj", "/CN=the lab's authority", "-keyout", str(key), "-out", str(ca)])
    names = ",".join(f"IP:{host.address}" for host in seats)
    signed = ["-CA", str(ca), "-CAkey", str(key), "-addext", f"subjectAltName={names}"]
    made, own = directory / "s3.crt", directory / "s3.key"
    run([*new, "-subj", "/CN=s3.lab", *signed, "-addext", "basicConstraints=critical,CA:FALSE",
         "-keyout", str(own), "-out", str(made)])  # fmt: skip
    write(directory / "s3.pem", made.read_text() + own.read_text())
    return (directory / "s3.pem").read_text()


def proxy(release: str) -> str:
    """As Debian has it, with two sections more: idle connections to S3 are kept, which is haproxy's own default."""
    return f"""global
    user haproxy
    group haproxy

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend s3
    bind :{PROXY} ssl crt /etc/haproxy/s3.pem
    default_backend garage

backend garage
    server own {local_s3(release, "unix@")}
"""


def start(host: Host, release: str, certificate: str) -> None:
    files = {"/etc/haproxy/haproxy.cfg": proxy(release), "/etc/haproxy/s3.pem": certificate}
    commands = [["chmod", "600", "/etc/haproxy/s3.pem"], ["systemctl", "enable", "haproxy.service"]]
    hosts.must(host, [*commands, ["systemctl", "restart", "haproxy.service"]], files=files)


def variables(cluster: Cluster) -> dict[str, dict[str, object]]:
    """What the operator of such a cluster says, of every host the same."""
    said = {
        "garage_s3_addresses": [f"https://{host.address}:{PROXY}" for host in cluster.hosts],
        "garage_s3_ca_file": str(authority(cluster.directory)),
    }
    return {host.name: dict(said) for host in cluster.hosts}
