# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a cluster as its users would have: repos, branches, commits, files of all sizes, pipelines running and stopped.

On Kubernetes workers make what the pipelines put out. Elsewhere none runs, so the commits of the output get their
files, and their end, by hand.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts, paths
from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_manifest as manifest
from tests.lab.cluster import Cluster
from tests.lab.manifest import LOAD
from tests.lab.pachyderm import client, pachctl, tell
from tests.lab.proc import LabError, say, wait_for

# Not /tmp: that is a file system of its own in the host, where `docker cp` does not reach.
STAGE = "/var/tmp/lab-fill"
REPOS = {"data": "raw input", "lookup": "", "media": 'what users sent: "a, b" and ключ'}
# Around what Pachyderm treats differently: empty, tiny, and more than the 8 MiB of one chunk.
SIZES = (0, 1, 6, 300_000, 8 * 2**20 + 1)


@dataclass(frozen=True)
class Load:
    """One commit: its branch, the branch it grows from, and the files it adds."""

    repo: str
    branch: str
    parent: str
    files: dict[str, int]


def loads(count: int) -> list[Load]:
    """By number alone: the same count is the same content on every cluster."""
    dice = random.Random(count)
    many = {f"/many/{i // 100:03}/{i:05}": dice.randrange(2500) for i in range(count)}
    return [
        Load("data", "master", "", {"/a.txt": 6}),
        Load("data", "master", "", {"/dir/b.txt": 5, **{f"/size-{size}": size for size in SIZES}}),
        Load("data", "master", "", many),
        Load("data", "staging", "master", {"/only-staging.txt": 7}),
        Load("lookup", "master", "", {"/table.csv": 10}),
        Load("media", "master", "", {"/odd/with space.bin": 12_000, "/odd/under_score-and%25": 60}),
    ]


def body(repo: str, path: str, size: int) -> bytes:
    return random.Random(f"{repo}{path}").randbytes(size)


def pipelines(version: str) -> dict[str, dict[str, Any]]:
    """`atom` became `pfs` in 1.8.1; 1.9 does not take the old word any more."""
    word = "pfs" if tuple(map(int, version.split("."))) >= (1, 8, 1) else "atom"

    def reads(repo: str, branch: str) -> dict[str, Any]:
        return {word: {"repo": repo, "branch": branch, "glob": "/*"}}

    def spec(name: str, source: dict[str, Any], **more: Any) -> dict[str, Any]:
        run = {"image": "alpine:3", "cmd": ["sh", "-c", "cp -r /pfs/*/* /pfs/out/"]}
        return {"pipeline": {"name": name}, "transform": run, "input": source, **more}

    both = {"cross": [reads("data", "staging"), reads("edges", "master")]}
    return {
        "edges": spec("edges", reads("data", "master"), description="edges of pictures"),
        "counts": spec("counts", reads("lookup", "master"), parallelism_spec={"constant": "1"}),
        "joined": spec("joined", both, transform={"image": "alpine:3", "cmd": ["true"], "env": {"LEVEL": "3"}}),
    }


STOPPED = ("counts",)
# What these put out is what they read, file by file.
COPIES = {"edges": "data", "counts": "lookup"}


def stage(cluster: Cluster, expected: list[Load]) -> None:
    """A directory for each commit, copied to the host at once."""
    here = cluster.directory / "fill"
    for number, load in enumerate(expected):
        for path, size in load.files.items():
            target = here / str(number) / path.lstrip("/")
            paths.made(target.parent)
            target.write_bytes(body(load.repo, path, size))
    hosts.put(cluster.hosts[0], str(here), STAGE)
    shutil.rmtree(here)


def load_files(cluster: Cluster, version: str, expected: list[Load]) -> None:
    commands = [
        forms.words(version, "create", "repo", name, *(["--description", text] if text else []))
        for name, text in REPOS.items()
    ]
    for number, load in enumerate(expected):
        place = forms.place(version, load.repo, load.branch)
        whole = forms.place(version, load.repo, load.branch, "/")
        parent = ["-p", load.parent] if load.parent else []
        commands += [
            forms.words(version, "start", "commit", *place, *parent),
            forms.words(version, "put", "file", *whole, "-r", "-f", f"{STAGE}/{number}"),
            forms.words(version, "finish", "commit", *place),
        ]
    pachctl(cluster, version, commands)


