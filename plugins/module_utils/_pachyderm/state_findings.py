# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a cluster holds that its dump leaves out, or that the restoring release refuses. Pure."""

from __future__ import annotations

import re
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding, some
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access, forms
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.outputs import (
    Outputs,
    begun,
    outputs,
)
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pipeline_findings import (
    of_pipelines,
)
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.spelling import SPACES

Seen = Mapping[str, Any]
_OTHER = re.compile("[^a-zA-Z0-9_-]")  # what names may not have


def of_state(info: Seen, targets: Sequence[str], cron_again: bool = False) -> Iterator[Finding]:
    """`targets`: the releases at the end of each hop, in order; none of them is a dump's when all are of one series.

    cron_again: whether the operator wants cron inputs of 1.7 to tick again.
    """
    if not info.get("version") or not targets:
        return
    source, ends = core_version.parse(info["version"]), [core_version.parse(one) for one in targets]
    if all(_series(one) == _series(source) for one in ends):
        return
    yield from _repo_names(info, ends)
    yield from _names(info, source, ends)
    (first, *_others) = [one for one in ends if _series(one) != _series(source)]
    # What writes the dump is the last release of its series: 1.9.0 goes to 1.9.12 first.
    writer = [source, *ends[: ends.index(first)]][-1]
    found = outputs(writer, info.get("pipelines") or [], info.get("branches") or [], info.get("without_tree") or [])
    yield from _trees(info, found)
    yield from _anew(info, found, writer)
    yield from _derived(found, source)
    yield from of_pipelines(info, writer, first, found, cron_again)
    yield from _messages(info, writer)
    yield from _auth(info, writer)


def _series(version: Version) -> tuple[int, int]:
    return version.major, version.minor


def _says(source: Version, verb: str, *rest: str) -> str:
    """A command of this release's pachctl, in its spelling."""
    return " ".join(["pachctl", *([verb, "branch"] if source >= SPACES else [f"{verb}-branch"]), *rest])


def _at(source: Version, repo: str, branch: str) -> str:
    return f"{repo}@{branch}" if source >= SPACES else f"{repo} {branch}"


def _repo_names(info: Seen, ends: Sequence[Version]) -> Iterator[Finding]:
    for end in ends:
        for pattern in forms.of(forms.REPO_NAMES, end):
            names = [row["name"] for row in info.get("repos") or []]
            wrong = [name for name in names if not re.fullmatch(pattern, name)]
            if wrong:
                better = re.sub(_OTHER, "_", wrong[0])
                yield Finding(  # P45
                    "repo_names",
                    True,
                    f"repos that {end} does not restore: {some(wrong)}",
                    f"names of letters, digits, - and _ alone ({pattern})",
                    f"copy what each holds into a repo of another name, such as {better}, let the pipelines that read"
                    " it read that one, and delete the old one: a restore renames it and does not find its commits",
                )
                return


def _names(info: Seen, source: Version, ends: Sequence[Version]) -> Iterator[Finding]:
    for end in ends:
        for pattern in forms.of(forms.BRANCH_NAMES, end):
            wrong = [row for row in info.get("branches") or [] if not re.fullmatch(pattern, row["name"])]
            if not wrong:
                continue
            repo, name = wrong[0]["repo"], wrong[0]["name"]
            better = re.sub(_OTHER, "-", name)
            yield Finding(  # P40
                "branch_names",
                True,
                f"branches that {end} does not restore: {some([row['repo'] + '@' + row['name'] for row in wrong])}",
                f"names of letters, digits, - and _ alone ({pattern})",
                f"rename each, such as `{_says(source, 'create', _at(source, repo, better), '--head', name)}`"
                f" and then `{_says(source, 'delete', _at(source, repo, name))}`; tell who uses it",
            )
            return


