# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.uplift.datastores.plugins.action import operation
from ansible_collections.uplift.datastores.plugins.action.operation import ActionModule, Line
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.owner import owner_of

TAKEN = {"lease": {"number": 1, "seconds": 40, "token": "t0"}}


class Action(ActionModule):
    """The action alone: the node is a list of answers of modules and of commands."""

    def __init__(self, *answers: Any, check: bool = False, **args: Any) -> None:
        self.answers, self.asked, self.resets, self.cleaned = list(answers), [], 0, 0  # type: ignore[var-annotated]
        self._task = SimpleNamespace(args={"directory": "/var/lib/up lift", **args}, check_mode=check, async_val=0)
        self._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/gone"), reset=self.reset)

    def reset(self) -> None:
        self.resets += 1

    def cleanup(self, force: bool = False) -> None:
        self.cleaned += force

    def _execute_module(self, module_name: str = "", module_args: Any = None, **_more: Any) -> Any:
        self.asked.append((module_name, dict(module_args)))
        return self.answers.pop(0)

    def _low_level_execute_command(self, cmd: str, **_more: Any) -> Any:
        self.asked.append(cmd)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"rc": answer, "stdout": "", "stderr": ""}


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr(operation.ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(operation.keeper, "keep", lambda *args: found.append(args[1:3]))
    monkeypatch.setattr(operation.keeper, "release", found.append)
    return found


def test_a_lease_that_was_taken_is_kept_and_one_given_back_is_released(kept: list[Any]) -> None:
    action = Action(TAKEN, state="opened")
    action.run()
    ((_name, args),) = action.asked
    assert Owner(**args["owner"]) == owner_of(os.getppid()) and len(args["token"]) == 16
    Action({"given_back": "t0"}, state="closed").run()
    assert kept == [(40, "t0"), "t0"]


NOTHING_TO_KEEP = [
    ({"failed": True, "msg": "no"}, {"state": "opened"}),
    ({"lease": {}}, {"state": "read"}),
    ({"lease": {}}, {"state": "opened", "check": True}),
    ({"changed": False}, {"state": "step"}),
]


@pytest.mark.parametrize(("answer", "args"), NOTHING_TO_KEEP)
def test_nothing_else_is_kept(kept: list[Any], answer: Any, args: Any) -> None:
    Action(answer, **args).run()
    assert kept == []


def test_the_lease_of_a_process_that_is_gone_is_taken_at_once(kept: list[Any]) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    other = vars(owner_of(child.pid))
    held = {"failed": True, "held_by": other, "msg": "locked by"}
    living = Action(dict(held), state="opened")
    assert living.run()["msg"] == "locked by"
    child.communicate(b"\n")
    dead = Action(dict(held), TAKEN, state="opened")
    assert dead.run() == TAKEN and kept == [(40, "t0")]
    assert dead.asked[1][1]["dead"] == Owner(**other).run


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation, "Display", SimpleNamespace)  # there is one for the whole process, and it is silenced


def line(*answers: Any) -> tuple[Action, Line]:
    action = Action(*answers)
    args = {"directory": "/var/lib/up lift", "owner": {"pid": 1}, "state": "opened", "plan": {}}
    return action, Line(action, args, "t0", {})


def test_a_heartbeat_is_a_copy_of_the_nodes_uptime() -> None:
    action, sign = line(0)
    assert sign.beat(False)
    assert action.asked == ["cp -- /proc/uptime '/var/lib/up lift/heartbeat-t0/uptime'"]
    assert action._connection._shell.tmpdir is None, "that of the task is gone by now"


def test_a_heartbeat_that_cannot_be_written_asks_whether_the_lease_is_lost() -> None:
    action, sign = line(1, {"changed": False}, 1, {"failed": True, "lost": True}, 1, {"failed": True, "msg": "full"})
    assert sign.beat(False)
    asked = {"directory": "/var/lib/up lift", "owner": {"pid": 1}, "state": "renewed", "token": "t0"}
    assert action.asked[1] == ("uplift.datastores.operation", asked) and action.cleaned == 1
    assert not sign.beat(False)
    with pytest.raises(UpliftError, match="full"):
        sign.beat(False)


def test_a_connection_that_failed_is_made_anew_for_the_next_one() -> None:
    action, sign = line(AnsibleConnectionFailure("no route"), 0)
    with pytest.raises(AnsibleConnectionFailure):
        sign.beat(False)
    assert action.resets == 0 and sign.beat(True) and action.resets == 1
