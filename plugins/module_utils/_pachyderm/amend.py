# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a dump has left out of pipelines is set again, while they are stopped; and cron inputs of 1.7 tick again."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumped, inventory
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.compare import changes
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.outputs import cron_repos
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse.pachctl import Pipeline
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.rest import Rest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spelling import place

Settings = Mapping[str, Mapping[str, Any]]
_BRANCH = "master"  # the one that ticks are written to


def lacking(expected: Settings, now: Sequence[Pipeline]) -> dict[str, dict[str, Any]]:
    """Pure: what of these settings the pipelines that are there have not. `verify` reports those that are gone."""
    specs = {one.name: one.spec for one in now}
    found = {
        name: {key: value for key, value in values.items() if any(changes({key: value}, specs[name]))}
        for name, values in sorted(expected.items())
        if name in specs
    }
    return {name: values for name, values in found.items() if values}


def amended(request: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Pure: the request that sets these. The commit of the spec of before would be taken in its place."""
    return {**{key: value for key, value in request.items() if key not in ("spec_commit", "specCommit")}, **values}


def awake(names: Sequence[str], now: Sequence[Pipeline]) -> str:
    """Pure: why nothing is set, as a sentence; "" when all of these are stopped. An update starts one that is not."""
    running = sorted(one.name for one in now if one.name in names and not one.stopped)
    if not running:
        return ""
    return (
        f"The pipelines {', '.join(running)} are not stopped; expected them so while their settings are set again,"
        " since an update begins to work at once. Stop them (pachctl stop pipeline) and run the same command again."
    )


@dataclass
class Amend:
    pachctl: Pachctl
    before: Mapping[str, Any]
    timeout: float
    progress: Progress
    clock: Clock

    def settings(self, check: bool) -> dict[str, Any]:
        """Set what is lacking, and look again: what a release has not taken is reported, with what it said."""
        expected = dumped.settings(self.before, {"version": str(self.pachctl.version())})
        now = self.pachctl.pipelines()
        todo = lacking(expected, now)
        why = awake(list(todo), now)
        if why:
            raise UpliftError(why)
        rows = [{"pipeline": name, "settings": sorted(values)} for name, values in todo.items()]
        if check or not todo:
            return {"amended": rows, "refused": [], "requests": {}}
        requests, said = {}, {}
        for number, (name, values) in enumerate(todo.items()):
            self.progress.say(number, len(todo), f"setting {', '.join(sorted(values))} of {name} again")
            try:
                requests[name] = amended(self.pachctl.request(name), values)
            except UpliftError as error:  # one that has no value is refused by the server: the operator may accept it
                said[name] = str(error)
                continue
            answer = self.pachctl.call("update", "-f", "-", stdin=json.dumps(requests[name]))
            said[name] = (answer.err or answer.out).strip()[-200:] if answer.rc else ""
        Rest(self.pachctl, self.timeout, progress=self.progress, clock=self.clock).stopped(list(todo), check=False)
        left = lacking(todo, self.pachctl.pipelines())
        refused = [
            {"pipeline": name, "settings": sorted(values), "said": said[name] or "nothing"}
            for name, values in left.items()
        ]
        return {
            "amended": [row for row in rows if row["pipeline"] not in left],
            "refused": refused,
            "requests": requests,
        }

    def ticking(self, check: bool) -> list[str]:
        """P39: the file that 1.7 wrote its ticks to is deleted; the repos where that was done."""
        file = dumped.tick_file(self.before, {"version": str(self.pachctl.version())})
        found = list(self._stuck(file)) if file else []
        for repo in found if not check else []:
            where = place(self.pachctl.version(), repo, _BRANCH, f"/{file}")
            demand(self.pachctl.call("delete", *where), f"Deleting /{file} from {repo}")
        return found

    def _stuck(self, file: str) -> Iterator[str]:
        there = {row["name"] for row in self.pachctl.repos()}
        for repo in sorted(cron_repos(self.before["pipelines"])):
            heads = {row["name"]: row["head"] for row in self.pachctl.branches(repo)} if repo in there else {}
            if heads.get(_BRANCH) and f"/{file}" in {row["path"] for row in self.pachctl.files(repo, _BRANCH)}:
                yield repo


def run(
    pachctl: Pachctl, params: Mapping[str, Any], progress: Progress, check: bool, clock: Clock | None = None
) -> dict[str, Any]:
    """What `pachyderm_amend` does."""
    before = inventory.read(params["before"])
    amend = Amend(pachctl, before, params["timeout"], progress, clock or Clock())
    done = amend.settings(check)
    requests = done.pop("requests")
    ticking = amend.ticking(check) if params["cron_again"] else []
    evidence = [_kept(params["dest"], requests)] if params["dest"] and not check else []
    return {
        "changed": bool(requests or ticking or (check and done["amended"])),
        **done,
        "ticking": ticking,
        "evidence": evidence,
    }


def _kept(path: str, requests: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent stays next to the dump; a run that goes on adds what it has sent."""
    known = json.loads(inventory.text(path) or "{}")
    files.make_private(os.path.dirname(path))
    files.write_atomic(path, json.dumps({**known, **requests}, indent=1, sort_keys=True).encode(), 0o600)
    return {
        "slot": "settings",
        "kind": "file",
        "path": path,
        "size": os.path.getsize(path),
        "sha256": files.sha256_of(path),
    }
