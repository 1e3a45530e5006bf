# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup of a node that serves: what is in it, that it is restored as one of a stopped node, and what is none."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import metadata
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import live_backup
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

from tests.unit.replay import CONFIG, NINE, ONE, TWO, Answer, FakeTime, Replay, answer, garage

PAGES = b"p" * 4 * os.sysconf("SC_PAGE_SIZE")  # more than a database that holds nothing
MADE = "2027-01-15T08:00:00Z"
SMALL = {"cluster_layout": "layout", "data_layout": "data", "node_key": "key", "node_key.pub": "pub", "peer_list": "p"}


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    """A node's metadata while it serves: the database of now, files of its own, and what may not come along."""
    found = tmp_path / "meta"
    (found / "db.lmdb").mkdir(parents=True, mode=0o700)
    (found / "db.lmdb" / "data.mdb").write_bytes(b"of now, half written")
    (found / "db.lmdb" / "data.mdb").chmod(0o640)
    (found / "db.lmdb" / "lock.mdb").write_text("lock")
    for name, text in SMALL.items():
        (found / name).write_text(text)
    (found / "node_key").chmod(0o600)
    (found / "snapshots" / "2027-01-14T08:00:00Z").mkdir(parents=True)
    (found / ".uplift-20270114T080000Z").mkdir()
    (found / "db").mkdir()
    (found / "db" / "conf").write_text("sled of before")
    (tmp_path / "garage.toml").write_text(f'metadata_dir = "{found}"\ndata_dir = "/d"\n')
    return found


class Node(Replay):
    """A daemon that takes a snapshot when it is asked, and a program that reads a copy."""

    def __init__(self, version: str, meta: Path, file: str, content: bytes = PAGES, reads: str = "") -> None:
        super().__init__(version, {"meta snapshot": "meta_snapshot"})
        self.meta, self.file, self.content, self.reads = meta, file, content, reads or "offline_repair"
        self.lay: list[str] = []
        self.readers: list[tuple[str, str]] = []
        self.config = ""

    def run(self, argv: Any, **how: Any) -> Answer:
        if "offline-repair" in argv:
            scratch = Path(argv[2]).parent
            self.lay = sorted(str(path.relative_to(scratch)) for path in scratch.rglob("*") if path.is_file())
            self.config = Path(argv[2]).read_text()
            self.readers.append((argv[0], self.config))
            return answer(self.reads, self.version)
        if "snapshot" in argv:
            path = self.meta / "snapshots" / MADE / self.file if self.file else self.meta / "snapshots" / MADE
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.content)
            path.chmod(0o644)  # as Garage leaves it
            return super().run(
                [argv[0], "-c", CONFIG, *argv[3:]], **how
            )  # of its own configuration, in the test's place
        return super().run(argv, **how)


def node(runner: Replay, meta: Path) -> Garage:
    found = garage(runner)
    found.user, found.config_file = pwd.getpwuid(os.getuid()).pw_name, str(meta.parent / "garage.toml")
    return found


def asked(meta: Path, **more: Any) -> dict[str, Any]:
    return {
        "dest": str(meta.parent / "kept" / "op" / "meta.tar"), "metadata_dir": str(meta), "snapshots_dir": None,
        "engine": "lmdb", "compression": "none", "unit": "garage.service", "node": "0b6b", "timeout": 60.0,
        "release_binary": "", "candidate": None, **more,
    }  # fmt: skip


def clock(sleep: Callable[[float], None] | None = None) -> Clock:
    time = FakeTime()
    return Clock(now=lambda: 1_800_000_000 + time.seconds, sleep=sleep or time.sleep)


def taken(meta: Path, runner: Node, check_mode: bool = False, sleep: Any = None, **more: Any) -> dict[str, Any]:
    return live_backup.take(node(runner, meta), asked(meta, **more), Progress(), check_mode, clock(sleep))


def proved(meta: Path, runner: Node, **more: Any) -> dict[str, Any]:
    try:
        return live_backup.prove(node(runner, meta), asked(meta, **more), Progress())
    finally:
        left = sorted(path.name for path in meta.parent.iterdir() if not path.name.startswith("garage.toml"))
        assert left == ["kept", "meta"]


