# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A workload of Kubernetes as the place where a program runs: one call of it is a Job with what its pods have."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, Call, CallRunner, Runner, bare
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import is_image
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.kubectl import Kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import DAEMON_SET, STATEFUL_SET, Place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod_job import More, owned
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import Workload, counts, template

LABEL = "uplift.datastores/deployment"
# A pod that waits for one of these waits for ever.
_HOPELESS = re.compile(r"^(ErrImage|ImagePull|ImageInspect|InvalidImage|CreateContainerConfig|CreateContainerError)")
_ENDED = ("Complete", "Failed")
_SECRET_SEEN = 60.0  # seconds in which a pod finds a Secret that was made after it
_KEPT = 3600  # seconds that Kubernetes keeps the Job of a run that was killed, and its log
_START = 300.0  # seconds that a pod may take until its program runs: an image has to be pulled


@dataclass
class Pods(CallRunner):
    """A Runner: an image as the first word is run in a pod of the workload `place`, everything else on this host."""

    local: Runner
    place: Place
    program: str
    """The word in the name of the image that tells the container from those next to it."""
    start: str = ""
    """The program's path in the image; "" where the image, or the container, starts it whatever the words are."""
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    seen: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def kubectl(self) -> Kubectl:
        return runtime_kubectl.of(self.local, self.place)

    def read(self) -> dict[str, Any]:
        """The workload, asked once."""
        if not self.seen:
            self.seen = Workload(self.kubectl, self.place.owner()).read()
        return self.seen

    def container(self) -> dict[str, Any]:
        inside = self.read()["spec"]["template"]["spec"]["containers"]
        own = [one for one in inside if self.program in one["image"] or self.program in one["name"]]
        if len(own) != 1 and len(inside) != 1:
            raise UpliftError(
                f"The {self.place.summary()} has the containers {', '.join(one['name'] for one in inside)}; expected"
                f" exactly one with {self.program} in its name or its image. Rename the others. Nothing was changed."
            )
        return dict((own or inside)[0])

    def command(self) -> list[str]:
        one = self.container()
        return [*one.get("command", []), *one.get("args", [])]

    def running(self) -> int:
        return counts(self.read()).ready

    def active(self) -> str:
        """In the word of a systemd unit, or how far it is from there: all pods ready, and of the newest template."""
        found = counts(self.read())
        expected, ready = found.expected, min(found.ready, found.updated)
        return "active" if ready == expected > 0 else f"at {ready} of {expected} pods" if expected else "inactive"

    def environment(self) -> dict[str, str]:
        """What the container is given, with what stands in ConfigMaps and Secrets. It may hold secrets."""
        one, found = self.container(), {}
        for source in one.get("envFrom", []):
            for kind in ("configMap", "secret"):
                if f"{kind}Ref" in source:
                    held = self.held(kind, source[f"{kind}Ref"]["name"])
                    found.update({source.get("prefix", "") + name: value for name, value in held.items()})
        for row in one.get("env", []):
            origin = row.get("valueFrom", {})
            for kind in ("configMap", "secret"):
                if f"{kind}KeyRef" in origin:
                    key = origin[f"{kind}KeyRef"]
                    found[row["name"]] = self.held(kind, key["name"]).get(key["key"], "")
            if not origin:
                found[row["name"]] = row.get("value", "")
        return found

    def files(self) -> dict[str, str]:
        """Path in the container -> text, of what is mounted there from ConfigMaps and Secrets."""
        found: dict[str, str] = {}
        volumes = {one["name"]: one for one in self.read()["spec"]["template"]["spec"].get("volumes", [])}
        for mount in self.container().get("volumeMounts", []):
            for kind, inner in _sources(volumes.get(mount["name"], {})):
                names = {row["key"]: row["path"] for row in inner.get("items", [])}
                for key, text in self.held(kind, inner.get("name") or inner.get("secretName", "")).items():
                    inside = names.get(key, key)
                    whole = mount["mountPath"] if mount.get("subPath") == inside else f"{mount['mountPath']}/{inside}"
                    found.setdefault(whole, text)
        return found

    def held(self, kind: str, name: str) -> dict[str, str]:
        data = self.kubectl.get(kind.lower(), name).get("data") or {}
        plain = kind != "secret"
        return {k: v if plain else base64.b64decode(v).decode("utf-8", "replace") for k, v in data.items()}

    def versions(self) -> list[str]:
        """What the processes say that run now. Nothing but the kernel knows what a pod's program is called."""
        select = runtime_kubectl.selector(self.read())
        words = ["get", "pods", "--selector", select, "--field-selector", "status.phase=Running", "--output", "name"]
        pods = self.kubectl.ask(words, f"Looking for the pods of the {self.place.summary()}").out.split()
        own = self.container()["name"]
        said = [
            self.kubectl.ask(["exec", one, "--container", own, "--", "/proc/1/exe", "--version"], one).out
            for one in pods
        ]
        # What does not name itself is a wrapper of it.
        return sorted(
            {str(found) for found in map(core_version.find, [one for one in said if self.program in one]) if found}
        )

    def perform(self, call: Call) -> Answer:
        """A Job runs to its end, as the account that its pod has."""
        words = bare(call.argv)
        if not is_image(words[0]):
            return call.by(self.local)
        return self.once(words[0], words[1:], call.env or {}, call.timeout)

    def once(
        self, image: str, words: Sequence[str], env: Mapping[str, str], timeout: float, more: More | None = None
    ) -> Answer:
        """A Job of its own, followed to its end and removed. What the environment holds goes by a Secret, which the Job
        owns: whoever is killed here leaves a Job that Kubernetes ends and removes by itself, and the Secret with it.
        """
        name = f"uplift-{uuid.uuid4().hex[:12]}"
        more = more or More()
        expected = more.made(
            job(name, self.place, self.read(), self.container(), image, words, env, timeout, self.start)
        )
        try:
            made = self.kubectl.create(expected, f"Making the Job {name} in {self.place.namespace}")
            if env:
                what = f"Making the Secret of the Job {name} in {self.place.namespace}"
                self.kubectl.create(owned(made, "Secret", stringData=dict(env)), what)
            if more.config_map:
                self.kubectl.create(
                    more.held(made), f"Making the ConfigMap of the Job {name} in {self.place.namespace}"
                )
            code = self._followed(name, image, timeout, _SECRET_SEEN if env else 0.0)
            log = self.kubectl.ask(["logs", f"job/{name}", "--tail", "-1"], f"Reading the log of the Job {name}").out
        finally:
            kinds = ",".join(["job", *(["secret"] if env else []), *(["configmap"] if more.config_map else [])])
            gone = ["delete", kinds, name, "--ignore-not-found", "--cascade", "foreground", "--wait=false"]
            self.local.run(self.kubectl.argv(*gone), timeout=60)
        return Answer((image, *words), code, log, "")

    def _followed(self, name: str, image: str, timeout: float, patience: float) -> int:
        """The exit status of the program. A pod that cannot begin is not waited for, but the `patience` in which it may
        not yet have seen its Secret.
        """
        begun = self.now()
        while True:
            words = ["get", "pods", "--selector", f"job-name={name}", "--output", "json"]
            pods = json.loads(self.kubectl.ask(words, f"Following the Job {name}").out)["items"]
            state = _state(pods[0]) if pods else {}
            if "terminated" in state:
                return int(state["terminated"].get("exitCode", 1))
            reason = state.get("waiting", {}).get("reason", "") or "there is no pod yet"
            started, past = "running" in state, self.now() - begun
            hopeless = _HOPELESS.match(reason) and (past > patience or not reason.startswith("CreateContainerConfig"))
            if hopeless or (not started and past > _START):
                said = state.get("waiting", {}).get("message", "")
                raise UpliftError(
                    f"No pod of {image} came up in {self.place.namespace} ({reason} {said}); expected it to run."
                )
            if past > timeout + _START:
                raise UpliftError(f"The Job {name} of {image} has not ended after {past:.0f} s; it was removed.")
            self.sleep(0.5 if past < 30 else 2.0)


