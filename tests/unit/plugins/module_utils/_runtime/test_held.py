# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From its stop to its start nobody starts a service: what is written, read, believed and taken away."""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import held as runtime_held
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd as runtime_systemd
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd_service as runtime_service
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.held import Containers, Units
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd_service import Clock, Service, Wish

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "systemd"
NAME, OP = "t1.service", "garage-20261127T140512Z"


class Systemd:
    """A unit, and what systemd does with a condition of its drop-ins that is not met: nothing, and status 0."""

    def __init__(self, root: Path, active: str = "active", name: str = NAME) -> None:
        self.units = Units((str(root / "etc"), str(root / "usr")))
        self.name, self.active, self.pid, self.skipped = name, active, 76, False
        self.known: list[str] = []
        self.orders: list[str] = []
        self.run_dir, self.load, self.deaf = root / "run", "loaded", False
        self.time, self.marks = 1000.0, ""

    def _sleep(self, seconds: float) -> None:
        self.time += max(seconds, 0.001)

    def run(self, argv: Sequence[str], **_more: Any) -> Answer:
        verb = argv[1]
        if verb == "daemon-reload" and not self.deaf:
            paths = [path for place in self.units.places for path in Path(place).glob(f"{self.name}.d/*.conf")]
            self.known = sorted(map(str, paths))
        if verb in ("stop", "restart") and self.active == "active":
            mark = next((self.run_dir).glob("uplift-stop-*"))
            self.marks = mark.name
            (mark / "exited:0").touch()
            self.active, self.pid = "inactive", 0
        if verb in ("start", "restart"):
            self.skipped = any(Path(one).name == runtime_held.DROP_IN for one in self.known)
            if not self.skipped:
                self.active, self.pid = "active", 77
        if verb != "show":
            self.orders.append(verb)
        return Answer(tuple(argv), 0, self.show() if verb == "show" else "", "")

    def show(self) -> str:
        facts = {
            "Id": self.name, "ActiveState": self.active, "MainPID": str(self.pid), "LoadState": self.load,
            "DropInPaths": " ".join(self.known), "ConditionResult": "no" if self.skipped else "yes",
        }  # fmt: skip
        lines = (FIXTURES / "show_quoting-252.txt").read_text().splitlines()
        kept = [line for line in lines if line.split("=")[0] not in facts]
        return "\n".join(kept + [f"{key}={value}" for key, value in facts.items()]) + "\n"

    def bring(self, state: str, check: bool = False, **more: Any) -> dict[str, Any]:
        wish = Wish(self.name, state, settle=0.0, **more)
        service = Service(self, wish, Clock(lambda: self.time, self._sleep), str(self.run_dir), self.units)
        return runtime_service.brought(service, check)


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    (tmp_path / "run").mkdir()
    return Systemd(tmp_path)


def test_a_stop_with_a_hold_is_on_the_disk_before_the_service_stops(systemd: Systemd) -> None:
    done = systemd.bring("stopped", hold=OP)
    path = Path(systemd.units.places[0], f"{NAME}.d", runtime_held.DROP_IN)
    text = path.read_text()
    assert f"[Unit]\nConditionPathExists=!{path}\n" in text
    assert f"# operation: {OP}\n" in text and "_status" in text and "_rollback" in text
    assert path.stat().st_mode & 0o777 == 0o644
    assert systemd.orders.index("daemon-reload") < systemd.orders.index("stop")
    assert done["held"] == OP
    assert done["evidence"] == [{"slot": "service", "kind": "unit", "name": NAME, "active": False, "held": OP}]


def test_what_is_held_is_not_started_by_anybody_else(systemd: Systemd) -> None:
    systemd.bring("stopped", hold=OP)
    systemd.run(["systemctl", "start", "--", NAME])
    assert systemd.active == "inactive"
    done = systemd.bring("started")
    assert (done["active"], done["held"], systemd.units.all()) == ("active", "", [])
    assert "held" not in done["evidence"][0]


def test_a_restart_lets_it_go(systemd: Systemd) -> None:
    systemd.bring("stopped", hold=OP)
    assert systemd.bring("restarted", if_stale=True)["active"] == "active"
    assert systemd.units.by(NAME) == ""


def test_a_unit_that_is_down_is_held_all_the_same(systemd: Systemd) -> None:
    systemd.active, systemd.pid = "inactive", 0
    done = systemd.bring("stopped", hold=OP)
    assert done["changed"] and done["held"] == OP and "stop" not in systemd.orders
    assert done["ended"] == {}
    assert not systemd.bring("stopped", hold=OP)["changed"]


