# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pipelines at rest: `stop pipeline` and `start pipeline` exit 0 at once, whatever comes of it (P14)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms, inventory
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse.pachctl import Pipeline

_POLL = 1.0
_NO_WORKERS = ("failure", "crashing")


@dataclass
class Rest:
    pachctl: Pachctl
    timeout: float
    skip: bool = False
    """Whether pipelines that are not there are skipped and reported, instead of refused."""
    progress: Progress = field(default_factory=Progress)
    clock: Clock = field(default_factory=Clock)

    def stopped(self, names: Sequence[str], check: bool, keep: Sequence[str] = ()) -> dict[str, Any]:
        """Stop what is not stopped yet, and wait until each is paused. Those to `keep` are left as they are."""
        found = self._found(names)
        asked = [one.name for one in found if not one.stopped and one.name not in keep]
        if not check:
            for name in asked:
                demand(self.pachctl.call("stop", name), f"Stopping the pipeline {name}")
            self._until(lambda: [_said(one) for one in self._stoppable(names, keep) if not one.rests], "stopped")
        left = [one.name for one in found if not one.stopped and one.name in keep]
        ran = [one.name for one in found if not one.stopped]
        return {"changed": bool(asked), "stopped": asked, "ran": ran, "left": left}

    def _stoppable(self, names: Sequence[str], keep: Sequence[str]) -> list[Pipeline]:
        return [one for one in self._found(names) if one.name not in keep]

    def kept(self) -> Sequence[str]:
        """P36: those whose output the dump of this release cannot carry; refused where no dump can be made at all."""
        if not forms.of(forms.NEEDS_TREE, self.pachctl.version()):
            return ()
        found = inventory.carried(inventory.listings(self.pachctl))
        if found.refusal:
            raise UpliftError(f"{found.refusal} No pipeline was stopped.")
        return found.keep

    def started(self, names: Sequence[str], check: bool) -> dict[str, Any]:
        """Start exactly these. One that runs is left alone: each start opens one more output commit (P34)."""
        asked = [one.name for one in self._found(names) if one.stopped] if names else []
        begun = asked if check else [name for name in asked if self._start(name)]
        if begun and not check:
            self._until(lambda: [_said(one) for one in self._found(begun) if not _runs(one)], "started")
        return {"changed": bool(begun), "started": begun}

    def _start(self, name: str) -> bool:
        """Whether it was there to be started: it may have been deleted since it was listed."""
        answer = self.pachctl.call("start", name)
        if answer.rc and self.skip and name not in {one.name for one in self.pachctl.pipelines()}:
            return False
        demand(answer, f"Starting the pipeline {name}")
        return True

    def drained(self) -> dict[str, Any]:
        """Wait until no job runs and no commit is open. `flush commit` would wait for ever without workers (P24)."""
        self._until(self._busy, "at rest")
        return {"changed": False}

    def _busy(self) -> list[str]:
        jobs = self.pachctl.busy_jobs() if self.pachctl.knows("jobs") else []
        said = [f"job {job['id'][:12]} of {job['pipeline']} is {job['state']}" for job in jobs]
        return said + [f"commit {name} is open" for name in inventory.open_commits(self.pachctl, self.pachctl.repos())]

    def _found(self, names: Sequence[str]) -> list[Pipeline]:
        found = self.pachctl.pipelines()
        unknown = sorted(set(names) - {one.name for one in found})
        if unknown and not self.skip:
            there = ", ".join(one.name for one in found) or "none"
            raise UpliftError(f"There is no pipeline {', '.join(unknown)}; there are {there}. Correct the name.")
        return [one for one in found if not names or one.name in names]

    def _until(self, waiting: Callable[[], list[str]], what: str) -> None:
        deadline = self.clock.now() + self.timeout
        while True:
            left = waiting()
            if not left:
                return
            text = ", ".join(left[:5])
            self.progress.say(0, 0, f"waiting: {text}")
            if self.clock.now() >= deadline:
                raise UpliftError(
                    f"After {self.timeout:g} s not everything is {what}: {text}. Finish, delete or fix these, or allow"
                    " more time by timeout."
                )
            self.clock.sleep(_POLL)


def _runs(one: Pipeline) -> bool:
    return not one.stopped and one.state not in ("paused", "starting")


def _said(one: Pipeline) -> str:
    return f"pipeline {one.name} is {one.state}"


def run(pachctl: Pachctl, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_pipelines` does."""
    rest, state = Rest(pachctl, params["timeout"], params["skip_missing"], progress), params["state"]
    if state == "drained":
        result = rest.drained() if not check else {"changed": False}
    elif state == "stopped":
        result = rest.stopped(params["names"] or [], check, rest.kept() if params["for_dump"] else ())
    else:
        result = rest.started(params["names"] or [], check)
    states = {one.name: {"state": one.state, "stopped": one.stopped} for one in pachctl.pipelines()}
    missing = sorted(set(params["names"] or []) - set(states))
    return {"stopped": [], "started": [], "ran": [], "left": [], **result, "missing": missing, "pipelines": states}
