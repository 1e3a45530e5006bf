# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.modules.health_check import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core import health
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction


class ActionModule(ControllerAction):
    """Asks from where the operator's other tools ask."""

    SPEC = SPEC
    NEEDS = ("jmespath",)

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        checks = [health.ask(check) for check in args["checks"]]
        bad = [check["sentence"] for check in checks if check["answer"] != health.YES]
        if bad:
            return {"changed": False, "failed": True, "msg": " ".join(bad), "checks": checks}
        return {"changed": False, "checks": checks}
