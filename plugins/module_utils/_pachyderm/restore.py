# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""`pachctl restore`, refused where it would do harm, and looked at afterwards: its exit status tells nothing (P01)."""

from __future__ import annotations

import os
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump as dumps
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumps as data
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import spelling as cli
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.extract import manifest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.transfer import send


class NotRestored(CliError):
    """The restore was begun and did not come to its end. `cause` is the sentence alone, without what to do."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause} What it has restored is of no use: begin again with fresh metadata.")
        self.cause = cause


def run(pachctl: Pachctl, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_restore` does."""
    contents = examined(params["src"], progress)
    demand_the_same(params["src"], contents.sha256, params)
    version = pachctl.server()
    why = data.unreadable(contents.stream, contents.has_objects, version) if contents.stream else ""
    why = why or data.clashing(contents.clashes, version)
    if why:
        raise UpliftError(f"{params['src']} cannot be restored: {why}. Nothing was changed.")
    demand_empty(pachctl, params["second"])
    if not contents.has_objects:
        demand_objects(contents, store_of(version, params["object_store"]))
    if contents.has_auth:
        _demand_own_token(params)
    if not check:
        _restore(pachctl, params, contents, progress)
        demand_restored(pachctl, contents)
    return {"changed": True, "contents": contents.as_dict()}


def examined(path: str, progress: Progress) -> dumps.Contents:
    """The dump decoded to its end, and compared with what was counted when it was made."""
    known = manifest(path)
    try:
        total = os.path.getsize(path)
        with open(path, "rb") as handle:
            found = dumps.read(
                handle,
                lambda done: progress.say(done, total, "reading the dump", "bytes"),
                empty=bool(known) and known["contents"].get("bytes") == 0,
            )
    except OSError as exc:
        raise UpliftError(f"The dump {path} cannot be read: {exc.strerror}. Nothing was changed.") from exc
    if known and found.sha256 != known["contents"]["sha256"]:
        raise UpliftError(
            f"{path} is not the dump that its manifest tells of: SHA-256 {found.sha256}, expected"
            f" {known['contents']['sha256']}. Put the right one there. Nothing was changed."
        )
    lost = dumps.shortfall(found, known["expected"]) if known else _bare(found)
    if lost:
        raise UpliftError(f"{path}: {lost} Nothing was changed.")
    return found


def _bare(found: dumps.Contents) -> str:
    """P42: a cluster without repos has such a dump, and so has one that is cut behind its objects."""
    if found.repos or found.pipelines:
        return ""
    return "The dump has no repo, and no manifest next to it says that there was none: it may be cut. Extract again."


def demand_the_same(path: str, sha256: str, params: Mapping[str, Any]) -> None:
    """The dump that was compared with the old cluster before that was thrown away, and no other."""
    if params["sha256"] and sha256 != params["sha256"]:
        raise UpliftError(
            f"{path} has the SHA-256 {sha256}; the dump that was compared with the old cluster before its metadata was"
            f" renamed has {params['sha256']}. Put that one there; earlier ones lie next to it. Nothing was changed."
        )
    of = manifest(path).get("cluster", "")
    if params["source_cluster"] and of != params["source_cluster"]:
        raise UpliftError(
            f"{path} is of the cluster {of or 'without an id'}; expected one of {params['source_cluster']}. Put the"
            " right one there. Nothing was changed."
        )


def demand_empty(pachctl: Pachctl, second: bool) -> None:
    """P03: over a cluster with content a restore exits 0 and breaks its pipelines."""
    how = "Empty it (`pachctl delete all` at that address), when it is the second one of a failed run"
    repos, pipelines = [row["name"] for row in pachctl.repos()], [one.name for one in pachctl.pipelines()]
    if repos or pipelines:
        raise UpliftError(
            f"The cluster at {pachctl.address} is not empty: repos {', '.join(repos) or 'none'}, pipelines"
            f" {', '.join(pipelines) or 'none'}; expected neither."
            f" {how if second else 'Restore into fresh metadata'}. Nothing was changed."
        )


def store_of(version: Version, root: str) -> str:
    """P22: releases before 1.9.12 keep their local store below its own absolute path once more."""
    return f"{root}{root}" if root and version < data.NESTED_UNTIL else root


def demand_objects(contents: dumps.Contents, store: str) -> None:
    """P04: metadata without its objects is restored with exit 0, and no file of it can be read."""
    if not store:
        return
    missing = [tree for tree in contents.trees if not os.path.exists(f"{store}/object/{tree}")]
    if missing:
        raise UpliftError(
            f"{len(missing)} of {len(contents.trees)} objects that the dump's last commits need are not in"
            f" {store}/object (such as {missing[0][:16]}...). Give the server the object store of the old cluster."
            " Nothing was changed."
        )


def _demand_own_token(params: Mapping[str, Any]) -> None:
    if not params["token"]:
        raise UpliftError(
            "The dump switches authentication on, and pachctl would make a root token that is printed once; expected"
            " one of yours. Give it as token: it becomes the root token. Nothing was changed."
        )


def _restore(pachctl: Pachctl, params: Mapping[str, Any], contents: dumps.Contents, progress: Progress) -> None:
    # P10: a token of pachctl's own making is printed even when nobody needs one.
    flags = ["--no-token"] if cli.has(pachctl.version(), "--no-token") else []
    with open(params["src"], "rb") as source:
        passed = send(
            pachctl.argv("restore", *flags),
            source,
            lambda size: progress.say(size, contents.bytes, "restored", "bytes"),
            params["stall_timeout"],
        )
    if passed.answer.rc:
        said = " / ".join(passed.answer.err.strip().splitlines()[-3:]) or "nothing"
        raise NotRestored(
            f"The restore failed after {passed.size} of {contents.bytes} bytes: pachctl ended with {passed.answer.rc}"
            f" and said: {said}."
        )


def demand_restored(pachctl: Pachctl, contents: dumps.Contents) -> None:
    """P02, P35: exit 0 and nothing there. New output commits may have come."""
    repos = {row["name"] for row in pachctl.repos()}
    lost = [f"the repo {name}" for name in contents.repos if name not in repos]
    for name in sorted(repos & set(contents.repos)) if pachctl.knows("commits") else ():
        count = len(pachctl.commits(name))
        if count < contents.commits.get(name, 0):
            lost.append(f"{contents.commits[name] - count} of {contents.commits[name]} commits of {name}")
    there = {one.name for one in pachctl.pipelines()}
    lost += [f"the pipeline {name}" for name in contents.pipelines if name not in there]
    if lost:
        raise NotRestored(f"pachctl ended with 0, and what the dump holds is not all there: {', '.join(lost[:10])}.")
