# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Looks for what operations have left on this node, and removes it. What it is and whether it may go: leftovers.py;
what is no file: leftovers_elsewhere.py."""

from __future__ import annotations

import calendar
import contextlib
import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any, Iterator, Mapping, Protocol, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files as core_files
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import directory as operation_directory
from ansible_collections.uplift.datastores.plugins.module_utils._operation import history, leftovers
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steps as operation_steps
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Leases
from ansible_collections.uplift.datastores.plugins.module_utils._operation.leftovers import Left
from ansible_collections.uplift.datastores.plugins.module_utils._operation.record import FILE, Files
from ansible_collections.uplift.datastores.plugins.module_utils._operation.steps import DONE
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import transient

MARK = ".uplift-"
_TIME = re.compile(r"(?:new-)?([0-9]{8}T[0-9]{6}Z)(.*)")
_OPERATION = re.compile(r"([0-9]{8}T[0-9]{6}Z-[a-z]+-[0-9]+\.[0-9]+\.[0-9]+[^/]*?)(-[0-9])?")
_RELEASE = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+.*")
_UNDONE = re.compile(r"undone-[0-9]+")
_OF_A_TRIAL = {"node", "config.yaml", "data", "cache"}
CONVERSION = ".uplift.json"  # behind the name of a database that a conversion has made: what it was made of
_SCRATCH = re.compile(r"part|proof|readable-.*|[0-9]+")

Leaves = Mapping[str, Any]


class Source(Protocol):
    def found(self, records: Sequence[Mapping[str, Any]], now: float) -> Sequence[Left]: ...

    def remove(self, path: str) -> None:
        """One that it has found."""


class Disk:
    """leaves: as of `found`. unit: whose scratch directories may lie there."""

    def __init__(self, leaves: Leaves, unit: str = "") -> None:
        self._leaves, self._unit = leaves, unit

    def found(self, records: Sequence[Mapping[str, Any]], now: float) -> list[Left]:
        return found(self._leaves, records, now, self._unit)

    def remove(self, path: str) -> None:
        remove(path)


def bring(params: Mapping[str, Any], now: float, check: bool, elsewhere: Sequence[Source] = ()) -> dict[str, Any]:
    """List it; with the state `removed` remove what may go, with no other call on this node meanwhile."""
    directory, sources = params["directory"], [Disk(params["leaves"], params.get("unit") or ""), *elsewhere]
    with operation_directory.sentences(directory), operation_directory.alone(directory):
        record = Files(directory).record()
        records = [*_ended(directory), *([record] if record else [])]
        of = {one.path: (source, one) for source in sources for one in source.found(records, now)}
        things = [one for _source, one in of.values()]
        why = {one.path: leftovers.stays(one, record, params["days"], now, params["forget"]) for one in things}
        free = [one for one in things if not why[one.path]]
        refused = leftovers.refused(record, Leases(directory).read())
        told = {"left": [leftovers.row(one, why[one.path], now) for one in things], "refused": refused}
        if params["state"] == "listed":
            return {"changed": False, "removed": [], **told}
        if refused:
            raise UpliftError(f"{refused} Nothing was removed here. Let it end first.")
        if not check and free:
            _forget(Files(directory), record, free, now)
            for one in free:
                of[one.path][0].remove(one.path)
        return {"changed": bool(free), "removed": [one.path for one in free], **told}


def _ended(directory: str) -> list[Mapping[str, Any]]:
    """The records of operations that others have followed; what cannot be read says nothing of anything."""
    out: list[Mapping[str, Any]] = []
    for path in history.paths(directory):
        if path.name != FILE:
            with contextlib.suppress(UpliftError):
                out.append(Files(directory).ended(path.stem))
    return out


def _forget(files: Files, record: Mapping[str, Any], free: Sequence[Left], now: float) -> None:
    """Before anything goes: a rollback that finds half of it would begin."""
    if any(leftovers.needed(one, record) for one in free):
        files.write_record({**record, leftovers.FORGOTTEN: now})


def found(leaves: Leaves, records: Sequence[Mapping[str, Any]], now: float, unit: str = "") -> list[Left]:
    """All of it, by path. leaves: where the product leaves things, as its `discover` says; see _operation/gave.py."""
    rows = [*_backups(leaves.get("backups") or "", leaves.get("notes") or (), now)]
    rows += [one for path in leaves.get("dumps") or () for one in _dumps(path)]
    rows += [one for path in leaves.get("beside") or () if path for one in _beside(path, now)]
    rows += [one for path in leaves.get("beside") or () if path for one in _converted(path)]
    rows += list(_scratch(leaves, unit)) if unit else []
    rows += _releases(records)
    return sorted({one.path: one for one in rows}.values(), key=lambda one: one.path)


def remove(path: str) -> None:
    """A file or a whole directory. A link is not followed, and what has gone meanwhile is well."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
    except OSError as exc:
        raise UpliftError(
            f"{path} could not be removed: {exc.strerror} ({exc.filename or path}); expected it gone. What was listed"
            " before it is removed. Correct the cause, and run the same command again."
        ) from exc