def make_pipelines(cluster: Cluster, version: str) -> None:
    """Each has what its workers made, before the next, which may read it, is there."""
    specs = pipelines(version)
    files = {f"{STAGE}-{name}.json": json.dumps(spec) for name, spec in specs.items()}
    hosts.must(cluster.hosts[0], [], files={**files, f"{STAGE}-result": "result\n"})
    for name in specs:
        pachctl(cluster, version, [forms.words(version, "create", "pipeline", "-f", f"{STAGE}-{name}.json")])
        if workers(cluster):
            wait_for(f"pipeline {name} made its output", partial(unmade, cluster, version, name), 300, pause=2)
        else:
            make_output(cluster, version, name)
    pachctl(cluster, version, [forms.words(version, "stop", "pipeline", name) for name in STOPPED])


def workers(cluster: Cluster) -> bool:
    return cluster.product.get("form") == "kubernetes"


def unmade(cluster: Cluster, version: str, name: str) -> str:
    """A pipeline runs before it made anything; the commit that its job fills ends last."""
    (raw,) = pachctl(cluster, version, [forms.words(version, "list", "commit", name, "--raw")])
    states = [held["finished"] for held in manifest.commits(raw).values()]
    return "" if states and all(states) else f"{states.count(False)} of {len(states)} commits are open"


def make_output(cluster: Cluster, version: str, name: str) -> None:
    """What the pipeline's worker would have done; of emulated releases, as their workers say it.

    From 1.8 on a worker's commit has no `tree`, so that its repo is in no dump (P36), and nobody captured a dump with a
    pipeline that reads such an output: these are without files, ended by hand, and the state `odd` has its own workers.
    So is the one that reads several repos, of which nobody captured a worker.
    """
    if forms.emulated(version) and forms.series(version) >= (1, 7):
        for commit in open_commits(cluster, version, name):
            if name not in COPIES or forms.series(version) >= (1, 8):
                end = forms.words(version, "finish", "commit", *forms.place(version, name, commit))
                pachctl(cluster, version, [end])
            else:
                tell(cluster, "worker", repo=name, commit=commit, succeeds=True)
        return
    if not (opened := open_commits(cluster, version, name)):  # before 1.7 the job would begin it
        opened = pachctl(cluster, version, [forms.words(version, "start", "commit", name, "master")])
    commit = opened[0].strip()
    result = forms.place(version, name, commit, "/result.txt")
    pachctl(cluster, version, [
        forms.words(version, "put", "file", *result, "-f", f"{STAGE}-result"),
        forms.words(version, "finish", "commit", *forms.place(version, name, commit)),
    ])  # fmt: skip


def end_outputs(cluster: Cluster, version: str) -> list[str]:
    """End the open commits of the pipelines' output as workers would, where none run; `repo@commit` of each.

    A pipeline that is started opens one more (P34). It keeps what its parent had, which a worker would have made again.
    """
    ended = []
    for name in pipelines(version):
        for commit in open_commits(cluster, version, name):
            pachctl(cluster, version, [forms.words(version, "finish", "commit", *forms.place(version, name, commit))])
            ended.append(f"{name}@{commit}")
    return ended


def open_commits(cluster: Cluster, version: str, repo: str) -> list[str]:
    (raw,) = pachctl(cluster, version, [forms.words(version, "list", "commit", repo, "--raw")])
    return [commit for commit, held in manifest.commits(raw).items() if not held["finished"]]


def unsettled(cluster: Cluster, version: str) -> str:
    (raw,) = pachctl(cluster, version, [forms.words(version, "list", "pipeline", "--raw")])
    want = {name: "PIPELINE_PAUSED" if name in STOPPED else "PIPELINE_RUNNING" for name in pipelines(version)}
    seen = {one["pipeline"]["name"]: one.get("state", "starting") for one in forms.objects(raw)}
    return "" if seen == want else str(seen)


