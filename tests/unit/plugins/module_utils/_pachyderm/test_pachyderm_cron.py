# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a cron input ticks, counted next to the ticks that real servers made."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import cron

from tests.unit import pachyderm_replay as replay


def at(text: str) -> datetime:
    found = cron.moment(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("release", "case", "since"),
    [
        ("1.9.0", "cron_list_file_from_1_8_8", "2026-11-27T13:03:45.108551294Z"),
        ("1.8.8", "cron_list_file_after_delete_file", "2026-11-27T13:10:08.924317027Z"),
    ],
)
def test_as_many_ticks_as_a_real_server_has_made(release: str, case: str, since: str) -> None:
    """trap P39: all since the start of the input, or since its last tick."""
    made = re.findall(r"/(\S+Z)", replay.answer(release, case).out)
    assert cron.ticks("@every 10s", at(since), at(made[-1])) == len(made)
    assert cron.ticks("@every 10s", at(made[0]), at(made[-1])) == len(made) - 1


NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("spec", "days", "count"),
    [
        ("@every 1h30m", 1, 16),
        ("@every 0.5s", 1, 86400),  # never more often than once a second
        ("@hourly", 1, 24),
        ("@daily", 3, 3),
        ("@weekly", 14, 2),
        ("@monthly", 35, 2),
        ("@yearly", 365, 1),
        ("*/15 * * * *", 1, 96),
        ("0 9-17/4 * * mon-fri", 7, 15),
        ("0 0 1 * 1", 14, 3),  # the first, or a Monday
        ("0 0 ? * 1", 14, 2),
        ("5,10 3 * JAN *", 365, 62),
        ("0 12 * * *", 1, 1),
        ("30/10 0 * * *", 1, 3),
        ("0 0 31 2 *", 365, 0),
    ],
)
def test_ticks_of_a_rule(spec: str, days: int, count: int) -> None:
    assert cron.ticks(spec, NOON, NOON + timedelta(days=days)) == count
    assert cron.ticks(spec, NOON, NOON) == 0


@pytest.mark.parametrize(
    "spec", ["", "@reboot", "@every", "@every x", "* * * *", "61 * * * *", "a * * * *", "5-1 * * * *", "*/0 * * * *"]
)
def test_what_is_no_rule_is_not_counted(spec: str) -> None:
    assert cron.ticks(spec, NOON, NOON + timedelta(days=1)) is None


@pytest.mark.parametrize("text", ["", "time", "2026-11-27", "2026-13-27T13:03:45Z"])
def test_what_is_no_time(text: str) -> None:
    assert cron.moment(text) is None
