# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that a run leaves on the screen, and the one that says what it is doing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import view as subject
from hypothesis import given
from hypothesis import strategies as st

NODES = ["a1", "b1", "c1"]
PLAN: dict[str, Any] = {
    "product": "garage",
    "hops": [
        {
            "source": "0.8.0",
            "target": "0.8.7",
            "passes": {
                "before": {"waves": [NODES]},
                "walk": {"waves": [["a1"], ["b1"], ["c1"]]},
            },
        }
    ],
}


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def view(clock: Clock) -> subject.View:
    made = subject.View(clock, lambda: "03:15:00")
    made.planned(PLAN)
    return made


def test_a_step_is_one_line_for_all_its_nodes_in_the_order_of_the_plan(view: subject.View, clock: Clock) -> None:
    assert view.begin("0/before/1/stage", "c1") == ["03:15:00  0.8.0 -> 0.8.7, before"]
    assert view.begin("0/before/1/stage", "a1") == view.begin("0/before/1/stage", "b1") == []
    clock.now += 12.34
    assert view.end() == ["03:15:00    stage              12.3 s  a1, b1, c1"]
    assert view.end() == []


def test_a_wave_is_named_once_with_what_clients_have_noticed(view: subject.View) -> None:
    view.clients({"unserved": 2, "longest_unavailable_seconds": 0.42})
    first = view.begin("0/walk/0/stop", "b1")
    assert first == [
        "03:15:00  0.8.0 -> 0.8.7, walk, wave 2 of 3: b1  (clients: 2 requests failed, longest outage 0.4 s)"
    ]
    assert view.begin("0/walk/1/backup", "b1") == ["03:15:00    stop                0.0 s  b1"]


def test_the_line_of_now_fits_and_is_only_there_while_a_step_is_open(view: subject.View, clock: Clock) -> None:
    assert view.now(80) == ""
    view.begin("0/walk/0/stop", "a1")
    clock.now += 75
    view.clients({"unserved": 0})
    assert view.now(160) == (
        "0.8.0 -> 0.8.7, walk, wave 1 of 3: a1  stop a1  1 min 15 s  1 min 15 s in all"
        "  clients: 0 requests failed, longest outage 0.0 s"
    )
    assert len(view.now(80)) == 79
    assert len(view.now(3)) == subject.NARROW - 1
    view.end()
    assert view.now(80) == ""


def test_a_failure_says_where_each_node_stands_and_what_to_type(view: subject.View, clock: Clock) -> None:
    for node in NODES:
        view.begin("0/before/1/stage", node)
    view.begin("0/walk/0/stop", "a1")
    clock.now += 61
    assert view.failed(["a1"], "Stop the service", "It has not ended after 90 s.", 80) == [
        "FAILED  a1: Stop the service",
        "    It has not ended after 90 s.",
    ]
    assert view.end() == []  # a step that failed took no time that anybody wants to know
    assert view.summary("-i hosts.yml") == [
        "03:15:00  Failed after 1 min 01 s at a1.",
        "Where the nodes stand:",
        "  a1: failed in the step stop of 0.8.0 -> 0.8.7 (0/walk/0/stop)",
        "  b1, c1: after the step stage of 0.8.0 -> 0.8.7 (0/before/1/stage)",
        "Next, when the cause is corrected: the same command again. It goes on where this run stopped.",
        "To see the state: ansible-playbook -i hosts.yml uplift.datastores.garage_status",
        "To go back: ansible-playbook -i hosts.yml uplift.datastores.garage_rollback",
    ]


def test_two_nodes_may_fail_and_the_third_is_where_it_was(view: subject.View) -> None:
    for node in NODES:
        view.begin("0/before/1/stage", node)
    view.failed(["b1"], "Stage", "no space", 80)
    view.failed(["a1"], "Stage", "no network", 80)
    lines = view.summary("")
    assert lines[0].endswith("at a1, b1.")
    assert "  a1, b1: failed in the step stage of 0.8.0 -> 0.8.7 (0/before/1/stage)" in lines
    assert "  c1: in the step stage of 0.8.0 -> 0.8.7 (0/before/1/stage)" in lines


def test_what_fails_before_any_step_names_no_way_back(view: subject.View) -> None:
    view.failed(["a1"], "Ask every node what it runs", "no", 80)
    assert view.summary("") == ["03:15:00  Failed after 0.0 s at a1."]


def test_a_run_that_ends_well_says_how_long_it_took(view: subject.View, clock: Clock) -> None:
    clock.now += 3725
    assert view.summary("-i x") == ["03:15:00  Done after 1 h 02 min."]


@pytest.mark.parametrize(
    ("nodes", "text", "lines"),
    [
        ([], "one\ntwo", ["one", "two"]),
        (["a1"], "no_checksum: there is none", ["a1: no_checksum: there is none"]),
        (["b1", "a1"], "one\ntwo", ["a1, b1:", "  one", "  two"]),
    ],
)
def test_what_a_task_shows(view: subject.View, nodes: list[str], text: str, lines: list[str]) -> None:
    assert view.said(nodes, text, 80) == lines


def test_of_many_nodes_some_are_named(view: subject.View) -> None:
    many = [f"n{number}" for number in range(100)]
    assert view.names(many) == "n0, n1, n2 and 97 more"
    assert view.names(many, 2) == "n0 and 99 more"


@given(st.text(alphabet="ab -\n", max_size=300), st.integers(0, 200))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = subject.wrapped(text, "  ", width)
    assert " ".join(lines).split() == text.split()
    longest = max((len(word) for word in text.split()), default=0)
    assert all(len(line) <= max(width, subject.NARROW, longest + 2) for line in lines)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"msg": "It failed."}, "It failed."),
        ({"msg": "", "module_stderr": "Killed"}, "Killed"),
        ({}, "no reason given"),
        ({"msg": "one or more failed", "results": [{"msg": "x", "failed": True}, {"msg": "y"}]}, "x"),
    ],
)
def test_why_a_task_failed(answer: dict[str, Any], text: str) -> None:
    assert subject.why(answer) == text


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"msg": ["a", "b"]}, "a\nb"),
        ({"msg": "a"}, "a"),
        ({"msg": {"state": "open", "held": [], "node": {"id": "x"}}}, 'state: open\nheld: []\nnode: {"id": "x"}'),
        ({"results": [{"msg": "a"}, {"msg": "b", "skipped": True}, {"msg": ["c"]}]}, "a\nc"),
    ],
)
def test_what_debug_shows(answer: dict[str, Any], text: str) -> None:
    assert subject.said_by(answer) == text


def test_what_several_nodes_say_is_said_once() -> None:
    assert subject.grouped([("a1", "x"), ("b1", "y"), ("c1", "x")]) == {"x": ["a1", "c1"], "y": ["b1"]}
