# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lakeFS as a deployment that Helm has made: what Helm is asked before, and told at the end."""

from __future__ import annotations

from typing import Any

import pytest
from answers import CANARY
from stage import Stage, failed

SECRET = f"postgres://a:{CANARY}@db"
TOLD = {"module": "helm_release"}
RENDERED = {"module": "helm_chart"}


def chart(image: str) -> dict[str, Any]:
    """What a chart gives the deployment."""
    return {"images": [image]}


@pytest.fixture
def one(lakefs: Stage) -> Stage:
    stage = lakefs.only("l1")
    stage.found(lakefs_unit="kubernetes:shop/lake", lakefs_url="http://lake:8000", lakefs_chart_ref="lakefs/lakefs")
    stage.on("helm_chart", chart("treeverse/lakefs:1.84.0"))
    return stage


def test_helm_is_told_the_image_that_runs_and_nothing_else(one: Stage) -> None:
    run = one.playbook("lakefs_upgrade")
    assert run.ok, run.why
    (told,) = run.of(**TOLD)
    assert told.args["unit"] == "kubernetes:shop/lake" and told.args["name"] == "lakefs"
    assert told.args["values"] == {"image": {"tag": "1.84.0"}} == run.of(**RENDERED)[0].args["values"]
    assert run.place("service", state="started") < run.place(**TOLD), "the deployment has it first"
    assert CANARY not in run.shown, "the values of a Helm release may hold the database's password"


def test_a_chart_that_gives_another_image_is_not_applied(one: Stage) -> None:
    one.on("helm_chart", chart("registry/lakefs:1.83.0"))
    run = one.playbook("lakefs_upgrade")
    assert "gives the deployment registry/lakefs:1.83.0; expected treeverse/lakefs:1.84.0, which runs" in run.why
    assert not run.of(**TOLD) and "Helm was not told" in run.why
    (asked,) = run.of("lakefs_findings")
    assert asked.args["release"]["rendered"]["image"] == "registry/lakefs:1.83.0", "known before anything stopped"


def test_a_chart_that_cannot_be_rendered_is_a_finding(one: Stage) -> None:
    one.on("helm_chart", failed("no repository named lakefs"))
    run = one.steps(["preflight"])
    assert run.ok, run.why
    assert run.of("lakefs_findings")[0].args["release"]["rendered"]["problem"] == "no repository named lakefs"


def test_a_run_that_fails_tells_helm_nothing(one: Stage) -> None:
    one.on("lakefs_healthy", failed("it does not answer"))
    run = one.playbook("lakefs_upgrade")
    assert "it does not answer" in run.why and not run.of(**TOLD)
    one.rules.pop()
    run = one.playbook("lakefs_upgrade")
    assert run.ok and run.of(**TOLD), run.why


@pytest.mark.parametrize("without", ["chart", "helm"])
def test_a_deployment_of_no_chart_asks_and_tells_no_helm(one: Stage, without: str) -> None:
    if without == "chart":
        one.found(lakefs_chart_ref="")
    else:
        one.on("release", {"and": {"helm": ""}})
    run = one.playbook("lakefs_upgrade")
    assert run.ok and not run.of("helm_chart|helm_release"), run.why


def test_a_chart_is_no_matter_of_a_unit(one: Stage) -> None:
    one.found(lakefs_unit="lakefs.service")
    run = one.playbook("lakefs_upgrade")
    assert run.ok and not run.of("helm_chart|helm_release"), run.why
