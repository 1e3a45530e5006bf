# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server tells of what it holds.

state: {"layout", "id", "tags": {tag: object}, "jobs": [newest last], "repos": {name: repo}, "pipelines": {name: ...}}
repo: {"created", "description", "branches": {name: {"head", "direct": [[repo, branch]]}}, "commits": [oldest first]}
commit: {"id", "parent", "branch", "description", "started", "finished", "size", "tree", "trees", "datums",
         "files": {path: [object, size] or None}, "provenance": [[repo, branch, commit]]}
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from .release import CAMEL, DASHED, Failed, Panic, V, proved
from .store import Store, tree_layout

LENGTH = "runtime error: makeslice: len out of range"
SETTLES = 1.0  # seconds in which a stopped pipeline still says that it runs
KEYS = "pachyderm/1.7.0/pachyderm_pfs/{}" if V < (1, 9, 0) else "/pachyderm_pfs/{}"
Made = dict[str, Any]


class Reading:
    def __init__(self, store: Store) -> None:
        self.store, self.state = store, store.load()
        commits = [one for held in self.state["repos"].values() for one in held["commits"]]
        # The number of the transaction.
        self.turn = max([0, *(one["turn"] for one in commits)])

    def version(self) -> str:
        return ".".join(map(str, V))

    def inspect_cluster(self) -> str:
        return str(self.state["id"])

    def repo(self, name: str) -> Made:
        if name not in self.state["repos"]:
            proved(f"asking for {name}, a repo that is not there,", "list_commit_unknown_repo")
            raise Failed(f"{KEYS.format('repos')}/ {name} not found")
        found: Made = self.state["repos"][name]
        return found

    def branches(self, repo: str) -> dict[str, Made]:
        found: dict[str, Made] = self.state["repos"].get(repo, {}).get("branches", {})
        return found

    def resolve(self, repo: str, name: str) -> Made | None:
        """The commit of that id, or the head of that branch."""
        expected = self.branches(repo).get(name, {}).get("head") or name
        for one in self.state["repos"].get(repo, {}).get("commits", []):
            if one["id"] == expected:
                found: Made = one
                return found
        return None

    def commit(self, repo: str, name: str) -> Made:
        if found := self.resolve(repo, name):
            return found
        proved(f"asking for {repo}@{name}, a branch that is not there,", "get_file_unknown_branch")
        gap = "/" if DASHED else "/ "
        raise Failed(f"{KEYS.format('branches')}/{repo}{gap}{name} not found")

    def full(self, repo: str, branch: str) -> list[list[str]]:
        """The branch's provenance, and what that comes from."""
        found: list[list[str]] = []
        waiting = list(self.branches(repo).get(branch, {}).get("direct", []))
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.append(one)
                waiting += self.branches(one[0]).get(one[1], {}).get("direct", [])
        return sorted(found)

    def tree(self, commit: Made) -> dict[str, Any]:
        """path -> [object, size]. A worker of 1.8 leaves it in `trees`: 1.8.8/worker_list_commit_raw.

        trap P30: a newer server falls over an older tree, 1.8.0/list_repo_started_on_1_7_14.
        """
        name = commit["tree"] or next((one["hash"] for one in commit["trees"]), "")
        if not name:
            return {}
        held = json.loads(self.store.get(name))
        if held["layout"] != tree_layout():
            proved("reading a tree of 1.7", "list_repo_started_on_1_7_14", "restore_from_1_7_14_full")
            raise Panic(LENGTH)
        found: dict[str, Any] = held["files"]
        return found

    def list_repo(self) -> list[Made]:
        self.migrated("unexpected EOF", "list_repo_not_migrated")
        return [{"name": name, **held} for name, held in reversed(self.state["repos"].items())]

    def migrated(self, said: str, case: str) -> None:
        """1.5 on metadata of 1.4: what it says differs with what is asked."""
        if self.state["layout"] == "1.4" and V >= (1, 5, 0):
            proved("asking 1.4's metadata", case)
            raise Failed(said)

    def list_commit(self, repo: str) -> list[Made]:
        self.migrated("proto: wrong wireType = 0 for field Provenance", "rich_list_commit_raw_not_migrated")
        return self.newest(self.repo(repo)["commits"])

    @staticmethod
    def newest(commits: list[Made]) -> list[Made]:
        """First; of what one transaction made, the earlier (by chance of ids): 1.8.8/stats_list_commit_raw_statsy."""
        return sorted(commits, key=lambda one: -one["turn"])

    def inspect_repo(self, repo: str) -> Made:
        self.migrated("proto: wrong wireType = 0 for field Provenance", "rich_inspect_repo_not_migrated")
        return {"name": repo, **self.repo(repo)}

    def inspect_commit(self, repo: str, commit: str) -> Made:
        return self.commit(repo, commit)

    def list_branch(self, repo: str) -> list[Made]:
        """Of a repo that is not there, none: list_branch_unknown_repo."""
        self.migrated("unexpected EOF", "rich_list_branch_not_migrated")
        if repo not in self.state["repos"]:
            proved("list-branch of a repo that is not there", "list_branch_unknown_repo")
        return [
            {"name": name, **held, "provenance": self.full(repo, name), "subvenance": self.fed(repo, name)}
            for name, held in reversed(self.branches(repo).items())
        ]

    def fed(self, repo: str, branch: str) -> list[list[str]]:
        """Every branch that comes from this one."""
        known = [(name, label) for name in self.state["repos"] for label in self.branches(name)]
        return sorted([*one] for one in known if [repo, branch] in self.full(*one))

    def settled(self, one: Made) -> Made:
        """trap P14: stopping takes its time. 1.8.8/settings_list_pipeline_raw: a bad patch keeps it from starting."""
        paused = one["stopped"] and time.time() - one["since"] > SETTLES
        state = "PIPELINE_PAUSED" if paused else "PIPELINE_STARTING" if "pod_patch" in one["spec"] else ""
        jobs = [job["state"] for job in self.state["jobs"] if job["pipeline"] == one["spec"]["pipeline"]["name"]]
        return {**one, "state": state or "PIPELINE_RUNNING", "jobs": jobs}

    def list_pipeline(self) -> list[Made]:
        field = "6 for field CreatedAt" if self.state["jobs"] else "1 for field State"
        cases = ("rich_list_pipeline_raw_not_migrated", "list_pipeline_not_migrated")
        self.migrated(f"proto: wrong wireType = {field}", cases[not self.state["jobs"]])
        return [self.settled(one) for one in reversed(self.state["pipelines"].values())]

    def inspect_pipeline(self, name: str) -> Made:
        if name not in self.state["pipelines"]:
            proved("inspect-pipeline of one that is not there", "inspect_pipeline_unknown")
        return self.settled(self.state["pipelines"][name])

    def list_job(self) -> list[Made]:
        self.migrated("proto: wrong wireType = 2 for field PipelineVersion", "rich_list_job_raw_not_migrated")
        return list(reversed(self.state["jobs"]))

    def list_file(self, repo: str, commit: str, path: str) -> Made | None:
        """None is for an answer without a word and without an error: list_file_unknown_branch of 1.7 and 1.8."""
        found = self.resolve(repo, commit)
        if not found:
            what = "branch" if repo in self.state["repos"] else "repo"
            what = "commit" if what == "branch" and len(commit) == 32 else what
            proved(f"list-file of a {what} that is not there", f"list_file_unknown_{what}")
            if DASHED:
                return None
            raise Failed(f"/pachyderm_pfs/branches/{repo}/ {commit} not found")
        if not found["finished"]:
            proved("list-file of an open commit", "list_file_open")
        files = self.tree_or_none(found)
        if files is None:
            return None
        # The captures' README: before 1.9 no files are listed of an output that was finished by hand.
        hand = DASHED and bool(found["provenance"]) and bool(found["tree"]) and not found.get("worker")
        return {"id": found["id"], "files": {} if hand else self.shown(files, path), "of": found, "hand": hand}

    def tree_or_none(self, commit: Made) -> dict[str, Any] | None:
        """Up to 1.8 an object that is gone leaves nothing to say either: 1.7.14/list_file_missing_object."""
        try:
            files = self.tree(commit)
            for held, _size in files.values():
                self.store.get(held)
        except Failed:
            proved("list-file where an object is gone", "list_file_missing_object")
            if CAMEL or DASHED:
                return None
            raise
        return files

    def shown(self, files: dict[str, Any], path: str) -> dict[str, Any]:
        prefix = path.rstrip("/") + "/"
        found: dict[str, Any] = {}
        for name, (held, size) in sorted(files.items()):
            if name.startswith(prefix):
                part = prefix + name[len(prefix) :].split("/")[0]
                kind = "FILE" if part == name else "DIR"
                found[part] = [kind, size + found.get(part, ["", 0])[1], held]
        return found

    def get_file(self, repo: str, commit: str, path: str) -> str:
        found = self.commit(repo, commit)
        if not found["finished"]:
            if not found["provenance"]:
                proved("get-file from an open commit that nobody computes", "get_file_open_input")
            proved("get-file from an open output commit", "get_file_missing_output")
            old = "cannot read from an open commit"
            raise Failed(old if V < (1, 8, 0) else f"output commit {found['id']} not finished")
        files = self.tree(found)
        if path in files:
            if not (self.store.objects / files[path][0]).exists():
                proved("get-file of an object that is gone", "list_file_missing_object")
            return base64.b64encode(self.store.get(files[path][0])).decode()
        if not found["tree"]:
            proved("get-file where there is no tree", "updated_get_file", "failed_get_file")
            if not CAMEL:
                raise Failed(f"no file(s) found that match {path}")
        proved("get-file of a file that is not there", "get_file_missing")
        raise Failed(f'file "{path}" not found')
