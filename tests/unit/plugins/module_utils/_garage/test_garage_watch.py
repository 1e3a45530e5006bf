# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._garage import watch
from ansible_collections.uplift.datastores.plugins.module_utils._garage.watch import Look, worsened

CALM = Look(1, frozenset({"scrub"}), frozenset({"gone"}), 5)


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (CALM, []),
        (Look(0, frozenset(), frozenset(), 0), []),
        (Look(1, frozenset({"scrub"}), frozenset({"gone"}), 5000), []),
        (Look(2, frozenset({"scrub"}), frozenset({"gone"}), 5), ["2 blocks are in error, 1 were at the start."]),
        (
            Look(1, frozenset({"scrub", "object sync"}), frozenset({"gone"}), 5),
            ["Workers fail again and again: object sync."],
        ),
        (Look(1, frozenset(), frozenset({"gone", "new"}), 5), ["Nodes are away: new."]),
    ],
)
def test_worsened(now: Look, says: list[str]) -> None:
    assert worsened(CALM, now) == says


@pytest.mark.parametrize(("last", "found"), [(CALM, 0), (Look(9, frozenset(), frozenset(), 5), 1)])
def test_only_what_has_not_healed_at_the_end_counts(monkeypatch: pytest.MonkeyPatch, last: Look, found: int) -> None:
    dip = Look(7, frozenset({"x"}), frozenset({"y"}), 5)
    looks, time, said = iter([CALM, dip, last]), [0.0], []
    monkeypatch.setattr(watch, "look", lambda garage: next(looks))

    def sleep(seconds: float) -> None:
        time[0] += seconds

    def say(done: float, total: float, text: str) -> None:
        said.append(text)

    nothing: Any = None
    _first, _last, worse = watch.watch(nothing, 4.0, lambda: time[0], sleep, say)
    assert len(worse) == found
    assert "7 blocks are in error" in said[0]
