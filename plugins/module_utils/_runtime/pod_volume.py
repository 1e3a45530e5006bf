# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What lies on the volumes of a pod that is down, copied here by a pod of ours that mounts them to read only."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import tarfile
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import lasting, outlives
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import LABEL, Pods, claims

TIMES = 3  # the size of what is copied: the copy, the archive of it, and the proof of that
RESERVE = 64 << 20
HOUR = 3600.0
_START = 300.0  # seconds that a pod may take until its program runs: an image has to be pulled
_SUM = re.compile(r"([0-9a-f]{64})  \./(.+)")


@dataclass
class Volume:
    """`path` is a directory of the program's container, `image` one with sh, sleep, tar, du, find and sha256sum."""

    pods: Pods
    path: str
    image: str
    timeout: float = 24 * HOUR
    clock: Clock = field(default_factory=lambda: Clock(time.monotonic, time.sleep))

    def fetch(self, dest: str, progress: Progress) -> dict[str, Any]:
        """Have the directory here as `dest`, every file compared by its SHA-256. What was there is replaced.

        The pods have to be down: what is written meanwhile would be half of one state and half of another.
        """
        self._demand_down()
        files.make_private(os.path.dirname(dest))
        part = f"{dest}.part"
        shutil.rmtree(part, ignore_errors=True)
        with self._keeper() as keeper:
            size = int(self._asked(keeper, "du", "-sk", self.path).split()[0]) << 10
            files.demand_space(dest, size * TIMES + RESERVE, f"{self.path} of {self.pods.place.name}, and its archive")
            try:
                os.mkdir(part, 0o700)
                self._unpack(keeper, part, lambda done: progress.say(done, size, "copy", "bytes"))
                listed = sums(
                    self._asked(keeper, "sh", "-c", 'cd "$0" && find . -type f -exec sha256sum {} +', self.path)
                )
                wrong = different(listed, part)
                if wrong:
                    raise UpliftError(
                        f"The copy of {self.path} of the pod {self.pods.place.name} differs from it:"
                        f" {'; '.join(wrong[:3])} ({len(wrong)} in all); expected the same files. The copy is removed,"
                        " the volume is as it was."
                    )
                self._demand_down()
                shutil.rmtree(dest, ignore_errors=True)
                os.rename(part, dest)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return {"changed": True, "dest": dest, "files": len(listed), "size": size}

    def _demand_down(self) -> None:
        pods, name = self.pods, self.pods.place.name
        if pods.kubectl.get("pod", name):
            raise UpliftError(
                f"There is a pod {name} in {pods.place.namespace}; expected none while its volumes are copied. Scale"
                f" the {pods.place.owner().summary()} down first. Nothing was changed."
            )

    @contextmanager
    def _keeper(self) -> Iterator[str]:
        """The name of a pod that has the volume and does nothing. It ends by itself where nobody removes it."""
        name = f"uplift-{uuid.uuid4().hex[:12]}"
        kubectl = self.pods.kubectl
        try:
            kubectl.create(keeper(name, self.pods, self.path, self.image, self.timeout), f"Making the pod {name}")
            self._await(name)
            yield name
        finally:
            gone = ["delete", "pod", name, "--ignore-not-found", "--grace-period", "1"]
            self.pods.local.run(kubectl.argv(*gone), timeout=120)

    def _await(self, name: str) -> None:
        ends = self.clock.now() + _START
        while True:
            status = self.pods.kubectl.get("pod", name).get("status", {})
            if status.get("phase") == "Running":
                return
            if self.clock.now() >= ends or status.get("phase") == "Failed":
                states = [row.get("state", {}).get("waiting", {}) for row in status.get("containerStatuses", [])]
                said = "; ".join(f"{one.get('reason')} {one.get('message', '')}".strip() for one in states if one)
                raise UpliftError(
                    f"The pod {name} of {self.image}, which reads the volumes of {self.pods.place.name}, does not run"
                    f" ({status.get('phase', 'unknown')} {said}); expected it after {_START:g} s. See that the image"
                    " can be had, or name another one in the product's setting that ends in _maintenance_image. It was"
                    " removed."
                )
            self.clock.sleep(1.0)

    def _asked(self, keeper: str, *words: str) -> str:
        argv = self.pods.kubectl.argv("exec", keeper, "--", *words)
        return demand(self.pods.local.run(argv, timeout=self.timeout), f"Asking {keeper} for {words[0]}").out

    def _unpack(self, keeper: str, dest: str, say: Callable[[int], None]) -> None:
        argv = self.pods.kubectl.argv("exec", keeper, "--", "tar", "-C", self.path, "-cf", "-", ".")
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            if process.stdout:
                try:
                    unpack(process.stdout, dest, say)
                except tarfile.TarError as exc:
                    raise UpliftError(
                        f"The copy of {self.path} of {self.pods.place.name} broke off ({exc}); nothing was changed."
                    ) from exc
        if process.returncode:
            raise UpliftError(
                f"tar ended with {process.returncode} in the pod {keeper}; expected {self.path} of"
                f" {self.pods.place.name}. The copy is removed, nothing was changed."
            )


