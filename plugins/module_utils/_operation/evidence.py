# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a step left on a node, and whether it is still so. A finished step counts on resume only while this holds.

unit    {slot: service, kind: unit, name, active: true|false}, and so are container and workload;
        of one that is held down also {held}: the operation
image   {slot: stage, kind: image, name, id}
made    {slot: release, kind: made, name, id}: the container's next start is of that image
link    {slot: release, kind: link, path, target}
file    {slot: stage|backup, kind: file, path, size, sha256 (or "")}
absent  {slot, kind: absent, path}
closed  {slot: ports, kind: closed, host, port}: a connection is refused
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Protocol

from ansible_collections.uplift.datastores.plugins.module_utils._core import port as core_port
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import sha256_of
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import held as runtime_held
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.systemd import read_unit

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Answer3:
    """`word` is yes, no or unknown; `sentence` says why it is not yes."""

    word: str
    sentence: str = ""


YES = Answer3("yes")


class Probe(Protocol):
    """What can be seen of a host. Each may raise OSError or UpliftError: then the answer is `unknown`."""

    def state(self, unit: str) -> str:
        """active, inactive, failed, activating, deactivating."""

    def container(self, name: str) -> str:
        """active, inactive, or failed while docker starts it again and again."""

    def unit_held(self, unit: str) -> str:
        """The operation for which a unit is held down; "" for none."""

    def container_held(self, name: str) -> str: ...

    def workload(self, unit: str) -> Mapping[str, str]:
        """active: active or inactive; held: the operation, or ""."""

    def image(self, name: str) -> str:
        """The id of an image; "" when it is not there."""

    def made(self, name: str) -> str:
        """The id of the image of a container's next start."""

    def target(self, path: str) -> str:
        """Where a symbolic link leads; "" when the path is no link or not there."""

    def size(self, path: str) -> int:
        """The size of a file; -1 when it is not there."""

    def sha256(self, path: str) -> str: ...

    def there(self, path: str) -> bool: ...

    def port(self, host: str, port: int) -> str:
        """open or closed."""


