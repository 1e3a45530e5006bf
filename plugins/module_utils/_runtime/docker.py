# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The docker daemon of this machine, by its socket: what it tells of a container is what it takes to make one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

Call = Callable[[str, str, "Mapping[str, Any] | bytes | None", float], "tuple[int, bytes]"]
SOCKET = "/var/run/docker.sock"


def _quoted(name: str) -> str:
    return quote(name, safe="")


def socket_of(environment: Mapping[str, str]) -> str:
    """The socket that the docker command line would take, too."""
    host = environment.get("DOCKER_HOST", "")
    if not host:
        return SOCKET
    if not host.startswith("unix://"):
        raise UpliftError(f"DOCKER_HOST is {host}; expected unix:// and a path: run this on the machine of the daemon.")
    return host[len("unix://") :]


def by_socket(method: str, path: str, body: Mapping[str, Any] | bytes | None, timeout: float) -> tuple[int, bytes]:
    """body: JSON, or the bytes of a tar archive."""
    from ansible.module_utils.urls import open_url  # dear to load, and most nodes have no docker

    socket = socket_of(os.environ)
    # The daemon may answer and close before it has read a body that it does not want: then none is sent.
    none = None if method in ("GET", "HEAD") else b""
    data = body if isinstance(body, bytes) else none if body is None else json.dumps(body).encode()
    headers = {"Content-Type": f"application/{'x-tar' if isinstance(body, bytes) else 'json'}"}
    try:
        with open_url(
            f"http://localhost{path}", data=data, headers=headers, method=method, timeout=timeout, unix_socket=socket,
            use_proxy=False,
        ) as answer:  # fmt: skip
            return int(answer.status), bytes(answer.read())
    except HTTPError as exc:
        return exc.code, exc.read()
    except OSError as exc:
        raise UpliftError(
            f"The docker daemon does not answer at {socket} ({exc}); expected it up. See `systemctl status docker`."
        ) from exc


@dataclass
class Docker:
    call: Call = field(default=by_socket)

    def container(self, name: str) -> dict[str, Any] | None:
        return self._get(f"/containers/{_quoted(name)}/json")

    def holds(self, name: str, path: str) -> bool:
        """Whether a container has a file there, of its image or mounted, be it down or up."""
        status, text = self.call("HEAD", f"/containers/{_quoted(name)}/archive?{urlencode({'path': path})}", None, 60)
        self._read(status, text, f"Looking for {path} in {name}", (200, 404))
        return status == 200

    def image(self, name: str) -> dict[str, Any] | None:
        return self._get(f"/images/{_quoted(name)}/json")

    def refused(self, name: str) -> str:
        """Why the daemon cannot have an image from its registry; empty when it can."""
        status, text = self.call("GET", f"/distribution/{quote(name)}/json", None, 60)
        return "" if status == 200 else _said(text)

    def running(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._read(
            *self.call("GET", "/containers/json", None, 60), "Listing the containers"
        )
        return found

    def all(self) -> list[dict[str, Any]]:
        """Those that are down, too."""
        found: list[dict[str, Any]] = self._read(
            *self.call("GET", "/containers/json?all=1", None, 60), "Listing the containers"
        )
        return found

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        made = self._post(f"/containers/create?{urlencode({'name': name})}", f"Creating the container {name}", body)
        return str(made["Id"])

    def connect(self, network: str, container: str, end: Mapping[str, Any]) -> None:
        what = f"Connecting {container} with the network {network}"
        self._post(f"/networks/{_quoted(network)}/connect", what, {"Container": container, "EndpointConfig": end})

    def rename(self, name: str, to: str) -> None:
        self._post(f"/containers/{_quoted(name)}/rename?{urlencode({'name': to})}", f"Renaming {name} to {to}")

    def start(self, name: str) -> None:
        self._post(f"/containers/{_quoted(name)}/start", f"Starting {name}", timeout=120)

    def kill(self, name: str, signal: str) -> None:
        """One that has just ended by itself is no failure."""
        path = f"/containers/{_quoted(name)}/kill?{urlencode({'signal': signal})}"
        self._post(path, f"Sending {signal} to {name}", fine=(204, 409))

    def policy(self, name: str, policy: Mapping[str, Any]) -> None:
        self._post(
            f"/containers/{_quoted(name)}/update", f"Changing the restart policy of {name}", {"RestartPolicy": policy}
        )

    def unpack(self, name: str, archive: bytes) -> None:
        """Lay what a tar archive holds into a container, from its / on."""
        status, text = self.call("PUT", f"/containers/{_quoted(name)}/archive?{urlencode({'path': '/'})}", archive, 60)
        self._read(status, text, f"Laying files into {name}")

    def remove(self, name: str, force: bool = False) -> None:
        """Its volumes stay, those without a name, too. force: also while it runs."""
        status, text = self.call("DELETE", f"/containers/{_quoted(name)}?v=0&force={force:d}", None, 120)
        self._read(status, text, f"Removing {name}", (204, 404))

    def remove_image(self, name: str) -> None:
        """That name of it, and itself with its last name. The daemon keeps what a container is of."""
        status, text = self.call("DELETE", f"/images/{quote(name)}", None, 120)
        self._read(status, text, f"Removing the image {name}", (200, 404))

    def logs(self, name: str, since: float = 0.0, tail: str = "all") -> str:
        query = urlencode({"stdout": 1, "stderr": 1, "since": f"{since:.6f}", "tail": tail})
        status, text = self.call("GET", f"/containers/{_quoted(name)}/logs?{query}", None, 60)
        return unframed(text) if status == 200 else ""

    def _get(self, path: str) -> dict[str, Any] | None:
        status, text = self.call("GET", path, None, 60)
        found: dict[str, Any] | None = None if status == 404 else self._read(status, text, "Asking docker")
        return found

    def _post(
        self,
        path: str,
        what: str,
        body: Mapping[str, Any] | None = None,
        fine: tuple[int, ...] = (),
        timeout: float = 60,
    ) -> Any:
        status, text = self.call("POST", path, body, timeout)
        return self._read(status, text, what, fine)

    @staticmethod
    def _read(status: int, text: bytes, what: str, fine: tuple[int, ...] = ()) -> Any:
        if status in fine or status == 304:
            return {}
        if status >= 300:
            raise UpliftError(f"{what} failed: docker answered {status} and said: {_said(text)}")
        return json.loads(text) if text.strip() else {}


def _said(text: bytes) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:200].decode("utf-8", "replace")


def unframed(text: bytes) -> str:
    """Both streams' text. Without a terminal docker puts eight bytes before each piece: stream, 0 0 0, length."""
    found, at = [], 0
    while text[at : at + 1] in (b"\1", b"\2") and text[at + 1 : at + 4] == b"\0\0\0":
        length = int.from_bytes(text[at + 4 : at + 8], "big")
        found.append(text[at + 8 : at + 8 + length])
        at += 8 + length
    return b"".join([*found, text[at:]]).decode("utf-8", "replace")
