# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to repos, branches and commits, and what a new commit brings about in the branches that come from it."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any

from .reading import Made, Reading
from .release import Failed, Uncaptured, V, proved
from .store import now, tree_layout

NAME = "[a-zA-Z0-9_-]+"
ONLY = "only alphanumeric characters, underscores, and dashes are allowed"
SPECS = "__spec__"


def bad_name(name: str) -> str:
    return f"name ({name}) invalid: {ONLY}"


class Commits(Reading):
    # -- repos and branches

    def create_repo(self, name: str, description: str) -> None:
        if not re.fullmatch(NAME, name):
            proved("create-repo with such a name", "create_repo_dot")
            raise Failed(("" if V >= (1, 9, 0) else "repo ") + bad_name(name))
        if name in self.state["repos"]:
            proved("create-repo of one that is there", "create_repo_exists")
            raise Failed(f'cannot create "{name}" as it already exists')
        self.state["repos"][name] = {"created": now(), "description": description, "branches": {}, "commits": []}

    def delete_repo(self, name: str) -> None:
        for branch in self.repo(name)["branches"]:
            if fed := self.fed(name, branch):
                proved("delete-repo of one that is read", "delete_repo_provenance")
                listed = "".join(f'repo:<name:"{one}" > name:"{label}" ' for one, label in fed)
                said = f'delete branch repo:<name:"{name}" > name:"{branch}" : branch {branch} has [{listed}] as'
                raise Failed(f"{said} subvenance, deleting it would break those branches")
        proved("delete-repo", "bare_extract")
        del self.state["repos"][name]

    def known_name(self, branch: str) -> None:
        """trap P40."""
        if V >= (1, 9, 0) and not re.fullmatch(NAME, branch):
            proved("a branch with such a name", "names_create_branch_dot")
            raise Failed(bad_name(branch))

    def create_branch(self, repo: str, branch: str, head: str, provenance: list[list[str]]) -> None:
        """trap P41: with a head and nothing else it takes the provenance away, stats_create_branch_head."""
        self.known_name(branch)
        self.repo(repo)
        if provenance:
            proved("create-branch with a provenance", "stats_list_branch_raw_derived")
        proved("create-branch", "create_branch_empty", "create_branch_head")
        self.set_branch(repo, branch, self.commit(repo, head)["id"] if head else "", provenance)

    def set_branch(self, repo: str, branch: str, head: str, provenance: list[list[str]]) -> None:
        held = self.branches(repo).setdefault(branch, {"head": "", "direct": []})
        moved = bool(head) and head != held["head"]
        held.update(head=head or held["head"], direct=provenance)
        if moved:
            self.propagate(repo, branch)
        if provenance:
            self.compute(repo, branch)

    def delete_branch(self, repo: str, branch: str) -> None:
        if branch not in self.repo(repo)["branches"] or self.fed(repo, branch):
            proved("delete-branch of one that is read or is not there", "delete_branch_provenance")
        proved("delete-branch", "delete_branch")
        if self.branches(repo)[branch]["direct"]:
            proved("delete-branch of one with a provenance", "stats_delete_branch")
        del self.branches(repo)[branch]

    def delete_commit(self, repo: str, commit: str) -> None:
        found = self.commit(repo, commit)
        if not found["provenance"]:
            proved("delete-commit of one that somebody loaded", "delete_commit")
        proved("delete-commit of an output", "delete_commit_output")
        words = "" if V >= (1, 9, 0) else "error rewriting commit graph: "
        raise Failed(f'{words}cannot delete the commit "{repo}/{found["id"]}" because it has non-empty provenance')

    # -- commits

    def new_commit(self, repo: str, branch: str, parent: str, number: str = "") -> Made:
        made: Made = {
            "id": number or uuid.uuid4().hex, "parent": parent, "branch": branch, "description": "", "started": now(),
            "finished": "", "size": 0, "grown": 0, "turn": self.turn,
            "tree": "", "trees": [], "datums": None, "files": {}, "provenance": [],
        }  # fmt: skip
        held = self.state["repos"][repo]
        held["commits"].append(made)
        if branch:
            held["branches"].setdefault(branch, {"head": "", "direct": []})["head"] = made["id"]
        return made

    def start_commit(self, repo: str, branch: str, parent: str = "", description: str = "") -> str:
        self.known_name(branch)
        held = self.repo(repo)["branches"].get(branch, {"head": "", "direct": []})
        if held["direct"]:
            proved("start-commit on an output branch", "start_commit_output_branch")
            raise Failed("cannot start a commit on an output branch")
        above = self.commit(repo, parent)["id"] if parent else held["head"]
        if above and not self.commit(repo, above)["finished"]:
            proved("start-commit on an open one", "start_commit_open")
        if description:
            proved("start-commit with a message", "start_commit_message")
        made = self.new_commit(repo, branch, above)
        made["description"] = description
        self.propagate(repo, branch)
        return str(made["id"])

    def opened(self, repo: str, branch: str) -> tuple[Made, bool]:
        """The open commit to write to, and whether it has been made for this call."""
        found = self.resolve(repo, branch)
        if found and not found["finished"]:
            if found["provenance"]:
                proved("writing to an output commit", "put_file_output_branch")
            return found, False
        if found and (found["id"] == branch or self.branches(repo)[branch]["direct"]):
            raise Uncaptured(f"writing to {repo}@{branch}, which is finished,")
        return self.commit(repo, self.start_commit(repo, branch)), True

    def put_file(self, repo: str, branch: str, files: dict[str, str]) -> None:
        self.repo(repo)
        commit, alone = self.opened(repo, branch)
        for path, data in files.items():
            raw = base64.b64decode(data)
            commit["files"][path] = [self.store.put(raw), len(raw)]
        if alone:
            self.close(repo, commit)

    def delete_file(self, repo: str, branch: str, path: str) -> None:
        proved("delete-file", "delete_file")
        commit, alone = self.opened(repo, branch)
        commit["files"][path] = None
        if alone:
            self.close(repo, commit)

    def finish_commit(self, repo: str, branch: str, description: str = "") -> None:
        commit = self.commit(repo, branch)
        if commit["finished"]:
            proved("finish-commit of a finished one", "finish_commit_finished")
            raise Failed(f"commit {commit['id']} in repo {repo} has already finished")
        if description:
            proved("finish-commit with a message", "message_list_commit_raw")
            commit["description"] = description
        self.close(repo, commit)

    def close(self, repo: str, commit: Made) -> None:
        """By hand: a commit has a `tree`, of whatever release. Only a worker's differs."""
        above = self.tree(self.commit(repo, commit["parent"])) if commit["parent"] else {}
        changed = {**above, **commit["files"]}
        files = {path: held for path, held in changed.items() if held}
        grown = sum(held[1] for held in commit["files"].values() if held)
        commit.update(tree=self.kept_tree(files), size=total(files), grown=grown, finished=now(), files={})
        if V < (1, 7, 0):  # rich_list_repo: what was changed last is listed first
            self.state["repos"][repo] = self.state["repos"].pop(repo)

    def kept_tree(self, files: dict[str, Any]) -> str:
        return self.store.put(json.dumps({"layout": tree_layout(), "files": files}).encode())

    # -- what comes of it

    def propagate(self, repo: str, branch: str) -> None:
        """An open commit on each branch that comes from this one, those first that the others come from in turn."""
        for one, label in sorted(self.fed(repo, branch), key=lambda pair: len(self.full(*pair))):
            self.compute(one, label)

    def compute(self, repo: str, branch: str, parent: bool = True) -> None:
        """Of whatever inputs have a head by now: 1.9.0/stats_deleted_list_commit_raw_from_1_8_8.

        The spec alone is none: 1.8.8/settings_spout_list_commit_raw. Before 1.7 it is the job that opens one.
        """
        if V < (1, 7, 0):
            return
        heads = [[one, label, self.head(one, label)] for one, label in self.full(repo, branch)]
        found = [one for one in heads if one[2]]
        if not any(one[0] != SPECS for one in found):
            return
        made = self.new_commit(repo, branch, self.branches(repo)[branch]["head"] if parent else "")
        made["provenance"] = found

    def head(self, repo: str, branch: str) -> str:
        if repo == SPECS:
            return str(self.state["pipelines"][branch]["spec_commit"])
        return str(self.branches(repo).get(branch, {}).get("head", ""))


def total(files: dict[str, Any]) -> int:
    return sum(size for _held, size in files.values())
