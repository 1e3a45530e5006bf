# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the lakefs binary prints, in every release from 0.30 on. Log lines and results share a stream (L30)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer

_LOG = re.compile(r'^time="[^"]*" level=(\w+) msg=("(?:[^"\\]|\\.)*"|\S+)(.*)$', re.S)
_ERROR = re.compile(r'\serror=("(?:[^"\\]|\\.)*"|\S+)')
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@/\s]+@|(password=)('(?:[^'\\]|\\.)*'|\S+)", re.I)

DONE, NOTHING, SILENT, FAILED, WARNINGS, HELP, UNKNOWN = (
    "done",
    "nothing",
    "silent",
    "failed",
    "warnings",
    "help",
    "unknown",
)

# A line of a command that ended with 0, and what it means. The first rule that finds one counts.
_GOOD: Sequence[tuple[str, re.Pattern[str]]] = (
    (HELP, re.compile(r"^Usage:$")),  # an unknown subcommand prints the help and ends with 0 (L06)
    (FAILED, re.compile(r"^Failed to |^Task failed: ")),  # 0.30's `migrate db` goes on after a repository (L12)
    (WARNINGS, re.compile(r"^Updated nothing\.")),  # 0.98 does so where it finds warnings (L17)
    (DONE, re.compile(r"^(Migration completed successfully\.|Migrate completed|KV Migration took \S+)$")),
    (NOTHING, re.compile(r"^(No migrations to apply\.|KV migration already completed)$")),
    (DONE, re.compile(r"^(Task '[^']*' completed successfully|credentials:)$")),
)
_WARNINGS = re.compile(r"has warnings$|run migrate again with --force flag")


@dataclass(frozen=True)
class Outcome:
    """What a command said of itself. It is believed only together with the database's own record."""

    state: str
    line: str


@dataclass(frozen=True)
class Task:
    """The summary of `migrate task run storage-ns-encoded`."""

    found: int
    updated: Sequence[str]
    skipped: Sequence[str]


@dataclass(frozen=True)
class _Line:
    level: str
    text: str
    error: str = ""


def scrub(text: str) -> str:
    """Without passwords: 0.30 logs the connection string as it is (L15)."""
    return _PASSWORD.sub(lambda m: f"{m[1]}********@" if m[1] else f"{m[2]}********", text)


def outcome(answer: Answer) -> Outcome:
    """What `lakefs migrate ...`, `superuser` or `setup` did, by its exit status and its lines."""
    lines = [*_lines(answer.out), *_lines(answer.err)]
    said = [line for line in lines if not line.level] + [line for line in lines if line.level]
    if answer.rc:
        reason = _reason(said) or "it said nothing"
        return Outcome(WARNINGS if _WARNINGS.search(reason) else FAILED, scrub(reason))
    for state, rule in _GOOD:
        found = next((line.text for line in said if rule.search(line.text)), "")
        if found:
            return Outcome(state, scrub(found))
    # Up to 0.79 `migrate up` is silent whether or not it did anything (L09).
    plain = [line.text for line in said if not line.level and not line.text.startswith("Using config file: ")]
    return Outcome(UNKNOWN, scrub(plain[-1])) if plain else Outcome(SILENT, "")


def start_failure(text: str) -> str:
    """Why a server did not start, from what it printed; "" when no line says so."""
    fatal = [line for line in _lines(text) if line.level in ("fatal", "panic") or line.text.startswith("panic: ")]
    listen = [line for line in _lines(text) if line.text.startswith(("Failed to ", "cannot "))]
    return scrub(_whole(fatal[-1])) if fatal else scrub(listen[-1].text) if listen else ""


def task(answer: Answer) -> Task:
    found = re.search(r"^ *Summary: Found (\d+) repositories", answer.out, re.M)
    updated = re.findall(r"^ *(?:Updated to|Would update to): (.*)$", answer.out, re.M)
    skipped = re.findall(r"^ *Skipping update for repository (\S+)", answer.out, re.M)
    return Task(int(found[1]) if found else 0, updated, skipped)


def _lines(text: str) -> list[_Line]:
    return [_line(raw) for raw in text.splitlines() if raw.strip()]


def _line(raw: str) -> _Line:
    log = _LOG.match(raw)
    if not log:
        return _Line("", raw.strip())
    error = _ERROR.search(log[3])
    return _Line(log[1], _plain(log[2]), _plain(error[1]) if error else "")


def _plain(word: str) -> str:
    try:
        return str(json.loads(word)) if word.startswith('"') else word
    except ValueError:
        return word.strip('"')


def _whole(line: _Line) -> str:
    return " ".join(f"{line.text}: {line.error}".split()) if line.error else " ".join(line.text.split())


def _reason(said: Sequence[_Line]) -> str:
    """The fatal line, or what is printed besides the log, with the lines that explain it."""
    fatal = [line for line in said if line.level in ("fatal", "panic")]
    if fatal:
        return _whole(fatal[-1])
    plain = [line.text for line in said if not line.level]
    for start in ("panic: ", "Error: ", "Failed to ", "Migration failed: ", "Task "):
        at = next((place for place, text in enumerate(plain) if text.startswith(start)), -1)
        if at >= 0:
            more = [text for text in plain[at + 1 :] if text.startswith("* ")]
            return " ".join([plain[at], *more])
    return plain[-1] if plain else ""
