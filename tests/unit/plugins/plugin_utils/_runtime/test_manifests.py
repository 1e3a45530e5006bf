# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._runtime import manifests

MADE = """
---
kind: Secret
metadata: {name: garage}
stringData: {password: p4ss}
---
---
kind: ConfigMap
metadata: {name: garage-config}
data: {garage.toml: "a = 1"}
---
kind: StatefulSet
metadata: {name: garage}
spec: {template: {spec: {containers: [{image: "dxflrs/garage:v1.3.0"}, {image: "side:1"}]}}}
---
kind: StatefulSet
metadata: {name: other}
spec: {template: {spec: {containers: [{image: "other:1"}]}}}
"""


@pytest.mark.parametrize(
    ("kind", "name", "images"),
    [
        ("statefulset", "garage", ["dxflrs/garage:v1.3.0", "side:1"]),
        ("deployment", "garage", []),
        ("statefulset", "nobody", []),
    ],
)
def test_the_images_are_those_of_one_workload(kind: str, name: str, images: list[str]) -> None:
    assert manifests.images(manifests.documents(MADE), kind, name) == images


@pytest.mark.parametrize(
    ("name", "key", "text"),
    [("garage-config", "garage.toml", "a = 1"), ("garage-config", "other", ""), ("garage", "password", "")],
)
def test_a_file_is_that_of_the_config_map(name: str, key: str, text: str) -> None:
    assert manifests.mapped(manifests.documents(MADE), name, key) == text


def test_what_is_no_yaml_is_a_sentence_without_its_text() -> None:
    with pytest.raises(UpliftError, match="not YAML from line 2 on") as caught:
        manifests.documents("a: 1\n\tp4ss: [")
    assert "p4ss" not in str(caught.value)
