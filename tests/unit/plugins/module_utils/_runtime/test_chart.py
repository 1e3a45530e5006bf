# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""helm is asked by its input: what the values hold stands in no command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import chart

SECRET = "postgres://lakefs:p4ss@db/lakefs"
GIVEN: dict[str, Any] = {
    "unit": "kubernetes:lake/lakefs:mine", "name": "lakefs", "chart_ref": "lakefs/lakefs",
    "chart_version": "", "values": {"image": {"tag": "1.84.0"}},
}  # fmt: skip


class Helm:
    def __init__(self, listed: Sequence[dict[str, str]] = ({"name": "lakefs", "chart": "lakefs-1.4.17"},)) -> None:
        self.listed = list(listed)
        self.asked: list[tuple[list[str], str]] = []

    def run(self, argv: Sequence[str], *, stdin: str = "", **_how: Any) -> Answer:
        assert list(argv[:5]) == ["helm", "--kube-context", "mine", "--namespace", "lake"]
        self.asked.append((list(argv[5:]), stdin))
        values = {"image": {"tag": "1.82.0", "pullPolicy": "Always"}, "secrets": {"databaseConnectionString": SECRET}}
        said = {"list": json.dumps(self.listed), "get": json.dumps(values), "template": "kind: Deployment\n"}
        return Answer(tuple(argv), 0, said.get(argv[5], ""), "")


def test_a_chart_is_rendered_with_the_releases_own_values_and_the_next_image() -> None:
    helm = Helm()
    assert chart.of(helm, GIVEN).rendered(GIVEN["values"]) == "kind: Deployment\n"
    words, text = helm.asked[-1]
    assert words == ["template", "lakefs", "lakefs/lakefs", "--version", "1.4.17", "--values", "-"]
    assert json.loads(text) == {
        "image": {"tag": "1.84.0", "pullPolicy": "Always"}, "secrets": {"databaseConnectionString": SECRET},
    }  # fmt: skip
    assert SECRET not in json.dumps([words for words, _text in helm.asked])


def test_helm_is_told_what_differs_and_no_more() -> None:
    helm = Helm()
    chart.of(helm, {**GIVEN, "chart_version": "1.5.0"}).apply(GIVEN["values"])
    ((words, text),) = helm.asked
    assert words[:5] == ["upgrade", "lakefs", "lakefs/lakefs", "--version", "1.5.0"]
    assert "--reuse-values" in words and "--wait" in words and json.loads(text) == GIVEN["values"]


def test_a_release_of_helm_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(UpliftError, match="There is no Helm release lakefs in lake; expected the one that has made"):
        chart.of(Helm([]), GIVEN).rendered({})


def test_values_go_over_others_as_helm_puts_them() -> None:
    assert chart.merged({"a": {"b": 1, "c": [1]}, "d": 2}, {"a": {"c": [2]}, "d": {"e": 3}}) == {
        "a": {"b": 1, "c": [2]}, "d": {"e": 3},
    }  # fmt: skip
