# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Whether the next release can read what the last one has in its database; asked of a copy, before any switch.

Garage 1.0 no longer knows the entries of 0.5, and 0.6 to 0.9 leave an entry as 0.5 wrote it until something writes it
anew: such a cluster upgrades, and its objects are gone. Seen on 0.5.1 -> 0.6.0 -> 0.9.4 -> 1.3.0. On other hops it is
a rehearsal on the node's own data.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress, Ticker
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon, engine
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.convert import size_of
from ansible_collections.uplift.datastores.plugins.module_utils._garage.offline import demand_down, owner_of
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner

UNREADABLE = "Unable to decode entry"
UNREHEARSED: Mapping[str, Any] = {"rehearsed": False, "why": "", "seconds": 0.0, "served": {}, "missing": []}
ASKS = "object_counters"  # an offline repair that reads every object entry
_SETTING = re.compile(r"""^(\ufeff?)[ \t]*(?:metadata_dir|"metadata_dir"|'metadata_dir')[ \t]*=.*$""", re.MULTILINE)


Rehearse = Callable[[Garage, str, Mapping[str, Any], Progress], "dict[str, Any]"]


def run(
    garage: Garage,
    params: Mapping[str, Any],
    progress: Progress,
    check_mode: bool,
    rehearse: Rehearse,
    proc: Path = daemon.PROC,
) -> dict[str, Any]:
    """What `garage_readable` does. rehearse: what is done with the copy when it was read."""
    metadata, database = params["metadata_dir"], engine.path(params["metadata_dir"], params["engine"])
    garage = replace(
        garage, binary=params["release_binary"], user=owner_of(garage, params["metadata_dir"]), _versions={}
    )
    demand_down(garage, metadata, proc, "the look at a copy")
    result = {"changed": False, "readable": None, "version": str(garage.version()), **UNREHEARSED}
    files.demand_space(os.path.dirname(metadata), size_of(database), "a copy of the database")
    if check_mode:
        return result
    scratch = tempfile.mkdtemp(prefix=".uplift-readable-", dir=os.path.dirname(os.path.realpath(metadata)))
    try:
        config_file = _copy(metadata, database, params["candidate"], scratch)
        copied = replace(garage, config_file=config_file, runner=sharing(garage.runner, scratch))
        demand_read(copied, progress, params["timeout"])
        return {**result, "readable": True, **rehearse(copied, scratch, params, progress)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def demand_read(copied: Garage, progress: Progress, timeout: float) -> None:
    """Have the release read a copy of the database, to which its configuration leads."""
    try:
        with Ticker(progress, f"{copied.version()} reads a copy of the database"):
            copied.offline_repair(ASKS, timeout)
    except CliError as exc:
        said = _sentence(copied) if UNREADABLE in str(exc) else _refused(copied, str(exc))
        raise UpliftError(said) from exc


def sharing(runner: Runner, directory: str) -> Runner:
    """A container sees the copy, too."""
    return replace(runner, shared=(directory,)) if isinstance(runner, ContainerRunner) else runner


def redirected(text: str, directory: str) -> str:
    """The configuration with another metadata directory. One line says it, at the top: it was written so."""
    changed, count = _SETTING.subn(lambda match: f'{match[1]}metadata_dir = "{directory}"', text)
    if count != 1:
        raise UpliftError(f"The configuration sets metadata_dir {count} times; expected once, on a line of its own.")
    return changed


def _copy(metadata: str, database: str, config_file: str, scratch: str) -> str:
    place, small = os.path.join(scratch, os.path.basename(database)), Path(metadata)
    if os.path.isdir(database):
        shutil.copytree(database, place)
    else:
        shutil.copy2(database, place)
    for file in small.iterdir():
        if file.is_file() and str(file) != database:
            shutil.copy2(str(file), os.path.join(scratch, file.name))
    config = os.path.join(scratch, "garage.toml")
    files.write_atomic(config, redirected(Path(config_file).read_text(encoding="utf-8"), scratch).encode(), 0o600)
    account = os.stat(metadata)
    for path in [scratch, *map(str, Path(scratch).rglob("*"))]:
        os.chown(path, account.st_uid, account.st_gid)
    return config


def _refused(garage: Garage, said: str) -> str:
    return (
        f"Garage {garage.version()} does not read a copy of this node's database: {said} Expected every object entry."
        " Nothing was switched: the release that ran goes on. Look at the disk and at the log of this node. Where its"
        " database is broken, let the others fill an empty one (the makers' page on recovery), and run the same"
        " command again."
    )


def _sentence(garage: Garage) -> str:
    return (
        f"Garage {garage.version()} cannot decode entries of this node's database: they were written by 0.5 and never"
        " since. It would start, call itself healthy, and have lost these objects. Nothing was switched. Give the"
        " operation up (operation_abandon) and run it again with `garage_created_with: '0.5'`: then the old release"
        " writes them anew first, node by node. If it ran with that, the layout lets a zone hold less than a whole"
        " copy: with all nodes healthy, on each node in turn, stop it, move its database out of the metadata"
        " directory, start it, and run `repair tables` on all nodes until it has synced; then run the upgrade again."
    )
