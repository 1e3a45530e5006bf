# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""`garage offline-repair`, which tells neither that a daemon is in its way (G05) nor that it did anything (G19)."""

from __future__ import annotations

import contextlib
import os
import pwd
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress, Ticker
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import FINISHED, Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import OFFLINE_REPAIRS
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_info, systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

DOWN = ("inactive", "failed")


def run(
    garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool, proc: Path = daemon.PROC
) -> dict[str, Any]:
    """What `garage_offline_repair` does."""
    # Not the daemon's own program: it is down, and the release that comes next is to count.
    garage = replace(garage, binary=params["release_binary"] or garage.next_binary, _versions={})
    for name in params["names"]:
        form(OFFLINE_REPAIRS, name, garage.version(), "offline repair")
    garage = replace(garage, user=owner_of(garage, params["metadata_dir"]))
    demand_down(garage, params["metadata_dir"], proc)
    garage = replace(garage, config_file=params["candidate"] or garage.config_file)
    result: dict[str, Any] = {
        "changed": True,
        "version": str(garage.version()),
        "user": garage.user,
        "seconds": {},
        "said": [],
    }
    if check_mode:
        return result
    for name in params["names"]:
        began = time.monotonic()
        with Ticker(progress, f"offline repair {name}"):
            answer = garage.offline_repair(name, params["timeout"])
        result["seconds"][name] = round(time.monotonic() - began, 1)
        result["said"].append(next(line for line in answer.err.splitlines() if FINISHED in line))
    strangers = foreign_files(params["metadata_dir"], garage.user)
    if strangers:
        raise UpliftError(
            f"The repair left files that do not belong to {garage.user} ({', '.join(strangers[:3])}); the daemon "
            f"could not open them. Give them to {garage.user} before the start."
        )
    return result


def demand_down(garage: Garage, metadata_dir: str, proc: Path = daemon.PROC, during: str = "an offline repair") -> None:
    """Refuses while anything may have the database open: alongside a living daemon the work may exit with 0 (G05)."""
    if garage.container:
        container_info.demand_alone(Docker(), garage.container, metadata_dir)
    elif garage.unit:
        active = systemd.read_unit(garage.runner, garage.unit).active
        if active not in DOWN:
            raise UpliftError(f"The unit {garage.unit} is {active}; expected it down during {during}. Stop it first.")
    living = [one.pid for one in daemon.daemons(garage.config_file, proc)]
    if living:
        raise UpliftError(
            f"A garage server with {garage.config_file} runs as process {living[0]}; expected none. Stop it first."
        )
    holders = daemon.holders(metadata_dir, proc)
    if holders:
        raise UpliftError(
            f"The process {holders[0]} has files in {metadata_dir} open; expected none such. Stop it first."
        )


def foreign_files(directory: str, user: str) -> list[str]:
    """What does not belong to the account; or, where it is none of this machine, to the directory's owner."""
    uid = os.lstat(directory).st_uid
    with contextlib.suppress(KeyError):
        uid = pwd.getpwnam(user).pw_uid
    paths = [directory, *(os.path.join(top, name) for top, dirs, files in os.walk(directory) for name in dirs + files)]
    return sorted(path for path in paths if os.lstat(path).st_uid != uid)


def owner_of(garage: Garage, metadata_dir: str) -> str:
    """The account that owns the metadata; it has to be the service's (G19). A container has its own, and so has a unit
    whose account is there while it runs: the number that it has then is given to its directories at each start (G29).
    """
    user = garage.user
    if garage.container or garage.dynamic:
        return user
    try:
        uid = os.stat(metadata_dir).st_uid
        owner = pwd.getpwuid(uid).pw_name
    except OSError as exc:
        raise UpliftError(
            f"The metadata directory {metadata_dir} cannot be read ({exc.strerror}). Correct metadata_dir."
        ) from exc
    except KeyError as exc:
        raise UpliftError(
            f"{metadata_dir} belongs to the number {uid}, which is no account here; expected the service's account."
        ) from exc
    if user and user != owner:
        raise UpliftError(
            f"{metadata_dir} belongs to {owner}, the service runs as {user}; expected one account. Correct either."
        )
    return owner
