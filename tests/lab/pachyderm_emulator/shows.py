# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands that list repos, commits, branches and files."""

from __future__ import annotations

import base64
import hashlib
import sys

from .client import ask
from .pipelines import inputs
from .release import Uncaptured, V, proved
from .text import Row, ago, branch_of, dump_json, human, id_of, lasted, table


def repo_size(repo: Row) -> int:
    """Up to 1.7 what all its commits grew by, later what master shows: list_repo_raw, cron_list_repo_raw."""
    commits = {one["id"]: one for one in repo["commits"]}
    if V >= (1, 8, 0):
        return int(commits.get(repo["branches"].get("master", {}).get("head"), {"size": 0})["size"])
    return sum(one["grown"] for one in repo["commits"])


def list_repo(raw: bool) -> None:
    proved("list-repo --raw" if raw else "list-repo", *(RAW_REPOS if raw else TABLE_REPOS))
    repos = ask("list-repo")
    if raw:
        return dump_json([
            {
                "repo": {"name": one["name"]}, "created": one["created"],
                "provenance": old_provenance(one) if V < (1, 7, 0) else [], "sizeBytes": str(repo_size(one)),
                "description": one["description"],
                "branches": [branch_of(one["name"], name) for name in one["branches"]] if V >= (1, 7, 0) else [],
            }
            for one in repos
        ])  # fmt: skip
    head = ["NAME", "CREATED", "SIZE (MASTER)" if V >= (1, 8, 1) else "SIZE"]
    return table([head, *([one["name"], ago(one["created"]), human(repo_size(one))] for one in repos)])


RAW_REPOS = ("list_repo_raw", "list_repo_raw_migrated", "rich_list_repo_raw", "cron_list_repo_raw")
TABLE_REPOS = ("list_repo", "rich_list_repo", "rich_list_repo_migrated", "stats_list_repo", "list_repo_not_migrated",
               "list_repo_started_on_1_7_14", "list_repo_started_on_1_8_8")  # fmt: skip


def old_provenance(repo: Row) -> list[dict[str, str]]:
    """Up to 1.6 of repos, later of branches."""
    pipelines = {one["spec"]["pipeline"]["name"]: one["spec"].get("input") for one in ask("list-pipeline")}
    return [{"name": name} for name, _branch in inputs(pipelines.get(repo["name"]))]


def inspect_repo(repo: str) -> None:
    proved("inspect-repo", "rich_inspect_repo", "rich_inspect_repo_migrated")
    one = ask("inspect-repo", repo=repo)
    words = f"Description: {one['description']}\n" if one["description"] else ""
    print(f"Name: {one['name']}\n{words}Created: {ago(one['created'])}\nSize: {human(repo_size(one))}")


def list_commit(repo: str, raw: bool) -> None:
    cases = ("list_commit_raw", "provenance_list_commit_raw", "rich_list_commit_raw", "rich_list_commit_raw_migrated")
    tables = ("list_commit", "cron_list_commit", "rich_list_commit", "rich_list_commit_migrated")
    proved("list-commit --raw" if raw else "list-commit", *(cases if raw else tables))
    listed = ask("list-commit", repo=repo)
    if raw:
        return dump_json([commit_json(repo, one, listed) for one in listed])
    rows = [["REPO", "ID" if V < (1, 8, 1) else "COMMIT", "PARENT", "STARTED", "DURATION", "SIZE"]]
    for one in listed:
        size = human(one["size"]) if one["finished"] else "-"
        rows.append([repo, one["id"], one["parent"] or "<none>", ago(one["started"]), lasted(one), size])
    if V >= (1, 9, 0):
        branches = ["BRANCH", *(one["branch"] or "<none>" for one in listed)]
        rows = [[row[0], branch, *row[1:]] for row, branch in zip(rows, branches, strict=True)]
    return table(rows)


def commit_json(repo: str, one: Row, listed: list[Row]) -> Row:
    """provenance_list_commit_raw_output of each release: from 1.9 a commit and its branch together."""
    later = V >= (1, 9, 0)
    provenance = [id_of(name, held) for name, _branch, held in one["provenance"]]
    pairs = [branch_of(name, branch) for name, branch, _held in one["provenance"]]
    if later:
        both = zip(provenance, pairs, strict=True)
        provenance, pairs = [{"commit": commit, "branch": branch} for commit, branch in both], []
    children = [id_of(repo, child["id"]) for child in reversed(listed) if child["parent"] == one["id"]]
    return {
        "commit": id_of(repo, one["id"]),
        "branch": branch_of(repo, one["branch"]) if later and one["branch"] else None,
        "origin": ({"kind": "AUTO"} if one["provenance"] else {}) if later else None,
        "description": one["description"],
        "parentCommit": id_of(repo, one["parent"]) if one["parent"] else None,
        "childCommits": children if V >= (1, 7, 0) else [],
        "started": one["started"], "finished": one["finished"], "sizeBytes": str(one["size"]),
        "provenance": provenance, "branchProvenance": pairs, "tree": {"hash": one["tree"]} if one["tree"] else None,
        "trees": one["trees"], "datums": one["datums"],
    }  # fmt: skip


