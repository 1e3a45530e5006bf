# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.modules.garage_inventory import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core import s3, s3_inventory
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction


class ActionModule(ControllerAction):
    """Reads as a client does, from outside the cluster."""

    SPEC = SPEC
    NEEDS = ("botocore",)

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        def connect(address: str) -> Any:
            key = args["key_id"], args["secret"]
            return s3.client(address, args["region"], *key, args["ca_file"])

        limits = s3_inventory.Limits(args["sample"], args["list_limit"], args["max_object_bytes"])
        store = s3.Store(args["addresses"], connect)
        with understanding("the S3 API"):
            inventory = s3_inventory.take(
                store, [named(one) for one in args["buckets"]], limits, args["like"], args["mute"]
            )
        return {"changed": False, "inventory": inventory}


def named(bucket: Mapping[str, Any]) -> dict[str, str]:
    """The bucket's id, a name of it for people, and the one for S3: the id, which Garage 0.5 does not know yet."""
    names = [*bucket.get("global_aliases", []), *(one["alias"] for one in bucket.get("local_aliases", []))]
    return {"id": bucket["id"], "alias": next(iter(names), ""), "s3_name": bucket.get("s3_name") or bucket["id"]}
