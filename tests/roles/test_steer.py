# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that is asked to pause or to end, and one that waits to be approved: pass.yml and steer.yml of operation."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.utils.display import Display
from ansible_collections.uplift.datastores.plugins.action import operation as operation_action
from inprocess import Asked
from stage import Stage

WALK = [["a1"], ["b1"]]
STARTED = {"module": "service", "state": "started"}


@pytest.fixture
def pair(garage: Stage) -> Stage:
    return garage.only("a1", "b1")


def asks(stage: Stage, *what: str) -> None:
    """While the first wave starts, somebody asks for the first of `what`; for each other one at a later look."""
    rest, looks = list(what), 0

    def started(asked: Asked) -> None:
        if asked.host == "a1":
            stage.record_call("a1", state="asked", ask=rest.pop(0), reason="a call", owner=stage.owner("anna"))

    def looked(asked: Asked) -> None:
        nonlocal looks
        looks += asked.args["wave"] == ["b1"]
        if looks > 1 and rest:
            stage.record_call("a1", state="asked", ask=rest.pop(0), reason="enough", owner=stage.owner("anna"))

    stage.on("service", started, state="started")
    stage.on("operation", looked, state="waited")


def test_a_run_that_is_asked_to_end_does_so_before_its_next_wave(pair: Stage) -> None:
    asks(pair, "abort")
    run = pair.steps(["stop", "start"], "walk", WALK)
    assert run.hosts(**STARTED) == ["a1"]
    assert "It was asked to end by operator on controller" in run.why and "before b1; nothing of this wave" in run.why
    again = pair.steps(["stop", "start"], "walk", WALK)
    assert again.ok and again.hosts(**STARTED) == ["b1"], (
        "what was asked of the run that ended is asked of the next one"
    )


@pytest.mark.parametrize(("then", "ends"), [("", True), ("abort", False)])
def test_a_paused_run_goes_on_or_ends_as_it_is_asked(
    pair: Stage, monkeypatch: pytest.MonkeyPatch, then: str, ends: bool
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(operation_action, "AGAIN", 0.0)
    monkeypatch.setattr(Display(), "display", lambda text, *rest, **more: shown.append(text))
    asks(pair, "pause", then)
    run = pair.steps(["stop", "start"], "walk", WALK)
    assert run.ok == ends, run.why
    assert run.hosts(**STARTED) == (["a1", "b1"] if ends else ["a1"])
    assert len([text for text in shown if text.startswith("Paused before b1 by operator on controller")]) == 1


def test_a_pause_that_nobody_ends_ends_the_run(pair: Stage) -> None:
    asks(pair, "pause")
    pair.found(operation_pause_seconds=0)
    run = pair.steps(["stop", "start"], "walk", WALK)
    assert run.hosts(**STARTED) == ["a1"] and "operation_pause_seconds are over" in run.why


@pytest.mark.parametrize(
    ("after", "approve", "started", "point"),
    [
        ("", [], ["a1", "b1"], ""),
        ("first_wave", [], ["a1"], "0/walk/1"),
        ("first_wave", ["0/walk/1"], ["a1", "b1"], ""),
        ("first_wave", ["0/walk/9"], ["a1"], "0/walk/1"),
    ],
)
def test_a_point_is_passed_when_it_is_approved(
    pair: Stage, after: str, approve: list[str], started: list[str], point: str
) -> None:
    pair.found(garage_approve_after=after, garage_approve=approve)
    run = pair.steps(["stop", "start"], "walk", WALK)
    assert run.hosts(**STARTED) == started, run.why
    assert run.ok == (not point)
    if point:
        assert f"{point} is reached and has to be approved (garage_approve_after is first_wave)" in run.why
        assert '{"garage_approve": [' in run.why and f'"{point}"]}}' in run.why


@pytest.mark.parametrize("product", ["garage", "lakefs", "pachyderm"])
def test_each_product_takes_the_settings(product: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(product)
    one = stage.only(stage.hosts[0])
    one.found(**{f"{product}_approve_after": "pass", f"{product}_approve": ["0/before/0"]})
    run = one.steps(["inventory"], "before")
    assert run.ok, run.why  # the first pass of a hop is no point of its own


@pytest.mark.parametrize(
    ("name", "ask", "said"),
    [
        ("garage_pause", "pause", "The run waits before its next wave."),
        ("garage_abort", "abort", "The run ends before its next wave."),
        ("garage_resume", "", "it goes on."),
    ],
)
def test_the_playbooks_ask_at_the_leader(pair: Stage, name: str, ask: str, said: str) -> None:
    plan: dict[str, Any] = pair.plan({"walk": ["stop"]}, WALK)
    for host in pair.hosts:
        pair.record_call(host, state="opened", plan=plan, token="t" * 16)
    if not ask:
        pair.record_call("a1", state="asked", ask="pause")
    run = pair.playbook(name, operation_reason="a call")
    assert run.ok and said in run.said, run.why
    assert [call.args["ask"] for call in run.of("operation", state="asked")] == [ask]
    assert (pair.kept("a1") / "asked.json").exists() == bool(ask)
    assert not (pair.kept("b1") / "asked.json").exists()


def test_without_an_operation_there_is_nothing_to_ask(pair: Stage) -> None:
    run = pair.playbook("garage_pause")
    assert "No operation is under way at any node; expected one whose run is to pause." in run.why
    assert not run.of("operation", state="asked")
