# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repairs are waited for by what each release can tell, and a node has recovered only when everything says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import repair, settled

from tests.unit.replay import (
    ALL,
    BARE,
    FIRST,
    IN_ERROR,
    LISTED,
    NEW,
    NEWEST,
    NINE,
    OLD,
    SECOND,
    FakeTime,
    Replay,
    answer,
    garage,
    names,
    out,
)

METRICS = "http://127.0.0.1:3903/metrics"
QUIET_LOG = Answer((), 0, "", "")


def watch(runner: Replay, time: FakeTime, counts: Sequence[int] = (), **more: Any) -> repair.Watch:
    """A watch of which `counts` are the sync requests that the metrics say, one after another; the last one stays."""
    left = list(counts)

    def fetch(url: str) -> str:
        assert url == METRICS
        number = left.pop(0) if len(left) > 1 else left[0]
        return f'rpc_request_counter{{rpc_endpoint="garage_table/sync.rs/Rpc:key",to="x"}} {number}\n'

    options = {
        "timeout": 600.0,
        "clock": time.clock(),
        "fetch": fetch,
        "metrics_url": METRICS if counts else "",
        "poll": 1.0,
        **more,
    }
    return repair.Watch(garage(runner, unit="garage.service", token="42:7"), **options)


def stats(queue: int, errors: int = 0, version: str = NEW) -> Answer:
    """A captured answer with other numbers in it."""
    said = out("stats", version).replace("queue length: 48", f"queue length: {queue}")
    return Answer((), 0, said.replace("resync errors: 0", f"resync errors: {errors}"), "")


# --- 0.8 and later: the workers tell


@pytest.mark.parametrize("version", LISTED)
def test_a_sync_is_done_when_all_its_workers_are_idle(version: str) -> None:  # trap G16
    listed = ["worker_list", "worker_list_syncing", "worker_list_syncing", "worker_list_done"]
    runner = Replay(version, {"worker list": listed, "repair --yes tables": "repair_tables", "journal": QUIET_LOG})
    time = FakeTime()
    one = watch(runner, time)
    assert one.repair("tables") == 4.0
    assert runner.without_version() == ["worker list", "repair --yes tables", *["worker list"] * 4, "journal"]
    assert one.certainty == repair.SEEN


def test_idle_must_be_seen_twice(monkeypatch: pytest.MonkeyPatch) -> None:  # trap G16
    listed = ["worker_list", "worker_list_done", "worker_list_syncing", "worker_list_done", "worker_list_done"]
    runner = Replay(NEW, {"worker list": listed, "repair --yes tables": "repair_tables", "journal": QUIET_LOG})
    assert watch(runner, FakeTime()).repair("tables") == 4.0


def test_what_takes_long_is_asked_for_once_a_second() -> None:
    asked_at: list[float] = []
    time = FakeTime()

    class Timed(Replay):
        def run(self, argv: Any, **how: Any) -> Answer:
            asked_at.extend([time.seconds] if argv[-2:] == ["worker", "list"] else [])
            return super().run(argv, **how)

    runner = Timed(NEW, {"worker list": "worker_list_syncing", "repair --yes tables": "repair_tables"})
    with pytest.raises(UpliftError, match="After 40 s the repair of tables is not done"):
        watch(runner, time, timeout=40.0, poll=0.5).repair("tables")
    pauses = [round(after - before, 3) for before, after in zip(asked_at[1:], asked_at[2:], strict=False)]
    assert pauses[0] == 0.5 and pauses == sorted(pauses) and set(pauses[-20:]) == {1.0}


def test_a_poll_at_once_would_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:  # trap G16
    time, asked_at = FakeTime(), []

    class Timed(Replay):
        def run(self, argv: Any, **how: Any) -> Answer:
            asked_at.append((argv[-1], time.seconds))
            return super().run(argv, **how)

    runner = Timed(
        NEW, {"worker list": "worker_list_done", "repair --yes tables": "repair_tables", "journal": QUIET_LOG}
    )
    watch(runner, time).repair("tables")
    launched = asked_at.index(("tables", 0.0))
    assert asked_at[launched + 1][1] >= 1.0


