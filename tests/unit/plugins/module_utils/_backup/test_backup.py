# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import socket
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import archive, metadata
from ansible_collections.uplift.datastores.plugins.module_utils._backup.metadata import Wish
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

QUIET = Progress()
COMPRESSIONS = [name for name in archive.COMPRESSIONS if name != "zstd" or shutil.which("zstd")]


def down() -> None:
    """The service is down."""


def up() -> None:
    raise UpliftError("The unit t.service is active, expected inactive: stop it first.")


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    tree = tmp_path / "meta"
    (tree / "db").mkdir(parents=True)
    (tree / "db" / "conf").write_bytes(os.urandom(5000))
    (tree / "db" / "empty").touch()
    (tree / "node_key").write_bytes(b"secret" * 10)
    (tree / "node_key").chmod(0o600)
    (tree / "link").symlink_to("db/conf")
    (tree / "none").symlink_to("/nowhere at all")
    (tree / "dir with blank").mkdir(mode=0o711)
    os.utime(tree / "node_key", ns=(1, 1234567890123456789))
    return tree


def wish(meta: Path, dest_name: str = "meta.tar", **more: Any) -> Wish:
    return Wish([str(meta)], str(meta.parent / "backup" / dest_name), **{"compression": "none", **more})


def listing(tree: Path) -> list[archive.Entry]:
    return archive.scan(str(tree))


def take(want: Wish, **more: Any) -> dict[str, Any]:
    return metadata.present(want, more.get("progress", QUIET), more.get("down", down), more.get("check", False))


def test_what_is_mounted_only_while_the_unit_runs_is_not_backed_up_empty(meta: Path) -> None:  # trap G31
    assert take(wish(meta, holds=["node_key", "db.lmdb|db"]))["files"] == 3
    want = wish(meta, dest_name="other", holds=["node_key", "db.lmdb|db"])
    shutil.rmtree(meta / "db")
    with pytest.raises(
        UpliftError, match=r"meta has no db\.lmdb or db while the service is down.*Nothing was backed up"
    ):
        take(want)
    assert not Path(want.dest).exists()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_there_and_back(meta: Path, compression: str) -> None:
    want, before = wish(meta, compression=compression), listing(meta)
    done = take(want)
    assert (done["changed"], done["files"], done["total"]) == (True, 3, 5060)
    assert done["evidence"][0]["sha256"] == files.sha256_of(want.dest)
    assert metadata.prove(want, QUIET)["proved"]
    shutil.rmtree(meta / "db")
    (meta / "new").touch()
    back = metadata.restore(want, QUIET, down, False)
    assert listing(meta) == before
    (aside,) = back["renamed_to"]
    assert sorted(os.listdir(aside)) == ["dir with blank", "link", "new", "node_key", "none"]
    assert not metadata.restore(want, QUIET, down, False)["changed"]
    assert sorted(os.listdir(Path(want.dest).parent)) == ["meta.tar", "meta.tar.manifest.json"]
    assert sorted(os.listdir(meta.parent)) == ["backup", "meta", Path(aside).name]


names = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..") and not archive.ours(name) and len(os.fsencode(name)) < 200
)
trees = st.recursive(
    st.one_of(
        st.binary(max_size=3000), st.text("ab/. é", min_size=1, max_size=120).map(lambda target: ("link", target))
    ),
    lambda inner: st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
).filter(lambda tree: isinstance(tree, dict))


def test_only_what_was_set_aside_at_the_top_of_a_tree_is_left_out(tmp_path: Path) -> None:
    """An operator's file is backed up, whatever its name begins with."""
    ours = [".uplift-20261121T032840Z", ".uplift-new-20261121T032840Z", ".uplift-20261121T101500Z-garage-2.1.0"]
    theirs = [".uplift-notes", ".uplift-", ".uplift-20261121", "uplift-20261121T032840Z"]
    for name in (*ours, *theirs):
        (tmp_path / name).mkdir()
        (tmp_path / name / ours[0]).touch()
    found = {os.path.relpath(f"/{entry.path}", tmp_path) for entry in archive.scan(str(tmp_path))} - {"."}
    assert found == {*theirs, *(f"{name}/{ours[0]}" for name in theirs)}


