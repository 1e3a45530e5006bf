# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the release said in a case, for this database, this file and this moment. Pure but for the archive."""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LAB_FILE, LAB_TEMPORARY, LAB_LAST = "/lab/lakefs.yaml", "/lab/tmp", "/lab/roothome/.lakefs.yaml"
# Releases on the tables before 0.30: 0.22.0 was captured by nobody, and answers as 0.30.0 and 0.70.6 do.
MVCC = ("0.22.0", "0.30.0")
# Those whose data are in the tables alone, and those that take `=` for a file's name (L15).
TABLES_ONLY = (*MVCC, "0.55.0", "0.70.6")
SIGN_IS_A_FILE = (*MVCC, "0.55.0")
# The numbers that were captured as an older and a newer schema.
OLDER_NEWER = {"0.22.0": ("20", "38"), "0.30.0": ("20", "38"), "0.55.0": ("34", "38")}
LOG_LINE = re.compile(r'^time="')


@dataclass(frozen=True)
class Said:
    rc: int
    out: str
    err: str


def load() -> dict[str, Any]:
    """{"version", "known", "tables", "cases"}, as `pack` has put it next to this module."""
    data = pkgutil.get_data(__package__ or "lakefs_emulator", "answers.json")
    found: dict[str, Any] = json.loads(data or b"{}")
    return found


def fitted(case: Mapping[str, Any], place: Mapping[str, str], words: Mapping[str, str]) -> Said:
    """The captured database, file and directory are replaced by those of this call; the moment by now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = {stream: str(case[stream]) for stream in ("stdout", "stderr")}
    for stream, said in text.items():
        said = re.sub(r'time="[^"]+"', f'time="{now}"', said)
        said = said.replace(LAB_LAST, words["file"])
        said = said.replace(LAB_FILE, words["file"]).replace(LAB_TEMPORARY, words["temporary"])
        text[stream] = located(said, place) if place else said
    return Said(int(case["rc"]), text["stdout"], text["stderr"])


def located(said: str, place: Mapping[str, str]) -> str:
    host, port, user, name = (place[key] for key in ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE"))
    said = re.sub(
        r"postgres://lakefs:SECRET@127\.0\.0\.1:\d+/\w+",
        lambda _match: f"postgres://{user}:{place['PGPASSWORD']}@{host}:{port}/{name}",
        said,
    )
    said = re.sub(r"host=127\.0\.0\.1 user=lakefs database=\w+", f"host={host} user={user} database={name}", said)
    said = re.sub(r"user=lakefs database=\w+", f"user={user} database={name}", said)
    said = re.sub(r"127\.0\.0\.1:15\d\d\d", f"{host}:{port}", said)
    said = re.sub(r"127\.0\.0\.1 \(127\.0\.0\.1\)|\(127\.0\.0\.1\)", f"({host})", said)
    said = re.sub(r"\bdb=\w+ driver=pgx", f"db={name} driver=pgx", said)
    return re.sub(r"\bhost=127\.0\.0\.1\b", f"host={host}", re.sub(r"\bport=15\d\d\d\b", f"port={port}", said))


def routed(said: Said, captured_output: str, output: str, version: str) -> tuple[Said, str]:
    """Where log lines go is `logging.output`: "-" stdout, "=" stderr; the third is what a file named "=" gets.

    Up to 0.30.0 "=" is taken for a file's name. Later releases always say on stderr which file they read,
    before they read it.
    """
    lines = [line for line in said.out.splitlines(True) if LOG_LINE.match(line)]
    if version in SIGN_IS_A_FILE:
        if output != "=" or captured_output == "=":
            return said, ""
        rest = "".join(line for line in said.out.splitlines(True) if not LOG_LINE.match(line))
        return Said(said.rc, rest, said.err), "".join(lines)
    if (captured_output == "=") == (output == "="):
        return said, ""
    if captured_output == "=":
        early = [line for line in said.err.splitlines(True) if LOG_LINE.match(line)]
        moved = [line for line in early if 'msg="Configuration file"' not in line and 'msg="Load config"' not in line]
        left = "".join(line for line in said.err.splitlines(True) if line not in moved)
        return Said(said.rc, "".join(moved) + said.out, left), ""
    left = "".join(line for line in said.out.splitlines(True) if line not in lines)
    return Said(said.rc, left, said.err + "".join(lines)), ""


def numbered(text: str, was: str, now: str) -> str:
    """Schema 37 was captured as older and 39 as newer; another number is said in its place."""
    return re.sub(rf"(version[:= ]|version )({re.escape(was)})\b", lambda match: match[1] + now, text)
