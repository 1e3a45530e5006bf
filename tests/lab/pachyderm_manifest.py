# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Pachyderm cluster holds, as its own command line tells it, and how that differs from before. Pure but for I/O.

facts: {"repos": {name: {description, output, branches: {name: head}, commits: {id: {parent, size, finished}}}},
        "pipelines": {name: {stopped, spec}}}
files: [{"repo": ..., "branch": ..., "commit": ..., "path": ..., "size": ..., "sha256": ...}]
"""

from __future__ import annotations

import re
from typing import Any

from tests.lab.manifest import FILE, load
from tests.lab.pachyderm_forms import objects
from tests.lab.proc import LabError

__all__ = ["FILE", "commits", "differences", "facts", "load", "summary"]

# A pipeline's own life, and what a release fills in by itself: neither is what somebody asked for.
LIVED = {
    "created_at", "state", "stopped", "version", "salt", "spec_commit", "job_counts", "last_job_state", "reason",
    "recent_error", "reprocess_spec", "workers_requested", "workers_available", "id",
}  # fmt: skip


def snake(thing: Any) -> Any:
    """trap P33: the same keys in camelCase or snake_case, by release; and `atom` is what `pfs` was called."""
    if isinstance(thing, list):
        return [snake(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    names = {key: re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found[1].lower(), key) for key in thing}
    return {"pfs" if names[key] == "atom" else names[key]: snake(value) for key, value in thing.items()}


def commits(raw: str) -> dict[str, dict[str, Any]]:
    """Newest first, as listed."""
    return {
        one["commit"]["id"]: {
            "parent": one.get("parent_commit", {}).get("id", ""),
            "size": int(one.get("size_bytes", 0)),
            "finished": "finished" in one,
        }
        for one in map(snake, objects(raw))
    }


def branches(raw: str) -> dict[str, str]:
    listed = [snake(one) for one in objects(raw)]
    return {one.get("name") or one["branch"]["name"]: one.get("head", {}).get("id", "") for one in listed}


def pipelines(raw: str) -> dict[str, dict[str, Any]]:
    return {
        one["pipeline"]["name"]: {
            "stopped": one.get("stopped", False) or one.get("state") == "PIPELINE_PAUSED",
            "spec": {key: value for key, value in one.items() if key not in LIVED},
        }
        for one in map(snake, objects(raw))
    }


def facts(repos: str, listed: str, each: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """`each`: repo -> what listing its branches and its commits gave."""
    known = pipelines(listed)
    return {
        "repos": {
            one["repo"]["name"]: {
                "description": one.get("description", ""),
                "output": one["repo"]["name"] in known,
                "branches": branches(each[one["repo"]["name"]][0]),
                "commits": commits(each[one["repo"]["name"]][1]),
            }
            for one in map(snake, objects(repos))
        },
        "pipelines": known,
    }


def repo_differences(name: str, was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """An output repo may get more commits and move on: a started pipeline opens one (trap P34)."""
    found = []
    if was["description"] != now["description"]:
        found.append(f"repo {name}: description was {was['description']!r}, is {now['description']!r}")
    for branch, head in was["branches"].items():
        seen = now["branches"].get(branch)
        if seen != head and not (was["output"] and seen):
            found.append(f"repo {name}: head of {branch} was {head}, is {seen}")
    for commit, held in was["commits"].items():
        seen_commit = now["commits"].get(commit)
        if seen_commit is None:
            found.append(f"repo {name}: commit {commit} is gone")
        elif seen_commit != held:
            found.append(f"repo {name}: commit {commit} was {held}, is {seen_commit}")
    more = [] if was["output"] else sorted({*now["branches"], *now["commits"]} - {*was["branches"], *was["commits"]})
    return found + [f"repo {name}: {one} was not there before" for one in more]


def expected(before: dict[str, Any], odd: dict[str, Any], series: tuple[int, int]) -> dict[str, Any]:
    """What has to be there once a dump was restored: without what none carries, which a finding had told before.

    odd: {"series": of the release before, "anew": repos whose output is computed again, "lost": {pipeline: settings}}
    """
    if not odd or tuple(odd["series"]) == series:
        return before
    repos = {
        name: {**held, "anew": True, "branches": {}, "commits": {}} if name in odd["anew"] else held
        for name, held in before["repos"].items()
    }
    pipes = {
        name: {**held, "spec": {key: one for key, one in held["spec"].items() if key not in odd["lost"].get(name, ())}}
        for name, held in before["pipelines"].items()
    }
    return {"repos": repos, "pipelines": pipes}


def left(spec: dict[str, Any]) -> dict[str, Any]:
    """datum_tries has a default, which is there when nobody has set it."""
    return {key: value for key, value in spec.items() if (key, value) != ("datum_tries", "3")}


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Sentences; empty when everything that was there is there, as it was."""
    found = []
    for kind in ("repos", "pipelines"):
        found += [f"{kind[:-1]} {name} is gone" for name in sorted(set(before[kind]) - set(now[kind]))]
        found += [f"{kind[:-1]} {name} was not there before" for name in sorted(set(now[kind]) - set(before[kind]))]
    for name in sorted(set(before["repos"]) & set(now["repos"])):
        found += repo_differences(name, before["repos"][name], now["repos"][name])
    for name in sorted(set(before["pipelines"]) & set(now["pipelines"])):
        was, seen = before["pipelines"][name], now["pipelines"][name]
        if was["stopped"] != seen["stopped"]:
            words = {True: "stopped", False: "running"}
            found.append(f"pipeline {name} was {words[was['stopped']]}, is {words[seen['stopped']]}")
        then, today = left(was["spec"]), left(seen["spec"])
        for key in sorted(set(then) | set(today)):
            if then.get(key) != today.get(key):
                found.append(f"pipeline {name}: {key} was {then.get(key)!r}, is {today.get(key)!r}")
    return found


def summary(manifest: dict[str, Any]) -> str:
    repos, held = manifest["facts"]["repos"], manifest["facts"]["pipelines"]
    if not repos:
        raise LabError("the manifest holds no repos")
    return (
        f"{len(repos)} repos, {sum(len(one['branches']) for one in repos.values())} branches,"
        f" {sum(len(one['commits']) for one in repos.values())} commits, {len(held)} pipelines"
        f" ({sum(one['stopped'] for one in held.values())} stopped), {len(manifest['files'])} files"
    )