def _backups(directory: str, notes: Sequence[str], now: float) -> Iterator[Left]:
    """One directory for each operation, which is called as the operation."""
    for path in _entries(directory):
        if path.is_dir() and re.fullmatch(_OPERATION, path.name):
            size, changed = _measured(path, _when(path.name))
            names = sorted(one.name for pattern in notes for one in path.glob(pattern))
            yield Left(str(path), leftovers.BACKUP, size, min(changed, now), path.name, names=names)


def _dumps(path: str) -> Iterator[Left]:
    """A dump that no operation took, its manifest, and the earlier ones that later ones have put under their time."""
    name = re.compile(re.escape(os.path.basename(path)) + r"(\.[0-9]{8}T[0-9]{6}Z(-[0-9]+)?)?(\.manifest\.json)?")
    for one in _entries(os.path.dirname(path)):
        if one.is_file() and name.fullmatch(one.name):
            yield Left(str(one), leftovers.BACKUP, *_measured(one))


def _beside(path: str, now: float) -> Iterator[Left]:
    """What bears our mark behind the name of `path`, or in it."""
    stem, end = os.path.splitext(os.path.basename(path))
    for place in _entries(os.path.dirname(path)):
        for name, rest in ((stem + end, ""), (stem, end), ("", "")):
            if place.name.startswith(name + MARK) and place.name.endswith(rest):
                mark = place.name[len(name + MARK) : len(place.name) - len(rest)]
                if name or mark.startswith("readable-"):  # a scratch place has no name before the mark
                    yield from _marked(place, mark, now)
                    break
    for place in _entries(path) if os.path.isdir(path) else ():
        yield from _marked(place, place.name.partition(MARK)[2], now)


def _marked(place: Path, mark: str, now: float) -> Iterator[Left]:
    operation = _OPERATION.fullmatch(mark)
    size, changed = _measured(place, _when(mark))
    changed = min(changed, now)
    if operation:
        yield Left(str(place), leftovers.RENAMED, size, changed, operation[1])
    elif _TIME.fullmatch(mark) or _UNDONE.fullmatch(mark):
        yield Left(str(place), leftovers.RENAMED, size, changed)
    elif _RELEASE.fullmatch(mark):
        yield Left(str(place), leftovers.CONFIGURATION, size, changed, release=mark)
    elif _SCRATCH.fullmatch(mark):
        yield Left(str(place), leftovers.SCRATCH, size, changed)