def inspect_commit(repo: str, commit: str, raw: bool) -> None:
    if raw:
        proved("inspect-commit --raw", "updated_inspect_commit_raw", "worker_inspect_commit_raw")
        listed = ask("list-commit", repo=repo)
        one = ask("inspect-commit", repo=repo, commit=commit)
        return dump_json([commit_json(repo, one, listed)])
    proved("inspect-commit", "worker_inspect_commit", "message_inspect_commit")
    one = ask("inspect-commit", repo=repo, commit=commit)
    lines = [f"Commit: {repo}/{one['id']}"]
    lines += [f"Description: {one['description']}"] if one["description"] else []
    lines += [f"Started: {ago(one['started'])}", f"Finished: {ago(one['finished'])}", f"Size: {human(one['size'])}"]
    if one["provenance"]:
        lines.append("Provenance: " + "".join(f" {name}/{held} " for name, _branch, held in one["provenance"]))
    print("\n".join(lines))


def list_branch(repo: str, raw: bool) -> None:
    cases = ("list_branch_raw", "provenance_list_branch_raw", "rich_list_branch_raw", "rich_list_branch_raw_migrated")
    tables = ("list_branch", "rich_list_branch", "rich_list_branch_migrated")
    proved("list-branch --raw" if raw else "list-branch", *(cases if raw else tables))
    listed = ask("list-branch", repo=repo)
    if not raw:
        return table([["BRANCH", "HEAD"], *([one["name"], one["head"] or "-"] for one in listed)])
    return dump_json([
        {
            "branch": branch_of(repo, one["name"]) if V >= (1, 7, 0) else None,
            "head": id_of(repo, one["head"]) if one["head"] else None,
            "provenance": [branch_of(*pair) for pair in one["provenance"]],
            "subvenance": [branch_of(*pair) for pair in one["subvenance"]],
            "directProvenance": [branch_of(*pair) for pair in one["direct"]],
            "name": one["name"],
        }
        for one in listed
    ])  # fmt: skip


def list_file(repo: str, commit: str, path: str, raw: bool) -> None:
    cases = ("list_file_raw", "worker_list_file_raw", "rich_list_file_raw", "rich_list_file_raw_migrated")
    proved("list-file --raw" if raw else "list-file", *(cases if raw else ("list_file_table", "cron_list_file")))
    found = ask("list-file", repo=repo, commit=commit, path=path)
    if found is None:
        return None
    of, files = found["of"], found["files"]
    if found["hand"] and not raw:
        raise Uncaptured("the table of an output that was finished by hand")
    if not of["tree"] and not of["trees"]:
        proved("list-file where there is no tree", "updated_list_file", "failed_list_file")
    if raw:
        # 1.7 gives back the words it was asked with; the slash goes there, too.
        old = (1, 7, 0) <= V < (1, 8, 0)
        dump_json([
            {
                "file": {
                    "commit": id_of(repo, commit if old else found["id"]),
                    "path": name.lstrip("/") if old else name,
                },
                "fileType": kind, "sizeBytes": str(size), "committed": of["finished"] if V >= (1, 8, 1) else None,
                "hash": base64.b64encode(hashlib.sha256(held.encode()).digest()).decode(),
            }
            for name, (kind, size, held) in files.items()
        ])  # fmt: skip
        if V >= (1, 7, 0):
            return None  # rich_list_file_raw: before, the table comes as well
    rows = [[name, kind.lower(), human(size)] for name, (kind, size, _held) in files.items()]
    if (1, 8, 1) <= V < (1, 9, 0):
        wide = [[found["id"], name, kind, ago(of["finished"]), size] for name, kind, size in rows]
        return table([["COMMIT", "NAME", "TYPE", "COMMITTED", "SIZE"], *wide])
    names = [[row[0].lstrip("/") if (1, 7, 0) <= V < (1, 8, 0) else row[0], *row[1:]] for row in rows]
    return table([["NAME", "TYPE", "SIZE"], *names])


def get_file(repo: str, commit: str, path: str) -> None:
    proved("get-file", "get_file_missing", "worker_get_file", "names_renamed_get_file", "rich_list_file_raw",
           "rich_list_file_raw_migrated")  # fmt: skip
    sys.stdout.buffer.write(base64.b64decode(ask("get-file", repo=repo, commit=commit, path="/" + path.lstrip("/"))))
