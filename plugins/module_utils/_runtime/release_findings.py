# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what blocks having a release, of whatever product."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding


def of_release(release: Mapping[str, Any], product: str) -> Iterator[Finding]:
    """`release`: what a look at it has returned, that failed or not."""
    if release.get("failed") or release.get("msg"):
        yield Finding("release", True, str(release.get("msg")), "the release at hand", f"see {product}_release_source")
    if release.get("shared"):
        yield Finding(
            "shared_program",
            True,
            f"{', '.join(release['shared'])} and this unit start the same program, so both would start the new release",
            "a program of its own for each cluster",
            "let the units start links of different names; or accept this where the others may start that release",
        )
    for row in release.get("unchecked") or []:
        yield Finding(
            "no_checksum",
            True,
            f"the release {row['version']} comes from {row['address']}, and there is no checksum to tell it by",
            "its SHA-256, from somewhere else than the file",
            f"write it into {product}_release_checksums, or have the file on the controller ({product}_release_source)",
        )