def test_one_that_runs_and_is_held_is_let_go_and_not_restarted(systemd: Systemd) -> None:
    """A run was killed between the hold and the stop."""
    systemd.units.hold(systemd, NAME, OP)
    told = systemd.bring("stopped", check=True, hold=OP)
    assert (told["held"], told["evidence"]) == (OP, [{"slot": "service", "kind": "unit", "name": NAME, "active": True}])
    done = systemd.bring("started")
    assert (done["changed"], done["active"], done["held"]) == (True, "active", "")
    assert not {"start", "stop", "restart"} & set(systemd.orders)


def test_a_stop_without_a_hold_takes_none_away(systemd: Systemd) -> None:
    systemd.bring("stopped", hold=OP)
    assert systemd.bring("stopped")["held"] == OP


def test_another_operation_takes_the_hold_over(systemd: Systemd) -> None:
    systemd.bring("stopped", hold=OP)
    assert systemd.bring("stopped", hold="other")["held"] == "other"
    assert [one.operation for one in systemd.units.all()] == ["other"]


def test_check_mode_says_so_and_writes_nothing(systemd: Systemd) -> None:
    done = systemd.bring("stopped", check=True, hold=OP)
    assert done["changed"] and done["diff"]["after"]["held"] == OP
    assert systemd.units.all() == [] and systemd.orders == []
    systemd.bring("stopped", hold=OP)
    assert systemd.bring("started", check=True)["diff"]["before"]["held"] == OP
    assert systemd.units.by(NAME) == OP


def test_a_hold_that_was_written_and_not_read_is_read_now(systemd: Systemd) -> None:
    systemd.bring("stopped", hold=OP)
    systemd.known = []
    assert systemd.bring("stopped", hold=OP)["changed"]
    assert systemd.known


def test_a_hold_that_systemd_does_not_read_stops_before_the_stop(systemd: Systemd) -> None:
    systemd.deaf = True
    with pytest.raises(UpliftError, match=r"systemd does not read .*zzz-uplift-held.conf.* Nothing was stopped"):
        systemd.bring("stopped", hold=OP)
    assert systemd.active == "active" and systemd.units.all() == []


def test_a_start_that_is_passed_over_is_no_success(systemd: Systemd) -> None:
    systemd.active, systemd.pid = "inactive", 0
    other = Units((str(systemd.run_dir / "elsewhere"),))
    systemd.units.hold(systemd, NAME, OP)
    service = Service(systemd, Wish(NAME, "started"), Clock(lambda: systemd.time, systemd._sleep), "", other)
    service.run_dir = str(systemd.run_dir)
    with pytest.raises(UpliftError, match="passed over the start of t1.service: a condition of the unit is not met"):
        runtime_service.brought(service, False)


def test_a_masked_unit_is_its_operators(systemd: Systemd) -> None:
    systemd.load = "masked"
    with pytest.raises(UpliftError, match=r"t1.service is masked: .* `systemctl unmask t1.service`"):
        systemd.bring("stopped", hold=OP)
    assert systemd.orders == []


