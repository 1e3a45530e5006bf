# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as the lab remembers it: state.json for the lab, inventory.yml for Ansible. Knows no product."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.lab import hosts, paths
from tests.lab.hosts import Host
from tests.lab.proc import LabError, run, say


@dataclass(frozen=True)
class Cluster:
    name: str
    group: str
    hosts: tuple[Host, ...]
    service: str
    own_data: tuple[str, ...]
    product: dict[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By host: what its inventory says besides how it is reached."""
    # Of the inventory; without any, all hosts are in the one that has the product's name.
    groups: dict[str, list[str]] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return paths.cluster(self.name)

    def host(self, name: str) -> Host:
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(f"cluster {self.name} has no host {name}: it has {', '.join(h.name for h in self.hosts)}")

    def save(self) -> None:
        write(self.directory / "inventory.yml", inventory(self, str(paths.key()), str(paths.cache() / "cp")))
        # state.json last: its presence says that `up` came to its end.
        write(self.directory / "state.json", json.dumps(asdict(self), indent=2) + "\n")


def write(path: Path, text: str) -> None:
    """Whole or not at all, and for its owner only: manifests and states hold secrets."""
    paths.made(path.parent)
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    part.rename(path)


def load(name: str) -> Cluster:
    path = paths.cluster(name) / "state.json"
    if not path.exists():
        raise LabError(f"there is no cluster {name} ({path} is missing): make it with `lab up --name {name} ...`")
    state = json.loads(path.read_text())
    state["hosts"] = tuple(Host(**host) for host in state["hosts"])
    state["own_data"] = tuple(state["own_data"])
    return Cluster(**state)


def ssh_arguments(cluster: str, sockets: str) -> list[str]:
    """The socket carries the cluster's name: a later cluster may get the same addresses while it lives."""
    options = [
        "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=5",
        "ServerAliveInterval=5", "ServerAliveCountMax=2", "ControlMaster=auto", "ControlPersist=60s",
        f"ControlPath={sockets}/{cluster}-%h",
    ]  # fmt: skip
    return [word for option in options for word in ("-o", option)]


def inventory(cluster: Cluster, private_key: str, sockets: str) -> str:
    """YAML by hand: six fixed keys are not worth a dependency, and JSON strings are YAML strings."""
    common = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": private_key,
        "ansible_ssh_args": " ".join(ssh_arguments(cluster.name, sockets)),
        "ansible_python_interpreter": "/usr/bin/python3",
        # What the operator of such an installation would write next to its hosts.
        **cluster.product.get("variables", {}),
    }
    lines = []
    for group, names in (cluster.groups or {cluster.group: [host.name for host in cluster.hosts]}).items():
        lines += [f"{group}:", "  hosts:"]
        for host in map(cluster.host, names):
            lines += [f"    {host.name}:", f"      ansible_host: {host.address}"]
            own = cluster.variables.get(host.name, {})
            lines += [f"      {key}: {json.dumps(value)}" for key, value in own.items()]
        lines += ["  vars:", *(f"    {key}: {json.dumps(value)}" for key, value in common.items())]
    return "\n".join(lines) + "\n"


def process_of(pid_file: Path, marker: str) -> int:
    """The process of a pid file, 0 if it is gone or is not ours any more: numbers are used again."""
    try:
        pid = int(pid_file.read_text())
        return pid if marker in Path(f"/proc/{pid}/cmdline").read_text().split("\0") else 0
    except (OSError, ValueError):
        return 0


def stop_process(pid_file: Path, marker: str) -> bool:
    if pid := process_of(pid_file, marker):
        os.kill(pid, signal.SIGTERM)
    return pid > 0


def known() -> set[str]:
    """All clusters that Docker or the cache knows of."""
    return hosts.clusters() | {path.name for path in paths.made(paths.cache() / "clusters").iterdir()}


def forget_connections(name: str) -> None:
    """SSH's own to the cluster's hosts: an address may belong to another host soon."""
    for socket in (paths.cache() / "cp").glob(f"{name}-198.18.*"):
        run(["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "lab"], check=False)
        socket.unlink(missing_ok=True)


def down(name: str) -> None:
    from tests.lab import kubernetes  # which needs this module

    say(f"taking cluster {name} away: hosts, network, client load, files")
    stop_process(paths.cluster(name) / "load.pid", name)
    forget_connections(name)
    kubernetes.forget(name)
    hosts.remove(name)
    shutil.rmtree(paths.cluster(name), ignore_errors=True)
    for other in sorted(known()):  # what was put on its hosts has gone with them
        state = paths.cluster(other) / "state.json"
        if state.exists() and json.loads(state.read_text())["product"].get("beside") == name:
            down(other)


def standing(expected: Cluster) -> Cluster | None:
    """The cluster of this name if it stands as it was asked for; a broken one is taken away, another shape refused."""
    if expected.name not in known():
        return None
    try:
        found = load(expected.name)
    except LabError:
        say(f"cluster {expected.name} was never finished: making it anew")
        down(expected.name)
        return None
    same = {key: found.product[key] for key in expected.product} == expected.product
    if not same or [h.name for h in found.hosts] != [h.name for h in expected.hosts]:
        raise LabError(
            f"cluster {expected.name} stands in another shape: `lab down --name {expected.name}` first, or another name"
        )
    if stopped := {h.container for h in found.hosts} - hosts.running(expected.name):
        say(f"cluster {expected.name} has lost {', '.join(sorted(stopped))}: making it anew, without its data")
        down(expected.name)
        return None
    return found
