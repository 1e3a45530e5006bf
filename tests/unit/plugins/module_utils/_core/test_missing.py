# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three answers to "an object is missing": deleted is a note, lost and cannot tell stop."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.missing import (
    ABSENT,
    BROKEN,
    DELETED,
    LOST,
    THERE,
    UNKNOWN,
    judge,
)

TIMEOUT = "Read timeout"
GONE = {"a1": ABSENT, "b1": ABSENT, "c1": ABSENT}


@pytest.mark.parametrize(
    ("asked", "counted", "most", "kind", "why"),
    [
        (GONE, None, False, DELETED, "no node has it"),
        (GONE, True, False, DELETED, "no node has it"),
        (GONE, True, True, DELETED, "no node has it"),
        ({"a1": ABSENT}, None, False, DELETED, "no node has it"),
        (GONE, False, False, UNKNOWN, "no node has it, and the cluster counts more than it lists"),
        (GONE, False, True, UNKNOWN, "no node has it, and the cluster counts more than it lists"),
        (GONE, None, True, UNKNOWN, "no node has it, nor most of the others that were looked at"),
        ({**GONE, "c1": THERE}, True, False, LOST, "it is at c1 and not at a1, b1"),
        ({**GONE, "a1": BROKEN}, True, False, LOST, "it is listed at a1 and cannot be read"),
        (dict.fromkeys(GONE, BROKEN), True, False, LOST, "it is listed at a1, b1, c1 and cannot be read"),
        ({**GONE, "b1": TIMEOUT}, True, False, UNKNOWN, "not every node says that it is gone (b1: Read timeout)"),
        ({**GONE, "b1": TIMEOUT, "c1": THERE}, True, False, LOST, "it is at c1 and not at a1"),
        (dict.fromkeys(GONE, TIMEOUT), True, False, UNKNOWN, "a1: Read timeout; b1: Read timeout"),
        (dict.fromkeys(GONE, THERE), True, False, UNKNOWN, "not every node says that it is gone (it is at a1, b1, c1)"),
        ({}, True, False, UNKNOWN, "not every node says that it is gone (nobody was asked)"),
    ],
)
def test_deleted_lost_or_cannot_tell(
    asked: dict[str, str], counted: bool | None, most: bool, kind: str, why: str
) -> None:
    verdict = judge(asked, live=True, counted=counted, most=most)
    assert verdict.kind == kind and why in verdict.why


@pytest.mark.parametrize("asked", list(itertools.product((ABSENT, THERE, BROKEN, TIMEOUT), repeat=3)))
def test_the_rules_hold_for_every_answer_of_three_nodes(asked: tuple[str, ...]) -> None:
    said = dict(zip("abc", asked, strict=True))
    assert judge(said, live=False, counted=True).kind == LOST, "nobody could delete it"
    found = judge(said, live=True, counted=True).kind
    assert (found == DELETED) == (set(asked) == {ABSENT}), "a deletion is known everywhere"
    assert (found == LOST) == (BROKEN in asked or {THERE, ABSENT} <= set(asked)), "a trace of it is a loss"
