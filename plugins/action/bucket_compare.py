# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.modules.bucket_compare import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core import bucket
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction


class ActionModule(ControllerAction):
    """What boto3 needs is on the controller already, and so is what amazon.aws runs with there."""

    SPEC = SPEC
    NEEDS = ("botocore",)

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        client = bucket.client(args["connection"])
        ours = bucket.listed(client, args["bucket"], args["prefix"])
        copy = bucket.listed(client, args["copy"], args["prefix"])
        size = sum(one.size for one in ours.values())
        return {"changed": False, "objects": len(ours), "bytes": size, "differences": bucket.differences(ours, copy)}
