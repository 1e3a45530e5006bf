# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for pachctl and pachd 1.4.0 - 1.9.0, which no package registry has. `lab release` writes the version in.

One file is both programs: pachd when its name begins so. Metadata lies in the real etcd under one key, objects are
files below PACH_ROOT. What is printed, and what fails and how, is what the captures of the real programs hold; the
conformance test keeps it so. What nobody has captured is kept simple and is not to be relied on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

RELEASE = "0.0.0"
V = tuple(int(part) for part in RELEASE.split("."))
SERIES = ".".join(RELEASE.split(".")[:2])
DASHED, CAMEL = V < (1, 9, 0), V < (1, 8, 1)
KEY = base64.b64encode(b"lab/pachyderm").decode()
WARNING = (
    "WARNING: Your cluster might be in an invalid state--consider deleting partially-restored data before continuing"
)
NIL = "runtime error: invalid memory address or nil pointer dereference"
LENGTH = "runtime error: makeslice: len out of range"
LOST = ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout")
BRANCH_NAME = "[a-zA-Z0-9_-]+"
ONLY = "only alphanumeric characters, underscores, and dashes are allowed"
SETTLES = 1.0  # seconds in which a stopped pipeline still says that it runs


class Failed(Exception):
    """What the real one prints before it exits 1."""


class Panic(Exception):
    """What makes the real server fall."""


# ---- the dump: framed snappy, and in it protobuf messages with their lengths before them


def castagnoli() -> list[int]:
    table = []
    for number in range(256):
        for _bit in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


TABLE: list[int] = []  # made once, when first wanted


def checksum(data: bytes) -> int:
    if not TABLE:
        TABLE.extend(castagnoli())
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data: bytes) -> bytes:
    if not data:
        return b""  # an empty cluster's dump has no byte at all
    chunks = [b"\xff\x06\x00\x00sNaPpY"]
    for start in range(0, len(data), 65536):
        part = data[start : start + 65536]
        chunks.append(b"\x01" + struct.pack("<I", len(part) + 4)[:3] + struct.pack("<I", checksum(part)) + part)
    return b"".join(chunks)


def unframe(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 1 : at + 4], "little")
        body = data[at + 4 : at + 4 + size]
        if data[at] not in (0xFF, 0x01) or len(body) < size:
            raise Failed("snappy: corrupt input")
        if data[at] == 0x01:
            yield body[4:]
        at += 4 + size


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number: int, value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def only(found: dict[int, list[bytes]]) -> tuple[int, bytes]:
    """The one field that there is."""
    (number,) = found
    (value,) = found[number]
    return number, value


def fields(data: bytes) -> dict[int, list[bytes]]:
    """Only such as have a length, which is all that is written here."""
    found: dict[int, list[bytes]] = {}
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value

    while at < len(data):
        tag, size = number(), number()
        found.setdefault(tag >> 3, []).append(data[at : at + size])
        at += size
    return found


STREAM = {"1.6": 1, "1.7": 1, "1.8": 2, "1.9": 3}
OBJECT, REPO, COMMIT, BRANCH, PIPELINE = 2, 4, 5, 6, 7
SPEC = 1000  # the emulator's own: the whole specification of a pipeline, as JSON


def stream() -> int:
    return 1 if V == (1, 8, 0) else STREAM[SERIES]


def ref(repo: str, name: str) -> bytes:
    return field(1, field(1, repo)) + field(2, name)


# ---- the server's state


class Store:
    """Metadata in etcd, objects as files. Up to here the local store nests its own path once more (trap P22)."""

    def __init__(self) -> None:
        host = os.environ.get("ETCD_SERVICE_HOST") or os.environ.get("ETCD_PORT_2379_TCP_ADDR", "127.0.0.1")
        self.etcd = f"http://{host}:{os.environ.get('ETCD_SERVICE_PORT', '2379')}/v3/kv/"
        root = os.environ.get("PACH_ROOT", "/pach")
        self.objects = Path(root + root, "object")

    def call(self, verb: str, body: dict[str, str]) -> Any:
        with urllib.request.urlopen(self.etcd + verb, json.dumps(body).encode(), timeout=5) as answer:
            return json.load(answer)

    def load(self) -> dict[str, Any]:
        kept = self.call("range", {"key": KEY}).get("kvs")
        if kept:
            found: dict[str, Any] = json.loads(base64.b64decode(kept[0]["value"]))
            return found
        return {"layout": layout(), "id": uuid.uuid4().hex, "repos": {}, "pipelines": {}}

    def save(self, state: dict[str, Any]) -> None:
        self.call("put", {"key": KEY, "value": base64.b64encode(json.dumps(state).encode()).decode()})

    def put(self, data: bytes) -> str:
        name = hashlib.sha512(data).hexdigest()
        self.objects.mkdir(parents=True, exist_ok=True)
        (self.objects / name).write_bytes(data)
        return name

    def get(self, name: str) -> bytes:
        try:
            return (self.objects / name).read_bytes()
        except FileNotFoundError:
            raise Failed(f"objectInfoGetter: object {name} not found") from None


def layout() -> str:
    """Releases that read each other's metadata: 1.4 kept text where later ones keep binary."""
    return "1.4" if V < (1, 5, 0) else "1.5"


def tree_layout() -> str:
    return "1.7" if V < (1, 8, 0) else "1.8"


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + ".000000001Z"


