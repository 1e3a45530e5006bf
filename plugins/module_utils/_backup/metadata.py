# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A backup of directories: made whole or not at all, proved by restoring it, restored in one step."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from tarfile import TarError
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup import archive as backup_archive
from ansible_collections.uplift.datastores.plugins.module_utils._backup import earlier
from ansible_collections.uplift.datastores.plugins.module_utils._backup.archive import Entry
from ansible_collections.uplift.datastores.plugins.module_utils._backup.earlier import manifest_path
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress

FORMAT = 2
RESERVE = 64 << 20  # left free besides what we write: a full file system hurts everybody on it


@dataclass(frozen=True)
class Wish:
    src: Sequence[str]
    dest: str
    compression: str = "zstd"
    space_factor: float = 1.0
    scratch: str = ""
    holds: Sequence[str] = ()
    """Names that the first directory has while its service runs, alternatives with `|` between them."""
    unit: str = ""
    node: str = ""
    """Whose directories they are: where the service runs, and what its cluster calls the node; "" where unknown."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Where what is backed up lies -> where it belongs in the directories; empty where it lies there."""

    def lies(self) -> Mapping[str, str]:
        return self.parts or {tree: tree for tree in self.src}


@dataclass(frozen=True)
class Manifest:
    sources: Sequence[str]
    compression: str
    created: float
    total: int
    size: int
    sha256: str
    entries: Sequence[Entry]
    unit: str = ""
    node: str = ""

    def facts(self, dest: str) -> dict[str, Any]:
        file = {"slot": "backup", "kind": "file", "path": dest, "size": self.size, "sha256": self.sha256}
        return {
            "archive": dest,
            "manifest": manifest_path(dest),
            "files": sum(entry.kind == "file" for entry in self.entries),
            "total": self.total,
            "size": self.size,
            "sha256": self.sha256,
            "created": self.created,
            "evidence": [file],
        }


def present(wish: Wish, progress: Progress, down: Callable[[], None], check: bool) -> dict[str, Any]:
    """Make the backup, unless the one that is there is sound and of what the directories hold now."""
    wish = replace(wish, src=[_tree(tree) for tree in wish.src])
    if not check:
        earlier.repair(wish.dest)
    found: list[Entry] = _guard(
        "Looking at", wish.src[0], lambda: [entry for _path, entry in backup_archive.listed(wish.lies())]
    )
    _demand_held(wish)
    old = _sound(wish.dest)
    if old and [replace(entry, sha256="") for entry in old.entries] == found:
        return {"changed": False, **old.facts(wish.dest)}
    down()
    total = sum(entry.size for entry in found)
    files.demand_space(wish.dest, int(total * wish.space_factor) + RESERVE, f"a backup of {', '.join(wish.src)}")
    if check:
        return {"changed": True, "archive": wish.dest, "total": total, "evidence": []}
    manifest, renamed = _make(wish, total, progress, keep=bool(old))
    try:
        down()  # It was down all the while, or the copy is worth nothing (G05).
    except UpliftError:
        _forget(wish.dest)
        raise
    return {"changed": True, "renamed_to": renamed, **manifest.facts(wish.dest)}


def _demand_held(wish: Wish) -> None:
    """What is mounted only while the unit runs leaves an empty directory behind, of which a backup proves itself."""
    tree = wish.src[0]
    for name in wish.holds:
        if not any(os.path.lexists(os.path.join(tree, one)) for one in name.split("|")):
            raise UpliftError(
                f"{tree} has no {name.replace('|', ' or ')} while the service is down; expected as while it runs."
                " See whether the unit mounts it, and let it be mounted without the unit. Nothing was backed up."
            )


