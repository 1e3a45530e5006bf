# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What lies on the volumes of a pod that is down, copied here and put back by a pod of ours that mounts them."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import tarfile
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pod_alone
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import lasting, outlives, pod_of
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods, claims

TIMES = 3  # the size of what is copied: the copy, the archive of it, and the proof of that
RESERVE = 64 << 20
HOUR = 3600.0
OURS = ".uplift-"
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True)
class Keeper:
    """A pod of ours that has a volume and does nothing: what it is asked for are programs, one argv each."""

    name: str
    pods: Pods
    timeout: float

    def argv(self, *words: str, stdin: bool = False) -> list[str]:
        return self.pods.kubectl.argv("exec", *(["--stdin"] if stdin else []), self.name, "--", *words)

    def does(self, *words: str) -> str:
        """What a program says there. Raises `CliError` where it fails."""
        what = f"{words[0]} on the volume of {self.pods.place.pod}"
        return demand(self.pods.local.run(self.argv(*words), timeout=self.timeout), what).out

    def has(self, path: str) -> bool:
        """Whether there is such a file or directory. Its parent has to be there."""
        return bool(self.does("find", posixpath.dirname(path), "-maxdepth", "1", "-path", path).strip())

    def names(self, path: str) -> list[str]:
        """What lies in a directory, but for what a file system has of its own and what was put away here."""
        found = self.does("find", path, "-mindepth", "1", "-maxdepth", "1").splitlines()
        names = sorted(posixpath.relpath(place, path) for place in found)
        return [name for name in names if name != "lost+found" and not name.startswith(OURS)]

    def move(self, src: str, names: Sequence[str], dest: str) -> None:
        """The named entries of a directory into another one of the same volume."""
        if names:
            self.does("mv", *(posixpath.join(src, name) for name in names), f"{dest}/")


@dataclass
class Volume:
    """`path` is a directory of the program's container, `image` one with sleep, tar, find and what busybox has."""

    pods: Pods
    path: str
    image: str
    timeout: float = 24 * HOUR
    clock: Clock = field(default_factory=lambda: Clock(time.monotonic, time.sleep))

    def fetch(self, dest: str, progress: Progress) -> dict[str, Any]:
        """Have the directory here as `dest`, every file compared by its SHA-256. What was there is replaced.

        The pods have to be down: what is written meanwhile would be half of one state and half of another.
        """
        self.demand_down()
        files.make_private(os.path.dirname(dest))
        part = f"{dest}.part"
        shutil.rmtree(part, ignore_errors=True)
        with self.keeper() as keeper:
            size = int(keeper.does("du", "-sk", self.path).split()[0]) << 10
            files.demand_space(dest, size * TIMES + RESERVE, f"{self.path} of {self.pods.place.pod}, and its archive")
            try:
                os.mkdir(part, 0o700)
                # The tar of busybox has no --exclude.
                names = keeper.names(self.path)
                self._unpack(keeper, names, part, lambda done: progress.say(done, size, "copy", "bytes"))
                listed = self._same(keeper, self.path, names, part)
                self.demand_down()
                shutil.rmtree(dest, ignore_errors=True)
                os.rename(part, dest)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return {"changed": True, "dest": dest, "files": len(listed), "size": size}

    def put_back(self, src: str, progress: Progress) -> dict[str, Any]:
        """Have on the volume what is in `src` here, compared likewise. What was there is kept next to it.

        The root of a volume cannot be renamed, so that what it holds is moved. Cut off between the moves, the same call
        does all of it anew, and both directories of what was put away stay.
        """
        self.demand_down()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        new, renamed = (posixpath.join(self.path, f"{OURS}{word}{stamp}") for word in ("new-", ""))
        with self.keeper(writes=True) as keeper:
            try:
                keeper.does("mkdir", new)
                self._pack(keeper, src, new, progress)
                names = keeper.names(new)
                listed = self._same(keeper, new, names, src)
                self.demand_down()
                keeper.does("mkdir", renamed)
                keeper.move(self.path, keeper.names(self.path), renamed)
                keeper.move(new, names, self.path)
                keeper.does("sync")
            finally:
                keeper.does("rm", "-rf", new)
        return {"changed": True, "dest": src, "files": len(listed), "renamed_to": renamed}

    def _same(self, keeper: Keeper, there: str, names: Sequence[str], here: str) -> dict[str, str]:
        places = [posixpath.join(there, name) for name in names]
        listed = sums(keeper.does("find", *places, "-type", "f", "-exec", "sha256sum", "{}", "+"), there)
        wrong = different(listed, here)
        if wrong:
            raise UpliftError(
                f"{here} and {there} of the pod {self.pods.place.pod} differ: {'; '.join(wrong[:3])} ({len(wrong)} in"
                " all); expected the same files. The copy is removed, the rest of the volume is as it was."
            )
        return listed

    def demand_down(self) -> None:
        pods = self.pods
        if pod_of(pods):
            raise UpliftError(
                f"There is a {pods.place.summary()}; expected none while its volumes are copied. Stop the"
                f" {pods.place.owner().summary()} first. Nothing was changed."
            )

    @contextmanager
    def keeper(self, writes: bool = False) -> Iterator[Keeper]:
        """A pod that has the volume. It ends by itself where nobody removes it."""
        name = f"uplift-{uuid.uuid4().hex[:12]}"
        try:
            made = keeper_pod(name, self.pods, self.path, self.image, self.timeout, writes)
            self.pods.kubectl.create(made, f"Making the pod {name}")
            advice = (
                "See that the image can be had, or name another one, to read the volumes of"
                f" {self.pods.place.pod}, in the product's setting that ends in _maintenance_image."
            )
            pod_alone.wait(self.pods, name, self.image, self.clock, advice)
            yield Keeper(name, self.pods, self.timeout)
        finally:
            pod_alone.remove(self.pods, "pod", name)

    def _unpack(self, keeper: Keeper, names: Sequence[str], dest: str, say: Callable[[int], None]) -> None:
        argv = keeper.argv("tar", "-C", self.path, "-cf", "-", *(f"./{name}" for name in names))
        broken = ""
        with TemporaryFile() as err, subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=err) as process:
            if process.stdout:
                try:
                    unpack(process.stdout, dest, say)
                except tarfile.TarError as exc:
                    broken = f"{exc}, "
                process.stdout.close()  # else it may wait for a reader for ever
            if process.wait() or broken:
                raise UpliftError(
                    f"The copy of {self.path} of {self.pods.place.pod} broke off ({broken}tar ended with"
                    f" {process.returncode} and said {_last(err)}); expected all of it. The copy is removed, the volume"
                    " is as it was."
                )

    def _pack(self, keeper: Keeper, src: str, dest: str, progress: Progress) -> None:
        argv = keeper.argv("tar", "-C", dest, "-xpf", "-", stdin=True)
        with TemporaryFile() as err, subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=err
        ) as process:
            if process.stdin:
                progress.say(0, 1, "put back")
                with suppress(BrokenPipeError), tarfile.open(fileobj=process.stdin, mode="w|") as tar:
                    for name in sorted(os.listdir(src)):
                        tar.add(os.path.join(src, name), name)
                with suppress(BrokenPipeError):
                    process.stdin.close()
            if process.wait():
                raise UpliftError(
                    f"{src} was not copied to the volume of {self.pods.place.pod}: tar ended with"
                    f" {process.returncode} and said {_last(err)}. See that there is free space on the volume, which"
                    " is as it was."
                )


