# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pipelines: what is made, stopped and started, and what that leaves in the repos of their output."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from .commits import SPECS, Commits
from .reading import Made
from .release import CAMEL, Failed, V, proved
from .store import now

# What a dump does not carry of a specification (trap P38): 1.7.14 and 1.8.8/settings_stopped_extract.
LOST = ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout")


def inputs(spec: dict[str, Any] | None) -> list[list[str]]:
    """[repo, branch] of each."""
    for kind in ("atom", "pfs", "cron"):
        if spec and kind in spec:
            return [[spec[kind]["repo"], spec[kind].get("branch", "master")]]
    return [pair for part in (spec or {}).get("cross", []) + (spec or {}).get("union", []) for pair in inputs(part)]


def crons(spec: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if spec and "cron" in spec:
        yield spec["cron"]
    for part in (spec or {}).get("cross", []) + (spec or {}).get("union", []):
        yield from crons(part)


def spec_of_now(spec: dict[str, Any]) -> dict[str, Any]:
    """As a release that restores it spells it: `atom` is `pfs` to later ones, a service gets its type in 1.9."""
    if CAMEL:
        return spec
    found: dict[str, Any] = spelt(spec)
    if "service" in found and V >= (1, 9, 0):
        found["service"] = {**found["service"], "type": "NodePort"}
    return found


def spelt(thing: Any) -> Any:
    if isinstance(thing, list):
        return [spelt(one) for one in thing]
    if isinstance(thing, dict):
        return {"pfs" if key == "atom" else key: spelt(value) for key, value in thing.items()}
    return thing


class Pipelines(Commits):
    def create_pipeline(self, spec: dict[str, Any]) -> None:
        name = spec["pipeline"]["name"]
        if name in self.state["pipelines"]:
            proved("create-pipeline of one that is there", "create_pipeline_exists")
            raise Failed(f"pipeline {name} already exists")
        self.make_pipeline(spec)

    def make_pipeline(self, spec: dict[str, Any]) -> None:
        name = spec["pipeline"]["name"]
        for cron in crons(spec.get("input")):
            proved("a pipeline with a cron", "cron_list_pipeline_raw", "cron_restore_from_1_8_8")
            cron.setdefault("repo", f"{name}_{cron['name']}")
            cron.setdefault("start", now())
            if cron["repo"] not in self.state["repos"]:
                self.create_repo(cron["repo"], "")
                self.branches(cron["repo"])["master"] = {"head": "", "direct": []}
        for repo, _branch in inputs(spec.get("input")):
            self.repo(repo)
        if "spout" in spec:
            proved("a spout", "settings_spout_list_branch_raw")
        if spec.get("enable_stats"):
            proved("a pipeline with enable_stats", "stats_list_pipeline_raw", "stats_one_restore_from_1_8_8")
        if name not in self.state["repos"]:
            self.create_repo(name, "")
        self.state["pipelines"][name] = {
            "spec": spec, "created": now(), "stopped": False, "since": 0, "salt": uuid.uuid4().hex, "version": 1,
            "spec_commit": uuid.uuid4().hex,
        }  # fmt: skip
        self.bind(name)

    def bind(self, name: str) -> None:
        """The branch of the output comes from the spec and the inputs; that of the statistics from the output."""
        spec = self.state["pipelines"][name]["spec"]
        if V < (1, 7, 0):
            return
        self.set_branch(name, "master", "", [[SPECS, name], *inputs(spec.get("input"))])
        if spec.get("enable_stats"):
            self.turn += 1  # 1.8.8/stats_one_extract_no_objects: the statistics come in a transaction of their own
            self.set_branch(name, "stats", "", [[name, "master"]])

    def pipeline(self, name: str, verb: str) -> Made:
        if name not in self.state["pipelines"]:
            proved(f"{verb} of a pipeline that is not there", "stop_pipeline_unknown")
            raise Failed(f'error from {verb}: pipeline "{name}" not found')
        found: Made = self.state["pipelines"][name]
        return found

    def update_pipeline(self, spec: dict[str, Any]) -> None:
        """trap P37: what its output has open is finished without a tree, and the next begins without a parent."""
        proved("update-pipeline", "update_pipeline_stdin")
        name = spec["pipeline"]["name"]
        if name not in self.state["pipelines"]:
            proved("update-pipeline of one that is not there", "update_pipeline_unknown")
        one = self.state["pipelines"][name]
        opened = [commit for commit in self.repo(name)["commits"] if not commit["finished"]]
        if one["stopped"] or not opened:
            proved("update-pipeline of one that is stopped or whose output is finished", "update_pipeline_finished")
        for commit in opened:
            commit["finished"] = now()
        one.update(spec=spec, version=one["version"] + 1, spec_commit=uuid.uuid4().hex, created=now())
        self.branches(name)["master"].update(head="", direct=[[SPECS, name], *inputs(spec.get("input"))])
        self.compute(name, "master", parent=False)

    def stop_pipeline(self, name: str) -> None:
        """trap P41: the branch of the statistics keeps its provenance, stats_stopped_list_branch_raw."""
        one = self.pipeline(name, "StopPipeline")
        if not one["stopped"]:
            one.update(stopped=True, since=time.time(), spec_commit=uuid.uuid4().hex)
            self.branches(name).get("master", {})["direct"] = []

    def start_pipeline(self, name: str) -> None:
        """trap P34: each start opens commits, start_pipeline; from 1.9 also that of a pipeline that runs."""
        one = self.pipeline(name, "StartPipeline")
        opened = 2 if one["stopped"] else 1 if V >= (1, 9, 0) else 0
        one.update(stopped=False, spec_commit=uuid.uuid4().hex)
        if V < (1, 7, 0):
            return
        branch = self.branches(name).setdefault("master", {"head": "", "direct": []})
        branch["direct"] = [[SPECS, name], *inputs(one["spec"].get("input"))]
        for _time in range(opened):
            self.compute(name, "master")
            self.propagate(name, "master")

    def delete_pipeline(self, name: str) -> None:
        proved("delete-pipeline", "delete_pipeline")
        self.pipeline(name, "DeletePipeline")
        del self.state["pipelines"][name]
        del self.state["repos"][name]

    def delete_all(self) -> None:
        self.state.update(repos={}, pipelines={}, jobs=[])

    def garbage_collect(self) -> None:
        for name, one in self.state["pipelines"].items():
            if not one["stopped"]:
                proved("garbage-collect while a pipeline runs", "garbage_collect_running")
                raise Failed(f"all pipelines must be stopped to run garbage collection, pipeline: {name} is not")