class Server:
    def __init__(self, store: Store) -> None:
        self.store, self.guard, self.state = store, threading.Lock(), store.load()

    def answer(self, name: str, args: dict[str, Any]) -> Any:
        with self.guard:
            if self.state["layout"] != layout() and name.startswith("list-"):
                raise Failed("proto: wrong wireType = 1 for field State" if "pipeline" in name else "unexpected EOF")
            done = getattr(self, name.replace("-", "_"))(**args)
            self.store.save(self.state)
            return done

    # -- reading

    def version(self) -> str:
        return RELEASE

    def inspect_cluster(self) -> str:
        return str(self.state["id"])

    def repo(self, name: str) -> dict[str, Any]:
        if name not in self.state["repos"]:
            raise Failed(f"repo {name} not found")
        found: dict[str, Any] = self.state["repos"][name]
        return found

    def commit(self, repo: str, name: str) -> dict[str, Any]:
        held = self.repo(repo)
        wanted = held["branches"].get(name, {}).get("head") or name
        for one in held["commits"]:
            if one["id"] == wanted:
                found: dict[str, Any] = one
                return found
        raise Failed(f"commit {repo}/{name} not found")

    def tree(self, commit: dict[str, Any]) -> dict[str, Any]:
        """path -> [object, size] of a commit with a hash tree; trap P30: a newer server falls over an older tree."""
        if not commit["tree"]:
            return {}
        held = json.loads(self.store.get(commit["tree"]))
        if held["layout"] != tree_layout():
            raise Panic(LENGTH)
        found: dict[str, Any] = held["files"]
        return found

    def list_repo(self) -> list[dict[str, Any]]:
        return [{"name": name, **held} for name, held in reversed(self.state["repos"].items())]

    def list_commit(self, repo: str) -> list[dict[str, Any]]:
        return list(reversed(self.repo(repo)["commits"]))

    def list_branch(self, repo: str) -> list[dict[str, Any]]:
        return [{"name": name, **held} for name, held in reversed(self.repo(repo)["branches"].items())]

    def list_pipeline(self) -> list[dict[str, Any]]:
        return [self.settled(one) for one in reversed(self.state["pipelines"].values())]

    def settled(self, one: dict[str, Any]) -> dict[str, Any]:
        """trap P14: stopping takes its time."""
        paused = one["stopped"] and time.time() - one["since"] > SETTLES
        return {**one, "state": "PIPELINE_PAUSED" if paused else "PIPELINE_RUNNING"}

    def list_file(self, repo: str, commit: str, path: str) -> dict[str, Any]:
        found = self.commit(repo, commit)
        if not found["finished"]:
            raise Failed(f"output commit {found['id']} not finished" if V >= (1, 9, 0) else "")
        prefix = path.rstrip("/") + "/"
        shown: dict[str, Any] = {}
        for name, (held, size) in sorted(self.tree(found).items()):
            self.store.get(held)
            if name.startswith(prefix):
                part = prefix + name[len(prefix) :].split("/")[0]
                kind = "FILE" if part == name else "DIR"
                shown[part] = [kind, size + shown.get(part, ["", 0])[1], held]
        return {"id": found["id"], "files": shown}

    def get_file(self, repo: str, commit: str, path: str) -> str:
        found = self.commit(repo, commit)
        files = {**self.tree(found), **found["files"]}
        if path not in files:
            raise Failed(f"file {path} not found in repo {repo} at commit {found['id']}")
        return base64.b64encode(self.store.get(files[path][0])).decode()

    # -- writing

    def create_repo(self, name: str, description: str) -> None:
        if name in self.state["repos"]:
            raise Failed(f'cannot create "{name}" as it already exists')
        self.state["repos"][name] = {"created": now(), "description": description, "branches": {}, "commits": []}

    def start_commit(self, repo: str, branch: str, parent: str = "") -> str:
        held = self.repo(repo)
        head = held["branches"].setdefault(branch, {"head": "", "provenance": []})
        above = self.commit(repo, parent)["id"] if parent else head["head"]
        made = self.new_commit(repo, branch, above)
        self.trigger(repo, branch)
        return str(made["id"])

    def new_commit(self, repo: str, branch: str, parent: str, number: str = "") -> dict[str, Any]:
        made = {
            "id": number or uuid.uuid4().hex, "parent": parent, "branch": branch, "started": now(), "finished": "",
            "size": 0, "tree": "", "files": {}, "provenance": [],
        }  # fmt: skip
        held = self.state["repos"][repo]
        held["commits"].append(made)
        held["branches"].setdefault(branch, {"head": "", "provenance": []})["head"] = made["id"]
        return made

    def put_file(self, repo: str, branch: str, files: dict[str, str]) -> None:
        head = self.state["repos"].get(repo, {}).get("branches", {}).get(branch, {}).get("head")
        known = {one["id"]: one for one in self.repo(repo)["commits"]}
        opened = known.get(head or branch)
        alone = opened is None or bool(opened["finished"])
        if alone:
            self.start_commit(repo, branch)
        commit = self.commit(repo, branch)
        for path, data in files.items():
            raw = base64.b64decode(data)
            commit["files"][path] = [self.store.put(raw), len(raw)]
        if alone:
            self.finish_commit(repo, branch)

    def finish_commit(self, repo: str, branch: str) -> None:
        commit = self.commit(repo, branch)
        above = self.tree(self.commit(repo, commit["parent"])) if commit["parent"] else {}
        files = {**above, **commit["files"]}
        kept = json.dumps({"layout": tree_layout(), "files": files}).encode()
        size = sum(size for _held, size in files.values())
        commit.update(tree=self.store.put(kept), size=size, finished=now(), files={})

    def trigger(self, repo: str, branch: str) -> None:
        """What was loaded gets an open commit in the output of each pipeline that reads it and is not stopped."""
        for name, one in self.state["pipelines"].items():
            if not one["stopped"] and [repo, branch] in inputs(one["spec"]["input"]):
                self.open_output(name)

    def open_output(self, name: str) -> None:
        """Only when each of its inputs has something. Before 1.7 it is the job that opens one."""
        if V < (1, 7, 0):
            return
        one = self.state["pipelines"][name]
        heads = {}
        for repo, branch in inputs(one["spec"]["input"]):
            heads[repo] = self.state["repos"].get(repo, {}).get("branches", {}).get(branch, {}).get("head")
        output = self.state["repos"][name]
        if all(heads.values()):
            above = output["branches"]["master"]["head"]
            made = self.new_commit(name, "master", above)
            made["provenance"] = [["__spec__", one["spec_commit"]], *([repo, head] for repo, head in heads.items())]

    def create_pipeline(self, spec: dict[str, Any], carried: bool = False) -> None:
        name = spec["pipeline"]["name"]
        if name in self.state["pipelines"]:
            raise Failed(f"pipeline {name} already exists")
        for repo, _branch in inputs(spec["input"]):
            self.repo(repo)
        if name not in self.state["repos"]:
            self.create_repo(name, "")
        self.state["pipelines"][name] = {
            "spec": spec, "created": now(), "stopped": False, "since": 0, "salt": uuid.uuid4().hex,
            "spec_commit": uuid.uuid4().hex,
        }  # fmt: skip
        if not carried:
            self.bind(name)
            self.open_output(name)

    def bind(self, name: str) -> None:
        one = self.state["pipelines"][name]
        provenance = [["__spec__", name], *inputs(one["spec"]["input"])]
        if V >= (1, 7, 0):
            self.repo(name)["branches"].setdefault("master", {"head": "", "provenance": []})["provenance"] = provenance

    def pipeline(self, name: str, verb: str) -> dict[str, Any]:
        if name not in self.state["pipelines"]:
            raise Failed(f'error from {verb}: pipeline "{name}" not found')
        found: dict[str, Any] = self.state["pipelines"][name]
        return found

    def stop_pipeline(self, name: str) -> None:
        one = self.pipeline(name, "StopPipeline")
        if not one["stopped"]:
            one.update(stopped=True, since=time.time(), spec_commit=uuid.uuid4().hex)
            self.repo(name)["branches"].get("master", {})["provenance"] = []

    def start_pipeline(self, name: str) -> None:
        """trap P34: each start opens commits; from 1.9 also that of a pipeline that runs."""
        one = self.pipeline(name, "StartPipeline")
        opened = 2 if one["stopped"] else 1 if V >= (1, 9, 0) else 0
        one.update(stopped=False, spec_commit=uuid.uuid4().hex)
        self.bind(name)
        for _time in range(opened):
            self.open_output(name)

    def delete_all(self) -> None:
        self.state.update(repos={}, pipelines={})

    def garbage_collect(self) -> None:
        for name, one in self.state["pipelines"].items():
            if not one["stopped"]:
                raise Failed(f"all pipelines must be stopped to run garbage collection, pipeline: {name} is not")

    # -- the dump

    def extract(self, objects: bool) -> str:
        """traps P05, P27: open commits keep no tree, and an output repo is left out while its pipeline runs."""
        carried = {
            name: held for name, held in self.state["repos"].items()
            if not any(branch["provenance"] for branch in held["branches"].values())
        }  # fmt: skip
        ops = [op for name in self.names(carried) for op in self.object_ops(name)] if objects else []
        for name, held in carried.items():
            words = field(3, held["description"]) if held["description"] else b""
            ops.append((REPO, field(1, field(1, name)) + words))
        for name, one in self.state["pipelines"].items():
            # trap P38: 1.7.14/settings_stopped_extract, 1.8.8/settings_stopped_extract
            own = field(SPEC, json.dumps({key: value for key, value in one["spec"].items() if key not in LOST}))
            ops.append((PIPELINE, field(1, field(1, name)) + field(26, one["salt"]) + own))
        for name, held in reversed(carried.items()):
            ops += [(COMMIT, self.commit_op(name, one)) for one in held["commits"]]
            ops += [
                (BRANCH, field(1, ref(name, branch["head"])) + field(3, ref(name, label)))
                for label, branch in held["branches"].items()
            ]
        return base64.b64encode(frame(b"".join(map(self.message, ops)))).decode()

    @staticmethod
    def message(op: tuple[int, bytes]) -> bytes:
        whole = field(stream(), field(*op))
        return struct.pack("<q", len(whole)) + whole

    def commit_op(self, repo: str, one: dict[str, Any]) -> bytes:
        if not one["finished"]:
            print(f'Commit "{one["id"]}" is not finished, so its data cannot be extracted', file=sys.stderr, flush=True)
        # trap P36, 1.8.8/worker_stopped_extract: `trees` are not carried.
        tree = field(3, field(1, one["tree"])) if one["finished"] and one["tree"] else b""
        return field(1, ref(repo, one["parent"])) + field(4, one["branch"]) + tree + field(5, one["id"])

    def names(self, repos: dict[str, Any]) -> list[str]:
        trees = [one["tree"] for held in repos.values() for one in held["commits"] if one["tree"]]
        files = [held for name in trees for held, _size in json.loads(self.store.get(name))["files"].values()]
        return list(dict.fromkeys([*files, *trees]))

    def object_ops(self, name: str) -> Iterator[tuple[int, bytes]]:
        """An operation without a value ends it, as the real ones write it."""
        yield OBJECT, field(1, self.store.get(name))
        yield OBJECT, b""

    def restore(self, dump: str) -> None:
        try:
            data = b""
            for chunk in unframe(base64.b64decode(dump)):
                data = self.apply_whole(data + chunk)
            if data:
                raise Failed("unexpected EOF")
        except Failed as error:
            if V < (1, 8, 3) or str(error).startswith("Pachyderm 1.8.0 only"):
                raise
            raise Failed(f"{error}\n{WARNING}") from None

    def apply_whole(self, data: bytes) -> bytes:
        """Every message that has come as a whole; what is left over waits for the next chunk."""
        while len(data) >= 8:
            (size,) = struct.unpack("<q", data[:8])
            if len(data) < 8 + size:
                break
            number, op = only(fields(data[8 : 8 + size]))
            self.apply(number, *only(fields(op)))
            data = data[8 + size :]
        return data

    def apply(self, number: int, kind: int, body: bytes) -> None:
        if number > stream():
            return  # trap P35: what a newer release wrote is a field that nobody knows
        if (1, 8, 1) <= V < (1, 8, 3) and number == 1:
            raise Failed("Pachyderm 1.8.0 only supports restorign from Pachyderm 1.8 netadata dumps")  # trap P25
        if V >= (1, 9, 0) and number == 2 and kind == OBJECT:
            mixed = "cannot mix different versions of pachd operation within a metadata dumps (found both 1.8 and 1.9)"
            raise Failed(f"error putting object: {mixed}")  # trap P26
        parts = fields(body)
        if kind == OBJECT:
            self.store.put(parts.get(1, [b""])[0])
        elif kind == REPO:
            name = fields(parts[1][0])[1][0].decode()
            if name not in self.state["repos"]:
                self.create_repo(name, parts.get(3, [b""])[0].decode())
        elif kind == PIPELINE:
            spec = json.loads(parts[SPEC][0])
            name = spec["pipeline"]["name"]
            if name not in self.state["pipelines"]:
                self.create_pipeline(spec_of_now(spec), carried=name in self.state["repos"])
        elif kind == COMMIT:
            self.build_commit(number, parts)
        elif kind == BRANCH:
            (repo, head), (_repo, branch) = named(parts[1][0]), named(parts[3][0])
            self.repo(repo)["branches"].setdefault(branch, {"provenance": []})["head"] = head

    def build_commit(self, number: int, parts: dict[int, list[bytes]]) -> None:
        (repo, parent), branch, known = named(parts[1][0]), parts[4][0].decode(), parts[5][0].decode()
        if V >= (1, 9, 0) and not re.fullmatch(BRANCH_NAME, branch):
            # trap P40: 1.9.0/names_restore_from_1_8_8, 1.9.0/names_restore_from_1_7_14
            raise Failed(f"error creating commit: name ({branch}) invalid: {ONLY}")
        if any(one["id"] == known for one in self.repo(repo)["commits"]):
            return
        if 3 not in parts:
            if number == 1 and V >= (1, 8, 0):
                raise Panic(NIL)  # trap P28
            # trap P05; trap P36: 1.8.8/worker_stopped_restore_from_1_8_8_no_objects
            if V >= (1, 9, 0) or (V >= (1, 8, 8) and repo in self.state["pipelines"]):
                raise Failed("error creating commit: cannot start a commit on an output branch")
            return
        tree = fields(parts[3][0])[1][0].decode()
        try:
            held = json.loads(self.store.get(tree))
        except Failed as error:
            raise Failed(f"error creating commit: {error}") from None
        if number == 1 and held["layout"] != tree_layout():
            if V == (1, 8, 0):
                raise Panic(LENGTH)  # trap P25
            tree = self.store.put(json.dumps({**held, "layout": tree_layout()}).encode())
        made = self.new_commit(repo, branch, parent, known)
        made.update(tree=tree, finished=now(), size=sum(size for _name, size in held["files"].values()))
        if repo not in self.state["pipelines"]:
            for name in self.state["pipelines"]:
                if self.repo(name)["branches"].get("master", {}).get("provenance"):
                    self.trigger(repo, branch)
                    break


