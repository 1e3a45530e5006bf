# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what of a unit's own way of running blocks work on it while it is down, of whatever product."""

from __future__ import annotations

from typing import Any, Collection, Iterable, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding


def of_not_itself(
    row: Mapping[str, Any] | None, found: Iterable[Finding], follows: Collection[str] = ()
) -> list[Finding]:
    """What was found, with the finding that a look at the unit has ended with (`contained.NotItself`), if it has.

    follows: keys of what is then found only because nothing is known of the program and its files.
    """
    return [Finding(**row), *(one for one in found if one.key not in follows)] if row else list(found)


def of_mounting(mounting: Sequence[str], what: str) -> Iterator[Finding]:
    """mounting: the commands before and after its program that mount or unmount something (G31). what: what has to be
    there while it is down."""
    if mounting:
        yield Finding(
            "mounted_by_unit",
            True,
            f"the unit mounts or unmounts something around its service ({'; '.join(mounting[:4])})",
            f"{what} that is there while the unit is down",
            f"let fstab or a mount unit keep it mounted; or accept this where it is not the {what}",
        )
