# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HAProxy 2.6.12 by its admin socket, by what it answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._hooks import haproxy

FIXTURES = Path(__file__).parents[3] / "fixtures" / "haproxy"


def said(name: str) -> str:
    return (FIXTURES / f"{name}.txt").read_text(encoding="utf-8")


class Balancer:
    """Answers in turn with what was captured, and keeps the commands; the clock goes on by its own sleeps."""

    def __init__(self, states: list[str], conns: list[str], answer: str = "\n") -> None:
        self.states, self.conns, self.answer, self.at = states, conns, answer, 0.0
        self.set: list[str] = []

    def ask(self, command: str) -> str:
        if command.startswith("set "):
            self.set.append(command)
            return self.answer
        row = self.states if " state " in command else self.conns
        return said(row.pop(0) if len(row) > 1 else row[0])

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def brought(self, state: str, server: str = "l1", check: bool = False, timeout: float = 3.0) -> Any:
        params = {"backend": "instances", "server": server, "state": state, "timeout": timeout}
        return haproxy.brought(params, self.ask, Clock(now=lambda: self.at, sleep=self.sleep), check)


@pytest.mark.parametrize(
    ("state", "now", "check", "commands"),
    [
        ("drain", "state_ready", False, ["set server instances/l1 state drain"]),
        ("drain", "state_ready", True, []),
        ("drain", "state_drain", False, []),
        ("ready", "state_drain", False, ["set server instances/l1 state ready"]),
        ("ready", "state_ready", False, []),
    ],
)
def test_it_is_told_what_is_not_so_yet(state: str, now: str, check: bool, commands: list[str]) -> None:
    balancer = Balancer([now], ["conn_none"])
    wanted = state != now.partition("_")[2]
    assert balancer.brought(state, check=check) == {"changed": wanted} and balancer.set == commands


def test_it_waits_until_no_connection_is_in_use() -> None:
    balancer = Balancer(["state_drain"], ["conn_used", "conn_used", "conn_none"])
    balancer.brought("drain", "l2")
    assert balancer.at == 1.0
    with pytest.raises(UpliftError, match="instances/l2 has 1 connections in use at HAProxy; expected none after 3 s"):
        Balancer(["state_drain"], ["conn_used"]).brought("drain", "l2")


def test_a_server_that_is_not_up_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    down = said("state_ready").replace(" 127.0.0.1 2 0 ", " 127.0.0.1 0 0 ")
    answers = iter([down, down, said("state_ready")])
    balancer = Balancer(["state_ready"], [])
    monkeypatch.setattr(balancer, "ask", lambda _command: next(answers))
    balancer.brought("ready")
    assert balancer.at == 0.5


@pytest.mark.parametrize(
    ("state", "server", "answer", "sentence"),
    [
        ("state_maint", "l1", "\n", "in maintenance at HAProxy .srv_admin_state 1.; expected .* ready or drain"),
        ("state_ready", "zz", "\n", "has no server 'zz'; expected one of l1, l2"),
        ("no_backend", "l1", "\n", 'answers "Can\'t find backend."; expected a table with srv_name'),
        ("state_ready", "l1", "Permission denied\n", "answers 'Permission denied' to the state drain"),
    ],
)
def test_what_is_otherwise_is_said(state: str, server: str, answer: str, sentence: str) -> None:
    with pytest.raises(UpliftError, match=sentence):
        Balancer([state], ["conn_none"], answer).brought("drain", server)


def test_a_socket_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="does not answer at .*expected its admin socket"):
        haproxy.asker(str(tmp_path / "none.sock"))("show info")
