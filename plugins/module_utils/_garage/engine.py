# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Which database engine a release will open, and which one holds the data: a release that opens the wrong one starts
with an empty database, and calls itself healthy (G01)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._garage.runbook import (
    DEFAULT_ENGINES,
    ENGINES,
)

SAYS_ITS_ENGINE = Version(0, 8, 0)
NODE_KEY = "node_key"  # every daemon that has ever run here has written one


@dataclass(frozen=True)
class Found:
    """The databases below a metadata directory, and whether a node has lived there."""

    engines: tuple[str, ...]
    lived: bool


@dataclass(frozen=True)
class Answer:
    """`same` is None where it is unknown. `key` is the finding, empty when all is well."""

    same: bool | None
    key: str
    engine: str
    """The engine that holds the data, as far as that is known."""
    seen: str
    expected: str
    advice: str

    def finding(self) -> dict[str, str]:
        return {"key": self.key, "seen": self.seen, "expected": self.expected, "advice": self.advice}


def path(metadata_dir: str, engine: str) -> str:
    return os.path.join(metadata_dir, ENGINES[engine].path)


def look(metadata_dir: str) -> Found:
    """What lies on the disk. A directory without the file that proves a database is none; nor is an empty one."""
    try:
        names = set(os.listdir(metadata_dir))
    except OSError as exc:
        raise UpliftError(
            f"The metadata directory {metadata_dir} cannot be read ({exc.strerror}). Correct metadata_dir."
        ) from exc
    return Found(tuple(name for name in ENGINES if _holds(metadata_dir, name)), NODE_KEY in names)


def _holds(metadata_dir: str, name: str) -> bool:
    engine = ENGINES[name]
    try:
        size = os.stat(os.path.join(path(metadata_dir, name), engine.proof).rstrip("/")).st_size
    except (FileNotFoundError, NotADirectoryError):
        return False
    return size > engine.blank_pages * os.sysconf("SC_PAGE_SIZE")


def engine_of(configured: str, version: Version) -> str:
    """The engine a release opens with this `db_engine`; empty for a word that it does not know."""
    if not configured:
        return next(name for since, name in DEFAULT_ENGINES if version >= since)
    for name, engine in ENGINES.items():
        if configured == name or configured in engine.other_names:
            return name
    return ""


def named(said: str, release: Version) -> str:
    """The engine that a running daemon calls its own, as `LMDB (using Heed crate)`; before 0.8 it says none, and has
    sled. Empty for another word. Source: `garage stats` of 0.8.0 to 2.5.0.
    """
    if not said:
        return "sled" if release < SAYS_ITS_ENGINE else ""
    return next((name for name in ENGINES if said.lower().startswith(name)), "")


def of_running(said: str, configured: str, release: Version) -> dict[str, Any]:
    """As `summary`, of a daemon whose files cannot be looked at."""
    held, opens = named(said, release), engine_of(configured, release)
    seen = f"db_engine {configured or 'not set'} at {release}, and the daemon says {said or 'no engine'}"
    answer = (
        Answer(True, "", opens, seen, opens, "")
        if held and held == opens
        else _no("engine_mismatch", held, seen, f"a daemon with {opens}", "Correct db_engine, and start it again.")
    )
    return _told(answer, [held] if held else [], opens)


def known_to(engine: str, version: Version) -> bool:
    return ENGINES[engine].since <= version < ENGINES[engine].until


def in_use(found: Found, configured: str, running: Version) -> Answer:
    """Does the data lie in the engine that the running release is configured for?"""
    opened = engine_of(configured, running)
    seen = f"db_engine {configured or 'not set'} at {running}, on the disk {_and(found.engines)}"
    if not opened:
        return _no("engine_unknown", "", seen, f"one of {', '.join(sorted(ENGINES))}", "Correct db_engine.")
    if opened in found.engines:
        if configured or len(found.engines) == 1:
            return Answer(True, "", opened, seen, opened, "")
        return _cannot_tell(seen, opened)
    if not found.engines:
        advice = "Correct metadata_dir, or restore the database, before anything is started."
        return _no("engine_missing", "", seen, f"a database of {opened}", advice)
    # Such a daemon serves nothing of what is there, or would not once it is started again (G01, G20).
    advice = (
        f'Write db_engine = "{found.engines[0]}" into the configuration if that holds the data, and run no repair '
        "before."
    )
    return _no("engine_mismatch", "", seen, f"a database of {opened}", advice)


def summary(metadata_dir: str, configured: str, running: Version) -> dict[str, Any]:
    """For a result: what lies there and whether it is what the running release opens."""
    found = look(metadata_dir)
    answer = in_use(found, configured, running)
    return _told(answer, found.engines, engine_of(configured, running))


def _told(answer: Answer, engines: Sequence[str], opens: str) -> dict[str, Any]:
    finding = answer.finding() if answer.key else {}
    return {
        "engines": list(engines),
        "engine": answer.engine,
        "opens": opens,
        "snapshots": opens in ENGINES and ENGINES[opens].snapshots,
        "survives": opens in ENGINES and ENGINES[opens].survives,
        "same": answer.same,
        "finding": finding,
    }


def _no(key: str, engine: str, seen: str, expected: str, advice: str) -> Answer:
    return Answer(False, key, engine, seen, expected, advice)


def _cannot_tell(seen: str, opened: str) -> Answer:
    advice = (
        f'Write db_engine = "{opened}" into the configuration if that holds the data, and move the other database '
        "out of the metadata directory."
    )
    return Answer(None, "engine_ambiguous", "", seen, f"one database, or db_engine set to {opened}", advice)


def _and(names: Sequence[str]) -> str:
    return " and ".join(names) or "none"
