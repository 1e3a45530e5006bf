# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which engine a release will open, and where the data lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._garage import engine
from ansible_collections.uplift.datastores.plugins.module_utils._garage.engine import Found
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import ENGINES

from tests.unit.replay import out

SLED, LMDB, SQLITE = Found(("sled",), True), Found(("lmdb",), True), Found(("sqlite",), True)
BOTH, NONE = Found(("sled", "lmdb"), True), Found((), True)


def laid_out(case: str, version: str, where: Path) -> Path:
    """The files that a real node had, with their sizes."""
    where.mkdir()
    for line in out(case, version).splitlines():
        if line.endswith("/"):
            (where / line).mkdir(parents=True, exist_ok=True)
        else:
            name, _blank, size = line.rpartition(" ")
            with (where / name).open("wb") as file:
                file.truncate(int(size))
    return where


@pytest.mark.parametrize(
    ("case", "version", "expected"),
    [
        ("tree_sled", "0.8.7", ("sled",)),
        ("tree_convert_db_running", "0.9.4", ("sled",)),
        ("tree_convert_db_no_directory", "0.9.4", ("sled",)),  # an LMDB that holds nothing at all lies next to it
        ("tree_converted", "0.9.4", ("sled", "lmdb")),
        ("tree_converted_to_sqlite", "0.9.4", ("sled", "lmdb", "sqlite")),
        ("tree_snapshot", "1.3.0", ("lmdb",)),
        ("tree_snapshot", "2.1.0", ("lmdb",)),
        ("tree_snapshot_sqlite", "1.3.0", ("lmdb", "sqlite")),
    ],
)
def test_what_lies_on_the_disk_of_real_nodes(  # traps G01 G21
    tmp_path: Path, case: str, version: str, expected: tuple[str, ...]
) -> None:
    assert os.sysconf("SC_PAGE_SIZE") == 4096, "the sizes were captured on a machine with such pages"
    assert engine.look(str(laid_out(case, version, tmp_path / "meta"))) == Found(expected, True)


def test_a_directory_where_no_node_ever_lived(tmp_path: Path) -> None:
    assert engine.look(str(tmp_path)) == Found((), False)
    with pytest.raises(UpliftError, match=r"cannot be read \(No such file or directory\). Correct metadata_dir"):
        engine.look(str(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("configured", "version", "expected"),
    [
        ("", "0.5.1", "sled"), ("", "0.8.7", "sled"), ("", "0.9.0", "lmdb"), ("", "2.1.0", "lmdb"),
        ("sled", "0.9.4", "sled"), ("heed", "0.9.4", "lmdb"), ("rusqlite", "0.8.7", "sqlite"),
        ("sqlite3", "1.3.0", "sqlite"),
        ("leveldb", "0.9.4", ""), ("SLED", "0.9.4", ""),
    ],
)  # fmt: skip
def test_the_engine_that_a_release_opens(configured: str, version: str, expected: str) -> None:  # traps G01 G20
    assert engine.engine_of(configured, parse(version)) == expected


@pytest.mark.parametrize(
    ("found", "configured", "version", "same", "key"),
    [
        (SLED, "", "0.7.0", True, ""),
        (SLED, "sled", "0.9.4", True, ""),
        (LMDB, "", "1.3.0", True, ""),
        (BOTH, "lmdb", "0.9.4", True, ""),  # converted before, the source left where it was
        (BOTH, "sled", "0.8.7", True, ""),  # an accidental start has left the other
        (BOTH, "", "0.9.4", None, "engine_ambiguous"),  # which of the two it was is what G01 is about
        (BOTH, "", "0.8.7", None, "engine_ambiguous"),
        (SLED, "", "0.9.4", False, "engine_mismatch"),
        (SLED, "lmdb", "0.9.4", False, "engine_mismatch"),
        (SQLITE, "", "1.3.0", False, "engine_mismatch"),
        (NONE, "", "0.7.0", False, "engine_missing"),
        (SLED, "slead", "0.8.7", False, "engine_unknown"),
    ],
)
def test_the_running_release(  # traps G01 G20
    found: Found, configured: str, version: str, same: bool | None, key: str
) -> None:
    answer = engine.in_use(found, configured, parse(version))
    assert (answer.same, answer.key) == (same, key)
    assert all(answer.finding().values()) or answer.same, "a finding has what was seen, what is wanted and what to do"


@pytest.mark.parametrize(
    ("says", "configured", "release", "held", "key"),
    [
        ("Sled", "", "0.8.7", "sled", ""),
        ("LMDB (using Heed crate)", "", "0.9.4", "lmdb", ""),
        ("", "", "0.7.3", "sled", ""),
        ("Sled", "lmdb", "0.9.4", "sled", "engine_mismatch"),
        ("", "lmdb", "1.3.0", "", "engine_mismatch"),
        ("Other", "", "2.5.0", "", "engine_mismatch"),
    ],
)
def test_the_engine_that_a_daemon_names(says: str, configured: str, release: str, held: str, key: str) -> None:
    """Of a pod, whose files are not looked at. What is configured by now it may not have read yet."""
    found = engine.of_running(says, configured, parse(release))
    assert found["engine"] == held and found["finding"].get("key", "") == key
    assert found["same"] is (not key)


def test_told_for_a_result(tmp_path: Path) -> None:
    meta = str(laid_out("tree_sled", "0.8.7", tmp_path / "meta"))
    assert engine.summary(meta, "", parse("0.8.7")) == {
        "engines": ["sled"], "engine": "sled", "opens": "sled", "same": True, "finding": {},
        "snapshots": False, "survives": False,
    }  # fmt: skip
    assert engine.summary(meta, "", parse("0.9.4"))["finding"]["key"] == "engine_mismatch"
    assert engine.summary(meta, "", parse("0.9.4"))["snapshots"], "it would open lmdb"
    assert [name for name in ENGINES if engine.summary(meta, name, parse("1.3.0"))["survives"]] == [
        "lmdb",
        "sqlite",
    ]