class Host:
    """The host that this runs on.

    What docker and Kubernetes take is loaded where there is such evidence: each call of the record reads this file.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def state(self, unit: str) -> str:
        return read_unit(self._runner, unit).active

    def container(self, name: str) -> str:
        return str(_container(name)["active"])

    def unit_held(self, unit: str) -> str:
        return runtime_held.Units().by(unit)

    def container_held(self, name: str) -> str:
        held, policy = runtime_held.Containers().by(name), _container(name)["policy"]
        return held if policy == "no" else ""

    def workload(self, unit: str) -> Mapping[str, str]:
        from ansible_collections.uplift.datastores.plugins.module_utils._runtime import workload as runtime_workload

        return runtime_workload.look(self._runner, unit)

    def image(self, name: str) -> str:
        from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

        return str((Docker().image(name) or {}).get("Id", ""))

    def made(self, name: str) -> str:
        from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_info
        from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

        return container_info.next_image(Docker(), name)

    def target(self, path: str) -> str:
        return os.readlink(path) if os.path.islink(path) else ""

    def size(self, path: str) -> int:
        return os.stat(path).st_size if self.there(path) else -1

    def sha256(self, path: str) -> str:
        return sha256_of(path)

    def there(self, path: str) -> bool:
        try:
            os.lstat(path)
        except FileNotFoundError:
            return False
        return True

    def port(self, host: str, port: int) -> str:
        return core_port.state(host, port)


def _container(name: str) -> Mapping[str, Any]:
    from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_info
    from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

    return container_info.info(Docker(), name)


def holds(item: Item, probe: Probe) -> Answer3:
    """Is what a step left still so?"""
    kind = str(item.get("kind", ""))
    if kind not in _KINDS:
        return Answer3(
            "unknown", f"The record holds evidence of the kind {kind!r}; known are {', '.join(sorted(_KINDS))}."
        )
    try:
        return _KINDS[kind](item, probe)
    except KeyError as exc:
        return Answer3("unknown", f"The record holds evidence of the kind {kind} without {exc}.")
    except (OSError, UpliftError) as exc:
        return Answer3("unknown", f"It is unknown whether {_what(item)} is as it was left: {exc}")


def lost(item: Item) -> str:
    """For the record: "" when it still holds, a sentence when it does not. When it is unknown, the run stops."""
    answer = holds(item, Host(LocalRunner()))
    if answer.word == "unknown":
        raise UpliftError(answer.sentence)
    return answer.sentence


def _what(item: Item) -> str:
    return str(item.get("path") or item.get("name") or item)


def _unit(item: Item, probe: Probe) -> Answer3:
    what, name = f"The unit {item['name']}", item["name"]
    answer = _run(what, probe.state(name), bool(item["active"]))
    return _still_held(what, item, lambda: probe.unit_held(name)) if answer == YES else answer


def _contained(item: Item, probe: Probe) -> Answer3:
    what, name = f"The container {item['name']}", item["name"]
    answer = _run(what, probe.container(name), bool(item["active"]))
    return _still_held(what, item, lambda: probe.container_held(name)) if answer == YES else answer


def _deployed(item: Item, probe: Probe) -> Answer3:
    what, seen = f"The workload {item['name']}", probe.workload(item["name"])
    answer = _run(what, seen["active"], bool(item["active"]))
    return _still_held(what, item, lambda: seen["held"]) if answer == YES else answer


def _still_held(what: str, item: Item, ask: Callable[[], str]) -> Answer3:
    """Down again is not down all the time: what nobody held may have run meanwhile."""
    expected, seen = str(item.get("held", "")), ask() if item.get("held") else ""
    if seen == expected:
        return YES
    found = f"held for {seen}" if seen else "no longer held"
    return Answer3("no", f"{what} is down but {found}; it was left held for {expected}, and may have run meanwhile.")


def _image(item: Item, probe: Probe) -> Answer3:
    seen = probe.image(item["name"])
    sentence = f"The image {item['name']} is {'another' if seen else 'gone'}; it was left as {item['id']}."
    return YES if seen == item["id"] else Answer3("no", sentence)


def _made(item: Item, probe: Probe) -> Answer3:
    sentence = f"The next start of the container {item['name']} is of another image; it was left as {item['id']}."
    return YES if probe.made(item["name"]) == item["id"] else Answer3("no", sentence)


def _run(what: str, seen: str, active: bool) -> Answer3:
    expected = "active" if active else "down"
    if seen in ("activating", "deactivating", "reloading"):
        return Answer3("unknown", f"{what} is {seen}; expected {expected}. Wait until it is at rest.")
    return YES if (seen == "active") == active else Answer3("no", f"{what} is {seen}, it was left {expected}.")


def _link(item: Item, probe: Probe) -> Answer3:
    seen = probe.target(item["path"])
    if seen == item["target"]:
        return YES
    found = f"leads to {seen}" if seen else "is no link any more"
    return Answer3("no", f"{item['path']} {found}, it was left leading to {item['target']}.")


def _file(item: Item, probe: Probe) -> Answer3:
    size = probe.size(item["path"])
    if size != item["size"]:
        seen = f"{size} bytes" if size >= 0 else "not there"
        return Answer3("no", f"{item['path']} is {seen}, it was left with {item['size']} bytes.")
    if item.get("sha256") and probe.sha256(item["path"]) != item["sha256"]:
        return Answer3("no", f"{item['path']} has another SHA-256 than the one it was left with.")
    return YES


def _absent(item: Item, probe: Probe) -> Answer3:
    return Answer3("no", f"{item['path']} is there again.") if probe.there(item["path"]) else YES


def _shut(item: Item, probe: Probe) -> Answer3:
    seen = probe.port(str(item["host"]), int(item["port"]))
    sentence = f"{item['host']}:{item['port']} takes connections again; it was left closed to clients."
    return YES if seen == core_port.CLOSED else Answer3("no", sentence)


_KINDS: Mapping[str, Callable[[Item, Probe], Answer3]] = {
    "unit": _unit,
    "container": _contained,
    "workload": _deployed,
    "image": _image,
    "made": _made,
    "link": _link,
    "file": _file,
    "absent": _absent,
    "closed": _shut,
}
