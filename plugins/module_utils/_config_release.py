# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A configuration file as one file per release beside it, of which one counts."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils import _files
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError


def place(path: str, version: str) -> str:
    """Where the configuration for a release lies."""
    return f"{path}.uplift-{version}"


def activate(path: str, version: str, source: str, check: bool) -> dict[str, Any]:
    """Let `path` say what the release wants. What an operator has written since the files were made is not lost."""
    new, old = place(path, version), place(path, source)
    path = os.path.realpath(path)
    for file in (new, old):
        if not os.path.isfile(file):
            raise UpliftError(f"{file} is not there; wanted the configuration for a release. Nothing was changed.")
    wanted, now = _files.sha256_of(new), _files.sha256_of(path)
    if now not in (wanted, _files.sha256_of(old)):
        raise UpliftError(
            f"{path} is neither {old} nor {new}: it was edited since these were made from it. Make the same edit in"
            f" {new} and copy {old} over {path}, then run the same again. Nothing was changed."
        )
    size = os.path.getsize(new)
    evidence = [{"slot": "release", "kind": "file", "path": path, "size": size, "sha256": wanted}]
    if now != wanted and not check:
        like = os.stat(path)
        with open(new, "rb") as stream:
            _files.write_atomic(path, stream.read(), like.st_mode & 0o7777, (like.st_uid, like.st_gid))
    return {"changed": now != wanted, "path": path, "version": version, "evidence": evidence}
