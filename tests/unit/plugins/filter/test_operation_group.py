# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which nodes a play is for; asked twice for each of some forty plays, so that each look at a host counts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.filter.operation_group import NOBODY, operation_group

HOSTS = ["a1", "b1", "c1"]
GROUPS = {"garage": HOSTS, "uplift_t1": HOSTS, "uplift_t1_hop0_walk": HOSTS}
PLANNED = {"operation_planned": {"token": "t1"}}


class Looked(dict[str, Any]):
    """Variables of hosts that know who has looked."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.at: list[str] = []

    def __getitem__(self, host: str) -> Any:
        self.at.append(host)
        return super().__getitem__(host)


@pytest.mark.parametrize(
    ("hostvars", "groups", "part", "group", "looks"),
    [
        (dict.fromkeys(HOSTS, PLANNED), GROUPS, "hop0_walk", "uplift_t1_hop0_walk", ["a1"]),
        (dict.fromkeys(HOSTS, PLANNED), GROUPS, "", "uplift_t1", ["a1"]),
        (dict.fromkeys(HOSTS, PLANNED), GROUPS, "hop1_walk", NOBODY, []),
        ({"a1": {}, "b1": PLANNED, "c1": PLANNED}, GROUPS, "hop0_walk", "uplift_t1_hop0_walk", ["a1", "b1"]),
        (dict.fromkeys(HOSTS, {"operation_planned": {"skipped": True}}), GROUPS, "hop0_walk", NOBODY, HOSTS),
        (dict.fromkeys(HOSTS, PLANNED), {"garage": HOSTS}, "", NOBODY, []),
        (dict.fromkeys(HOSTS, {"operation_planned": {"token": "t2"}}), GROUPS, "hop0_walk", NOBODY, ["a1"]),
        ({}, {}, "", NOBODY, []),
    ],
)
def test_the_group_of_a_play(hostvars: Any, groups: Any, part: str, group: str, looks: list[str]) -> None:
    known = Looked(hostvars)
    assert operation_group("garage", known, groups, part) == group
    assert known.at == looks
