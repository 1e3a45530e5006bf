# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a Pachyderm in which its captures were made, made again by the commands that made them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_manifest as manifest
from tests.lab.proc import LabError, wait_for

FILES = {
    "/a.txt": b"alpha\n", "/dir/b.txt": b"beta\n", "/big.bin": b"\0" * 300_000, "/only-staging.txt": b"staging",
    "/table.csv": b"k,v\n1,one\n", "/x.txt": b"x", "/y.txt": b"y", "/m.txt": b"m", "/c.txt": b"cc",
}  # fmt: skip
# The captures of the real releases were made with other data, and later ones with a plainer pipeline.
LARGE = {"1.9.12": 200_000, "1.11.9": 200_000}
ALONE = ("1.9.12", "1.11.9", "1.13.4")  # `staging` does not grow from `master`
PLAINER = ("1.11.9", "1.13.4")
CP, CP_R = "cp /pfs/data/* /pfs/out/", "cp -r /pfs/data/* /pfs/out/"


@dataclass(frozen=True)
class Said:
    rc: int
    out: bytes
    err: bytes


class Asking(Protocol):
    """What can be asked, and told what pachctl has no word for."""

    def run(self, words: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said: ...
    def tell(self, verb: str, **args: Any) -> None: ...


class World(Asking, Protocol):
    """One cluster of some release, on nothing, that can be started anew with what is left of another."""

    later: int

    def start(self, version: str) -> None: ...
    def take(self, version: str) -> None: ...
    def pod(self, words: Sequence[str]) -> Said: ...
    def stop(self) -> None: ...
    def wipe(self, *, metadata: bool, objects: bool) -> None: ...
    def remember(self, state: str) -> None: ...
    def recall(self, state: str) -> bool: ...
    def kubectl_calls(self) -> list[str]: ...


@dataclass(frozen=True)
class Maker:
    """A world of a release, and the commands that states are made of."""

    world: Asking
    version: str

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(map(int, self.version.split(".")))

    def do(self, verb: str, noun: str, *rest: str, stdin: bytes = b"") -> str:
        words = forms.words(self.version, verb, noun, *rest)
        said = self.world.run(words, stdin)
        if said.rc:
            raise LabError(f"{self.version}: {' '.join(words)} exited {said.rc}: {said.err.decode(errors='replace')}")
        return said.out.decode()

    def place(self, repo: str, commit: str, path: str = "") -> list[str]:
        return forms.place(self.version, repo, commit, path)

    def commit(
        self, repo: str, branch: str, path: str, parent: str = "", large: int = 300_000, message: str = ""
    ) -> None:
        more = [*(["-p", parent] if parent else []), *(["-m", message] if message else [])]
        self.do("start", "commit", *self.place(repo, branch), *more)
        data = b"\0" * large if path == "/big.bin" else FILES[path]
        self.do("put", "file", *self.place(repo, branch, path), "-f", "-", stdin=data)
        self.do("finish", "commit", *self.place(repo, branch))

    def pipeline(self, name: str, verb: str = "create", **more: Any) -> None:
        word = "atom" if self.number < (1, 8, 1) else "pfs"
        run = {"image": "alpine:3", "cmd": ["sh", "-c", CP_R]}
        spec = {"pipeline": {"name": name}, "transform": run, "input": {word: {"repo": "data", "branch": "master",
                "glob": "/*"}}, **more}  # fmt: skip
        spec = {key: value for key, value in spec.items() if value}
        self.do(verb, "pipeline", "-f", "-", stdin=json.dumps(spec).encode())

    def listed(self, noun: str, *rest: str) -> list[dict[str, Any]]:
        return list(forms.objects(self.do("list", noun, *rest, "--raw")))

    def settle(self, state: str) -> None:
        """A pipeline with a patch that does not apply never comes further than its start."""
        ends = (state,) if state == "PIPELINE_PAUSED" else (state, None, "PIPELINE_STARTING")

        def missing() -> str:
            listed = self.listed("pipeline")
            return "" if listed and all(one.get("state") in ends for one in listed) else str(listed)

        wait_for(f"the pipelines are {state}", missing, 60)

    def stop(self) -> None:
        for one in self.listed("pipeline"):
            self.do("stop", "pipeline", one["pipeline"]["name"])
        self.settle("PIPELINE_PAUSED")

    def opened(self, repo: str) -> list[str]:
        found = manifest.commits(self.do("list", "commit", repo, "--raw"))
        return [commit for commit, held in found.items() if not held["finished"]]

    def finish(self, repo: str, path: str = "") -> None:
        """What a worker would have done, by hand: oldest first."""
        for commit in reversed(self.opened(repo)):
            if path:
                self.do("put", "file", *self.place(repo, commit, path), "-f", "-", stdin=FILES[path])
            self.do("finish", "commit", *self.place(repo, commit))

    def work(self, repo: str, succeeds: bool) -> None:
        for commit in self.opened(repo):
            self.world.tell("worker", repo=repo, commit=commit, succeeds=succeeds)


# -- the first series


def load(world: World, version: str, few: bool = False) -> None:
    make, real = Maker(world, version), version in ALONE
    make.do("create", "repo", "data", *([] if few else ["--description", "raw input"]))
    make.do("create", "repo", "lookup")
    make.commit("data", "master", "/a.txt")
    make.commit("data", "master", "/dir/b.txt")
    if not few:
        make.commit("data", "master", "/big.bin", large=LARGE.get(version, 300_000))
        if real:
            place = make.place("data", "staging")
            make.do("start", "commit", *place)
            make.do("put", "file", *make.place("data", "staging", "/only-staging.txt"), "-f", "-", stdin=b"stage")
            make.do("finish", "commit", *place)
        else:
            make.commit("data", "staging", "/only-staging.txt", parent="master")
    make.commit("lookup", "master", "/table.csv")
    more: dict[str, Any] = {} if version in PLAINER else {"resource_requests": {"memory": "64M"}}
    make.pipeline("edges", transform={"image": "alpine:3", "cmd": ["sh", "-c", CP]}, **more)
    make.settle("PIPELINE_RUNNING")


def finish(world: World, version: str) -> None:
    Maker(world, version).finish("edges", "/a.txt")


def stop(world: World, version: str) -> None:
    Maker(world, version).stop()


def go_on(make: Maker, state: str) -> None:
    if state not in ("open", "stopped_open"):
        make.finish("edges", "/a.txt")
    if state.startswith(("stopped", "started")) or state == "open_input":
        make.stop()
    if state == "open_input":
        make.do("start", "commit", *make.place("data", "staging"))
    if state == "started":
        make.do("start", "pipeline", "edges")
        make.settle("PIPELINE_RUNNING")
