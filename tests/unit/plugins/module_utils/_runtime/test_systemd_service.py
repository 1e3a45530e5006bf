# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd_service as runtime_service
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import read_unit
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd_service import Clock, Service, Wish

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "systemd"
NAME = "t1.service"


class Systemd:
    """Enough of systemd to stop, start and restart one unit. It answers in the form of systemd 252."""

    def __init__(self, run_dir: Path, **facts: Any) -> None:
        self.run_dir, self.time, self.orders = run_dir, 1000.0, []  # type: ignore[var-annotated]
        self.lines = (FIXTURES / "show_quoting-252.txt").read_text().splitlines()
        self.facts = {"ActiveState": "active", "SubState": "running", "MainPID": "76"}
        self.end, self.marks, self.after = ("exited", "0"), True, "active"
        self.drop_in, self.falls = "", False
        self.__dict__.update(facts)

    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.time += max(seconds, 0.001)
        if self.falls:
            self.facts.update(
                ActiveState="failed", SubState="failed", MainPID="0", ExecMainCode="1", ExecMainStatus="3"
            )

    def run(self, argv: Sequence[str], **_more: Any) -> Answer:
        argv = list(argv)
        if argv[0] == "systemd-run":
            self.orders.append(argv)
            argv = argv[argv.index("--") + 1 :]
        out = self.show() if argv[1] == "show" else ""
        if argv[1] in ("stop", "start", "restart", "reset-failed"):
            self.orders.append(argv)
        if argv[1] in ("stop", "restart") and self.facts["ActiveState"] == "active":
            self.stop()
        if argv[1] == "stop" and self.facts["ActiveState"] == "activating":
            self.facts.update(ActiveState="inactive", SubState="dead")
        if argv[1] in ("start", "restart"):
            self.facts.update(ActiveState=self.after, MainPID="77" if self.after == "active" else "0")
        return Answer(tuple(argv), 0, out, "")

    def show(self) -> str:
        kept = [line for line in self.lines if line.split("=")[0] not in self.facts]
        return "\n".join(kept + [f"{key}={value}" for key, value in self.facts.items()]) + "\n"

    def stop(self) -> None:
        (drop_in,) = (self.run_dir / "systemd" / "system" / f"{NAME}.d").iterdir()
        self.drop_in = drop_in.read_text()
        self.time += 2.5
        mark = self.drop_in.split("ExecStopPost=+")[1].split("\n")[0].split()[1]
        if self.marks:
            path = Path(mark.replace("${EXIT_CODE}", self.end[0]).replace("${EXIT_STATUS}", self.end[1]))
            path.touch()
            os.utime(path, (self.time, self.time))
        self.facts.update(ActiveState="inactive", SubState="dead", MainPID="0")


def perform(systemd: Systemd, **wish: Any) -> dict[str, Any]:
    service = Service(systemd, Wish(NAME, **wish), systemd.clock(), str(systemd.run_dir))
    return service.perform(read_unit(systemd, NAME, Path("/nowhere")))


def test_a_clean_stop(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    done = perform(systemd, state="stopped", signal="SIGINT", stop_timeout=60)
    assert "KillSignal=SIGINT\nTimeoutStopSec=60\n" in systemd.drop_in  # trap G08: SIGINT is what flushes up to 0.7
    assert (done["active"], done["main_pid"], done["stop_seconds"]) == ("inactive", 0, 2.5)
    assert done["ended"] == {"code": "exited", "status": "0", "clean": True}
    assert done["evidence"] == [{"slot": "service", "kind": "unit", "name": NAME, "active": False}]
    assert not any(path.is_file() for path in tmp_path.rglob("*"))  # what we lent is gone


def test_a_unit_that_does_not_come_up_is_stopped_at_once(tmp_path: Path) -> None:
    """A release that does not start: systemd tries again and again, and there is no process whose end could be seen."""
    again = {"ActiveState": "activating", "SubState": "auto-restart", "MainPID": "0"}
    done = perform(Systemd(tmp_path, facts=again), state="stopped", signal="SIGINT")
    assert (done["active"], done["ended"], done["seconds"]) == ("inactive", {}, 0.0)


def test_the_units_own_way_to_stop_is_kept_when_none_is_wished(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    perform(systemd, state="stopped")
    assert "KillSignal" not in systemd.drop_in
    assert "TimeoutStopSec" not in systemd.drop_in


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (("killed", "TERM"), "ended by SIGTERM after 2.5 s, expected status 0; .* give the one at which"),  # trap G08
        (("killed", "KILL"), "ended by SIGKILL .* keeps an idle connection"),  # trap G09
        (("dumped", "ABRT"), "SIGABRT and dumped core"),
        (("exited", "1"), "ended with status 1 after"),
    ],
)
@pytest.mark.parametrize(("state", "is_now"), [("stopped", "is stopped"), ("restarted", "is running again")])
def test_an_unclean_end_is_a_failure_after_the_fact(
    tmp_path: Path, end: tuple[str, str], sentence: str, state: str, is_now: str
) -> None:
    systemd = Systemd(tmp_path, end=end)
    with pytest.raises(runtime_service.Unclean, match=sentence) as caught:
        perform(systemd, state=state)
    assert is_now in str(caught.value)
    assert caught.value.facts["changed"]
    assert caught.value.facts["evidence"][0]["active"] == (state == "restarted")
    assert perform(Systemd(tmp_path, end=end), state=state, clean=False)["ended"]["clean"] is False


def test_a_stop_that_left_no_mark_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="is unknown how t1.service ended"):
        perform(Systemd(tmp_path, marks=False), state="stopped")


