# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A node's database, renamed for the other nodes to fill a new one. It is renamed, never copied and never deleted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import archive
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon, engine, offline
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.convert import size_of


def run(garage: Garage, params: Mapping[str, Any], check_mode: bool, proc: Path = daemon.PROC) -> dict[str, Any]:
    """What `garage_renew` does. Node keys, the layout and other small files stay: the node is to be who it was."""
    metadata = os.path.realpath(params["metadata_dir"])
    database = engine.path(metadata, params["engine"])
    renamed = os.path.join(place(metadata, params["name"]), os.path.basename(database))
    offline.demand_down(garage, params["metadata_dir"], proc, "the renaming of its database")
    if os.path.lexists(renamed):
        # What lies in the metadata directory has come since, from the other nodes: it is not renamed again.
        return {"changed": False, "renamed_to": renamed}
    if params["engine"] not in engine.look(metadata).engines:
        raise UpliftError(
            f"There is no database of {params['engine']} in {metadata}; expected the one to rename. Correct"
            " metadata_dir or engine. Nothing was changed."
        )
    if os.path.islink(database):
        raise UpliftError(f"{database} is a link; expected the database itself, to rename it. Nothing was changed.")
    files.demand_space(metadata, size_of(database), "a database that is filled anew")
    if not check_mode:
        _move(database, renamed)
    return {"changed": True, "renamed_to": renamed}


def place(metadata: str, name: str) -> str:
    """Next to the metadata directory, or in it where it is a mount point; a backup leaves it out there."""
    return f"{metadata}/{archive.OURS}{name}" if os.path.ismount(metadata) else f"{metadata}{archive.OURS}{name}"


def _move(database: str, renamed: str) -> None:
    """The database itself last: as long as it is there, what a run that died has left to do is done again."""
    apart = [path for path in (f"{database}-wal", f"{database}-shm") if os.path.exists(path)]
    home = os.path.dirname(renamed)
    try:
        files.make_private(home)
        for path in [*apart, database]:
            os.rename(path, os.path.join(home, os.path.basename(path)))
        for directory in (home, os.path.dirname(database)):
            files.sync_directory(directory)
    except OSError as exc:
        raise UpliftError(f"Renaming {database} to {renamed} failed: {exc.strerror}. It is at one of both.") from exc