def grow(path: Path, tree: Any) -> None:
    if isinstance(tree, dict):
        path.mkdir()
        for name, inner in tree.items():
            grow(path / name, inner)
    elif isinstance(tree, tuple):
        path.symlink_to(tree[1])
    else:
        path.write_bytes(tree)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees, compression=st.sampled_from(["none", "gzip"]))
def test_any_tree_comes_back_as_it_was(tmp_path: Path, tree: dict[str, Any], compression: str) -> None:
    home = tmp_path / "any"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    grow(home / "meta", tree)
    want, before = wish(home / "meta", compression=compression), listing(home / "meta")
    take(want)
    assert metadata.prove(want, QUIET)["proved"]
    shutil.rmtree(home / "meta")
    metadata.restore(want, QUIET, down, False)
    assert listing(home / "meta") == before
    assert [entry.path for entry in metadata.read_manifest(want.dest).entries] == [entry.path for entry in before]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_bit_of_an_archive_may_change(tmp_path: Path, where: float, bit: int) -> None:
    home = tmp_path / "bit"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    grow(home / "meta", {"a": b"x" * 100})
    want = wish(home / "meta", compression="gzip")
    take(want)
    raw = bytearray(Path(want.dest).read_bytes())
    raw[int(where * len(raw))] ^= 1 << bit
    Path(want.dest).write_bytes(raw)
    with pytest.raises(UpliftError, match="another SHA-256 than its manifest says"):
        metadata.prove(want, QUIET)


def test_nobody_else_may_read_it_whatever_the_umask(meta: Path) -> None:
    want, old = wish(meta), os.umask(0)
    try:
        take(want)
    finally:
        os.umask(old)
    modes = [Path(path).stat().st_mode & 0o777 for path in (want.dest, metadata.manifest_path(want.dest))]
    assert modes == [0o600, 0o600]
    assert Path(want.dest).parent.stat().st_mode & 0o777 == 0o700


def test_ordinary_tar_can_read_it(meta: Path) -> None:
    want = wish(meta, compression="gzip")
    take(want)
    with tarfile.open(want.dest) as tar:
        member = tar.extractfile(f"{meta}/db/conf".lstrip("/"))
        assert member
        assert member.read() == (meta / "db" / "conf").read_bytes()


def test_a_sound_backup_is_kept(meta: Path) -> None:
    want = wish(meta)
    first = take(want)
    second = take(want, down=up)  # not even asked whether it is down
    assert (second["changed"], second["sha256"], second["created"]) == (False, first["sha256"], first["created"])


def test_a_sound_backup_of_another_state_is_set_aside(meta: Path) -> None:
    want = wish(meta)
    first = take(want)
    (meta / "db" / "conf").write_text("new")
    second = take(want)
    assert second["changed"]
    assert metadata.demand_sound(second["renamed_to"]).sha256 == first["sha256"]


def test_a_damaged_backup_is_made_again(meta: Path) -> None:
    want = wish(meta)
    take(want)
    with open(want.dest, "ab") as handle:
        handle.write(b"x")
    assert take(want)["renamed_to"] == ""
    assert metadata.prove(want, QUIET)["proved"]
    os.unlink(metadata.manifest_path(want.dest))
    assert take(want)["changed"]


def test_the_service_has_to_be_down_before_and_after(meta: Path) -> None:  # trap G05
    want = wish(meta)
    with pytest.raises(UpliftError, match="is active"):
        take(want, down=up)
    assert not os.path.exists(want.dest)
    answers = iter([down, up])

    def at_first() -> None:
        next(answers)()

    with pytest.raises(UpliftError, match="is active"):
        take(want, down=at_first)
    assert os.listdir(Path(want.dest).parent) == []


class Meddling(Progress):
    """Does something to the tree in the middle of the work."""

    def __init__(self, act: Any) -> None:
        super().__init__()
        self.act = act

    def say(self, done: float, total: float, text: str, unit: str = "") -> None:
        act, self.act = self.act, lambda: None
        act()