def named(data: bytes) -> tuple[str, str]:
    parts = fields(data)
    return fields(parts[1][0])[1][0].decode(), parts.get(2, [b""])[0].decode()


def inputs(spec: dict[str, Any]) -> list[list[str]]:
    for kind in ("atom", "pfs"):
        if kind in spec:
            return [[spec[kind]["repo"], spec[kind].get("branch", "master")]]
    return [pair for part in spec.get("cross", []) + spec.get("union", []) for pair in inputs(part)]


def spec_of_now(spec: dict[str, Any]) -> dict[str, Any]:
    """`atom` becomes `pfs` when a release that knows only that restores it."""
    if CAMEL:
        return spec
    found: dict[str, Any] = json.loads(json.dumps(spec).replace('"atom"', '"pfs"'))
    return found


class Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline()
        if not line:
            return
        asked = json.loads(line)
        try:
            answer = {"value": self.server.pachd.answer(asked["name"], asked["args"])}  # type: ignore[attr-defined]
        except Failed as error:
            answer = {"error": str(error)}
        except Panic as error:
            print(f"panic: {error}", file=sys.stderr, flush=True)
            os._exit(2)
        self.wfile.write(json.dumps(answer).encode() + b"\n")


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True
    pachd: Server


def pachd(argv: list[str]) -> int:
    pair = next((word.partition("=")[2] for word in argv if word.startswith("--migrate")), None)
    if pair is not None:
        return migrate_etcd(pair)
    with Listener(("0.0.0.0", int(os.environ.get("PORT", "650"))), Handler) as listener:
        listener.pachd = Server(Store())
        listener.serve_forever()
    return 0


