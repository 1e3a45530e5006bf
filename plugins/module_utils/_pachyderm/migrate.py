# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""1.4 to 1.5.0: a program that exits 0 whatever it has met, so that only its log tells (P16, P31)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

FROM, TO = Version(1, 4, 0), Version(1, 5, 0)
_KINDS = ("repos", "commits", "branches", "pipelines", "jobs")
_JOB = "pach-migration"
_ERROR = re.compile(r"\bERROR\s+error unmarshalling object (\S.*)")


@dataclass(frozen=True)
class Verdict:
    finished: list[str]
    harmless: int
    errors: list[str]
    refused: str = ""


def judge(log: str) -> Verdict:
    """Index keys are no objects, and there is one error of them in every success. Any other is real."""
    lines = [match.group(1) for match in map(_ERROR.search, log.splitlines()) if match]
    real = [line for line in lines if "__index_" not in line]
    refused = next((line.strip() for line in log.splitlines() if "error from migration" in line), "")
    return Verdict(re.findall(r"finished migrating (\w+)", log), len(lines) - len(real), real, refused)


def demand_pair(source: Version, target: Version) -> None:
    """pachctl itself takes any pair, and exits 0 (P31)."""
    if not (FROM <= source < TO and target == TO):
        raise UpliftError(
            f"There is no migration from {source} to {target}; the only one is from 1.4 to exactly {TO}. Go to {TO}"
            " first, then inside its series. Nothing was changed."
        )


def demand_done(verdict: Verdict, again: bool) -> None:
    """`again`: a run died inside it. What is migrated already is an error then, and the comparison afterwards tells."""
    missing = [kind for kind in _KINDS if kind not in verdict.finished]
    if verdict.refused or missing:
        said = verdict.refused or f"no end of the migration of {', '.join(missing)}"
        raise UpliftError(f"The migration did not end: its log has {said}. Go back with the backup of the metadata.")
    if verdict.errors and not again:
        raise UpliftError(
            f"The migration left {len(verdict.errors)} objects out, although it exits 0: {verdict.errors[0]}. Go back"
            " with the backup of the metadata, and ask what these keys are."
        )


def by_program(runner: Runner, params: Mapping[str, Any]) -> str:
    """The command of the Job's pod, where pachd is a service: with pachd down, and its environment."""
    pair = f"{params['source']}-{params['target']}"
    env = dict(line.split("=", 1) for line in _lines(params["environment_file"]) if "=" in line)
    argv = [params["pachd"], f"--migrate={pair}"]
    answer = runner.run(argv, env=env, user=params["user"] or "", timeout=params["timeout"])
    return _log(demand(answer, "Migrating the metadata")) if answer.rc == 0 else _log(answer)


def by_job(runner: Runner, params: Mapping[str, Any], progress: Progress, sleep: Callable[[float], None]) -> str:
    """`pachctl migrate` makes a Job in the context's own namespace, whatever --namespace says, and returns."""
    kubectl = ["kubectl", *(["--context", params["kube_context"]] if params["kube_context"] else [])]
    if not _status(runner, kubectl):
        words = ["migrate", "--from", params["source"], "--to", params["target"], "--no-metrics"]
        demand(runner.run([params["pachctl"], *words], timeout=60), "Launching the migration")
    deadline = time.monotonic() + params["timeout"]
    while True:
        status = _status(runner, kubectl)
        if status.get("succeeded") or status.get("failed"):
            return demand(runner.run([*kubectl, "logs", f"job/{_JOB}"], timeout=60), "Reading the Job's log").out
        progress.say(0, 0, f"the Job {_JOB} runs")
        if time.monotonic() >= deadline:
            raise UpliftError(f"The Job {_JOB} has not ended after {params['timeout']:g} s: see kubectl describe.")
        sleep(2.0)


def _status(runner: Runner, kubectl: Sequence[str]) -> dict[str, Any]:
    answer = runner.run([*kubectl, "get", "job", _JOB, "--ignore-not-found", "--output", "json"], timeout=60)
    text = demand(answer, "Looking for the Job").out
    return {"there": True, **json.loads(text).get("status", {})} if text.strip() else {}


def _log(answer: Answer) -> str:
    return answer.out + answer.err


def _lines(path: str | None) -> list[str]:
    if not path:
        return []
    try:
        with open(path, encoding="utf-8") as handle:
            return [line.strip() for line in handle if not line.lstrip().startswith("#")]
    except OSError as exc:
        raise UpliftError(f"{path} cannot be read ({exc.strerror}); expected pachd's environment.") from exc


def run(runner: Runner, params: Mapping[str, Any], progress: Progress, check: bool) -> dict[str, Any]:
    """What `pachyderm_migrate` does."""
    demand_pair(version.parse(params["source"]), version.parse(params["target"]))
    if check:
        return {"changed": True, "finished": [], "harmless": 0, "errors": []}
    log = by_program(runner, params) if params["pachd"] else by_job(runner, params, progress, time.sleep)
    verdict = judge(log)
    demand_done(verdict, params["again"])
    return {
        "changed": True,
        "finished": verdict.finished,
        "harmless": verdict.harmless,
        "errors": verdict.errors,
    }
