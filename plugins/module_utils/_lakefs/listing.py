# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Lists of a lakeFS of any release: what it lacks, and how it groups, is in `forms`."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api, part
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import ApiError

Row = Mapping[str, Any]


def release(api: Api, told: str) -> forms.Release:
    """The release that answers: as the caller knows it, or as the server says; one that says nothing is the newest."""
    said = told or http.version(api.get("/config/version"))
    return core_version.parse(said) if said else forms.NEWEST


def tags(api: Api, version: forms.Release, repository: str) -> dict[str, str]:
    """Name -> commit; none where the release has no tags (L32)."""
    if not forms.form(version, "tags"):
        return {}
    rows = api.rows(f"Listing the tags of {repository}", f"/repositories/{part(repository)}/tags")
    return {one["id"]: one["commit_id"] for one in rows}


def branches(api: Api, repository: str) -> dict[str, str]:
    """Name -> head, "" without a commit. 0.30 tells of a repository that is gone as of one without branches."""
    path = f"/repositories/{part(repository)}"
    rows = api.rows(f"Listing the branches of {repository}", f"{path}/branches")
    found = {str(one["id"]): str(one.get("commit_id") or "") for one in rows}
    if not found:
        http.demand(api.get(path), f"Looking at the repository {repository}")
    return found


def objects(api: Api, repository: str, ref: str, prefix: str = "") -> Iterator[Row]:
    """Every object of a ref, down into the groups by "/" that some releases make of them (L33)."""
    path = f"/repositories/{part(repository)}/refs/{part(ref)}/objects/ls"
    for row in api.rows(f"Listing the objects of {repository}/{ref}", path, prefix=prefix or None, delimiter=""):
        if row.get("path_type", "object") == "object":
            yield row
        else:
            yield from objects(api, repository, ref, str(row["path"]))


def changes(api: Api, repository: str, branch: str, head: str) -> int:
    """How many uncommitted changes a branch has. Without a commit all that it holds is one: newer releases have no
    page of changes then (L36).
    """
    if not head:
        return sum(1 for _row in objects(api, repository, branch))
    path = f"/repositories/{part(repository)}/branches/{part(branch)}/diff"
    return sum(1 for _row in api.rows(f"Looking for uncommitted changes in {repository}/{branch}", path))


def access(api: Api, version: forms.Release) -> dict[str, Any]:
    """The names of groups and policies; none where the release keeps none (L37), and why they are unknown."""
    found: dict[str, Any] = {"groups": [], "policies": [], "access_problem": ""}
    if forms.form(version, "groups"):
        try:
            for kind in ("groups", "policies"):
                found[kind] = sorted(str(row["id"]) for row in api.rows(f"Listing the {kind}", f"/auth/{kind}"))
        except ApiError as exc:
            found["access_problem"] = str(exc)
    return found
