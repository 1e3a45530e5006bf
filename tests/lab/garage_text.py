# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Garage's command line prints, from 0.5 to 2.x: three forms of the same facts. Pure."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from typing import Any

from tests.lab.proc import LabError

Facts = tuple[str, dict[str, Any]]


def healthy(status: str, with_role: bool) -> set[str]:
    """Ids (16 hex digits) under HEALTHY NODES; `with_role`: only those that the layout has given a zone."""
    found, inside = set(), False
    for line in status.splitlines():
        if line.startswith("===="):
            inside = "HEALTHY" in line
        columns = re.split(r"\s{2,}", line.strip())
        if inside and re.fullmatch(r"[0-9a-f]{16}…?", columns[0]):
            with_one = "NO ROLE" not in line and "pending" not in line
            found |= {columns[0][:16]} if with_one or not with_role else set()
    return found


def sections(text: str) -> dict[str, list[str]]:
    """Headings are lines that end in a colon; what follows is theirs, up to the next one. `Name: value` is one too."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in text.splitlines():
        if match := re.fullmatch(r"([^-\s][^:]*):\s*(.*)", line):
            heading = match.group(1)
            found[heading] = [match.group(2)] if match.group(2) else []
        elif line.strip() and heading:
            found[heading].append(line.strip())
    return found


def expected(found: dict[str, list[str]], heading: str, text: str) -> list[str]:
    if heading not in found:
        raise LabError(f"`{heading}:` is missing in what garage printed: {text.strip()[:400]!r}")
    return found[heading]


def is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[")


def bucket(text: str) -> Facts:
    """`bucket info` -> id and {global, local, website, keys}."""
    if is_json(text):
        return json_bucket(json.loads(text))
    found = sections(text)
    if "Bucket name" in found:
        return first_bucket(found, text)
    local = [line.split() for line in expected(found, "Key-specific aliases", text)]
    return expected(found, "Bucket", text)[0], {
        "global": sorted(expected(found, "Global aliases", text)),
        # The key's name, in brackets between the two, may hold spaces; a local alias may not.
        "local": sorted([words[0], words[-1]] for words in local),
        "website": expected(found, "Website access", text) == ["true"],
        "keys": permissions(expected(found, "Authorized keys", text)),
    }


def json_bucket(found: dict[str, Any]) -> Facts:
    """2.x. It leaves out the local aliases of keys that may do nothing: `local_aliases` has them."""
    rights = {one["accessKeyId"]: one["permissions"] for one in found["keys"]}
    return found["id"], {
        "global": sorted(found["globalAliases"]),
        "local": [],
        "website": found["websiteAccess"],
        "keys": {
            key: given
            for key, may in rights.items()
            if (given := "".join(x[0].upper() for x in ("read", "write", "owner") if may[x]))
        },
    }


def first_bucket(found: dict[str, list[str]], text: str) -> Facts:
    """0.5: a name is all that a bucket has; its id is the one that `migrate buckets050` will give it."""
    name = expected(found, "Bucket name", text)[0]
    keys = {}
    for line in expected(found, "Authorized keys", text):
        match = re.fullmatch(r"- (GK[0-9a-f]{24}) R:(true|false) W:(true|false)", line)
        if not match:
            raise LabError(f"no rule reads this line under `Authorized keys`: {line!r}")
        if given := "".join(x for x, may in zip("RW", match.groups()[1:], strict=True) if may == "true"):
            keys[match.group(1)] = given
    website = expected(found, "Website access", text) == ["true"]
    return first_id(name), {"global": [name], "local": [], "website": website, "keys": keys}


def first_id(name: str) -> str:
    """0.6 makes a bucket's id out of the name it had."""
    return hashlib.blake2b(name.encode()).hexdigest()[:64]


def migrated_name(name: str) -> str:
    """What becomes of a name of 0.5: one that S3 does not allow is replaced (G14)."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        ends = name.startswith("xn--") or name.endswith("-s3alias")
        if re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) and not ends:
            return name
    return first_id(name)[:32]


def permissions(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        match = re.match(r"([RWO]*)\s*(GK[0-9a-f]{24})\b", line)
        if not match:
            raise LabError(f"no rule reads this line under `Authorized keys`: {line!r}")
        found[match.group(2)] = match.group(1)
    return found


def key(text: str) -> Facts:
    """What tells of a key, new or old -> id and {name, create, secret}. In 0.5 no key could make buckets."""
    if is_json(text):
        one = json.loads(text)
        facts = {"create": one["permissions"]["createBucket"], "secret": one["secretAccessKey"]}
        return one["accessKeyId"], {"name": one["name"], **facts}
    found = sections(text)
    return expected(found, "Key ID", text)[0], {
        "name": " ".join(expected(found, "Key name", text)),
        "create": found.get("Can create buckets") == ["true"],
        "secret": expected(found, "Secret key", text)[0],
    }


def made_key(text: str) -> str:
    """The id in what any release says of one key."""
    found = re.search(r"\bGK[0-9a-f]{24}\b", text)
    if not found:
        raise LabError(f"no key stands in what garage printed: {text.strip()[:200]!r}")
    return found.group()


def bucket_ids(text: str) -> list[str]:
    """By what each bucket of a list is asked for: its id, or in 0.5 its name."""
    if is_json(text):
        return [one["id"] for one in json.loads(text)]
    ids = re.findall(r"\b([0-9a-f]{64})$", text, re.MULTILINE)
    return ids or [line.strip() for line in text.splitlines() if line.strip() and not line.endswith(":")]


def local_aliases(text: str) -> dict[str, list[list[str]]]:
    """Of a list that tells them (2.x): id -> [key, alias]."""
    rows = json.loads(text) if is_json(text) else []
    return {one["id"]: sorted([x["accessKeyId"], x["alias"]] for x in one["localAliases"]) for one in rows}


def key_ids(text: str) -> list[str]:
    if is_json(text):
        return [one["id"] for one in json.loads(text)]
    return re.findall(r"^\s*(GK[0-9a-f]{24})\b", text, re.MULTILINE)
