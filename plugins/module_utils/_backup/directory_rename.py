# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A service's data directory, renamed so that a fresh one takes its place, and renamed back. Nothing is deleted."""

from __future__ import annotations

import os
import shutil
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import read_unit


def bring(runner: Runner, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    path = str(params["path"]).rstrip("/")
    renamed = f"{path}.uplift-{params['name']}"
    for unit in params["units"]:
        if params["state"] != "read" and read_unit(runner, unit).active not in ("inactive", "failed"):
            raise UpliftError(f"{unit} runs; expected it down before {path} is touched. Stop it. Nothing was changed.")
    if params["state"] == "back":
        _demand_ours(path, renamed, params["inode"])
    if params["state"] == "renamed" and not os.path.exists(renamed):
        _demand_held(path, params["holds"])
    changed = _STATES[params["state"]](path, renamed, check)
    there = os.path.isdir(renamed)
    evidence = [_evidence(path, renamed)] if params["state"] == "renamed" else []
    return {"changed": changed, "path": path, "renamed_to": renamed, "there": there, "evidence": evidence}


def _demand_held(path: str, names: Sequence[str]) -> None:
    """What is mounted only while the unit runs leaves an empty directory behind, and comes back with the unit."""
    for name in names:
        if os.path.isdir(path) and not os.path.lexists(os.path.join(path, name)):
            raise UpliftError(
                f"{path} has no {name} while its service is down; expected as while it runs. See whether the unit"
                " mounts it, and let it be mounted without the unit. Nothing was changed."
            )


def _rename(path: str, renamed: str, check: bool) -> bool:
    """The directory is away; an empty one of the same owner and mode comes with `fresh`.

    What is renamed is the old data, for the name is one operation's own: what lies at the path then has come since.
    """
    if os.path.exists(renamed):
        if not os.path.exists(path):
            return False
        if not check:
            os.rename(path, _free(f"{path}.uplift-undone"))
        return True
    if not os.path.isdir(path):
        raise UpliftError(f"{path} is no directory; expected the data to rename. Correct the path.")
    if not check:
        os.rename(path, renamed)
    return True


def _fresh(path: str, renamed: str, check: bool) -> bool:
    """An empty directory: whatever a run that died has left there is not the old data, for that is renamed."""
    if not os.path.isdir(renamed):
        raise UpliftError(f"{renamed} is not there; expected the old data renamed before {path} is emptied.")
    if os.path.isdir(path) and not os.listdir(path):
        return False
    if not check:
        if os.path.exists(path):
            shutil.rmtree(path)
        like = os.stat(renamed)
        os.mkdir(path, 0o700)
        os.chown(path, like.st_uid, like.st_gid)
        os.chmod(path, like.st_mode & 0o7777)
    return True


def _back(path: str, renamed: str, check: bool) -> bool:
    """The old data again; what the new release made stays next to it."""
    if not os.path.isdir(renamed):
        if os.path.isdir(path):
            return False
        raise UpliftError(f"Neither {renamed} nor {path} is there; expected the data that was renamed.")
    if not check:
        if os.path.exists(path):
            os.rename(path, _free(f"{path}.uplift-undone"))
        os.rename(renamed, path)
    return True


def _free(path: str) -> str:
    number = 0
    while os.path.exists(f"{path}-{number}"):
        number += 1
    return f"{path}-{number}"


def _read(path: str, renamed: str, check: bool) -> bool:
    return False


def _demand_ours(path: str, renamed: str, inode: int) -> None:
    """Refuse a path where the new release's data may lie: nothing is renamed, and the old one would start on it."""
    if inode and not os.path.isdir(renamed) and os.path.isdir(path) and os.stat(path).st_ino != inode:
        raise UpliftError(
            f"{renamed} is not there, and {path} is another directory than the one that was renamed; expected the old"
            f" data. Put them back at {renamed}, or restore the backup there. Nothing was changed."
        )


def _evidence(path: str, renamed: str) -> dict[str, Any]:
    """inode: what a directory keeps under any name."""
    inode = os.stat(renamed).st_ino if os.path.isdir(renamed) else 0
    return {"slot": "metadata", "kind": "absent", "path": path, "inode": inode}


_STATES = {"read": _read, "renamed": _rename, "fresh": _fresh, "back": _back}
STATES = tuple(_STATES)