def migrate_etcd(pair: str) -> int:
    """trap P16: it exits 0 whatever it has met; trap P31: index keys are errors in every success."""
    found = re.fullmatch(r"(\d+\.\d+\.\d+)-(\d+\.\d+\.\d+)", pair)
    if not found:
        return complain("the migration flag needs to be of the format FROM_VERSION-TO_VERSION; e.g. 1.4.8-1.5.0")
    source, target = found.groups()
    unable = f"error from migration: unable to find a migration routine that migrates from version {source}"
    if not source.startswith("1.4."):
        return complain(unable)
    if target != "1.5.0":
        return complain(f"{unable} to version {target}")
    store = Store()
    state = store.load()
    lines = list(migration_log(state, again=state["layout"] != "1.4"))
    state["layout"] = "1.5"
    store.save(state)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write("".join(f"{stamp} {line}\n" for line in lines))
    return 0


def migration_log(state: dict[str, Any], again: bool) -> Iterator[str]:
    def bad(key: str, why: str) -> str:
        return f"ERROR error unmarshalling object {key}: {why}"

    for name, one in state["pipelines"].items():
        for repo, _branch in inputs(one["spec"]["input"]):
            key = f'pachyderm_pfs/repos__index_{{Provenance %!s(bool=true)}}/name:"{repo}" /{name}'
            yield bad(key, f'line 1.0: unknown field name "{name}" in pfs.RepoInfo')
    if again:
        for name in state["repos"]:
            yield bad(f"pachyderm_pfs/repos/{name}", "line 2: unexpected byte 0x6")
    yield "INFO  finished migrating repos"
    if again:
        for name, held in state["repos"].items():
            for commit in held["commits"]:
                yield bad(f"pachyderm_pfs/commits/{name}/{commit['id']}", "line 2: unexpected byte 0x2a")
    yield "INFO  finished migrating commits"
    if again:
        for name, held in state["repos"].items():
            for branch in held["branches"]:
                yield bad(f"pachyderm_pfs/branches/{name}/{branch}", "line 2: unexpected byte 0x6")
    yield "INFO  finished migrating branches"
    for name, one in state["pipelines"].items():
        flag = f"%!s(bool={str(one['stopped']).lower()})"
        key = f"pachyderm_pps/pipelines__index_{{Stopped %!s(bool=false)}}/{flag}/{name}"
        yield bad(key, f'line 1.0: unknown field name "{name}" in pps.PipelineInfo')
        if again:
            yield bad(f"pachyderm_pps/pipelines/{name}", "line 2: unexpected byte 0x7")
    yield "INFO  finished migrating pipelines"
    yield "INFO  finished migrating jobs"


# ---- pachctl


def complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 1


def address() -> str:
    if os.environ.get("PACHD_ADDRESS"):
        return os.environ["PACHD_ADDRESS"]
    found = re.search(r'"pachd_address":\s*"(?:grpc://)?([^"]+)"', config().read_text() if config().exists() else "")
    return found.group(1) if found else "0.0.0.0:30650"