def _converted(directory: str) -> Iterator[Left]:
    """A database that is to the bit as it was when another was made of it, which is there, and that nobody has open."""
    for note in _entries(directory):
        told = _note(note) if note.name.endswith(CONVERSION) else {}
        read, made = told.get("input") or "", str(note)[: -len(CONVERSION)]
        both = os.path.dirname(read) == directory and read != made and os.path.exists(read) and os.path.exists(made)
        if both and core_files.prints(read) == told["source_files"]:
            size, changed = _measured(Path(read), told["created"])
            used = "a process has it open" if _open(read) else ""
            yield Left(read, leftovers.CONVERTED, size, changed, used=used)


def _note(path: Path) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        told = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, dict) and {"input", "source_files", "created"} <= set(told):
            return told
    return {}


def _scratch(leaves: Leaves, unit: str) -> Iterator[Left]:
    """The directory of a trial of this unit, with what is made in it and nothing else."""
    name = transient.ident(unit)
    for parent in sorted({"/run", *(os.path.dirname(path) for path in leaves.get("beside") or () if path)}):
        place = Path(parent, name)
        if place.is_dir() and not place.is_symlink() and {one.name for one in place.iterdir()} <= _OF_A_TRIAL:
            yield Left(str(place), leftovers.SCRATCH, *_measured(place))
        environment = Path(f"{place}.env")
        if environment.is_file() and not environment.is_symlink():
            yield Left(str(environment), leftovers.SCRATCH, *_measured(environment))


def _releases(records: Sequence[Mapping[str, Any]]) -> Iterator[Left]:
    """Programs that a step has staged, as the records say, and that are still there."""
    running = _running()
    for path, when in _staged(records).items():
        release = version.find(os.path.basename(path)) or version.find(path)
        if os.path.isfile(path) and not os.path.islink(path) and release:
            size, changed = _measured(Path(path), when)
            used = _used(path, running)
            yield Left(path, leftovers.RELEASE, size, changed, release=str(release), used=used)


def _staged(records: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Path -> when it was staged last."""
    out: dict[str, float] = {}
    for item, when in staged(records):
        if item.get("kind") == "file" and MARK not in item["path"]:
            out[item["path"]] = max(out.get(item["path"], 0.0), when)
    return out


def staged(records: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], float]]:
    """The evidence of each step that has staged a release, and when it had."""
    for record in records:
        for key, step in record["steps"].items():
            if step["state"] == DONE and operation_steps.verb_name(key) == "stage":
                for item in step["evidence"]:
                    yield item, step["finished"]


def _used(path: str, running: Sequence[str]) -> str:
    real = os.path.realpath(path)
    if real in running:
        return "a process runs it"
    links = [one for one in _entries(os.path.dirname(path)) if one.is_symlink() and os.path.realpath(one) == real]
    return f"{links[0]} leads to it" if links else ""


def _open(path: str) -> bool:
    """Whether a process has a file of it open."""
    real = os.path.realpath(path)
    return any(one == real or one.startswith(real + os.sep) for one in _running("fd/*"))


def _running(what: str = "exe") -> list[str]:
    """Where links of all processes lead."""
    out = []
    for link in Path("/proc").glob(f"[0-9]*/{what}"):
        try:
            out.append(os.readlink(link))
        except OSError:  # it has ended, or is none of ours
            continue
    return out


def _entries(directory: str) -> list[Path]:
    return sorted(Path(directory).iterdir()) if directory and os.path.isdir(directory) else []


def _measured(path: Path, at_least: float = 0.0) -> tuple[int, float]:
    """Bytes in it, and when the youngest of its files was written."""
    files = [one for one in path.rglob("*") if one.is_file() and not one.is_symlink()] if path.is_dir() else [path]
    found = [os.lstat(one) for one in files]
    times = [one.st_mtime for one in found] or [os.lstat(path).st_mtime]
    return sum(one.st_size for one in found), max([at_least, *times])


def _when(mark: str) -> float:
    """The moment that a name tells, 0.0 for none: what is renamed is older than its new name."""
    said = _TIME.fullmatch(mark)
    return float(calendar.timegm(time.strptime(said[1], "%Y%m%dT%H%M%SZ"))) if said else 0.0