@pytest.mark.parametrize("version", LISTED)
@pytest.mark.parametrize("name", ["blocks", "versions", "block_refs", "mpu", "block_rc"])
def test_a_repair_is_done_when_its_worker_says_so(name: str, version: str) -> None:  # traps G16 G24
    if name in ("mpu", "block_rc") and version in (BARE, NEW) or (name, version) == ("block_rc", NINE):
        pytest.skip("this release has no such repair")
    listed = ["worker_list", "worker_list", "worker_list_done"]
    words = " ".join(answer(f"repair_{name}", version).argv[3:])
    runner = Replay(version, {"worker list": listed, words: f"repair_{name}", "journal": QUIET_LOG})
    time = FakeTime()
    assert watch(runner, time).repair(name) == 3.0, "the list without the worker is no end"


@pytest.mark.parametrize("name", ["blocks", "versions", "block_refs"])
def test_what_an_earlier_repair_left_in_the_list_is_no_end(name: str) -> None:  # trap G16
    runner = Replay(NEW, {"worker list": "worker_list_done", f"repair --yes {name}": f"repair_{name}"})
    with pytest.raises(UpliftError, match=f"After 20 s the repair of {name} is not done"):
        watch(runner, FakeTime(), timeout=20.0).repair(name)


@pytest.mark.parametrize("version", LISTED)
def test_a_worker_that_fails_is_named(version: str) -> None:
    runner = Replay(version, {"worker list": "worker_list_errors", "repair --yes tables": "repair_tables"})
    with pytest.raises(UpliftError, match="version sync failed 1 times running"):
        watch(runner, FakeTime(), timeout=5.0).repair("tables")


@pytest.mark.parametrize("version", LISTED)
def test_sync_errors_in_the_log_fail_the_repair(version: str) -> None:
    script = {"worker list": "worker_list_done", "repair --yes tables": "repair_tables", "journal": "log_sync_error"}
    with pytest.raises(UpliftError, match=r"ended with \d+ errors in its log; expected none.*Not connected"):
        watch(Replay(version, script), FakeTime()).repair("tables")


def test_the_log_is_read_from_the_launch_on() -> None:
    runner = Replay(
        NEW, {"worker list": "worker_list_done", "repair --yes tables": "repair_tables", "journal": QUIET_LOG}
    )
    watch(runner, FakeTime(seconds=5.5)).repair("tables")
    argv = runner.calls[-1]["argv"]
    assert argv[:5] == ["journalctl", "--unit", "garage.service", "--since", "@1800000005.500000"]
    assert argv[argv.index("--output") + 1] == "cat"


@pytest.mark.parametrize("journal", [CliError("journalctl could not be run"), Answer((), 1, "", "no journal files")])
def test_a_host_without_a_journal(journal: Any) -> None:
    assert repair.read_log(Replay(NEW, {"journal": journal}), "garage.service", 0.0) is None
    assert repair.read_log(Replay(NEW), "", 0.0) is None


def test_peers_are_asked_for_their_sync_too() -> None:
    peer = "-h ab@h:1 worker list"
    script = {
        "worker list": "worker_list_done",
        peer: ["worker_list_syncing", "worker_list_done"],
        "repair --all-nodes --yes tables": "repair_all",
        "journal": QUIET_LOG,
    }
    one = watch(Replay(NEW, script), FakeTime(), peers=["ab@h:1"])
    assert one.repair("tables", all_nodes=True) == 3.0
    assert (one.certainty, one.missed) == (repair.SEEN, False)


def test_a_peer_of_another_patch_release_cannot_be_understood() -> None:
    script = {
        "worker list": "worker_list_done",
        "-h ab@h:1 worker list": CliError("Messagepack decode error: missing field `cmd`"),
        "repair --all-nodes --yes tables": "repair_all_node_down",
        "journal": QUIET_LOG,
    }
    one = watch(Replay(NEW, script), FakeTime(), peers=["ab@h:1"])
    one.repair("tables", all_nodes=True)
    assert (one.certainty, one.missed) == (repair.ASSUMED, True)


# --- 0.7: a counter and the log tell


def test_the_counter_rises_and_stays_put() -> None:  # trap G16
    runner = Replay(OLD, {"repair --yes tables": "repair_tables", "journal": "log_repair_tables"})
    one = watch(runner, FakeTime(), counts=[360, 360, 400, 470, 498])
    assert one.repair("tables") == 9.0, "4 s until it stays, then 5 s of quiet"
    assert one.certainty == repair.SEEN


