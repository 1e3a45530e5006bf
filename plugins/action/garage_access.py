# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.modules.garage_access import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction


class ActionModule(UpliftAction):
    """Asks the node, and opens the secret of the key here: no connection shows it on the way."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in args.items() if value is not None}
        result = self.secretly("garage_access", given, task_vars)
        if "opened" in result:
            result["secret_access_key"] = result.pop("opened")
        return result
