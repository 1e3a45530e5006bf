# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: which repos a dump leaves out, and which pipelines have to stay unstopped while it is made (P36, P37, P41).

Rows of branches, commits and pipelines are as `_parse.pachyderm` makes them, as plain mappings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Outputs:
    """What the state of the outputs means for a dump of this release."""

    keep: Sequence[str] = ()
    """Pipelines that stay unstopped while the dump is made: their output is left out of it, and computed anew."""
    stopped: Sequence[str] = ()
    """Pipelines that would have to run for that, and are stopped."""
    stray: Sequence[str] = ()
    """Commits, as repo@id, without a tree in repos that no pipeline with an input makes: they cannot be left out."""
    derived: Sequence[Row] = field(default_factory=list)
    """Branches with a provenance that no pipeline gave them."""

    @property
    def refusal(self) -> str:
        """Why no dump is to be made of this, as sentences; "" when one can be."""
        names = [f"{row['repo']}@{row['name']}" for row in self.derived]
        said = [
            (self.stopped, "The output of the stopped pipelines {} cannot be carried by a dump: start them."),
            (self.stray, "The commits {} have no tree, and a restore fails on them: put what is wanted elsewhere."),
            (names, "The branches {} have a provenance of their own, so that a dump leaves out their repos: take it"
                    " away (create-branch with --head)."),
        ]  # fmt: skip
        return " ".join(text.format(", ".join(what)) for what, text in said if what)


def history(branches: Sequence[Row], commits: Sequence[Row]) -> dict[str, int]:
    """How many commits lead to the head of each branch, by repo@branch."""
    parents = {(row["repo"], row["id"]): row["parent"] for row in commits}
    found = {}
    for row in branches:
        head, count = row["head"], 0
        while (row["repo"], head) in parents:
            head, count = parents[(row["repo"], head)], count + 1
        found[f"{row['repo']}@{row['name']}"] = count
    return found


def without_tree(commits: Sequence[Row]) -> list[str]:
    """Finished commits without a `tree`, as repo@id; `trees` alone is none."""
    return [f"{row['repo']}@{row['id']}" for row in commits if row["finished"] and not row["tree"]]


def inputs(spec: Any) -> Iterator[tuple[str, Row]]:
    """The inputs of a pipeline, whatever they are crossed or joined to: the kind (pfs, cron), and what it says."""
    # Releases that know no --raw tell the input as text.
    for kind, value in spec.items() if isinstance(spec, Mapping) else ():
        if isinstance(value, list):
            for one in value:
                yield from inputs(one)
        elif isinstance(value, Mapping):
            yield kind, value


def begun(pipelines: Sequence[Row], names: Sequence[str], history: Mapping[str, int]) -> dict[str, int]:
    """P44: how many output commits a restore begins for each of these, whose outputs the dump leaves out.

    history is as `history` tells it. What one of them reads of another comes with the commits that both come from.
    """
    specs = {row["name"]: row["spec"] for row in pipelines}
    return {
        name: sum(history.get(place, 0) for place in _roots(specs, names, name, frozenset({name}))) for name in names
    }


def _roots(specs: Mapping[str, Row], names: Sequence[str], name: str, met: frozenset[str]) -> set[str]:
    """The branches, as repo@branch, that this one's output comes from and that a dump carries."""
    found: set[str] = set()
    for kind, value in inputs(specs[name].get("input")):
        repo = str(value.get("repo") or (f"{name}_{value.get('name', '')}" if kind == "cron" else ""))
        if repo in names and repo not in met:
            found |= _roots(specs, names, repo, met | {repo})
        elif repo not in names:
            found.add(f"{repo}@{value.get('branch') or 'master'}")
    return found


def crons(pipelines: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Each cron input with the name of its pipeline: its `spec`, the `repo` of its ticks, and its `start`."""
    for row in pipelines:
        for kind, value in inputs(row["spec"].get("input")):
            if kind == "cron":
                yield row["name"], {"repo": f"{row['name']}_{value.get('name', '')}", **value}


def cron_repos(pipelines: Sequence[Row]) -> set[str]:
    """Where ticks are; nobody else names these repos."""
    return {value["repo"] for _name, value in crons(pipelines)}


def left_out(version: Version, branches: Sequence[Row]) -> set[str]:
    """The repos that a dump made now leaves out."""
    if not forms.of(forms.OUTPUTS_LEFT_OUT, version):
        return set()
    return {row["repo"] for row in branches if row.get("provenance")}


def outputs(version: Version, pipelines: Sequence[Row], branches: Sequence[Row], treeless: Sequence[str]) -> Outputs:
    """What a dump of this release asks for. `treeless` is as `without_tree` tells it."""
    if not forms.of(forms.NEEDS_TREE, version):
        return Outputs()
    makers = {row["name"]: row for row in pipelines if row["spec"].get("input")}
    bare = {name.rsplit("@", 1)[0] for name in treeless}
    needed = {name for name, row in makers.items() if name in bare or row["spec"].get("enable_stats")}
    while True:  # what is made of an output that is left out would name commits that are not there
        more = {name for name, row in makers.items() if name not in needed and _reads(row["spec"], needed)}
        if not more:
            break
        needed |= more
    return Outputs(
        sorted(name for name in needed if not makers[name]["stopped"]),
        sorted(name for name in needed if makers[name]["stopped"]),
        sorted(name for name in treeless if name.rsplit("@", 1)[0] not in makers),
        [row for row in branches if row.get("provenance") and not _of_pipeline(row, pipelines)],
    )


def _reads(spec: Row, repos: set[str]) -> bool:
    return any(value.get("repo") in repos for _kind, value in inputs(spec["input"]))


def _of_pipeline(branch: Row, pipelines: Sequence[Row]) -> bool:
    """Whether a pipeline has made this branch: that of its output, or that of its statistics."""
    for row in pipelines:
        spec = row["spec"]
        names = [spec.get("output_branch", "master"), *(["stats"] if spec.get("enable_stats") else [])]
        if row["name"] == branch["repo"] and branch["name"] in names:
            return True
    return False