def _trees(info: Seen, found: Outputs) -> Iterator[Finding]:
    treeless = info.get("without_tree") or []
    theirs = [name for name in treeless if name.rsplit("@", 1)[0] in found.stopped]
    if found.stopped:
        what = f"; commits without a tree: {some(theirs)}" if theirs else ""
        yield Finding(  # P36, P37
            "stopped_without_tree",
            True,
            f"stopped pipelines whose output a dump cannot carry: {some(found.stopped)}{what}",
            "such pipelines running while the dump is made: their output is left out of it then, and computed anew",
            "start them and wait until they have ended, or delete each with its repo; a commit of theirs cannot be"
            " deleted (delete-commit is refused)",
        )
    if found.stray:
        yield Finding(  # P37
            "commits_without_tree",
            True,
            f"finished commits without a tree in repos that no pipeline makes: {some(found.stray)}",
            "none: the restoring release takes each for an open one, or panics on it",
            "copy what is wanted into a new repo and delete this one; the commit alone cannot be deleted where it has"
            " provenance (delete-commit is refused)",
        )


def _anew(info: Seen, found: Outputs, source: Version) -> Iterator[Finding]:
    if not found.keep:
        return
    sizes = {row["name"]: row["size"] or 0 for row in info.get("repos") or []}
    said = [f"{name} ({sizes.get(name, 0)} bytes)" for name in found.keep]
    yield Finding(  # P36
        "output_anew",
        False,
        f"pipelines whose output a dump of {source} cannot carry: {some(said)}",
        "time and machines to compute it again after the upgrade, with other commit ids",
        "nothing: these are not stopped while the dump is made, so that it leaves their output out; clients are shut"
        " out and running jobs are waited for all the same",
    )
    own = {row["name"]: row["spec"].get("output_branch") or "master" for row in info["pipelines"]}
    more = [
        f"{row['repo']}@{row['name']}"
        for row in info.get("branches") or []
        if row["repo"] in found.keep and row["name"] != own[row["repo"]] and not row.get("provenance")
    ]
    if more:
        yield Finding(
            "output_branches_lost",
            True,
            f"branches of such outputs that nobody makes anew: {some(more)}",
            "none, since a dump leaves the whole repo out",
            "copy what they hold into a repo of its own, or accept it with pachyderm_accept: [output_branches_lost]",
        )
    again = begun(info["pipelines"], found.keep, info.get("history") or {})
    if any(again.values()):
        each = some([f"{name} ({count})" for name, count in sorted(again.items()) if count])
        yield Finding(  # P44
            "output_commits",
            False,
            f"the restore begins one output commit for each commit of the inputs: {each}, {sum(again.values())} in all",
            "time for the pipelines to end them",
            "nothing",
        )


def _derived(found: Outputs, source: Version) -> Iterator[Finding]:
    if not found.derived:
        return
    row = found.derived[0]
    place = _at(source, row["repo"], row["name"])
    names = [f"{one['repo']}@{one['name']} from {', '.join(one['provenance'])}" for one in found.derived]
    yield Finding(  # P41
        "derived_branches",
        True,
        f"branches with a provenance of their own, whose whole repos a dump leaves out without a word: {some(names)}",
        "none while the dump is made",
        f"take it away with `{_says(source, 'create', place, '--head', row['name'])}`, which keeps the head; after the"
        " upgrade give it back with create-branch and -p: no restore does",
    )


def _messages(info: Seen, source: Version) -> Iterator[Finding]:
    if info.get("messages") and forms.of(forms.MESSAGES_LEFT_OUT, source):
        yield Finding(  # P43
            "messages_lost",
            False,
            f"{info['messages']} commits with a message",
            f"none: a dump of {source} carries no messages, and its commits begin and end when they are restored",
            "nothing, or keep what `list-commit --raw` prints of them",
        )


def _auth(info: Seen, writer: Version) -> Iterator[Finding]:
    if info.get("auth") == access.ON and not access.carried(access.ON, writer):
        yield Finding(  # P46
            "auth_lost",
            True,
            f"authentication is on, and a dump of {writer} carries neither it nor admins, access lists, tokens and the"
            " license",
            "a new cluster that is as closed as the old one; it will be open to everyone who reaches its port",
            "keep others from its port until authentication is activated again, as the guide says under"
            " Authentication, and accept it with pachyderm_accept: [auth_lost]",
        )
