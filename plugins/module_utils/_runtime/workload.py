# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A Deployment, StatefulSet or DaemonSet brought to no pod and back to as many as it had, and given another image.

While it is held down it is wanted at no pod, which a horizontal autoscaler leaves alone, and two annotations say how
many it had and for which operation it is held. They are written by the same change that stops it. A DaemonSet has no
number: its template wants a label of the node that no node has.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.kubectl import Kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place

REPLICAS, HELD = "uplift.datastores/replicas", "uplift.datastores/held"
NOWHERE = "uplift.datastores/stopped"  # a label that no node has


@dataclass
class Workload:
    kubectl: Kubectl
    place: Place
    clock: Clock = field(default_factory=lambda: Clock(time.monotonic, time.sleep))

    def read(self) -> dict[str, Any]:
        """As the API server has it now; a sentence when it is not there."""
        found = self.kubectl.get(self.place.workload, self.place.name, f"Looking for the {self.place.summary()}")
        if not found:
            raise UpliftError(
                f"There is no {self.place.summary()}; expected the one that serves. Name it as `kubectl get"
                f" {self.place.workload}s` does. Nothing was changed."
            )
        return found

    def look(self) -> dict[str, Any]:
        """What is wanted of it counts, not what its pods have come to."""
        return self.summary(self.read())

    def summary(self, seen: dict[str, Any]) -> dict[str, Any]:
        expected, held = replicas(seen), notes_of(seen).get(HELD, "")
        evidence = {"slot": "service", "kind": "workload", "name": str(self.place), "active": expected > 0}
        return {
            "unit": str(self.place),
            "active": "active" if expected else "inactive",
            "replicas": expected,
            "held": held,
            "started": 0.0,
            "evidence": [{**evidence, "held": held} if held and not expected else evidence],
        }

    def stop(self, hold: str, timeout: float, check: bool) -> dict[str, Any]:
        """To no pod, and wait until the last one has ended. The number of before is noted once."""
        seen = self._scaled()
        expected, noted = replicas(seen), notes_of(seen)
        note = {REPLICAS: str(expected)} if expected else {}
        note.update({HELD: hold} if hold and noted.get(HELD) != hold else {})
        if check or not (expected or note):
            if not check:
                self._gone(seen, timeout)
            return {"changed": bool(expected or note), **self.summary(seen)}
        change: dict[str, Any] = {"spec": wanted(seen, 0)}
        if note:
            change["metadata"] = {"annotations": note}
        self.kubectl.patch(self.place.workload, self.place.name, change)
        self._gone(seen, timeout)
        return {"changed": True, **self.look()}

    def start(self, timeout: float, check: bool) -> dict[str, Any]:
        """To as many pods as were noted, wait until all are ready, then forget the note and let it go."""
        seen = self._scaled()
        noted = notes_of(seen)
        if not replicas(seen) and REPLICAS not in noted:
            raise UpliftError(
                f"The {self.place.summary()} has no pod, and no annotation {REPLICAS} says how many it had: it was not"
                f" stopped by this. Bring it to as many as it should have, by {_by_hand(seen)}. Nothing was changed."
            )
        expected = int(noted.get(REPLICAS, replicas(seen)))
        notes = [name for name in (REPLICAS, HELD) if name in noted]
        changed = expected != replicas(seen) or bool(notes)
        if check:
            return {"changed": changed, **self.summary(seen)}
        if expected != replicas(seen):
            self.kubectl.patch(self.place.workload, self.place.name, {"spec": wanted(seen, expected)})
        self._ready(timeout)
        if notes:
            change = {"metadata": {"annotations": dict.fromkeys(notes)}}
            self.kubectl.patch(self.place.workload, self.place.name, change)
        return {"changed": changed, **self.look()}

    def image(self, container: Mapping[str, Any], image: str, variables: Mapping[str, str], check: bool) -> bool:
        """Give a container, as the template has it, another image and these variables. Whether that changes it."""
        env = [{"name": name, "value": value} for name, value in sorted(variables.items())]
        if container["image"] == image and all(row in container.get("env", []) for row in env):
            return False
        expected = {"name": container["name"], "image": image, **({"env": env} if env else {})}
        if not check:
            change = {"spec": {"template": {"spec": {"containers": [expected]}}}}
            self.kubectl.patch(self.place.workload, self.place.name, change, how="strategic")
        return True

    def _scaled(self) -> dict[str, Any]:
        seen = self.read()
        if demanding_claims(seen):
            raise UpliftError(f"{demanding_claims(seen)} Nothing was changed.")
        return seen

    def _gone(self, seen: dict[str, Any], timeout: float) -> None:
        ends = self.clock.now() + timeout
        while True:
            left = [one["metadata"]["name"] for one in self.kubectl.find("pods", runtime_kubectl.selector(seen))]
            if not left:
                return
            if self.clock.now() >= ends:
                raise UpliftError(
                    f"{', '.join(left)} of the {self.place.summary()} has not ended after {timeout:g} s; expected none."
                    " See `kubectl describe pod`. It is wanted at none, and goes when it ends."
                )
            self.clock.sleep(1.0)

    def _ready(self, timeout: float) -> None:
        ends = self.clock.now() + timeout
        while True:
            seen = self.read()
            if settled(seen):
                return
            if self.clock.now() >= ends:
                raise UpliftError(
                    f"The {self.place.summary()} has {counts(seen).ready} of {replicas(seen)} pods"
                    f" ready {timeout:g} s after its start; expected all. See `kubectl describe pod`."
                )
            self.clock.sleep(1.0)


