# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: a scratch server as a transient unit, which writes to its own directory alone and ends by itself.

Source: systemd-run(1), systemd.exec(5), systemd.resource-control(5).
"""

from __future__ import annotations

from typing import Mapping, Sequence


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