@pytest.mark.parametrize(
    "act",
    [
        lambda tree: (tree / "zz").touch(),
        lambda tree: (tree / "node_key").write_bytes(b"other!" * 10),
        lambda tree: (tree / "node_key").write_bytes(b""),
        lambda tree: (tree / "none").unlink(),
        lambda tree: (tree / "node_key").chmod(0o640),
    ],
)
def test_a_tree_that_changes_meanwhile(meta: Path, act: Any) -> None:
    want = wish(meta)
    with pytest.raises(UpliftError, match="changed while it was read|could not be written"):
        take(want, progress=Meddling(lambda: act(meta)))
    assert os.listdir(Path(want.dest).parent) == []


def test_no_room(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    want = wish(meta)
    monkeypatch.setattr(files, "free_bytes", lambda path: 1000)
    with pytest.raises(UpliftError, match="has 1000 bytes free, a backup of .* needs 64.0 MiB.*Nothing was changed"):
        take(want)
    assert not os.path.exists(Path(want.dest).parent)


def test_room_is_asked_by_the_factor(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "free_bytes", lambda path: metadata.RESERVE + 3000)
    with pytest.raises(UpliftError, match="bytes free|MiB free"):
        take(wish(meta))
    assert take(wish(meta, space_factor=0.5))["changed"]


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_disk_that_fills_up_meanwhile(meta: Path, compression: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (meta / "big").write_bytes(os.urandom(3 << 20))
    want, real = wish(meta, compression=compression), archive.compressed
    monkeypatch.setattr(archive, "compressed", lambda path, kind: real("/dev/full", kind))  # the kernel's own full disk
    with pytest.raises(UpliftError, match="could not be written: .*No space left on device.* is removed"):
        take(want)
    assert os.listdir(Path(want.dest).parent) == []


def test_a_link_in_the_way_is_not_followed(meta: Path) -> None:
    want = wish(meta)
    Path(want.dest).parent.mkdir()
    Path(f"{want.dest}.part").symlink_to(meta / "node_key")
    with pytest.raises(UpliftError, match="could not be begun"):
        take(want)
    assert (meta / "node_key").read_bytes() == b"secret" * 10


def test_two_at_once(meta: Path) -> None:
    want = wish(meta)

    def again() -> None:
        with pytest.raises(UpliftError, match="Another process writes .*wait for its end"):
            metadata._make(want, 1, QUIET, keep=False)

    assert take(want, progress=Meddling(again))["changed"]


def test_zstd_is_not_there(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UpliftError, match="zstd could not be run: .* choose another compression"):
        take(wish(meta, compression="zstd"))


def test_what_is_neither_file_nor_directory_nor_link(meta: Path) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(meta / "sock"))
        with pytest.raises(UpliftError, match="sock is no file, directory or link"):
            take(wish(meta))
    with pytest.raises(UpliftError, match="is not a directory, or not there"):
        take(wish(meta / "node_key"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda raw: {**raw, "format": 99}, "format is not 2"),
        (lambda raw: {key: value for key, value in raw.items() if key != "entries"}, "cannot be used"),
        (lambda raw: [], "cannot be used"),
    ],
)
def test_a_manifest_that_cannot_be_used(meta: Path, change: Any, sentence: str) -> None:
    want = wish(meta)
    take(want)
    path = Path(metadata.manifest_path(want.dest))
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(UpliftError, match=sentence):
        metadata.prove(want, QUIET)


def test_an_archive_that_is_gone(meta: Path) -> None:
    want = wish(meta)
    with pytest.raises(UpliftError, match="Without it a backup proves nothing"):
        metadata.prove(want, QUIET)
    take(want)
    os.unlink(want.dest)
    with pytest.raises(UpliftError, match="meta.tar is not there, expected"):
        metadata.prove(want, QUIET)


def entry(path: str, kind: str = "file", **more: Any) -> archive.Entry:
    return archive.Entry(path, kind, 0o600, 0, 0, 0, **more)


