# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A dump of `pachctl extract`, decoded to its end and counted, in little memory whatever its size.

Each operation is its length (8 bytes, little end first) and a protobuf message `Op{op1_N: Op1_N{KIND: request}}`.
Objects come first, then repos, commits, branches and pipelines: what is cut has lost the metadata.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Callable, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.dumps import ORDER
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.forms import BARE_STREAMS
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.snappy import DumpError, Frames, varint

_HEAD = 40  # enough to tell an operation's stream, kind, and whether it carries a value
_LARGEST = 32 << 20  # no release sends a message larger than 20 MiB
_OBJECT, _TAG, _REPO, _COMMIT, _BRANCH, _PIPELINE, _JOB, _CREATE, _BLOCK = 2, 3, 4, 5, 6, 7, 8, 9, 10
_AUTH, _ENTERPRISE = (11, 12, 13, 14, 15, 17), 16
_SAMPLE = 64
_PROVENANCE = 6  # of a commit: {commit, branch}
_NAMED = {_REPO, _COMMIT, _BRANCH, _PIPELINE}
_OWN = "__spec__"  # the repo of the pipelines' specs: never listed


@dataclass
class Contents:
    """What a dump holds. `commits` is by repo; `ids` tells sets of commits and heads apart without keeping them."""

    stream: str = ""
    bytes: int = 0
    sha256: str = ""
    operations: int = 0
    repos: list[str] = field(default_factory=list)
    commits: dict[str, int] = field(default_factory=dict)
    branches: int = 0
    pipelines: list[str] = field(default_factory=list)
    jobs: int = 0
    objects: int = 0
    has_objects: bool = False
    has_auth: bool = False
    ids: str = ""
    trees: list[str] = field(default_factory=list)
    """Objects that the last commits cannot be read without."""
    clashes: list[str] = field(default_factory=list)
    """Commits with two commits of one branch in their provenance, as `REPO@ID of REPO@BRANCH`."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Ids:
    """A sum over names that comes out equal for equal sets, in any order."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, repo: str, commit: str) -> None:
        found = hashlib.sha256(f"{repo}@{commit}".encode()).digest()[:16]
        self._sum = (self._sum + int.from_bytes(found, "big")) % (1 << 128)

    def __str__(self) -> str:
        return f"{self._sum:032x}"


def read(handle: BinaryIO, tell: Callable[[int], None] = lambda done: None, empty: bool = False) -> Contents:
    """Count a dump; DumpError when it is none, or not a whole one. `tell` hears how many bytes are done.

    empty: whether one without a byte is one: 1.7 and 1.8 write that of a cluster without repos (P42).
    """
    if empty and os.fstat(handle.fileno()).st_size == 0:
        return Contents(sha256=hashlib.sha256().hexdigest(), ids=str(Ids()))
    frames, found, ids = Frames(handle), Contents(), Ids()
    open_object = False
    for stream, kind, body, valued in _operations(frames):
        if found.stream not in ("", stream):
            raise DumpError("mixed", f"The dump mixes the streams {found.stream} and {stream}; expected one.")
        found.stream = stream
        found.operations += 1
        if open_object and kind not in (_OBJECT, _BLOCK):
            raise frames.cut()
        open_object = valued if kind in (_OBJECT, _BLOCK) else False
        _count(found, ids, kind, body, valued)
        if found.operations % 256 == 0:
            tell(frames.total)
    if open_object or not (found.repos or found.stream in BARE_STREAMS[0].values):
        raise frames.cut()
    found.repos = sorted(name for name in found.repos if name != _OWN)
    found.commits.pop(_OWN, None)
    found.pipelines.sort()
    found.bytes, found.sha256, found.ids = frames.total, frames.digest.hexdigest(), str(ids)
    return found


def _operations(frames: Frames) -> Iterator[tuple[str, int, bytes, bool]]:
    """Stream, kind, request (only of what has a name), and whether it carries a value."""
    while True:
        length = frames.take(8)
        if not length:
            return
        size = int.from_bytes(length, "little")
        if len(length) < 8:
            raise frames.cut()
        if not 0 < size <= _LARGEST:
            raise frames.damaged(f"an operation of {size} bytes")
        head = frames.take(min(size, _HEAD))
        if len(head) < min(size, _HEAD):
            raise frames.cut()
        stream, at = _stream(head, size, frames)
        tag, after = varint(head, at)
        inside, begin = varint(head, after)
        if tag & 7 != 2 or begin + inside != size:
            raise frames.damaged("an operation that is longer or shorter than it says")
        kind, body, rest = tag >> 3, b"", size - len(head)
        if kind in _NAMED:
            body = head[begin:] + frames.take(rest)
        else:
            frames.skip(rest)
        if frames.short or (kind in _NAMED and len(body) < inside):
            raise frames.cut()
        yield stream, kind, body, _valued(kind, head[begin:], inside)


