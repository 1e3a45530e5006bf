# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long something takes, as the screen and the report say it."""

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import span
from ansible_collections.uplift.datastores.plugins.module_utils._operation import report_text
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import page, view


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (60, "1 min 00 s"), (65, "1 min 05 s"),
        (3599.4, "59 min 59 s"), (3599.6, "1 h 00 min"), (3600, "1 h 00 min"),
    ],
)  # fmt: skip
def test_a_span(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_the_screen_and_the_report_say_it_alike() -> None:
    assert view.span is report_text.span is page.clock.span is span