def unpack(stream: IO[bytes], dest: str, say: Callable[[int], None]) -> None:
    """Directories and plain files, below `dest` and nowhere else. Anything else is none of a database's."""
    done = 0
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            name = posixpath.normpath(member.name)
            if name.startswith(("/", "..")) or not (member.isdir() or member.isfile()):
                raise UpliftError(f"The volume holds {member.name}, which is no plain file; expected files alone.")
            tar.extract(member, dest, numeric_owner=True)
            done += member.size
            say(done)


def sums(text: str) -> dict[str, str]:
    """What sha256sum says of files below `.`: path -> SHA-256."""
    return {found[2]: found[1] for found in map(_SUM.fullmatch, text.splitlines()) if found}


def different(listed: Mapping[str, str], tree: str) -> list[str]:
    """Where the files of a tree are others than listed, one sentence part each."""
    places = [os.path.join(here, name) for here, _below, names in os.walk(tree) for name in names]
    seen = {os.path.relpath(place, tree): files.sha256_of(place) for place in places}
    return [
        f"{name} is {'other' if name in seen and name in listed else 'missing' if name in listed else 'new'}"
        for name in sorted({*listed, *seen})
        if listed.get(name) != seen.get(name)
    ]


def keeper(name: str, pods: Pods, path: str, image: str, timeout: float) -> dict[str, Any]:
    """A pod with the volume below which `path` is, to read only, where and as whom the program's pods run."""
    template = pods.read()["spec"]["template"]["spec"]
    own = pods.container()
    kept = [one for one in lasting(pods.read(), own) if outlives(path, [one])]
    mounts = [dict(one, readOnly=True) for one in own.get("volumeMounts", []) if one["mountPath"] in kept]
    volumes = [*claims(pods.read(), pods.place.name), *template.get("volumes", [])]
    names = {one["name"] for one in mounts}
    if not names:
        raise UpliftError(
            f"{path} is on no volume of the pod {pods.place.name}, or on one that goes with it; expected a claim of its"
            " StatefulSet. What is lost with the pod cannot be backed up. Nothing was changed."
        )
    same = ("nodeSelector", "tolerations", "affinity", "securityContext", "serviceAccountName", "imagePullSecrets")
    container = {
        "name": "uplift",
        "image": image,
        "imagePullPolicy": own.get("imagePullPolicy", "IfNotPresent"),
        "command": ["sleep", str(int(timeout))],
        "securityContext": own.get("securityContext", {}),
        "volumeMounts": mounts,
    }
    spec = {
        **{key: template[key] for key in same if key in template},
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "activeDeadlineSeconds": int(timeout + _START),
        "containers": [container],
        "volumes": [one for one in volumes if one["name"] in names],
    }
    meta = {"name": name, "namespace": pods.place.namespace, "labels": {LABEL: pods.place.owner().name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def helper_image(pods: Pods, told: str) -> str:
    """The operator's, or that of the container which fills in the configuration: that one has a shell."""
    before: Sequence[Mapping[str, Any]] = pods.read()["spec"]["template"]["spec"].get("initContainers", [])
    if told or len(before) == 1:
        return told or str(before[0]["image"])
    raise UpliftError(
        f"The {pods.place.owner().summary()} has {len(before)} init containers; expected one, whose image reads the"
        " volumes of a stopped pod. Name an image with sh, tar, find, du and sha256sum, as busybox is, in the product's"
        " setting that ends in _maintenance_image. Nothing was changed."
    )
