# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A backup of a node that serves, of a snapshot that its file system holds. The operator's own tasks take that; a mark
in the metadata directory tells one of now, of this directory, from any other."""

from __future__ import annotations

import glob
import os
import time
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import engine, live_backup
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

_MARK = ".uplift-%Y%m%dT%H%M%SZ-mark"  # what an archive leaves out
_MARKS = ".uplift-*-mark"


def mark(params: Mapping[str, Any], check_mode: bool, clock: Clock) -> dict[str, Any]:
    """What `garage_live_backup` does for `marked`: a file that a snapshot of this directory has from now on."""
    directory = os.path.realpath(params["metadata_dir"])
    made = time.strftime(_MARK, time.gmtime(clock.now()))
    name = f"{made[1:-5]}-{place.key(params['unit'])}"
    if not check_mode:
        unmark(params, False)
        files.write_atomic(os.path.join(directory, made), b"", 0o600)
    return {"changed": True, "mark": made, "name": name}


def unmark(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """What it does for `unmarked`: no mark is left, by whatever run."""
    left = glob.glob(os.path.join(glob.escape(os.path.realpath(params["metadata_dir"])), _MARKS))
    for path in [] if check_mode else left:
        os.unlink(path)
    return {"changed": bool(left)}


def take(params: Mapping[str, Any], progress: Progress, check_mode: bool) -> dict[str, Any]:
    """What it does for `present` with a copy."""
    directory, copy, dest = (os.path.realpath(params[name]) for name in ("metadata_dir", "copy", "dest"))
    if check_mode:
        return {"changed": True, "archive": dest, "evidence": []}
    why = _no_snapshot(directory, copy, params)
    if why:
        raise UpliftError(f"{why} Nothing was backed up, and the node goes on as it is.")
    files.make_private(os.path.dirname(dest))
    return {**live_backup.archived(params, {copy: directory}, progress), "made": params["mark"]}


def _no_snapshot(directory: str, copy: str, params: Mapping[str, Any]) -> str:
    """Why the copy is none, as a sentence; "" when it is one."""
    if not os.path.isdir(copy):
        return (
            f"garage_backup_from names {copy}, and there is no such directory after garage_backup_tasks; expected the"
            f" copy of {directory} that the snapshot shows. Correct the one or the other."
        )
    if os.path.samefile(directory, copy):
        return (
            f"garage_backup_from names {copy}, which is the metadata directory itself; expected the copy of it that the"
            " snapshot shows: Garage writes here while it is read."
        )
    if not os.path.exists(os.path.join(copy, params["mark"])):
        return (
            f"{copy} has no {params['mark']}, which was written to {directory} right before garage_backup_tasks: it is"
            " of an earlier time or of another directory. Give each snapshot a name of its own in garage_backup_tasks,"
            " and name that one in garage_backup_from; the guide shows how."
        )
    missing = [] if params["engine"] in engine.look(copy).engines else [f"a database of {params['engine']}"]
    missing += [] if os.path.exists(os.path.join(copy, "node_key")) else ["node_key"]
    if missing:
        return (
            f"{copy} lacks {' and '.join(missing)}, which {directory} has; expected all of it in one snapshot. See"
            " whether it lies on a file system of its own, which has to be part of the same snapshot."
        )
    return ""
