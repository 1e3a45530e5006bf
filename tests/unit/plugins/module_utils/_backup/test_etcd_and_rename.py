# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import directory_rename as aside
from ansible_collections.uplift.datastores.plugins.module_utils._backup.etcd import Snapshot
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


class Etcdctl:
    """etcdctl 3.4: it writes the snapshot to NAME.part and renames it, and tells of it in JSON."""

    def __init__(self, keys: int = 61, rc: int = 0) -> None:
        self.keys, self.rc = keys, rc
        self.asked: list[list[str]] = []

    def run(self, argv: Any, **how: Any) -> Answer:
        words = list(argv)
        self.asked.append(words)
        assert how["env"] == {"ETCDCTL_API": "3"}
        verb = words[words.index("snapshot") + 1]
        path = words[words.index(verb) + 1]
        if self.rc:
            return Answer(tuple(argv), self.rc, "", "Error: context deadline exceeded\n")
        if verb == "save":
            Path(path).write_bytes(b"snapshot")
        if verb == "restore":
            os.mkdir(words[-1].split("=", 1)[1])
        return Answer(tuple(argv), 0, json.dumps({"totalKey": self.keys, "revision": 118}), "")


def snapshot(tmp_path: Path, runner: Etcdctl, **more: Any) -> Snapshot:
    params = {"etcdctl": "etcdctl", "endpoint": "http://127.0.0.1:2379", "cacert": None, "cert": None, "key": None}
    return Snapshot(runner, {**params, "dest": str(tmp_path / "kept" / "etcd"), "data_dir": None, **more})


def test_a_snapshot_is_whole_private_and_proved(tmp_path: Path) -> None:
    runner = Etcdctl()
    done = snapshot(tmp_path, runner).present(False)
    assert (done["keys"], done["revision"], done["evidence"][0]["size"]) == (61, 118, 8)
    assert os.stat(tmp_path / "kept" / "etcd").st_mode & 0o777 == 0o600
    assert snapshot(tmp_path, runner).proved(False)["changed"] is False
    assert sorted(os.listdir(tmp_path / "kept")) == ["etcd", "etcd.manifest.json"]


def manifest(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(f"{path}.manifest.json").read_text())
    return found


def test_a_sound_snapshot_of_before_is_kept_under_its_time(tmp_path: Path) -> None:
    dest = tmp_path / "kept" / "etcd"
    assert snapshot(tmp_path, Etcdctl(keys=61)).present(False)["renamed_to"] == ""
    os.utime(f"{dest}.manifest.json", (0, 0))
    done = snapshot(tmp_path, Etcdctl(keys=62)).present(False)
    assert done["renamed_to"] == f"{dest}.19700101T000000Z"
    assert (manifest(dest)["keys"], manifest(Path(done["renamed_to"]))["keys"]) == (62, 61)
    assert snapshot(tmp_path, Etcdctl(keys=61), dest=done["renamed_to"]).proved(False)["keys"] == 61


def test_a_snapshot_that_fails_takes_none_away(tmp_path: Path) -> None:
    snapshot(tmp_path, Etcdctl()).present(False)
    with pytest.raises(UpliftError, match="context deadline exceeded"):
        snapshot(tmp_path, Etcdctl(rc=1)).present(False)
    assert snapshot(tmp_path, Etcdctl()).proved(False)["keys"] == 61


def test_a_damaged_snapshot_is_taken_anew(tmp_path: Path) -> None:
    snapshot(tmp_path, Etcdctl()).present(False)
    (tmp_path / "kept" / "etcd").write_bytes(b"torn")
    assert snapshot(tmp_path, Etcdctl()).present(False)["renamed_to"] == ""
    assert sorted(os.listdir(tmp_path / "kept")) == ["etcd", "etcd.manifest.json"]


def test_a_snapshot_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="context deadline exceeded"):
        snapshot(tmp_path, Etcdctl(rc=1)).present(False)
    assert os.listdir(tmp_path / "kept") == []


def test_a_snapshot_of_other_content_is_no_proof(tmp_path: Path) -> None:
    snapshot(tmp_path, Etcdctl()).present(False)
    with pytest.raises(UpliftError, match="expected 61 keys"):
        snapshot(tmp_path, Etcdctl(keys=60)).proved(False)
    (tmp_path / "kept" / "etcd").write_bytes(b"other")
    with pytest.raises(UpliftError, match="is not what its manifest tells of"):
        snapshot(tmp_path, Etcdctl()).proved(False)


def test_an_empty_snapshot_is_no_proof(tmp_path: Path) -> None:
    snapshot(tmp_path, Etcdctl(keys=0)).present(False)
    with pytest.raises(UpliftError, match="'keys': 0"):
        snapshot(tmp_path, Etcdctl(keys=0)).proved(False)


