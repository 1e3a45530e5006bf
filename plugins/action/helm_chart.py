# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.modules.helm_chart import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._runtime import helm, manifests


class ActionModule(UpliftAction):
    """Renders where the task goes, reads on the controller, and returns no more than the images."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        owner = place.read(args["unit"]).owner()
        made = helm.rendered(self, args, task_vars)
        return {"changed": False, "images": manifests.images(made, owner.workload, owner.name)}
