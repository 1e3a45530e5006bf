# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dumps that real pachd wrote, whole and mutilated."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump, dumps
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.snappy import MAGIC, DumpError, Frames
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import pachyderm_replay as replay

STREAMS = {"1.9.12": "1.9", "1.11.9": "1.12", "1.13.4": "1.13"}
WANTED: dict[str, Any] = {
    "commits": {"data": 4, "lookup": 1, "edges": 1},
    "branches": 4,
    "pipelines": ["edges"],
}


def read(data: bytes) -> dump.Contents:
    return dump.read(io.BytesIO(data))


def verdict(data: bytes) -> str:
    """What is said of a dump: the kind of its error, `lacks`, or nothing."""
    try:
        return "lacks" if dump.shortfall(read(data), WANTED) else ""
    except DumpError as error:
        return error.kind


def content(data: bytes) -> bytes:
    return Frames(io.BytesIO(data)).take(1 << 30)


def framed(plain: bytes, size: int) -> bytes:
    """As pachctl frames what does not become smaller; the checksum is nobody's business here."""
    out = bytearray(MAGIC)
    for at in range(0, len(plain), size):
        part = plain[at : at + size]
        out += b"\x01" + (len(part) + 4).to_bytes(3, "little") + b"\0\0\0\0" + part
    return bytes(out)


def ends(plain: bytes) -> list[int]:
    """Where operations end."""
    out = [0]
    while out[-1] < len(plain):
        out.append(out[-1] + 8 + int.from_bytes(plain[out[-1] : out[-1] + 8], "little"))
    return out


@pytest.mark.parametrize(
    ("release", "case"),
    [*((release, "extract_no_objects") for release in replay.REAL), *replay.cases("extract_dump")],
)
def test_a_real_dump_is_counted(release: str, case: str) -> None:
    data = replay.dump(release, case)
    found = read(data)
    assert found.stream == STREAMS[release] and found.bytes == len(data)
    assert found.sha256 == replay.kept(release, case)["stdout"]["sha256"]
    assert found.has_objects == (case == "extract_dump") and (found.objects > 0) == found.has_objects
    assert dump.shortfall(found, {**WANTED, "ids": found.ids}) == ""
    assert (found.has_auth, found.jobs) == (False, 0)


@pytest.mark.parametrize("release", replay.REAL)
def test_the_ids_are_those_that_the_cluster_lists(release: str) -> None:
    listed = parse.commits(replay.answer(release, "list_commit_raw").out)
    ids = dump.Ids()
    for commit in listed:
        ids.add(commit.repo, commit.id)
    mine = dump.Ids()
    for kind, body in _requests(content(replay.dump(release, "extract_no_objects"))):
        if kind == 5 and dump._text(dump._inner(dump._inner(body, 1), 1), 1) == "data":
            mine.add("data", dump._text(body, 5))
    assert str(ids) == str(mine)


def _requests(plain: bytes) -> list[tuple[int, bytes]]:
    return [(kind, body) for _s, kind, body, _v in dump._operations(Frames(io.BytesIO(framed(plain, 999))))]


@pytest.mark.parametrize("release", replay.REAL)
def test_every_cut_is_recognised(release: str) -> None:
    """trap P02, trap P07: what an interrupted extract leaves looks valid, and restores nothing with exit 0."""
    data = replay.dump(release, "extract_no_objects")
    said = {verdict(data[:at]) for at in range(1, len(data))}
    assert said == {"cut"}
    assert verdict(data) == ""


@given(st.sampled_from(replay.REAL[:2]), st.data())
def test_a_full_dump_cut_anywhere(release: str, draw: st.DataObject) -> None:
    data = replay.dump(release)
    assert verdict(data[: draw.draw(st.integers(1, len(data) - 1))]) in ("cut", "lacks")


@given(st.sampled_from(replay.REAL), st.integers(1, 700), st.data())
def test_a_cut_where_an_operation_ends_is_found_by_counting(release: str, size: int, draw: st.DataObject) -> None:
    """trap P02: cut there the stream is whole in itself, however it is framed."""
    plain = content(replay.dump(release, "extract_no_objects"))
    assert verdict(framed(plain, size)) == ""
    at = draw.draw(st.sampled_from(ends(plain)[1:-1]))
    assert verdict(framed(plain[:at], size)) in ("cut", "lacks")


def test_cut_between_the_objects_and_the_metadata() -> None:
    plain = content(replay.dump("1.9.12"))
    for at in ends(plain)[1:30]:
        assert verdict(framed(plain[:at], 65536)) == "cut"


