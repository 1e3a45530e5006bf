# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance test of Pachyderm: captured cases, made again, and how an answer differs from the captured one.

The same cases go over the emulator and over real programs; only the world in which they are made differs.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_manifest as manifest
from tests.lab.proc import LabError, wait_for

CAPTURES = Path(__file__).parents[1] / "unit" / "fixtures" / "pachyderm"
SPEC = {
    "pipeline": {"name": "edges"},
    "transform": {"image": "alpine:3", "cmd": ["sh", "-c", "cp /pfs/data/* /pfs/out/"]},
    "resource_requests": {"memory": "64M"},
}
FILES = {
    "/a.txt": b"alpha\n", "/dir/b.txt": b"beta\n", "/big.bin": b"\0" * 300_000, "/only-staging.txt": b"staging",
    "/table.csv": b"k,v\n1,one\n",
}  # fmt: skip
# The captures of the real releases were made with other data, and later ones with a plainer pipeline.
LARGE = {"1.9.12": 200_000, "1.11.9": 200_000}
ALONE = ("1.9.12", "1.11.9", "1.13.4")  # `staging` does not grow from `master`
PLAINER = ("1.11.9", "1.13.4")
# What nobody reads, and the emulator does not keep.
UNKEPT = {
    "workers_requested",
    "childCommits",
    "subvenance",
    "committed",
    "objects",
    "blockRefs",
    "commitProvenance",
    "branchProvenance",
}


@dataclass(frozen=True)
class Said:
    rc: int
    out: bytes
    err: bytes


