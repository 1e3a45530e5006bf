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
import tempfile
from dataclasses import dataclass, replace
from typing import Mapping, Protocol

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    Call,
    CallRunner,
    Runner,
    bare,
    demand,
)
from ansible_collections.uplift.datastores.plugins.module_utils._core.port import free_ports
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.config import FACTOR_ONLY
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import STOP_SIGNAL
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import transient
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner

NAME = "uplift-scratch-garage"
PLACE = "/run"
"""Emptied at a boot; root's. A trial holds some megabytes."""
NOBODY = "nobody"
LIMIT = 600.0  # seconds after which systemd ends the daemon, whoever is left to do it
REGION = "scratch"
_PORTS = ("rpc", "s3", "web", "admin")
_ADMIN_SINCE = Version(0, 7, 0)
_INDEX_UNTIL = Version(0, 8, 0)
_BYTES_SINCE = Version(0, 9, 0)


def config(release: Version, directory: str, ports: Mapping[str, int], secret: str, engine: str) -> str:
    """The least that the release reads. engine: "" where it is not written. Source: each release's own errors."""
    factor = "replication_factor = 1" if release >= FACTOR_ONLY else 'replication_mode = "none"'
    engine_line = f'db_engine = "{engine}"\n' if engine else ""
    text = f"""metadata_dir = "{directory}/meta"
data_dir = "{directory}/data"
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
    """Where a scratch daemon runs. `reached`: whether this machine reaches its ports."""

    reached: bool

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
class OnHost:
    """A transient unit of systemd."""

    local: Runner
    binary: str
    user: str
    reached: bool = True
    unit: str = f"{NAME}.service"

    def account(self) -> str:
        return self.user

    def start(self, directory: str, config_file: str) -> None:
        properties = [
            *transient.confined(self.user, LIMIT),
            f"ReadWritePaths={directory}",
            f"KillSignal={STOP_SIGNAL}",
        ]
        words = transient.started(self.unit, properties, {}, [self.binary, "-c", config_file, "server"])
        demand(self.local.run(words, timeout=60), f"Starting {self.unit}")

    def runner(self) -> Runner:
        return As(self.local, self.user)

    once = runner

    def alive(self) -> bool:
        return self.local.run(["systemctl", "is-active", "--", self.unit], timeout=30).out.strip() == "active"

    def said(self) -> str:
        journal = ["journalctl", "--unit", self.unit, "--lines", "5", "--output", "cat", "--no-pager", "--quiet"]
        return self.local.run(journal, timeout=30).out

    def stop(self) -> None:
        demand(self.local.run(["systemctl", "stop", "--", self.unit], timeout=60), f"Stopping {self.unit}")

    def remove(self) -> None:
        self.local.run(["systemctl", "stop", "--", self.unit], timeout=60)  # no such unit: that is what is wanted


@dataclass
class InContainer(CallRunner):
    """A container of the release's image, without a network: its ports are asked by nobody."""

    container: ContainerRunner
    image: str
    directory: str = ""
    reached: bool = False

    def account(self) -> str:
        return ""

    def start(self, directory: str, config_file: str) -> None:
        self.directory = directory
        words = ["--detach", "--name", NAME, "--network", "none", *self._shared()]
        asked = ["docker", "run", *words, "--entrypoint", self.container.binary, self.image, "-c", config_file]
        demand(self.container.local.run([*asked, "server"], timeout=60), f"Starting {self.image} on its own")

    def runner(self) -> Runner:
        return self

    def perform(self, call: Call) -> Answer:
        program, *words = bare(call.argv)
        if program == "journalctl":  # what docker keeps of the daemon's output is its journal
            said = self.container.local.run(["docker", "logs", NAME], timeout=30)
            return Answer(tuple(call.argv), 0, said.out + said.err, "")
        if program != self.image:
            return call.by(self.container.local)
        flags = [word for name in call.env or {} for word in ("--env", name)]
        asked = ["docker", "exec", *flags, NAME, self.container.binary, *words]
        return self.container.local.run(asked, env=call.env, timeout=call.timeout)

    def once(self) -> Runner:
        return replace(self.container, shared=(self.directory,))

    def alive(self) -> bool:
        state = self.container.local.run(["docker", "inspect", "--format", "{{.State.Running}}", NAME], timeout=30)
        return state.out.strip() == "true"

    def said(self) -> str:
        answer = self.container.local.run(["docker", "logs", "--tail", "5", NAME], timeout=30)
        return answer.out + answer.err

    def stop(self) -> None:
        stopped = self.container.local.run(["docker", "stop", "--time", "30", NAME], timeout=60)
        demand(stopped, f"Stopping the container {NAME}")

    def remove(self) -> None:
        self.container.local.run(["docker", "rm", "--force", NAME], timeout=60)

    def _shared(self) -> list[str]:
        user = self.container.container.user
        return ["--volume", f"{self.directory}:{self.directory}", *(["--user", user] if user else [])]


def directory(account: str) -> str:
    """A new one for a trial; what an earlier one has left that was killed goes first.

    account: "" for whoever a container runs as: the directory around it lets nobody else in.
    """
    for name in os.listdir(PLACE):
        if name.startswith(f"{NAME}-"):
            shutil.rmtree(os.path.join(PLACE, name), ignore_errors=True)
    made = os.path.join(tempfile.mkdtemp(prefix=f"{NAME}-", dir=PLACE), "node")
    for path in (made, os.path.join(made, "meta"), os.path.join(made, "data")):
        os.mkdir(path)
        _give(path, account, 0o700 if account else 0o777)
    if account:
        _give(os.path.dirname(made), account, 0o700)
    return made


def write(release: Version, place: str, engine: str, account: str) -> tuple[str, dict[str, int]]:
    """Its configuration, with a secret that nothing else has; and where it listens."""
    ports = dict(zip(_PORTS, free_ports(len(_PORTS))))
    path = os.path.join(place, "garage.toml")
    files.write_atomic(path, config(release, place, ports, secrets.token_hex(32), engine).encode(), 0o600)
    _give(path, account, 0o600 if account else 0o644)
    return path, ports


def _give(path: str, account: str, mode: int) -> None:
    os.chmod(path, mode)
    if account:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)
