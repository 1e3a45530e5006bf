# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""`garage convert-db`, which converts a wrong path, or alongside a living daemon, and exits with 0 (G05, G06)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files as core_files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress, Ticker
from ansible_collections.uplift.datastores.plugins.module_utils._garage import daemon, engine
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage, form
from ansible_collections.uplift.datastores.plugins.module_utils._garage.offline import (
    demand_down,
    foreign_files,
    owner_of,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import TOOLS, TREES

Print = Mapping[str, Any]  # as of core_files.prints
_TREE = re.compile(r"(\S+): finished importing, (\d+) items")
_ON_THE_WAY = re.compile(r"\S+: imported \d+")


@dataclass(frozen=True)
class Job:
    garage: Garage
    metadata_dir: str
    source: str
    target: str
    timeout: float
    map_size: str
    progress: Progress

    @property
    def input(self) -> str:
        return engine.path(self.metadata_dir, self.source)

    @property
    def output(self) -> str:
        return engine.path(self.metadata_dir, self.target)

    @property
    def manifest(self) -> str:
        return f"{self.output}.uplift.json"

    def convert(self, source: str, path: str, target: str, to: str) -> dict[str, int]:
        """One run of the program, as the service's user; the number of items in each tree."""
        words = form(TOOLS, "convert-db", self.garage.version(), "command").words
        more = ["--lmdb-map-size", self.map_size] if self.map_size else []
        argv = [self.garage.binary, *words, "-a", source, "-i", path, "-b", target, "-o", to, *more]
        # Where it runs in a Job, its log has both streams in one: no warning may stand between the lines of trees.
        env = {**self.garage.environment, "RUST_LOG": "garage=error"}
        with Ticker(self.progress, f"{source} to {target}", lambda: f"{core_files.human(size_of(to))} written"):
            answer = self.garage.runner.run(argv, env=env, timeout=self.timeout, user=self.garage.user)
        return trees(demand(answer, f"Converting {path} from {source} to {target}").out)


def trees(text: str) -> dict[str, int]:
    """The items of each tree, by what the program says at its end. Exit status 0 and silence are no proof (G06)."""
    found = {}
    for line in text.splitlines():
        match = _TREE.fullmatch(line.strip())
        if match:
            found[match[1]] = int(match[2])
        elif line.strip() and not _ON_THE_WAY.fullmatch(line.strip()):
            raise UpliftError(f"convert-db said {line.strip()!r}, which is not known here; cannot tell what it did.")
    lost = [name for name in TREES if name not in found]
    if lost or not any(found.values()):
        raise UpliftError(
            f"convert-db converted {len(found)} trees with {sum(found.values())} items, {', '.join(lost) or 'all'}"
            f" {'not ' if lost else ''}among them; expected a database of Garage that holds something. The result is"
            " not used."
        )
    return found


def source_of(engines: Sequence[str], source: str, target: str) -> str:
    """The engine to convert from; empty when only the wanted one is there."""
    others = [name for name in engines if name != target]
    if source and source not in engines:
        raise UpliftError(
            f"Of {source} there is no database, only of {', '.join(engines) or 'none'}. Correct metadata_dir or source:"
            " garage itself would make an empty one. Nothing was changed."
        )
    if source or (target in engines and not others):
        return source
    if len(others) != 1:
        raise UpliftError(
            f"There are databases of {', '.join(others) or 'none'}; expected one to convert. Correct metadata_dir, or"
            " say by source which one holds the data. Nothing was changed."
        )
    return others[0]


def decide(manifest: Mapping[str, Any], there: str, source: Print, output: Print, existing: str) -> str:
    """`convert`, `rename` (renamed what is there, then convert) or `done`. `there` is none, blank or data."""
    if there == "none":
        return "convert"
    if there == "blank":
        return "rename"
    if manifest:
        if manifest["source_files"] == source:
            return "done"
        if manifest["output_files"] == output:
            return "rename"
        raise UpliftError(
            "Since the conversion both databases were written: it is unknown which one counts. Move the one that does"
            " not out of the metadata directory, then convert again. Nothing was changed."
        )
    if existing == "rename":
        return "rename"
    raise UpliftError(
        "There is a database of the expected engine already, and not by this module. If a daemon made it by an"
        " accidental start, set existing to rename; if it holds the data, nothing has to be converted. Nothing was"
        " changed."
    )


def run(
    garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool, proc: Path = daemon.PROC
) -> dict[str, Any]:
    """What `garage_convert_db` does."""
    source = source_of(engine.look(params["metadata_dir"]).engines, params["source"] or "", params["target"])
    if not source:
        output = engine.path(params["metadata_dir"], params["target"])
        return {
            "changed": False,
            "version": "",
            "user": "",
            "input": "",
            "output": output,
            "manifest": "",
            "renamed_to": "",
        }
    job = _job(garage, {**params, "source": source}, progress)
    demand_down(job.garage, job.metadata_dir, proc, "a conversion")
    manifest = _manifest(job.manifest)
    result: dict[str, Any] = {
        "changed": False, "version": str(job.garage.version()), "user": job.garage.user, "input": job.input,
        "output": job.output, "manifest": job.manifest, "renamed_to": "",
    }  # fmt: skip
    what = decide(
        manifest, _there(job), core_files.prints(job.input), core_files.prints(job.output), params["existing"]
    )
    if what == "done":
        return {**result, **_told(job, manifest["trees"])}
    core_files.demand_space(job.metadata_dir, size_of(job.input) * (2 if params["prove"] else 1), "the conversion")
    result["changed"] = True
    if not check_mode:
        began = time.monotonic()
        found = _converted(job, params["prove"])
        result["renamed_to"] = _renamed_to(job.output) if what == "rename" else ""
        _finish(job, found)
        result.update(seconds=round(time.monotonic() - began, 1), **_told(job, found))
    return result


def _job(garage: Garage, params: Mapping[str, Any], progress: Progress) -> Job:
    source, target, directory = params["source"], params["target"], params["metadata_dir"]
    if source == target:
        raise UpliftError(f"source and target are both {source}; expected two engines. Nothing was changed.")
    programs = [name for name in (params["release_binary"], garage.next_binary) if name]
    garage = replace(converter(garage, programs, source, target), user=owner_of(garage, directory))
    return Job(garage, directory, source, target, params["timeout"], params["lmdb_map_size"] or "", progress)


def converter(garage: Garage, programs: Sequence[str], source: str, target: str) -> Garage:
    """The first of these that knows both engines: the next release where it still has the old one, else the last."""
    seen = []
    for program in programs:
        one = replace(garage, binary=program, _versions={})
        strange = [name for name in (source, target) if not engine.known_to(name, one.version())]
        if not strange:
            return one
        seen.append(f"Garage {one.version()} does not know {strange[0]}")
    raise UpliftError(
        f"{'; '.join(seen)}; expected a release that knows {source} and {target}. Name the program of one by"
        " release_binary. Nothing was changed."
    )


def _converted(job: Job, prove: bool) -> dict[str, int]:
    """Into a place of its own: the output is there as a whole or not at all, and proved by converting it back."""
    part, back = f"{job.output}.uplift-part", f"{job.output}.uplift-proof"
    for leftover in (part, back):
        remove(leftover)
    try:
        found = job.convert(job.source, job.input, job.target, part)
        if prove:
            demand_same(job, found, job.convert(job.target, part, job.source, back))
        return found
    except BaseException:
        remove(part)
        raise
    finally:
        remove(back)


def demand_same(job: Job, found: Mapping[str, int], again: Mapping[str, int]) -> None:
    """The items of each tree, of a conversion and of that of its result back."""
    differing = sorted(name for name in {*found, *again} if found.get(name) != again.get(name))
    if differing:
        name = differing[0]
        raise UpliftError(
            f"The converted database holds {again.get(name)} items in {name}, expected {found.get(name)} as in "
            f"{job.input}. The result is not used; make free space on the disk, and convert again."
        )


def _finish(job: Job, found: Mapping[str, int]) -> None:
    part, account = f"{job.output}.uplift-part", os.stat(job.metadata_dir)
    for path in [part, *(str(one) for one in Path(part).rglob("*"))]:
        core_files.sync_directory(path)
    strangers = foreign_files(part, job.garage.user)
    if strangers:
        raise UpliftError(
            f"{strangers[0]} does not belong to {job.garage.user}; the daemon could not open it. It is not used."
        )
    told = {
        "version": str(job.garage.version()), "source": job.source, "input": job.input, "target": job.target,
        "trees": found, "created": round(time.time(), 3), "source_files": core_files.prints(job.input),
        "output_files": core_files.prints(part),
    }  # fmt: skip
    core_files.write_atomic(job.manifest, (json.dumps(told, indent=1) + "\n").encode(), 0o600)
    os.chown(job.manifest, account.st_uid, account.st_gid)
    os.rename(part, job.output)
    core_files.sync_directory(job.metadata_dir)


def _there(job: Job) -> str:
    if not os.path.lexists(job.output):
        return "none"
    return "data" if job.target in engine.look(job.metadata_dir).engines else "blank"


def size_of(path: str) -> int:
    return sum(size for size, _time in core_files.prints(path).values())


def _renamed_to(path: str) -> str:
    name = f"{path}.uplift-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    os.rename(path, name)
    return name


def remove(path: str) -> None:
    """A directory, or a file with those that sqlite keeps next to it."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    for end in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + end)


def _manifest(path: str) -> dict[str, Any]:
    if not os.path.exists(path):
        return {}
    try:
        found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        if all(name in found for name in ("source_files", "output_files", "trees")):
            return found
    except ValueError:
        pass
    raise UpliftError(
        f"{path} is not what this module wrote there; cannot tell whether it was converted. Move it away."
    )


def _told(job: Job, found: Mapping[str, int]) -> dict[str, Any]:
    path = job.manifest
    item = {"slot": "convert", "kind": "file", "path": path, "size": os.path.getsize(path)}
    evidence = [{**item, "sha256": core_files.sha256_of(path)}]
    held = {name: items for name, items in found.items() if items}
    return {"trees": held, "items": sum(held.values()), "evidence": evidence}