def prove(wish: Wish, progress: Progress, also: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Restore it into a directory of its own, compare every file, and remove that directory.

    also: what else has to hold of that directory, in which the first tree is `0`.
    """
    manifest = demand_sound(wish.dest)
    apart = wish.scratch or os.path.dirname(wish.dest)
    files.demand_space(apart, manifest.total + RESERVE, f"proving {wish.dest}")
    scratch = tempfile.mkdtemp(dir=apart, prefix=f".{os.path.basename(wish.dest)}.proof-")
    try:
        roots = {tree: os.path.join(scratch, str(number)) for number, tree in enumerate(manifest.sources)}
        _restore_into(wish.dest, manifest, roots, progress)
        if also:
            also(scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return {"changed": False, "proved": True, **manifest.facts(wish.dest)}


def restore(wish: Wish, progress: Progress, down: Callable[[], None], check: bool) -> dict[str, Any]:
    """Put the directories back as they were. What is there now is kept next to them."""
    manifest = demand_sound(wish.dest)
    why = other(manifest, replace(wish, src=[os.path.realpath(tree) for tree in wish.src]))
    if why:
        raise UpliftError(f"The backup {wish.dest} is {why}. Nothing was changed. See that the inventory is right.")
    trees = {tree: tree for tree in manifest.sources}
    if all(map(os.path.isdir, trees)) and not backup_archive.differences(manifest.entries, trees, lambda _done: None):
        return {"changed": False, "renamed_to": [], **manifest.facts(wish.dest)}
    down()
    for tree in manifest.sources:
        files.demand_space(os.path.dirname(tree), manifest.total + RESERVE, f"restoring {tree}")
    if check:
        return {"changed": True, "renamed_to": [], **manifest.facts(wish.dest)}
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    homes = {tree: tree + "/" if os.path.ismount(tree) else tree for tree in manifest.sources}
    roots = {tree: f"{home}{backup_archive.OURS}new-{stamp}" for tree, home in homes.items()}
    try:
        _restore_into(wish.dest, manifest, roots, progress)
        down()
        renamed = [_swap(tree, roots[tree], f"{home}{backup_archive.OURS}{stamp}") for tree, home in homes.items()]
    except OSError as exc:
        raise UpliftError(f"Restoring {wish.dest} failed: {exc}. What is renamed ends in {stamp}.") from exc
    finally:
        for root in roots.values():
            shutil.rmtree(root, ignore_errors=True)
    return {"changed": True, "renamed_to": renamed, **manifest.facts(wish.dest)}


def other(manifest: Manifest, wish: Wish) -> str:
    """Pure: whose else the backup is, as `of X, expected Y`; "" where it is of what is wished, or nobody knows."""
    rows = (
        ("the node", manifest.node, wish.node),
        ("the unit", manifest.unit, wish.unit),
        ("", ", ".join(manifest.sources), ", ".join(wish.src)),
    )
    found = next(((what, seen, asked) for what, seen, asked in rows if seen and asked and seen != asked), None)
    return f"of {found[0]} {found[1]}; expected one of {found[2]}".replace("  ", " ") if found else ""


def read_manifest(dest: str) -> Manifest:
    try:
        with open(manifest_path(dest), encoding="utf-8") as handle:
            raw = json.load(handle)
        if raw.pop("format") != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        return Manifest(**{**raw, "entries": [Entry(**entry) for entry in raw["entries"]]})
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise UpliftError(
            f"The manifest {manifest_path(dest)} cannot be used: {exc}. Without it a backup proves nothing."
        ) from exc


def demand_sound(dest: str) -> Manifest:
    """The manifest of an archive that is, to the bit, the one that was made."""
    manifest = read_manifest(dest)
    size = os.path.getsize(dest) if os.path.isfile(dest) else -1
    if size != manifest.size:
        seen = f"has {size} bytes" if size >= 0 else "is not there"
        raise UpliftError(
            f"The backup {dest} {seen}, expected {manifest.size} bytes, as its manifest says. Take another one."
        )
    if files.sha256_of(dest) != manifest.sha256:
        raise UpliftError(
            f"The backup {dest} has another SHA-256 than its manifest says: it is damaged. Take another one."
        )
    return manifest


def _sound(dest: str) -> Manifest | None:
    try:
        return demand_sound(dest)
    except UpliftError:
        return None


def _make(wish: Wish, total: int, progress: Progress, keep: bool) -> tuple[Manifest, str]:
    """The manifest, and where the earlier backup is kept. Nothing of a new one stays when it fails."""
    files.make_private(os.path.dirname(wish.dest))
    temp = f"{wish.dest}.part"
    lock = _lock(temp)
    try:
        os.fchmod(lock, 0o600)
        with backup_archive.compressed(temp, wish.compression) as out:
            entries = backup_archive.pack(wish.lies(), out, lambda done: progress.say(done, total, "backup", "bytes"))
        size, digest = os.path.getsize(temp), files.sha256_of(temp)
        created, whose = round(time.time(), 3), (wish.unit, wish.node)
        manifest = Manifest(list(wish.src), wish.compression, created, total, size, digest, entries, *whose)
        text = json.dumps({"format": FORMAT, **asdict(manifest)})
        renamed = earlier.put(temp, wish.dest, text, keep)
    except (OSError, backup_archive.StreamError) as exc:
        why = getattr(exc, "strerror", "") or str(exc).rstrip(".")
        raise UpliftError(
            f"The backup {wish.dest} could not be written: {why}. What there was of it is removed."
        ) from exc
    finally:
        if os.path.exists(temp):
            os.unlink(temp)
        os.close(lock)
    return manifest, renamed


def _lock(temp: str) -> int:
    """Open it for us alone: a run whose controller is gone may still be at it."""
    try:
        lock = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(lock)
        raise UpliftError(f"Another process writes {temp} just now: wait for its end, then ask again.") from exc
    except OSError as exc:
        raise UpliftError(f"The backup {temp} could not be begun: {exc.strerror}.") from exc
    return lock


def _restore_into(dest: str, manifest: Manifest, roots: Mapping[str, str], progress: Progress) -> None:
    """Unpack below `roots` and compare all of it, or raise."""

    def restored(done: int) -> None:
        progress.say(done, total, "restore", "bytes")

    def compared(done: int) -> None:
        progress.say(done, total, "compare", "bytes")

    def unpack() -> None:
        with backup_archive.decompressed(dest, manifest.compression) as archive:
            backup_archive.unpack(archive, manifest.entries, roots, restored)

    total = manifest.total
    _guard("Restoring", dest, unpack)
    wrong = backup_archive.differences(manifest.entries, roots, compared)
    if wrong:
        raise UpliftError(
            f"The backup {dest} does not give back what its manifest lists: {'; '.join(wrong[:3])} "
            f"({len(wrong)} in all)."
        )


def _swap(tree: str, new: str, renamed: str) -> str:
    """What is there gets another name, the restored tree into its place. Of a mount point the content is moved."""
    if not os.path.ismount(tree):
        if os.path.lexists(tree):
            os.rename(tree, renamed)
        os.rename(new, tree)
        files.sync_directory(os.path.dirname(tree))
        return renamed
    os.mkdir(renamed, 0o700)
    for name in os.listdir(tree):
        if not backup_archive.ours(name):
            os.rename(os.path.join(tree, name), os.path.join(renamed, name))
    for name in os.listdir(new):
        os.rename(os.path.join(new, name), os.path.join(tree, name))
    shutil.copystat(new, tree)
    os.rmdir(new)
    return renamed


def _forget(dest: str) -> None:
    for path in (dest, manifest_path(dest)):
        if os.path.exists(path):
            os.unlink(path)


def _tree(path: str) -> str:
    if not os.path.isdir(path):
        raise UpliftError(f"{path} is not a directory, or not there; expected one to back up. Nothing was changed.")
    return os.path.realpath(path)


def _guard(what: str, path: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except (OSError, EOFError, TarError) as exc:
        raise UpliftError(f"{what} {path} failed: {exc}.") from exc
