# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A pod of ours next to those of a workload, of no controller: what it is, waited for, and removed."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import LABEL, Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import template

CONTAINER = "uplift"
START = 300.0  # seconds that a pod may take until its program runs: an image has to be pulled
_SAME = ("nodeSelector", "tolerations", "affinity", "securityContext", "serviceAccountName", "imagePullSecrets")


def pod(
    name: str, pods: Pods, image: str, own: Mapping[str, Any], volumes: Sequence[Mapping[str, Any]], seconds: float
) -> dict[str, Any]:
    """One container of `image`, with `own` (command, args, volumeMounts), where and as whom the workload's pods run.

    It has none of their labels: no service sends anybody there. It ends by itself after so many seconds.
    """
    same, other = template(pods.read()), pods.container()
    container = {
        "name": CONTAINER,
        "image": image,
        "imagePullPolicy": other.get("imagePullPolicy", "IfNotPresent"),
        "securityContext": other.get("securityContext", {}),
        **own,
    }
    spec = {
        **{key: same[key] for key in _SAME if key in same},
        **({"nodeName": pods.place.node} if pods.place.node else {}),
        "restartPolicy": "Never",
        "activeDeadlineSeconds": int(seconds + START),
        "containers": [container],
        "volumes": [dict(one) for one in volumes],
    }
    meta = {"name": name, "namespace": pods.place.namespace, "labels": {LABEL: pods.place.owner().name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def wait(pods: Pods, name: str, image: str, clock: Clock, advice: str) -> None:
    """Until it runs, or a sentence that ends with the advice."""
    ends = clock.now() + START
    while True:
        status = pods.kubectl.get("pod", name).get("status", {})
        if status.get("phase") == "Running":
            return
        if clock.now() >= ends or status.get("phase") == "Failed":
            states = [row.get("state", {}).get("waiting", {}) for row in status.get("containerStatuses", [])]
            said = "; ".join(f"{one.get('reason')} {one.get('message', '')}".strip() for one in states if one)
            raise UpliftError(
                f"The pod {name} of {image} in {pods.place.namespace} does not run ({status.get('phase', 'unknown')}"
                f" {said}); expected it after {START:g} s. {advice} It was removed."
            )
        clock.sleep(1.0)


def remove(pods: Pods, kinds: str, name: str) -> None:
    gone = ["delete", kinds, name, "--ignore-not-found", "--grace-period", "1"]
    pods.local.run(pods.kubectl.argv(*gone), timeout=120)
