# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.action.release import find
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


@pytest.mark.parametrize("way", ["tool-0.8.7", "0.8.7/tool", "0.8.7/bin/tool", "tool"])
def test_where_a_release_may_lie(tmp_path: Path, way: str) -> None:
    (tmp_path / way).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / way).touch()
    assert find(str(tmp_path), "0.8.7", "tool") == str(tmp_path / way)
    assert find(str(tmp_path / way), "0.8.7", "tool") == str(tmp_path / way)


def test_the_version_in_the_name_goes_first(tmp_path: Path) -> None:
    for name in ("tool", "tool-0.8.7"):
        (tmp_path / name).touch()
    assert find(str(tmp_path), "0.8.7", "tool").endswith("tool-0.8.7")


def test_a_directory_without_it_and_no_directory_at_all(tmp_path: Path) -> None:
    with pytest.raises(
        UpliftError, match="0.8.7 is not on the controller at .*; looked for .*/tool-0.8.7, .*/0.8.7/tool"
    ):
        find(str(tmp_path), "0.8.7", "tool")
    with pytest.raises(UpliftError, match="no such file or directory. Put it there. Nothing was sent"):
        find(str(tmp_path / "nowhere"), "0.8.7", "tool")