@pytest.mark.parametrize(("release", "case"), list(replay.cases("extract_extra_argument")))
def test_usage_text_is_no_dump(release: str, case: str) -> None:
    """trap P08: pachctl exits 0 and prints this where the dump should be."""
    text = replay.answer(release, case).out
    assert replay.kept(release, case)["rc"] == 0
    with pytest.raises(DumpError, match="expected 0 arguments, got 1") as error:
        read(text.encode())
    assert error.value.kind == "no_dump"


def test_a_greeting_before_a_dump_is_no_dump() -> None:
    """trap P32"""
    greeting = replay.answer("1.7.14", "first_call_no_config").out.encode()
    with pytest.raises(DumpError, match="no config detected"):
        read(greeting + replay.dump("1.9.12"))


def test_nothing_is_no_dump() -> None:
    with pytest.raises(DumpError, match="empty") as error:
        read(b"")  # trap P01
    assert error.value.kind == "empty"


@pytest.mark.parametrize(
    ("plain", "kind"),
    [
        ((4).to_bytes(8, "little") + b"\x42\x02\x22\x00", "newer"),  # trap P15, trap P35: Op.op1_14
        ((2).to_bytes(8, "little") + b"\x3a\x01", "damaged"),
        ((1 << 40).to_bytes(8, "little"), "damaged"),
        (b"\0" * 8, "damaged"),
        ((4).to_bytes(8, "little") + b"\x3a\x02\x22\x00" + (4).to_bytes(8, "little") + b"\x32\x02\x22\x00", "mixed"),
    ],
)
def test_other_streams(plain: bytes, kind: str) -> None:
    assert verdict(framed(plain, 1000)) == kind


@given(st.binary(max_size=3000))
def test_no_bytes_at_all_bring_it_down(data: bytes) -> None:
    assert verdict(data) and verdict(MAGIC + data) and verdict(framed(data, 100))


@given(st.sampled_from(replay.REAL), st.data())
def test_a_changed_byte_never_brings_it_down(release: str, draw: st.DataObject) -> None:
    data = bytearray(replay.dump(release, "extract_no_objects"))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    assert verdict(bytes(data)) in ("", "cut", "damaged", "mixed", "newer", "no_dump", "lacks")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commits": {**WANTED["commits"], "more": 1}}, "the repos more"),
        ({"commits": {**WANTED["commits"], "data": 5}}, "5 commits of data \\(it has 4\\)"),
        ({"branches": 5}, "5 branches \\(it has 4\\)"),
        ({"pipelines": ["edges", "montage"]}, "the pipelines montage"),
        ({"ids": "0" * 32}, "their ids are others"),
    ],
)
def test_what_is_lacking_is_said(change: dict[str, Any], said: str) -> None:
    assert re.search(said, dump.shortfall(read(replay.dump("1.13.4", "extract_no_objects")), {**WANTED, **change}))


def field(number: int, body: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(body)) + body


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def twice(data: bytes, branch: str = "master") -> bytes:
    """A real dump, with a further commit of a branch of data in the provenance of each commit that has some."""
    plain, out = content(data), b""
    for begin, end in pairwise(ends(plain)):
        ((stream, operation),) = dump.fields(plain[begin + 8 : end])
        ((kind, body),) = dump.fields(bytes(operation))
        if kind == 5 and any(number == 6 for number, _value in dump.fields(bytes(body))):
            repo = field(1, field(1, b"data"))
            entry = field(1, repo + field(2, b"0" * 32)) + field(2, repo + field(2, branch.encode()))
            body = bytes(body) + field(6, entry)
        whole = field(stream, field(kind, bytes(body)))
        out += len(whole).to_bytes(8, "little") + whole
    return framed(out, 60000)


@pytest.mark.parametrize("release", STREAMS)
def test_two_commits_of_one_branch_in_a_provenance_are_seen(release: str) -> None:
    """trap P47: 1.13.4 ends at such a commit (restore_provenance_twice)."""
    real = replay.dump(release, "extract_no_objects")
    assert read(real).clashes == [] and read(twice(real, "staging")).clashes == []
    found = read(twice(real))
    assert [re.sub("[0-9a-f]{32}", "ID", one) for one in found.clashes] == ["edges@ID of data@master"]
    assert found.commits == read(real).commits


@pytest.mark.parametrize(
    ("clashes", "target", "said"),
    [
        (
            ["edges@e1 of data@master"],
            Version(1, 13, 4),
            "1.13.4 restores no commit .* first of edges@e1 of data@master",
        ),
        (["edges@e1 of data@master"], Version(1, 9, 0), ""),  # not tried there
        ([], Version(1, 13, 4), ""),
    ],
)
def test_which_release_ends_at_them(clashes: list[str], target: Version, said: str) -> None:
    found = dumps.clashing(clashes, target)
    assert bool(re.search(said, found)) and bool(found) == bool(said)
