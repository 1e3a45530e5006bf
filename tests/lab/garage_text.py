# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Garage's command line prints, read by rules that hold for 0.7 and 0.8. Pure."""

from __future__ import annotations

import re
from typing import Any

from tests.lab.proc import LabError


def healthy(status: str, with_role: bool) -> set[str]:
    """Ids (16 hex digits) under HEALTHY NODES; `with_role`: only those that the layout has given a zone."""
    found, inside = set(), False
    for line in status.splitlines():
        if line.startswith("===="):
            inside = "HEALTHY" in line
        columns = re.split(r"\s{2,}", line.strip())
        if inside and re.fullmatch(r"[0-9a-f]{16}", columns[0]):
            with_one = "NO ROLE" not in line and "pending" not in line
            found |= {columns[0]} if with_one or not with_role else set()
    return found


def sections(text: str) -> dict[str, list[str]]:
    """Headings are lines that end in a colon; what follows is theirs, up to the next one. `Name: value` is one too."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        if match := re.fullmatch(r"(\S[^:]*):\s*(.*)", line):
            heading = match.group(1)
            found[heading] = [match.group(2)] if match.group(2) else []
        elif line.strip() and heading:
            found[heading].append(line.strip())
    return found


def wanted(found: dict[str, list[str]], heading: str, text: str) -> list[str]:
    if heading not in found:
        raise LabError(f"`{heading}:` is missing in what garage printed: {text.strip()[:400]!r}")
    return found[heading]


def bucket(text: str) -> tuple[str, dict[str, Any]]:
    """`bucket info` -> id and {global, local, website, keys}."""
    found = sections(text)
    local = [line.split() for line in wanted(found, "Key-specific aliases", text)]
    return wanted(found, "Bucket", text)[0], {
        "global": sorted(wanted(found, "Global aliases", text)),
        # The key's name, in brackets between the two, may hold spaces; a local alias may not.
        "local": sorted([words[0], words[-1]] for words in local),
        "website": wanted(found, "Website access", text) == ["true"],
        "keys": permissions(wanted(found, "Authorized keys", text)),
    }


def permissions(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        match = re.match(r"([RWO]*)\s*(GK[0-9a-f]{24})\b", line)
        if not match:
            raise LabError(f"no rule reads this line under `Authorized keys`: {line!r}")
        found[match.group(2)] = match.group(1)
    return found


def key(text: str) -> tuple[str, dict[str, Any]]:
    """`key info` or `key new` -> id and {name, create, secret}."""
    found = sections(text)
    return wanted(found, "Key ID", text)[0], {
        "name": " ".join(wanted(found, "Key name", text)),
        "create": wanted(found, "Can create buckets", text) == ["true"],
        "secret": wanted(found, "Secret key", text)[0],
    }


def bucket_ids(text: str) -> list[str]:
    return re.findall(r"\b([0-9a-f]{64})$", text, re.MULTILINE)


def key_ids(text: str) -> list[str]:
    return re.findall(r"^\s*(GK[0-9a-f]{24})\b", text, re.MULTILINE)
