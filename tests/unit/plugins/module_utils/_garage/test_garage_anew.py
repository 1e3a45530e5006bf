# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries written anew by emptying a node: what is renamed, and what proves that the node has everything again.

Captured on a cluster of 0.9.4 that began with 0.5.1: one node emptied, and three full syncs of all nodes after it.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import complete, renew, repair
from ansible_collections.uplift.datastores.plugins.module_utils._garage.complete import Round
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import work
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.replay import NINE, FakeTime, Replay, garage, out

METRICS = "http://127.0.0.1:3903/metrics"
QUIET_LOG = Answer((), 0, "", "")
BEFORE = {"object": {"items": 42, "fleeting": 2}, "key": {"items": 1, "fleeting": 0}}
FULL = {"object": {"items": 42, "fleeting": 2}, "key": {"items": 1, "fleeting": 0}}


def entries(name: str, items: int | None) -> dict[str, Any]:
    return {**FULL, name: {"items": items, "fleeting": 0}}


@pytest.mark.parametrize(
    ("before", "now", "last", "rounds", "answer", "says"),
    [
        (BEFORE, FULL, Round(0), 1, "yes", ""),
        (BEFORE, entries("object", 60), Round(0), 1, "yes", ""),
        (BEFORE, entries("object", 40), Round(0), 1, "yes", ""),  # the two deleted ones were forgotten
        (BEFORE, entries("object", 39), Round(0), 1, "no", "has 39 entries here; before it had 42, of which 2 may"),
        (BEFORE, entries("key", 0), Round(0), 9, "no", "the table key has 0 entries here; before it had 1"),
        (BEFORE, FULL, Round(7), 1, "no", "still moved 7 entries"),
        (BEFORE, FULL, Round(None), 1, "no", "1 of 2 full syncs"),
        (BEFORE, FULL, Round(None), 2, "yes", ""),
        (BEFORE, entries("object", 41), Round(None), 2, "no", "has 41 entries here; before it had 42"),
        (BEFORE, FULL, Round(0, "3 attempts failed"), 5, "cannot tell", "3 attempts failed"),
        (BEFORE, entries("object", None), Round(0), 1, "cannot tell", "does not tell"),
        (BEFORE, {"object": FULL["object"]}, Round(0), 1, "cannot tell", "the table key"),
        ({"object": {"items": None, "fleeting": 0}}, FULL, Round(0), 1, "cannot tell", "does not tell"),
        ({}, FULL, Round(0), 1, "cannot tell", "not known"),
    ],
)
def test_has_it_everything_again(before: Any, now: Any, last: Round, rounds: int, answer: str, says: str) -> None:
    found, reason = complete.decide(before, now, last, rounds)
    assert found == answer and says in reason and bool(reason) == (answer != "yes")


@given(had=st.integers(0, 50), fleeting=st.integers(0, 9), has=st.integers(0, 60), moved=st.none() | st.integers(0, 9))
def test_yes_is_never_said_to_a_node_that_misses_what_does_not_go_by_itself(
    had: int, fleeting: int, has: int, moved: int | None
) -> None:
    before, now = ({"t": {"items": number, "fleeting": fleeting}} for number in (had, has))
    answer, _reason = complete.decide(before, now, Round(moved), 2)
    assert (answer == "yes") == (has >= had - (0 if moved is None else fleeting) and not moved)


def test_an_empty_node_is_told_from_a_full_one() -> None:
    """trap G02: it is up, connected and calls itself healthy."""
    counted = {table.name: table.items for table in work.stats(out("stats_detailed", NINE)).tables}
    assert counted == {"bucket_v2": 1, "key": 1, "object": 42, "version": 16, "block_ref": 14}
    assert {table.items for table in work.stats(out("stats_emptied", NINE)).tables} == {0}
    assert [table.items for table in work.stats(out("stats", NINE).replace("43  ", "NC  ")).tables][2] is None


