# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""lakeFS's configuration: a file, environment variables over it, and keys that a release does not know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

PREFIX = "LAKEFS_"
# Sections whose keys are an operator's own words, or stand in a list.
FREE = ("blockstore.s3.credentials.", "auth.api.", "gateways.s3.domain_name", "logging.output", "database.postgres.")


def parse(text: str) -> dict[str, str]:
    """The YAML that such files are written in: mappings of mappings of plain or quoted scalars, and comments."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = re.match(r"( *)([\w.-]+):(?: +(.*?))?\s*$", line)
        if not match:
            continue
        depth, name, value = len(match[1]), match[2], re.sub(r"(^|\s)#.*$", "", match[3] or "").strip()
        above = [one for one in above if one[0] < depth]
        if value:
            found[".".join([*(part for _depth, part in above), name])] = unquoted(value)
        else:
            above.append((depth, name))
    return found


def unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1] else value


def load(path: str, environment: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    found = parse(Path(path).read_text()) if path else {}
    by_variable = {PREFIX + key.replace(".", "_").upper(): key for key in known}
    return {**found, **{by_variable[name]: value for name, value in environment.items() if name in by_variable}}


def unknown(settings: Iterable[str], known: Iterable[str]) -> dict[str, list[str]]:
    """section -> keys in it that this release has no place for; a release that does not look knows nothing."""
    names = set(known)
    if not names:
        return {}
    sections = {name.rsplit(".", depth)[0] for name in names for depth in range(1, name.count(".") + 1)}
    found: dict[str, list[str]] = {}
    for key in sorted(settings):
        if key in names or key.startswith(FREE):
            continue
        parts = key.split(".")
        held = next(i for i in range(len(parts) - 1, -1, -1) if i == 0 or ".".join(parts[:i]) in sections)
        section, rest = ".".join(parts[:held]), parts[held]
        if rest not in found.setdefault(section, []):
            found[section].append(rest)
    return found


def connection(dsn: str) -> dict[str, str]:
    """A connection string as libpq's environment variables."""
    url = urlsplit(dsn)
    return {
        "PGHOST": url.hostname or "", "PGPORT": str(url.port or 5432), "PGUSER": unquote(url.username or ""),
        "PGPASSWORD": unquote(url.password or ""), "PGDATABASE": url.path.lstrip("/"), "PGAPPNAME": "",
        "PGCONNECT_TIMEOUT": "5",
    }  # fmt: skip