def facts(cluster: Cluster, version: str) -> dict[str, Any]:
    repos, listed = pachctl(
        cluster, version, [forms.words(version, "list", noun, "--raw") for noun in ("repo", "pipeline")]
    )
    # Without the repo of the lab's own load, which changes all the time.
    listing = [one for one in forms.objects(repos) if one["repo"]["name"] != LOAD]
    repos = "\n".join(map(json.dumps, listing))
    names = [one["repo"]["name"] for one in listing]
    questions = [forms.words(version, "list", noun, name, "--raw") for name in names for noun in ("branch", "commit")]
    answers = pachctl(cluster, version, questions)
    each = {name: (answers[2 * i], answers[2 * i + 1]) for i, name in enumerate(names)}
    return manifest.facts(repos, listed, each)


def made_by(cluster: Cluster, version: str) -> str:
    """Who made the outputs' files: "hand", "worker", or "nobody", where there are none."""
    if not forms.emulated(version) or forms.series(version) < (1, 7):
        return "worker" if workers(cluster) else "hand"
    return "worker" if forms.series(version) < (1, 8) else "nobody"


def noted(expected: list[Load], seen: dict[str, Any], made: str) -> list[dict[str, Any]]:
    """Every file that a head shows: those of its own commits, of the branch it grew from, and what a pipeline made."""
    found = []
    for repo, branch in sorted({(load.repo, load.branch) for load in expected}):
        grown = {load.parent for load in expected if (load.repo, load.branch) == (repo, branch)}
        shown = [load for load in expected if load.repo == repo and load.branch in {branch, *grown}]
        for path, size in sorted({path: size for load in shown for path, size in load.files.items()}.items()):
            digest = hashlib.sha256(body(repo, path, size)).hexdigest()
            found.append({"repo": repo, "branch": branch, "path": path, "size": size, "sha256": digest})
    result = {"path": "/result.txt", "size": 7, "sha256": hashlib.sha256(b"result\n").hexdigest()}
    for name in sorted(name for name, repo in seen["repos"].items() if repo["output"]):
        read = [one for one in found if (one["repo"], one["branch"]) == (COPIES.get(name), "master")]
        output = {"hand": [result], "worker": read, "nobody": []}[made]
        found += [{**one, "repo": name, "branch": "master"} for one in output]
    return [{**one, "commit": seen["repos"][one["repo"]]["branches"][one["branch"]]} for one in found]


def fill(cluster: Cluster, count: int) -> str:
    path: Path = cluster.directory / manifest.FILE
    if path.exists():
        held = manifest.load(cluster)
        if held["asked"] != count:
            raise LabError(
                f"cluster {cluster.name} was filled with {held['asked']} objects, expected {count}: make it anew"
            )
        return f"filled already: {manifest.summary(held)}"
    start, version, expected = time.monotonic(), client(cluster.hosts[0]), loads(count)
    if facts(cluster, version)["repos"]:
        raise LabError(f"cluster {cluster.name} has repos but no manifest: `lab down` and `lab up` it")
    say(f"loading {sum(len(load.files) for load in expected)} files in {len(expected)} commits")
    stage(cluster, expected)
    load_files(cluster, version, expected)
    say("making pipelines, and what they put out")
    make_pipelines(cluster, version)
    wait_for("every pipeline runs or is stopped", lambda: unsettled(cluster, version), 60, pause=1)
    seen = facts(cluster, version)
    manifest_held: dict[str, Any] = {
        "asked": count,
        "facts": seen,
        "files": noted(expected, seen, made_by(cluster, version)),
    }
    clusters.write(path, json.dumps(manifest_held, indent=1) + "\n")
    hosts.must(cluster.hosts[0], [["rm", "-rf", STAGE]])
    return f"filled in {time.monotonic() - start:.1f} s: {manifest.summary(manifest_held)}"
