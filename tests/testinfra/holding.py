# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest: the tests that many scenarios share, by name.

A file of a scenario's tests may say

    BEGINS_WITH = ("killed",)           these run before its own tests
    ENDS_WITH = ("nothing_is_lost",)    and these after them
    MOMENTS = ("0/walk/1/backup",)      what the test `killed`, or one of its own with `moment`, is run for

and `test_killed` and `test_nothing_is_lost` are collected there, as if they stood in the file. They come from the
module of the product (`always` for Garage, `lakefs_always`, `pachyderm_always`), from `hops` or from `killed`. A name
that none of them has is an error. Every test has the fixture `cluster`, unless its file has one of its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from upgrades import PRODUCT, Cluster, scenario

PLACES = {
    "garage": ("always", "hops", "killed"),
    "lakefs": ("lakefs_always", "killed"),
    "pachyderm": ("pachyderm_always", "killed"),
}


@pytest.fixture(scope="module")
def cluster() -> Cluster:
    return scenario()


def shared(name: str) -> Callable[..., None]:
    """The test of that name."""
    for place in PLACES[PRODUCT]:
        found: Callable[..., None] | None = getattr(importlib.import_module(place), f"test_{name}", None)
        if found is not None:
            return found
    raise pytest.Collector.CollectError(f"no test_{name} in {', '.join(PLACES[PRODUCT])}")


class Tests(pytest.Module):
    """A file of tests with those that it names."""

    def collect(self) -> Iterable[Any]:
        first, last = getattr(self.obj, "BEGINS_WITH", ()), getattr(self.obj, "ENDS_WITH", ())
        for name in (*first, *last):
            if hasattr(self.obj, f"test_{name}"):
                raise self.CollectError(f"{self.path}: test_{name} is there twice")
            setattr(self.obj, f"test_{name}", shared(name))
        order = {f"test_{name}": place for place, name in enumerate((*first, "", *last))}
        own = len(first)

        def place(item: Any) -> int:
            return order.get(str(getattr(item, "originalname", None) or item.name), own)

        return sorted(super().collect(), key=place)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    made: pytest.Module = Tests.from_parent(parent, path=module_path)
    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    own = any("moment" in str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))
    if "moment" in metafunc.fixturenames and not own:
        metafunc.parametrize("moment", metafunc.module.MOMENTS)