def test_nothing_is_restored_over_what_is_there(tmp_path: Path) -> None:
    snapshot(tmp_path, Etcdctl()).present(False)
    with pytest.raises(UpliftError, match="expected a path where nothing is yet"):
        snapshot(tmp_path, Etcdctl(), data_dir=str(tmp_path)).restored(False)
    snapshot(tmp_path, Etcdctl(), data_dir=str(tmp_path / "new")).restored(False)
    assert (tmp_path / "new").is_dir()


class Systemd:
    def __init__(self, active: str = "inactive") -> None:
        self.active = active

    def run(self, argv: Any, **how: Any) -> Answer:
        return Answer(tuple(argv), 0, f"Id=etcd.service\nLoadState=loaded\nActiveState={self.active}\n", "")


def bring(
    tmp_path: Path, state: str, check: bool = False, runner: Any = None, inode: int = 0, holds: Sequence[str] = ()
) -> dict[str, Any]:
    given = {"path": str(tmp_path / "data"), "name": "op", "state": state}
    params = {**given, "units": ["etcd.service"], "inode": inode, "holds": holds}
    return aside.bring(runner or Systemd(), params, check)


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir(mode=0o750)
    (tmp_path / "data" / "old").touch()
    return tmp_path


def names(tmp_path: Path) -> dict[str, list[str]]:
    return {one.name: sorted(os.listdir(one)) for one in tmp_path.iterdir()}


def test_aside_fresh_and_back(data: Path) -> None:
    done = bring(data, "renamed")
    inode = os.stat(data / "data.uplift-op").st_ino
    left = {"slot": "metadata", "kind": "absent", "path": str(data / "data"), "inode": inode}
    assert done["changed"] and done["there"] and done["evidence"] == [left]
    assert names(data) == {"data.uplift-op": ["old"]}
    assert not bring(data, "renamed")["changed"]
    assert bring(data, "fresh")["changed"] and not bring(data, "fresh")["changed"]
    assert os.stat(data / "data").st_mode & 0o777 == 0o750
    (data / "data" / "new").touch()
    assert bring(data, "fresh")["changed"] and names(data)["data"] == []
    (data / "data" / "newer").touch()
    assert bring(data, "back", inode=inode)["changed"]
    assert names(data) == {"data": ["old"], "data.uplift-undone-0": ["newer"]}
    assert not bring(data, "back", inode=inode)["changed"]


def test_what_is_mounted_only_while_its_service_runs_is_not_renamed_empty(data: Path) -> None:  # trap G31
    with pytest.raises(UpliftError, match="data has no member while its service is down; expected as while it runs"):
        bring(data, "renamed", holds=["member"])
    assert names(data) == {"data": ["old"]}
    (data / "data" / "member").mkdir()
    assert bring(data, "renamed", holds=["member"])["changed"]
    (data / "data").mkdir()  # what has come since, of a run that died: the old data are safe
    assert bring(data, "renamed", holds=["member"])["changed"]


def test_what_the_new_release_has_made_is_not_taken_for_the_old_data(data: Path) -> None:
    """What was renamed is gone: the old release would be started on the metadata of the new one (trap P30)."""
    inode = bring(data, "renamed")["evidence"][0]["inode"]
    bring(data, "fresh")
    (data / "data.uplift-op").rename(data / "lost")
    with pytest.raises(UpliftError, match="another directory than the one that was renamed; expected the old data"):
        bring(data, "back", inode=inode)
    (data / "lost").rename(data / "data.uplift-op")
    assert bring(data, "back", inode=inode)["changed"] and names(data)["data"] == ["old"]


def test_the_only_copy_is_never_emptied(data: Path) -> None:
    with pytest.raises(UpliftError, match="expected the old data renamed"):
        bring(data, "fresh")
    assert names(data) == {"data": ["old"]}


def test_what_is_aside_stays_the_old_data(data: Path) -> None:
    """A run died after the new release had begun to write: what it wrote is renamed too, under another name."""
    bring(data, "renamed")
    bring(data, "fresh")
    (data / "data" / "new").touch()
    assert bring(data, "renamed")["changed"]
    assert names(data) == {"data.uplift-op": ["old"], "data.uplift-undone-0": ["new"]}


@pytest.mark.parametrize("state", ["renamed", "fresh", "back"])
def test_not_below_a_running_service(data: Path, state: str) -> None:
    with pytest.raises(UpliftError, match="etcd.service runs; expected it down"):
        bring(data, state, runner=Systemd("active"))
    assert names(data) == {"data": ["old"]}


def test_check_mode_touches_nothing(data: Path) -> None:
    assert bring(data, "renamed", check=True)["changed"]
    assert names(data) == {"data": ["old"]}