def _stream(head: bytes, size: int, frames: Frames) -> tuple[str, int]:
    tag, at = varint(head, 0)
    inside, at = varint(head, at)
    if tag & 7 != 2 or at + inside != size:
        raise frames.damaged("an operation that is none")
    if not 1 <= tag >> 3 <= len(ORDER):
        # P15: an older release calls such a stream undefined, or restores nothing and exits 0 (P35).
        raise DumpError("newer", f"The dump is of a stream newer than {ORDER[-1]}; expected one of {', '.join(ORDER)}.")
    return ORDER[(tag >> 3) - 1], at


def _valued(kind: int, head: bytes, inside: int) -> bool:
    """An object, or a block, ends with an operation that has no value."""
    if kind not in (_OBJECT, _BLOCK) or not inside:
        return False
    field_of_value = 1 if kind == _OBJECT else 2
    at = 0
    while at < min(inside, len(head)):
        tag, at = varint(head, at)
        if tag >> 3 == field_of_value:
            return True
        size, at = varint(head, at)
        at += size
    return inside > len(head)


def _count(found: Contents, ids: Ids, kind: int, body: bytes, valued: bool) -> None:
    if kind in (_OBJECT, _BLOCK, _CREATE):
        found.has_objects = True
        # Up to 1.8 objects are written themselves; later blocks are, and objects refer to them.
        found.objects += 1 if kind == _CREATE or (kind == _OBJECT and not valued) else 0
    elif kind == _REPO:
        found.repos.append(_text(_inner(body, 1), 1))
    elif kind == _COMMIT:
        repo, commit = _text(_inner(_inner(body, 1), 1), 1), _text(body, 5)
        found.commits[repo] = found.commits.get(repo, 0) + 1
        if repo != _OWN:
            ids.add(repo, commit)
            tree = _text(_inner(body, 3) or _inner(body, 7), 1)
            found.trees = [*found.trees, tree][-_SAMPLE:] if tree else found.trees
        found.clashes += [f"{repo}@{commit} of {branch}" for branch in _twice(body)][: _SAMPLE - len(found.clashes)]
    elif kind == _BRANCH:
        found.branches += _text(_inner(_inner(body, 3), 1), 1) != _OWN
    elif kind == _PIPELINE:
        found.pipelines.append(_text(_inner(body, 1), 1))
    found.jobs += kind == _JOB
    found.has_auth |= kind in _AUTH


def _twice(body: bytes) -> list[str]:
    """Branches that a commit has several commits of in its provenance. Streams of 1.7 name no branches there."""
    seen = Counter(
        f"{_text(_inner(branch, 1), 1)}@{_text(branch, 2)}"
        for branch in (_inner(bytes(value), 2) for number, value in fields(body) if number == _PROVENANCE)
        if branch
    )
    return sorted(branch for branch, count in seen.items() if count > 1)


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a protobuf message: numbers as such, the rest as bytes."""
    at = 0
    while at < len(message):
        tag, at = varint(message, at)
        kind = tag & 7
        if kind == 0:
            value, at = varint(message, at)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind, -1)
        if kind == 2:
            size, at = varint(message, at)
        if size < 0 or at + size > len(message):
            raise DumpError("damaged", "The dump has a message longer than it says; expected none. Extract again.")
        yield tag >> 3, message[at : at + size]
        at += size


def _inner(message: bytes, number: int) -> bytes:
    return next((bytes(value) for found, value in fields(message) if found == number), b"")


def _text(message: bytes, number: int) -> str:
    return _inner(message, number).decode("utf-8", "replace")


def shortfall(found: Contents, expected: Mapping[str, Any]) -> str:
    """What a cluster has and its dump has not, as a sentence; "" when it is all there.

    A dump that is cut where one operation ends is whole in itself: only counting tells (P02).
    """
    lost = []
    missing = sorted(set(expected["commits"]) - set(found.repos))
    if missing:
        lost.append(f"the repos {', '.join(missing)}")
    for repo, count in sorted(expected["commits"].items()):
        if repo not in missing and found.commits.get(repo, 0) != count:
            lost.append(f"{count} commits of {repo} (it has {found.commits.get(repo, 0)})")
    if expected["branches"] != found.branches:
        lost.append(f"{expected['branches']} branches (it has {found.branches})")
    gone = sorted(set(expected["pipelines"]) - set(found.pipelines))
    if gone:
        lost.append(f"the pipelines {', '.join(gone)}")
    if not lost and expected.get("ids") and expected["ids"] != found.ids:
        lost.append("the same commits (their number is right, their ids are others)")
    return f"The dump lacks {'; '.join(lost)}. Extract again." if lost else ""
