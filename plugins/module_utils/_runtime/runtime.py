# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.
"""One answer to where a service runs: the same questions and orders for a unit, a container and a workload.

Programs that run once next to a service are run by a Runner: LocalRunner, ContainerRunner, or Pods.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Dict, Mapping, Protocol, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    container,
    container_image,
    container_info,
    container_state,
    systemd_service,
    workload_image,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.place import Place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import Workload

Answer = Dict[str, Any]  # Python 3.8 of a node knows no dict[...] outside of annotations
GRACE = 90.0  # seconds that a container or a workload is given to stop where nothing is said; a unit knows its own


@dataclass(frozen=True)
class Order:
    """How to stop or start. Seconds; `at` since 1970 by the node's clock, 0 for now; `hold` the operation, or "".

    Kubernetes stops by the signal and in the time that the pods say, at once, and tells nothing of how they ended.
    """

    signal: str = ""
    stop_timeout: float = 0.0
    start_timeout: float = 60.0
    clean: bool = True
    if_stale: bool = False
    at: float = 0.0
    settle: float = 0.5
    hold: str = ""


@dataclass(frozen=True)
class Image:
    """The image of a release. `image` with {version} in it, or "" for the present one's name with it in its tag;
    `program` in it, "" for what the service starts; `name` a word that tells one container of a pod from others."""

    version: str
    image: str = ""
    program: str = ""
    name: str = ""
    timeout: float = 3600.0
    asks: tuple[str, ...] = ("--version",)
    """The words that it says its version to; none: it is not asked."""
    variables: tuple[str, ...] = ()
    """Of a workload, the variables that name other images of the same release."""


class Runtime(Protocol):
    """Each answer has unit, active, held, started and evidence; of an order also changed."""

    def look(self) -> Answer:
        """All that is known of the service but what may be secret."""

    def stop(self, order: Order, check: bool) -> Answer: ...

    def start(self, order: Order, check: bool) -> Answer: ...

    def restart(self, order: Order, check: bool) -> Answer: ...

    def stage(self, image: Image, check: bool) -> Answer:
        """The image at hand, and what it says it is; `release` is its name. A unit's release is a file: refused."""

    def activate(self, image: Image, check: bool) -> Answer:
        """The next start is of that image."""

    def demand_down(self, directories: Sequence[str]) -> None:
        """Refuse while it may have files there open: not every program looks after that itself (G05)."""


def of(runner: Runner, unit: str) -> Runtime:
    """`unit` in the notation of `_runtime/place.py`."""
    where = runtime_place.read(unit)
    if where.kind == runtime_place.DOCKER:
        return InDocker(runner, where)
    return OnKubernetes(runner, where) if where.kind == runtime_place.KUBERNETES else OnSystemd(runner, where)


def release(runner: Runner, params: Mapping[str, Any], asks: tuple[str, ...], check: bool) -> Answer:
    """What the module `release` does for images. To read one is to stage it without a change."""
    given = {key: params[key] for key in ("version", "image", "name", "timeout")}
    image = Image(**given, program=params["path"], asks=asks, variables=tuple(params["variables"]))
    service = of(runner, params["unit"])
    if params["state"] == "activated":
        return service.activate(image, check)
    return service.stage(image, check or params["state"] == "read")


@dataclass
class OnSystemd:
    runner: Runner
    place: Place

    def look(self) -> Answer:
        unit = systemd_service.info(self.runner, self.place.name)
        return {"unit": unit["name"], **unit}

    def stop(self, order: Order, check: bool) -> Answer:
        return self._brought("stopped", order, check)

    def start(self, order: Order, check: bool) -> Answer:
        return self._brought("started", order, check)

    def restart(self, order: Order, check: bool) -> Answer:
        return self._brought("restarted", order, check)

    def stage(self, image: Image, check: bool) -> Answer:
        raise UpliftError(f"The {self.place.summary()} runs a program, no image; expected the path of {image.version}.")

    activate = stage

    def demand_down(self, directories: Sequence[str]) -> None:
        systemd_service.demand_down(self.runner, self.place.name)

    def _brought(self, state: str, order: Order, check: bool) -> Answer:
        return systemd_service.bring(self.runner, systemd_service.Wish(self.place.name, state, **asdict(order)), check)


@dataclass
class InDocker:
    runner: Runner
    place: Place
    docker: Docker = field(default_factory=Docker)

    def look(self) -> Answer:
        return container_info.info(self.docker, self.place.name)

    def stop(self, order: Order, check: bool) -> Answer:
        return self._brought("stopped", order, check)

    def start(self, order: Order, check: bool) -> Answer:
        return self._brought("started", order, check)

    def restart(self, order: Order, check: bool) -> Answer:
        return self._brought("restarted", order, check)

    def stage(self, image: Image, check: bool) -> Answer:
        return container_image.stage(self.runner, self.docker, {**asdict(image), "container": self.place.name}, check)

    def activate(self, image: Image, check: bool) -> Answer:
        """It is asked again what it is: the tag may lead to another image by now."""
        staged = self.stage(image, check)
        if check and not staged["id"]:
            return {**staged, "changed": True, "evidence": []}
        wish = container.Wish(self.place.name, "activated", staged["release"])
        return {**staged, **container_state.bring(self.docker, wish, check)}

    def demand_down(self, directories: Sequence[str]) -> None:
        for directory in directories:
            container_info.demand_alone(self.docker, self.place.name, directory)

    def _brought(self, state: str, order: Order, check: bool) -> Answer:
        order = replace(order, stop_timeout=order.stop_timeout or GRACE)
        return container_state.bring(self.docker, container.Wish(self.place.name, state, **asdict(order)), check)


@dataclass
class OnKubernetes:
    runner: Runner
    place: Place

    @property
    def workload(self) -> Workload:
        return Workload(runtime_kubectl.of(self.runner, self.place), self.place.owner())

    def look(self) -> Answer:
        return self.workload.look()

    def stop(self, order: Order, check: bool) -> Answer:
        return self.workload.stop(order.hold, order.stop_timeout or GRACE, check)

    def start(self, order: Order, check: bool) -> Answer:
        return self.workload.start(order.start_timeout, check)

    def restart(self, order: Order, check: bool) -> Answer:
        """All pods end before the first new one begins."""
        self.stop(order, check)
        return {**self.start(order, check), "changed": True}

    def stage(self, image: Image, check: bool) -> Answer:
        start = image.program if self.place.one_pod else ""
        pods = Pods(self.runner, self.place.owner(), image.name, start)
        return workload_image.stage(pods, image.image, image.version, image.asks)

    def activate(self, image: Image, check: bool) -> Answer:
        pods = Pods(self.runner, self.place, image.name)
        name = workload_image.name_of(pods, image.image, image.version)
        more = workload_image.more(pods, name, image.version, image.variables)
        changed = self.workload.image(pods.container(), name, more, check)
        return {"changed": changed, "release": name, "version": image.version, "evidence": []}

    def demand_down(self, directories: Sequence[str]) -> None:
        if self.look()["active"] != "inactive":
            raise UpliftError(
                f"The {self.place.summary()} is wanted at some pods; expected none. Stop it first. Nothing was changed."
            )
