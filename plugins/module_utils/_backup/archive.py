# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Directory trees into a compressed tar and out of it, with a list of what went in that is exact to the bit."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tarfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import IO, Any, Callable, Iterator, Mapping, Sequence, cast

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import CHUNK, sha256_of

COMPRESSIONS = ("zstd", "gzip", "none")
OURS = ".uplift-"  # of a directory of ours inside a mount point: `.uplift-TIME`, or an operation's id, which begins so
_OURS = re.compile(r"\.uplift-(new-)?[0-9]{8}T[0-9]{6}Z(-.*)?")
Say = Callable[[int], None]  # bytes done so far


class StreamError(UpliftError):
    """A program in the middle of the stream gave up."""


@dataclass(frozen=True)
class Entry:
    """One file, directory or symbolic link. `path` is absolute without the leading slash, as tar names it."""

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    mtime: int  # nanoseconds
    size: int = 0
    sha256: str = ""
    target: str = ""


def ours(name: str) -> bool:
    """Whether a name in the top of a tree is one that this collection has renamed there. Nothing else is left out."""
    return bool(_OURS.fullmatch(name))


def scan(tree: str, top: bool = True) -> list[Entry]:
    """All of a tree, the top first, in the order of its names."""
    found = [_entry(tree)]
    if found[0].kind == "dir":
        for name in sorted(os.listdir(tree)):
            found += [] if top and ours(name) else scan(os.path.join(tree, name), False)
    return found


def listed(parts: Mapping[str, str]) -> list[tuple[str, Entry]]:
    """All of these trees and files (where they lie -> where they belong), each by where it lies and as it belongs."""
    return [
        (f"/{entry.path}", replace(entry, path=place(entry.path, {path: belongs}).lstrip("/")))
        for path, belongs in parts.items()
        for entry in scan(path)
    ]


def pack(parts: Mapping[str, str], out: IO[bytes], say: Say) -> list[Entry]:
    """Write them as a tar, and give back what was written. What changes meanwhile is a failure."""
    found = listed(parts)
    packed, done = [], 0
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=CHUNK) as tar:
        for path, entry in found:
            packed.append(_pack_one(tar, path, entry, lambda part, so_far=done: say(so_far + part)))  # type: ignore[misc]
            done += entry.size
    after = listed(parts)
    if after != found:
        name = sorted({entry for _path, entry in set(found) ^ set(after)}, key=lambda entry: entry.path)[0].path
        raise UpliftError(f"/{name} changed while it was read: something still writes there. Stop it first.")
    return packed


def unpack(archive: IO[bytes], entries: Sequence[Entry], roots: Mapping[str, str], say: Say) -> None:
    """Write what the archive holds below `roots` (tree -> directory). Only what is listed: a tar can name anything."""
    listed, done = {entry.path: entry for entry in entries}, 0
    with tarfile.open(fileobj=archive, mode="r|", bufsize=CHUNK) as tar:
        for member in tar:
            entry = listed.get(member.name.strip("/"))
            if entry is None:
                raise UpliftError(f"The archive holds {member.name}, which its manifest does not list.")
            _unpack_one(tar, member, entry, place(entry.path, roots))
            done += entry.size
            say(done)
    for entry in reversed(entries):  # from the leaves up: writing into a directory changes its time
        path = place(entry.path, roots)
        if not os.path.lexists(path):
            raise UpliftError(f"The archive lacks {entry.path}, which its manifest lists.")
        _dress(path, entry)


def differences(entries: Sequence[Entry], roots: Mapping[str, str], say: Say) -> list[str]:
    """What is not below `roots` as listed, or there next to it. Owners are looked at where they could be set."""
    found, done = [], 0
    for entry in entries:
        path = place(entry.path, roots)
        seen = replace(_entry(path), path=entry.path) if os.path.lexists(path) else None
        if seen and seen.kind == "file" == entry.kind:
            seen = replace(seen, sha256=sha256_of(path))
        if seen and os.geteuid() != 0:
            seen = replace(seen, uid=entry.uid, gid=entry.gid)
        if seen != entry:
            found.append(f"{path} {'differs' if seen else 'is missing'}")
        done += entry.size
        say(done)
    listed = {place(entry.path, roots) for entry in entries}
    there = (f"/{entry.path}" for root in roots.values() if os.path.lexists(root) for entry in scan(root))
    return found + [f"{path} is not in the archive" for path in there if path not in listed]


