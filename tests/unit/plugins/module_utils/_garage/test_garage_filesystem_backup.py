# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backup of what a snapshot of the file system shows: which directory is one, and what is archived of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import metadata
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import filesystem_backup
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock

PAGES = b"p" * 4 * os.sysconf("SC_PAGE_SIZE")  # more than a database that holds nothing
NOW = Clock(now=lambda: 1_800_000_000.0)


@pytest.fixture
def meta(tmp_path: Path) -> Path:
    found = tmp_path / "meta"
    (found / "db.lmdb").mkdir(parents=True, mode=0o700)
    (found / "db.lmdb" / "data.mdb").write_bytes(PAGES)
    (found / "node_key").write_text("key")
    (found / "node_key").chmod(0o600)
    return found


def asked(meta: Path, **more: Any) -> dict[str, Any]:
    return {
        "dest": str(meta.parent / "kept" / "meta.tar"), "metadata_dir": str(meta), "engine": "lmdb", "mark": "",
        "compression": "none", "unit": "garage.service", "node": "0b6b", "copy": str(meta.parent / "shown"), **more,
    }  # fmt: skip


def snapshot(meta: Path) -> dict[str, Any]:
    """What the operator's tasks do, right after the mark."""
    made = filesystem_backup.mark(asked(meta), False, NOW)
    shutil.copytree(meta, meta.parent / "shown")
    return asked(meta, mark=made["mark"])


def test_a_snapshot_is_archived_as_what_it_shows(meta: Path) -> None:
    params = snapshot(meta)
    (meta / "db.lmdb" / "data.mdb").write_bytes(b"written since")
    done = filesystem_backup.take(params, Progress(), False)
    kept = metadata.read_manifest(params["dest"])
    assert (kept.sources, kept.unit, kept.node) == ([str(meta)], "garage.service", "0b6b")
    assert done["changed"] and done["evidence"][0]["path"] == params["dest"] and done["made"] == params["mark"]
    assert os.stat(params["dest"]).st_mode & 0o777 == 0o600
    shutil.rmtree(meta)
    meta.mkdir()
    wish = metadata.Wish([str(meta)], params["dest"], unit="garage.service", node="0b6b")
    metadata.restore(wish, Progress(), lambda: None, False)
    there = {str(path.relative_to(meta)) for path in meta.rglob("*") if path.is_file()}
    assert there == {"db.lmdb/data.mdb", "node_key"}, "the mark is none of the metadata"
    assert (meta / "db.lmdb" / "data.mdb").read_bytes() == PAGES
    assert (meta / "node_key").stat().st_mode & 0o777 == 0o600


def test_the_name_and_the_mark_are_of_this_moment_and_the_mark_goes(meta: Path) -> None:
    (meta / ".uplift-20260101T000000Z-mark").write_text("")
    made = filesystem_backup.mark(asked(meta), False, NOW)
    assert made["name"] == "uplift-20270115T080000Z-garage.service" and made["mark"] == ".uplift-20270115T080000Z-mark"
    assert [path.name for path in meta.glob(".uplift-*")] == [made["mark"]], "that of a run that died is gone"
    assert filesystem_backup.unmark(asked(meta), False)["changed"] and not list(meta.glob(".uplift-*"))
    assert not filesystem_backup.unmark(asked(meta), False)["changed"]


def refused(params: dict[str, Any]) -> str:
    with pytest.raises(UpliftError) as caught:
        filesystem_backup.take(params, Progress(), False)
    assert not os.path.exists(params["dest"]) and "Nothing was backed up" in str(caught.value)
    return str(caught.value)


def test_a_directory_that_is_not_there(meta: Path) -> None:
    said = refused(asked(meta, mark="m"))
    assert "there is no such directory after garage_backup_tasks" in said and "garage_backup_from" in said


def test_the_metadata_directory_itself_is_no_snapshot(meta: Path) -> None:
    made = filesystem_backup.mark(asked(meta), False, NOW)
    (meta.parent / "shown").symlink_to(meta)
    assert "is the metadata directory itself" in refused(asked(meta, mark=made["mark"]))


def test_a_snapshot_of_yesterday_or_of_another_directory(meta: Path) -> None:
    params = snapshot(meta)
    later = filesystem_backup.mark(asked(meta), False, Clock(now=lambda: 1_800_086_400.0))
    said = refused({**params, "mark": later["mark"]})
    assert "of an earlier time or of another directory" in said and "name of its own in garage_backup_tasks" in said


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ("db.lmdb/data.mdb", "lacks a database of lmdb, which"),
        ("node_key", "lacks node_key, which"),
    ],
)
def test_what_lies_on_a_file_system_of_its_own_is_missed(meta: Path, gone: str, said: str) -> None:
    params = snapshot(meta)
    (meta.parent / "shown" / gone).unlink()
    assert said in refused(params)


def test_a_database_of_another_engine(meta: Path) -> None:
    assert "lacks a database of sqlite" in refused({**snapshot(meta), "engine": "sqlite"})


def test_check_mode_writes_nothing(meta: Path) -> None:
    before = sorted(os.listdir(meta))
    made = filesystem_backup.mark(asked(meta), True, NOW)
    assert filesystem_backup.take(asked(meta, mark=made["mark"]), Progress(), True)["changed"]
    assert sorted(os.listdir(meta)) == before and not (meta.parent / "kept").exists()
    (meta / ".uplift-20260101T000000Z-mark").write_text("")
    assert filesystem_backup.unmark(asked(meta), True)["changed"] and len(os.listdir(meta)) == len(before) + 1
