# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction

MODULES = "ansible_collections.uplift.datastores.plugins.modules"


class ActionModule(ControllerAction):
    """Does here what the task's module does: it works on its arguments alone, and asks no node.

    `meta/runtime.yml` sends the other modules of this kind here, too. Each has its `SPEC` and its `work`.
    """

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        self._code = importlib.import_module(f"{MODULES}.{self._task.action.rpartition('.')[2]}")
        self.SPEC = self._code.SPEC
        return super().run(tmp, task_vars)

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        return {"changed": False, **self._code.work(args)}
