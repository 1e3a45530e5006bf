# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.uplift.datastores.plugins.plugin_utils._core import long
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.long import LongAction, Lost, parse, shown

# What Ansible's async_wrapper of ansible-core 2.19.14 leaves in its result file, at first and at last.
JOB = {"started": True, "finished": False, "ansible_job_id": "j440251316573.11037"}
DONE = {"changed": True, "sha256": "abc", "invocation": {"module_args": {}}}
BOOT = "5a0b9a9c-2f1e-4d60-8f0e-1c7f8f1f9d11"
SAID = {"done": 5, "total": 10, "text": "backup", "unit": "", "pid": 4711}
STAT = "4711 (python3) S 4700 4711"


def lines(*parts: Any) -> str:
    return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts)


@pytest.mark.parametrize(
    ("text", "progress", "ended", "alive"),
    [
        (lines(SAID, BOOT, JOB), SAID, False, False),
        (lines(SAID, STAT, BOOT, JOB), SAID, False, True),
        (lines(BOOT, JOB), None, False, False),
        (lines(SAID, BOOT, DONE), SAID, True, False),
        (lines(BOOT, {**DONE, "started": 1795231718.2}), None, True, False),  # a module may itself return `started`
        (lines("tail: cannot open '/tmp/x/progress' for reading: No such file", BOOT, DONE), None, True, False),
        (lines(BOOT, "tail: cannot open x", DONE) + "\r\n", None, True, False),
    ],
)
def test_a_look(text: str, progress: Any, ended: bool, alive: bool) -> None:
    look = parse(text)
    assert (look.boot, look.progress, look.result is not None, look.alive) == (BOOT, progress, ended, alive)


@pytest.mark.parametrize("text", ["", BOOT, lines(SAID, BOOT), lines(JOB), lines(BOOT, '{"a'), lines("{x", BOOT, JOB)])
def test_an_answer_that_is_none(text: str) -> None:
    with pytest.raises(Lost):
        parse(text)


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        ({"done": 0, "total": 0, "text": "blocks: 3 workers busy"}, "blocks: 3 workers busy"),
        ({"done": 3, "total": 8, "text": "nodes", "unit": ""}, "nodes  38 %  3 of 8"),
        ({"done": 1288490188, "total": 2899102924, "text": "backup", "unit": "bytes"}, "backup  44 %  1.2 of 2.7 GiB"),
        (
            {"done": 20866662, "total": 1200000000, "text": "backup", "unit": "bytes"},
            "backup  2 %  19.9 MiB of 1.1 GiB",
        ),
    ],
)
def test_a_line(progress: dict[str, Any], expected: str) -> None:
    assert shown(progress) == expected


class Watched(LongAction):
    """The watching alone: the node is a list of answers, time is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any, no_log: bool = False) -> None:
        self.answers, self.time, self.resets, self.printed = list(answers), 0.0, 0, []  # type: ignore[var-annotated]
        self._task = SimpleNamespace(no_log=no_log, action="uplift.datastores.metadata_backup")
        self._connection = SimpleNamespace(reset=self.reset)
        monkeypatch.setattr(long, "time", SimpleNamespace(monotonic=lambda: self.time, sleep=self.sleep))
        monkeypatch.setattr(long, "display", SimpleNamespace(display=self.printed.append, vvv=lambda text: None))

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def reset(self) -> None:
        self.resets += 1
        raise OSError("no route")

    def _low_level_execute_command(self, cmd: str, **_more: Any) -> dict[str, Any]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"rc": 0 if answer else 1, "stdout": answer, "stderr": "tail: gone"}


def test_only_what_changed_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    more = {**SAID, "done": 6}
    action = Watched(monkeypatch, *[lines(said, BOOT, JOB) for said in (SAID, SAID, more)], lines(more, BOOT, DONE))
    assert json.loads(action._watch("x", "y", "a1", 600)) == DONE
    assert action.printed == ["[a1] backup  50 %  5 of 10", "[a1] backup  60 %  6 of 10"]


def test_work_that_was_killed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    action = Watched(monkeypatch, lines(SAID, BOOT, JOB), lines(SAID, STAT, BOOT, JOB), lines(SAID, BOOT, JOB))
    with pytest.raises(AnsibleActionFail, match="metadata_backup at a1 is gone and has left no result"):
        action._watch("x", "y", "a1", 600)
    assert 10 < action.time < 15


def test_a_result_may_come_after_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = [lines(SAID, BOOT, JOB)] * 4
    action = Watched(monkeypatch, lines(SAID, STAT, BOOT, JOB), *gone, lines(SAID, BOOT, DONE))
    assert json.loads(action._watch("x", "y", "a1", 600)) == DONE


def test_no_log_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    action = Watched(monkeypatch, lines(SAID, BOOT, JOB), lines(SAID, BOOT, DONE), no_log=True)
    action._watch("x", "y", "a1", 600)
    assert action.printed == []


def test_a_lost_connection_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = AnsibleConnectionFailure("timed out")
    action = Watched(monkeypatch, lines(SAID, BOOT, JOB), gone, "", "nonsense", gone, lines(SAID, BOOT, DONE))
    assert json.loads(action._watch("x", "y", "a1", 600)) == DONE
    assert action.resets == 4


def test_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    action = Watched(monkeypatch, lines(SAID, BOOT, JOB), AnsibleConnectionFailure("timed out"))
    with pytest.raises(AnsibleActionFail, match="a1 has not answered for 30 s .*timed out.* goes on there by itself"):
        action._watch("x", "y", "a1", 30)
    assert 30 < action.time < 35


def test_a_node_that_was_booted_anew_has_forgotten_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    action = Watched(monkeypatch, lines(SAID, BOOT, JOB), lines(SAID, BOOT.replace("5", "6"), JOB))
    with pytest.raises(AnsibleActionFail, match="a1 was booted anew"):
        action._watch("x", "y", "a1", 600)
