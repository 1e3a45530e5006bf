# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch daemon of a staged release in a pod of its own, with a directory that goes with it. Asked in it alone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    Call,
    CallRunner,
    Runner,
    demand,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pod_alone
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import LABEL, Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.transient import LIMIT

_ADVICE = "See that its image can be had."


@dataclass
class Inside(CallRunner):
    """The release's program in the pod, and everything else here."""

    name: str
    pods: Pods

    def perform(self, call: Call) -> Answer:
        if call.argv[0] != self.pods.start:
            return call.by(self.pods.local)
        words = self.pods.kubectl.argv("exec", self.name, "--container", pod_alone.CONTAINER, "--", *call.argv)
        return self.pods.local.run(words, timeout=call.timeout)


@dataclass
class InPod:
    """Its configuration is a Secret, which the pod owns."""

    name: str
    pods: Pods
    image: str
    clock: Clock = field(default_factory=lambda: Clock(time.monotonic, time.sleep))
    reached: bool = False
    stays: bool = False

    @property
    def program(self) -> str:
        return self.pods.start

    def account(self) -> str:
        return ""

    def start(self, directory: str, config_file: str) -> None:
        with open(config_file, encoding="utf-8") as stream:
            text = stream.read()
        kubectl = self.pods.kubectl
        made = kubectl.create(self._pod(directory, config_file), f"Making the pod {self.name}")
        kubectl.create(self._secret(text, str(made["metadata"]["uid"])), f"Making the Secret of the pod {self.name}")
        pod_alone.wait(self.pods, self.name, self.image, self.clock, _ADVICE)

    def runner(self) -> Runner:
        return Inside(self.name, self.pods)

    once = runner

    def alive(self) -> bool:
        return bool(self.pods.kubectl.get("pod", self.name).get("status", {}).get("phase") == "Running")

    def said(self) -> str:
        return self.pods.local.run(self.pods.kubectl.argv("logs", self.name, "--tail", "5"), timeout=30).out

    def stop(self) -> None:
        words = ["delete", "pod", self.name, "--grace-period", "30", "--timeout", "60s"]
        demand(self.pods.local.run(self.pods.kubectl.argv(*words), timeout=90), f"Stopping the pod {self.name}")

    def remove(self) -> None:
        pod_alone.remove(self.pods, "pod,secret", self.name)

    def _pod(self, directory: str, config_file: str) -> dict[str, Any]:
        mounts = [
            {"name": "scratch", "mountPath": directory},
            {"name": "config", "mountPath": config_file, "subPath": "garage.toml", "readOnly": True},
        ]
        own = {"command": [self.program], "args": ["-c", config_file, "server"], "volumeMounts": mounts}
        volumes = [{"name": "scratch", "emptyDir": {}}, {"name": "config", "secret": {"secretName": self.name}}]
        return pod_alone.pod(self.name, self.pods, self.image, own, volumes, LIMIT)

    def _secret(self, text: str, owner: str) -> dict[str, Any]:
        owned = {"apiVersion": "v1", "kind": "Pod", "name": self.name, "uid": owner}
        meta = {
            "name": self.name,
            "namespace": self.pods.place.namespace,
            "labels": {LABEL: self.pods.place.owner().name},
            "ownerReferences": [owned],
        }
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": {"garage.toml": text}}
