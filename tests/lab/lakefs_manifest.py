# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lakeFS installation holds, as its API tells it, and how that differs from what it held. Pure but for the file.

facts: {"repositories": {name: {namespace, default, branches, tags, commits, uncommitted, protection}}, "users": [...]}
objects: [{"repository": ..., "ref": ..., "path": ..., "size": ..., "sha256": ...}]
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import lakefs_table
from tests.lab.cluster import Cluster
from tests.lab.lakefs_api import Api, quoted
from tests.lab.manifest import FILE, LOAD, load
from tests.lab.proc import LabError

__all__ = ["FILE", "LOAD", "differences", "facts", "load", "save", "summary"]


def save(cluster: Cluster, manifest: dict[str, Any]) -> None:
    clusters.write(cluster.directory / FILE, json.dumps(manifest, indent=1) + "\n")


def release(api: Api) -> dict[str, Any]:
    """What the release that answers has; one without a page that tells it is 0.30.0, or has what that one has."""
    try:
        return lakefs_table.of(api.call("GET", "/config/version")["version"])
    except LabError as error:
        if "HTTP 404" not in str(error):
            raise
        return lakefs_table.of("0.30.0")


def uncommitted(api: Api, where: str, branch: str, head: str) -> list[list[str]]:
    """Without a commit all that is on a branch; newer releases have no page of changes then."""
    if not head:
        return sorted(["added", path] for path in objects(api, f"{where}/refs/{branch}/objects/ls?delimiter="))
    return sorted([one["type"], one["path"]] for one in api.listed(f"{where}/branches/{branch}/diff"))


def objects(api: Api, path: str) -> Iterator[str]:
    """Down into what 0.30 groups whatever it is asked."""
    for one in api.listed(path):
        if one["path_type"] == "object":
            yield one["path"]
        else:
            yield from objects(api, f"{path.partition('&prefix=')[0]}&prefix={quoted(one['path'])}")


def repository(api: Api, info: dict[str, Any], has: dict[str, Any]) -> dict[str, Any]:
    """None for what the release has no page for."""
    where = f"/repositories/{info['id']}"
    branches = {one["id"]: one["commit_id"] for one in api.listed(f"{where}/branches")}
    changes = {name: uncommitted(api, where, name, head) for name, head in branches.items()}
    return {
        "namespace": info["storage_namespace"],
        "default": info["default_branch"],
        "branches": branches,
        "tags": {one["id"]: one["commit_id"] for one in api.listed(f"{where}/tags")} if has["tags"] else None,
        "commits": {
            name: [one["id"] for one in api.listed(f"{where}/refs/{name}/commits")] if head else []
            for name, head in branches.items()
        }
        if has["ref_commits"]
        else None,
        "uncommitted": changes,
        "protection": protection(api, where) if has["branch_protection"] else None,
    }


def protection(api: Api, where: str) -> list[str] | None:
    """None of an emulated release, of which only the empty list was captured."""
    try:
        return sorted(one["pattern"] for one in api.call("GET", f"{where}/branch_protection"))
    except LabError as error:
        if "HTTP 599" not in str(error):
            raise
        return None


def facts(api: Api) -> dict[str, Any]:
    """Without the repository of the lab's own load, which changes all the time."""
    found, has = [info for info in api.listed("/repositories") if info["id"] != LOAD], release(api)
    return {
        "repositories": {info["id"]: repository(api, info, has) for info in found},
        "me": api.call("GET", "/user")["user"]["id"],
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Sentences; empty when the facts are the same."""
    found = []
    old, new = before["repositories"], now["repositories"]
    if lost := sorted(set(old) - set(new)):
        found.append(f"repositories that are gone: {', '.join(lost)}")
    if more := sorted(set(new) - set(old)):
        found.append(f"repositories that were not there before: {', '.join(more)}")
    for name in sorted(set(old) & set(new)):
        for field in sorted(set(old[name]) | set(new[name])):
            was, seen = old[name].get(field), new[name].get(field)
            if was != seen and None not in (was, seen):
                found.append(f"repository {name}: {field} was {was!r}, is {seen!r}")
    return found


def summary(manifest: dict[str, Any]) -> str:
    held = list(manifest["facts"]["repositories"].values())
    counts = {
        "objects": len(manifest["objects"]),
        "repositories": len(held),
        "branches": sum(len(one["branches"]) for one in held),
        "tags": sum(len(one["tags"] or ()) for one in held),
        "commits": len({commit for one in held for line in (one["commits"] or {}).values() for commit in line}),
        "uncommitted changes": sum(len(changes) for one in held for changes in one["uncommitted"].values()),
    }
    return ", ".join(f"{number} {what}" for what, number in counts.items())