def config() -> Path:
    return Path(os.environ.get("PACH_CONFIG") or Path(os.environ.get("HOME", "/"), ".pachyderm", "config.json"))


def first_call() -> None:
    """trap P32: up to 1.8.7 on stdout, where a dump may be redirected to."""
    out = sys.stdout if V < (1, 9, 0) else sys.stderr
    path = config()
    if not path.exists():
        said = f'No config detected at "{path}". Generating new config...'
        print(said if V >= (1, 9, 0) else f"no config detected at %q. Generating new config... {path}", file=out)
    elif "user_id" in path.read_text():
        return
    print(f"No UserID present in config. Generating new UserID and updating config at {path}", file=out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"user_id": uuid.uuid4().hex}))


def unreachable(where: str) -> str:
    """trap P12: the real one tries for half a minute; 1.5 for ten seconds."""
    time.sleep(0 if os.environ.get("LAB_HASTE") else 10 if V < (1, 6, 0) else 30)
    text = "context deadline exceeded"
    port = where.rpartition(":")[2]
    if V < (1, 8, 0):
        return text
    if port not in ("30650", "650"):
        return (
            f'could not connect (note: port is usually 30650 or 650, but is currently set to "{port}"--is this right?):'
            f" {text}"
        )
    hint = "looks like loopback, check that 'pachctl port-forward' is running"
    return f'could not connect (note: address "{where}" {hint}): {text}'


