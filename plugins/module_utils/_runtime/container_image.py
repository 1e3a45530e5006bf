# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A release as a docker image: there, and what it says it is."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import image_name
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container import Service, Wish
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker


def stage(runner: Runner, docker: Docker, params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """Pull it where it is not here, let it say its version, and make the container of it once; that is not started."""
    expected = str(core_version.parse(params["version"]))
    here = Service(docker, Wish(params["container"], "started")).find()
    name = image_name.of_release(params["image"], here.image, expected, f"The container {params['container']}")
    program = params["program"] or here.command[0]
    there = docker.image(name)
    if not there and check:
        demand_offered(runner, docker, name)
        return {"changed": True, "release": name, "id": "", "version": expected, "evidence": []}
    if not there:
        demand(runner.run(["docker", "pull", "--quiet", name], timeout=params["timeout"]), f"Pulling the image {name}")
    found = docker.image(name)
    if not found:
        raise UpliftError(f"The image {name} was pulled and is not there; expected it. Look at `docker images`.")
    if params["asks"]:
        ask = ["docker", "run", "--rm", "--network", "none", "--entrypoint", program, name, *params["asks"]]
        said = demand(runner.run(ask, timeout=60), f"Asking the image {name} for its version").out.strip()
        core_version.demand(name, said, expected)
    if not check:
        Service(docker, Wish(params["container"], "activated", name)).rehearse()
    evidence = [{"slot": "stage", "kind": "image", "name": name, "id": found["Id"]}]
    return {"changed": not there, "release": name, "id": found["Id"], "version": expected, "evidence": evidence}


def demand_offered(runner: Runner, docker: Docker, name: str) -> None:
    """The daemon knows its mirrors, the command line its credentials: the registry may answer either."""
    refused = docker.refused(name)
    if not refused:
        return
    answer = runner.run(["docker", "manifest", "inspect", name], timeout=60)
    if answer.rc:
        raise UpliftError(
            f"The image {name} is not on this machine, and cannot be had ({refused}); expected it in a registry that"
            " this machine may pull from, or loaded here by `docker load`. Nothing was changed."
        )
