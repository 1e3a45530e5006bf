# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""`pachctl extract`, and proof that what it wrote is the whole cluster. A manifest keeps what was counted."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import earlier
from ansible_collections.uplift.datastores.plugins.module_utils._backup.earlier import manifest_path
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access, forms, inventory
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump as dumps
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumps as data
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.transfer import Passed, receive

_ROOM = 64 << 20  # for the metadata, which is small besides the objects
_A_COMMIT = 4096


def run(pachctl: Pachctl, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_extract` does."""
    version = pachctl.server()
    form = _form(version, params)
    listed = at_rest(pachctl, version)
    if params["url"]:
        return _to_url(pachctl, params, form, check)
    expected = inventory.tally(listed)
    now = {"form": form, "cluster": pachctl.cluster(), "expected": expected, "listed": digest(listed)}
    if not check:
        earlier.repair(params["dest"])
    known = _known(params["dest"], now)
    if known:
        return {"changed": False, "kept": "", **known}
    demand_room(pachctl, params["dest"], expected, form)
    if check:
        return {"changed": True, "kept": "", "form": form, "contents": {}, "evidence": []}
    contents, kept = _extract(pachctl, params, version, now, progress)
    return {"changed": True, "kept": kept, **_said(params["dest"], form, contents)}


def _form(version: core_version.Version, params: Mapping[str, Any]) -> str:
    target = core_version.parse(params["target"]) if params["target"] else version
    if not data.writes(version):
        raise UpliftError(f"Pachyderm {version} has no extract; go to the last point release of its series first.")
    form = data.form(version, target, params["form"], params["parallel"])
    why = data.unreadable(data.writes(version), form == data.FULL, target)
    if why:
        raise UpliftError(f"A {form} dump of {version} would be of no use: {why}. Choose another form, or target.")
    if form == data.KEPT and params["url"]:
        # P09: the server is never told.
        raise UpliftError("With url every dump is full: pachctl leaves --no-objects out. Extract to a file instead.")
    return form


def at_rest(pachctl: Pachctl, version: core_version.Version) -> dict[str, Any]:
    """What the cluster lists; refused while anything is open or, up to 1.9.0, while pipelines run that need not."""
    open_ones = inventory.open_commits(pachctl, pachctl.repos())
    if open_ones:
        raise UpliftError(
            f"{len(open_ones)} commits are not finished ({', '.join(open_ones[:5])}); extract leaves them out without a"
            " word, and the restore may panic on them. Finish or delete them (finish commit). Nothing was written."
        )
    listed = inventory.listings(pachctl)
    if not forms.of(forms.OUTPUTS_LEFT_OUT, version):
        return listed
    found = inventory.carried(listed)
    if found.refusal:
        raise UpliftError(f"{found.refusal} Nothing was written.")
    running = [one.name for one in pachctl.pipelines() if not one.rests and one.name not in found.keep]
    if running:
        raise UpliftError(
            f"The pipelines {', '.join(running)} are not stopped; {version} leaves the output of such out of its"
            " dump. Stop them (pachyderm_pipelines). Nothing was written."
        )
    return listed


def _extract(
    pachctl: Pachctl,
    params: Mapping[str, Any],
    version: core_version.Version,
    known: Mapping[str, Any],
    progress: Progress,
) -> tuple[dumps.Contents, str]:
    """Into a file of another name: what is cut is never found under the right one (P07).

    known: what the manifest says besides the contents. A dump of an earlier state is kept, and its name returned.
    """
    form, part = known["form"], f"{params['dest']}.part"
    try:
        empty = bool(forms.of(forms.EMPTY_DUMPS, version)) and not known["expected"]["commits"]
        contents, passed = written(pachctl, part, form, params["stall_timeout"], progress, empty)
        _judge(contents, passed, version, form, known["expected"])
        demand_restorable(contents, params)
        access.demand_carried(pachctl, version, contents.has_auth)
        text = json.dumps({**known, "contents": contents.as_dict()}, indent=1)
        return contents, earlier.put(part, params["dest"], text, keep_it=True)
    finally:
        if os.path.exists(part):
            os.unlink(part)


def written(
    pachctl: Pachctl, part: str, form: str, stall: float, progress: Progress, empty: bool = False
) -> tuple[dumps.Contents, Passed]:
    """A dump in the file `part`, counted, and what passed. empty: whether one without a byte is one."""
    files.make_private(os.path.dirname(part))
    flags = ["--no-objects"] if form == data.KEPT else []
    passed = _received(pachctl.argv("extract", *flags), part, stall, progress)
    demand(passed.answer, "Extracting the cluster")

    def tell(done: int) -> None:
        progress.say(done, passed.size, "counting the dump", "bytes")

    with open(part, "rb") as handle:
        return dumps.read(handle, tell, empty), passed


def _received(argv: list[str], part: str, stall: float, progress: Progress) -> Passed:
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            passed = receive(argv, out, lambda size: progress.say(0, 0, f"extracted {files.human(size)}"), stall)
            out.flush()
            os.fsync(out.fileno())
            return passed
    except OSError as exc:
        raise CliError(f"{part} cannot be written ({exc.strerror}); it is removed again. Make free space.") from exc


def _judge(
    found: dumps.Contents, passed: Passed, version: core_version.Version, form: str, expected: Mapping[str, Any]
) -> None:
    wrong = dumps.shortfall(found, expected)
    if found.sha256 != passed.sha256:
        wrong = f"The file holds {found.sha256}, and pachctl sent {passed.sha256}: see to the disk."
    elif found.bytes and ORDER[found.stream] < ORDER[data.writes(version)]:
        wrong = f"The dump is of the stream {found.stream}; expected {data.writes(version)}, which {version} writes."
    elif form == data.KEPT and found.has_objects:
        wrong = "The dump has objects; expected metadata alone."
    if wrong:
        raise UpliftError(f"{wrong} The dump was thrown away.")


def demand_restorable(found: dumps.Contents, params: Mapping[str, Any]) -> None:
    """P47: seen here, with the old cluster in its place, and not by the restore behind the teardown."""
    why = data.clashing(found.clashes, core_version.parse(params["target"])) if params["target"] else ""
    if why:
        raise UpliftError(
            f"The dump would be of no use: {why}. Delete the pipeline that made them with its repo and create it anew,"
            " or copy what such a repo holds into a new one. The dump was thrown away; the cluster is as it was."
        )


ORDER = {stream: place for place, stream in enumerate(data.ORDER)}


def manifest(path: str) -> dict[str, Any]:
    """What was counted when the dump was made; empty when nothing is kept of it."""
    try:
        with open(manifest_path(path), encoding="utf-8") as handle:
            return dict(json.load(handle))
    except FileNotFoundError:
        return {}
    except ValueError as exc:
        raise UpliftError(
            f"{manifest_path(path)} is no manifest ({exc}); expected the one that the extract wrote."
        ) from exc


def digest(listed: Mapping[str, Any]) -> str:
    """Pure: tells states of a cluster apart that have the same numbers: a head that moved back, a changed spec."""
    told = {
        "repos": [[row["name"], row["description"]] for row in listed["repos"]],
        "commits": sorted([row["repo"], row["id"]] for row in listed.get("commits", [])),
        "branches": sorted([row["repo"], row["name"], row["head"]] for row in listed.get("branches", [])),
        "pipelines": [[row["name"], row["stopped"], row["spec"]] for row in listed["pipelines"]],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _known(path: str, now: Mapping[str, Any]) -> dict[str, Any]:
    """A dump that is there already, of just what this cluster holds, is as good as a new one."""
    known = manifest(path)
    if not os.path.exists(path) or {key: known.get(key) for key in now} != dict(now):
        return {}
    if files.sha256_of(path) != known["contents"]["sha256"]:
        return {}
    return _said(path, str(now["form"]), dumps.Contents(**known["contents"]))


def _said(path: str, form: str, contents: dumps.Contents) -> dict[str, Any]:
    evidence = {"slot": "dump", "kind": "file", "path": path, "size": contents.bytes, "sha256": contents.sha256}
    return {"form": form, "contents": contents.as_dict(), "evidence": [evidence]}


def demand_room(pachctl: Pachctl, path: str, expected: Mapping[str, Any], form: str) -> None:
    """Refused where there is no space for a dump of so much. `expected` as of `inventory.tally`."""
    objects = sum(int(row["size"] or 0) for row in pachctl.repos()) if form == data.FULL else 0
    wanted = _ROOM + objects + _A_COMMIT * sum(int(count) for count in expected["commits"].values())
    files.demand_space(os.path.dirname(path), wanted, "the dump")


def _to_url(pachctl: Pachctl, params: Mapping[str, Any], form: str, check: bool) -> dict[str, Any]:
    """The server writes it, with its own credentials; nothing of it passes here, so nothing of it is counted."""
    if not check:
        demand(
            pachctl.call("extract", "--url", params["url"], timeout=params["stall_timeout"]), "Extracting to the URL"
        )
    return {"changed": True, "kept": "", "form": form, "contents": {}, "evidence": []}