def test_a_restart(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    done = perform(systemd, state="restarted")
    assert systemd.orders == [["systemctl", "restart", "--", NAME]]
    assert (done["active"], done["main_pid"]) == ("active", 77)


def test_a_start_after_a_failure_forgets_the_failure(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path, facts={"ActiveState": "failed", "SubState": "failed", "MainPID": "0"})
    assert perform(systemd, state="started")["ended"] == {}
    assert [order[1] for order in systemd.orders] == ["reset-failed", "start"]


def test_a_service_that_does_not_come(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="no main process 5 s after its start"):
        perform(Systemd(tmp_path, after="activating"), state="restarted", start_timeout=5)
    with pytest.raises(UpliftError, match=r"did not stay up: failed .* exited with 3; expected active"):
        perform(Systemd(tmp_path, falls=True), state="restarted", start_timeout=5)


def test_a_moment_is_armed_at_the_node(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    perform(systemd, state="restarted", at=1010.25)
    assert systemd.orders[0] == [
        "systemd-run", "--quiet", "--collect", "--unit=uplift-switch-t1",
        "--on-calendar=1970-01-01 00:16:50.250000 UTC", "--timer-property=AccuracySec=1ms", "--",
        "systemctl", "restart", "--", NAME,
    ]  # fmt: skip


@pytest.mark.parametrize(("at", "late"), [(1000.4, 0.0), (999.0, 1.0)])
def test_a_node_that_is_told_late_follows_the_others_at_once(tmp_path: Path, at: float, late: float) -> None:
    systemd = Systemd(tmp_path)
    found = perform(systemd, state="restarted", at=at)
    assert systemd.orders[0] == ["systemctl", "restart", "--", NAME]
    assert found["late_seconds"] == pytest.approx(late, abs=0.1)


def test_a_moment_long_gone_is_refused(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    with pytest.raises(UpliftError, match="is 61 s past at this node, .* Nothing was changed"):
        perform(systemd, state="restarted", at=939.0)
    assert systemd.orders == []


def runs(proc: Path, argv: str, environ: str, exe: str) -> None:
    (proc / "76").mkdir(exist_ok=True)
    (proc / "76" / "cmdline").write_bytes(argv.replace(" ", "\0").encode() + b"\0")
    (proc / "76" / "environ").write_bytes(environ.replace("|", "\0").encode() + b"\0")
    (proc / "76" / "exe").unlink(missing_ok=True)
    (proc / "76" / "exe").symlink_to(exe)


SLEEP = os.path.realpath("/bin/sleep")
GIVEN = "HOME=/|A=1|B=x y|C=quote\"q|D=dollar$x|E=back\\slash|F=tab\there|G=|H=it's"


@pytest.mark.parametrize(
    ("argv", "environ", "exe", "stale"),
    [
        ("/bin/sleep 1000", GIVEN, SLEEP, False),
        ("/bin/sleep 1000", GIVEN, f"{SLEEP} (deleted)", True),
        ("/bin/sleep 1000", GIVEN, "/usr/bin/other", True),
        ("/bin/sleep 2000", GIVEN, SLEEP, True),
        ("/bin/sleep 1000", GIVEN.replace("A=1", "A=2"), SLEEP, True),
    ],
)
def test_what_runs_is_what_would_run(tmp_path: Path, argv: str, environ: str, exe: str, stale: bool) -> None:
    runs(tmp_path, argv, environ, exe)
    unit = read_unit(Systemd(tmp_path), NAME, tmp_path)
    assert runtime_service.stale(unit, tmp_path) is stale


def test_what_runs_cannot_be_told(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="is unknown what t1.service runs"):
        runtime_service.stale(read_unit(Systemd(tmp_path), NAME, tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("state", "active", "needed"),
    [
        ("stopped", "active", True), ("stopped", "inactive", False), ("stopped", "failed", False),
        ("stopped", "activating", True), ("started", "active", False), ("started", "failed", True),
        ("restarted", "active", True), ("restarted", "inactive", True),
    ],
)  # fmt: skip
def test_needed(tmp_path: Path, state: str, active: str, needed: bool) -> None:
    systemd = Systemd(tmp_path, facts={"ActiveState": active})
    unit = read_unit(systemd, NAME, Path("/nowhere"))
    assert Service(systemd, Wish(NAME, state)).needed(unit) is needed


def test_check_mode_and_no_need_give_no_order(tmp_path: Path) -> None:
    systemd = Systemd(tmp_path)
    assert runtime_service.bring(systemd, Wish(NAME, "stopped"), True)["changed"]
    assert not runtime_service.bring(systemd, Wish(NAME, "started"), False)["changed"]
    assert systemd.orders == []


def test_a_unit_that_is_not_there() -> None:
    class Missing:
        def run(self, argv: Sequence[str], **_more: Any) -> Answer:
            return Answer(tuple(argv), 0, (FIXTURES / "show_not_found-252.txt").read_text(), "")

    with pytest.raises(UpliftError, match="nonexist.service is not-found, expected loaded"):
        runtime_service.find_unit(Missing(), "nonexist")


def test_files_are_touched_only_while_the_unit_is_down(tmp_path: Path) -> None:  # trap G05
    with pytest.raises(UpliftError, match="is active, expected inactive: stop it first"):
        runtime_service.demand_down(Systemd(tmp_path), NAME)
    runtime_service.demand_down(Systemd(tmp_path, facts={"ActiveState": "inactive"}), NAME)


def test_info_tells_names_only_of_the_environment(tmp_path: Path) -> None:
    told = runtime_service.info(Systemd(tmp_path), NAME)
    assert told["environment_names"] == list("ABCDEFGH")
    assert "quote" not in repr(told)