def test_the_log_line_of_the_worker_is_no_end_of_a_sync() -> None:  # trap G16
    runner = Replay(OLD, {"repair --yes tables": "repair_tables", "journal": "log_repair_tables"})
    assert watch(runner, FakeTime(), counts=[1, *range(2, 40)]).repair("tables") > 38


def test_a_counter_that_never_rises_is_only_assumed() -> None:
    runner = Replay(OLD, {"repair --yes tables": "repair_tables", "journal": "log_repair_tables"})
    one = watch(runner, FakeTime(), counts=[360])
    assert (one.repair("tables"), one.certainty) == (20.0, repair.ASSUMED)


def test_without_metrics_a_fixed_time_is_assumed() -> None:
    runner = Replay(OLD, {"repair --yes tables": "repair_tables", "journal": "log_repair_tables"})
    one = watch(runner, FakeTime(), quiet=3.0)
    assert (one.repair("tables"), one.certainty) == (12.0, repair.ASSUMED)


def test_without_metrics_errors_are_seen_all_the_same() -> None:
    runner = Replay(OLD, {"repair --yes tables": "repair_tables", "journal": "log_sync_error"})
    with pytest.raises(UpliftError, match="See that all nodes are connected"):
        watch(runner, FakeTime()).repair("tables")


@pytest.mark.parametrize("status", [0, 401, 403])
def test_metrics_that_cannot_be_had_are_done_without(status: int) -> None:  # trap G32
    def refused(url: str) -> str:
        raise HTTPError(url, status, "Forbidden", Message(), None) if status else OSError("Connection refused")

    runner = Replay(OLD, {"repair --yes tables": "repair_tables", "journal": "log_repair_tables"})
    one = watch(runner, FakeTime(), metrics_url=METRICS, fetch=refused, quiet=3.0)
    assert (one.repair("tables"), one.certainty) == (12.0, repair.ASSUMED)


@pytest.mark.parametrize("name", ["blocks", "versions", "block_refs"])
def test_the_log_tells_the_end_of_the_others(name: str) -> None:  # trap G16
    begun = Answer((), 0, out(f"log_repair_{name}", OLD).partition("Worker exited")[0], "")
    script = {f"repair --yes {name}": f"repair_{name}", "journal": [QUIET_LOG, begun, begun, f"log_repair_{name}"]}
    one = watch(Replay(OLD, script), FakeTime())
    assert (one.repair(name), one.certainty) == (3.0, repair.SEEN)


def test_a_repair_launched_twice_ends_twice() -> None:
    twice = Answer((), 0, out("log_repair_blocks", OLD) + "Worker started: Repair worker\n", "")
    runner = Replay(OLD, {"repair --yes blocks": "repair_blocks", "journal": twice})
    with pytest.raises(UpliftError, match="shows no end of the repair of blocks"):
        watch(runner, FakeTime(), timeout=30.0).repair("blocks")


def test_a_silent_log_is_only_assumed() -> None:
    runner = Replay(OLD, {"repair --yes blocks": "repair_blocks", "journal": QUIET_LOG})
    one = watch(runner, FakeTime())
    assert (one.repair("blocks"), one.certainty) == (26.0, repair.ASSUMED)


def test_a_repair_that_failed_says_so_in_the_log() -> None:
    text = out("log_repair_versions", OLD) + " WARN  garage::repair > Repair worker failed with error: Sled error\n"
    runner = Replay(OLD, {"repair --yes versions": "repair_versions", "journal": Answer((), 0, text, "")})
    with pytest.raises(UpliftError, match="Repair worker failed with error: Sled error"):
        watch(runner, FakeTime()).repair("versions")


# --- drained


@pytest.mark.parametrize("version", LISTED)
def test_a_queue_of_entries_that_wait_is_drained(version: str) -> None:  # trap G17
    runner = Replay(version, {"stats": "stats", "worker list": "worker_list"})
    time = FakeTime()
    assert watch(runner, time).drain() == {"queue": 46 if version == NEWEST else 48, "block_errors": 0}
    assert time.seconds <= 2


