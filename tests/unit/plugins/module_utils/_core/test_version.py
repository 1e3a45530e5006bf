# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as v
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


@pytest.mark.parametrize("text", ["0.8.7", "v0.8.7", " 0.8.7 "])
def test_parse(text: str) -> None:
    assert v.parse(text) == (0, 8, 7)


@pytest.mark.parametrize("text", ["", "0.8", "0.8.7-rc1", "latest", "0.8.7.1", "None"])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(UpliftError, match="expected three numbers"):
        v.parse(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("garage 0.7.0", "0.7.0"),
        ("garage cargo:0.8.7 [features: k2v, sled, metrics, bundled-libs]", "0.8.7"),
        ("garage v1.3.0", "1.3.0"),
        ("listening on 198.18.1.11:3901", "None"),
        ("nothing", "None"),
    ],
)
def test_find(text: str, found: str) -> None:
    assert str(v.find(text)) == found


def test_order_is_numeric() -> None:
    assert v.parse("0.10.0") > v.parse("0.9.9")
