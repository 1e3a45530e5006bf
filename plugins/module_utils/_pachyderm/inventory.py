# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a Pachyderm cluster holds: listed, and read, since a listing tells nothing of the object store (P04)."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from dataclasses import asdict
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup import earlier
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import make_private, write_atomic
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access, dumped
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.compare import judged
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.dump import Ids
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.outputs import (
    Outputs,
    left_out,
    outputs,
    without_tree,
)
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spelling import RAW, place
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.transfer import receive

Row = Mapping[str, Any]


def commits(pachctl: Pachctl, repos: Sequence[Row]) -> list[dict[str, Any]]:
    """Of all these repos; none where the release lists none."""
    if not pachctl.knows("commits"):
        return []
    return [asdict(one) for row in repos for one in pachctl.commits(row["name"])]


def open_commits(pachctl: Pachctl, repos: Sequence[Row]) -> list[str]:
    """P05, P28: what is not finished is left out of a dump without a word, and brings the restore down."""
    return [f"{row['repo']}@{row['id']}" for row in commits(pachctl, repos) if not row["finished"]]


def tally(listed: Mapping[str, Any]) -> dict[str, Any]:
    """Pure: what a dump of a cluster with these listings has to hold; repos that its release leaves out are not."""
    gone = left_out(core_version.parse(listed["version"]), listed.get("branches", []))
    held, ids = Counter({row["name"]: 0 for row in listed["repos"] if row["name"] not in gone}), Ids()
    for row in listed.get("commits", []):
        if row["repo"] not in gone:
            held[row["repo"]] += 1
            ids.add(row["repo"], row["id"])
    names = sorted(row["name"] for row in listed["pipelines"])
    branches = sum(row["repo"] not in gone for row in listed.get("branches", []))
    return {"commits": dict(held), "branches": branches, "pipelines": names, "ids": str(ids)}


def carried(listed: Mapping[str, Any]) -> Outputs:
    """Pure: which pipelines have to stay unstopped while a dump is made of this, and what no dump carries."""
    treeless = without_tree(listed.get("commits", []))
    version = core_version.parse(listed["version"])
    return outputs(version, listed["pipelines"], listed.get("branches", []), treeless)


def listings(pachctl: Pachctl, tables: bool = False) -> dict[str, Any]:
    """What the cluster lists. Releases before 1.7 list neither branches nor commits; those parts are left out."""
    repos, found = pachctl.repos(), [asdict(one) for one in pachctl.pipelines(tables)]
    listed: dict[str, Any] = {
        "version": str(pachctl.version()),
        "repos": sorted(repos, key=lambda row: str(row["name"])),
        "pipelines": sorted(found, key=lambda row: str(row["name"])),
    }
    if pachctl.knows("commits"):
        listed["commits"] = commits(pachctl, repos)
        listed["branches"] = [branch for row in repos for branch in pachctl.branches(row["name"])]
    return listed


def take(pachctl: Pachctl, largest: int, progress: Progress, like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The inventory: what is listed, and a file of every branch head.

    `like`: the heads of that inventory are read, since an output branch may have got one more, open commit (P23);
    not those of outputs that were left out of the dump between (P36).
    """
    # What 1.4 told as a table is asked for as a table again: it has the specs in other words.
    inventory = listings(pachctl, like is not None and core_version.parse(like["version"]) < RAW)
    inventory["auth"] = access.ask(pachctl, inventory["repos"])
    if "branches" in inventory:
        seen = like if like and "branches" in like else inventory
        anew = dumped.anew(like, inventory) if like else set()
        finished = [row for row in _finished(seen["branches"], seen["commits"]) if row["repo"] not in anew]
        inventory["reads"] = list(_reads(pachctl, finished, largest, progress))
    return inventory


def _finished(branches: Sequence[Row], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Each branch with its newest commit that can be read."""
    known = {(row["repo"], row["id"]): row for row in rows}
    out: list[dict[str, Any]] = []
    for branch in branches:
        head = branch["head"]
        while head and not known.get((branch["repo"], head), {"finished": True})["finished"]:
            head = known[(branch["repo"], head)]["parent"]
        out.append({**branch, "head": head})
    return out


def _reads(pachctl: Pachctl, branches: Sequence[Row], largest: int, progress: Progress) -> Iterator[dict[str, Any]]:
    """One file of every branch head, by its checksum: only that shows a missing object."""
    for number, branch in enumerate(branches):
        progress.say(number, len(branches), f"reading {branch['repo']}@{branch['name']}")
        if branch["head"]:
            yield {"repo": branch["repo"], "branch": branch["name"], **_read(pachctl, branch, largest)}


def _read(pachctl: Pachctl, branch: Row, largest: int) -> dict[str, Any]:
    try:
        path, size = _smallest(pachctl, branch, largest)
        if not path:
            return {"path": "", "size": 0, "sha256": "", "error": ""}
        with tempfile.TemporaryFile() as nowhere:
            argv = pachctl.argv("file", *place(pachctl.version(), branch["repo"], branch["head"], path))
            passed = receive(argv, nowhere, lambda done: None, pachctl.timeout)
        wrong = "" if passed.answer.rc == 0 and passed.size == size else passed.answer.err.strip()[-200:] or "it is cut"
        return {"path": path, "size": passed.size, "sha256": "" if wrong else passed.sha256, "error": wrong}
    except CliError as exc:
        return {"path": "", "size": 0, "sha256": "", "error": str(exc)[-300:]}


def _smallest(pachctl: Pachctl, branch: Row, largest: int) -> tuple[str, int]:
    """The smallest file with content in the topmost directory that has one; by name, so that it is the same again."""
    directories = ["/"]
    while directories:
        rows = pachctl.files(branch["repo"], branch["head"], directories.pop(0))
        files = sorted((row["size"], row["path"]) for row in rows if row["type"] != "dir" and row["size"])
        if files and files[0][0] <= largest:
            return files[0][1], files[0][0]
        directories += sorted(row["path"] for row in rows if row["type"] == "dir")
    return "", 0


def unreadable(inventory: Mapping[str, Any]) -> list[str]:
    return [f"{row['repo']}@{row['branch']}: {row['error']}" for row in inventory.get("reads", []) if row["error"]]


def run(pachctl: Pachctl, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_inventory` does."""
    before = read(params["before"]) if params["before"] else None
    found = take(pachctl, params["largest"], progress, before)
    differences, notes = judged(before, found, params["clients"], params["ran"]) if before else ([], [])
    written, kept = bool(params["dest"]) and text(params["dest"]) != json.dumps(found), ""
    if written and not check:
        make_private(os.path.dirname(params["dest"]))
        kept = earlier.keep(params["dest"])
        write_atomic(params["dest"], json.dumps(found).encode(), 0o600)
    return {
        "changed": written,
        "kept": kept,
        "counts": {name: len(rows) for name, rows in found.items() if isinstance(rows, list)},
        "unreadable": unreadable(found),
        "differences": differences,
        "notes": notes,
        "compared": dumped.compared(before) if before else [],
    }


def text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except FileNotFoundError:
        return ""


def read(path: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text(path)))
    except (OSError, ValueError) as exc:
        raise UpliftError(f"{path} is no inventory ({exc}); expected one that this module wrote before.") from exc