def test_a_busy_resync_worker_is_waited_for() -> None:  # trap G17
    busy = Answer(
        (), 0, out("worker_list", NEW).replace("Idle   Block resync worker #1", "Busy*  Block resync worker #1"), ""
    )
    runner = Replay(NEW, {"stats": [stats(90), stats(70), stats(48)], "worker list": [busy, busy, busy, "worker_list"]})
    time = FakeTime()
    assert watch(runner, time).drain()["queue"] == 48
    assert time.seconds == 4


def test_other_busy_workers_are_the_clients_business() -> None:
    runner = Replay(NEW, {"stats": "stats", "worker list": "worker_list_syncing"})
    assert watch(runner, FakeTime()).drain()["queue"] == 48


def test_the_old_queue_is_drained_when_it_stops_to_shrink() -> None:  # trap G17
    shrinking = [stats(number, version=OLD) for number in (207, 150, 90, 48, 48, 50, 52)]
    runner = Replay(OLD, {"stats": shrinking})
    time = FakeTime()
    assert watch(runner, time).drain() == {"queue": 52, "block_errors": 0}
    assert time.seconds == 8, "3 s of shrinking, 5 s of quiet; what clients add does not count"


def test_an_empty_old_queue_is_drained_at_once() -> None:
    time = FakeTime()
    watch(Replay(OLD, {"stats": stats(0, version=OLD)}), time).drain()
    assert time.seconds == 0


@pytest.mark.parametrize("version", [FIRST, SECOND, OLD, *IN_ERROR])
def test_a_block_in_error_is_never_drained(version: str) -> None:
    script = {"stats": "stats_errors", "worker list": "worker_list_block_error", "journal": "log_block_error"}
    runner = Replay(version, script)
    with pytest.raises(UpliftError, match="After 90 s 1 blocks are in error; expected none"):
        watch(runner, FakeTime(), timeout=90.0).drain()


def test_a_block_that_was_mended_meanwhile() -> None:
    runner = Replay(NEW, {"stats": [stats(48, errors=1), stats(48)], "worker list": "worker_list"})
    assert watch(runner, FakeTime()).drain()["block_errors"] == 0


def test_a_queue_that_never_settles_is_told() -> None:
    runner = Replay(OLD, {"stats": [stats(number, version=OLD) for number in range(900, 0, -1)]})
    with pytest.raises(UpliftError, match=r"After 30 s the resync queue \(\d+\) still shrinks"):
        watch(runner, FakeTime(), timeout=30.0).drain()


def test_stats_without_a_queue_cannot_tell() -> None:
    runner = Replay(NEW, {"stats": Answer((), 0, "Garage version: v0.8.7\n", "")})
    with pytest.raises(UpliftError, match="cannot tell whether the node is drained"):
        watch(runner, FakeTime()).drain()


@pytest.mark.parametrize("version", ["0.5.1", "0.6.0"])
def test_before_0_7_the_log_tells_the_blocks_in_error(version: str) -> None:  # trap G16
    silent = Answer((), 0, "", "")
    runner = Replay(version, {"stats": "stats_errors", "journal": ["log_block_error", "log_block_error", silent]})
    time = FakeTime()
    assert watch(runner, time).drain()["block_errors"] == 0
    assert runner.asked.count("journal") >= 3 and time.seconds > 2


@pytest.mark.parametrize("version", ["0.5.1", "0.6.0"])
def test_before_0_7_nothing_tells_the_end_of_a_sync(version: str) -> None:  # trap G16
    runner = Replay(version, {"repair --yes tables": "repair_tables", "journal": "log_repair_tables"})
    # No metrics there yet, whatever address is given.
    one = watch(runner, FakeTime(), [1, 2, 3])
    assert (one.repair("tables"), one.certainty) == (20.0, repair.ASSUMED)
    one = watch(Replay(version, {"repair --yes tables": "repair_tables", "journal": "log_sync_error"}), FakeTime())
    with pytest.raises(UpliftError, match=r"ended with \d+ errors in its log.*Not connected"):
        one.repair("tables")


