# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A configuration file as one file per release next to it, of which one counts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


def place(path: str, version: str) -> str:
    """Where the configuration for a release lies."""
    return f"{path}.uplift-{version}"


def activate(path: str, version: str, source: str, check: bool) -> dict[str, Any]:
    """Let `path` say what the release wants. What an operator has written since the files were made is not lost."""
    file = put(path, place(path, version), place(path, source), check)
    evidence = [{"slot": "release", "kind": "file", **file.facts}]
    return {"changed": file.changed, "path": file.facts["path"], "version": version, "evidence": evidence}


@dataclass(frozen=True)
class Put:
    changed: bool
    facts: Mapping[str, Any]
    """path, size and sha256, as evidence has them."""


def put(path: str, new: str, old: str, check: bool) -> Put:
    """Let `path` say what `new` does, where it says what `old` does: that which `new` was made from."""
    path = os.path.realpath(path)
    for file in (new, old):
        if not os.path.isfile(file):
            raise UpliftError(f"{file} is not there; expected the configuration for a release. Nothing was changed.")
    expected, now = files.sha256_of(new), files.sha256_of(path)
    if now not in (expected, files.sha256_of(old)):
        raise UpliftError(
            f"{path} is neither {old} nor {new}: it was edited since these were made from it. Make the same edit in"
            f" {new} and copy {old} over {path}, then run the same again. Nothing was changed."
        )
    if now != expected and not check:
        files.write_like(path, _content(new), path)
    return Put(now != expected, {"path": path, "size": os.path.getsize(new), "sha256": expected})


def write(path: str, content: str, like: str, check: bool) -> dict[str, Any]:
    """Let `path` hold what the file `content` does, and be as `like` is in all else; without one, its owner's alone."""
    there = os.path.isfile(path) and files.sha256_of(path) == files.sha256_of(content)
    same = there and (not like or files.alike(path, like))
    if not same and not check and like:
        files.write_like(path, _content(content), like)
    elif not same and not check:
        files.write_atomic(path, _content(content), 0o600)
    return {"changed": not same, "path": path}


def _content(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