class World(Protocol):
    """One cluster of some release, on nothing, that can be started anew with what is left of another."""

    def run(self, words: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said: ...
    def start(self, version: str) -> None: ...
    def take(self, version: str) -> None: ...
    def pod(self, words: Sequence[str]) -> Said: ...
    def stop(self) -> None: ...
    def wipe(self, *, metadata: bool, objects: bool) -> None: ...
    def remember(self, state: str) -> None: ...
    def recall(self, state: str) -> bool: ...
    def kubectl_calls(self) -> list[str]: ...


@dataclass(frozen=True)
class Case:
    version: str
    name: str
    state: str
    source: str = ""  # of a dump: the release that wrote it
    dumped: str = ""  # and the state in which it did
    no_objects: bool = False
    keep: bool = False  # the object store of the source

    @property
    def id(self) -> str:
        return f"{self.version}-{self.name}"

    @property
    def capture(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((CAPTURES / self.version / f"{self.name}.yml").read_text())
        return found


# state -> names of the cases, in each release that has a capture of that name
PLAIN: dict[str, tuple[str, ...]] = {
    "empty": (
        "inspect_cluster", "version", "version_client_only", "version_raw", "list_repo_other_syntax",
        "restore_empty_stdin", "restore_garbage",
    ),
    "open": (
        "list_branch_raw", "list_commit", "list_commit_open_raw", "list_commit_raw", "list_file_raw", "list_pipeline",
        "list_pipeline_raw", "list_repo", "list_repo_raw", "extract_open_commit", "create_repo_exists", "fsck",
    ),
    "finished": (
        "extract", "extract_no_objects", "extract_extra_argument", "garbage_collect_running", "stop_pipeline",
        "stop_pipeline_unknown", "stop_pipeline_other_syntax",
    ),
    "stopped": (
        "list_pipeline_stopped_raw", "stop_pipeline_already", "garbage_collect", "start_pipeline_other_syntax",
    ),
    "kubectl": ("undeploy_yes", "undeploy_no", "undeploy_eof", "undeploy_all_yes"),
    "refused": ("extract_refused", "version_refused"),
}  # fmt: skip
# The oldest have another state, in which no output is there, and a Job or its pod.
OLD: dict[str, tuple[str, ...]] = {
    "few": ("list_repo", "list_pipeline", "version"),
    "empty": ("version_client_only", "migrate_unknown_command"),
    "job": (
        "migrate", "migrate_default_to", "migrate_namespace", "migrate_not_a_version", "migrate_wrong_from",
        "migrate_wrong_to", "migrate_extra_argument", "extract_no_objects_unknown_flag",
    ),
    "not_migrated": ("list_repo_not_migrated", "list_pipeline_not_migrated"),
    "migrated": ("list_repo_raw_migrated", "list_pipeline_migrated", "version_migrated"),
    "pod": ("pod_migrate", "pod_migrate_pre_release", "pod_migrate_wrong_from", "pod_migrate_wrong_to"),
    "pod_again": ("pod_migrate_again",),
}  # fmt: skip
BARE, HERE = (True, False), (True, True)  # without objects, into an empty store or into the one that holds them
FULL = (False, False)
# case, its releases, the release and the state that its dump is from
RESTORED: tuple[tuple[str, tuple[str, ...], str, str, tuple[bool, bool]], ...] = (
    ("restore", ("1.7.14", "1.8.0", "1.8.7", "1.9.0", "1.9.12", "1.11.9", "1.13.4"), "", "finished", FULL),
    ("restore_open_commit_dump", ("1.7.14", "1.8.0", "1.9.0"), "", "open", FULL),
    ("restore_no_objects_empty_store", ("1.7.14", "1.8.7"), "", "finished", BARE),
    ("restore_from_1_8_8", ("1.7.14",), "1.8.8", "finished", FULL),
    ("restore_from_1_7_14_full", ("1.8.0", "1.8.1", "1.8.7", "1.8.8", "1.9.0"), "1.7.14", "finished", FULL),
    ("restore_from_1_7_14_no_objects", ("1.8.0", "1.8.8"), "1.7.14", "finished", HERE),
    ("restore_from_1_7_14_stopped", ("1.8.8",), "1.7.14", "stopped", FULL),
    ("restore_from_1_7_14_open_input_commit", ("1.8.8",), "1.7.14", "open_input", FULL),
    ("restore_from_1_8_7_full", ("1.9.0",), "1.8.7", "finished", FULL),
    ("restore_from_1_8_7_no_objects", ("1.9.0",), "1.8.7", "finished", HERE),
    ("restore_from_1_8_7_open_commit", ("1.9.0",), "1.8.7", "open", HERE),
    ("restore_from_1_8_7_stopped_no_objects", ("1.9.0",), "1.8.7", "stopped", HERE),
    ("restore_from_1_8_7_stopped_open_commit", ("1.9.0",), "1.8.7", "stopped_open", HERE),
    ("restore_from_1_8_8_no_objects", ("1.9.0",), "1.8.8", "finished", HERE),
)


def cases(releases: Sequence[str]) -> Iterator[Case]:
    for version in releases:
        plain = OLD if forms.series(version) < (1, 7) else PLAIN
        for state, names in plain.items():
            for name in names:
                if (CAPTURES / version / f"{name}.yml").exists():
                    yield Case(version, name, state)
        for name, versions, source, dumped, (bare, keep) in RESTORED:
            if version in versions:
                yield Case(version, name, "restore", source or version, dumped, bare, keep)


def pachctl(world: World, version: str, verb: str, noun: str, *rest: str, stdin: bytes = b"") -> str:
    words = forms.words(version, verb, noun, *rest)
    said = world.run(words, stdin)
    if said.rc:
        raise LabError(f"{version}: {' '.join(words)} exited {said.rc}: {said.err.decode(errors='replace')}")
    return said.out.decode()


def load(world: World, version: str, few: bool = False) -> None:
    real = version in ALONE
    files = {**FILES, "/big.bin": b"\0" * LARGE.get(version, 300_000)}
    if real:
        files["/only-staging.txt"] = b"stage"

    def put(repo: str, branch: str, *paths: str, parent: str = "") -> None:
        place = forms.place(version, repo, branch)
        pachctl(world, version, "start", "commit", *place, *(["-p", parent] if parent else []))
        for path in paths:
            target = forms.place(version, repo, branch, path)
            pachctl(world, version, "put", "file", *target, "-f", "-", stdin=files[path])
        pachctl(world, version, "finish", "commit", *place)

    pachctl(world, version, "create", "repo", "data", *([] if few else ["--description", "raw input"]))
    pachctl(world, version, "create", "repo", "lookup")
    put("data", "master", "/a.txt")
    put("data", "master", "/dir/b.txt")
    if not few:
        put("data", "master", "/big.bin")
        put("data", "staging", "/only-staging.txt", parent="" if real else "master")
    put("lookup", "master", "/table.csv")
    word = "atom" if tuple(map(int, version.split("."))) < (1, 8, 1) else "pfs"
    spec = {**SPEC, "input": {word: {"repo": "data", "branch": "master", "glob": "/*"}}}
    if version in PLAINER:
        del spec["resource_requests"]
    pachctl(world, version, "create", "pipeline", "-f", "-", stdin=json.dumps(spec).encode())
    settle(world, version, "PIPELINE_RUNNING")


def settle(world: World, version: str, state: str) -> None:
    def missing() -> str:
        listed = list(forms.objects(pachctl(world, version, "list", "pipeline", "--raw")))
        return "" if listed and listed[0].get("state") == state else str(listed)

    wait_for(f"the pipeline is {state}", missing, 60)


def finish(world: World, version: str) -> None:
    """What a worker would have done."""
    raw = pachctl(world, version, "list", "commit", "edges", "--raw")
    for commit, held in manifest.commits(raw).items():
        if not held["finished"]:
            target = forms.place(version, "edges", commit, "/a.txt")
            pachctl(world, version, "put", "file", *target, "-f", "-", stdin=FILES["/a.txt"])
            pachctl(world, version, "finish", "commit", *forms.place(version, "edges", commit))


def stop(world: World, version: str) -> None:
    pachctl(world, version, "stop", "pipeline", "edges")
    settle(world, version, "PIPELINE_PAUSED")


def make(world: World, version: str, state: str) -> None:
    """An empty cluster, then what the state's name says; what was made once is taken from there."""
    world.stop()
    world.wipe(metadata=True, objects=True)
    if state == "refused":
        return
    if world.recall(f"{version}-{state}"):
        return world.start(version)
    if state in ("empty", "kubectl", "job"):
        return world.start(version)
    if forms.series(version) < (1, 7):
        return make_old(world, version, state)
    world.start(version)
    load(world, version)
    go_on(world, version, state)
    world.stop()
    world.remember(f"{version}-{state}")
    world.start(version)


def make_old(world: World, version: str, state: str) -> None:
    """Metadata of 1.4.8, as the release finds it, or as its migration has left it."""
    world.start("1.4.8")
    load(world, "1.4.8", few=True)
    if state == "few":
        return
    world.stop()
    world.take(version)
    if state in ("migrated", "pod_again"):
        world.pod(["--migrate=1.4.8-1.5.0"])
    if not state.startswith("pod"):
        world.start(version)


def go_on(world: World, version: str, state: str) -> None:
    if state not in ("open", "stopped_open"):
        finish(world, version)
    if state.startswith("stopped") or state == "open_input":
        stop(world, version)
    if state == "open_input":
        pachctl(world, version, "start", "commit", *forms.place(version, "data", "staging"))


def restored(world: World, case: Case) -> bytes:
    """The dump; afterwards the world is a new cluster of the case's release."""
    make(world, case.source, case.dumped)
    quiet = ["--no-metrics"] if forms.series(case.source) < (1, 9) else []
    said = world.run(["extract", *(["--no-objects"] if case.no_objects else []), *quiet])
    if said.rc:  # what is restored of nothing would look like an answer (trap P01)
        raise LabError(f"{case.source}: extract exited {said.rc}: {said.err.decode(errors='replace')}")
    dump = said.out
    world.stop()
    world.wipe(metadata=True, objects=not case.keep)
    world.start(case.version)
    return dump


def summary(world: World, version: str) -> str:
    """As the captures sum up what a cluster holds."""
    repos = [one["repo"]["name"] for one in forms.objects(pachctl(world, version, "list", "repo", "--raw"))]
    shown = []
    for name in sorted(repos):
        held = manifest.commits(pachctl(world, version, "list", "commit", name, "--raw"))
        shown.append(f"{name} ({len(held)} commits, {sum(not one['finished'] for one in held.values())} open)")
    lines = []
    for one in forms.objects(pachctl(world, version, "list", "pipeline", "--raw")):
        lines.append(f"{one['pipeline']['name']} {one.get('state', '')}{' stopped' if one.get('stopped') else ''}")
    return f"Repos: {', '.join(shown) or 'none'}. Pipelines: {', '.join(lines) or 'none'}."


MASKS: tuple[tuple[str, str], ...] = (
    (r"\x1b\[\d*m", ""),
    (r"\b[0-9a-f]{128}\b", "HASH"),
    (r"\b[0-9a-f]{32}\b", "ID"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
    (r"(\d+ (seconds?|minutes?)|Less than a second|About a minute)( ago)?", "AGO"),
    (r'"hash": "[^"]{44}"', '"hash": "SUM"'),
    (r"(127\.0\.0\.1|0\.0\.0\.0):\d+", "ADDRESS"),
    (r"/lab/tmp/\d+|/tmp/\S+", "FILE"),
    # Nothing runs pipelines of these releases where the captures were made.
    (r"(edges/master\s+AGO)\s+(running|restarting)", r"\1 STATE"),
    (r'unexpected byte 0x\w+|unknown field name "," in \S+', "WHY"),
)


def masked(text: str) -> str:
    """What differs from run to run, and the width of columns, taken out; what nobody keeps, left out."""
    if text[:1] == "{" and "}" in text:
        text = "".join(json.dumps(kept(one), indent=1) for one in forms.objects(text))
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return "\n".join(re.sub(r"[ \t]+", " ", line).rstrip() for line in text.strip().splitlines())


def kept(thing: Any) -> Any:
    if isinstance(thing, list):
        return [kept(one) for one in thing]
    if isinstance(thing, dict):
        return {key: kept(value) for key, value in sorted(thing.items()) if key not in UNKEPT and value != {}}
    return thing


def differences(world: World, case: Case, lived: Callable[[], bool]) -> list[str]:
    """Makes the case and compares; `lived`: whether the server still runs, for cases in which the real one falls."""
    captured = case.capture
    dump = captured.get("stdin") if isinstance(captured.get("stdin"), str) else ""
    stdin = dump.encode() if dump else b""
    if case.state == "restore":
        stdin = restored(world, case)
    else:
        make(world, case.version, case.state)
    if case.state.startswith("pod"):
        said = world.pod(captured["argv"][1:])
    else:
        said = world.run(captured["argv"][1:], stdin, captured["env"] if case.state == "refused" else None)
    found = [] if said.rc == captured["rc"] else [f"exit {said.rc}, captured {captured['rc']}"]
    for stream in ("out", "err"):
        found += stream_differences(stream, getattr(said, stream), captured["std" + stream])
    calls, wanted_calls = masked("\n".join(world.kubectl_calls())), masked("\n".join(captured.get("kubectl_calls", [])))
    if case.state in ("kubectl", "job") and calls != wanted_calls:
        found.append(f"kubectl was called {calls!r}, captured {wanted_calls!r}")
    after = captured.get("state_after", "")
    if "exited" in after:
        return found + (["the server lives, the captured one fell"] if lived() else [])
    wanted = re.search(r"Repos: .*? Pipelines: [^.]+\.", after) if case.state != "kubectl" else None
    if wanted and not found:
        if "PIPELINE_" in wanted[0]:
            rests = "PAUSED" in wanted[0] or " stopped" in wanted[0]
            settle(world, case.version, "PIPELINE_PAUSED" if rests else "PIPELINE_RUNNING")
        seen = summary(world, case.version)
        if blur(seen, case) != blur(wanted[0], case):
            found.append(f"afterwards {seen!r}, captured {wanted[0]!r}")
    return found


ENDS = {"": "RUNNING", " stopped": "PAUSED stopped"}


def blur(text: str, case: Case) -> str:
    """How many output commits there are differs with what was tried before; after a start, how many are open too.

    Some captures were made while a pipeline was on its way (trap P14).
    """
    on_its_way = r"PIPELINE_(?:RUNNING|STARTING|RESTARTING)( stopped)?"
    text = re.sub(on_its_way, lambda found: f"PIPELINE_{ENDS[found[1] or '']}", text)
    if case.name.startswith("start_pipeline"):
        return re.sub(r"edges \(\d+ commits, \d+", "edges (N", text)
    return text if case.state == "restore" else re.sub(r"edges \(\d+ commits", "edges (N", text)


def stream_differences(name: str, seen: bytes, captured: Any) -> list[str]:
    """Of a dump, that it begins as one, and the field of its release."""
    if isinstance(captured, dict):
        whole = captured.get("base64")
        first = (base64.b64decode(whole) if whole else bytes.fromhex(captured["first_bytes_hex"]))[:10]
        return [] if seen[:10] == first else [f"std{name} begins {seen[:10].hex()}, captured {first.hex()}"]
    text = masked(seen.decode(errors="replace"))
    return [] if text == masked(captured) else [f"std{name} is {text!r}, captured {masked(captured)!r}"]
