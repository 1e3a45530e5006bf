# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch server of a staged lakeFS: an empty database, a directory of its own, and gone afterwards."""

from __future__ import annotations

import json
import os
import pwd
import shutil
from dataclasses import dataclass, field
from typing import Any, Mapping, Protocol

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    scratch_container,
    scratch_pod,
    transient,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import before_the_verb
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.unit_runner import quoted

DOMAIN = "s3.scratch.local"
_QUIET_SINCE = Version(0, 103, 0)
_AUDITED_SINCE = Version(0, 70, 0)
_OFTEN = "24h"
_CONFIG, _PARTS = "config.yaml", ("data", "cache")
_NOBODY_LISTENS = "http://127.0.0.1:1/audit"


def config(release: Version, directory: str, address: str, dsn: str, secret: str) -> dict[str, Any]:
    """The least that the release takes, and nothing that calls out. Source: the makers' configuration reference."""
    database: dict[str, Any] = {"connection_string": dsn}
    if release >= schema.TO_KV:
        database = {"type": "postgres", "postgres": database}
    security: dict[str, Any] = {}
    if release >= _AUDITED_SINCE:
        security["audit_check_url"] = _NOBODY_LISTENS
    if release >= _QUIET_SINCE:
        security.update(check_latest_version=False, audit_check_interval=_OFTEN)
    return {
        "listen_address": address,
        "database": database,
        "auth": {"encrypt": {"secret_key": secret}},
        "blockstore": {"type": "local", "local": {"path": f"{directory}/data"}},
        "committed": {"local_cache": {"dir": f"{directory}/cache"}},
        "gateways": {"s3": {"domain_name": DOMAIN}},
        "stats": {"enabled": False},
        **({"security": security} if security else {}),
    }


def of_the_driver(given: Mapping[str, str]) -> dict[str, str]:
    """What the driver of the database reads besides its connection string: HOME and PG..."""
    return {name: value for name, value in sorted(given.items()) if name == "HOME" or name.startswith("PG")}


class Server(Protocol):
    """What runs, whoever runs it."""

    @property
    def listens(self) -> str:
        """Where it has to listen, to be asked from this machine."""

    def hosts(self) -> list[str]:
        """Where this machine may reach it."""

    def alive(self) -> bool: ...

    def said(self) -> str:
        """The end of its log."""


class Scratch(Protocol):
    """Where a staged release runs for a moment."""

    path: str
    """Its directory, as the server has it."""

    @property
    def server(self) -> Server: ...

    def start(self, given: Mapping[str, Any]) -> None:
        """given: its configuration. UpliftError where it is not taken."""

    def remove(self) -> None:
        """Whatever is left, of a trial that was killed, too."""


@dataclass
class OnSystemd:
    """path: its directory. account: who it runs as. given_to: the environment of the service. server: its unit."""

    path: str
    account: str
    binary: str
    given_to: Mapping[str, str] = field(repr=False)
    server: transient.Server

    @property
    def _environment(self) -> str:
        return f"{self.path}.env"

    def start(self, given: Mapping[str, Any]) -> None:
        """The database may be anywhere, so that no address is denied; secrets travel in files."""
        entry = pwd.getpwnam(self.account)
        owner = (entry.pw_uid, entry.pw_gid)
        for one in ("", *_PARTS):
            directory = os.path.join(self.path, one).rstrip("/")
            files.make_private(directory)
            os.chown(directory, *owner)
        config_file = os.path.join(self.path, _CONFIG)
        files.write_atomic(config_file, json.dumps(given).encode(), 0o600, owner)  # JSON is YAML
        files.write_atomic(self._environment, quoted(of_the_driver(self.given_to)).encode(), 0o600)
        properties = [
            *transient.confined(self.account, transient.LIMIT, ["any"]),
            f"ReadWritePaths={self.path}",
            f"EnvironmentFile={self._environment}",
            f"WorkingDirectory={self.path}",
        ]
        self.server.launch(properties, [self.binary, "--config", config_file, "run"])

    def remove(self) -> None:
        self.server.remove()
        shutil.rmtree(self.path, ignore_errors=True)
        if os.path.exists(self._environment):
            os.unlink(self._environment)


@dataclass
class InContainer:
    """image: of the release. program: the program in it. given_to: the environment of the service."""

    image: str
    program: str
    given_to: Mapping[str, str] = field(repr=False)
    server: scratch_container.Server
    path: str = "/uplift-scratch"

    def start(self, given: Mapping[str, Any]) -> None:
        """It reads this configuration alone, and not the service's, which lies in the same volumes."""
        config_file = os.path.join(self.path, _CONFIG)
        laid = scratch_container.archive(
            [os.path.join(self.path, one).rstrip("/") for one in ("", *_PARTS)],
            {config_file: json.dumps(given).encode()},
        )
        words = [self.program, "--config", config_file, "run"]
        self.server.launch(self.image, words, of_the_driver(self.given_to), laid)

    def remove(self) -> None:
        self.server.remove()


@dataclass
class InPods:
    """image: of the release. given_to: the environment of the service's pods. server: a pod of its own."""

    image: str
    given_to: Mapping[str, str] = field(repr=False)
    server: scratch_pod.Server
    path: str = "/uplift-scratch"

    def start(self, given: Mapping[str, Any]) -> None:
        """What the connection string names may be mounted from a Secret: it has what the service's pods have."""
        config_file = f"/uplift-config/{_CONFIG}"
        command = before_the_verb(self.server.pods.container().get("command", []))
        own = {**({"command": command} if command else {}), "args": ["--config", config_file, "run"]}
        env, port = of_the_driver(self.given_to), int(given["listen_address"].rpartition(":")[2])
        how = scratch_pod.Start(self.image, own, self.path, config_file, json.dumps(given), env, mounts=True, port=port)
        self.server.launch(how)

    def remove(self) -> None:
        self.server.remove()
