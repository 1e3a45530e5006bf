# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Where a lakeFS runs: as a systemd unit, in a docker container, or as a Deployment of Kubernetes.

Each answers the same questions, and nobody else tells them apart.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Protocol

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import launcher
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import (
    Lakefs,
    found_config,
    named_config,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    accounts,
    container_info,
    unit_place,
    unit_runner,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import demand_own_program
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container import Service, Wish
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.said_version import said_version
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import Unit, read_unit
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd_service import find_unit

HOME = "/home/lakefs"  # of the makers' image
LINES = "60"
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Config:
    """What the server reads. `mounted`: from a ConfigMap or a Secret, which is not changed here."""

    text: str = field(default="", repr=False)
    stat: os.stat_result | None = None
    mounted: bool = False


class Where(Protocol):
    def program(self, params: Params) -> Lakefs:
        """The program of the next start as the server has it, unless the parameters say otherwise."""

    def read_by(self, lakefs: Lakefs, version: Version | None = None) -> str:
        """The file that a server reads here, of its own release or of another; "" when it has none."""

    def environment(self) -> Mapping[str, str]:
        """What the server is given; it may hold secrets."""

    def config(self, path: str) -> Config: ...

    def published(self) -> dict[str, str] | None:
        """Where this machine has the server's ports; None where they are the same."""

    def active(self) -> str:
        """In the word of a systemd unit, or how far it is from there."""

    def runs(self, lies_there: str) -> str:
        """The release that runs, empty when none does; `lies_there` is that of the next start."""

    def led(self) -> bool:
        """Whether the server is a child of what was started, which ends in its own way."""

    def log(self) -> str:
        """What the server said last."""


def of(runner: Runner, unit: str) -> Where:
    place = runtime_place.read(unit)
    if place.kind == runtime_place.KUBERNETES:
        return AsDeployment(Pods(runner, place, "lakefs"))
    return InContainer(runner, place.name) if place.kind == runtime_place.DOCKER else AsUnit(runner, place.name)


def from_unit(runner: Runner, params: Params) -> Lakefs:
    return of(runner, params["unit"]).program(params)


def unwritable(lakefs: Lakefs, directory: str) -> str:
    """Why it may not write there, or the empty string; what is unknown is no."""
    runner, words = lakefs.runner, ["-d", directory, "-a", "-w", directory]
    if isinstance(runner, Pods):
        return (
            f"What a pod of {runner.place.name} may write to {directory} is unknown, and the KV migration writes"
            " all metadata there first; expected a host for it. Run this hop where lakeFS is a systemd unit, or a"
            " container, on the same database."
        )
    if isinstance(runner, ContainerRunner):
        if directory not in runner.shared:
            return f"{directory} is no directory of this machine; expected one for temporary files (TMPDIR)."
        rc = runner.once(lakefs.binary, [], words, {}, 60, program="test").rc
        who = f"{runner.container.user or 'root'} of the container {runner.container.name}"
        if rc > 1:
            return (
                f"What {who} may write to {directory} is unknown: `test` of {lakefs.binary} ended with {rc}. Expected"
                " an image that has this program, as the makers' have."
            )
    else:
        rc, who = runner.run(["test", *words], user=lakefs.user).rc, lakefs.user or "this account"
    return f"{who} may not write to {directory}; expected a directory for temporary files (TMPDIR)." if rc else ""


@dataclass
class AsUnit:
    runner: Runner
    name: str

    @functools.cached_property
    def unit(self) -> Unit:
        unit = find_unit(self.runner, self.name)
        unit_place.demand_own(unit, self.name, "lakefs_unit")
        demand_own_program(unit, "lakefs_unit")
        return unit

    def program(self, params: Params) -> Lakefs:
        user = accounts.named(params.get("user") or self.unit.user)
        binary = params.get("binary") or self.unit.binary
        if not binary:
            raise UpliftError(f"The unit {self.unit.name} starts no program; expected lakefs run. Name it with binary.")
        if not params.get("binary"):
            launcher.demand_itself(self.unit)
        launcher.demand_program(binary, self.unit.name)
        own, here = unit_place.environment(self.unit, user), unit_place.directory(self.unit, user)
        runner = unit_runner.of(self.runner, self.unit, user)
        lakefs = Lakefs(runner, binary, params.get("config_file") or "", user, own, directory=here)
        return lakefs if lakefs.config_file else replace(lakefs, config_file=self.read_by(lakefs))

    def read_by(self, lakefs: Lakefs, version: Version | None = None) -> str:
        named = named_config(launcher.handed(self.unit))
        running = launcher.runs_with(self.unit) if launcher.leads(self.unit) else None
        if running is not None:
            launcher.demand_read(self.unit.name, named_config(running), named)
        if named:
            return os.path.join(lakefs.directory, named)
        home = unit_place.home(lakefs.environment, lakefs.user)

        def there(path: str) -> bool:
            return unit_place.sees(lakefs.runner, path, lakefs.user)

        return found_config(version or lakefs.version, home, lakefs.directory, there)

    def environment(self) -> Mapping[str, str]:
        return self.unit.environment

    def config(self, path: str) -> Config:
        return of_this_machine(path)

    def published(self) -> None:
        return None

    def active(self) -> str:
        return read_unit(self.runner, self.name).active

    def runs(self, lies_there: str) -> str:
        if self.unit.active != "active" or not self.unit.main_pid:
            return ""
        # The kernel still has the program that was replaced on the disk. What is no lakefs is a wrapper of it.
        own = "lakefs" in os.path.basename(self.unit.exe)
        return said_version(self.runner, f"/proc/{self.unit.main_pid}/exe") if own else lies_there

    def led(self) -> bool:
        return launcher.led(self.unit)

    def log(self) -> str:
        words = ["journalctl", "--unit", self.name, "--output", "cat", "--no-pager", "--lines", LINES]
        return self.runner.run(words, timeout=30).out


@dataclass
class InContainer:
    """Paths are those of this machine; the runner tells the container its own. The program is an image."""

    runner: Runner
    name: str
    docker: Docker = field(default_factory=Docker)

    @functools.cached_property
    def seen(self) -> dict[str, Any]:
        here = Service(self.docker, Wish(self.name, "started")).find()
        return self.docker.container(here.name) or {}

    @functools.cached_property
    def here(self) -> spec.Container:
        return spec.read(self.seen)

    def program(self, params: Params) -> Lakefs:
        runner = self._runner(str(params["tmpdir"] or "/tmp") if "tmpdir" in params else "")
        image = params.get("binary") or runner.image
        if not spec.is_image(image):
            raise UpliftError(f"The program for the container {self.name} is {image}; expected an image with its tag.")
        lakefs = Lakefs(runner, image, params.get("config_file") or "", program=runner.binary)
        return lakefs if lakefs.config_file else replace(lakefs, config_file=self.read_by(lakefs))

    def _runner(self, tmpdir: str = "") -> ContainerRunner:
        following = Service(self.docker, Wish(self.name, "started")).pending()
        image = spec.tagged(following["Config"]["Image"] if following else self.here.image)
        # Docker would make a directory that is not there.
        shared = (tmpdir,) if os.path.isdir(tmpdir) else ()
        program, reach = program_of(self.here), spec.reach(self.seen)
        # Whether somebody else works on the database, its sessions tell, wherever they come from.
        return ContainerRunner(self.runner, self.here, program, image, self.docker, shared, reach, alone=False)

    def _holds(self, path: str) -> bool:
        return self.docker.holds(self.here.name, path)

    def read_by(self, lakefs: Lakefs, version: Version | None = None) -> str:
        root = self.here.user.partition(":")[0] in ("", "0", "root")
        home_dir = self.here.environment.get("HOME") or ("/root" if root else HOME)
        here = os.path.join("/", self.seen["Config"].get("WorkingDir") or "")
        inside = named_config(self.here.command)
        inside = inside or found_config(version or lakefs.version, home_dir, here, self._holds)
        inside = inside and os.path.join(here, inside)
        path = spec.host_path(self.here.mounts, inside) if inside else ""
        if inside and not path:
            raise UpliftError(
                f"The container {self.here.name} reads {inside}, which lies in it alone; expected a file of this"
                " machine that is mounted there, or everything in its environment. Mount it."
            )
        return path

    def environment(self) -> Mapping[str, str]:
        return self.here.environment

    def config(self, path: str) -> Config:
        return of_this_machine(path)

    def published(self) -> dict[str, str] | None:
        return container_info.published(self.seen)

    def active(self) -> str:
        return self.here.active

    def runs(self, lies_there: str) -> str:
        return said_version(self._runner(), program_of(self.here)) if self.active() == "active" else ""

    def led(self) -> bool:
        return False

    def log(self) -> str:
        return self.docker.logs(self.here.name, tail=LINES)


@dataclass
class AsDeployment:
    """The program is an image, and what its pods have it gets there."""

    pods: Pods

    def program(self, params: Params) -> Lakefs:
        launcher.demand_called(self.pods.command(), self.pods.place.name)
        image, config = params.get("binary") or self.pods.container()["image"], params.get("config_file") or ""
        lakefs = Lakefs(self.pods, spec.tagged(image), config)
        return lakefs if config else replace(lakefs, config_file=self.read_by(lakefs))

    def read_by(self, lakefs: Lakefs, version: Version | None = None) -> str:
        named = named_config(self.pods.command())
        return named or found_config(version or lakefs.version, HOME, HOME, self.pods.files().__contains__)

    def environment(self) -> Mapping[str, str]:
        return self.pods.environment()

    def config(self, path: str) -> Config:
        return Config(self.pods.files().get(path, "") if path else "", mounted=True)

    def published(self) -> None:
        return None

    def active(self) -> str:
        return self.pods.active()

    def runs(self, lies_there: str) -> str:
        return min(self.pods.versions(), key=core_version.parse, default=lies_there) if self.pods.running() else ""

    def led(self) -> bool:
        return False

    def log(self) -> str:
        words = self.pods.kubectl.argv("logs", f"{self.pods.place.workload}/{self.pods.place.name}", "--tail", LINES)
        return self.pods.local.run(words, timeout=30).out


def program_of(here: spec.Container) -> str:
    """The program in the image: before it may stand what waits for a database, or looks after processes."""
    for word in here.command:
        if launcher.may_be_program(word):
            return word
    raise launcher.of_script(
        f"the container {here.name} is started by {here.command[0]}, and no word of its command is the program lakefs"
        " (a script is none)",
        launcher.AS_A_WORD,
    )


def of_this_machine(path: str) -> Config:
    """Without a file everything is in the environment."""
    if not path:
        return Config()
    if not os.path.isfile(path):
        raise UpliftError(f"The configuration {path} is not there, or no file. Correct lakefs_config_file.")
    with open(path, encoding="utf-8", errors="replace") as handle:
        return Config(handle.read(), os.stat(path))
