# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What operations have left that is no file: images, containers, pods and Jobs, databases."""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass, field
from typing import Any, Iterable, Iterator, Mapping, Protocol, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import leftovers
from ansible_collections.uplift.datastores.plugins.module_utils._operation.leftovers import Left
from ansible_collections.uplift.datastores.plugins.module_utils._operation.leftovers_files import Source, staged
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import scratch_container, transient
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import LABEL

_OURS = re.compile(r"uplift-(?:[0-9a-f]{12}|scratch-.+)")
_ENDED = ("Succeeded", "Failed")

Records = Sequence[Mapping[str, Any]]


class Rows(Protocol):
    def rows(self) -> Iterable[Mapping[str, Any]]:
        """Each the words of a Left."""

    def remove(self, path: str) -> None: ...


@dataclass
class Listed:
    """What is no operation's own room, such as a database's."""

    listing: Rows

    def found(self, records: Records, now: float) -> list[Left]:
        return [Left(**row) for row in self.listing.rows()]

    def remove(self, path: str) -> None:
        self.listing.remove(path)


@dataclass
class Images:
    """Those that steps have staged, as the records say, while their names still lead to them."""

    docker: Docker = field(default_factory=Docker)

    def found(self, records: Records, now: float) -> list[Left]:
        last = {item["name"]: (item["id"], when) for item, when in staged(records) if item.get("kind") == "image"}
        return [left for name, (ident, when) in last.items() for left in self._looked_at(name, ident, when)]

    def _looked_at(self, name: str, ident: str, when: float) -> Iterator[Left]:
        image, release = self.docker.image(name), version.find(name.rpartition(":")[2])
        if image and image["Id"] == ident and release:
            users = [one["Names"][0].lstrip("/") for one in self.docker.all() if one["ImageID"] == ident]
            used = f"the container {users[0]} is of it" if users else ""
            path = f"image {name}"
            yield Left(path, leftovers.IMAGE, int(image["Size"]), when, release=str(release), used=used)

    def remove(self, path: str) -> None:
        """By its name: what else bears another name of it stays."""
        self.docker.remove_image(path.partition(" ")[2])


@dataclass
class Containers:
    """The one of a trial of this unit."""

    unit: str
    docker: Docker = field(default_factory=Docker)

    def found(self, records: Records, now: float) -> list[Left]:
        name = transient.ident(self.unit)
        seen = self.docker.container(name)
        if not seen or (seen["Config"].get("Labels") or {}).get(scratch_container.LABEL) != name:
            return []
        return [Left(f"container {name}", leftovers.SCRATCH, None, _moment(seen["Created"]))]

    def remove(self, path: str) -> None:
        self.docker.remove(path.partition(" ")[2], force=True)


@dataclass
class Objects:
    """Pods and Jobs of calls and trials. Their Secrets and ConfigMaps are owned by them, and go with them."""

    local: Runner
    unit: str

    @property
    def _place(self) -> runtime_place.Place:
        return runtime_place.read(self.unit)

    def found(self, records: Records, now: float) -> list[Left]:
        kubectl, where = runtime_kubectl.of(self.local, self._place), self._place
        owners = sorted({where.name, where.owner().name})
        seen = kubectl.find("pods,jobs.batch", f"{LABEL} in ({','.join(owners)})")
        return [self._told(one) for one in seen if ours(one["metadata"])]

    def _told(self, one: Mapping[str, Any]) -> Left:
        meta = one["metadata"]
        path = f"{one['kind'].lower()} {meta['name']} in {meta['namespace']}"
        used = "it still runs, and ends by itself" if runs(one) else ""
        return Left(path, leftovers.SCRATCH, None, _moment(meta["creationTimestamp"]), used=used)

    def remove(self, path: str) -> None:
        kind, name = path.split()[:2]
        words = ["delete", kind, name, "--ignore-not-found", "--cascade", "foreground", "--wait=false"]
        runtime_kubectl.of(self.local, self._place).ask(words, f"Removing the {path}")


def ours(meta: Mapping[str, Any]) -> bool:
    """Whether a module has made it by itself, with our label. What another owns goes with that."""
    return bool(_OURS.fullmatch(meta["name"])) and not meta.get("ownerReferences")


def runs(one: Mapping[str, Any]) -> bool:
    status = one.get("status") or {}
    if one["kind"] == "Job":
        return not any(
            row["type"] in ("Complete", "Failed") and row["status"] == "True" for row in status.get("conditions") or ()
        )
    return status.get("phase") not in _ENDED


def of(local: Runner, unit: str, databases: Sequence[Rows]) -> list[Source]:
    """Where a node of this unit may have left something."""
    kind = runtime_place.read(unit).kind if unit else runtime_place.SYSTEMD
    found: list[Source] = [Listed(one) for one in databases]
    if kind == runtime_place.DOCKER:
        found += [Images(), Containers(unit)]
    return [*found, Objects(local, unit)] if kind == runtime_place.KUBERNETES else found


def _moment(stamp: str) -> float:
    """Of `2026-11-21T03:07:03.123456789Z`, as docker and Kubernetes write it."""
    try:
        return float(calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")))
    except ValueError as exc:
        raise UpliftError(f"The time {stamp!r} is not known here; expected it as 2026-11-21T03:07:03Z.") from exc
