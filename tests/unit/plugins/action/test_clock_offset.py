# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action import clock_offset
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


class Asked(clock_offset.ActionModule):
    """A node whose clock is `ahead`, at the end of a way that takes (there, back) seconds."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, ahead: float, *ways: tuple[float, float], said: str = ""
    ) -> None:
        self.now, self.ahead, self.shapes, self.said = 1000.0, ahead, list(ways), said
        monkeypatch.setattr(clock_offset, "time", SimpleNamespace(time=lambda: self.now))

    def _low_level_execute_command(self, cmd: str, **more: Any) -> dict[str, Any]:
        assert (cmd, more) == ("date +%s.%N", {"sudoable": False})
        there, back = self.shapes.pop(0)
        self.now += there
        said = self.said or f"{self.now + self.ahead:.9f}\n"
        self.now += back
        return {"rc": 0, "stdout": said, "stderr": ""}


def ask(action: Asked, **args: Any) -> dict[str, Any]:
    return action.perform({"exchanges": len(action.shapes), "max_uncertainty": 0.25, **args}, {})


@pytest.mark.parametrize("ahead", [0.0, 3.5, -120.25])
def test_the_quickest_answer_is_believed(monkeypatch: pytest.MonkeyPatch, ahead: float) -> None:
    action = Asked(monkeypatch, ahead, (0.3, 0.1), (0.01, 0.01), (0.0, 0.2))
    found = ask(action)
    assert found["offset"] == pytest.approx(ahead)
    assert found["uncertainty"] == pytest.approx(0.01)
    assert found["controller_began"] < found["controller_time"] == action.now


@pytest.mark.parametrize("way", [(0.0, 0.1), (0.1, 0.0), (0.02, 0.08)])
def test_the_uncertainty_holds_the_truth(monkeypatch: pytest.MonkeyPatch, way: tuple[float, float]) -> None:
    found = ask(Asked(monkeypatch, 7.0, way))
    assert abs(found["offset"] - 7.0) <= found["uncertainty"] + 1e-6


def test_a_clock_that_cannot_be_known_well_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UpliftError, match="known only to 0.300 s, expected 0.25 s"):
        ask(Asked(monkeypatch, 0.0, (0.3, 0.3)))
    assert ask(Asked(monkeypatch, 0.0, (0.3, 0.3)), max_uncertainty=0.5)["changed"] is False


def test_a_node_whose_date_has_no_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UpliftError, match="answered '1795231718.N' .* expected seconds with a fraction"):
        ask(Asked(monkeypatch, 0.0, (0.1, 0.1), said="1795231718.N"))
