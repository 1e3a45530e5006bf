# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch server as a pod of its own next to those of a workload, with a directory that goes with it."""

from __future__ import annotations

import posixpath
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pod_alone
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod_job import owned
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.transient import LIMIT

_ADVICE = "See that its image can be had."
_GIVEN = ("configMap", "secret", "projected")
_SCRATCH, _CONFIG = "uplift-scratch", "uplift-config"  # no volume of the workload has these names
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Start:
    """How a scratch server is started: `image`, the words `own` (command, args) of its container, an empty `directory`,
    and a file with `text`. env: what else it is given; it may hold secrets. mounts: whether it has what the workload's
    pods have of ConfigMaps and Secrets. port: where it listens on its loopback, to be asked from this machine.
    """

    image: str
    own: Mapping[str, Any]
    directory: str
    config_file: str
    text: str = field(repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    mounts: bool = False
    port: int = 0


@dataclass
class Forward:
    """One port of the loopback of a pod, here under the same number, by `kubectl port-forward`."""

    pods: Pods
    pod: str
    port: int
    _process: subprocess.Popen[str] | None = None

    def keep(self) -> None:
        """It ends with the first connection that is refused, as while the server starts: then it is begun anew.

        UpliftError where the account may not do that.
        """
        if self._process and self._process.poll() is None:
            return
        said = self.close()
        if "orbidden" in said:
            raise UpliftError(f"kubectl port-forward to the pod {self.pod}: {said.strip():.300}")
        argv = self.pods.kubectl.argv("port-forward", f"pod/{self.pod}", str(self.port))
        self._process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def close(self) -> str:
        """End it. What it said."""
        process, self._process = self._process, None
        if not process:
            return ""
        process.kill()
        return process.communicate()[1]


@dataclass
class Server:
    """`name`: of the pod, and of its Secret, which it owns: that has its configuration and its environment."""

    name: str
    pods: Pods
    clock: Clock = field(default_factory=lambda: Clock(time.monotonic, time.sleep))
    forward: Forward | None = None
    listens: str = _LOOPBACK

    def launch(self, how: Start) -> None:
        kubectl = self.pods.kubectl
        made = kubectl.create(self._pod(how), f"Making the pod {self.name}")
        held = {posixpath.basename(how.config_file): how.text, **how.env}
        kubectl.create(owned(made, "Secret", stringData=held), f"Making the Secret of the pod {self.name}")
        pod_alone.wait(self.pods, self.name, how.image, self.clock, _ADVICE)
        self.forward = Forward(self.pods, self.name, how.port) if how.port else None

    def hosts(self) -> list[str]:
        """Where this machine may reach it; [] where it was given no port."""
        if not self.forward:
            return []
        self.forward.keep()
        return [_LOOPBACK]

    def alive(self) -> bool:
        return bool(self.pods.kubectl.get("pod", self.name).get("status", {}).get("phase") == "Running")

    def said(self) -> str:
        """The end of its log."""
        return self.pods.local.run(self.pods.kubectl.argv("logs", self.name, "--tail", "5"), timeout=30).out

    def remove(self) -> None:
        if self.forward:
            self.forward.close()
        pod_alone.remove(self.pods, "pod,secret", self.name)

    def _pod(self, how: Start) -> dict[str, Any]:
        key = posixpath.basename(how.config_file)
        mounts = [
            {"name": _SCRATCH, "mountPath": how.directory},
            {"name": _CONFIG, "mountPath": how.config_file, "subPath": key, "readOnly": True},
        ]
        volumes = [{"name": _SCRATCH, "emptyDir": {}}, {"name": _CONFIG, "secret": {"secretName": self.name}}]
        if how.mounts:
            more = _given(self.pods)
            volumes += more
            names = {one["name"] for one in more}
            inside = self.pods.container().get("volumeMounts", [])
            mounts += [{**one, "readOnly": True} for one in inside if one["name"] in names]
        env = [
            {"name": name, "valueFrom": {"secretKeyRef": {"name": self.name, "key": name}}} for name in sorted(how.env)
        ]
        own = {**how.own, "volumeMounts": mounts, **({"env": env} if env else {})}
        return pod_alone.pod(self.name, self.pods, how.image, own, volumes, LIMIT)


def _given(pods: Pods) -> list[dict[str, Any]]:
    """The volumes of a workload's pods that hold ConfigMaps and Secrets."""
    rows = pods.read()["spec"]["template"]["spec"].get("volumes", [])
    return [dict(one) for one in rows if any(kind in one for kind in _GIVEN)]