@pytest.mark.parametrize("name", ["blocks", "versions", "block_refs"])
@pytest.mark.parametrize("version", ["0.5.1", "0.6.0"])
def test_before_0_7_the_log_tells_the_end_of_other_repairs(version: str, name: str) -> None:  # trap G16
    started = Answer((), 0, out(f"log_repair_{name}", version).splitlines()[0], "")
    journal = [started, started, f"log_repair_{name}"]
    one = watch(Replay(version, {f"repair --yes {name}": f"repair_{name}", "journal": journal}), FakeTime())
    assert (one.repair(name), one.certainty) == (2.0, repair.SEEN)


@pytest.mark.parametrize("version", ["0.5.1", "0.6.0"])
def test_before_0_7_without_a_log_cannot_tell(version: str) -> None:  # trap G16
    runner = Replay(version, {"stats": "stats", "journal": CliError("journalctl could not be run")})
    with pytest.raises(UpliftError, match="nor the journal of garage.service tells the blocks in error"):
        watch(runner, FakeTime()).drain()


# --- garage_repair

PARAMS = {"repairs": ["tables", "blocks"], "all_nodes": False, "wait": True}


def run(version: str, script: dict[str, Any], check_mode: bool = False, **params: Any) -> tuple[dict[str, Any], Replay]:
    runner = Replay(version, script)
    one = watch(runner, FakeTime(), counts=[1, 2, 3] if version == OLD else [])
    return repair.run(one.garage, {**PARAMS, **params}, one, check_mode), runner


def test_repairs_one_after_another_and_then_the_drain() -> None:
    done = Answer((), 0, out("worker_list_done", NEW).replace("Block repair worker", "Block repair waiter"), "")
    script = {
        "worker list": [done, done, done, done, "worker_list_done"],
        "repair --yes tables": "repair_tables",
        "repair --yes blocks": "repair_blocks",
        "journal": QUIET_LOG,
        "stats": "stats",
    }
    result, runner = run(NEW, script)
    assert [words for words in runner.asked if words.startswith("repair")] == [
        "repair --yes tables",
        "repair --yes blocks",
    ]
    assert result == {
        "changed": True,
        "launched": ["tables", "blocks"],
        "seconds": {"tables": 2.0, "blocks": 2.0},
        "certainty": "seen",
        "queue": 48,
        "block_errors": 0,
    }


def test_check_mode_launches_nothing_and_still_refuses_unknown_names() -> None:
    result, runner = run(OLD, {}, check_mode=True)
    assert (result["changed"], runner.without_version()) == (True, [])
    with pytest.raises(UpliftError, match="has no repair 'rebalance'"):
        run(OLD, {}, check_mode=True, repairs=["tables", "rebalance"])


def test_an_unknown_name_is_refused_before_anything_is_launched() -> None:  # trap G24
    with pytest.raises(UpliftError, match="has no repair 'block-refs'; take one of block_refs"):
        run(NEW, {}, repairs=["tables", "block-refs"])


def test_no_repairs_only_drain() -> None:
    result, runner = run(NEW, {"stats": "stats", "worker list": "worker_list"}, repairs=[])
    assert (result["changed"], result["queue"], result["seconds"]) == (False, 48, {})
    assert not [words for words in runner.asked if words.startswith("repair")]


def test_without_waiting_nothing_is_known() -> None:
    result, runner = run(
        NEW, {"worker list": "worker_list", "repair --yes tables": "repair_tables"}, repairs=["tables"], wait=False
    )
    assert (result["certainty"], "queue" in result) == ("assumed", False)
    assert runner.without_version() == ["worker list", "repair --yes tables"]


@pytest.mark.parametrize("version", ALL)
def test_all_nodes_means_all(version: str) -> None:
    script = {
        "repair --all-nodes --yes tables": "repair_all_node_down",
        "worker list": "worker_list_done",
        "journal": QUIET_LOG,
    }
    with pytest.raises(UpliftError, match="not launched on all nodes; expected all"):
        run(version, script, repairs=["tables"], all_nodes=True)


def test_progress_lines(tmp_path: Path) -> None:
    script = {
        "worker list": ["worker_list", "worker_list_syncing", "worker_list_done"],
        "repair --yes tables": "repair_tables",
    }
    one = watch(Replay(NEW, {**script, "journal": QUIET_LOG}), FakeTime(), progress=Progress(str(tmp_path / "lines")))
    one.repair("tables")
    lines = [json.loads(line) for line in (tmp_path / "lines").read_text().splitlines()]
    assert lines[1]["text"].startswith("tables: 2 workers busy, ")