def test_what_syncs_move_is_counted_but_for_the_tables_that_garage_writes_all_the_time() -> None:
    """The first sync brings everything, the second nothing; the third moved the entry of an object counter."""
    moved = [work.metrics(out(f"metrics_{case}", NINE)).synced_items for case in ("emptied", "refilled_one")]
    assert moved[0] == 0 and moved[1] == 1 + 14 + 1 + 1 + 42 + 16
    for case in ("refilled_two", "refilled_three"):
        assert work.metrics(out(f"metrics_{case}", NINE)).synced_items == moved[1]


def run(
    metrics: Sequence[str],
    counted: Sequence[str] = ("stats_refilled",),
    before: Any = None,
    timeout: float = 60.0,
    check_mode: bool = False,
    **more: Any,
) -> tuple[Replay, dict[str, Any]]:
    runner = Replay(
        NINE,
        {
            "worker list": more.get("workers", "worker_list_done"),
            "repair --all-nodes --yes tables": more.get("launch", "repair_tables"),
            "stats -a": more.get("everywhere", "stats_everywhere"),
            "stats --detailed": list(counted),
            "journal": QUIET_LOG,
        },
    )
    left = list(metrics)

    def fetch(url: str) -> str:
        said = left.pop(0) if len(left) > 1 else left[0]
        if said == "refused":
            raise OSError("HTTP Error 403: Forbidden")
        return out(f"metrics_{said}", NINE)

    node = garage(runner, unit="garage.service", token="42:7")
    how = {"poll": 1.0, "clock": FakeTime().clock(), "fetch": fetch, "metrics_url": METRICS if metrics else ""}
    watch = repair.Watch(node, timeout, **how)
    params = {"before": before, "timeout": timeout, "rounds": more.get("rounds", 20)}
    return runner, complete.run(node, params, watch, check_mode)


@pytest.fixture(name="before")
def _before() -> dict[str, Any]:
    return dict(run([])[1]["entries"])


def test_without_a_before_it_only_counts(before: dict[str, Any]) -> None:
    assert before["object"]["items"] == 42 and before["object"]["fleeting"] > 0, "deleted ones wait on any node"
    assert "repair --all-nodes --yes tables" not in run([])[0].asked
    runner, result = run(["emptied"], before=before, check_mode=True)
    assert result["complete"] is None and "repair --all-nodes --yes tables" not in runner.asked


def test_syncs_are_made_until_one_moves_nothing(before: dict[str, Any]) -> None:
    runner, result = run(["emptied", "refilled_one", "refilled_one", "refilled_two"], before=before)
    assert (result["complete"], result["rounds"], result["certainty"]) == (True, 2, "seen")
    assert runner.asked.count("repair --all-nodes --yes tables") == 2


def test_a_node_that_stays_empty_is_never_complete(before: dict[str, Any]) -> None:
    """Nobody sends it anything: that nothing moves is no proof alone."""
    with pytest.raises(UpliftError, match="has not got everything again: the table bucket_v2 has 0 entries .* kept"):
        run(["emptied"], counted=["stats_emptied"], before=before)


def test_it_does_not_sync_for_ever_where_clients_write_all_the_time(before: dict[str, Any]) -> None:
    busy = ["emptied", "refilled_one"] * 9
    with pytest.raises(UpliftError, match="After 3 full syncs .* still moved 75 entries .* clients rest"):
        run(busy, before=before, rounds=3)


def test_without_metrics_the_numbers_decide_and_it_is_said(before: dict[str, Any]) -> None:
    for metrics in ([], ["refused"]):
        _runner, result = run(metrics, before=before)
        assert (result["rounds"], result["certainty"]) == (2, "assumed")


def test_a_sync_that_not_all_nodes_made_does_not_count(before: dict[str, Any]) -> None:
    with pytest.raises(UpliftError, match="cannot be shown to have everything again: a full sync was not seen on all"):
        run(["refilled_two"], before=before, launch="repair_all_node_down")


