# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which operators have lakeFS: units, configuration by era, the proxy before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

PORT, SQL_PORT = 8000, 5432
UID = "991"
BINARY = "/usr/local/bin/lakefs"
CONFIG, ENVIRONMENT = "/etc/lakefs/config.yaml", "/etc/lakefs/lakefs.env"
HOME, BLOCKS = "/var/lib/lakefs", "/var/lib/lakefs/data"
DATABASE = "lakefs"
DOCKER = "docker"
FORMS = ("plain", "environment", DOCKER)

UNIT = """[Unit]
Description=lakeFS
After=network-online.target
Wants=network-online.target

[Service]
User=lakefs
Group=lakefs
WorkingDirectory=/var/lib/lakefs
{where}
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
"""
WHERE = {
    "plain": f"ExecStart={BINARY} -c {CONFIG} run",
    "environment": f"EnvironmentFile={ENVIRONMENT}\nExecStart={BINARY} run",
}
# An instance that is down is left out after a second; a request that could not be delivered goes to another one.
PROXY = """global
    maxconn 400
    stats socket /run/haproxy/admin.sock mode 600 level admin

defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout queue 10s
    retries 3
    option redispatch 1

frontend lakefs
    bind *:{port}
    default_backend instances

backend instances
    balance roundrobin
    option httpchk GET /_health
{servers}
"""


@dataclass(frozen=True)
class Settings:
    """What one installation's instances have in common."""

    dsn: str
    secret_key: str


def series(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def dsn(address: str, password: str) -> str:
    return f"postgres://{DATABASE}:{quote(password)}@{address}:{SQL_PORT}/{DATABASE}?sslmode=disable"


def keys(version: str, settings: Settings) -> dict[str, str]:
    """Dotted keys. What calls out or listens elsewhere is off; a key of another era would be fatal."""
    era = series(version)
    database = {"database.connection_string": settings.dsn}
    if era >= (0, 80):
        database = {"database.type": "postgres", "database.postgres.connection_string": settings.dsn}
    found = {
        "listen_address": f"0.0.0.0:{PORT}",
        **database,
        "auth.encrypt.secret_key": settings.secret_key,
        "blockstore.type": "local",
        "blockstore.local.path": BLOCKS,
        "gateways.s3.domain_name": "s3.lakefs.lab",
        "stats.enabled": "false",
    }
    if era >= (0, 70):
        found["security.audit_check_url"] = "http://127.0.0.1:1/audit"
    if era >= (0, 103):  # an interval of 0 is no "never": 1.82 then asks without a pause, with half a core
        found |= {"security.check_latest_version": "false", "security.audit_check_interval": "24h"}
    return found


def unit(form: str) -> str:
    return UNIT.format(where=WHERE[form])


def config(version: str, settings: Settings, without: tuple[str, ...] = ()) -> str:
    """With a comment of the operator's, which no upgrade may lose."""
    lines: list[str] = ["# lakeFS of the lab"]
    open_sections: list[str] = []
    held = {key: value for key, value in keys(version, settings).items() if key not in without}
    for key, value in sorted(held.items(), key=lambda item: item[0].split(".")[:1]):
        *sections, name = key.split(".")
        same = next((i for i, one in enumerate(sections) if open_sections[i : i + 1] != [one]), len(sections))
        lines += [f"{'  ' * depth}{sections[depth]}:" for depth in range(same, len(sections))]
        open_sections = sections
        text = value if value == "false" else f'"{value}"'
        lines.append(f"{'  ' * len(sections)}{name}: {text}")
    return "\n".join(lines) + "\n"


def environment(version: str, settings: Settings) -> str:
    lines = [f"LAKEFS_{key.replace('.', '_').upper()}={value}" for key, value in keys(version, settings).items()]
    return "\n".join(lines) + "\n"


def proxy(instances: dict[str, str]) -> str:
    checks = "check inter 500ms fall 2 rise 1"
    servers = "\n".join(f"    server {name} {address}:{PORT} {checks}" for name, address in instances.items())
    return PROXY.format(port=PORT, servers=servers)
