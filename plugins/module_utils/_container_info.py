# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What can be told of a container and its files without changing anything."""

from __future__ import annotations

from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._container import Service, Wish, told
from ansible_collections.uplift.datastores.plugins.module_utils._docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError


def info(docker: Docker, name: str) -> dict[str, Any]:
    """All of a container but what may be secret: of the environment only the names."""
    service = Service(docker, Wish(name, "started"))
    now = service.find()
    return {
        **{key: value for key, value in told(now, service).items() if key != "evidence"},
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


def demand_alone(docker: Docker, name: str, path: str) -> None:
    """Nobody else may have the files open: neither this container nor another one that mounts them (G05)."""
    for one in docker.running():
        names = [text.lstrip("/") for text in one.get("Names") or []]
        sources = [mount.get("Source") or "" for mount in one.get("Mounts") or []]
        inside = [
            s for s in sources if s and (path == s or path.startswith(s.rstrip("/") + "/") or s.startswith(path + "/"))
        ]
        if name in names or inside:
            raise UpliftError(
                f"The container {names[0] if names else one['Id'][:12]} runs and mounts {path}; wanted it stopped. "
                "Stop it first. "
                "Nothing was changed."
            )
