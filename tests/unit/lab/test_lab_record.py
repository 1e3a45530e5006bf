# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""The lab looks for a record where the collection keeps it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place

from tests.lab import record

UNITS = [
    "garage.service",
    "docker:shop-garage",
    "kubernetes:shop/garage",
    "kubernetes:shop/statefulset/garage",
    "kubernetes:shop/pod/garage-0",
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_named_alike(unit: str) -> None:
    cluster: Any = SimpleNamespace(product={}, variables={"a1": {"garage_unit": unit}}, group="garage")
    host: Any = SimpleNamespace(name="a1")
    assert record.named(cluster, host) == place.key(unit)
