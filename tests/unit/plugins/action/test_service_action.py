# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit may be given a moment and is asked at once; what docker or Kubernetes takes minutes for is watched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action import release, service
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.long import LongAction

UNITS = [
    ("garage.service", False),
    ("garage", False),
    ("docker:garage", True),
    ("kubernetes:store/statefulset/garage", True),
    ("podman:garage", False),  # the module says what is wrong with it
]


def action(kind: type, unit: str) -> Any:
    task = SimpleNamespace(args={"unit": unit}, action="uplift.datastores.service", check_mode=False, async_val=0)
    return kind(task, None, SimpleNamespace(check_mode=False), None, None, None)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr(LongAction, "run", lambda one, *_given: {"watched": seen.append(one._task.args["unit"])})
    monkeypatch.setattr(LongAction, "_execute_module", lambda _one, **_given: {"at_once": True})
    monkeypatch.setattr(UpliftAction, "run", lambda _one, *_given: {"at_once": True})
    return seen


@pytest.mark.parametrize("kind", [service.ActionModule, release.ActionModule])
@pytest.mark.parametrize(("unit", "long"), UNITS)
def test_what_may_take_minutes_is_watched(watched: list[str], kind: type, unit: str, long: bool) -> None:
    done = action(kind, unit).run(None, {})
    assert watched == ([unit] if long else []) and done.get("at_once", False) is not long


def test_a_release_of_no_service_is_a_file(watched: list[str]) -> None:
    assert action(release.ActionModule, "").run(None, {}) == {"at_once": True} and not watched
