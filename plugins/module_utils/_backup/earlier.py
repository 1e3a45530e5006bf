# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A backup takes its place, and the sound one that is there is kept: a rollback may need it.

A backup is a file and its manifest, and two names cannot be changed in one step. The earlier file is renamed, then its
manifest, then the new manifest comes, then the new file. A run may be killed between any two of these: the earlier pair
is whole under its own name, or whole under its time, or the file lies under its time and `repair` brings its manifest.
A
new manifest never lies next to an earlier file. Only renames: some places of backups know no links.
"""

from __future__ import annotations

import os
import time
from itertools import count
from typing import Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._core import files


def manifest_path(dest: str) -> str:
    return f"{dest}.manifest.json"


def put(part: str, dest: str, manifest: str, keep_it: bool) -> str:
    """Give `part` the name `dest`, with this manifest. Where the earlier one is kept, "" when it is not.

    keep_it: whether what is there is worth it; what is not sound is replaced.
    """
    with open(part, "rb") as handle:
        os.fsync(handle.fileno())
    repair(dest)
    renamed = keep(dest) if keep_it else ""
    files.write_atomic(manifest_path(dest), manifest.encode(), 0o600)
    os.replace(part, dest)
    files.sync_directory(os.path.dirname(dest))
    return renamed


def keep(dest: str) -> str:
    """Put a file, with its manifest where it has one, under its time; "" when there is no file."""
    if not os.path.exists(dest):
        return ""
    renamed = next(name for name in _names(dest) if not any(map(os.path.lexists, (name, manifest_path(name)))))
    os.replace(dest, renamed)
    if os.path.exists(manifest_path(dest)):
        os.replace(manifest_path(dest), manifest_path(renamed))
    files.sync_directory(os.path.dirname(dest))
    return renamed


def repair(dest: str) -> None:
    """Bring the manifest to the file that a run has renamed, and was killed before it renamed the manifest."""
    if os.path.exists(dest) or not os.path.exists(manifest_path(dest)):
        return
    for renamed in _names(dest):
        if not os.path.lexists(renamed):
            return
        if not os.path.lexists(manifest_path(renamed)):
            os.replace(manifest_path(dest), manifest_path(renamed))
            files.sync_directory(os.path.dirname(dest))
            return


def _names(dest: str) -> Iterator[str]:
    """Names for what is kept: the time of the manifest, or of a file without one, and numbers after that."""
    manifest = manifest_path(dest)
    made = os.path.getmtime(manifest if os.path.exists(manifest) else dest)
    stem = f"{dest}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(made))}"
    yield stem
    for number in count(1):
        yield f"{stem}-{number}"
