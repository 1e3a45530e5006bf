# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the image of a release is called."""

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import image_name


@pytest.mark.parametrize(
    ("image", "own", "name"),
    [
        ("", "garage:0.8.7", "garage:0.9.4"),
        ("", "dxflrs/amd64_garage:v0.8.7", "dxflrs/amd64_garage:v0.9.4"),
        ("", "registry.example.org:5000/store/garage:v0.8.7-lts", "registry.example.org:5000/store/garage:v0.9.4-lts"),
        ("garage:v{version}", "garage:latest", "garage:v0.9.4"),
        ("garage:stable", "garage:0.8.7", "garage:stable"),
    ],
)
def test_what_the_image_of_a_release_is_called(image: str, own: str, name: str) -> None:
    assert image_name.of_release(image, own, "0.9.4", "The container shop") == name


@pytest.mark.parametrize(
    "own", ["garage", "garage:latest", "registry.example.org:5000/garage", "garage@sha256:0.8.7", "sha256:0efc", ""]
)
def test_a_tag_without_a_release_is_no_name_for_the_next(own: str) -> None:
    with pytest.raises(UpliftError, match="names no release; expected .* what the image of 0.9.4 is called"):
        image_name.of_release("", own, "0.9.4", "The container shop")
