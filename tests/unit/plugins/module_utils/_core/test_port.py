# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import port as core_port
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


def test_open_and_closed_are_told_by_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert core_port.state("127.0.0.1", port) == core_port.OPEN
    assert core_port.state("127.0.0.1", port) == core_port.CLOSED


def test_a_host_that_says_nothing_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: Any, **more: Any) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    with pytest.raises(UpliftError, match="It is unknown whether 10.0.0.1:30650 takes connections"):
        core_port.state("10.0.0.1", 30650)


class Clock(core_port.Clock):
    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__(now=lambda: self.seconds, sleep=self.pass_)

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds


PARAMS = {"host": "h", "port": 1, "timeout": 5.0, "left": [{"slot": "ports", "kind": "file", "path": "/d"}]}


def test_it_is_waited_for_and_what_closed_it_stays_in_the_evidence() -> None:
    answers = iter(["open", "open", "closed"])
    done = core_port.closed(PARAMS, Clock(), lambda host, port: next(answers))
    assert [one["kind"] for one in done["evidence"]] == ["file", "closed"]
    with pytest.raises(UpliftError, match="h:1 still takes connections after 5 s"):
        core_port.closed(PARAMS, Clock(), lambda host, port: "open")