# --- garage_settled

EXPECT = [names(NEW)[name] + "00" * 24 for name in ("n1", "n2", "n3")]
HEALTHY = {"status": "status", "stats": "stats", "worker list": "worker_list_done", "journal": QUIET_LOG}
LAUNCH = {"repair --all-nodes --yes tables": "repair_all", "repair --yes tables": "repair_tables"}


def settle(
    directory: Path,
    script: dict[str, Any],
    version: str = NEW,
    timeout: float = 10.0,
    expect: Sequence[str] = EXPECT,
    **more: Any,
) -> tuple[settled.Verdict, Replay]:
    runner = Replay(version, script)
    one = watch(runner, FakeTime(1000.0), timeout=timeout, counts=[1, 2, 3] if version == OLD else [])
    for name in ("token", "running"):
        if name in more:
            setattr(one.garage, name, more.pop(name))
    return settled.settle(
        one, settled.Memory(str(directory), one.garage), expect, more.pop("launch", True), **more
    ), runner


def test_recovered_after_a_sync_of_all(tmp_path: Path) -> None:  # trap G02
    verdict, runner = settle(tmp_path, {**HEALTHY, **LAUNCH})
    assert (verdict.answer, verdict.launched, verdict.certainty) == ("yes", True, "seen")
    assert runner.asked.count("repair --all-nodes --yes tables") == 1


def test_a_sync_is_launched_once_per_start(tmp_path: Path) -> None:
    settle(tmp_path, {**HEALTHY, **LAUNCH})
    again, runner = settle(tmp_path, HEALTHY)
    assert (again.answer, again.launched) == ("yes", False)
    assert "repair --all-nodes --yes tables" not in runner.asked
    restarted, runner = settle(tmp_path, {**HEALTHY, **LAUNCH}, token="43:9")
    assert (restarted.answer, restarted.launched) == ("yes", True)


def test_after_a_restart_of_all_each_syncs_for_itself(tmp_path: Path) -> None:
    verdict, runner = settle(tmp_path, {**HEALTHY, **LAUNCH}, all_nodes=False)
    assert verdict.answer == "yes"
    assert "repair --yes tables" in runner.asked


def test_looking_only_never_launches(tmp_path: Path) -> None:
    verdict, runner = settle(tmp_path, HEALTHY, launch=False, timeout=0)
    assert (verdict.answer, verdict.reason) == ("no", settled.UNSYNCED)
    assert not list(tmp_path.iterdir())
    assert runner.without_version() == ["status", "stats", "worker list"]


@pytest.mark.parametrize("version", ALL)
def test_up_is_not_recovered_without_the_others(tmp_path: Path, version: str) -> None:  # trap G18
    missing = names(version)["n3"]
    expect = list(names(version).values())
    verdict, runner = settle(tmp_path, {"status": "status_node_down"}, version, expect=expect)
    assert (verdict.answer, verdict.reason) == ("no", f"it is not connected to {missing}")
    assert len(runner.without_version()) > 5, "asked again until the time was over"


def test_connected_a_moment_later(tmp_path: Path) -> None:  # trap G18
    verdict, _runner = settle(
        tmp_path, {**HEALTHY, **LAUNCH, "status": ["status_never_seen", "status_node_down", "status"]}
    )
    assert verdict.answer == "yes"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"stats": "stats_errors"}, "1 blocks are in error"),
        ({"worker list": "worker_list_errors"}, "these workers fail again and again: version sync, block_ref sync"),
    ],
)
def test_not_recovered(tmp_path: Path, changed: dict[str, str], reason: str) -> None:  # trap G02
    verdict, runner = settle(tmp_path, {**HEALTHY, **changed})
    assert (verdict.answer, verdict.reason) == ("no", reason)
    assert not [words for words in runner.asked if words.startswith("repair")], "no sync while something else is wrong"


