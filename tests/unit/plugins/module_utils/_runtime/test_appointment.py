# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node that is told the moment of a switch late follows the others; one long gone is refused."""

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import appointment


@pytest.mark.parametrize(
    ("at", "now", "when"),
    [
        (0.0, 1000.0, 0.0),
        (1010.0, 1000.0, 1010.0),
        (1000.5, 1000.0, 1000.5),
        (1000.4, 1000.0, 0.0),
        (990.0, 1000.0, 0.0),
        (940.0, 1000.0, 0.0),
    ],
)
def test_when_to_act(at: float, now: float, when: float) -> None:
    assert appointment.effective(at, now, "garage.service") == when


def test_long_gone_is_refused() -> None:
    with pytest.raises(UpliftError, match="The moment for garage.service is 61 s past at this node"):
        appointment.effective(939.0, 1000.0, "garage.service")


@pytest.mark.parametrize(("at", "began", "late"), [(0.0, 5.0, 0.0), (10.0, 10.0, 0.0), (10.0, 11.26, 1.26)])
def test_how_late(at: float, began: float, late: float) -> None:
    assert appointment.late(at, began) == late