def test_a_tar_writes_only_what_is_listed(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("t/../../etc/passwd"))
    raw.seek(0)
    with pytest.raises(UpliftError, match="which its manifest does not list"):
        archive.unpack(raw, [entry("t", "dir")], {"/t": str(tmp_path / "t")}, lambda done: None)
    with pytest.raises(UpliftError, match="is below none of /t"):
        archive.place("tt/x", {"/t": str(tmp_path)})


def test_a_tar_that_lacks_something(tmp_path: Path) -> None:
    raw = io.BytesIO()
    tarfile.open(fileobj=raw, mode="w").close()
    raw.seek(0)
    with pytest.raises(UpliftError, match="The archive lacks t/x"):
        archive.unpack(raw, [entry("t/x")], {"/t": str(tmp_path)}, lambda done: None)


def test_differences_are_told(meta: Path) -> None:
    entries = archive.pack({str(meta): str(meta)}, io.BytesIO(), lambda done: None)
    roots = {str(meta): str(meta)}
    assert archive.differences(entries, roots, lambda done: None) == []
    (meta / "node_key").write_bytes(b"Secret" * 10)
    os.utime(meta / "node_key", ns=(1, 1234567890123456789))  # same size, same time
    (meta / "none").unlink()
    (meta / "more").touch()
    found = archive.differences(entries, roots, lambda done: None)
    expected = [
        f"{meta} differs",
        f"{meta}/node_key differs",
        f"{meta}/none is missing",
        f"{meta}/more is not in the archive",
    ]
    assert found == expected


def test_a_restore_that_would_not_be_true_changes_nothing(meta: Path) -> None:
    want = wish(meta)
    take(want)
    path = Path(metadata.manifest_path(want.dest))
    path.write_text(path.read_text().replace('"mode": 384', '"mode": 385').replace('"size": 60', '"size": 61'))
    (meta / "node_key").write_bytes(b"now")
    before = listing(meta)
    with pytest.raises(UpliftError, match="does not give back what its manifest lists"):
        metadata.restore(want, QUIET, down, False)
    assert listing(meta) == before
    assert sorted(os.listdir(meta.parent)) == ["backup", "meta"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"node": "aaaa"}, "is of the node bbbb; expected one of aaaa. Nothing was changed."),
        ({"unit": "garage-blue.service"}, "is of the unit garage-green.service; expected one of garage-blue.service."),
        ({"src": ["/srv/other"]}, "; expected one of /srv/other. Nothing was changed."),
    ],
)
def test_what_is_of_another_is_not_put_back(meta: Path, change: dict[str, Any], sentence: str) -> None:  # trap G35
    green = {"unit": "garage-green.service", "node": "bbbb"}
    metadata.present(wish(meta, **green), QUIET, down, check=False)
    (meta / "node_key").write_bytes(b"of later")
    before = listing(meta)
    with pytest.raises(UpliftError, match=re.escape(sentence)):
        metadata.restore(replace(wish(meta, **green), **change), QUIET, down, check=False)
    assert listing(meta) == before
    for known in ({}, {"unit": green["unit"]}, green):  # what is unknown is not compared
        metadata.restore(wish(meta, **known), QUIET, down, check=False)


def test_a_restore_needs_the_service_down(meta: Path) -> None:
    want = wish(meta)
    take(want)
    (meta / "node_key").unlink()
    with pytest.raises(UpliftError, match="is active"):
        metadata.restore(want, QUIET, up, False)
    assert metadata.restore(want, QUIET, down, True)["changed"]  # check mode
    assert not (meta / "node_key").exists()


def test_the_content_of_a_mount_point_is_swapped(meta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    want, before = wish(meta), listing(meta)
    take(want)
    (meta / "node_key").unlink()
    inode = meta.stat().st_ino
    monkeypatch.setattr(os.path, "ismount", lambda path: str(path) == str(meta))
    (aside,) = metadata.restore(want, QUIET, down, False)["renamed_to"]
    assert Path(aside).parent == meta
    assert (listing(meta)[1:], meta.stat().st_ino) == (before[1:], inode)


def test_check_mode_writes_nothing(meta: Path) -> None:
    assert take(wish(meta), check=True)["changed"]
    assert os.listdir(meta.parent) == ["meta"]