def test_a_node_that_cannot_be_asked_is_waited_for_and_then_told(before: dict[str, Any]) -> None:
    once = ["stats_all_node_down", "stats_everywhere"]
    assert run(["refilled_two"], before=before, everywhere=once)[1]["rounds"] == 2
    with pytest.raises(UpliftError, match="cannot be shown to have everything again: .*Not connected"):
        run(["refilled_two"], before=before, everywhere="stats_all_node_down", rounds=2)


# --- what is renamed


def asked(tmp_path: Path, engine: str = "lmdb", check_mode: bool = False) -> dict[str, Any]:
    node = garage(Replay(NINE), running=False)
    node.user = pwd.getpwuid(os.getuid()).pw_name
    (tmp_path / "proc").mkdir(exist_ok=True)
    params = {"metadata_dir": str(tmp_path / "meta"), "engine": engine, "name": "X"}
    return renew.run(node, params, check_mode, tmp_path / "proc")


@pytest.fixture(name="meta")
def _meta(tmp_path: Path) -> Path:
    for path in ("db.lmdb/data.mdb", "db.sqlite", "db.sqlite-wal", "node_key", "cluster_layout"):
        file = tmp_path / "meta" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 20_000)
    return tmp_path / "meta"


def test_the_database_alone_is_set_aside(meta: Path, tmp_path: Path) -> None:
    result = asked(tmp_path)
    assert result == {"changed": True, "renamed_to": str(tmp_path / "meta.uplift-X" / "db.lmdb")}
    assert (tmp_path / "meta.uplift-X" / "db.lmdb" / "data.mdb").is_file()
    assert sorted(path.name for path in meta.iterdir()) == ["cluster_layout", "db.sqlite", "db.sqlite-wal", "node_key"]
    assert (tmp_path / "meta.uplift-X").stat().st_mode & 0o777 == 0o700


def test_what_came_since_is_not_set_aside_again(meta: Path, tmp_path: Path) -> None:
    """A run that died after it: the node was started again and the others have begun to fill it."""
    asked(tmp_path)
    (meta / "db.lmdb").mkdir()
    (meta / "db.lmdb" / "data.mdb").write_bytes(b"new" * 10_000)
    assert asked(tmp_path)["changed"] is False
    assert (meta / "db.lmdb" / "data.mdb").read_bytes().startswith(b"new")


def test_a_run_that_died_between_two_renames_goes_on(meta: Path, tmp_path: Path) -> None:
    aside = tmp_path / "meta.uplift-X"
    aside.mkdir()
    os.rename(meta / "db.sqlite-wal", aside / "db.sqlite-wal")
    assert asked(tmp_path, "sqlite")["changed"] is True
    assert sorted(path.name for path in aside.iterdir()) == ["db.sqlite", "db.sqlite-wal"]


def test_check_mode_sets_nothing_aside(meta: Path, tmp_path: Path) -> None:
    assert asked(tmp_path, check_mode=True)["changed"] is True
    assert (meta / "db.lmdb" / "data.mdb").is_file() and not (tmp_path / "meta.uplift-X").exists()


def test_no_database_and_a_link_are_refused(meta: Path, tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="There is no database of sled"):
        asked(tmp_path, "sled")
    os.rename(meta / "db.lmdb", tmp_path / "elsewhere")
    (meta / "db.lmdb").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UpliftError, match="is a link"):
        asked(tmp_path)


def test_beside_a_living_daemon_nothing_is_set_aside(meta: Path, tmp_path: Path) -> None:
    """trap G05: what is offline work is refused while anything has the database open."""
    holder = tmp_path / "proc" / "77"
    (holder / "fd").mkdir(parents=True)
    (holder / "cmdline").write_bytes(b"garage\0server\0")
    (holder / "stat").write_text("77 (garage) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0")
    (holder / "fd" / "3").symlink_to(meta / "db.lmdb" / "data.mdb")
    with pytest.raises(UpliftError, match="process 77 has files in"):
        asked(tmp_path)


def test_a_mount_point_keeps_it_inside_where_backups_leave_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "ismount", lambda path: path == "/mounted")
    assert renew.place("/mounted", "X") == "/mounted/.uplift-X"
    assert renew.place("/meta", "X") == "/meta.uplift-X"
