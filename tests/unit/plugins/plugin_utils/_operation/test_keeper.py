# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that keeps a lease: real processes, whose owner is one that the test starts and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import keeper as operation_keeper
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import owner
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.owner import gone, owner_of, started

SHORT = 0.4  # seconds: a lease whose heartbeat is due every tenth


class Run:
    """A process that stands for ansible-playbook, and what its keeper does: a line for each heartbeat."""

    def __init__(self, place: Path) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.owner = owner_of(self.process.pid)
        self.token, self.log = uuid.uuid4().hex, place / "beats"
        self.log.touch()

    def beat(self, _again: bool) -> bool:
        with self.log.open("a", encoding="ascii") as stream:
            stream.write(f"{os.getpid()} {os.getppid()}\n")
        return True

    def keep(self, beat: Callable[[bool], bool] | None = None) -> None:
        operation_keeper.keep(self.owner, SHORT, self.token, beat or self.beat)

    def beats(self) -> list[list[int]]:
        return [list(map(int, line.split())) for line in self.log.read_text().splitlines()]

    def keeper(self, more: int = 3) -> int:
        """Its process, after some more heartbeats."""
        expected = len(self.beats()) + more
        until(lambda: len(self.beats()) >= expected)
        return self.beats()[-1][1]


def until(what: Callable[[], Any]) -> None:
    limit = time.monotonic() + 120
    while not what():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.02)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(operation_keeper, "LOOK", 0.05)
    monkeypatch.setattr(operation_keeper, "AGAIN", 0.05)
    made = Run(tmp_path)
    yield made
    operation_keeper.release(made.token)
    made.process.kill()
    made.process.communicate()


def test_it_beats_until_the_process_is_gone_and_is_nobodys_child(run: Run) -> None:
    run.keep()
    keeper = run.keeper()
    assert os.getsid(keeper) not in (os.getsid(0), keeper) and started(keeper)
    run.process.kill()  # not waited for: a zombie is gone as well
    until(lambda: not started(keeper))
    run.process.communicate()


def test_a_stopped_process_is_alive(run: Run) -> None:
    run.keep()
    run.process.send_signal(signal.SIGSTOP)
    assert run.keeper(5)
    run.process.send_signal(signal.SIGCONT)


def test_it_ends_when_the_lease_was_given_back(run: Run) -> None:
    run.keep()
    keeper = run.keeper()
    operation_keeper.release(run.token)
    until(lambda: not started(keeper))


def test_it_ends_when_the_lease_is_lost(run: Run) -> None:
    def lost(again: bool) -> bool:
        run.beat(again)
        return False

    run.keep(lost)
    until(run.beats)
    (beat,) = run.beats()
    until(lambda: not started(beat[1]))
    assert run.beats() == [beat]


def test_what_fails_is_tried_again_and_told_so(run: Run) -> None:
    def away(again: bool) -> bool:
        with run.log.open("a", encoding="ascii") as stream:
            stream.write(f"{int(again)} {os.getppid()}\n")
        if len(run.beats()) == 4:
            return True
        raise OSError("no route to host")

    run.keep(away)
    run.keeper(6)
    assert [again for again, _keeper_ in run.beats()[:6]] == [0, 1, 1, 1, 0, 1]


def test_a_heartbeat_that_hangs_is_ended_with_all_that_it_started(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation_keeper, "LONGEST_BEAT", 0.1)

    def hangs(_again: bool) -> bool:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with run.log.open("a", encoding="ascii") as stream:
            stream.write(f"{child.pid} {os.getppid()}\n")
        return child.wait() == 0

    run.keep(hangs)
    run.keeper()
    children = [pid for pid, _keeper_ in run.beats()[:2]]
    until(lambda: not any(map(started, children)))


def test_a_second_one_of_the_same_lease_ends_by_itself(run: Run) -> None:
    run.keep()
    first = run.keeper()
    run.keep()
    run.keeper(6)
    assert {keeper for _beat, keeper in run.beats()} == {first}


def test_it_holds_nothing_of_the_run_open_and_prints_nothing(tmp_path: Path) -> None:
    """The reader of a pipe gets its end when the run ends, not when the keeper does."""
    code = """
import os, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import keeper as operation_keeper
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import owner
def beat(again):
    print("heard", flush=True)
    os.system("echo heard; echo heard >&2")
    open(sys.argv[2], "a").write(f"{os.getppid()} ")
    return True
kept = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT)
operation_keeper.LOOK = 0.05
operation_keeper.keep(owner.owner_of(int(sys.argv[3])), 0.4, sys.argv[4], beat)
print("done")
"""
    tree = next(path for path in sys.path if (Path(path) / "ansible_collections" / "uplift").is_dir())
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    log, token = tmp_path / "beats", uuid.uuid4().hex
    argv = [sys.executable, "-c", code, tree, str(log), str(other.pid), token]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    until(lambda: len(log.read_text().split()) > 2)
    assert (done.stdout, done.stderr) == ("done\n", "")
    keeper = log.read_text().split()[0]
    files = {os.readlink(f"/proc/{keeper}/fd/{name}") for name in os.listdir(f"/proc/{keeper}/fd")}
    assert {name.partition(":")[0] for name in files} == {"/dev/null", "socket"}
    other.communicate(b"\n")
    until(lambda: not started(int(keeper)))


# Who acts: plugin_utils/_operation/owner.py


def test_an_owner_is_a_process_and_no_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = owner_of(os.getpid())
    assert mine.run == f"{mine.boot}:{mine.pidns}:{mine.pid}:{mine.ticks}" and mine.boot and mine.ticks
    monkeypatch.setattr(owner.socket, "gethostname", lambda: "another-name")
    monkeypatch.setattr(owner.time, "time", lambda: 0.0)
    renamed = owner_of(os.getpid())
    assert renamed.host == "another-name" and renamed.since != mine.since
    assert renamed.run == mine.run and not gone(vars(mine), renamed)


def test_a_process_that_is_no_more_is_no_owner() -> None:
    with pytest.raises(UpliftError, match="not in /proc; the controller has to be a Linux"):
        owner_of(2**22 + 1)


@pytest.mark.parametrize("elsewhere", ["machine", "boot", "pidns"])
def test_only_a_process_of_this_boot_and_namespace_is_known_to_be_gone(elsewhere: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    here, living = owner_of(os.getpid()), vars(owner_of(child.pid))
    assert not gone(living, here)
    child.communicate(b"\n")
    assert gone(living, here)
    assert gone({**living, "host": "another"}, here), "names decide nothing"
    assert not gone({**living, elsewhere: "another"}, here)


def test_a_number_that_another_process_has_now_is_not_the_owner() -> None:
    mine = vars(owner_of(os.getpid()))
    assert gone({**mine, "ticks": mine["ticks"] - 1}, owner_of(os.getpid()))