def place(path: str, roots: Mapping[str, str]) -> str:
    for tree, root in roots.items():
        if f"/{path}" == tree or f"/{path}".startswith(f"{tree}/"):
            return root + f"/{path}"[len(tree) :]
    raise UpliftError(f"The archive holds /{path}, which is below none of {', '.join(roots)}.")


@contextmanager
def compressed(path: str, compression: str) -> Iterator[IO[bytes]]:
    """A file to write to; what goes in comes out compressed at `path`, on the disk when this ends."""
    with open(path, "wb") as out:
        if compression == "zstd":
            with _zstd(["-q", "-T0", "-c"], stdin=subprocess.PIPE, stdout=out) as process:
                yield cast(IO[bytes], process.stdin)
        elif compression == "gzip":
            with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as stream:
                yield stream  # type: ignore[misc]
        else:
            yield out
        out.flush()
        os.fsync(out.fileno())


@contextmanager
def decompressed(path: str, compression: str) -> Iterator[IO[bytes]]:
    with open(path, "rb") as archive:
        if compression == "zstd":
            with _zstd(["-q", "-d", "-c"], stdin=archive, stdout=subprocess.PIPE) as process:
                out = cast(IO[bytes], process.stdout)
                yield out
                shutil.copyfileobj(out, _Nowhere())  # tar stops reading before the padding ends
        elif compression == "gzip":
            with gzip.GzipFile(fileobj=archive, mode="rb") as stream:
                yield stream  # type: ignore[misc]
        else:
            yield archive


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, handle: IO[bytes], say: Say) -> None:
        self._handle, self._say, self._done = handle, say, 0
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._handle.read(size)
        self.digest.update(data)
        self._done += len(data)
        self._say(self._done)
        return data


@contextmanager
def _zstd(words: list[str], **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Not by a Runner: this one stands in the middle of a stream that may be larger than the memory."""
    try:
        process = subprocess.Popen(["zstd", *words], stderr=subprocess.PIPE, **streams)
    except OSError as exc:
        raise UpliftError(f"zstd could not be run: {exc.strerror}. Install it, or choose another compression.") from exc
    try:
        with suppress(BrokenPipeError):  # it ended before us: its last words say why
            yield process
            if process.stdin:
                process.stdin.close()
    except BaseException:
        process.kill()
        raise
    finally:
        said = process.stderr.read().decode("utf-8", "replace").strip() if process.stderr else ""
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError):
                if stream:
                    stream.close()
    if process.returncode:
        raise StreamError(f"zstd ended with {process.returncode} and said: {said or 'nothing'}")


def _entry(path: str) -> Entry:
    seen = os.lstat(path)
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}
    kind = kinds.get(stat.S_IFMT(seen.st_mode))
    if kind is None:
        raise UpliftError(
            f"{path} is no file, directory or link; expected only those. Remove it, or name another directory."
        )
    return Entry(
        path=path.lstrip("/"),
        kind=kind,
        mode=stat.S_IMODE(seen.st_mode),
        uid=seen.st_uid,
        gid=seen.st_gid,
        mtime=seen.st_mtime_ns,
        size=seen.st_size if kind == "file" else 0,
        target=os.readlink(path) if kind == "link" else "",
    )


def _pack_one(tar: tarfile.TarFile, path: str, entry: Entry, say: Say) -> Entry:
    info = tarfile.TarInfo(entry.path)
    info.mode, info.uid, info.gid, info.mtime = entry.mode, entry.uid, entry.gid, entry.mtime // 10**9
    info.type = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}[entry.kind]
    info.size, info.linkname = entry.size, entry.target
    if entry.kind != "file":
        tar.addfile(info)
        return entry
    with open(path, "rb") as handle:
        hashing = _Hashing(handle, say)
        tar.addfile(info, hashing)
    return replace(entry, sha256=hashing.digest.hexdigest())


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry, path: str) -> None:
    if entry.kind == "dir":
        os.makedirs(path, mode=0o700, exist_ok=True)
    elif entry.kind == "link":
        os.symlink(entry.target, path)
    else:
        source = tar.extractfile(member)
        if source is None:
            raise UpliftError(f"The archive does not hold {entry.path} as a file, which its manifest does.")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            shutil.copyfileobj(source, out, CHUNK)


def _dress(path: str, entry: Entry) -> None:
    if os.geteuid() == 0:
        os.chown(path, entry.uid, entry.gid, follow_symlinks=False)
    if entry.kind != "link":
        os.chmod(path, entry.mode)
    os.utime(path, ns=(entry.mtime, entry.mtime), follow_symlinks=False)
