# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a configuration is staged from is kept, so that an edit made after it is seen, and a rollback has it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action.lakefs_config import ActionModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import launcher
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs import config

OLD = "database:\n  connection_string: postgres://lakefs@db/lakefs\n"
EDITED = OLD + "# by hand\n"
KEPT = "/etc/lakefs/config.uplift-0.70.6.yaml"


def new(text: str) -> str:
    made = config.stage(text, "config.yaml", parse("0.80.2")).text
    assert made != text
    return made


class Action(ActionModule):
    def __init__(self, kept: str) -> None:
        self.kept, self.written, self._vars = kept, {}, {}  # type: ignore[var-annotated]

    def _module(self, name: str, **module_args: Any) -> dict[str, Any]:
        assert (name, module_args["path"]) == ("stat", KEPT)
        return {"stat": {"exists": bool(self.kept)}}

    def _node(self, args: Any) -> dict[str, Any]:
        assert (args["state"], args["src"]) == ("read", KEPT) and self.kept, "a file that is not there was read"
        return {"opened": {"text": self.kept}}

    def write_like(self, text: str, dest: str, like: str, task_vars: Any) -> bool:
        assert like == "/etc/lakefs/config.yaml", "it would not be as the file is that the server reads"
        self.written[dest] = text
        return True


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        (OLD, "", OLD),
        (OLD, OLD, OLD),
        (EDITED, OLD, EDITED),  # of an earlier operation, or edited since it was staged
        (new(OLD), OLD, None),  # the staged one counts already: what it was made from stays
        (new(OLD) + "# by hand\n", OLD, new(OLD) + "# by hand\n"),
    ],
)
def test_what_it_is_staged_from_is_kept(text: str, kept: str, expected: str | None) -> None:
    action = Action(kept)
    args = {"version": "0.80.2", "keep": "0.70.6", "discard": False}
    action._stage(args, "/etc/lakefs/config.yaml", text, "/etc/lakefs/config.uplift-0.80.2.yaml")
    assert action.written.pop("/etc/lakefs/config.uplift-0.80.2.yaml")
    assert action.written.get(KEPT) == expected


class Read(ActionModule):
    """Its module says what a failure is given."""

    def __init__(self, says: dict[str, Any]) -> None:
        self.says, self._vars = says, {}

    def secretly(self, *_args: Any) -> dict[str, Any]:
        return {"failed": True, "msg": "a sentence", **self.says}


def test_that_the_unit_is_another_is_said_once_and_by_another_module() -> None:
    assert [row["key"] for row in Read({})._read({})["findings"]] == ["config_missing"]
    assert Read(launcher.of_script("it is a script", "name it").facts)._read({})["findings"] == []
