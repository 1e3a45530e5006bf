# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which operators have Garage on their hosts: units, paths, configuration. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from tests.lab.garage_words import Words

S3, RPC, WEB, ADMIN, PROXY = 3900, 3901, 3902, 3903, 3943
UID = "990"


@dataclass(frozen=True)
class Form:
    """One way in which a public Ansible role leaves Garage on a host."""

    binary: str
    linked: bool
    config: str
    unit: str
    environment: str = ""
    home: str = "/var/lib/garage"
    service: str = "garage.service"
    environment_file: str = "/etc/garage/garage.env"
    dynamic: bool = False
    """No account in the password file: systemd makes one for as long as the unit runs, and keeps its directories."""
    unnamed: bool = False
    """No rpc_public_addr: a node does not know how others reach it (G30)."""

    local: bool = False
    """S3 and the admin API are the machine's own: on loopback, or from 0.9 on socket files. A proxy serves clients."""

    snapshots: str = ""
    """metadata_snapshots_dir, which 1.0 and later have."""

    told: tuple[tuple[str, str], ...] = ()
    """What its operator says in the inventory, since the unit does not."""

    @property
    def metadata(self) -> str:
        return f"{self.home}/meta"

    def data(self, dirs: int = 1) -> list[str]:
        return [f"{self.home}/data{number or ''}" for number in range(dirs)]


# No KillSignal in any: that a 0.7 daemon is killed by `systemctl stop` is a trap that real clusters have.
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
    # The makers' own, from their cookbook. /var/lib/garage is a link into a directory that root alone may enter.
    "makers": Form(
        binary="/usr/local/bin/garage",
        linked=False,
        config="/etc/garage.toml",
        dynamic=True,
        unnamed=True,
        unit="""[Unit]
Description=Garage Data Store
After=network-online.target
Wants=network-online.target

[Service]
Environment='RUST_LOG=garage=info' 'RUST_BACKTRACE=1'
ExecStart=/usr/local/bin/garage server
StateDirectory=garage
DynamicUser=true
ProtectHome=true
NoNewPrivileges=true
LimitNOFILE=42000

[Install]
WantedBy=multi-user.target
""",
    ),
    "proxied": Form(
        binary="/usr/local/bin/garage",
        linked=False,
        config="/etc/garage.toml",
        local=True,
        unit="""[Unit]
Description=Garage data store
After=network-online.target

[Service]
User=garage
Group=garage
RuntimeDirectory=garage
ExecStart=/usr/local/bin/garage server
Restart=on-failure

[Install]
WantedBy=multi-user.target
""",
    ),
    # A shell, which leads to the program; and Garage's own snapshots on another disk.
    "wrapped": Form(
        binary="/usr/local/bin/garage",
        linked=True,
        config="/etc/garage.toml",
        snapshots="/srv/snapshots",
        told=(
            ("garage_binary", "/usr/local/bin/garage"),
            ("garage_config_file", "/etc/garage.toml"),
            ("garage_user", "garage"),
        ),
        unit="""[Unit]
Description=Garage data store
After=network-online.target

[Service]
User=garage
Group=garage
ExecStart=/bin/sh -c "exec /usr/local/bin/garage -c /etc/garage.toml server"
Restart=on-failure

[Install]
WantedBy=multi-user.target
""",
    ),
    # Everything at another place and under another name than anybody would guess.
    "odd": Form(
        binary="/opt/store/bin/garage",
        linked=False,
        config="/opt/store/etc/store.toml",
        environment="RUST_LOG=garage=info\n",
        environment_file="/opt/store/etc/env",
        home="/srv/store",
        service="s3-store.service",
        unit="""[Unit]
Description=S3 store

[Service]
User=garage
EnvironmentFile=-/opt/store/etc/env
ExecStart=/opt/store/bin/garage --config /opt/store/etc/store.toml server
Restart=always

[Install]
WantedBy=multi-user.target
""",
    ),
}


# Not on its hosts but next to them: see garage_docker. Its configuration is that of `plain`.
DOCKER = "docker"
# A StatefulSet: see garage_kubernetes.
KUBERNETES = "kubernetes"
# The same as a DaemonSet with its data on its node; the lab has one node, so one pod.
DAEMON_SET = "daemonset"
IN_PODS = (KUBERNETES, DAEMON_SET)


@dataclass(frozen=True)
class Settings:
    """What a configuration is made of besides its form."""

    release: str
    secret: str
    replication: int = 3
    engine: str = ""
    secret_in: str = "config"
    data_dirs: int = 1


def local_s3(release: str, socket: str = "") -> str:
    """Where S3 is bound that the machine alone reaches. socket: what goes before the path of a socket file."""
    return f"{socket}/run/garage/s3.sock" if Words(release).since(0, 9) else f"127.0.0.1:{S3}"


def local_admin(release: str) -> str:
    return "/run/garage/admin.sock" if Words(release).since(0, 9) else f"127.0.0.1:{ADMIN}"


def secret_file(form: Form) -> str:
    return f"{form.home}/rpc_secret"


def data_directories(form: Form, dirs: int) -> str:
    if dirs == 1:
        return f'data_dir = "{form.data()[0]}"'
    rows = "".join(f'  {{ path = "{path}", capacity = "1G" }},\n' for path in form.data(dirs))
    return f"data_dir = [\n{rows}]"


def copies(name: str, words: Words, replication: int) -> str:
    """2.x wants the new word, 1.x takes either: the form `plain` keeps the old one, as a cluster that came from 0.9."""
    new = words.since(2) or (words.since(1) and name != "plain")
    return f"replication_factor = {replication}" if new else f'replication_mode = "{replication}"'


def config(name: str, address: str, settings: Settings) -> str:
    """Up to 0.7 s3_api, s3_web and their addresses are demanded; there `packaged` has no admin port, so no metrics."""
    form, words = FORMS[name], Words(settings.release)
    s3 = local_s3(settings.release) if form.local else f"0.0.0.0:{S3}"
    admin = local_admin(settings.release) if form.local else f"0.0.0.0:{ADMIN}"
    secrets = {"config": f'rpc_secret = "{settings.secret}"', "file": f'rpc_secret_file = "{secret_file(form)}"'}
    engine = f'db_engine = "{settings.engine}"\n' if settings.engine else ""
    index = "" if words.since(0, 8) else 'index = "index.html"\n'
    snapshots = f'metadata_snapshots_dir = "{form.snapshots}"\n' if form.snapshots and words.since(1) else ""
    text = f"""metadata_dir = "{form.metadata}"
{snapshots}\
{data_directories(form, settings.data_dirs)}
{engine}
{copies(name, words, settings.replication)}

rpc_bind_addr = "0.0.0.0:{RPC}"
{"# no rpc_public_addr" if form.unnamed else f'rpc_public_addr = "{address}:{RPC}"'}
{secrets.get(settings.secret_in, "# rpc_secret: see the environment of the service")}

bootstrap_peers = []

[s3_api]
s3_region = "garage"
api_bind_addr = "{s3}"
root_domain = ".s3.lab"

[s3_web]
bind_addr = "0.0.0.0:{WEB}"
root_domain = ".web.lab"
{index}"""
    if words.since(0, 7) and (name == "plain" or words.since(0, 8)):
        text += f'\n[admin]\napi_bind_addr = "{admin}"\n'
    return text