def test_where_etc_cannot_be_written(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    write, number = runtime_systemd.write_drop_in, errno.EROFS

    def read_only(runner: Any, path: str, text: str, mode: int = 0o644) -> bool:
        if path.startswith(refused):
            raise OSError(number, os.strerror(number))
        return write(runner, path, text, mode)

    refused = systemd.units.places[0]
    monkeypatch.setattr(runtime_systemd, "write_drop_in", read_only)
    systemd.bring("stopped", hold=OP)
    assert systemd.units.all()[0].path.startswith(systemd.units.places[1])
    systemd.bring("started")
    refused = systemd.units.places[0].rpartition("/")[0] + "/"
    systemd.run_dir = systemd.run_dir.parent / "run"
    with pytest.raises(UpliftError, match=r"etc cannot be written \(Read-only file system\).* Nothing was stopped"):
        systemd.units.hold(systemd, NAME, OP)
    number = errno.ENOSPC
    with pytest.raises(OSError, match="No space"):
        systemd.units.hold(systemd, NAME, OP)


def test_template_units_are_held_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    systemd = Systemd(tmp_path, name="garage@50%a.service")
    systemd.bring("stopped", hold=OP)
    assert systemd.marks == "uplift-stop-garage@50_a.service"
    (one,) = systemd.units.all()
    assert one.name == "garage@50%a.service"
    assert f"ConditionPathExists=!{one.path.replace('%', '%%')}\n" in Path(one.path).read_text()


def by_hand(proc: Path, **more: str) -> None:
    """Process 4711 of a machine, which runs what the unit would run, outside of any unit."""
    facts = {
        "exe": os.path.realpath("/bin/sleep"), "args": "/bin/sleep 1000", "env": "HOME=/", "group": "0::/a.scope",
        "mnt": "mnt:[1]", **more,
    }  # fmt: skip
    for name, mnt in (("4711", facts["mnt"]), ("self", "mnt:[1]")):
        (proc / name / "ns").mkdir(parents=True)
        (proc / name / "ns" / "mnt").symlink_to(mnt)
    (proc / "4711" / "exe").symlink_to(facts["exe"])
    (proc / "4711" / "cmdline").write_bytes(facts["args"].replace(" ", "\0").encode() + b"\0")
    (proc / "4711" / "environ").write_bytes(facts["env"].encode() + b"\0")
    (proc / "4711" / "cgroup").write_text(facts["group"] + "\n")


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        ({}, True),
        ({"args": "./sleep 1000"}, True),
        ({"env": "A=1"}, True),
        ({"args": "/bin/sleep 2000"}, False),
        ({"env": "A=2"}, False),  # another instance's
        ({"group": "0::/system.slice/t1.service"}, False),
        ({"exe": "/usr/bin/other"}, False),
        ({"mnt": "mnt:[2]"}, False),  # in a container
    ],
)
def test_a_daemon_that_was_started_by_hand(
    tmp_path: Path, systemd: Systemd, facts: dict[str, str], refused: bool
) -> None:
    by_hand(tmp_path / "proc", **facts)
    unit = runtime_systemd.read_unit(systemd, NAME, Path("/nowhere"))
    if refused:
        with pytest.raises(UpliftError, match="Process 4711 runs /bin/sleep .* of t1.service, and outside"):
            runtime_held.demand_ours(systemd, unit, tmp_path / "proc")
    else:
        runtime_held.demand_ours(systemd, unit, tmp_path / "proc")


@pytest.mark.parametrize(("main", "refused"), [(4711, False), (99, True)])
def test_another_units_own_process_is_not_by_hand(tmp_path: Path, systemd: Systemd, main: int, refused: bool) -> None:
    """Two units of one template that run the same; or somebody who came by ssh, whose service runs sshd."""
    by_hand(tmp_path / "proc", group="0::/system.slice/other.service")
    unit, systemd.pid = runtime_systemd.read_unit(systemd, NAME, Path("/nowhere")), main
    with pytest.raises(UpliftError, match="Process 4711") if refused else contextlib.nullcontext():
        runtime_held.demand_ours(systemd, unit, tmp_path / "proc")


def test_it_is_looked_for_before_anything_is_done(systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_runner: Any, unit: Any) -> None:
        raise UpliftError(f"{unit.name} by hand")

    monkeypatch.setattr(runtime_held, "demand_ours", refuse)
    for check in (True, False):
        with pytest.raises(UpliftError, match="t1.service by hand"):
            systemd.bring("stopped", check=check, hold=OP)
    assert systemd.orders == [] and systemd.bring("stopped")["active"] == "inactive"


def test_the_notes_of_containers(tmp_path: Path) -> None:
    held = Containers(str(tmp_path / "deep" / "held"))
    assert (held.all(), held.by("garage")) == ([], "")
    held.write("garage", OP, {"Name": "on-failure", "MaximumRetryCount": 3})
    path = tmp_path / "deep" / "held" / "garage.json"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert held.note("garage")["policy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert [one.summary()["operation"] for one in held.all()] == [OP]
    path.write_text(json.dumps({"name": "garage"}))
    with pytest.raises(UpliftError, match="which restart policy its container had is unknown"):
        held.by("garage")
    held.forget("garage")
    assert held.by("garage") == ""


def test_notes_that_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "held").write_text("a file")
    with pytest.raises(UpliftError, match=r"policy of the container garage cannot be kept .* Nothing was stopped"):
        Containers(str(tmp_path / "held")).write("garage", OP, {"Name": "always"})


def test_all_that_is_held_on_the_machine(systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd.bring("stopped", hold=OP)
    Containers(str(tmp_path / "notes")).write("lakefs", "other", {"Name": "always"})
    monkeypatch.setattr(runtime_held, "Units", lambda: systemd.units)
    monkeypatch.setattr(runtime_held, "Containers", lambda: Containers(str(tmp_path / "notes")))
    assert [(one["kind"], one["name"], one["operation"]) for one in runtime_held.everything()] == [
        ("unit", NAME, OP),
        ("container", "lakefs", "other"),
    ]
