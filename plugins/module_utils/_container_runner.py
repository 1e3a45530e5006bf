# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Runs a container's program where its files are: in it while it runs, else in another of the same volumes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._cli import Answer, CliError, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._container_spec import Container, inside_path
from ansible_collections.uplift.datastores.plugins.module_utils._docker import Docker

ONCE = ".uplift-once"


@dataclass
class ContainerRunner:
    """A runner whose callers know of no container: they give paths of this machine, and get the program's answer.

    A program that is not the container's own is an image: that release's program, in a container made for this call.
    """

    local: Runner
    container: Container
    binary: str
    image: str
    docker: Docker = field(default_factory=Docker)
    shared: tuple[str, ...] = ()
    """Directories of this machine that the containers made here see under the same path."""

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        stdin: str = "",
        user: str = "",
        enough: str = "",
    ) -> Answer:
        """`user` is that of the container: accounts of this machine mean nothing there. All runs to its end."""
        if argv[0] == "journalctl":  # what docker keeps of the daemon's output is its journal
            since = next((word[1:] for word in argv if word.startswith("@")), "0")
            return Answer(tuple(argv), 0, self.docker.logs(self.container.name, float(since)), "")
        own = argv[0] == self.binary
        words, extra = self.inside(argv[1:])
        values = {**({} if own and self.container.running else self.environment()), **(env or {})}
        flags = [word for name in values for word in ("--env", name)]  # by name alone: values are not to be seen (G27)
        if own and self.container.running:
            call = ["docker", "exec", *flags, self.container.name, self.binary, *words]
            return self.local.run(call, env=values, timeout=timeout, stdin=stdin)
        return self.once(self.image if own else argv[0], [*flags, *extra], words, values, timeout)

    def once(
        self, image: str, flags: Sequence[str], words: Sequence[str], values: Mapping[str, str], timeout: float
    ) -> Answer:
        """The same volumes and user as the daemon's, and no network: nothing of this may reach the cluster."""
        name = self.container.name + ONCE
        call = ["docker", "run", "--rm", "--name", name, "--network", "none", "--volumes-from", self.container.name]
        call += ["--user", self.container.user] if self.container.user else []
        call += [word for path in self.shared for word in ("--volume", f"{path}:{path}")]
        call += [*flags, "--entrypoint", self.binary, image, *words]
        try:
            return self.local.run(call, env=values, timeout=timeout)
        except CliError:
            self.local.run(["docker", "rm", "--force", name], timeout=60)  # the command line is gone, its work is not
            raise

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
