# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""`garage meta snapshot`: taken, copied out before the next takes its place (G11), put back where it belongs (G10)."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files as core_files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon
from ansible_collections.uplift.datastores.plugins.module_utils._garage import engine as garage_engine
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.offline import demand_down, owner_of
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import TOOLS
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

_NODE = re.compile(r"(?:^|\s)([0-9a-f]{16})\s\s+(.+)$")
_SAVED = re.compile(r"Snapshot has been saved\.|ok|Snapshot created")
_AROUND = re.compile(r"Node\s+Result|Error: \d+ nodes returned an error|\S+Z +(TRACE|DEBUG|INFO|WARN|ERROR) .*")
_MADE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def results(answer: Answer) -> dict[str, str]:
    """What each node said: empty when it has saved one. The exit status is 0 on failures, too (G06)."""
    found: dict[str, str] = {}
    for line in (*answer.out.splitlines(), *answer.err.splitlines()):
        match = _NODE.search(line)
        if match:
            found[match[1]] = "" if _SAVED.fullmatch(match[2].strip()) else match[2].strip()
        elif _SAVED.fullmatch(line.strip()):
            found["self"] = ""
        elif line.strip() and not _AROUND.fullmatch(line.strip()):
            raise CliError(f"meta snapshot ended with {answer.rc} and said {line.strip()!r}; expected one line a node.")
    failed = sorted(node for node, said in found.items() if said)
    if failed or not found or answer.rc:
        node = failed[0] if failed else "none"
        raise CliError(
            f"{len(failed)} of {len(found)} nodes saved no snapshot ({node}: {found.get(node, 'nothing was said')}); "
            "expected all. See that they are up, and take it again."
        )
    return found


def places(files: Sequence[str]) -> tuple[str, dict[str, str]]:
    """The engine of a snapshot, and where each of its files belongs below the metadata directory (G10).

    `files` are relative to the snapshot; one that is a file itself is [""].
    """
    if list(files) == [""]:
        return "sqlite", {"": "db.sqlite"}  # 0.9
    for name, engine, place in (
        ("db.lmdb", "lmdb", "db.lmdb/data.mdb"),  # from 1.0 on: a file of the name that the directory has
        ("data.mdb", "lmdb", "db.lmdb/data.mdb"),  # 0.9
        ("db.sqlite", "sqlite", "db.sqlite"),
    ):
        if list(files) == [name]:
            return engine, {name: place}
    if {"db", "conf"} <= set(files):
        return "sled", {name: f"db/{name}" for name in files}
    raise UpliftError(
        f"A snapshot of {', '.join(sorted(files)[:4]) or 'no files'} is not known; expected one that Garage made. Name"
        " the directory (or the file) that bears the time. Nothing was changed."
    )


def files_of(path: str) -> list[str]:
    there = Path(path)
    if there.is_file():
        return [""]
    return sorted(str(one.relative_to(there)) for one in there.rglob("*") if one.is_file())


def manifest_of(path: str) -> str:
    return f"{path}.manifest.json"


def take(
    garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool, clock: Clock
) -> dict[str, Any]:
    """What `garage_snapshot` does for `present`."""
    path, own = params["dest"], places_of(params)[0]
    if _below(path, own) or _below(path, params["metadata_dir"]):
        # Garage deletes there by names, and what it counts as a snapshot is not what we would.
        raise UpliftError(
            f"{path} lies below {params['metadata_dir']} or {own}; expected a place of its own. Nothing was changed."
        )
    kept = read(path)
    if kept:
        demand_whole(path, kept)
        return _summary(path, kept, changed=False)
    words = form(TOOLS, "meta snapshot", garage.version(), "command").words
    garage.demand_running()
    needs = sum(
        _size(garage_engine.path(params["metadata_dir"], name))
        for name in garage_engine.look(params["metadata_dir"]).engines
    )
    core_files.demand_space(os.path.dirname(path), needs, "the snapshot")
    if check_mode:
        return {"changed": True, "snapshot": path, "version": str(garage.version())}
    words = (*words, *(["--all"] if params["all_nodes"] else []))
    new = made_now(replace(garage, timeout=params["timeout"]), words, places_of(params), clock)
    made = _copied(new, path, str(garage.version()), progress)
    return _summary(path, made, changed=True)


def restore(
    garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool, proc: Path = daemon.PROC
) -> dict[str, Any]:
    """What `garage_snapshot` does for `restored`: the daemon is down, and what was there is kept under another name."""
    path, directory = params["dest"], params["metadata_dir"]
    if not os.path.exists(path):
        raise UpliftError(f"There is no snapshot at {path}; expected one to restore. Nothing was changed.")
    made = read(path)
    if made:
        demand_whole(path, made)
    engine, where = places(files_of(path))
    garage = replace(garage, user=owner_of(garage, directory))
    demand_down(garage, directory, proc, "a restore")
    database = garage_engine.path(directory, engine)
    result = {
        "snapshot": path,
        "engine": engine,
        "version": made.get("version", ""),
        "database": database,
        "renamed_to": [],
    }
    if all(
        _same(os.path.join(path, name).rstrip("/"), os.path.join(directory, place)) for name, place in where.items()
    ):
        return {**result, "changed": False}
    core_files.demand_space(directory, _size(path), "the restored database")
    if check_mode:
        return {**result, "changed": True}
    result["renamed_to"] = _put(path, directory, database, where, progress)
    return {**result, "changed": True}


def places_of(params: Mapping[str, Any]) -> tuple[str, str]:
    """Where snapshots come to lie: the first releases that make them do not know the setting yet, and ignore it."""
    usual = os.path.join(params["metadata_dir"], "snapshots")
    return params["snapshots_dir"] or usual, usual


