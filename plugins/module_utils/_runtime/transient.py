# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch server as a transient unit of systemd, which writes to its own directory alone and ends by itself.

Source: systemd-run(1), systemd.exec(5), systemd.resource-control(5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place

LIMIT = 600.0  # seconds after which systemd ends a scratch server, whoever is left to do it
NOBODY = "nobody"


def ident(unit: str) -> str:
    """What everything of a trial of this unit is called: another for each, so that none takes away another's."""
    return f"uplift-scratch-{place.key(unit)}".replace("@", "_")


def confined(account: str, limit: float, addresses: Sequence[str] = ()) -> list[str]:
    """Properties of a server that nobody else is to notice.

    account: who it runs as. limit: seconds after which systemd ends it, whoever is left to do it. addresses: what it
    may exchange packets with, besides loopback.
    """
    return [
        f"User={account}",
        f"RuntimeMaxSec={limit:g}",
        "TimeoutStopSec=10",
        "OOMScoreAdjust=1000",  # what serves the clients is not ended for this
        "Nice=5",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "ProtectSystem=strict",
        "IPAddressDeny=any",
        *(f"IPAddressAllow={one}" for one in ("127.0.0.0/8", "::1/128", *addresses)),
    ]


def started(unit: str, properties: Sequence[str], settings: Mapping[str, str], words: Sequence[str]) -> list[str]:
    """The call that starts the program `words` as that unit, with the environment `settings` and no other."""
    own = ["systemd-run", "--quiet", "--collect", "--service-type=exec", f"--unit={unit}"]
    given = [f"--setenv={name}={value}" for name, value in settings.items()]
    return [*own, *(f"--property={one}" for one in properties), *given, "--", *words]


@dataclass
class Server:
    """One that runs for a moment. name: of its unit. local: what runs the calls of systemd on this machine."""

    name: str
    local: Runner

    @property
    def listens(self) -> str:
        """Where it is to listen: nobody else is to notice it."""
        return "127.0.0.1"

    def hosts(self) -> list[str]:
        """Where this machine reaches it."""
        return [self.listens]

    def launch(self, properties: Sequence[str], words: Sequence[str]) -> None:
        """CliError where systemd does not take it."""
        argv = started(self.name, properties, {}, words)
        demand(self.local.run(argv, timeout=60), f"Starting {self.name}")

    def alive(self) -> bool:
        return self.local.run(["systemctl", "is-active", "--", self.name], timeout=30).out.strip() == "active"

    def said(self) -> str:
        """The end of its log."""
        journal = ["journalctl", "--unit", self.name, "--lines", "5", "--output", "cat", "--no-pager", "--quiet"]
        return self.local.run(journal, timeout=30).out

    def stop(self) -> None:
        """As a stop of the real one: CliError when it has not ended in time."""
        demand(self.local.run(["systemctl", "stop", "--", self.name], timeout=60), f"Stopping {self.name}")

    def remove(self) -> None:
        self.local.run(["systemctl", "stop", "--", self.name], timeout=60)  # no such unit: that is what is wanted
