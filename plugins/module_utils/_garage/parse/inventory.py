# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the cluster holds: `bucket list`, `bucket info`, `key list`, `key info`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understood
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse.text import Reader

_BUCKET_ROW = re.compile(r"  (\S*)\s\s.*?([0-9a-f]{64})")
_KEY_ROW = re.compile(r"  (\S+)\s\s(.*)")
_FACT = re.compile(r"(Bucket|Size|Objects|Website access|Key name|Key ID|Secret key|Can create buckets): (.*)")
_QUOTA = re.compile(r" (maximum size|maximum number of objects): (.+)")
_LOCAL = re.compile(r"  (\S+) \(.*\)\s+(\S+)")
_GRANT = re.compile(r"  ([R ])([W ])([O ])  (\S+)\s\s.*")
_TITLES = (
    "Global aliases:",
    "Key-specific aliases:",
    "Authorized keys:",
    "Quotas:",
    "Key-specific bucket aliases:",
    "Authorized buckets:",
)
_LISTED = {"Authorized keys:": _GRANT, "Key-specific aliases:": _LOCAL, "Quotas:": _QUOTA}
_KNOWN = [
    re.compile(text)
    for text in (
        r"Unfinished multipart uploads: \d+",
        r"Unfinished uploads \(multipart and non-multipart\): \d+",
        r"Size of unfinished multipart uploads: ",
    )
]


@dataclass(frozen=True)
class BucketRow:
    id: str
    aliases: tuple[str, ...]
    local_aliases: tuple[tuple[str, str], ...] = ()
    """As far as the list tells them."""
    name: str = ""
    """Set where a bucket has no id yet: what it is asked for by, on the command line and by clients."""

    @property
    def word(self) -> str:
        return self.name or self.id


@dataclass(frozen=True)
class KeyRow:
    id: str
    name: str


@dataclass(frozen=True)
class Buckets:
    rows: tuple[BucketRow, ...]
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class Keys:
    rows: tuple[KeyRow, ...]
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class Grant:
    key: str
    read: bool
    write: bool
    owner: bool


@dataclass(frozen=True)
class Bucket:
    id: str
    website: bool
    global_aliases: tuple[str, ...]
    local_aliases: tuple[tuple[str, str], ...]
    grants: tuple[Grant, ...]
    quotas: tuple[tuple[str, str], ...]
    objects: int | None
    size: str | None
    unparsed: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """With its secret: nobody prints or returns this but who made the key."""

    id: str
    name: str
    create_buckets: bool
    secret: str | None

    def __repr__(self) -> str:
        return f"Key({self.id})"


@understood("`garage bucket list`")
def buckets(text: str) -> Buckets:
    reader, rows = Reader(text, [re.compile("List of buckets:")]), []
    for line in reader.lines():
        match = _BUCKET_ROW.fullmatch(line)
        if match:
            rows.append(BucketRow(match[2], tuple(match[1].split(",")) if match[1] else ()))
        else:
            reader.unparsed.append(line)
    return Buckets(tuple(rows), reader.done())


@understood("`garage key list`")
def keys(text: str) -> Keys:
    reader, rows = Reader(text, [re.compile("List of keys:")]), []
    for line in reader.lines():
        match = _KEY_ROW.fullmatch(line)
        if match:
            rows.append(KeyRow(match[1], match[2]))
        else:
            reader.unparsed.append(line)
    return Keys(tuple(rows), reader.done())


@understood("`garage bucket info`")
def bucket(text: str) -> Bucket:
    facts, lists, unparsed = _info(text)
    if "Bucket" not in facts or "Website access" not in facts:
        raise UpliftError(f"`garage bucket info` describes no bucket; it said: {text.strip()[:200]!r}.")
    taken = {title: _taken(pattern, lists[title], unparsed) for title, pattern in _LISTED.items()}
    return Bucket(
        id=facts["Bucket"],
        website=facts["Website access"] == "true",
        global_aliases=tuple(sorted(line.strip() for line in lists["Global aliases:"])),
        local_aliases=tuple(sorted((key, alias) for key, alias in taken["Key-specific aliases:"])),
        grants=tuple(
            sorted(
                (Grant(key, r == "R", w == "W", o == "O") for r, w, o, key in taken["Authorized keys:"]),
                key=lambda grant: grant.key,
            )
        ),
        quotas=tuple((name, value) for name, value in taken["Quotas:"]),
        objects=int(facts["Objects"]) if "Objects" in facts else None,
        size=facts.get("Size"),
        unparsed=tuple(unparsed),
    )


@understood("`garage key info`", secret=True)
def key(text: str) -> Key:
    facts = _info(text)[0]
    if "Key ID" not in facts:
        raise UpliftError("`garage key` described no key: a line `Key ID: ...` was wanted and is not there.")
    return Key(
        facts["Key ID"], facts.get("Key name", ""), facts.get("Can create buckets") == "true", facts.get("Secret key")
    )


def _info(text: str) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Facts by name, indented lines by title, and what fits neither."""
    reader, facts, title = Reader(text, _KNOWN), {}, ""
    lists: dict[str, list[str]] = {name: [] for name in _TITLES}
    for line in reader.lines():
        fact = _FACT.fullmatch(line)
        if fact:
            facts[fact[1]] = fact[2]
        elif line in _TITLES:
            title = line
        elif title and line.startswith(" "):
            lists[title].append(line)
        else:
            reader.unparsed.append(line)
    return facts, lists, reader.unparsed


def _taken(pattern: re.Pattern[str], lines: list[str], unparsed: list[str]) -> list[tuple[str, ...]]:
    matches = [(line, pattern.fullmatch(line)) for line in lines]
    unparsed += [line for line, match in matches if not match]
    return [match.groups() for _line, match in matches if match]
