# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the record keeps what came of a comparison."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._operation import comparison as subject

GONE = {"key": "repo_gone", "sentence": "The repo x is gone."}
MOVED = {"key": "head_changed", "sentence": "x@master has moved."}


def record(hops: int = 2, undoes: str = "", **more: Any) -> dict[str, Any]:
    plan = {"product": "lakefs", "undoes": undoes, "undoes_hop": 1, "hops": [{}] * hops}
    return {"id": "op", "plan": plan, "saved": {}, "steps": {}, **more}


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        ({}, "same", ""),
        ({"differences": [GONE, MOVED], "accepted": ["repo_gone"]}, "different", MOVED["sentence"]),
        ({"differences": [GONE], "accepted": ["repo_gone"]}, "accepted", GONE["sentence"]),
        (
            {"unread": "HTML.", "differences": []},
            "open",
            "Could not be compared: HTML. Compare again with: ansible-playbook",
        ),
        ({"differences": [GONE] * 7}, "different", " And 2 more."),
    ],
)
def test_what_is_noted(found: Any, state: str, said: str) -> None:
    entry = subject.entry(record(), found, "operator", 1.0)
    assert entry["state"] == state and said in entry["said"] and (entry["who"], entry["when"]) == ("operator", 1.0)


def comparison(*states: str) -> dict[str, Any]:
    return {str(number): {"state": state, "said": f"hop {number}"} for number, state in enumerate(states)}


BOTH = {"inventory_0": {}, "inventory_1": {}}


@pytest.mark.parametrize(
    ("known", "hop", "state"),
    [
        (record(2, saved=BOTH), 1, "none"),
        (record(2, saved={"inventory_0": {}}), 0, "none"),
        (record(2, saved=BOTH, comparisons=comparison("same", "same")), 1, "same"),
        (record(2, saved=BOTH, comparisons=comparison("open", "same")), 0, "open"),
        (record(1, "old", saved=BOTH), 0, "none"),
    ],
)
def test_which_hop_is_compared_now(known: Any, hop: int, state: str) -> None:
    told = subject.summary(known)
    assert (told["hop"], told["state"], told["refused"]) == (hop, state, "")


@pytest.mark.parametrize("known", [{}, record(), record(3), record(1, "old", saved={"inventory_0": {}})])
def test_nothing_to_compare_with(known: Any) -> None:
    told = subject.summary(known)
    assert told["hop"] == -1 and told["refused"] and told["open"] == told["measured"] == []


@pytest.mark.parametrize(
    ("known", "measured"),
    [
        (record(3, saved=BOTH), [0, 1]),
        (record(2, saved={"inventory_1": {}}), [1]),
        (record(1, "old", saved={"inventory_1": {}}), [0]),
    ],
)
def test_which_hops_can_be_compared(known: Any, measured: list[int]) -> None:
    assert subject.summary(known)["measured"] == measured
