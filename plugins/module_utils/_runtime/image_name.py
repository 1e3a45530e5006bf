# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.
"""Pure: what the image of a release is called, for a container and for a workload."""

from __future__ import annotations

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec


def following(value: str, own: str, new: str, version: str, who: str) -> str:
    """Of an image that stands next to the own one, such as that of workers: it goes to the same release."""
    return new if value == own else of_release("", value, version, who)


def of_release(image: str, own: str, version: str, who: str) -> str:
    """As given, or as the present one `own` with that release in its tag: so a registry of one's own is kept.

    `who` begins the sentence of a refusal.
    """
    if image:
        return spec.demand_image(image.replace("{version}", version), version)
    name, _colon, tag = own.rpartition(":")
    old = core_version.find(tag) if name and "/" not in tag and "@" not in name else None
    if not old:
        raise UpliftError(
            f"{who} is of the image {own or 'without a name'}, whose tag names no release; expected to know what"
            f" the image of {version} is called. Say it, as registry/name:{{version}}. Nothing was changed."
        )
    return f"{name}:{tag.replace(str(old), version)}"