def job(
    name: str, where: Place, deployment: Mapping[str, Any], container: Mapping[str, Any], image: str,
    words: Sequence[str], env: Mapping[str, str], timeout: float, start: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The Deployment's pod with one container and other words. Not its labels: no service may send anybody there.

    Of a StatefulSet it has no claims, and of a DaemonSet nothing of a node. Of one pod it has that pod's volumes and
    node, and all that comes before the program.
    """
    drop = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports", "args")
    one = {key: value for key, value in container.items() if key not in drop}
    one.update(name="uplift", image=image, args=list(words))
    if "command" in one:
        one["command"] = before_the_verb(one["command"])
    if start:
        one["command"] = [start]
    one["env"] = [row for row in one.get("env", []) if row["name"] not in env]
    if env:
        one["envFrom"] = [*one.get("envFrom", []), {"secretRef": {"name": name}}]
    own = template(deployment)
    apart = ("initContainers", "containers", "restartPolicy", "terminationGracePeriodSeconds")
    pod = {key: value for key, value in own.items() if key not in apart}
    pod.update(containers=[one], restartPolicy="Never", **({"nodeName": where.node} if where.node else {}))
    if where.one_pod:
        pod["volumes"] = [*pod.get("volumes", []), *claims(deployment, where.name)]
    elif where.workload == DAEMON_SET:
        pod["volumes"] = [volume for volume in pod.get("volumes", []) if "hostPath" not in volume]
    if where.workload in (STATEFUL_SET, DAEMON_SET) or where.one_pod:
        known = {volume["name"] for volume in pod.get("volumes", [])}
        one["volumeMounts"] = [mount for mount in one.get("volumeMounts", []) if mount["name"] in known]
    if where.one_pod:
        pod["initContainers"] = list(own.get("initContainers", []))
    labels = {LABEL: where.name}
    spec = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": int(timeout + _START),
        "ttlSecondsAfterFinished": _KEPT,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    meta = {"name": name, "namespace": where.namespace, "labels": labels}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}


def before_the_verb(command: Sequence[str]) -> list[str]:
    """What calls the program, without the server's own verb and all behind it."""
    return list(command[: command.index("run")] if "run" in command else command)


def claims(stateful: Mapping[str, Any], pod: str) -> list[dict[str, Any]]:
    """The volumes that a pod of a StatefulSet has of its own, as Kubernetes names their claims; [] of a DaemonSet."""
    names = [one["metadata"]["name"] for one in stateful["spec"].get("volumeClaimTemplates", [])]
    return [{"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{pod}"}} for name in names]


def _state(pod: Mapping[str, Any]) -> dict[str, Any]:
    statuses = pod.get("status", {}).get("containerStatuses") or [{}]
    return dict(statuses[0].get("state", {}))


def _sources(volume: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in [volume, *volume.get("projected", {}).get("sources", [])]:
        for kind in ("configMap", "secret"):
            if kind in one:
                yield kind, one[kind]


def helm_release(deployment: Mapping[str, Any]) -> str:
    """The release of Helm that has made it; "" for none."""
    meta = deployment["metadata"]
    helms = (meta.get("labels") or {}).get("app.kubernetes.io/managed-by") == "Helm"
    return str((meta.get("annotations") or {}).get("meta.helm.sh/release-name", "")) if helms else ""
