# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A dump of the cluster in use, restored into a scratch server of the new release: what that one does not take is known
while clients work. The dump is of no other use and removed again."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup.earlier import manifest_path
from ansible_collections.uplift.datastores.plugins.module_utils._core import files, version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import some
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access, extract, forms, inventory
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump as dumps
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumps as data
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import trial_rules as rules
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.trial import Refused, Trial

_NOTHING: Mapping[str, Any] = {"changed": False, "rehearsed": False, "why": "", "counts": {}, "seconds": 0.0}


def run(pachctl: Pachctl, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_rehearsal` does. `pachctl` is the old cluster's, `params["new_pachctl"]` the new release's."""
    source, target = pachctl.server(), version.parse(params["target"])
    form, src = data.form(source, target, params["form"], False), params["dump"]
    trial = Trial(pachctl.runner, {**params, "src": src, "pachctl": params["new_pachctl"]}, progress)
    auth = pachctl.knows("whoami") and access.carried(pachctl.auth(), source)
    why = rules.untried(trial.asked(form == data.FULL, auth)) or _unlike(pachctl, source)
    if check or why:
        return {**_NOTHING, "why": why}
    try:
        unfinished = _dumped(pachctl, params, form, progress)
        try:
            tried = {"seconds": 0.0, **trial.tried()}
        except Refused as exc:
            unfinished += inventory.open_commits(pachctl, pachctl.repos())
            sentence = rules.refused_live(target, exc.cause, sorted(set(unfinished)))
            if not unfinished:
                raise UpliftError(sentence) from exc
            return {**_NOTHING, "why": sentence}
    finally:
        for path in (src, manifest_path(src)):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
    return {**_NOTHING, "rehearsed": tried["tried"], **{key: tried[key] for key in ("why", "counts", "seconds")}}


def _unlike(pachctl: Pachctl, source: Version) -> str:
    """Why a dump of now says nothing of the one that counts (P27); "" where it does."""
    left_out = forms.of(forms.OUTPUTS_LEFT_OUT, source)
    running = [one.name for one in pachctl.pipelines() if left_out and not one.rests]
    return rules.UNLIKE.format(source=source, pipelines=some(running)) if running else ""


def _dumped(pachctl: Pachctl, params: Mapping[str, Any], form: str, progress: Progress) -> list[str]:
    """Writes the dump and its manifest; the commits that were open when it was begun.

    Clients go on, so that nobody can say what it has to hold: it is compared with itself.
    """
    listed = inventory.listings(pachctl)
    expected, src = inventory.tally(listed), params["dump"]
    files.make_private(os.path.dirname(src))
    extract.demand_room(pachctl, src, expected, form)
    source = version.parse(params["source"])
    empty = bool(forms.of(forms.EMPTY_DUMPS, source)) and not expected["commits"]
    try:
        contents, _passed = extract.written(pachctl, src, form, params["stall_timeout"], progress, empty)
    except UpliftError as exc:
        raise UpliftError(rules.undumped(str(exc))) from exc
    extract.demand_restorable(contents, params)
    known = {"form": form, "contents": contents.as_dict(), "expected": _itself(contents)}
    files.write_atomic(manifest_path(src), json.dumps(known).encode(), 0o600)
    return [f"{row['repo']}@{row['id']}" for row in listed.get("commits", []) if not row["finished"]]


def _itself(contents: dumps.Contents) -> dict[str, Any]:
    """Pure: of the shape of `inventory.tally`."""
    commits = {repo: contents.commits.get(repo, 0) for repo in contents.repos}
    return {
        "commits": commits,
        "branches": contents.branches,
        "pipelines": contents.pipelines,
        "ids": contents.ids,
    }
