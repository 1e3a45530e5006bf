# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""One container as a service: stopped properly, started, and made again with another image, whenever it was killed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import Change, Container
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.held import Containers
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock, End

PART, NEXT, OLD = ".uplift-part", ".uplift-next", ".uplift-old"  # in the making, made, and to be removed


@dataclass(frozen=True)
class Wish:
    container: str
    state: str
    image: str = ""
    replace: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    signal: str = ""
    stop_timeout: float = 90.0
    start_timeout: float = 60.0
    clean: bool = True
    if_stale: bool = False
    at: float = 0.0
    settle: float = 0.5
    hold: str = ""


def repairing(current: bool, following: bool, old: bool) -> list[tuple[str, str, str]]:
    """What is left to do of a change that was begun, by the names that there are; `""` is the container's own."""
    if current:
        return [("remove", OLD, "")] if old else []
    if following:
        return [("rename", NEXT, ""), *([("remove", OLD, "")] if old else [])]
    return [("rename", OLD, "")] if old else []


@dataclass
class Service:
    docker: Docker
    wish: Wish
    clock: Clock = field(default_factory=Clock)
    held: Containers = field(default_factory=Containers)

    @property
    def name(self) -> str:
        return self.wish.container

    def find(self) -> Container:
        """The container; in the middle of a change, the one that will bear its name."""
        for end in ("", NEXT, OLD):
            seen = self.docker.container(self.name + end)
            if seen:
                return spec.read(seen)
        raise UpliftError(
            f"There is no container {self.name}; expected one, running or not: name it as `docker ps -a` does."
        )

    def repair(self) -> None:
        there = [self.docker.container(self.name + end) is not None for end in ("", NEXT, OLD)]
        for verb, name, to in repairing(*there):
            if verb == "rename":
                self.docker.rename(self.name + name, self.name + to)
            else:
                self.docker.remove(self.name + name)

    def pending(self) -> dict[str, Any] | None:
        return self.docker.container(self.name + NEXT)

    def prepared(self) -> bool:
        """Is what the wish wants made already?"""
        image = self._image()
        change = Change(self.wish.image, self.wish.replace, self.wish.environment)
        seen = self._current()
        made = self.pending() or seen
        return (
            made["Image"] == image["Id"]
            and made["Config"]["Image"] == change.image
            and not self._strange(seen, made, change)
        )

    def activate(self) -> None:
        """Make the container of the next start: under another name while the present one runs, else under its own."""
        for leftover in (PART, NEXT):
            self.docker.remove(self.name + leftover)
        self._make()
        self.docker.rename(self.name + PART, self.name + NEXT)
        if not spec.read(self._current()).running:
            self.swap()

    def rehearse(self) -> None:
        """Make it and take it away again: an image that cannot follow is found while the present one serves."""
        self.docker.remove(self.name + PART)
        self._make()
        self.docker.remove(self.name + PART)

    def _make(self) -> None:
        image, seen = self._image(), self._current()
        change = Change(self.wish.image, self.wish.replace, self.wish.environment)
        made = spec.body(seen, self.docker.image(seen["Image"]), change)
        self.docker.create(self.name + PART, made)
        try:
            for network, end in spec.networks(seen)[1].items():
                self.docker.connect(network, self.name + PART, end)
            new = self.docker.container(self.name + PART) or {}
            strange = self._strange(seen, new, change)
            if strange or new["Image"] != image["Id"]:
                raise UpliftError(
                    f"The container made again from {self.wish.image} is not the same:"
                    f" {'; '.join(strange[:3]) or 'its image'}. Nothing was changed; make it by hand, or choose an"
                    " image that is started in the same way."
                )
        except BaseException:
            self.docker.remove(self.name + PART)
            raise

    def swap(self) -> None:
        """The prepared container takes the name. Killed in between, the next call goes on (`repair`)."""
        if self.pending():
            self.docker.rename(self.name, self.name + OLD)
            self.repair()

    def hold_differs(self) -> bool:
        """A stop holds the container down where that is wished; a start or restart lets it go."""
        if self.wish.state == "stopped":
            return bool(self.wish.hold) and not self._holds()
        return self.wish.state != "activated" and self.held.by(self.name) != ""

    def _holds(self) -> bool:
        return self.held.by(self.name) == self.wish.hold and policy_of(self._current())["Name"] == "no"

    def hold(self) -> None:
        """docker starts it no more by itself: not after a crash, nor with its daemon, nor with the machine."""
        policy, note = policy_of(self._current()), self.held.note(self.name)
        if policy["Name"] == "no" and note:  # a run that died, or another operation, has taken the policy away
            policy = note["policy"]
        self.held.write(self.name, self.wish.hold, policy)
        self.docker.policy(self.name, {"Name": "no"})

    def release(self) -> None:
        """Before the start; the policy of before is forgotten after it."""
        note = self.held.note(self.name)
        if note and policy_of(self._current())["Name"] == "no":
            self.docker.policy(self.name, note["policy"])

    def forget(self) -> None:
        if self.held.by(self.name):
            self.held.forget(self.name)

    def stop(self) -> End:
        """By the signal wished; docker's restart policy must not take it for a crash."""
        seen = self._current()
        now, policy = spec.read(seen), policy_of(seen)
        signal = self.wish.signal or now.stop_signal or "SIGTERM"
        # docker takes only the container's own signal for a stop that was wanted; after another it would start it.
        silenced = now.policy != "no" and now.stop_signal not in ("", signal)
        if silenced:
            self.docker.policy(self.name, {"Name": "no"})
        try:
            self.docker.kill(self.name, signal)
            limit = self.clock.now() + self.wish.stop_timeout
            if not self._until(lambda: not self._now().running, limit):
                self.docker.kill(self.name, "SIGKILL")
                if not self._until(lambda: not self._now().running, self.clock.now() + 30):
                    raise UpliftError(
                        f"The container {self.name} runs 30 s after SIGKILL. See `docker inspect {self.name}`."
                    )
        finally:
            if silenced:
                self.docker.policy(self.name, policy)
        after = self._now()
        # A process that a signal ended is reported as 128 and the signal's number.
        names = {137: "KILL", 130: "INT", 143: "TERM", 134: "ABRT", 139: "SEGV"}
        if after.exit_code in names:
            return End("killed", names[after.exit_code], after.ended)
        return End("exited", str(after.exit_code), after.ended)

    def start(self) -> Container:
        self.docker.start(self.name)
        limit = self.clock.now() + self.wish.start_timeout
        if not self._until(lambda: self._now().running, limit):
            raise UpliftError(self._fell())
        begun = self._now()
        self.clock.sleep(max(0.0, min(self.wish.settle, begun.started + self.wish.settle - self.clock.now())))
        now = self._now()
        if now.active != "active" or now.pid != begun.pid:
            raise UpliftError(self._fell())
        return now

    def _image(self) -> dict[str, Any]:
        found = self.docker.image(self.wish.image) if self.wish.image else None
        if not found:
            raise UpliftError(
                f"The image {self.wish.image!r} is not on this machine; expected it staged. Nothing was changed."
            )
        return found

    def _current(self) -> dict[str, Any]:
        seen = self.docker.container(self.name)
        if not seen:
            raise UpliftError(f"There is no container {self.name}; expected one. Nothing was changed.")
        return seen

    def _strange(self, seen: Mapping[str, Any], made: Mapping[str, Any], change: Change) -> list[str]:
        return spec.differences(seen, self.docker.image(seen["Image"]), made, change)

    def _now(self) -> Container:
        return spec.read(self._current())

    def _until(self, question: Callable[[], bool], limit: float) -> bool:
        while not question():
            if self.clock.now() > limit:
                return False
            self.clock.sleep(0.05)
        return True

    def _fell(self) -> str:
        now, last = self._now(), self.docker.logs(self.name, tail="3").strip().splitlines()
        return (
            f"The container {self.name} did not stay up: {now.active}, exit status {now.exit_code}; expected it"
            f" running. It said: {' / '.join(last[-3:]) or 'nothing'}. See `docker logs {self.name}`."
        )


def policy_of(seen: Mapping[str, Any]) -> dict[str, Any]:
    """The restart policy, as docker takes it back; its name may be empty, which means `no`."""
    found = dict(seen["HostConfig"].get("RestartPolicy") or {})
    return {**found, "Name": found.get("Name") or "no"}
