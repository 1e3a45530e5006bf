# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What is known of a container and its files without changing anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container import Service, Wish
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_state import summary
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker


def info(docker: Docker, name: str) -> dict[str, Any]:
    """All of a container but what may be secret: of the environment only the names."""
    service = Service(docker, Wish(name, "started"))
    now = service.find()
    return {
        **summary(now, service),
        "image_id": now.image_id,
        "exit_code": now.exit_code,
        "policy": now.policy,
        "stop_signal": now.stop_signal,
        "auto_remove": now.auto_remove,
        "user": now.user,
        "command": list(now.command),
        "environment_names": sorted(now.environment),
        "mounts": dict(now.mounts),
        "compose": dict(now.compose),
        "unfinished": now.name != name,
    }


def next_image(docker: Docker, name: str) -> str:
    service = Service(docker, Wish(name, "started"))
    now, following = service.find(), service.pending()
    return str(following["Image"]) if following else now.image_id


def around(docker: Docker, name: str) -> dict[str, Any]:
    """How the machine sees what is inside: what `garage_config` needs to tell its places and addresses."""
    service = Service(docker, Wish(name, "started"))
    now = service.find()
    seen = docker.container(now.name) or {}
    others = [one for one in writers(docker) if one["name"] != name]
    return {
        "name": name,
        "image": now.image,
        "mounts": dict(now.mounts),
        "published": published(seen),
        "others": others,
    }


def published(seen: spec.Json) -> dict[str, str] | None:
    """Where the machine has a port of the container, as address and port by its number inside.

    None where both are the same: with the network of the machine, or of another container.
    """
    mode = seen["HostConfig"].get("NetworkMode") or "default"
    if mode == "host" or mode.startswith("container:"):
        return None
    ports = {**(seen["HostConfig"].get("PortBindings") or {}), **(seen["NetworkSettings"].get("Ports") or {})}
    found = {}
    for name, ends in ports.items():
        number, _slash, kind = name.partition("/")
        if kind == "tcp" and ends and ends[0].get("HostPort"):
            found[number] = f"{_address(ends[0].get('HostIp') or '')}:{ends[0]['HostPort']}"
    return found


def reached(address: str, published: Mapping[str, str] | None) -> str:
    """Where the machine has what listens there inside; empty where it has it nowhere."""
    host, _colon, port = address.rpartition(":")
    if published is None or not host or not port.isdigit():
        return address
    loopback = host.startswith("127.") or host in ("localhost", "[::1]")  # nobody outside reaches the container's own
    return "" if loopback else published.get(port, "")


def _address(text: str) -> str:
    if text in ("", "0.0.0.0", "::"):
        return "0.0.0.0"
    return f"[{text}]" if ":" in text else text


def demand_alone(docker: Docker, name: str, path: str) -> None:
    """Nobody else may have the files open: neither this container nor another one that may write there (G05)."""
    busy = [one for one in writers(docker) if one["name"] == name or touches(path, one["sources"])]
    if busy:
        raise UpliftError(
            f"The container {busy[0]['name']} runs and mounts {path}; expected it stopped. Stop it first, or mount it"
            " there to read only. Nothing was changed."
        )


def touches(path: str, sources: Iterable[str]) -> bool:
    """Is one of these places the directory, in it, or around it?"""
    return any(
        path == one or path.startswith(one.rstrip("/") + "/") or one.startswith(path.rstrip("/") + "/")
        for one in sources
    )


def writers(docker: Docker, mountinfo: str = "/proc/self/mountinfo") -> list[dict[str, Any]]:
    """The containers that run, and the places on the machine that each may write to.

    The one that this runs in itself is the machine here: its processes are looked at as a machine's are.
    """
    try:
        me = own_id(Path(mountinfo).read_text(encoding="utf-8"))
    except OSError:
        me = ""
    return [
        {
            "name": (one.get("Names") or [one["Id"][:12]])[0].lstrip("/"),
            "sources": [mount["Source"] for mount in one["Mounts"] if mount.get("Source") and mount.get("RW", True)],
        }
        for one in docker.running()
        if one["Id"] != me
    ]


def own_id(mountinfo: str) -> str:
    """The container in which this runs, by the file that docker mounts for its name; empty outside of any."""
    found = re.search(r"/containers/([0-9a-f]{64})/hostname /etc/hostname ", mountinfo)
    return found[1] if found else ""
