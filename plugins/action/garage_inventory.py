# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.modules.garage_inventory import SPEC, work
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction


class ActionModule(UpliftAction):
    """Reads as a client does, from outside the cluster; or on a node that nobody else reaches."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        return self.on_node("garage_inventory", args, task_vars) if args["on_node"] else work(args)
