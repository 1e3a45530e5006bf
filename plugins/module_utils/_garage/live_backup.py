# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A backup of a node that serves: Garage's own snapshot of the database in the place of the database, and all else that
lies in the metadata directory. The archive is as that of a stopped node, so that it is restored as one."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import archive, metadata
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress, Ticker
from ansible_collections.uplift.datastores.plugins.module_utils._garage import engine, snapshot
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.convert import size_of
from ansible_collections.uplift.datastores.plugins.module_utils._garage.offline import owner_of
from ansible_collections.uplift.datastores.plugins.module_utils._garage.readable import (
    ASKS,
    demand_read,
    redirected,
    sharing,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import ENGINES, TOOLS
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

_TRIES, _PAUSE = 20, 0.25
_OTHERWISE = "set garage_backup_method to archive, which stops the node for its backup"


def take(
    garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool, clock: Clock
) -> dict[str, Any]:
    """What `garage_live_backup` does for `present`."""
    directory, name, dest = os.path.realpath(params["metadata_dir"]), params["engine"], params["dest"]
    if not ENGINES[name].snapshots:
        raise UpliftError(
            f"The metadata are in {name}, of which Garage takes no snapshot; expected lmdb or sqlite. Nothing was"
            f" backed up: {_OTHERWISE}."
        )
    garage.demand_running()
    words = form(TOOLS, "meta snapshot", garage.version(), "command").words
    own = snapshot.places_of(params)
    files.demand_space(own[0], size_of(engine.path(directory, name)), "the snapshot")
    if check_mode:
        return {"changed": True, "archive": dest, "evidence": []}
    with Ticker(progress, "a snapshot of the metadata"):
        made = snapshot.made_now(replace(garage, timeout=params["timeout"]), words, own, clock)
    files.make_private(os.path.dirname(dest))
    with tempfile.TemporaryDirectory(prefix=f".{os.path.basename(dest)}.live-", dir=os.path.dirname(dest)) as scratch:
        beside = os.path.join(scratch, "meta")
        parts = {**_beside(directory, beside, name, own, clock), **_database(directory, beside, name, made)}
        return {**archived(params, parts, progress), "made": os.path.basename(made)}


def archived(params: Mapping[str, Any], parts: Mapping[str, str], progress: Progress) -> dict[str, Any]:
    """The archive of what lies elsewhere (where it lies -> where it belongs), while the node serves."""
    wish = metadata.Wish(
        [os.path.realpath(params["metadata_dir"])],
        params["dest"],
        compression=params["compression"],
        unit=place.key(params["unit"]),
        node=params["node"],
        parts=parts,
    )
    return metadata.present(wish, progress, lambda: None, False)


def prove(garage: Garage, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """What it does for `proved`: what the archive gives back is also opened, by the release that has written it and by
    the next one, where that is told."""
    directory = os.path.realpath(params["metadata_dir"])

    def opens(scratch: str) -> None:
        with Ticker(progress, f"{garage.version()} reads what the backup gives back"):
            _open(garage, params, directory, scratch)
        if params["release_binary"]:
            with open(params["candidate"], encoding="utf-8") as text:
                following = replace(garage, binary=params["release_binary"], next_binary=params["release_binary"])
                demand_read(_copied(following, text.read(), directory, scratch), progress, params["timeout"])

    # Next to the metadata: what runs as the service does not get to where only root may be.
    return metadata.prove(metadata.Wish([], params["dest"], scratch=os.path.dirname(directory)), progress, opens)


def _open(garage: Garage, params: Mapping[str, Any], directory: str, scratch: str) -> None:
    """A database that is empty or away is made anew and read without a complaint (G37): it has to be there before."""
    name = params["engine"]
    if name not in engine.look(os.path.join(scratch, "0")).engines:
        raise UpliftError(_sentence(params["dest"], f"it holds no database of {name}, or an empty one"))
    with open(garage.config_file, encoding="utf-8") as own:
        copied = _copied(garage, own.read(), directory, scratch)
    try:
        copied.offline_repair(ASKS, params["timeout"])
    except CliError as exc:
        raise UpliftError(_sentence(params["dest"], f"Garage {garage.version()} cannot read it: {exc}")) from exc


def _copied(garage: Garage, text: str, directory: str, scratch: str) -> Garage:
    """The release at what the backup gives back, as the configuration `text` has it but for the directory."""
    owner, config = os.stat(directory), os.path.join(scratch, "garage.toml")
    changed = redirected(text, os.path.join(scratch, "0"))
    files.write_atomic(config, changed.encode(), 0o600, (owner.st_uid, owner.st_gid))
    os.chown(scratch, owner.st_uid, owner.st_gid)
    return replace(
        garage,
        # In a container of its own: that of the node does not see the copy.
        binary=garage.next_binary if garage.container else garage.binary,
        config_file=config,
        user=owner_of(garage, directory),
        runner=sharing(garage.runner, scratch),
        _versions={},
    )


def _beside(directory: str, to: str, name: str, own: tuple[str, str], clock: Clock) -> dict[str, str]:
    """All but the database and snapshots. Garage writes the small files in place: they are copied until none of them
    has changed since, and so none is half written."""
    for _try in range(_TRIES):
        shutil.rmtree(to, ignore_errors=True)
        os.mkdir(to, 0o700)
        there = [entry.path for entry in os.scandir(directory) if not _left_out(entry, directory, name, own)]
        small = [path for path in there if os.path.isfile(path) and not os.path.islink(path)]
        try:
            for path in small:
                _copy(path, os.path.join(to, os.path.basename(path)))
            clock.sleep(_PAUSE)
            if all(_as_copied(path, os.path.join(to, os.path.basename(path))) for path in small):
                _dress(directory, to)
                return {to: directory, **{path: path for path in there if path not in small}}
        except FileNotFoundError:
            continue
    raise UpliftError(f"The small files in {directory} change all the time; expected them at rest for a moment.")


def _left_out(entry: os.DirEntry[str], directory: str, name: str, own: tuple[str, str]) -> bool:
    database = os.path.basename(engine.path(directory, name))
    journals = [f"{database}{end}" for end in ("-wal", "-shm", "-journal")]
    snapshots = os.path.realpath(entry.path) in [os.path.realpath(one) for one in own]
    return entry.name in (database, *journals) or snapshots or archive.ours(entry.name)


def _database(directory: str, beside: str, name: str, made: str) -> dict[str, str]:
    """The files of a snapshot, where they belong (G10), as private as the database itself."""
    database, names = engine.path(directory, name), snapshot.files_of(made)
    found, where = snapshot.places(names)
    if found != name:
        raise UpliftError(f"The snapshot {made} is of {found}; expected one of {name}. Nothing was backed up.")
    parts = {os.path.join(made, one).rstrip("/"): os.path.join(directory, where[one]) for one in names}
    for path, belongs in parts.items():
        _own(belongs, path)
    if os.path.isdir(database):
        copy = os.path.join(beside, os.path.basename(database))
        os.mkdir(copy, 0o700)
        _dress(database, copy)
    return parts


def _copy(path: str, to: str) -> None:
    shutil.copyfile(path, to)
    _dress(path, to)


def _as_copied(path: str, copy: str) -> bool:
    """Nothing that Garage keeps there is empty."""
    return os.path.getsize(copy) > 0 and files.sha256_of(path) == files.sha256_of(copy)


def _own(of: str, path: str) -> None:
    """The owner and the mode of another."""
    seen = os.stat(of)
    os.chown(path, seen.st_uid, seen.st_gid)
    os.chmod(path, seen.st_mode & 0o7777)


def _dress(of: str, path: str) -> None:
    shutil.copystat(of, path)
    _own(of, path)


def _sentence(dest: str, seen: str) -> str:
    return (
        f"The backup {dest} does not open: {seen.rstrip('.')}; expected what the node had. It is no backup, and nothing"
        " was switched. Run the same command again, which takes a new snapshot. If that does not open, look at the"
        f" disk; or {_OTHERWISE}."
    )
