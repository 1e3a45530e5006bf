# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The directory of a record: whether it can be used, made without leaving a trace, one call at a time in it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import Iterator, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


@contextmanager
def sentences(directory: str) -> Iterator[None]:
    """What the system refuses, as a sentence."""
    try:
        yield
    except OSError as exc:
        raise UpliftError(
            f"The record in {directory} cannot be used: {exc.strerror} ({exc.filename or directory}); expected a"
            f" directory that this account (uid {os.geteuid()}) can write. Fix it, or run with become."
        ) from exc


def usable(directory: str) -> None:
    """Refuse what cannot be written, before anything is."""
    there = directory
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    found, space = os.stat(there), os.statvfs(there)
    if not os.path.isdir(there):
        raise _unusable(directory, f"{there} is no directory", "Move it away.")
    if there == directory and found.st_uid != os.geteuid():
        said = f"it belongs to uid {found.st_uid}, and this account has uid {os.geteuid()}"
        raise _unusable(directory, said, "Run as the account that began, or give the directory to this one.")
    if space.f_flag & os.ST_RDONLY:
        raise _unusable(directory, "its file system is read-only", "Mount it for writing.")
    if not os.access(there, os.W_OK | os.X_OK):
        said = f"this account (uid {os.geteuid()}) cannot write to {there}"
        raise _unusable(directory, said, "Run with become, or name another place with operation_root.")
    left = space.f_bfree if os.geteuid() == 0 else space.f_bavail
    if space.f_blocks and not left:  # a tmpfs without a limit counts no blocks
        raise _unusable(directory, "its file system is full", "Make free space.")


def make(directory: str) -> list[str]:
    """The directory, and those above it that are missing: all for their owner alone. Those made, the innermost last."""
    if not directory or os.path.lexists(directory):
        return []
    made = make(os.path.dirname(directory))
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:  # another node's, on the same machine at the same moment
        return made
    except OSError:
        unmake(made)
        raise
    return [*made, directory]


def unmake(made: Sequence[str]) -> None:
    """Those of the directories that are still empty."""
    for directory in reversed(made):
        try:
            os.rmdir(directory)
        except OSError:
            return


@contextmanager
def alone(directory: str) -> Iterator[bool]:
    """One call at a time, without a file of its own. False when the directory is not there."""
    descriptor = _locked(directory)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked(directory: str) -> int | None:
    while True:
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(directory)):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # it was taken away while this call waited


def _unusable(directory: str, seen: str, advice: str) -> UpliftError:
    return UpliftError(f"The record in {directory} cannot be kept: {seen}. {advice} Nothing was changed.")
