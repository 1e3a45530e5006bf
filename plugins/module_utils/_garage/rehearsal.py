# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The new release serves a copy of a node's metadata once before the switch, on loopback and with nobody to talk to.

That it reads the entries (readable.py) does not say that it starts on them, and finds the buckets and keys.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress, Ticker
from ansible_collections.uplift.datastores.plugins.module_utils._core.watched import Stopwatch
from ansible_collections.uplift.datastores.plugins.module_utils._garage import compare, scratch, trial
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.readable import UNREHEARSED
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import transient

# Who the others are, and where blocks lay: the copy is to know neither.
FORGOTTEN = ("peer_list", "data_layout")
_CALL = 60.0  # seconds for an answer
_ROOT = "root"  # where the service has no account of its own that lasts
_POWERLESS = ("CapabilityBoundingSet=",)


def unrehearsed(why: str) -> dict[str, Any]:
    return {**UNREHEARSED, "why": why}


def unwanted(*_given: object) -> dict[str, Any]:
    return unrehearsed("that was accepted (untried_release).")


def run(garage: Garage, copy: str, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """garage: the new release, not running, with its configuration in `copy`, which is a metadata directory."""
    host = _host(garage, params["unit"])
    host.remove()
    watch, release = Stopwatch(), garage.version()
    config_file, ports = _written(garage, copy, params, host.account())
    try:
        with Ticker(progress, f"Garage {release} serves a copy of the metadata alone"):
            try:
                host.start(copy, config_file)
            except UpliftError as exc:
                return unrehearsed(f"No daemon of Garage {release} could be started on a copy: {exc}")
            staged = Garage(host.runner(), host.program, config_file, timeout=_CALL, unit=host.name)
            served = _served(trial.Trial(release, staged, host, ports, (), progress), params["start_timeout"])
        with contextlib.suppress(UpliftError):  # it is of no use any more
            host.stop()
    finally:
        host.remove()
    missing = compare.listed(params["before"], served)
    counts = {name: len(rows) for name, rows in served.items()}
    return {"rehearsed": True, "why": "", "seconds": watch.seconds(), "missing": missing, "served": counts}


def _served(one: trial.Trial, timeout: float) -> dict[str, list[dict[str, Any]]]:
    try:
        one.begin(timeout)
        with understanding(f"Garage {one.release} on a copy"):
            one.garage.layout()
            buckets, keys = one.garage.buckets(), one.garage.keys()
        strange = [*buckets.unparsed, *keys.unparsed]
        if strange:
            raise UpliftError(f"It said {strange[0]!r:.200}, which is not known here.")
    except UpliftError as exc:
        raise UpliftError(
            f"Garage {one.release} does not serve a copy of this node's metadata: {exc} Expected its layout, buckets"
            " and keys. Nothing was switched: the release that ran goes on. Look at the log of this node, and choose"
            " another release (garage_version), or ask the makers with what its log says."
        ) from exc
    return {
        "buckets": [{"id": row.id} for row in buckets.rows],
        "keys": [{"id": row.id, "name": row.name} for row in keys.rows],
    }


def _host(garage: Garage, unit: str) -> scratch.Host:
    host = trial.host(transient.ident(unit), garage, garage.binary)
    if isinstance(host, scratch.OnHost) and host.user == transient.NOBODY:
        # Its directories may let in nobody but root: as root then, which may no more than the files of the copy let it.
        return replace(host, user=_ROOT, more=_POWERLESS)
    return host


def _written(garage: Garage, copy: str, params: Mapping[str, Any], account: str) -> tuple[str, dict[str, int]]:
    """Its configuration: what a node of a cluster of its own needs, with the copies that the layout is made for."""
    for name in FORGOTTEN:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(copy, name))
    data = os.path.join(copy, "uplift-data")
    os.mkdir(data)
    ports = scratch.free()
    secret = secrets.token_hex(32)  # nothing else has it: whoever hears of this node does not talk to it
    text = scratch.config(
        garage.version(),
        ports,
        secret,
        params["engine"],
        copy,
        data,
        copies(params["replication_factor"], params["replication_mode"]),
    )
    config_file = os.path.join(copy, "rehearsal.toml")
    files.write_atomic(config_file, text.encode(), 0o600)
    owner = _owner(account, params["metadata_dir"])
    for path in _all(copy):
        os.chown(path, *owner)
    return config_file, ports


def _owner(account: str, metadata: str) -> tuple[int, int]:
    """Of an account of this machine, or "" for whoever a container runs as: whose files the metadata are."""
    if account:
        entry = pwd.getpwnam(account)
        return entry.pw_uid, entry.pw_gid
    there = os.stat(metadata)
    return there.st_uid, there.st_gid


def copies(factor: str, mode: str) -> str:
    """The lines of the configuration: as many copies as the candidate has, or the release would throw the layout away;
    and answers of one node alone, since the others are not there (2.5.0 asks two of three for its list of buckets).
    """
    if factor:
        return f'replication_factor = {int(factor)}\nconsistency_mode = "dangerous"'
    number = mode.partition("-")[0]
    return f'replication_mode = "{number}-dangerous"' if number in ("2", "3") else f'replication_mode = "{mode}"'


def _all(directory: str) -> Iterator[str]:
    yield directory
    yield from map(str, Path(directory).rglob("*"))