def made_now(garage: Garage, words: Sequence[str], own: Sequence[str], clock: Clock) -> str:
    """The path of the new snapshot, in one of these directories. Two in one second would be one (G11)."""
    before = {directory: _names(directory) for directory in own}
    newest = max((names[-1] for names in before.values() if names), default="")
    while newest and newest >= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now())):
        clock.sleep(0.1)
    results(garage.call(*words))
    for directory, names in before.items():
        if new := sorted(set(_names(directory)) - set(names)):
            return os.path.join(directory, new[-1])
    raise UpliftError(
        f"Garage says that a snapshot was saved, and there is no new one in {' or '.join(before)}; expected it there."
        " The first is the metadata_snapshots_dir of the configuration, where it has one. See that the daemon was"
        " started again since that was changed, and that garage_config_file is the file that it reads."
    )


def _copied(source: str, path: str, version: str, progress: Progress) -> dict[str, Any]:
    """Copied under a name of its own first: what bears the final name is whole. Only root reads it: it holds keys."""
    part, names = f"{path}.uplift-part", files_of(source)
    engine, _where = places(names)
    core_files.make_private(os.path.dirname(path))
    _remove(part)
    sums = {}
    for number, name in enumerate(names):
        progress.say(number, len(names), "snapshot")
        sums[name] = _copy(os.path.join(source, name).rstrip("/"), os.path.join(part, name).rstrip("/"), 0o600)
    if not os.path.exists(source) or not all(os.path.exists(os.path.join(source, name).rstrip("/")) for name in names):
        _remove(part)
        raise UpliftError(f"Garage deleted {source} while it was copied: others take snapshots, too. Take it again.")
    made = {"version": version, "engine": engine, "made": os.path.basename(source), "files": sums, "total": _size(part)}
    _remove(path)
    os.rename(part, path)
    core_files.write_atomic(manifest_of(path), (json.dumps(made, indent=1) + "\n").encode(), 0o600)
    return made


def _put(path: str, directory: str, database: str, where: Mapping[str, str], progress: Progress) -> list[str]:
    part, owner = f"{database}.uplift-part", os.stat(directory)
    _remove(part)
    for number, (name, place) in enumerate(where.items()):
        progress.say(number, len(where), "restore")
        inside = os.path.relpath(os.path.join(directory, place), database)
        to = part if inside == "." else os.path.join(part, inside)
        old = os.path.join(directory, place)
        _copy(os.path.join(path, name).rstrip("/"), to, os.stat(old).st_mode & 0o777 if os.path.exists(old) else 0o600)
    for one in (part, *(str(below) for below in Path(part).rglob("*"))):
        os.chown(one, owner.st_uid, owner.st_gid)
    renamed = f".uplift-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    moved = []
    # A journal that sqlite left next to the old database would be played into the new one.
    for old in (database, *(f"{database}{end}" for end in ("-wal", "-shm", "-journal"))):
        if os.path.lexists(old):
            os.rename(old, old + renamed)
            moved.append(old + renamed)
    os.rename(part, database)
    core_files.sync_directory(directory)
    return moved


def read(path: str) -> dict[str, Any]:
    """What was noted of a copy; empty when nothing was."""
    there = Path(manifest_of(path))
    if not there.is_file():
        return {}
    found: dict[str, Any] = json.loads(there.read_text(encoding="utf-8"))
    return found


def demand_whole(path: str, made: Mapping[str, Any]) -> None:
    for name, digest in made["files"].items():
        file = os.path.join(path, name).rstrip("/")
        seen = core_files.sha256_of(file) if os.path.isfile(file) else "missing"
        if seen != digest:
            raise UpliftError(
                f"{file} has the SHA-256 {seen}, expected {digest}: the snapshot is damaged. Use another, or remove it"
                " and its manifest to take it anew. Nothing was changed."
            )


def _summary(path: str, made: Mapping[str, Any], changed: bool) -> dict[str, Any]:
    manifest = manifest_of(path)
    item = {"slot": "snapshot", "kind": "file", "path": manifest, "size": os.path.getsize(manifest)}
    evidence = [{**item, "sha256": core_files.sha256_of(manifest)}]
    return {"changed": changed, "snapshot": path, "manifest": manifest, **made, "evidence": evidence}


def _copy(source: str, to: str, mode: int) -> str:
    """Copies, on the disk, and proves it by reading it again; the SHA-256."""
    core_files.make_private(os.path.dirname(to))
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out, open(source, "rb") as read_from:
        shutil.copyfileobj(read_from, out, core_files.CHUNK)
        os.fchmod(out.fileno(), mode)
        out.flush()
        os.fsync(out.fileno())
    digest = core_files.sha256_of(to)
    if digest != core_files.sha256_of(source):
        raise UpliftError(
            f"{to} differs from {source}, from which it was copied. Look at the disk. Nothing was changed."
        )
    return digest


def _same(one: str, other: str) -> bool:
    same_size = os.path.isfile(other) and os.path.getsize(one) == os.path.getsize(other)
    return same_size and core_files.sha256_of(one) == core_files.sha256_of(other)


def _names(own: str) -> list[str]:
    return sorted(name for name in os.listdir(own) if _MADE.fullmatch(name)) if os.path.isdir(own) else []


def _size(path: str) -> int:
    return sum(os.path.getsize(os.path.join(path, name).rstrip("/")) for name in files_of(path))


def _below(path: str, directory: str) -> bool:
    return os.path.realpath(path).startswith(os.path.realpath(directory) + os.sep)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
