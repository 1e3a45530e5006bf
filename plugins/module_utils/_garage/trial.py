# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A staged release is asked, on scratch data, every question that a later step will ask it, before anything stops.

2.5.0 refused a question that 2.1.0 had answered, and was asked it after the switch of all nodes (G28).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage import (
    access,
    info,
    objects,
    scratch,
    scratch_pod,
    snapshot,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.forms import (
    METRICS_SINCE,
    OFFLINE_REPAIRS,
    REPAIRS,
    said,
)
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.readable import ASKS
from ansible_collections.uplift.datastores.plugins.module_utils._garage.repair import Watch, fetch
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import TOOLS
from ansible_collections.uplift.datastores.plugins.module_utils._plan import path
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import transient
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Pod
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.trial import Subject, Unstarted, untried
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.unit_runner import UnitRunner

_PARTS = ("status", "layout", "stats", "workers", "inventory")
_OPERATION = "20260101T000000Z-garage-{}"
_POLL = 0.3
_CALL = 20.0  # seconds for an answer of a daemon without data
_REPAIR = 60.0  # seconds for a repair of nothing

Question = Callable[["Trial"], Any]


@dataclass
class Trial:
    """One release, and where a daemon of it runs. `ports` of loopback; `key` is its throw-away one."""

    release: Version
    garage: Garage
    host: scratch.Host
    ports: Mapping[str, int]
    repairs: Sequence[str]
    progress: Progress
    clock: Clock = field(default_factory=Clock)
    key: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def begin(self, timeout: float) -> None:
        """Waits until it answers at all."""
        end = self.clock.now() + timeout
        while True:
            try:
                self.garage.node_id()
                demand(self.garage.call("status"), "Asking for its status")
                return
            except UpliftError as exc:
                gone = not self.host.alive()
                if gone or self.clock.now() > end:
                    how = "ended" if gone else f"has not answered in {timeout:g} s"
                    log = " / ".join(line.strip() for line in self.host.said().splitlines()[-3:])
                    raise Unstarted(f"it {how}: {exc} Its log ends with: {log:.400}.") from exc
            self.clock.sleep(_POLL)


def place(trial: Trial) -> None:
    """Give the node its place. No later step does that: without it there is nothing to be asked."""
    words = scratch.role(trial.release, trial.garage.node_id().id)
    demand(trial.garage.call(*words), "Giving the node a place")
    demand(trial.garage.call("layout", "apply", "--version", "1"), "Applying the layout")


def grant(trial: Trial) -> None:
    trial.key = access.grant(trial.garage, _OPERATION.format(trial.release), [], [])


def facts(trial: Trial) -> None:
    found = info.gather(trial.garage, _PARTS, [])
    if found["unparsed"]:
        raise UpliftError(f"it said {found['unparsed'][0]!r:.200}, which is not known here.")
    named = [alias for row in found["buckets"] for alias in row["global_aliases"]]
    if trial.key["bucket"] not in named or trial.key["access_key_id"] not in [one["id"] for one in found["keys"]]:
        raise UpliftError(f"its lists lack the bucket {trial.key['bucket']} or its key, which were just made.")


def tables(trial: Trial) -> None:
    if trial.garage.knows("entries"):
        trial.garage.tables()
        trial.garage.tables(everywhere=True)


def s3(trial: Trial) -> None:
    asked = {
        "addresses": [f"127.0.0.1:{trial.ports['s3']}"],
        "region": scratch.REGION,
        "key_id": trial.key["access_key_id"],
        "secret": trial.key["secret_access_key"],
        "ca_file": "",
        "style": "path",
        "sample": 1,
        "list_limit": 10,
        "max_object_bytes": 1,
        "like": [],
        "mute": {},
    }
    # Under the mark of an operation it would be left out, as it is in the cluster.
    bucket = {"id": trial.key["bucket"], "global_aliases": ["scratch"], "s3_name": trial.key["bucket"]}
    objects.inventory({**asked, "buckets": [bucket]})


def metrics(trial: Trial) -> None:
    if trial.release >= METRICS_SINCE:
        work.metrics(fetch(f"http://127.0.0.1:{trial.ports['admin']}/metrics"))


def repairs(trial: Trial) -> None:
    """Those of the plan that this release has; where it lists no workers, launched without a look at their end."""
    watch = Watch(trial.garage, _REPAIR, quiet=0.5, poll=0.2, clock=trial.clock, progress=trial.progress)
    for name in trial.repairs:
        if said(REPAIRS.get(name, ()), trial.release):
            watch.repair(name, wait=trial.garage.knows("workers"))


def meta_snapshot(trial: Trial) -> None:
    form = said(TOOLS["meta snapshot"], trial.release)
    if form:
        snapshot.results(trial.garage.call(*form.words))


def withdraw(trial: Trial) -> None:
    removed, kept = access.remove(trial.garage, [trial.key["access_key_id"]])
    if kept or trial.key["access_key_id"] not in removed:
        raise UpliftError(f"its throw-away key or bucket could not be removed: {kept or removed}.")


def end(trial: Trial) -> None:
    trial.host.stop()


def offline(trial: Trial) -> None:
    """The one that the upgrade path runs: programs can be built without the others."""
    if said(OFFLINE_REPAIRS[ASKS], trial.release):
        replace(trial.garage, runner=trial.host.once(), running=False).offline_repair(ASKS, _REPAIR)


QUESTIONS: Mapping[str, Question] = {
    "a place in the layout": place,
    "a key and a bucket": grant,
    "status, layout, queues, workers, buckets and keys": facts,
    "tables": tables,
    "S3": s3,
    "metrics": metrics,
    "repairs": repairs,
    "a snapshot of the metadata": meta_snapshot,
    "the removal of the key and the bucket": withdraw,
    "a stop": end,
    "offline repairs": offline,
}

_BY_PORT = ("S3", "metrics")
_AFTERWARDS = ("offline repairs",)


def ask(trial: Trial) -> Iterator[str]:
    """What a daemon can be asked where it runs."""
    left_out = ((_BY_PORT, trial.host.reached), (_AFTERWARDS, trial.host.stays))
    without = {name for names, possible in left_out if not possible for name in names}
    asked = {name: partial(question, trial) for name, question in QUESTIONS.items() if name not in without}
    return _subject(trial.release).ask(asked)


def run(garage: Garage, params: Mapping[str, Any], progress: Progress, check_mode: bool) -> dict[str, Any]:
    """What `garage_trial` does."""
    if check_mode:
        return untried()
    release = garage.version(params["release_binary"])
    return _subject(release).answer(_tried(garage, release, params, progress), len(QUESTIONS), progress)


def _tried(garage: Garage, release: Version, params: Mapping[str, Any], progress: Progress) -> Iterator[str]:
    name = transient.ident(params["unit"])
    on = host(name, garage, params["release_binary"])
    on.remove()
    around = os.path.join(params["directory"], name)
    try:
        directory = scratch.directory(around, on.account())
        config_file, ports = scratch.write(release, directory, params["engine"], on.account())
        _start(on, release, directory, config_file, progress)
        staged = Garage(on.runner(), on.program, config_file, timeout=_CALL, unit=on.name)
        trial = Trial(release, staged, on, ports, params["repairs"], progress)
        trial.begin(params["start_timeout"])
        yield from ask(trial)
    finally:
        on.remove()
        shutil.rmtree(around, ignore_errors=True)


def _subject(release: Version) -> Subject:
    return Subject(f"Garage {release}", "scratch data", "daemon", "garage", not path.notes(GARAGE, release))


def _start(on: scratch.Host, release: Version, directory: str, config_file: str, progress: Progress) -> None:
    progress.say(0, len(QUESTIONS), f"Garage {release} on scratch data: start")
    try:
        on.start(directory, config_file)
    except UpliftError as exc:
        raise Unstarted(str(exc)) from exc


def host(name: str, garage: Garage, program: str) -> scratch.Host:
    """Where a scratch daemon of the program runs, as the service does."""
    if isinstance(garage.runner, ContainerRunner):
        return scratch.InContainer(name, garage.runner, program)
    if isinstance(garage.runner, Pod):
        return scratch_pod.InPod(f"uplift-scratch-{garage.pod}", garage.runner.pods, image=program)
    static = garage.user if garage.user != "root" and not garage.dynamic else ""
    # The scratch daemon is no part of the node's unit.
    local = garage.runner.runner if isinstance(garage.runner, UnitRunner) else garage.runner
    return scratch.OnHost(name, local, program, static or transient.NOBODY)
