# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which operators have Garage on their hosts: units, paths, configuration. Pure."""

from __future__ import annotations

from dataclasses import dataclass

S3, RPC, WEB, ADMIN = 3900, 3901, 3902, 3903
META, DATA = "/var/lib/garage/meta", "/var/lib/garage/data"
UID = "990"


@dataclass(frozen=True)
class Form:
    """One way in which a public Ansible role leaves Garage on a host."""

    binary: str
    linked: bool
    config: str
    unit: str
    environment: str = ""


# No KillSignal in either: that a 0.7 daemon is killed by `systemctl stop` is a trap that real clusters have.
FORMS = {
    "plain": Form(
        binary="/usr/local/bin/garage",
        linked=True,
        config="/etc/garage.toml",
        unit="""[Unit]
Description=Garage data store
After=network-online.target
Wants=network-online.target

[Service]
User=garage
Group=garage
Environment=GARAGE_CONFIG_FILE=/etc/garage.toml
ExecStart=/usr/local/bin/garage server
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
""",
    ),
    "packaged": Form(
        binary="/usr/bin/garage",
        linked=False,
        config="/etc/garage/garage.toml",
        environment="RUST_LOG=netapp=info,garage=info\n",
        unit="""[Unit]
Description=Garage S3-compatible object store
After=network.target

[Service]
Type=simple
User=garage
Group=garage
EnvironmentFile=/etc/garage/garage.env
ExecStart=/usr/bin/garage -c /etc/garage/garage.toml server
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
NoNewPrivileges=true
ReadWritePaths=/var/lib/garage
LimitNOFILE=42000

[Install]
WantedBy=multi-user.target
""",
    ),
}


def series(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def config(form: str, address: str, version: str, secret: str, replication: int) -> str:
    """0.7 demands s3_api, s3_web and their addresses; its `packaged` form has no admin port, so no metrics either."""
    text = f"""metadata_dir = "{META}"
data_dir = "{DATA}"

replication_mode = "{replication}"

rpc_bind_addr = "0.0.0.0:{RPC}"
rpc_public_addr = "{address}:{RPC}"
rpc_secret = "{secret}"

bootstrap_peers = []

[s3_api]
s3_region = "garage"
api_bind_addr = "0.0.0.0:{S3}"
root_domain = ".s3.lab"

[s3_web]
bind_addr = "0.0.0.0:{WEB}"
root_domain = ".web.lab"
index = "index.html"
"""
    if form == "plain" or series(version) >= (0, 8):
        text += f'\n[admin]\napi_bind_addr = "0.0.0.0:{ADMIN}"\n'
    return text