def tree(meta: Path) -> dict[str, bytes]:
    return {str(path.relative_to(meta)): path.read_bytes() for path in meta.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("version", "file"), [(NINE, "data.mdb"), (ONE, "db.lmdb"), (TWO, "db.lmdb")])
def test_it_is_restored_as_that_of_a_stopped_node(meta: Path, version: str, file: str) -> None:  # trap G10
    result = taken(meta, Node(version, meta, file))
    dest = Path(result["archive"])
    assert (result["changed"], result["made"], result["renamed_to"]) == (True, MADE, "")
    assert (dest.stat().st_mode & 0o777, dest.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert sorted(path.name for path in dest.parent.iterdir()) == ["meta.tar", "meta.tar.manifest.json"]
    kept = metadata.read_manifest(str(dest))
    assert (kept.sources, kept.unit, kept.node) == ([str(meta)], "garage.service", "0b6b")
    assert result["evidence"] == [
        {"slot": "backup", "kind": "file", "path": str(dest), "size": result["size"], "sha256": result["sha256"]}
    ]
    shutil.rmtree(meta)
    meta.mkdir()
    wish = metadata.Wish([str(meta)], str(dest), unit="garage.service", node="0b6b")
    metadata.restore(wish, Progress(), lambda: None, False)
    expected = {**{name: text.encode() for name, text in SMALL.items()}, "db/conf": b"sled of before"}
    assert tree(meta) == {**expected, "db.lmdb/data.mdb": PAGES}
    modes = {name: (meta / name).stat().st_mode & 0o777 for name in ("node_key", "db.lmdb", "db.lmdb/data.mdb")}
    assert modes == {"node_key": 0o600, "db.lmdb": 0o700, "db.lmdb/data.mdb": 0o640}, "as private as the database"


@pytest.mark.parametrize(("version", "file"), [(NINE, ""), (ONE, "db.sqlite")])
def test_sqlite_comes_without_the_journals_of_the_live_one(meta: Path, version: str, file: str) -> None:
    for name in ("db.sqlite", "db.sqlite-wal", "db.sqlite-shm"):
        (meta / name).write_text("of now")
    result = taken(meta, Node(version, meta, file), engine="sqlite")
    paths = [Path("/" + entry.path) for entry in metadata.read_manifest(result["archive"]).entries]
    assert [path.name for path in paths if "sqlite" in path.name] == ["db.sqlite"]
    assert proved(meta, Node(version, meta, file), engine="sqlite")["proved"]


def test_a_file_that_was_half_written_is_copied_again(meta: Path) -> None:
    (meta / "peer_list").write_text("")  # just truncated
    paused: list[float] = []

    def sleep(seconds: float) -> None:
        paused.append(seconds)
        (meta / "peer_list").write_text("all peers")

    result = taken(meta, Node(ONE, meta, "db.lmdb"), sleep=sleep)
    assert len(paused) == 2
    shutil.rmtree(meta)
    metadata.restore(metadata.Wish([str(meta)], result["archive"]), Progress(), lambda: None, False)
    assert (meta / "peer_list").read_text() == "all peers"


def test_files_that_never_rest_are_no_backup(meta: Path) -> None:
    def sleep(_seconds: float) -> None:
        (meta / "peer_list").write_text((meta / "peer_list").read_text() + "more")

    with pytest.raises(UpliftError, match="change all the time; expected them at rest"):
        taken(meta, Node(ONE, meta, "db.lmdb"), sleep=sleep)
    assert not list((meta.parent / "kept").rglob("*.tar")) and not list((meta.parent / "kept").rglob(".*"))


def test_the_backup_of_an_earlier_run_is_kept_beside(meta: Path) -> None:
    taken(meta, Node(ONE, meta, "db.lmdb"))
    shutil.rmtree(meta / "snapshots")
    again = taken(meta, Node(ONE, meta, "db.lmdb", content=PAGES + b"more"))
    assert again["changed"] and metadata.demand_sound(again["renamed_to"]).total < again["total"]


def test_it_is_proved_by_the_node_s_own_program_on_what_it_gives_back(meta: Path) -> None:
    runner = Node(ONE, meta, "db.lmdb")
    taken(meta, runner)
    result = proved(meta, runner)
    assert (result["proved"], result["changed"]) == (True, False)
    assert runner.lay == sorted(["garage.toml", "0/db.lmdb/data.mdb", "0/db/conf", *(f"0/{name}" for name in SMALL)])
    assert f'metadata_dir = "{meta}"' not in runner.config and 'data_dir = "/d"' in runner.config


def following(meta: Path) -> dict[str, str]:
    candidate = meta.parent / "garage.toml.uplift-2.5.0"
    candidate.write_text(f'metadata_dir = "{meta}"\ndata_dir = "/d"\nreplication_factor = 3\n')
    return {"release_binary": "/bin/garage-2.5.0", "candidate": str(candidate)}


def test_the_next_release_reads_it_too_with_its_own_configuration(meta: Path) -> None:
    runner = Node(ONE, meta, "db.lmdb")
    taken(meta, runner)
    assert proved(meta, runner, **following(meta))["proved"]
    (old, _own), (new, its) = runner.readers
    assert new == "/bin/garage-2.5.0" != old and "replication_factor = 3" in its
    assert f'metadata_dir = "{meta}"' not in its, "of the copy"


def test_what_the_next_release_does_not_read_stops_before_the_switch(meta: Path) -> None:
    runner = Node(ONE, meta, "db.lmdb")
    taken(meta, runner)
    own = runner.run

    def run(argv: Any, **how: Any) -> Answer:
        runner.reads = "offline_repair_flipped" if argv[0] == "/bin/garage-2.5.0" else "offline_repair"
        return own(argv, **how)

    runner.run = run  # type: ignore[method-assign]
    with pytest.raises(UpliftError, match="does not read a copy of this node's database.*Nothing was switched"):
        proved(meta, runner, **following(meta))


@pytest.mark.parametrize("content", [b"", b"p" * 2 * os.sysconf("SC_PAGE_SIZE")], ids=["emptied", "blank"])
def test_a_database_that_is_empty_is_no_backup_though_garage_reads_it(meta: Path, content: bytes) -> None:  # trap G37
    """The capture: the offline repair of an emptied database ends with 0, and says that it has finished."""
    assert answer("offline_repair_emptied", ONE).rc == 0
    runner = Node(ONE, meta, "db.lmdb", content=content, reads="offline_repair_emptied")
    taken(meta, runner)
    with pytest.raises(UpliftError, match="does not open: it holds no database of lmdb.*garage_backup_method"):
        proved(meta, runner)
    assert runner.lay == [], "nobody has made a new one there"


def test_a_database_whose_pages_are_flipped_is_no_backup(meta: Path) -> None:
    runner = Node(ONE, meta, "db.lmdb", reads="offline_repair_flipped")
    taken(meta, runner)
    with pytest.raises(UpliftError, match="does not open: Garage 1.3.0 cannot read it: .*nothing was switched"):
        proved(meta, runner)


def test_an_archive_that_was_changed_is_no_backup(meta: Path) -> None:
    runner = Node(ONE, meta, "db.lmdb")
    archive = Path(taken(meta, runner)["archive"])
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    with pytest.raises(UpliftError, match="another SHA-256 than its manifest says: it is damaged"):
        proved(meta, runner)


def test_sled_takes_none(meta: Path) -> None:
    runner = Node(NINE, meta, "db")
    with pytest.raises(UpliftError, match="in sled, of which Garage takes no snapshot.*set garage_backup_method"):
        taken(meta, runner, engine="sled")
    assert runner.without_version() == []


def test_a_snapshot_of_another_engine_is_not_taken_for_the_node_s(meta: Path) -> None:
    with pytest.raises(UpliftError, match="is of sqlite; expected one of lmdb"):
        taken(meta, Node(ONE, meta, "db.sqlite"))


def test_check_mode_asks_for_nothing(meta: Path) -> None:
    runner = Node(ONE, meta, "db.lmdb")
    assert taken(meta, runner, check_mode=True)["changed"] is True
    assert runner.without_version() == [] and not (meta.parent / "kept").exists()
