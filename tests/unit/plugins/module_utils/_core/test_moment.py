# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import argspec, moment

HERE = {"boot": "b2", "up": 100.0}


@pytest.mark.parametrize(
    ("left", "begun", "here", "new"),
    [
        ({"boot": "b2", "up": 90.0}, {"boot": "b2", "up": 80.0}, HERE, True),
        ({"boot": "b2", "up": 80.0}, {"boot": "b2", "up": 80.0}, HERE, True),
        ({"boot": "b2", "up": 70.0}, {"boot": "b2", "up": 80.0}, HERE, False),
        # The node was booted in the middle of the step: what came after it is new, what came before it is not.
        ({"boot": "b2", "up": 70.0}, {"boot": "b1", "up": 80.0}, HERE, True),
        ({"boot": "b1", "up": 90.0}, {"boot": "b1", "up": 80.0}, HERE, False),
        # What is unknown is kept: evidence that is asked too often costs a step, one that is missing a protection.
        ({}, {"boot": "b2", "up": 80.0}, HERE, True),
        ({"boot": "b2", "up": 70.0}, {}, HERE, True),
        ({"boot": "b2", "up": 70.0}, {"boot": "b2", "up": 80.0}, {}, True),
    ],
)
def test_what_was_left_since_a_step_began(left: Any, begun: Any, here: Any, new: bool) -> None:
    assert moment.since({"slot": "x", "at": left}, begun, here) is new


def test_every_module_says_when_it_left_something() -> None:
    found = argspec.stamped({"changed": True, "evidence": [{"slot": "x"}]})
    (item,) = found["evidence"]
    assert set(item["at"]) == {"boot", "up"} and moment.plain(item) == {"slot": "x"}
    assert argspec.stamped({"changed": True}) == {"changed": True}
