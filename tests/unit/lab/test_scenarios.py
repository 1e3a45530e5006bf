# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A scenario has at hand what it goes to, on a machine that has run none before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._plan import path as ways
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

SCENARIOS = sorted((Path(__file__).parents[3] / "extensions" / "molecule").glob("*/molecule.yml"))


def environment(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8"))["provisioner"]["env"])


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.parent.name)
def test_every_release_on_the_way_is_got(file: Path) -> None:
    if file.parent.name == "lakefs-conformance":
        pytest.skip("its tests get each release themselves")
    env = environment(file)
    got = (env.get("UPLIFT_RELEASES") or env.get("UPLIFT_TARGET", "")).split()
    assert got, "the shared create.yml would get no release"
    source = re.findall(r"\d+\.\d+\.\d+", env["UPLIFT_LAB_UP"] + " " + env.get("UPLIFT_LAB_BECOME", ""))[-1]
    if target := env.get("UPLIFT_TARGET"):
        catalogue = CATALOGUES[env.get("UPLIFT_PRODUCT", "garage")]
        assert {str(stop) for _start, stop, _hop in ways.moves(catalogue, parse(source), parse(target))} <= set(got)