def ask(verb: str, /, **args: Any) -> Any:
    first_call()
    where = address()
    host, _colon, port = where.rpartition(":")
    try:
        connection = socket.create_connection((host, int(port)), timeout=5)
    except OSError:
        raise Failed(unreachable(where)) from None
    connection.settimeout(600)
    try:
        connection.sendall(json.dumps({"name": verb, "args": args}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            line = lines.readline()
    except OSError:
        line = b""
    if not line:
        # What the real one adds when a restore breaks.
        raise Failed("transport is closing" + (f"\n{WARNING}" if verb == "restore" and V >= (1, 8, 3) else ""))
    answer = json.loads(line)
    if "error" in answer:
        raise Failed(answer["error"])
    return answer["value"]


def columns(rows: list[list[str]], least: int) -> str:
    """`least`: 20 in old tables; later ones are as wide as their words."""
    widths = [max(least - 1, *(len(row[i]) for row in rows)) + 1 for i in range(len(rows[0]))]
    return "".join("".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) + "\n" for row in rows)


def table(rows: list[list[str]]) -> None:
    sys.stdout.write(columns(rows, 20 if V < (1, 6, 0) else 1))


def dump_json(things: list[dict[str, Any]]) -> None:
    """trap P13: one after another with nothing between; what is empty is left out."""
    sys.stdout.write("".join(json.dumps(prune(thing), indent=2, ensure_ascii=False) for thing in things))


def prune(thing: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in thing.items() if value not in ("", None, [], False, 0, "0")}


def ago(stamp: str) -> str:
    seconds = int(time.time() - (time.mktime(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone))
    if seconds < 1:
        return "Less than a second ago"
    if seconds < 60:
        return f"{seconds} second{'s' if seconds > 1 else ''} ago"
    return "About a minute ago" if seconds < 120 else f"{seconds // 60} minutes ago"


def human(size: float) -> str:
    space = " " if V < (1, 6, 0) else ""
    for unit in ("B", "KiB"):
        if size < 1024:
            return f"{size:.4g}{space}{unit}"
        size /= 1024
    return f"{size:.4g}{space}MiB"


def id_of(repo: str, name: str) -> dict[str, Any]:
    return {"repo": {"name": repo}, "id": name}


def branch_of(repo: str, name: str) -> dict[str, Any]:
    return {"repo": {"name": repo}, "name": name}


def repo_size(repo: dict[str, Any]) -> int:
    """Up to 1.7 what came last, later what master shows."""
    sizes = {one["id"]: one["size"] for one in repo["commits"]}
    if V >= (1, 8, 0):
        return int(sizes.get(repo["branches"].get("master", {}).get("head"), 0))
    return int(([0] + [one["size"] for one in repo["commits"] if one["finished"]])[-1])


def list_repo(raw: bool) -> None:
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
    head = ["NAME", "CREATED", "SIZE (MASTER)" if V >= (1, 9, 0) else "SIZE"]
    return table([head, *([one["name"], ago(one["created"]), human(repo_size(one))] for one in repos)])


def old_provenance(repo: dict[str, Any]) -> list[dict[str, str]]:
    """Up to 1.6 of repos, later of branches."""
    pipelines = {one["spec"]["pipeline"]["name"]: one["spec"]["input"] for one in ask("list-pipeline")}
    return [{"name": name} for name, _branch in inputs(pipelines.get(repo["name"], {}))]


def list_commit(repo: str, raw: bool) -> None:
    listed = ask("list-commit", repo=repo)
    if raw:
        return dump_json([commit_json(repo, one) for one in listed])
    rows = [["REPO", "ID", "PARENT", "STARTED", "DURATION", "SIZE"]]
    for one in listed:
        ended = "Less than a second" if one["finished"] else "-"
        rows.append([repo, one["id"], one["parent"] or "<none>", ago(one["started"]), ended, human(one["size"])])
    if V >= (1, 9, 0):
        branches = ["BRANCH", *(one["branch"] for one in listed)]
        rows[0][1] = "COMMIT"
        rows = [[row[0], branch, *row[1:]] for row, branch in zip(rows, branches, strict=True)]
    return table(rows)


def commit_json(repo: str, one: dict[str, Any]) -> dict[str, Any]:
    later = V >= (1, 9, 0)
    provenance = [id_of(*pair) for pair in one["provenance"]]
    if V >= (1, 8, 0):
        provenance = [
            {"commit": id_of(name, held), "branch": branch_of(name, repo if name == "__spec__" else "master")}
            for name, held in reversed(one["provenance"])
        ]
    return {
        "commit": id_of(repo, one["id"]),
        "branch": branch_of(repo, one["branch"]) if later else None,
        "origin": ({"kind": "AUTO"} if one["provenance"] else {}) if later else None,
        "parentCommit": id_of(repo, one["parent"]) if one["parent"] else None,
        "started": one["started"], "finished": one["finished"], "sizeBytes": str(one["size"]),
        "provenance": provenance, "tree": {"hash": one["tree"]} if one["tree"] else None,
        "trees": one.get("trees"), "datums": one.get("datums"),
    }  # fmt: skip


def list_branch(repo: str, raw: bool) -> None:
    listed = ask("list-branch", repo=repo)
    if raw:
        return dump_json([
            {
                "branch": branch_of(repo, one["name"]),
                "head": id_of(repo, one["head"]) if one["head"] else None,
                "provenance": [branch_of(*pair) for pair in one["provenance"]],
                # 1.7.14/provenance_list_branch_raw, 1.8.8/worker_list_branch_raw
                "directProvenance": [branch_of(*pair) for pair in one["provenance"]],
                "name": one["name"],
            }
            for one in listed
        ])  # fmt: skip
    return table([["BRANCH", "HEAD"], *([one["name"], one["head"] or "-"] for one in listed)])


def pipeline_json(one: dict[str, Any]) -> dict[str, Any]:
    spec = one["spec"]
    transform = {key: spec["transform"][key] for key in ("image", "cmd", "env") if key in spec["transform"]}
    whole = {
        "pipeline": spec["pipeline"], "version": "1", "transform": transform,
        "parallelism_spec": spec.get("parallelism_spec"), "created_at": one["created"], "state": one["state"],
        "stopped": one["stopped"], "output_branch": "master",
        "resource_requests": spec.get("resource_requests", {"memory": "64M"}), "input": with_names(spec["input"]),
        "description": spec.get("description"), "cache_size": "64M", "salt": one["salt"], "max_queue_size": "1",
        "spec_commit": id_of("__spec__", one["spec_commit"]), "datum_tries": str(spec.get("datum_tries", 3)),
        # 1.7.14/settings_list_pipeline_raw, 1.8.8/settings_list_pipeline_raw
        "standby": spec.get("standby"), "scheduling_spec": spec.get("scheduling_spec"),
        "pod_spec": spec.get("pod_spec"),
    }  # fmt: skip
    if not CAMEL:
        return whole
    return {re.sub(r"_(.)", lambda found: found[1].upper(), key): value for key, value in whole.items()}


def with_names(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if key in ("atom", "pfs"):
            read = {"name": value["repo"], "repo": value["repo"], "branch": value.get("branch", "master")}
            found[key] = {**read, "glob": value["glob"]}
        else:
            found[key] = [with_names(part) for part in value]
    return found


def shown_input(spec: dict[str, Any]) -> str:
    for kind in ("atom", "pfs"):
        if kind in spec:
            text = f"{spec[kind]['repo']}:{spec[kind]['glob']}"
            return f"({text})" if V < (1, 6, 0) else text
    return "(" + " ⨯ ".join(shown_input(part) for part in spec.get("cross", [])) + ")"


def list_pipeline(raw: bool) -> None:
    try:
        listed = ask("list-pipeline")
    except Failed as error:
        # The other commands say it without these words.
        words = "error connecting to pachd: " if str(error).startswith("could not") else ""
        raise Failed(f"{words}{error}") from None
    if raw:
        return dump_json([pipeline_json(one) for one in listed])
    rows = [["NAME", "INPUT", "OUTPUT", "CREATED", "STATE"]]
    for one in listed:
        name, state = one["spec"]["pipeline"]["name"], one["state"].rpartition("_")[2].lower()
        rows.append([name, shown_input(one["spec"]["input"]), f"{name}/master", ago(one["created"]), state])
    if V >= (1, 8, 1):
        rows = [[row[0], row[1], row[3], f"{row[4]} / starting"] for row in rows]
        rows[0][3] = "STATE / LAST JOB"
    if V >= (1, 9, 0):
        rows = [[row[0], "1" if i else "VERSION", *row[1:]] for i, row in enumerate(rows)]
    return table(rows)


def list_file(repo: str, commit: str, path: str, raw: bool) -> None:
    found = ask("list-file", repo=repo, commit=commit, path=path)
    if raw:
        # 1.7 gives back the words it was asked with.
        own = (lambda name: name.lstrip("/"), commit) if V < (1, 8, 0) else (lambda name: name, found["id"])
        return dump_json([
            {
                "file": {"commit": id_of(repo, own[1]), "path": own[0](name)},
                "fileType": kind, "sizeBytes": str(size),
                "hash": base64.b64encode(hashlib.sha256(held.encode()).digest()).decode(),
            }
            for name, (kind, size, held) in found["files"].items()
        ])  # fmt: skip
    shown = [[name, kind.lower(), human(size)] for name, (kind, size, _held) in found["files"].items()]
    return table([["NAME", "TYPE", "SIZE"], *shown]) if shown else None


def get_file(repo: str, commit: str, path: str) -> None:
    sys.stdout.buffer.write(base64.b64decode(ask("get-file", repo=repo, commit=commit, path="/" + path.lstrip("/"))))


def put_file(repo: str, branch: str, path: str, recursive: bool, source: str) -> None:
    if recursive:
        found = {str(one.relative_to(source)): one for one in Path(source).rglob("*") if one.is_file()}
        files = {f"{path.rstrip('/')}/{name}": one.read_bytes() for name, one in found.items()}
    else:
        files = {path: sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()}
    encoded = {"/" + name.lstrip("/"): base64.b64encode(data).decode() for name, data in files.items()}
    ask("put-file", repo=repo, branch=branch, files=encoded)


def create_pipeline(source: str) -> None:
    ask("create-pipeline", spec=json.loads(sys.stdin.read() if source == "-" else Path(source).read_text()))


def extract(no_objects: bool, url: str) -> None:
    if url:
        raise Failed(f"error parsing url {url}: nobody has captured where it leads")
    sys.stdout.buffer.write(base64.b64decode(ask("extract", objects=not no_objects)))


def restore() -> None:
    """trap P01: nothing at all is restored without a word."""
    ask("restore", dump=base64.b64encode(sys.stdin.buffer.read()).decode())


def version(raw: bool, client_only: bool = False) -> None:
    first_call()
    numbers = dict(zip(("major", "minor", "micro"), V, strict=True))
    if client_only:
        print(RELEASE)
        return
    if raw:
        dump_json([numbers])
    else:
        sys.stdout.write(columns([["COMPONENT", "VERSION"], ["pachctl", RELEASE]], 20))
    sys.stdout.flush()
    server = ask("version")
    if raw:
        dump_json([dict(zip(("major", "minor", "micro"), map(int, server.split(".")), strict=True))])
    else:
        sys.stdout.write(columns([["pachd", server]], 20))


def delete_all() -> None:
    repos = [one["name"] for one in ask("list-repo")]
    pipelines = [one["spec"]["pipeline"]["name"] for one in ask("list-pipeline")]
    listed = [f"Repos to delete: {', '.join(repos)}", f"Pipelines to delete: {', '.join(pipelines)}"]
    if V < (1, 8, 0):
        print("Are you sure you want to delete all ACLs, repos, commits, files, pipelines and jobs?\nyN")
        print("\n".join(listed))
        yes = sys.stdin.readline().strip().lower() in ("y", "yes")
    else:
        print("All ACLs, repos, commits, files, pipelines and jobs will be deleted.\n" + "\n".join(listed))
        yes = sure()
    if yes:
        ask("delete-all")


def sure() -> bool:
    print("Are you sure you want to do this? (y/n):", flush=True)
    line = sys.stdin.readline()
    if not line:
        raise Failed("EOF")
    return line.strip().lower() in ("y", "yes")


KINDS = (
    "service", "replicationcontroller", "deployment", "serviceaccount", "secret", "statefulset", "clusterrole",
    "clusterrolebinding",
)  # fmt: skip
VOLUMES = ("storageclass", "persistentvolumeclaim", "persistentvolume")
ALL = """
By using the --all flag, you are going to delete everything, including the
persistent volumes where metadata is stored.  If your persistent volumes
were dynamically provisioned (i.e. if you used the "--dynamic-etcd-nodes"
flag), the underlying volumes will be removed, making metadata such repos,
commits, pipelines, and jobs unrecoverable. If your persistent volume was
manually provisioned (i.e. if you used the "--static-etcd-volume" flag), the
underlying volume will not be removed."""


def undeploy(everything: bool, namespace: str) -> None:
    """traps P20, P29: up to 1.8.0 without a question unless all of it goes; later always with one."""
    if everything:
        print(ALL)
    if V < (1, 8, 1):
        if everything:
            print("\nAre you sure you want to proceed? yN", flush=True)
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                return
    elif not sure():
        return
    for kind in KINDS + (VOLUMES if everything else ()):
        kubectl("delete", kind, "-l", "suite=pachyderm", "--namespace", namespace or "default")


def kubectl(*words: str) -> None:
    try:
        argv = ["kubectl", *words]
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except FileNotFoundError:
        print(flush=True)
        raise Failed('exec: "kubectl": executable file not found in $PATH') from None
    print(done.stdout.decode(), end="", flush=True)
    if done.returncode:
        print(flush=True)
        raise Failed(f"exit status {done.returncode}")


def migrate(source: str, target: str) -> None:
    """traps P16, P31: it starts a Job in the default namespace and returns, whatever pair it was given."""
    source = source or ask("version")
    command = ["/pachd", f"--migrate={source}-{target or RELEASE}"]
    job = {
        "kind": "Job", "apiVersion": "batch/v1",
        "metadata": {"name": "pach-migration", "creationTimestamp": None, "labels": {"suite": "pachyderm"}},
        "spec": {"template": {"metadata": {"creationTimestamp": None}, "spec": {
            "volumes": None,
            "containers": [{
                "name": "migration", "image": f"pachyderm/pachd:{RELEASE}",
                "command": command, "resources": {}, "imagePullPolicy": "",
            }],
            "restartPolicy": "OnFailure", "serviceAccountName": "",
        }}},
        "status": {},
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix="", prefix="") as manifest:
        manifest.write(json.dumps(job, indent=2))
        manifest.flush()
        kubectl("create", "--validate=false", "-f", manifest.name)
    print("\nSuccessfully launched migration.  To see the progress, use `kubectl logs job/pach-migration`")


def list_job(raw: bool) -> None:
    if not raw:
        table([["ID", "PIPELINE", "STARTED", "DURATION", "STATE"]])


def start_commit(repo: str, branch: str, parent: str) -> None:
    print(ask("start-commit", repo=repo, branch=branch, parent=parent))


def line_of(name: str, /, **args: Any) -> Callable[..., None]:
    """A command that prints what the server answers, if anything."""

    def run(*words: str) -> None:
        answer = ask(name, **args, **dict(zip(ARGUMENTS.get(name, ()), words, strict=True)))
        if answer is not None:
            print(answer)

    return run


ARGUMENTS = {
    "stop-pipeline": ("name",), "start-pipeline": ("name",), "finish-commit": ("repo", "branch"),
    "garbage-collect": (), "inspect-cluster": (),
}  # fmt: skip
# command -> (function, number of words, flags without a value, flags with one); the flags in the function's order.
COMMANDS: dict[str, tuple[Callable[..., None], int, tuple[str, ...], tuple[str, ...]]] = {
    "version": (version, 0, ("--raw", *(("--client-only",) if V >= (1, 6, 0) else ())), ()),
    "list-repo": (list_repo, 0, ("--raw",), ()),
    "list-commit": (list_commit, 1, ("--raw",), ()),
    "list-branch": (list_branch, 1, ("--raw",), ()),
    "list-file": (list_file, 3, ("--raw",), ()),
    "list-pipeline": (list_pipeline, 0, ("--raw",), ()),
    "list-job": (list_job, 0, ("--raw",), ()),
    "get-file": (get_file, 3, (), ()),
    "put-file": (put_file, 3, ("--recursive",), ("--file",)),
    "create-repo": (lambda name, text: ask("create-repo", name=name, description=text), 1, (), ("--description",)),
    "start-commit": (start_commit, 2, (), ("--parent",)),
    "finish-commit": (line_of("finish-commit"), 2, (), ()),
    "create-pipeline": (create_pipeline, 0, (), ("--file",)),
    "stop-pipeline": (line_of("stop-pipeline"), 1, (), ()),
    "start-pipeline": (line_of("start-pipeline"), 1, (), ()),
    "garbage-collect": (line_of("garbage-collect"), 0, (), ()),
    "delete-all": (delete_all, 0, (), ()),
    "undeploy": (undeploy, 0, ("--all",), ("--namespace",)),
}  # fmt: skip
if V >= (1, 7, 0):
    COMMANDS["inspect-cluster"] = (line_of("inspect-cluster"), 0, (), ())
if V >= (1, 8, 7):
    COMMANDS["fsck"] = (lambda: print("No errors found."), 0, (), ())
if V >= (1, 6, 9):
    COMMANDS["restore"] = (restore, 0, (), ())
    if V >= (1, 7, 0):
        COMMANDS["extract"] = (extract, 0, ("--no-objects",), ("--url",))
    else:
        COMMANDS["extract"] = (lambda url: extract(False, url), 0, (), ("--url",))
if (1, 5, 0) <= V < (1, 7, 0):
    COMMANDS["migrate"] = (lambda *words: migrate(*words[:2]), 0, (), ("--from", "--to", "--namespace"))
SHORT = {"-r": "--recursive", "-f": "--file", "-d": "--description", "-p": "--parent", "-u": "--url"}
NEAR = {
    "list": ("list-repo", "list-commit", "list-branch", "list-file", "list-job", "list-datum", "list-pipeline"),
    "stop": ("stop-job", "stop-pipeline"),
}  # fmt: skip
VERBS = ("list", "create", "start", "stop", "finish", "put", "get", "inspect", "delete")
NO_OBJECTS = "      --no-objects   don't extract from object storage, only extract data from etcd\n"
FLAGS = {
    "extract": (NO_OBJECTS if V >= (1, 7, 0) else "")
    + "{pad}-u, --url string   An object storage url (i.e. s3://...) to extract to.\n".format(pad="  "),
    "migrate": (
        "      --from string        The current version of the cluster.  If not specified, pachctl will attempt to"
        " discover the version of the cluster.\n"
        '      --namespace string   The kubernetes namespace under which Pachyderm is deployed. (default "default")\n'
        "      --to string          The version of Pachyderm to migrate to.  If not specified, pachctl will use its own"
        " version.\n"
    ),
}
EXAMPLES = """
Examples:

# Extract into a local file:
$ pachctl extract > backup

# Extract to s3:
$ pachctl extract -u s3://bucket/backup

Available Commands:
  pipeline    Return the manifest used to create a pipeline.
"""


def usage(name: str) -> str:
    """As captured; of commands that nobody has captured at least the shape."""
    flags = f"\nFlags:\n{FLAGS[name]}" if name in FLAGS else ""
    known = [("--no-metrics", "Don't report user metrics for this command")]
    if V >= (1, 8, 1):
        known.append(("--no-port-forwarding", "Disable implicit port forwarding"))
    wide = max(len(flag) for flag, _text in known) + 3
    common = "".join(f"      {flag.ljust(wide)}{text}\n" for flag, text in known)
    common += f"  -v, {'--verbose'.ljust(wide)}Output verbose logs\n"
    more = ("", "") if V < (1, 9, 0) or name != "extract" else (f"  pachctl extract [command]\n{EXAMPLES}", "\n" + HELP)
    return f"Usage:\n  pachctl {name} [flags]\n{more[0]}{flags}\nGlobal Flags:\n{common}{more[1]}"


HELP = 'Use "pachctl extract [command] --help" for more information about a command.\n'


def unknown(word: str) -> int:
    near = NEAR.get(word)
    hint = "".join(f"\t{one}\n" for one in near) if near else ""
    said = f'unknown command "{word}" for "pachctl"\n' + (f"\nDid you mean this?\n{hint}" if near else "")
    gap = "\n" if near else ""
    sys.stderr.write(f"Error: {said}{gap}Run 'pachctl --help' for usage.\n{said}{gap}".rstrip("\n") + "\n")
    return 1


def command(argv: list[str]) -> tuple[str, list[str]]:
    """trap of spellings: `list-repo` up to 1.8; `list repo` from 1.9, which still knows the old words."""
    joined = "-".join(argv[:2])
    if not DASHED and argv[:1] and argv[0] in VERBS and joined in COMMANDS:
        return joined, argv[2:]
    if not DASHED and argv[0] in COMMANDS and argv[0].partition("-")[0] in VERBS:
        new = argv[0].replace("-", " ", 1)
        said = f"'pachctl {argv[0]}' is deprecated and will be removed in a future release"
        sys.stderr.write(f"WARNING: {said}, use 'pachctl {new}' instead.\n")
    return argv[0], argv[1:]


def places(words: list[str]) -> list[str]:
    """From 1.9 `repo@commit:/path` is one word."""
    if DASHED or not words or "@" not in words[0]:
        return words
    repo, _at, rest = words[0].partition("@")
    commit, colon, path = rest.partition(":")
    return [repo, commit, *([path or "/"] if colon else []), *words[1:]]


def pachctl(argv: list[str]) -> int:
    argv = [word for word in argv if word not in ("--no-metrics", "-v")]
    if argv[:2] == ["auth", "whoami"]:
        return complain("the auth service is not activated")
    if argv[:2] == ["enterprise", "get-state"]:
        print("No Pachyderm Enterprise token was found")
        return 0
    name, rest = command(argv or ["help"])
    if name not in COMMANDS:
        return unknown(name)
    function, count, bare, valued = COMMANDS[name]
    words, seen = [], dict.fromkeys(bare, False) | dict.fromkeys(valued, "")
    while rest:
        word, _equals, value = rest.pop(0).partition("=") if rest[0].startswith("--") else (rest.pop(0), "", "")
        word = SHORT.get(word, word)
        if word in bare:
            seen[word] = True
        elif word in valued:
            seen[word] = value or rest.pop(0)
        elif word.startswith("--"):
            sys.stderr.write(f"Error: unknown flag: {word}\n{usage(name)}\nunknown flag: {word}\n")
            return 1
        else:
            words.append(word)
    words = places(words)
    if name == "list-file" and len(words) == 2:
        words.append("/")
    if len(words) != count:
        # trap P08: exit 0, and the text on stdout becomes the backup.
        print(f"expected {count} arguments, got {len(words)}\n")
        sys.stderr.write(usage(name))
        return 0
    try:
        function(*words, *(seen[flag] for flag in (*bare, *valued)))
    except Failed as error:
        sys.stdout.flush()
        if str(error):
            return complain(str(error))
        return 0
    return 0


if __name__ == "__main__":
    sys.exit((pachd if Path(sys.argv[0]).name.startswith("pachd") else pachctl)(sys.argv[1:]))
