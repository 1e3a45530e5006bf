# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A scratch server as a container of its own next to a service's, that writes to itself alone. Source: docker's API."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker

_KEPT = ("Dns", "DnsSearch", "DnsOptions", "ExtraHosts", "Runtime", "UsernsMode")
LABEL = "uplift.datastores/scratch"  # its own name: what has none of it was made by somebody else
_LOOPBACK = "127.0.0.1"


def body(
    name: str, seen: spec.Json, image: str, words: Sequence[str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """What `create` is given. seen: the service's container. words: the program and its arguments.

    It is of the service's account and networks, reads its volumes, publishes no port and has none of its names.
    """
    host = seen["HostConfig"]
    first, _more = spec.networks(seen)
    own = {
        "NetworkMode": host.get("NetworkMode") or "default",
        "Links": spec.links(host) or None,
        "VolumesFrom": [f"{seen['Id']}:ro"],
        "RestartPolicy": {"Name": "no"},
        "SecurityOpt": [*(host.get("SecurityOpt") or []), "no-new-privileges"],
        "OomScoreAdj": 1000,  # what serves the clients is not ended for this
    }
    return {
        "Image": image,
        "Entrypoint": [words[0]],
        "Cmd": list(words[1:]),
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "Labels": {LABEL: name},
        "User": seen["Config"].get("User") or "",
        "HostConfig": {**{name: host.get(name) for name in _KEPT}, **own},
        "NetworkingConfig": {"EndpointsConfig": {name: {} for name in first}},
    }


def archive(directories: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    """As `Docker.unpack` takes it: directories in which everybody may make something, and files, by their paths.

    The account of a container is one of its image, so that nobody here knows its number. Everybody in it may read: it
    is alone there, and what is laid into a container is root's on the machine, and gone with it.
    """
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for path in directories:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(entry)
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), 0o444
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@dataclass
class Server:
    """One that runs for a moment. name: of its container. seen: the service's container, as docker tells it."""

    name: str
    seen: spec.Json = field(repr=False)
    docker: Docker

    @property
    def _network(self) -> str:
        return str(self.seen["HostConfig"].get("NetworkMode") or "default")

    @property
    def listens(self) -> str:
        """Where it has to listen, to be asked from this machine: nowhere else, where that is the machine itself."""
        return _LOOPBACK if self._network == "host" else "0.0.0.0"

    def launch(self, image: str, words: Sequence[str], environment: Mapping[str, str], files: bytes) -> None:
        """files: as of `archive`. Secrets go there and in the environment: what is asked of docker is in no argv."""
        self.docker.create(self.name, body(self.name, self.seen, image, words, environment))
        self.docker.unpack(self.name, files)
        for network in spec.networks(self.seen)[1]:
            self.docker.connect(network, self.name, {})
        self.docker.start(self.name)

    def hosts(self) -> list[str]:
        """Where this machine may reach it; in the network of another container by that one's addresses."""
        of, other, name = self._network.partition("container:")
        if of == "host":
            return [_LOOPBACK]
        found = self.docker.container(name if other else self.name) or {}
        ends = ((found.get("NetworkSettings") or {}).get("Networks") or {}).values()
        told = [end.get("IPAddress") or f"[{end.get('GlobalIPv6Address') or ''}]" for end in ends]
        # Where this runs in that network itself, as in a container of its own, it is next door.
        return [*([_LOOPBACK] if other else []), *(one for one in told if one != "[]")]

    def alive(self) -> bool:
        return bool(((self.docker.container(self.name) or {}).get("State") or {}).get("Running"))

    def said(self) -> str:
        """The end of its log."""
        return self.docker.logs(self.name, tail="5")

    def remove(self) -> None:
        self.docker.remove(self.name, force=True)
