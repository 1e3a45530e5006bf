# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what a Pachyderm cluster has lost or changed, and what changes at every restore and is none of it (P23).

A restore makes these anew: when a repo was created, when old commits began and ended, the branch that a commit names, a
pipeline's salt and spec commit. Output repos may get a further commit. A newer release adds settings with defaults.
"""

from __future__ import annotations

import re
from typing import Any, Container, Dict, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access, dumped
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.dumped import left_out
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.outputs import cron_repos

Row = Mapping[str, Any]
Difference = Dict[str, str]
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?s")
_MOST = 5
_OF_REPOS = ("commits", "branches", "reads")
_SECTIONS = ("repos", "pipelines", "commits", "branches", "reads")
OUT, BACK, SINCE, SERVED = "out", "back", "since", "served"
# What clients that are served delete, move or change: no metadata was touched then that could have lost it.
_OWNERS = {
    "repo_gone", "description_changed", "commit_gone", "branch_gone", "head_changed", "pipeline_gone", "spec_changed",
    "pipeline_runs", "admins_changed", "access_changed",
}  # fmt: skip


def judged(before: Row, after: Row, clients: str, ran: Sequence[str] = ()) -> tuple[list[Difference], list[str]]:
    """What is lost, and notes of what clients may have done themselves.

    clients: `out`, they were shut out all the time; `back`, they have just been let in again, so that branches may
    have moved on; `since`, they have been served since the hop ended, and `ran` are the pipelines that were started
    again then, which rested for the inventory; `served`, they were served all the time.
    """
    rows = [{**row, "stopped": row["stopped"] and row["name"] not in ran} for row in before["pipelines"]]
    found = compare({**before, "pipelines": rows}, after, moving=clients != OUT)
    theirs = {SERVED: _OWNERS, SINCE: {"pipeline_runs", "admins_changed", "access_changed"}}.get(clients, set())
    notes = [
        f"{row['sentence']} Clients were served meanwhile: ask its owner." for row in found if row["key"] in theirs
    ]
    return [row for row in found if row["key"] not in theirs], [*left_out(before, after), *notes]


def compare(before: Row, after: Row, moving: bool = False) -> list[Difference]:
    """Nothing when all is as it was. Sections that `before` has not (releases before 1.7) are not compared.

    moving: whether any branch, and not that of an output alone, may have got further commits.
    """
    for section in _SECTIONS:
        if section in before and section not in after:
            raise UpliftError(f"The inventory taken now has no {section}; whether any is lost is unknown.")
    moves = {row["name"] for part in ("pipelines", *(["repos"] if moving else [])) for row in before[part]}
    moves |= cron_repos(before["pipelines"])
    anew = dumped.anew(before, after)
    known = {part: [row for row in before.get(part, []) if row["repo"] not in anew] for part in _OF_REPOS}
    held = {**before, **{part: rows for part, rows in known.items() if part in before}}
    return [
        *_repos(held, after),
        *_commits(held, after),
        *_branches(held, after, moves),
        *_pipelines(held, after),
        *_reads(held, after),
        *access.differences(before.get("auth", {}), after.get("auth", {})),
    ]


def _repos(before: Row, after: Row) -> Iterator[Difference]:
    now = {row["name"]: row for row in after["repos"]}
    for row in before["repos"]:
        name = row["name"]
        if name not in now:
            yield _difference("repo_gone", f"The repo {name} is gone")
        elif row["description"] and row["description"] != now[name]["description"]:
            said = f"{row['description']!r} and is {now[name]['description']!r}"
            yield _difference("description_changed", f"The description of the repo {name} was {said}")


def _commits(before: Row, after: Row) -> Iterator[Difference]:
    now = {(row["repo"], row["id"]): row for row in after.get("commits", [])}
    for row in before.get("commits", []):
        found = now.get((row["repo"], row["id"]))
        if not found:
            yield _difference("commit_gone", f"The commit {row['repo']}@{row['id']} is gone")
            continue
        parts = [part for part in ("parent", "size", "finished") if row[part] != found[part]]
        if parts:
            text = ", ".join(f"{part} {row[part]!r} is {found[part]!r}" for part in parts)
            yield _difference("commit_changed", f"The commit {row['repo']}@{row['id']} has changed ({text})")


def _branches(before: Row, after: Row, moves: Container[str]) -> Iterator[Difference]:
    now = {(row["repo"], row["name"]): row["head"] for row in after.get("branches", [])}
    for row in before.get("branches", []):
        place = f"{row['repo']}@{row['name']}"
        head = now.get((row["repo"], row["name"]))
        if head is None:
            yield _difference("branch_gone", f"The branch {place} is gone")
        elif head != row["head"] and not (row["repo"] in moves and _follows(after, row["repo"], head, row["head"])):
            yield _difference("head_changed", f"The branch {place} was at {row['head'] or 'nothing'} and is at {head}")


def _follows(after: Row, repo: str, head: str, old: str) -> bool:
    """Whether the old head is an ancestor: a pipeline that came back has begun one more commit."""
    parents = {row["id"]: row["parent"] for row in after["commits"] if row["repo"] == repo}
    while head and head != old:
        head = parents.get(head, "")
    return head == old


def _pipelines(before: Row, after: Row) -> Iterator[Difference]:
    now, settings = {row["name"]: row for row in after["pipelines"]}, dumped.settings(before, after)
    for row in before["pipelines"]:
        found = now.get(row["name"])
        if not found:
            yield _difference("pipeline_gone", f"The pipeline {row['name']} is gone")
            continue
        left_out = settings.get(row["name"], {})
        lost = sorted(changes(left_out, found["spec"]))
        if lost:
            said = "; ".join(lost[:_MOST])
            yield _difference("settings_lost", f"The pipeline {row['name']} lacks what the dump has left out ({said})")
        carried = {name: value for name, value in row["spec"].items() if name not in left_out}
        changed = sorted(changes(carried, found["spec"]))
        if changed:
            text = "; ".join(changed[:_MOST])
            yield _difference("spec_changed", f"The spec of the pipeline {row['name']} has changed ({text})")
        if row["stopped"] and not found["stopped"]:
            # P06: what 1.9.0 and older carried comes back running.
            yield _difference("pipeline_runs", f"The pipeline {row['name']} was stopped and runs")


def changes(was: Any, is_: Any, place: str = "") -> Iterator[str]:
    """What was asked for has to be there; what a newer release adds to it is a default of its own."""
    if isinstance(was, Mapping) and isinstance(is_, Mapping):
        for key, value in was.items():
            yield from changes(value, is_.get(key), f"{place}.{key}" if place else key)
    elif _plain(was) != _plain(is_) and (was or is_):
        yield f"{place} was {was!r} and is {is_!r}"


def _plain(value: Any) -> Any:
    """`30.000s` of older releases is the `30s` of later ones."""
    return float(value[:-1]) if isinstance(value, str) and _SECONDS.fullmatch(value) else value


def _reads(before: Row, after: Row) -> Iterator[Difference]:
    now = {(row["repo"], row["branch"]): row for row in after.get("reads", [])}
    heads = {(row["repo"], row["name"]): row["head"] for row in before.get("branches", [])}
    gone = {(row["repo"], row["id"]) for row in before.get("commits", [])}
    gone -= {(row["repo"], row["id"]) for row in after.get("commits", [])}
    for row in before.get("reads", []):
        place = f"{row['repo']}@{row['branch']}"
        found = now.get((row["repo"], row["branch"]))
        if row["error"] or found is None or (row["repo"], heads.get((row["repo"], row["branch"]))) in gone:
            continue  # what is gone is reported above
        if found["error"]:
            yield _difference("file_unreadable", f"No file of {place} can be read ({found['error']})")
        elif row["path"] and (row["path"], row["sha256"]) != (found["path"], found["sha256"]) and found["path"]:
            said = f"{row['sha256'][:12]} and {found['path']} is {found['sha256'][:12]}"
            yield _difference("file_changed", f"{place}:{row['path']} was {said}")


def _difference(key: str, sentence: str) -> Difference:
    return {"key": key, "sentence": f"{sentence}."}
