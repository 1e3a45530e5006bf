# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extracting and restoring: what a dump carries, in which order, and what becomes of it."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from .codec import (
    BRANCH,
    COMMIT,
    OBJECT,
    PIPELINE,
    REPO,
    SPEC,
    TAG,
    Op,
    field,
    fields,
    filled,
    frame,
    message,
    messages,
    named,
    ref,
    stream,
    unframe,
)
from .commits import NAME, bad_name
from .lives import Lives
from .pipelines import LOST, inputs, spec_of_now
from .reading import LENGTH, Made
from .release import WARNING, Failed, Panic, Uncaptured, V, proved
from .store import now, tree_layout

NIL = "runtime error: invalid memory address or nil pointer dereference"


class Dumps(Lives):
    # -- extract

    def extract(self, objects: bool) -> str:
        """traps P05, P27, P41: a repo is left out while one of its branches has a provenance."""
        carried = {
            name: held for name, held in self.state["repos"].items()
            if not any(branch["direct"] for branch in held["branches"].values())
        }  # fmt: skip
        for name, one in self.state["pipelines"].items():
            for repo, _branch in inputs(one["spec"].get("input")):
                if repo not in carried:
                    raise Uncaptured(f"a dump of {name}, which reads {repo}, which is in no dump")
        data = [op for one in self.store.all() for op in ((OBJECT, field(1, one)), (OBJECT, b""))] if objects else []
        tags = self.state["tags"].items() if objects else ()
        data += [(TAG, field(1, field(1, name)) + field(2, field(1, tag))) for tag, name in tags]
        rest = [
            (REPO, field(1, field(1, name)) + filled(3, held["description"]))
            for name, held in reversed(carried.items())
        ]
        rest += [self.pipeline_op(name, one) for name, one in reversed(self.state["pipelines"].items())]
        for name, held in reversed(carried.items()):
            rest += self.commit_ops(name, held)
            # settings_stopped_extract_no_objects: a branch without a head is one all the same.
            rest += [
                (BRANCH, field(1, ref(name, branch["head"])) + field(3, ref(name, label)))
                for label, branch in reversed(held["branches"].items())
            ]
        # restore_truncated_at_chunk: what comes after the objects has chunks of its own.
        return base64.b64encode(frame(b"".join(map(message, data)), b"".join(map(message, rest)))).decode()

    def pipeline_op(self, name: str, one: Made) -> Op:
        """trap P38."""
        own = field(SPEC, json.dumps({key: value for key, value in one["spec"].items() if key not in LOST}))
        return PIPELINE, field(1, field(1, name)) + field(26, one["salt"]) + own

    def commit_ops(self, repo: str, held: Made) -> Iterator[Op]:
        """Newest first, but what each comes from before it."""
        known, told = {one["id"]: one for one in held["commits"]}, set()
        for one in self.newest(held["commits"]):
            line: list[Made] = []
            at: Made | None = one
            while at and at["id"] not in told:
                line.append(at)
                told.add(at["id"])
                at = known.get(at["parent"])
            for commit in reversed(line):
                yield COMMIT, self.commit_op(repo, commit, held)

    def commit_op(self, repo: str, one: Made, held: Made) -> bytes:
        """No message (trap P43), of a worker's commit no `trees` (trap P36); a branch only where one leads to it."""
        if not one["finished"]:
            print(f'Commit "{one["id"]}" is not finished, so its data cannot be extracted', file=sys.stderr, flush=True)
        tree = field(3, field(1, one["tree"])) if one["finished"] and one["tree"] else b""
        branch = self.leading(one, held)
        return field(1, ref(repo, one["parent"])) + tree + filled(4, branch) + field(5, one["id"])

    @staticmethod
    def leading(one: Made, held: Made) -> str:
        """1.8.8/names_renamed_extract_no_objects, stats_deleted_extract_no_objects."""
        parents = {commit["id"]: commit["parent"] for commit in held["commits"]}
        found = []
        for label, branch in held["branches"].items():
            at = branch["head"]
            while at and at != one["id"]:
                at = parents.get(at, "")
            found += [label] if at else []
        return one["branch"] if one["branch"] in found else next(iter(found), "")

    # -- restore

    def restore(self, dump: str) -> None:
        """trap P01: nothing at all is restored without a word."""
        try:
            data = b""
            for chunk in unframe(base64.b64decode(dump)):
                found, data = messages(data + chunk)
                for number, kind, body in found:
                    self.apply(number, kind, body)
            if data:
                proved("a dump that is cut inside an operation", "restore_truncated")
                raise Failed("unexpected EOF")
        except Failed as error:
            if V < (1, 8, 3) or str(error).startswith("Pachyderm 1.8.0 only"):
                raise
            raise Failed(f"{error}\n{WARNING}") from None

    def apply(self, number: int, kind: int, body: bytes) -> None:
        self.turn += 1
        if number > stream():
            proved("restoring what a newer release wrote", "restore_from_1_8_8")
            return  # trap P35: what a newer release wrote is a field that nobody knows
        if number < stream():
            proved("restoring what an older release wrote", *PROOFS.get(number, ()))
        if (1, 8, 1) <= V < (1, 8, 3) and number == 1:
            raise Failed("Pachyderm 1.8.0 only supports restorign from Pachyderm 1.8 netadata dumps")  # trap P25
        if V >= (1, 9, 0) and number == 2 and kind in (OBJECT, TAG):
            proved("restoring objects of 1.8", "restore_from_1_8_7_full")
            mixed = "cannot mix different versions of pachd operation within a metadata dumps (found both 1.8 and 1.9)"
            raise Failed(f"error putting object: {mixed}")  # trap P26
        parts = fields(body)
        if kind == OBJECT:
            if 1 in parts:
                self.store.put(parts[1][0])
        elif kind == TAG:
            self.state["tags"][fields(parts[2][0])[1][0].decode()] = fields(parts[1][0])[1][0].decode()
        elif kind == REPO:
            name = fields(parts[1][0])[1][0].decode()
            if name not in self.state["repos"]:
                self.create_repo(name, parts.get(3, [b""])[0].decode())
        elif kind == PIPELINE:
            self.build_pipeline(json.loads(parts[SPEC][0]))
        elif kind == COMMIT:
            self.build_commit(number, parts)
        elif kind == BRANCH:
            (repo, head), (_repo, branch) = named(parts[1][0]), named(parts[3][0])
            # 1.9.0/stats_one_list_branch_raw_from_1_8_8: whatever it came from, it comes from nothing now.
            self.set_branch(repo, branch, head, [])

    def build_pipeline(self, spec: dict[str, Any]) -> None:
        """Before the commits, and with its branches, whether or not they are in the dump."""
        for repo in [one["cron"]["repo"] for one in [spec.get("input") or {}] if "cron" in one]:
            if repo not in self.state["repos"]:
                raise Uncaptured(f"restoring a cron whose repo {repo} is not in the dump")
        if spec["pipeline"]["name"] not in self.state["pipelines"]:
            self.make_pipeline(spec_of_now(spec))

    def build_commit(self, number: int, parts: dict[int, list[bytes]]) -> None:
        (repo, parent), known = named(parts[1][0]), parts[5][0].decode()
        branch = parts.get(4, [b""])[0].decode()
        if branch and V >= (1, 9, 0) and not re.fullmatch(NAME, branch):
            proved("restoring a branch with such a name", "names_restore_from_1_8_8", "names_restore_from_1_7_14")
            raise Failed(f"error creating commit: {bad_name(branch)}")  # trap P40
        if any(one["id"] == known for one in self.repo(repo)["commits"]):
            return
        held = self.branches(repo).get(branch, {"head": "", "direct": []})
        if 3 not in parts:
            return self.build_open(number, repo, branch, parent, known, bool(held["direct"]))
        if V >= (1, 9, 0) and branch and not parent and held["head"]:
            above = self.commit(repo, held["head"])
            if not above["finished"]:
                proved("restoring a second line of statistics", "stats_freed_restore_from_1_8_8")
                raise Failed(f"error creating commit: parent commit {above['id']} has not been finished")
        name, size = self.converted(number, fields(parts[3][0])[1][0].decode())
        made = self.new_commit(repo, branch, parent, known)
        made.update(tree=name, finished=now(), size=size, grown=size)
        if branch:
            self.propagate(repo, branch)

    def build_open(self, number: int, repo: str, branch: str, parent: str, known: str, output: bool) -> None:
        """What has no tree counts as one that has only been started (traps P05, P28, P36, P37)."""
        if number == 1 and V >= (1, 8, 0):
            proved("restoring a commit of 1.7 without a tree", "restore_from_1_7_14_open_input_commit",
                   "failed_stopped_restore_from_1_7_14", "updated_stopped_restore_from_1_7_14")  # fmt: skip
            raise Panic(NIL)
        if output and V >= (1, 8, 0):
            proved("restoring an output without a tree", "worker_stopped_restore_from_1_8_8_no_objects",
                   "restore_from_1_8_7_stopped_open_commit")  # fmt: skip
            raise Failed("error creating commit: cannot start a commit on an output branch")
        proved("restoring a commit without a tree that no branch leads to",
               "updated_stopped_restore", "updated_stopped_restore_from_1_8_8_no_objects")  # fmt: skip
        if branch and V >= (1, 8, 0):
            raise Uncaptured("restoring an open commit of a branch that nobody computes")
        self.new_commit(repo, branch, parent, known)

    def converted(self, number: int, tree: str) -> tuple[str, int]:
        """Trees of 1.7 are written anew by whoever can."""
        try:
            held = json.loads(self.store.get(tree))
        except Failed as error:
            proved("restoring over an object that is not there", "restore_no_objects_empty_store")
            raise Failed(f"error creating commit: {error}") from None
        if number == 1 and held["layout"] != tree_layout():
            if V == (1, 8, 0):
                raise Panic(LENGTH)  # trap P25
            tree = self.store.put(json.dumps({**held, "layout": tree_layout()}).encode())
        return tree, sum(size for _name, size in held["files"].values())


# Stream -> what shows that this release was seen to read it.
PROOFS = {
    1: ("restore_from_1_7_14_full",),
    2: ("restore_from_1_8_7_no_objects", "restore_from_1_8_8_no_objects", "restore_from_1_8_7_full"),
}
