# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The directory in which a release of a program is put: where a link leads, it may be another one than the link's."""

from __future__ import annotations

import os

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


def demand_place(file: str) -> None:
    """Where a link leads into the directory of a package, nothing may be written there: to know before a stop."""
    there = os.path.dirname(file)
    while not os.path.isdir(there):
        there = os.path.dirname(there)
    if not os.access(there, os.W_OK | os.X_OK):
        raise UpliftError(
            f"The release would lie at {file}, since the program that runs lies there, and nothing can be written to"
            f" {there}. Expected a directory for programs, in which files may be made. Let the unit start a link or a"
            " file elsewhere, such as in /usr/local/bin. Nothing was changed."
        )


def make_place(directory: str) -> None:
    """One that the service's account may enter as it may the one above, whatever the umask of this task."""
    if os.path.isdir(directory):
        return
    above = os.path.dirname(directory)
    make_place(above)
    os.mkdir(directory)
    like = os.stat(above)
    os.chown(directory, like.st_uid, like.st_gid)
    os.chmod(directory, like.st_mode & 0o755)
