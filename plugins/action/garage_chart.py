# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.action.garage_config import ActionModule as GarageConfig
from ansible_collections.uplift.datastores.plugins.action.garage_config import decoded
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.modules.garage_chart import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage import config as garage_config
from ansible_collections.uplift.datastores.plugins.plugin_utils._runtime import helm, manifests


class ActionModule(GarageConfig):
    """What the chart would give the pods, and in what that is other than what they are to have."""

    SPEC = SPEC

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._vars = task_vars
        owner = place.read(args["unit"]).owner()
        made = helm.rendered(self, args, task_vars)
        images = manifests.images(made, owner.workload, owner.name)
        wrong = [] if args["image"] in images else [f"the image {', '.join(images) or 'of nobody'}"]
        held = self._mapped(args)
        wanted = self._fetch(args["candidate"])[0] if args["candidate"] else decoded(held)
        text = manifests.mapped(made, held["config_map"], held["key"])
        names = (
            garage_config.differing(text, wanted, args["src"])
            if text
            else ["the configuration, which the chart does not make,"]
        )
        return {"changed": False, "images": images, "differences": [*wrong, *names]}