def _last(err: IO[bytes]) -> str:
    """What a program said last."""
    err.seek(0)
    lines = err.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "nothing"


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


def sums(text: str, there: str) -> dict[str, str]:
    """What sha256sum says of files below the directory `there`: path in it -> SHA-256."""
    rows = map(_SUM.fullmatch, text.splitlines())
    return {posixpath.relpath(found[2], there): found[1] for found in rows if found}


def different(listed: Mapping[str, str], tree: str) -> list[str]:
    """Where the files of a tree are others than listed, one sentence part each."""
    places = [os.path.join(here, name) for here, _below, names in os.walk(tree) for name in names]
    seen = {os.path.relpath(place, tree): files.sha256_of(place) for place in places}
    return [
        f"{name} is {'other' if name in seen and name in listed else 'missing' if name in listed else 'new'}"
        for name in sorted({*listed, *seen})
        if listed.get(name) != seen.get(name)
    ]


def keeper_pod(name: str, pods: Pods, path: str, image: str, timeout: float, writes: bool = False) -> dict[str, Any]:
    """A pod with the volume below which `path` is, where and as whom the program's pods run."""
    own, template = pods.container(), pods.read()["spec"]["template"]["spec"]
    kept = [one for one in lasting(pods.read(), own) if outlives(path, [one])]
    mounts = [dict(one, readOnly=not writes) for one in own.get("volumeMounts", []) if one["mountPath"] in kept]
    volumes = [*claims(pods.read(), pods.place.name), *template.get("volumes", [])]
    names = {one["name"] for one in mounts}
    if not names:
        raise UpliftError(
            f"{path} is on no volume of the pod {pods.place.pod}, or on one that goes with it; expected a claim of its"
            " StatefulSet, or a directory of its node. What is lost with the pod cannot be backed up. Nothing was"
            " changed."
        )
    container = {"command": ["sleep", str(int(timeout))], "volumeMounts": mounts}
    kept_volumes = [one for one in volumes if one["name"] in names]
    made = pod_alone.pod(name, pods, image, container, kept_volumes, timeout)
    made["spec"]["terminationGracePeriodSeconds"] = 1
    return made


def helper_image(pods: Pods, told: str) -> str:
    """The operator's, or that of the container which fills in the configuration: that one is as busybox is."""
    before: Sequence[Mapping[str, Any]] = pods.read()["spec"]["template"]["spec"].get("initContainers", [])
    if told or len(before) == 1:
        return told or str(before[0]["image"])
    raise UpliftError(
        f"The {pods.place.owner().summary()} has {len(before)} init containers; expected one, whose image reads the"
        " volumes of a stopped pod. Name an image with tar, find, du, mv, cp and sha256sum, as busybox is, in the"
        " product's setting that ends in _maintenance_image. Nothing was changed."
    )
