# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The configuration of Garage in a pod, and what its workload must not have where all are stopped together."""

from __future__ import annotations

import base64
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import lasting, mounted
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import demanding_claims, is_daemon_set


def described(pods: Pods, path: str) -> dict[str, Any]:
    """content (of the file at `path`, in base64; it may hold secrets), config_map and key (where it is from), lasting
    (mount paths) and hazards, as below.
    """
    held = mounted(pods, path)
    content = base64.b64encode(held.text.encode()).decode()
    seen, own, where = pods.read(), pods.container(), pods.place.owner().summary()
    names = {"config_map": held.name, "key": held.key}
    return {"content": content, **names, "lasting": lasting(seen, own), "hazards": hazards(seen, own, where)}


def hazards(stateful: Mapping[str, Any], container: Mapping[str, Any], where: str) -> list[dict[str, str]]:
    """What would go wrong when all pods are stopped and started together: key and sentence. [] of a DaemonSet."""
    spec, found = stateful["spec"], []
    if is_daemon_set(stateful):
        return []
    if demanding_claims(stateful):
        found.append({"key": "claims_deleted", "sentence": demanding_claims(stateful)})
    if spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady" and "readinessProbe" in container:
        sentence = (
            f"The {where} starts each pod when the one before it is ready, and asks a readinessProbe for that;"
            " expected podManagementPolicy Parallel, or no probe: a node that waits for the others would keep them from"
            " starting."
        )
        found.append({"key": "pods_in_order", "sentence": sentence})
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
    if partition:
        sentence = f"The {where} has updateStrategy.rollingUpdate.partition {partition}; expected 0: the pods below it"
        found.append({"key": "pods_parted", "sentence": f"{sentence} would start with the old image."})
    return found
