# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.
"""A release as the image of a workload's pods: what it is called, and what it says it is where they run."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import demand
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import image_name
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods, helm_release


def name_of(pods: Pods, image: str, version: str) -> str:
    return image_name.of_release(image, pods.container()["image"], version, f"The {pods.place.summary()}")


def more(pods: Pods, new: str, version: str, variables: Sequence[str]) -> dict[str, str]:
    """What the variables that name other images of the release say then, of those that the container has."""
    own = pods.container()
    given = {row["name"]: row["value"] for row in own.get("env", []) if row.get("value")}
    who = f"One of the variables of the {pods.place.summary()}"
    return {
        name: image_name.following(given[name], own["image"], new, version, who) for name in variables if name in given
    }


def stage(pods: Pods, image: str, version: str, asks: Sequence[str]) -> dict[str, Any]:
    """Let it say its version in a Job of the workload's pod: then it is at hand on a node, too. Also in check mode.

    Without words to ask by only its name is reported.
    """
    expected = str(core_version.parse(version))
    name = name_of(pods, image, expected)
    if asks:
        said = demand(pods.once(name, asks, {}, 60), f"Asking the image {name} for its version").out.strip()
        core_version.demand(name, said, expected)
    return {"changed": False, "release": name, "version": expected, "helm": helm_release(pods.read()), "evidence": []}
