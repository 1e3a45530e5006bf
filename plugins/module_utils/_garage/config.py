# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DATA: what a release of Garage wants to be written in its configuration. Measured on its programs."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version

Changes = Dict[str, Any]

ENGINE_WRITTEN = Version(0, 9, 0)
"""From here on the default engine is another: what is not written opens an empty database (G01)."""
SLED_GONE = Version(1, 0, 0)
FACTOR_ONLY = Version(2, 0, 0)
"""From here on replication_mode is refused (G21); before it, not every release knows replication_factor."""

_MODES: Mapping[str, tuple[int, str]] = {
    "none": (1, ""),
    "1": (1, ""),
    "2": (2, ""),
    "2-dangerous": (2, "dangerous"),
    "3": (3, ""),
    "3-degraded": (3, "degraded"),
    "3-dangerous": (3, "dangerous"),
}


def engine_of(target: Version, engine: str, expected: str) -> str:
    """The engine that the release will have: what is on disk, what the operator wants, or what has to be.

    engine: what lies on disk (sled, lmdb, sqlite). expected: the operator's choice, "" for none.
    """
    if target < ENGINE_WRITTEN:
        return engine
    if expected:
        return expected
    return "lmdb" if engine == "sled" and target >= SLED_GONE else engine


def changes(config: Mapping[str, Any], target: Version, engine: str) -> Changes:
    """What to change in a configuration (as `settings` reads it) for a release; None removes a setting."""
    out: Changes = {}
    if target >= ENGINE_WRITTEN and config["db_engine"] != engine:
        out["db_engine"] = engine
    mode, factor = config["replication_mode"], config["replication_factor"]
    if target < FACTOR_ONLY or mode is None:
        return out
    if factor is not None:
        raise UpliftError(
            f"The configuration has replication_mode {mode!r} and replication_factor {factor!r}; expected one of them,"
            " no release takes both. Remove the one that is not meant."
        )
    if str(mode) not in _MODES:
        raise UpliftError(
            f"The configuration has replication_mode {mode!r}; expected one of {', '.join(_MODES)}. Write"
            " replication_factor in its place."
        )
    copies, consistency = _MODES[str(mode)]
    out.update(replication_mode=None, replication_factor=copies)
    if consistency:
        out["consistency_mode"] = consistency
    return out


def stages(config: Mapping[str, Any], engine: str, expected: str, targets: Sequence[str]) -> list[tuple[str, Changes]]:
    """Release by release what is to be changed in the file of the one before."""
    out, now = [], dict(config)
    for text in targets:
        target = version.parse(text)
        engine = engine_of(target, engine, expected)
        change = changes(now, target, engine)
        out.append((str(target), change))
        now.update(change)
    return out
