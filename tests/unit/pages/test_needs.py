# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every step says what it needs, by findings that preflight really has."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._plan import verbs
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

from tests import made
from tests.pages import findings


@pytest.fixture(params=sorted(CATALOGUES))
def product(request: Any) -> str:
    return str(request.param)


def test_no_step_is_without_needs(product: str) -> None:
    catalogue = CATALOGUES[product]
    steps = made.ordered(catalogue, dict(verbs.all_of(catalogue)))
    assert set(made.needs(product)) == set(steps)
    assert all(made.needs(product).values())


def test_what_a_step_needs_is_asked(product: str) -> None:
    asked = {*findings.of(product, findings.FINDING), *findings.of(product, findings.REFUSAL)}
    named = {key for keys in made.needs(product).values() if not isinstance(keys, str) for key in keys}
    assert not named - asked


def test_few_steps_need_nothing(product: str) -> None:
    """A sentence in the place of keys is for steps that change and ask nothing themselves."""
    assert {name for name, keys in made.needs(product).items() if isinstance(keys, str)} <= {"preflight", "watch"}
