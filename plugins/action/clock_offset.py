# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.modules.clock_offset import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction


class Trip(NamedTuple):
    """One question of the time: when it was asked and answered by our clock, and the answer."""

    asked: float
    answered: float
    said: float

    @property
    def offset(self) -> float:
        return self.said - (self.asked + self.answered) / 2

    @property
    def uncertainty(self) -> float:
        return (self.answered - self.asked) / 2


class ActionModule(UpliftAction):
    """The quickest of several questions is the one that says most: the answer came at some time during it."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        began = time.time()
        best = min((self._ask() for _time in range(max(1, args["exchanges"]))), key=lambda trip: trip.uncertainty)
        if best.uncertainty > args["max_uncertainty"]:
            raise UpliftError(
                f"The node's clock is known only to {best.uncertainty:.3f} s, expected {args['max_uncertainty']:g} s: "
                f"the way there takes too long. Use a nearer controller, or ask for less by max_uncertainty."
            )
        facts = {"offset": round(best.offset, 6), "uncertainty": round(best.uncertainty, 6)}
        return {"changed": False, **facts, "controller_began": began, "controller_time": time.time()}

    def _ask(self) -> Trip:
        asked = time.time()
        answer = self._low_level_execute_command("date +%s.%N", sudoable=False)
        answered = time.time()
        try:
            return Trip(asked, answered, float(answer["stdout"].strip()))
        except ValueError:
            said = answer["stdout"].strip() or answer["stderr"].strip()
            raise UpliftError(
                f"The node answered {said[:80]!r} to `date +%s.%N`; expected seconds with a fraction."
            ) from None
