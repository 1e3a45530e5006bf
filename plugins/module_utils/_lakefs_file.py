# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The node's side of lakefs_config: the file as it is, and one file put in the place of another."""

from __future__ import annotations

import base64
import json
import os
import shutil
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils import _files
from ansible_collections.uplift.datastores.plugins.module_utils._cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import Lakefs, from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._pods import Pods


def raw(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    """For the action alone: it holds secrets."""
    lakefs, unit = from_unit(runner, {**params, "config_file": params["src"]})
    path = lakefs.config_file
    own = {name: value for name, value in unit.environment.items() if name.startswith("LAKEFS_")}
    if isinstance(lakefs.runner, Pods):  # a file of a ConfigMap or a Secret: it is not changed here
        text = (lakefs.runner.file(path) if path else None) or ""
        return _told(path, text, own, {}, lakefs, mounted=True)
    if path and not os.path.isfile(path):
        raise UpliftError(f"The configuration {path} is not there, or no file; say where it is (config_file).")
    stat = os.stat(path) if path else None
    text = ""
    if path:
        with open(path, encoding="utf-8", errors="replace") as handle:
            text = handle.read()
    found = {"mode": f"{stat.st_mode & 0o7777:04o}", "uid": stat.st_uid, "gid": stat.st_gid} if stat else {}
    return _told(path, text, own, found, lakefs, mounted=False)


def _told(
    path: str, text: str, environment: Mapping[str, str], stat: Mapping[str, Any], lakefs: Lakefs, mounted: bool
) -> dict[str, Any]:
    return {
        "changed": False,
        "path": path,
        # Encoded, since a connection plugin shows at -vvv what comes back.
        "content": base64.b64encode(json.dumps({"text": text, "environment": environment}).encode()).decode(),
        "stat": stat,
        "mounted": mounted,
        "user": lakefs.user,
        "binary": lakefs.binary,
    }


def staged_path(path: str, version: str) -> str:
    """The configuration for one release. lakeFS tells the kind of a file by the end of its name."""
    stem, end = os.path.splitext(path)
    return f"{stem}.uplift-{version}{end}"


def activate(path: str, staged: str, keep: str, check: bool) -> dict[str, Any]:
    """Make a staged file the configuration. The first one that stood there is kept under its release's name."""
    if not os.path.isfile(staged):
        raise UpliftError(f"{staged} is not there; wanted the staged configuration. Stage it again.")
    digest = _files.sha256_of(staged)
    same = _files.sha256_of(path) == digest
    if not os.path.exists(keep) and not check:
        shutil.copy2(path, keep)
        os.chown(keep, os.stat(path).st_uid, os.stat(path).st_gid)
    if not same and not check:
        now = os.stat(path)
        with open(staged, "rb") as handle:
            _replace(path, handle.read(), now)
    evidence = [{"slot": "config", "kind": "file", "path": path, "size": os.path.getsize(staged), "sha256": digest}]
    return {"changed": not same, "path": path, "kept": keep, "evidence": evidence}


def _replace(path: str, data: bytes, like: os.stat_result) -> None:
    real = os.path.realpath(path)
    _files.write_atomic(real, data, like.st_mode & 0o7777)
    os.chown(real, like.st_uid, like.st_gid)
