# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the Job of one call has that the pods of its workload do not have."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Mapping


@dataclass(frozen=True)
class More:
    """`node` of Kubernetes, "" for any; `data` in place of that of the ConfigMap `config_map`, where that is named."""

    node: str = ""
    config_map: str = ""
    data: Mapping[str, str] = field(default_factory=dict, repr=False)

    def made(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The Job with it; its ConfigMap has the name of the Job."""
        found = copy.deepcopy(dict(job))
        spec = found["spec"]["template"]["spec"]
        if self.node:
            spec["nodeName"] = self.node
        for volume in spec.get("volumes", []):
            if self.config_map and volume.get("configMap", {}).get("name") == self.config_map:
                volume["configMap"]["name"] = found["metadata"]["name"]
        return found

    def held(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The ConfigMap for a Job that was made, which owns it; {} where there is none."""
        if not self.config_map:
            return {}
        meta = job["metadata"]
        owned = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"]}
        own = {key: meta[key] for key in ("name", "namespace", "labels")}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**own, "ownerReferences": [owned]},
            "data": dict(self.data),
        }
