# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch daemon of a staged release in a pod of its own, with a directory that goes with it. Asked in it alone."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    Call,
    CallRunner,
    Runner,
    demand,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pod_alone
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.scratch_pod import Server, Start


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
class InPod(Server):
    image: str = ""
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
        own = {"command": [self.program], "args": ["-c", config_file, "server"]}
        self.launch(Start(self.image, own, directory, config_file, text))

    def runner(self) -> Runner:
        return Inside(self.name, self.pods)

    once = runner

    def stop(self) -> None:
        words = ["delete", "pod", self.name, "--grace-period", "30", "--timeout", "60s"]
        demand(self.pods.local.run(self.pods.kubectl.argv(*words), timeout=90), f"Stopping the pod {self.name}")
