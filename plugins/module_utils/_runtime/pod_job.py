# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the Job of one call has that the pods of its workload do not have, and what a Job or pod of ours owns."""

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
        return owned(job, "ConfigMap", data=dict(self.data))


def owned(by: Mapping[str, Any], kind: str, **content: Mapping[str, str]) -> dict[str, Any]:
    """A ConfigMap or Secret with the name and labels of what was made: it goes when that goes, whoever removes it."""
    meta = by["metadata"]
    owner = {"apiVersion": by["apiVersion"], "kind": by["kind"], "name": meta["name"], "uid": str(meta["uid"])}
    own = {key: meta[key] for key in ("name", "namespace", "labels")}
    return {"apiVersion": "v1", "kind": kind, "metadata": {**own, "ownerReferences": [owner]}, **content}