def test_errors_of_the_past_do_not_count(tmp_path: Path) -> None:
    past = (
        out("worker_list_errors", NEW)
        .replace("5       1       now", "5       0       now")
        .replace("4       1       now", "4       0       now")
    )
    idle = past.replace("Busy*", "Idle ")
    verdict, _runner = settle(tmp_path, {**HEALTHY, **LAUNCH, "worker list": Answer((), 0, idle, "")})
    assert verdict.answer == "yes"


def test_waiting_queues_do_not_count(tmp_path: Path) -> None:  # trap G17
    verdict, _runner = settle(tmp_path, {**HEALTHY, **LAUNCH, "stats": stats(5000)})
    assert verdict.answer == "yes"


def test_a_daemon_that_does_not_answer_cannot_tell(tmp_path: Path) -> None:
    verdict, _runner = settle(tmp_path, {"status": "status_daemon_down"})
    assert verdict.answer == "cannot tell"
    assert "Connection refused" in verdict.reason


def test_a_daemon_that_answers_a_moment_later(tmp_path: Path) -> None:
    verdict, _runner = settle(tmp_path, {**HEALTHY, **LAUNCH, "status": ["status_daemon_down", "status"]})
    assert (verdict.answer, verdict.launched) == ("yes", True)


def test_a_release_that_does_not_count_errors_cannot_tell(tmp_path: Path) -> None:
    text = out("stats", NEW).replace("  blocks with resync errors: 0\n", "")
    verdict, _runner = settle(tmp_path, {**HEALTHY, "stats": Answer((), 0, text, "")})
    assert (verdict.answer, "does not tell" in verdict.reason) == ("cannot tell", True)


def test_no_daemon_is_a_no_at_once(tmp_path: Path) -> None:
    verdict, runner = settle(tmp_path, {}, running=False, timeout=1000)
    assert (verdict.answer, runner.asked) == ("no", [])


def test_a_sync_with_errors_is_not_remembered(tmp_path: Path) -> None:
    verdict, runner = settle(tmp_path, {**HEALTHY, **LAUNCH, "journal": "log_sync_error"})
    assert (verdict.answer, verdict.launched) == ("no", True)
    assert "errors in its log" in verdict.reason
    assert not list(tmp_path.iterdir())


def test_on_the_old_release(tmp_path: Path) -> None:
    expect = list(names(OLD).values())
    verdict, runner = settle(tmp_path, {**HEALTHY, **LAUNCH}, OLD, expect=expect, timeout=60.0)
    assert (verdict.answer, verdict.certainty) == ("yes", "seen")
    assert "worker list" not in runner.asked


def test_an_assumption_stays_one(tmp_path: Path) -> None:
    expect = list(names(OLD).values())
    runner = Replay(OLD, {**HEALTHY, **LAUNCH})
    one = watch(runner, FakeTime())
    memory = settled.Memory(str(tmp_path), one.garage)
    verdict = settled.settle(one, memory, expect, True)
    assert (verdict.answer, verdict.certainty) == ("yes", "assumed")
    assert "had time to sync" in settled.settle(one, memory, expect, False).reason


@pytest.mark.parametrize("text", ["", "{", '{"token": "1:2", "certainty": "seen"}'])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    memory = settled.Memory(str(tmp_path), garage(Replay(NEW), token="42:7"))
    memory.path.write_text(text)
    assert memory.certainty() == ""


def test_a_daemon_without_identity_is_never_remembered(tmp_path: Path) -> None:
    memory = settled.Memory(str(tmp_path / "new"), garage(Replay(NEW), token=""))
    memory.keep("seen")
    assert memory.certainty() == ""


@pytest.mark.parametrize(("check_mode", "answer", "launched"), [(False, "yes", ["tables"]), (True, "no", [])])
def test_garage_settled(tmp_path: Path, check_mode: bool, answer: str, launched: list[str]) -> None:
    one = watch(Replay(NEW, {**HEALTHY, **LAUNCH}), FakeTime(), timeout=5.0)
    params = {"state_dir": str(tmp_path), "expect": EXPECT, "launch": True, "all_nodes": True}
    result = settled.run(one.garage, params, one, check_mode)
    assert (result["answer"], result["settled"], result["launched"]) == (answer, answer == "yes", launched)
    assert result["changed"] is bool(launched)
    assert result["seconds"] == (2.0 if launched else 5.0)
