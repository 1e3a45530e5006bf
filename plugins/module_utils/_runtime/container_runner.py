# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Runs a container's program where its files are: in it while it runs, else in another of the same volumes."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import (
    Answer,
    Call,
    CallRunner,
    CliError,
    Runner,
    bare,
    demand,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import (
    Container,
    Reach,
    inside_path,
    is_image,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

ONCE = ".uplift-once"
# The exit statuses of `docker run` when nothing of the container was run; `docker start` says 1 for both.
_DOCKERS_OWN, _NO_PROGRAM = 125, 127


@dataclass
class ContainerRunner(CallRunner):
    """A runner whose callers know of no container: they give paths of this machine, and get the program's answer.

    An image as the first word is that release's program, in a container made for this call. What is neither that nor
    the container's own program runs on this machine.
    """

    local: Runner
    container: Container
    binary: str
    image: str
    docker: Docker = field(default_factory=Docker)
    shared: tuple[str, ...] = ()
    """Directories of this machine that the containers made here see under the same path."""
    reach: Reach = Reach()
    """Whom they reach; by default nobody."""
    alone: bool = True
    """One at a time: another would work on the same files."""

    def perform(self, call: Call) -> Answer:
        """`user` is that of the container: accounts of this machine mean nothing there. All runs to its end."""
        program, *rest = bare(call.argv)
        if program == "journalctl":  # what docker keeps of the daemon's output is its journal
            since = next((word[1:] for word in rest if word.startswith("@")), "0")
            return Answer(tuple(call.argv), 0, self.docker.logs(self.container.name, float(since)), "")
        own = program == self.binary
        if not own and not is_image(program):
            return call.by(self.local)
        words, extra = self.inside(rest)
        values = {**({} if own and self.container.running else self.environment()), **(call.env or {})}
        flags = [word for name in values for word in ("--env", name)]  # by name alone: values are not to be seen (G27)
        if own and self.container.running:
            asked = ["docker", "exec", *flags, self.container.name, self.binary, *words]
            return self.local.run(asked, env=values, timeout=call.timeout, stdin=call.stdin)
        return self.once(self.image if own else program, [*flags, *extra], words, values, call.timeout)

    def once(
        self,
        image: str,
        flags: Sequence[str],
        words: Sequence[str],
        values: Mapping[str, str],
        timeout: float,
        program: str = "",
    ) -> Answer:
        """The same volumes and user as the daemon's. Whom it may reach is `reach`."""
        name = self.container.name + ONCE + ("" if self.alone else f"-{uuid.uuid4().hex[:8]}")
        call = ["--rm", "--name", name, *self.reach.words, "--volumes-from", self.container.name]
        call += ["--user", self.container.user] if self.container.user else []
        call += [word for path in self.shared for word in ("--volume", f"{path}:{path}")]
        call += [*flags, "--entrypoint", program or self.binary, image, *words]
        try:
            answer = self._begun(name, call, values, timeout)
        except CliError:
            self.local.run(["docker", "rm", "--force", name], timeout=60)  # the command line is gone, its work is not
            raise
        if answer.rc == _DOCKERS_OWN:  # also where another still works under that name: it is not touched
            demand(answer, f"Starting {image} next to the container {self.container.name}")
        return answer

    def _begun(self, name: str, call: Sequence[str], values: Mapping[str, str], timeout: float) -> Answer:
        if not self.reach.more:
            return self.local.run(["docker", "run", *call], env=values, timeout=timeout)
        # Docker before 25 takes one network at first, and the others one by one.
        made = self.local.run(["docker", "create", *call], env=values, timeout=timeout)
        if made.rc:
            return Answer(made.argv, _DOCKERS_OWN, made.out, made.err)
        for network in self.reach.more:
            joined = self.local.run(["docker", "network", "connect", network, name], timeout=60)
            demand(joined, f"Connecting {name} with the network {network}")
        said = self.local.run(["docker", "start", "--attach", name], timeout=timeout)
        if said.rc and said.err.startswith("Error response from daemon"):
            found = "executable file not found" not in said.err
            return Answer(said.argv, _DOCKERS_OWN if found else _NO_PROGRAM, said.out, said.err)
        return said

    def environment(self) -> dict[str, str]:
        """What the daemon has; where the image says something, another release's image says it."""
        given = ((self.docker.image(self.container.image_id) or {}).get("Config") or {}).get("Env") or []
        own = self.container.environment.items()
        return {name: value for name, value in own if f"{name}={value}" not in given}

    def inside(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """The words with paths as the container sees them; a file that it does not see is mounted for the call."""
        found, extra = [], []
        for word in words:
            here = os.path.dirname(word) in self.shared
            place = inside_path(self.container.mounts, word) if word.startswith("/") and not here else ""
            if not place and word.startswith("/") and os.path.isfile(word) and not here:
                extra += ["--volume", f"{word}:{word}:ro"]
            found.append(place or word)
        return found, extra
