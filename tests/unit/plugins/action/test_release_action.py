# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action.release import ActionModule, find
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


class Action(ActionModule):
    """The action alone: the node is of one kind of machine, and has no release yet."""

    def __init__(self, check: bool) -> None:
        self._task, self.asked = SimpleNamespace(check_mode=check), []
        self._loader = SimpleNamespace(path_dwim=str)
        self._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/tmp"))

    def _module(self, args: Mapping[str, Any], task_vars: Any) -> dict[str, Any]:
        self.asked.append(args["state"])
        return {"arch": "x86_64", "sha256": ""}

    def _send(self, file: str, name: str) -> str:
        self.asked.append("sent")
        return file

    def _remove_tmp_path(self, tmp_path: str, force: bool = False) -> None:
        pass


@pytest.mark.parametrize(
    ("check", "source", "asked"),
    [
        (True, "", ["staged"]),
        (True, "/{version}", ["staged"]),
        (True, "/{arch}", ["read", "staged"]),
        (True, "/{target}", ["read", "staged"]),
        (False, "", ["read", "sent", "staged"]),
    ],
)
def test_a_look_takes_one_trip_where_the_node_need_not_say_what_it_is(
    tmp_path: Path, check: bool, source: str, asked: list[str]
) -> None:
    for name in ("0.8.7", "x86_64", "x86_64-unknown-linux-musl"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tool-0.8.7").touch()
    (tmp_path / "tool-0.8.7").touch()
    action = Action(check)
    wish = {"state": "staged", "source": f"{tmp_path}{source}", "version": "0.8.7", "path": "/tool", "name": ""}
    action.perform({**wish, "checksum": ""}, {})
    assert action.asked == asked
