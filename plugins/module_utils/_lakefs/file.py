# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The node's side of lakefs_config: the file as it is, and one file put in the place of another."""

from __future__ import annotations

import os
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files, seal
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import connection
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import Lakefs
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import config_release


def raw(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    """For the action alone: text and environment hold secrets, and are sealed for it."""
    where = lakefs_where.of(runner, params["unit"])
    lakefs = where.program({**params, "config_file": params["src"]})
    config = where.config(lakefs.config_file)
    own = {name: value for name, value in where.environment().items() if name.startswith("LAKEFS_")}
    stat = config.stat
    return {
        "changed": False,
        "path": lakefs.config_file,
        "next": _next(where, lakefs, params),
        "sealed": seal.seal(
            params[seal.NAME], {"text": config.text, "environment": own, "database": connection.besides(where, lakefs)}
        ),
        "mode": f"{stat.st_mode & 0o7777:04o}" if stat else "",
        "mounted": config.mounted,
        "published": where.published(),
        "user": lakefs.user,
        "binary": lakefs.binary,
    }


def _next(where: lakefs_where.Where, lakefs: Lakefs, params: Mapping[str, Any]) -> str:
    """Which file the release `version` reads here; the same one where the operator has named it."""
    if params["src"] or not params.get("version"):
        return lakefs.config_file
    return where.read_by(lakefs, core_version.parse(params["version"]))


def staged_path(path: str, version: str) -> str:
    """The configuration for one release. lakeFS tells the kind of a file by the end of its name."""
    stem, end = os.path.splitext(path)
    return f"{stem}.uplift-{version}{end}"


def activate(path: str, staged: str, keep: str, check: bool) -> dict[str, Any]:
    """Make a staged file the configuration. What it was made from is there under its release's name, and what stands
    there now has to be that: an operator may have edited it since. A rollback long afterwards keeps what it finds."""
    if not os.path.isfile(staged):
        raise UpliftError(f"{staged} is not there; expected the staged configuration. Stage it again.")
    if not os.path.exists(keep) and check:
        return {"changed": files.sha256_of(path) != files.sha256_of(staged), "path": path, "kept": keep}
    if not os.path.exists(keep):
        with open(path, "rb") as stream:
            files.write_like(keep, stream.read(), path)
    file = config_release.put(path, staged, keep, check)
    evidence = [{"slot": "config", "kind": "file", **file.facts, "path": path}]
    return {"changed": file.changed, "path": path, "kept": keep, "evidence": evidence}
