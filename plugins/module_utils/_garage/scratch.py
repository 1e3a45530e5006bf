# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch daemon of a staged release: no peers, on loopback, in a directory of its own, and gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
from dataclasses import dataclass, replace
from typing import Mapping, Protocol, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    Call,
    CallRunner,
    Runner,
    demand,
    plain,
)
from ansible_collections.uplift.datastores.plugins.module_utils._core.port import free_ports
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.config import FACTOR_ONLY
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import STOP_SIGNAL
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    container_spec,
    scratch_container,
    transient,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container import Service, Wish
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner

REGION = "scratch"
_PORTS = ("rpc", "s3", "web", "admin")
_ADMIN_SINCE = Version(0, 7, 0)
_INDEX_UNTIL = Version(0, 8, 0)
_BYTES_SINCE = Version(0, 9, 0)


def config(
    release: Version, ports: Mapping[str, int], secret: str, engine: str, metadata: str, data: str, factor: str = ""
) -> str:
    """The least that the release reads. engine: "" where it is not written. factor: its line, "" for one copy.

    Source: each release's own errors.
    """
    factor = factor or ("replication_factor = 1" if release >= FACTOR_ONLY else 'replication_mode = "none"')
    engine_line = f'db_engine = "{engine}"\n' if engine else ""
    text = f"""metadata_dir = "{metadata}"
data_dir = "{data}"
{engine_line}{factor}
rpc_bind_addr = "127.0.0.1:{ports["rpc"]}"
rpc_public_addr = "127.0.0.1:{ports["rpc"]}"
rpc_secret = "{secret}"
bootstrap_peers = []

[s3_api]
s3_region = "{REGION}"
api_bind_addr = "127.0.0.1:{ports["s3"]}"
root_domain = ".s3.scratch"

[s3_web]
bind_addr = "127.0.0.1:{ports["web"]}"
root_domain = ".web.scratch"
"""
    text += 'index = "index.html"\n' if release < _INDEX_UNTIL else ""
    return text + (f'\n[admin]\napi_bind_addr = "127.0.0.1:{ports["admin"]}"\n' if release >= _ADMIN_SINCE else "")


def role(release: Version, node: str) -> list[str]:
    """The words that give the scratch node its place. A capacity was a share up to 0.8, and is bytes from 0.9 on."""
    return ["layout", "assign", node, "-z", "scratch", "-c", "1G" if release >= _BYTES_SINCE else "1"]


class Host(Protocol):
    """Where a scratch daemon runs. `reached`: whether this machine reaches its ports. `name`: of its unit. `stays`:
    whether its data outlive it."""

    reached: bool
    stays: bool
    name: str

    @property
    def program(self) -> str:
        """The release's program, as `runner` takes it."""

    def account(self) -> str:
        """Whose files the daemon has: an account of this machine."""

    def start(self, directory: str, config_file: str) -> None: ...

    def runner(self) -> Runner:
        """Runs the release's program next to the daemon, under its account."""

    def once(self) -> Runner:
        """Runs it when the daemon has stopped."""

    def alive(self) -> bool: ...

    def said(self) -> str:
        """The end of its log."""

    def stop(self) -> None:
        """As a stop of the real one: CliError when it has not ended in time."""

    def remove(self) -> None: ...


@dataclass
class As(CallRunner):
    """Everything as one account."""

    local: Runner
    user: str

    def perform(self, call: Call) -> Answer:
        return replace(call, user=self.user).by(self.local)


@dataclass
class OnHost(transient.Server):
    """A transient unit of systemd."""

    binary: str
    user: str
    more: Sequence[str] = ()
    """Further properties of systemd."""
    reached: bool = True
    stays: bool = True

    @property
    def program(self) -> str:
        return self.binary

    def account(self) -> str:
        return self.user

    def start(self, directory: str, config_file: str) -> None:
        properties = [
            *transient.confined(self.user, transient.LIMIT),
            f"ReadWritePaths={directory}",
            f"KillSignal={STOP_SIGNAL}",
            *self.more,
        ]
        self.launch(properties, [self.binary, "-c", config_file, "server"])

    def runner(self) -> Runner:
        return As(self.local, self.user)

    once = runner


@dataclass
class InContainer:
    """A container of the release's image, without a network: its ports are asked by nobody."""

    name: str
    node: ContainerRunner
    """The node's own, whose program, account and docker it has."""
    image: str
    reached: bool = False
    stays: bool = True

    @property
    def program(self) -> str:
        return self.node.binary

    def account(self) -> str:
        return ""

    def start(self, directory: str, config_file: str) -> None:
        user = self.node.container.user
        words = ["--detach", "--name", self.name, "--network", "none", "--stop-signal", STOP_SIGNAL]
        words += ["--label", f"{scratch_container.LABEL}={self.name}"]
        words += ["--volume", f"{directory}:{directory}", *(["--user", user] if user else [])]
        asked = ["docker", "run", *words, "--entrypoint", self.program, self.image, "-c", config_file, "server"]
        demand(self.node.local.run(asked, timeout=60), f"Starting {self.image} on its own")

    def runner(self) -> Runner:
        """In it while it runs, else in another of its volumes."""
        return replace(self.node, container=self._seen(), image=self.image)

    once = runner

    def alive(self) -> bool:
        return self._seen().running

    def said(self) -> str:
        return plain(self.node.docker.logs(self.name, tail="5"))

    def stop(self) -> None:
        demand(
            self.node.local.run(["docker", "stop", "--time", "30", self.name], timeout=60),
            f"Stopping the container {self.name}",
        )

    def remove(self) -> None:
        self.node.local.run(["docker", "rm", "--force", self.name], timeout=60)  # none there: that is what is wanted

    def _seen(self) -> container_spec.Container:
        return Service(self.node.docker, Wish(self.name, "started")).find()


def directory(path: str, account: str) -> str:
    """A new one for a trial, in `path`; what an earlier one has left there that was killed goes first.

    account: "" for whoever a container runs as: the directory around it lets nobody else in.
    """
    shutil.rmtree(path, ignore_errors=True)
    os.mkdir(path, 0o700)
    made = os.path.join(path, "node")
    for one in (made, os.path.join(made, "meta"), os.path.join(made, "data")):
        os.mkdir(one)
        _give(one, account, 0o700 if account else 0o777)
    if account:
        _give(path, account, 0o700)
    return made


def free() -> dict[str, int]:
    """Ports of loopback that nobody has."""
    return dict(zip(_PORTS, free_ports(len(_PORTS))))


def write(release: Version, directory: str, engine: str, account: str) -> tuple[str, dict[str, int]]:
    """Its configuration, with a secret that nothing else has; and where it listens."""
    ports = free()
    meta, data = os.path.join(directory, "meta"), os.path.join(directory, "data")
    path = os.path.join(directory, "garage.toml")
    files.write_atomic(path, config(release, ports, secrets.token_hex(32), engine, meta, data).encode(), 0o600)
    _give(path, account, 0o600 if account else 0o644)
    return path, ports


def _give(path: str, account: str, mode: int) -> None:
    os.chmod(path, mode)
    if account:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)