@dataclass(frozen=True)
class Counts:
    """How many pods it wants, has, has of its newest template, and has ready."""

    expected: int
    there: int
    updated: int
    ready: int


def is_daemon_set(seen: Mapping[str, Any]) -> bool:
    return seen.get("kind") == "DaemonSet"


def counts(seen: Mapping[str, Any]) -> Counts:
    status = seen.get("status", {})
    if not is_daemon_set(seen):
        names = ("replicas", "updatedReplicas", "readyReplicas")
        return Counts(replicas(seen), *(int(status.get(name, 0)) for name in names))
    names = ("currentNumberScheduled", "updatedNumberScheduled", "numberReady")
    return Counts(replicas(seen), *(int(status.get(name, 0)) for name in names))


def replicas(seen: Mapping[str, Any]) -> int:
    """How many pods it wants; of a DaemonSet the nodes that it wants one on."""
    if not is_daemon_set(seen):
        return int(seen["spec"].get("replicas", 1))
    return 0 if NOWHERE in _nodes(seen) else int(seen.get("status", {}).get("desiredNumberScheduled", 0))


def wanted(seen: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The change of the spec that brings it to so many pods; a DaemonSet to none or to one a node."""
    if not is_daemon_set(seen):
        return {"replicas": number}
    return {"template": {"spec": {"nodeSelector": {NOWHERE: None if number else "true"}}}}


def template(seen: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of its pods, as it is while it is not stopped."""
    own = dict(seen["spec"]["template"]["spec"])
    if NOWHERE in _nodes(seen):
        own["nodeSelector"] = {name: value for name, value in own["nodeSelector"].items() if name != NOWHERE}
    return own


def _nodes(seen: Mapping[str, Any]) -> Mapping[str, str]:
    return seen["spec"]["template"]["spec"].get("nodeSelector") or {}


def _by_hand(seen: Mapping[str, Any]) -> str:
    return f"taking {NOWHERE} out of its nodeSelector" if is_daemon_set(seen) else "`kubectl scale`"


def demanding_claims(seen: Mapping[str, Any]) -> str:
    """Why a StatefulSet must not be brought to no pod; "" where it may."""
    policy = seen["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    if policy.get("whenScaled", "Retain") != "Delete":
        return ""
    return (
        f"The statefulset {seen['metadata']['name']} has persistentVolumeClaimRetentionPolicy.whenScaled Delete;"
        " expected Retain: with it, Kubernetes deletes the volumes of pods that are stopped, with all that is on them."
    )


def notes_of(seen: dict[str, Any]) -> dict[str, str]:
    return dict(seen["metadata"].get("annotations") or {})


def settled(seen: dict[str, Any]) -> bool:
    """Has the controller seen what is wanted, and are all pods of the newest template ready?"""
    if seen.get("status", {}).get("observedGeneration", 0) < seen["metadata"].get("generation", 0):
        return False
    found = counts(seen)
    return found.there == found.updated == found.ready == found.expected


def look(runner: Runner, unit: str) -> dict[str, Any]:
    """`Workload.look` by the notation."""
    place = runtime_place.read(unit).owner()
    return Workload(runtime_kubectl.of(runner, place), place).look()


def held(runner: Runner, unit: str) -> list[dict[str, str]]:
    """kind, name, operation and since (unknown) of a workload, as of a unit that is held; [] for anything else.

    Also where it cannot be asked: whoever looks at the service itself says why.
    """
    try:
        found = look(runner, unit) if runtime_place.kind_of(unit) == runtime_place.KUBERNETES else {}
    except UpliftError:
        found = {}
    held_for = found.get("held", "")
    return [{"kind": "workload", "name": found["unit"], "operation": held_for, "since": ""}] if held_for else []
