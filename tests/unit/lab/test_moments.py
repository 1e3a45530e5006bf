# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenarios end runs when a step begins: by a key that the planner gives a step of their own upgrade."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._plan import hooks, planner, serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import PASSES, Cluster, Node, Plan, Request
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES

SCENARIOS = sorted((Path(__file__).parents[3] / "extensions" / "molecule").glob("*/molecule.yml"))
KEY = re.compile(rf"\b\d+/(?:{'|'.join(PASSES)})/\d+/\w+")


def moments(file: Path) -> list[str]:
    """Of the scenario's own tests and of its settings."""
    texts = [file, *(file.parent / "tests").glob("test_*.py")]
    return sorted({key for one in texts for key in KEY.findall(one.read_text(encoding="utf-8"))})


def number(words: str, of: str, default: int) -> int:
    found = re.search(rf"--{of} (\d+)", words)
    return int(found[1]) if found else default


def planned(file: Path) -> list[str]:
    """The keys of the upgrade that the scenario makes, on nodes as the lab makes them."""
    env: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))["provisioner"]["env"]
    product, words = env.get("UPLIFT_PRODUCT", "garage"), env["UPLIFT_LAB_UP"]
    source = re.findall(r"\d+\.\d+\.\d+", words + " " + env.get("UPLIFT_LAB_BECOME", ""))[-1]
    target = env.get("UPLIFT_TARGET") or env["UPLIFT_RELEASES"].split()[-1]
    nodes, zones = number(words, "nodes", 3 if product == "garage" else 1), number(words, "zones", 1)
    names = [f"{'abc'[place % zones]}{place // zones + 1}" for place in range(nodes)]
    listed = [Node(name, name, name[0] if product == "garage" else "", parse(source)) for name in names]
    wants = ("backup_live",) if env.get("UPLIFT_BACKUP_METHOD") == "snapshot" else ()
    cluster, request = Cluster(tuple(names), "3"), Request(target, env.get("UPLIFT_STRATEGY", ""), wants=wants)
    plan = planner.plan(CATALOGUES[product], listed, cluster, request)
    assert isinstance(plan, Plan), plan
    moments = [{"at": at, "steps": []} for at in ("before_wave", "after_wave") if "UPLIFT_HOOKS" in env]
    return serialise.keys(serialise.to_dict(hooks.planned(plan, moments)))


WITH_MOMENTS = [file for file in SCENARIOS if moments(file)]


def test_there_are_moments() -> None:
    assert {"garage-killed", "lakefs-killed", "pachyderm-killed"} <= {file.parent.name for file in WITH_MOMENTS}


@pytest.mark.parametrize("file", WITH_MOMENTS, ids=lambda file: file.parent.name)
def test_a_moment_is_a_key_of_the_plan(file: Path) -> None:
    assert set(moments(file)) <= set(planned(file))


def ended_at(text: str) -> list[str]:
    """What the test gives to `killed_at`, as it stands there or as a constant; not what comes from the settings."""
    constants = dict(re.findall(r'^(\w+) = "([^"]*)"$', text, re.M))
    given = re.findall(r'killed_at\((?:"([^"]*)"|([A-Z]\w*))', text)
    return [said or constants[name] for said, name in given if said or name in constants]


def test_no_run_is_ended_at_a_tasks_prose() -> None:
    tests = [path for file in SCENARIOS for path in file.parent.glob("tests/test_*.py")]
    tests += (SCENARIOS[0].parents[1] / "shared").glob("*/test_*.py")
    named = [said for path in tests for said in ended_at(path.read_text(encoding="utf-8"))]
    assert named and [said for said in named if not KEY.fullmatch(said)] == []
