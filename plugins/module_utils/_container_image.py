# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A release as a docker image: there, and what it says it is."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils import _version
from ansible_collections.uplift.datastores.plugins.module_utils._cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError


def stage(runner: Runner, docker: Docker, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """What `container_image` does."""
    name, wanted = params["image"], str(_version.parse(params["version"]))
    there = docker.image(name)
    if not there and check:
        return {"changed": True, "image": name, "id": "", "version": wanted, "evidence": []}
    if not there:
        demand(runner.run(["docker", "pull", "--quiet", name], timeout=params["timeout"]), f"Pulling the image {name}")
    found = docker.image(name)
    if not found:
        raise UpliftError(f"The image {name} was pulled and is not there; wanted it. Look at `docker images`.")
    ask = ["docker", "run", "--rm", "--network", "none", "--entrypoint", params["program"], name, "--version"]
    said = demand(runner.run(ask, timeout=60), f"Asking the image {name} for its version").out.strip()
    if str(_version.find(said)) != wanted:
        raise UpliftError(
            f"The image {name} says {said[:80]!r}, wanted {wanted}: name another image. Nothing was changed."
        )
    evidence = [{"slot": "stage", "kind": "image", "name": name, "id": found["Id"]}]
    return {"changed": not there, "image": name, "id": found["Id"], "version": wanted, "evidence": evidence}
