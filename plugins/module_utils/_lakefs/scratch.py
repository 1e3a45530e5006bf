# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch server of a staged lakeFS: an empty database, loopback, a directory of its own, and gone afterwards."""

from __future__ import annotations

import json
import os
import pwd
import shutil
from dataclasses import dataclass
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import transient

DOMAIN = "s3.scratch.local"
_QUIET_SINCE = Version(0, 103, 0)
_AUDITED_SINCE = Version(0, 70, 0)
_OFTEN = "24h"
_NOBODY_LISTENS = "http://127.0.0.1:1/audit"


def config(release: Version, directory: str, port: int, dsn: str, secret: str) -> dict[str, Any]:
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
        "listen_address": f"127.0.0.1:{port}",
        "database": database,
        "auth": {"encrypt": {"secret_key": secret}},
        "blockstore": {"type": "local", "local": {"path": f"{directory}/data"}},
        "committed": {"local_cache": {"dir": f"{directory}/cache"}},
        "gateways": {"s3": {"domain_name": DOMAIN}},
        "stats": {"enabled": False},
        **({"security": security} if security else {}),
    }


def environment(given: Mapping[str, str]) -> str:
    """A file for systemd with what the driver of the database reads besides its connection string: HOME and PG..."""
    kept = {name: value for name, value in sorted(given.items()) if name == "HOME" or name.startswith("PG")}
    return "".join(f"{name}={_quoted(value)}\n" for name, value in kept.items())


def _quoted(value: str) -> str:
    """Source: systemd.exec(5), EnvironmentFile=."""
    return '"' + "".join(f"\\{letter}" if letter in '"\\`$' else letter for letter in value) + '"'


@dataclass
class Scratch:
    """Where a release runs for a moment. path: its directory. account: who it runs as. server: its unit."""

    path: str
    account: str
    server: transient.Server

    @property
    def _environment(self) -> str:
        return f"{self.path}.env"

    def start(self, binary: str, given: Mapping[str, Any], environment_text: str) -> None:
        """given: its configuration. CliError where systemd does not take it.

        The database may be anywhere, so that no address is denied; secrets travel in files.
        """
        entry = pwd.getpwnam(self.account)
        owner = (entry.pw_uid, entry.pw_gid)
        for one in ("", "data", "cache"):
            directory = os.path.join(self.path, one).rstrip("/")
            files.make_private(directory)
            os.chown(directory, *owner)
        config_file = os.path.join(self.path, "config.yaml")
        files.write_atomic(config_file, json.dumps(given).encode(), 0o600, owner)  # JSON is YAML
        files.write_atomic(self._environment, environment_text.encode(), 0o600)
        properties = [
            *transient.confined(self.account, transient.LIMIT, ["any"]),
            f"ReadWritePaths={self.path}",
            f"EnvironmentFile={self._environment}",
            f"WorkingDirectory={self.path}",
        ]
        self.server.launch(properties, [binary, "--config", config_file, "run"])

    def remove(self) -> None:
        """Whatever is left, of a trial that was killed, too."""
        self.server.remove()
        shutil.rmtree(self.path, ignore_errors=True)
        if os.path.exists(self._environment):
            os.unlink(self._environment)
