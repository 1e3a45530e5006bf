# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""One pod of a StatefulSet or DaemonSet, a node of its own cluster: asked in it while it runs, else by a Job on its
volumes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, Call, CallRunner, bare
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import is_image
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod_job import More
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods


@dataclass
class Pod(CallRunner):
    """A runner whose callers give paths of the pod. `pods` has the pod as its place, and its program as `start`.

    The pod's own program runs in it, an image as the first word in a Job with the same volumes, and all else here.
    """

    pods: Pods
    config_file: str
    """Where the program reads it in the pod. Another one in a call is a file here, for that call alone."""
    found: dict[str, Any] = field(default_factory=dict, repr=False)

    def read(self) -> dict[str, Any]:
        """As the API server has it, asked once; {} where there is none, as while its workload is stopped."""
        if not self.found:
            self.found = pod_of(self.pods)
        return self.found

    @property
    def name(self) -> str:
        """What kubectl knows it by: of a StatefulSet by the notation alone, of a DaemonSet as it is called just now."""
        where = self.pods.place
        return str(self.read().get("metadata", {}).get("name", where.pod)) if where.node else where.name

    def status(self) -> dict[str, Any]:
        """Of its container: image, ready, containerID and so on, as Kubernetes says it."""
        name = self.pods.container()["name"]
        rows = self.read().get("status", {}).get("containerStatuses", [])
        return next((dict(row) for row in rows if row["name"] == name), {})

    def running(self) -> bool:
        return "running" in self.status().get("state", {}) and "deletionTimestamp" not in self.read()["metadata"]

    def image(self) -> str:
        """What it was made with; "" without a pod. The template may have another by now."""
        name = self.pods.container()["name"]
        rows = self.read().get("spec", {}).get("containers", [])
        return next((str(row["image"]) for row in rows if row["name"] == name), "")

    def perform(self, call: Call) -> Answer:
        program, *words = bare(call.argv)
        kubectl = self.pods.kubectl
        if program == "journalctl":  # what Kubernetes keeps of the program's output is its journal
            since = next((float(word[1:]) for word in words if word.startswith("@")), 0.0)
            moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))
            asked = ["logs", self.name, "--container", self.pods.container()["name"], "--since-time", moment]
            return self.pods.local.run(kubectl.argv(*asked), timeout=call.timeout)
        if program == self.pods.start:
            inside = ["exec", self.name, "--container", self.pods.container()["name"], "--", program, *words]
            return self.pods.local.run(kubectl.argv(*inside), timeout=call.timeout)
        if is_image(program):
            words, more = self._mounted(words)
            return self.pods.once(program, words, call.env or {}, max(call.timeout, 60.0), more)
        return call.by(self.pods.local)

    def _mounted(self, words: list[str]) -> tuple[list[str], More]:
        """Where the pod runs, since its volumes may be used at one node at a time; with the configuration it names."""
        more = More(node=str(self.read().get("spec", {}).get("nodeName", "")))
        if words[:1] != ["-c"] or words[1] == self.config_file:
            return words, more
        own = mounted(self.pods, self.config_file)
        with open(words[1], encoding="utf-8") as stream:
            data = {**own.data, own.key: stream.read()}
        return ["-c", self.config_file, *words[2:]], replace(more, config_map=own.name, data=data)


def pod_of(pods: Pods) -> dict[str, Any]:
    """As the API server has it now; {} for none. Of a DaemonSet the one on its node, the youngest while one ends."""
    if not pods.place.node:
        return pods.kubectl.get("pod", pods.place.name)
    all_ = pods.kubectl.find("pods", runtime_kubectl.selector(pods.read()))
    here = [one for one in all_ if one["spec"].get("nodeName") == pods.place.node]
    return max(here, key=lambda one: str(one["metadata"].get("creationTimestamp", "")), default={})


@dataclass(frozen=True)
class Mounted:
    """A file of a ConfigMap. `whole`: that, as the API server has it; it may hold secrets."""

    whole: Mapping[str, Any] = field(repr=False)
    key: str

    @property
    def name(self) -> str:
        return str(self.whole["metadata"]["name"])

    @property
    def data(self) -> Mapping[str, str]:
        return dict(self.whole.get("data") or {})

    @property
    def text(self) -> str:
        return self.data[self.key]

    @property
    def immutable(self) -> bool:
        return bool(self.whole.get("immutable"))


def mounted(pods: Pods, path: str) -> Mounted:
    """The configuration that lies at `path` in the container, as its ConfigMap has it: secrets are filled in later.

    It is not always mounted where it is read: before the program begins, a container of its own may write it there.
    """
    volumes = pods.read()["spec"]["template"]["spec"].get("volumes", [])
    maps = [pods.kubectl.get("configmap", one["configMap"]["name"]) for one in volumes if "configMap" in one]
    rows = [Mounted(whole, key) for whole in maps for key in whole.get("data") or {}]
    same = [one for one in rows if one.key == path.rpartition("/")[2]]
    found = same or [one for one in rows if one.key.endswith(".toml")]
    if len(found) != 1:
        raise UpliftError(
            f"The {pods.place.owner().summary()} mounts {len(found)} files of ConfigMaps that may be its configuration"
            f" {path}; expected one, with that name or the only one that ends in .toml. Set the product's setting that"
            " ends in _config_file to where it is read in the pod. Nothing was changed."
        )
    return found[0]


_PASSING = ("emptyDir", "ephemeral", "configMap", "secret", "projected", "downwardAPI")


def lasting(stateful: Mapping[str, Any], container: Mapping[str, Any]) -> list[str]:
    """Where a container has volumes that outlive its pod."""
    spec = stateful["spec"]
    names = {one["metadata"]["name"] for one in spec.get("volumeClaimTemplates", [])}
    volumes = spec["template"]["spec"].get("volumes", [])
    names |= {one["name"] for one in volumes if not any(kind in one for kind in _PASSING)}
    return [one["mountPath"] for one in container.get("volumeMounts", []) if one["name"] in names]


def outlives(path: str, mounts: Sequence[str]) -> bool:
    """Whether what lies there is on one of these."""
    return any(path == one or path.startswith(one.rstrip("/") + "/") for one in mounts)
