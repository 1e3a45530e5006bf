# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The last look before anything is thrown away: is the dump still of all that the cluster holds?"""

from __future__ import annotations

import os
from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dial, inventory
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.extract import manifest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import (
    connected,
    demand_cluster,
)

Listed = Mapping[str, Any]
_MOST = 8  # sentences that are shown; a cluster that was written to for a day has many
AGAIN = "Nothing was thrown away. Run the same command again: the dump is taken again."
LATE = (
    "Nothing was thrown away. Go back with the playbook uplift.datastores.pachyderm_rollback, which loses nothing now,"
    " and begin again."
)


def since(before: Listed, now: Listed) -> list[str]:
    """Pure: what came, went or changed between two listings of a cluster that should have been at rest.

    Each is a sentence without its full stop. Nothing is excused: whatever came is not in the dump.
    """
    return [
        *_rows("The repo {}", _repos(before), _repos(now)),
        *_commits(before, now),
        *_rows("The branch {}", _heads(before), _heads(now)),
        *_rows("The pipeline {}", _states(before), _states(now)),
        *_specs(before, now),
    ]


def miscounted(known: Listed, now: Listed) -> list[str]:
    """Pure: where the manifest's count and the cluster's differ, both as `tally` makes them."""
    pairs = [("branches", known["branches"], now["branches"])]
    pairs += [("pipelines", len(known["pipelines"]), len(now["pipelines"]))]
    repos = sorted({*known["commits"], *now["commits"]})
    pairs += [(f"commits of {repo}", known["commits"].get(repo, 0), now["commits"].get(repo, 0)) for repo in repos]
    found = [f"The dump was made of {was} {what}, and the cluster has {is_}" for what, was, is_ in pairs if was != is_]
    others = known["ids"] != now["ids"] or known["pipelines"] != now["pipelines"]
    return found or (["The dump has as many commits and pipelines as the cluster, but others"] if others else [])


def refusal(dump: str, differences: list[str], instead: str = AGAIN) -> str:
    """Pure: the sentence that stops the operation; "" when the dump is of all that there is."""
    if not differences:
        return ""
    more = f"; and {len(differences) - _MOST} more" if len(differences) > _MOST else ""
    return f"The cluster is not what the dump {dump} was made of: {'; '.join(differences[:_MOST])}{more}. {instead}"


def _repos(listed: Listed) -> dict[str, str]:
    """Before 1.7 the size alone tells of commits; where commits are listed they do."""
    sizes = "commits" not in listed
    return {row["name"]: f"of {row['size']} bytes" if sizes else "" for row in listed["repos"]}


def _heads(listed: Listed) -> dict[str, str]:
    branches = listed.get("branches", [])
    return {f"{row['repo']}@{row['name']}": f"at {row['head'] or 'no commit'}" for row in branches}


def _states(listed: Listed) -> dict[str, str]:
    return {row["name"]: "stopped" if row["stopped"] else "running" for row in listed["pipelines"]}


def _rows(what: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*before, *now}):
        if name not in before:
            yield f"{what.format(name)} came"
        elif name not in now:
            yield f"{what.format(name)} is gone"
        elif before[name] != now[name]:
            yield f"{what.format(name)} was {before[name]} and is {now[name]}"


def _specs(before: Listed, now: Listed) -> Iterator[str]:
    was = {row["name"]: row["spec"] for row in before["pipelines"]}
    for row in now["pipelines"]:
        if was.get(row["name"], row["spec"]) != row["spec"]:
            yield f"The spec of the pipeline {row['name']} has changed"


def _commits(before: Listed, now: Listed) -> Iterator[str]:
    was, is_ = _ids(before), _ids(now)
    for repo in sorted({*was, *is_}):
        came, gone = sorted(is_.get(repo, set()) - was.get(repo, set())), was.get(repo, set()) - is_.get(repo, set())
        if came:
            yield f"{len(came)} commits of {repo} came ({', '.join(one[:12] for one in came[:3])})"
        if gone:
            yield f"{len(gone)} commits of {repo} are gone"
    for row in now.get("commits", []):
        if not row["finished"]:
            yield f"The commit {row['repo']}@{row['id']} is open"


def _ids(listed: Listed) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in listed.get("commits", []):
        found.setdefault(row["repo"], set()).add(row["id"])
    return found


def _whole(dump: str, cluster: str, instead: str) -> dict[str, Any]:
    """The manifest of a dump that is there, untouched since it was counted, and of this cluster."""
    known = manifest(dump)
    if not known or not os.path.exists(dump):
        raise UpliftError(f"There is no dump with a manifest at {dump}; expected the one that was taken. {instead}")
    seen, expected = files.sha256_of(dump), known["contents"]["sha256"]
    if seen != expected:
        raise UpliftError(f"The dump {dump} has the SHA-256 {seen}; its manifest wants {expected}. {instead}")
    if known.get("cluster", "") != cluster:
        raise UpliftError(
            f"The dump {dump} is of the cluster {known.get('cluster') or 'without an id'}; the one that answers is"
            f" {cluster or 'without an id'}. Correct pachyderm_address, or pachyderm_backup_dir. Nothing was thrown"
            " away."
        )
    return known


def run(runner: Runner, params: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """What `pachyderm_recount` does."""
    instead = LATE if params["late"] else AGAIN
    result = {"changed": False, "dump": params["dump"], "asked": True, "counts": {}, "cluster": "", "sha256": ""}
    if params["tolerant"]:
        try:
            dial.reachable(dial.of(params))
        except dial.Unreachable:
            return {**result, "asked": False}
    with connected(runner, params) as pachctl:
        demand_cluster(pachctl, params["cluster"])
        cluster = pachctl.cluster()
        progress.say(0, 0, f"comparing {params['dump']} with its manifest")
        known = _whole(params["dump"], cluster, instead)
        progress.say(0, 0, "counting the cluster again")
        listed = inventory.listings(pachctl)
    counted = inventory.tally(listed)
    differences = since(inventory.read(params["inventory"]), listed)
    wrong = refusal(params["dump"], differences or miscounted(known["expected"], counted), instead)
    if wrong:
        raise UpliftError(wrong)
    counts = {part: len(rows) for part, rows in listed.items() if isinstance(rows, list)}
    return {**result, "counts": counts, "cluster": cluster, "sha256": known["contents"]["sha256"]}
