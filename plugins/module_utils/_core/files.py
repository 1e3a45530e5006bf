# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What must be right about files everywhere: whole or not there, private from the start, on the disk when we say so."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

CHUNK = 1 << 20
_OF_CONTENT = ("security.ima", "security.evm", "trusted.")  # a signature of what is in the file; what root alone sees


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for chunk in iter(lambda: handle.read(CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def prints(path: str) -> dict[str, list[int]]:
    """Sizes and times of a database's files, by their names in it. Lock files change at every look."""
    there = Path(path)
    files = [there] if there.is_file() else sorted(one for one in there.rglob("*") if one.is_file())
    return {
        str(one.relative_to(there)): [one.stat().st_size, one.stat().st_mtime_ns]
        for one in files
        if one.name != "lock.mdb"
    }


def write_atomic(path: str, data: bytes, mode: int, owner: tuple[int, int] | None = None, like: str = "") -> None:
    """The file is there as a whole or not at all, with its mode from birth, whatever the umask.

    owner: uid and gid; by default who runs this. like: a file whose attributes it gets, too.
    """
    handle, temp = tempfile.mkstemp(dir=os.path.dirname(path), prefix=f".{os.path.basename(path)}.")
    try:
        with os.fdopen(handle, "wb") as out:
            if owner:
                os.fchown(out.fileno(), *owner)
            if like:
                take_attributes(like, temp)
            os.fchmod(out.fileno(), mode)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(temp, path)
    except BaseException:
        Path(temp).unlink()
        raise
    sync_directory(os.path.dirname(path))


def write_like(path: str, data: bytes, like: str) -> None:
    """The same file but for its content: owner, group, mode, access list and label are those of `like`."""
    seen = os.stat(like)
    write_atomic(path, data, stat.S_IMODE(seen.st_mode), (seen.st_uid, seen.st_gid), like)


def alike(path: str, like: str) -> bool:
    """Whether two files differ in their content alone."""
    one, other = os.stat(path), os.stat(like)
    same = (one.st_uid, one.st_gid, one.st_mode) == (other.st_uid, other.st_gid, other.st_mode)
    return same and attributes(path) == attributes(like)


def attributes(path: str) -> dict[str, bytes]:
    """What owner and mode do not tell of: access list (setfacl), SELinux's label, capabilities, and the operator's."""
    found: dict[str, bytes] = {}
    with contextlib.suppress(OSError):  # the file system knows none
        for name in os.listxattr(path):
            if not name.startswith(_OF_CONTENT):
                with contextlib.suppress(OSError):
                    found[name] = os.getxattr(path, name)
    return found


def take_attributes(source: str, target: str) -> None:
    """Also none where there are none: a directory may give each new file a list of its own (setfacl -d)."""
    wanted = attributes(source)
    for name in sorted(set(attributes(target)) - set(wanted)):
        with contextlib.suppress(OSError):  # a label cannot be taken away
            os.removexattr(target, name)
    for name, value in wanted.items():
        with contextlib.suppress(OSError):  # that is root's, or not for this file system
            os.setxattr(target, name, value)


def make_private(path: str) -> None:
    """The directory, and those above it that are missing: all for their owner alone, since names tell things too."""
    if path and not os.path.isdir(path):
        make_private(os.path.dirname(path))
        with contextlib.suppress(FileExistsError):  # another node's, on the same machine at the same moment
            os.mkdir(path, 0o700)


def sync_directory(path: str) -> None:
    """A rename is on the disk when its directory is."""
    handle = os.open(path or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link_atomic(target: str, path: str) -> None:
    """Make `path` a symbolic link to `target` in one step: nobody ever finds it missing."""
    temp = f"{path}.uplift-{os.getpid()}"
    os.symlink(target, temp)
    try:
        os.replace(temp, path)
    except BaseException:
        os.unlink(temp)
        raise
    sync_directory(os.path.dirname(path))


def free_bytes(path: str) -> int:
    """What an ordinary user may still write at `path`, or at its nearest directory that is there."""
    there = Path(path)
    while not there.exists():
        there = there.parent
    found = os.statvfs(there)
    return found.f_bavail * found.f_frsize


def demand_space(path: str, expected: int, what: str) -> None:
    free = free_bytes(path)
    if free < expected:
        raise UpliftError(
            f"{path} has {human(free)} free, {what} needs {human(expected)}: make free space, or name another"
            " directory. Nothing was changed."
        )


def human(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
