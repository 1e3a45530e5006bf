# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What an installation holds, as clients see it, and whether it is the same afterwards."""

from __future__ import annotations

import hashlib
import itertools
import re
import time
from typing import Any, Dict, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from ansible_collections.uplift.datastores.plugins.module_utils._core import s3_read
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import forms, listing, schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api, part
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http

Row = Mapping[str, Any]
LARGEST = 16 << 20  # bytes of an object that is read to compare it
LOOKED_AT = 100  # objects of a repository, for a small one
Difference = Dict[str, str]
NOTES = ("branch_deleted", "tag_deleted")  # what clients do, and no loss


def take(api: Api, like: Row | None = None, version: str = "") -> dict[str, Any]:
    """Repositories with branches, tags, heads and uncommitted changes; users; one object of each repository."""
    earlier, release = (like or {}).get("repositories", {}), listing.release(api, version)
    rows = api.rows("Listing the repositories", "/repositories")
    return {
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "repositories": {row["id"]: _repository(api, release, row, earlier.get(row["id"], {})) for row in rows},
        "users": _users(api),
    }


def uncommitted(api: Api) -> tuple[list[dict[str, Any]], list[str]]:
    """Every branch with changes that are not committed, and how many there are; and the branches without a commit."""
    found, empty = [], []
    for row in api.rows("Listing the repositories", "/repositories"):
        for branch, head in listing.branches(api, row["id"]).items():
            count = listing.changes(api, row["id"], branch, head)
            if count:
                found.append({"repository": row["id"], "branch": branch, "changes": count})
            if not head:
                empty.append(f"{row['id']}/{branch}")
    return found, empty


def commit(api: Api, where: Sequence[Row], message: str) -> list[dict[str, str]]:
    """Commit what is uncommitted; the ids of the commits."""
    made = []
    for one in where:
        path = f"/repositories/{part(one['repository'])}/branches/{part(one['branch'])}/commits"
        what = f"Committing {one['changes']} changes of {one['repository']}/{one['branch']}"
        reply = http.demand(api.post(path, {"message": message}), what)
        made.append({"repository": one["repository"], "branch": one["branch"], "commit": _id(reply.body)})
    return made


def _id(body: str) -> str:
    found = http.loads(body)
    return str(found.get("id", ""))


def _repository(api: Api, release: forms.Release, row: Row, earlier: Row) -> dict[str, Any]:
    name = row["id"]
    path = f"/repositories/{part(name)}"
    branches = listing.branches(api, name)
    tags = listing.tags(api, release, name)
    counts = {branch: listing.changes(api, name, branch, head) for branch, head in branches.items()}
    return {
        "namespace": row["storage_namespace"],
        "default_branch": row["default_branch"],
        "branches": branches,
        "uncommitted": {branch: count for branch, count in counts.items() if count},
        "tags": tags,
        "lost_heads": _lost(api, path, branches, earlier.get("branches", {})),
        "lost_tags": _lost(api, path, tags, earlier.get("tags", {})),
        "object": _object(api, name, branches.get(row["default_branch"], ""), earlier.get("object")),
    }


def _lost(api: Api, path: str, now: Mapping[str, str], earlier: Mapping[str, str]) -> list[str]:
    """Names that are gone or have moved on, of which the earlier commit is not even a commit any more."""
    moved = [(name, commit_id) for name, commit_id in earlier.items() if commit_id and now.get(name) != commit_id]
    return sorted(name for name, commit_id in moved if not _there(api, f"{path}/commits/{part(commit_id)}", commit_id))


def _there(api: Api, path: str, commit_id: str) -> bool:
    """An answer that says neither yes nor no is no proof of a loss, and none of its being there."""
    reply = api.get(path)
    if http.is_missing(reply):
        return False
    http.demand(reply, f"Looking for the commit {commit_id}")
    return True


def _object(api: Api, repository: str, head: str, earlier: Row | None) -> dict[str, Any]:
    """The first object of the default branch's head, or the one that was read before, by its content.

    By the commit: what is on a branch, a client may change between two looks.
    """
    what = f"Reading an object of {repository}"
    path = f"/repositories/{part(repository)}/refs/{{}}/objects"
    ref, name = (earlier.get("ref") or head, earlier.get("path", "")) if earlier else (head, "")
    if not ref:
        return {}
    if not name:
        rows = itertools.islice(listing.objects(api, repository, ref), LOOKED_AT)
        name = next((row["path"] for row in rows if row["size_bytes"] <= LARGEST), "")
        if not name:
            return {}
    reply = api.get(path.format(part(ref)), path=name)
    if reply.status == 404 and ref != head:  # 0.30 gives commits new ids
        ref, reply = head, api.get(path.format(part(head)), path=name)
    body = http.demand(reply, f"{what}, {name}").body
    return {"path": name, "ref": ref, "sha256": sha256(body.encode("utf-8", "surrogateescape"))}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _users(api: Api) -> list[str]:
    """Releases with one user only, or with users kept elsewhere, have no such list."""
    reply = api.get("/auth/users", amount=1000)
    if reply.status in (401, 403, 404, 501):
        return []
    return sorted(str(row["id"]) for row in http.page(reply, "Listing the users").results)


def compare(before: Row, after: Row, ids_change: bool = False, live: bool = True) -> list[Difference]:
    """What is lost or other than before. `ids_change`: the hop gives commits new ids (0.30). `live`: clients worked all
    the time in between, and may have taken back uncommitted changes of theirs, or deleted a branch: its commit is still
    there then. Those keys are in NOTES.
    """
    if not before:
        raise UpliftError("There is no inventory of before; whether anything is lost is unknown.")
    found: list[Difference] = []
    for name, was in before["repositories"].items():
        now = after["repositories"].get(name)
        found += list(_compared(name, was, now, ids_change, live)) if now else [_gone("repository", name)]
    return found


def _compared(name: str, was: Row, now: Row, ids_change: bool, live: bool) -> Iterator[Difference]:
    for branch, head in was["branches"].items():
        if branch not in now["branches"] and live and not ids_change and branch not in now["lost_heads"]:
            yield _difference("branch_deleted", f"A client deleted the branch {name}/{branch}; its commit is there")
        elif branch not in now["branches"]:
            yield _gone("branch", f"{name}/{branch}")
        elif not ids_change and branch in now["lost_heads"]:
            yield _difference("head_gone", f"{name}/{branch} had the head {head}, and that commit is gone")
    for tag, commit_id in was["tags"].items():
        theirs = live and not ids_change and tag not in now["lost_tags"]
        if theirs and now["tags"].get(tag) != commit_id:
            yield _difference("tag_deleted", f"A client deleted or replaced the tag {name}/{tag}; its commit is there")
        elif tag not in now["tags"]:
            yield _gone("tag", f"{name}/{tag}")
        elif not ids_change and now["tags"][tag] != commit_id:
            yield _difference("tag_changed", f"{name}/{tag} named {commit_id} and names {now['tags'][tag]}")
    if not live and not ids_change:
        yield from _uncommitted(name, was, now)
    if was["object"] and was["object"]["sha256"] != now["object"].get("sha256"):
        yield _difference("object_changed", f"{name}: the object {was['object']['path']} does not read as before")


def _uncommitted(name: str, was: Row, now: Row) -> Iterator[Difference]:
    """Fewer under the head that was there: nobody has committed them. More are a client's, from before the stop."""
    for branch, count in was["uncommitted"].items():
        left = now["uncommitted"].get(branch, 0)
        if left < count and now["branches"].get(branch) == was["branches"].get(branch):
            saw = f"{name}/{branch} had {count} uncommitted changes and has {left}, under the same head"
            yield _difference("uncommitted_changed", saw)


def _gone(what: str, name: str) -> Difference:
    return _difference(f"{what}_gone", f"The {what} {name} is gone")


def _difference(key: str, sentence: str) -> Difference:
    return {"key": key, "sentence": f"{sentence}."}


def commit_all(params: Row, check: bool) -> dict[str, Any]:
    """What `lakefs_commit` does."""
    if not params["access_key_id"] or not params["url"]:
        nothing: dict[str, Any] = {"uncommitted": [], "without_commit": [], "namespaces": {}, "commits": []}
        return {"changed": False, "asked": False, "groups": [], "policies": [], "access_problem": "", **nothing}
    api = Api(params["url"], params["access_key_id"], params["secret_access_key"])
    rows = api.rows("Listing the repositories", "/repositories")
    namespaces = {row["id"]: row["storage_namespace"] for row in rows}
    where, empty = uncommitted(api)
    made = [] if check else commit(api, where, params["text"])
    told = {"asked": True, "uncommitted": where, "without_commit": empty, "namespaces": namespaces, "commits": made}
    return {
        "changed": bool(where),
        **told,
        **listing.access(api, listing.release(api, params["version"])),
    }


def gateway_host(url: str, domain: str, version: forms.Release) -> str:
    """The host name that the S3 gateway is asked under: up to 0.47 it answers to its own alone, and below it (L35)."""
    netloc = urlsplit(url).netloc
    name = netloc.rpartition("@")[2].partition(":")[0]
    own = not domain or name == domain or name.endswith(f".{domain}")
    return netloc if own or forms.form(version, "other_host") == forms.SIGNED else domain


def _other_bytes(seen: bytes, path: str, url: str, host: str) -> str:
    if re.match(rb"\s*<(!doctype html|html)\b", seen, re.I):
        return (
            f"{url} answers with a web page where {path} was asked of the S3 gateway as {host}. Expected the object: up"
            " to 0.47 lakeFS tells the gateway by its host name alone. Say where it is (lakefs_s3_url), or correct"
            " gateways.s3.domain_name."
        )
    return f"The S3 gateway does not give {path} as the API does; expected the same bytes."


def run(params: Row) -> dict[str, Any]:
    """What `lakefs_inventory` does."""
    key, secret = params["access_key_id"], params["secret_access_key"]
    api = Api(params["url"], key, secret)
    version = listing.release(api, params["version"])
    found = take(api, params["before"], params["version"])
    url = params["s3_url"] or params["url"]
    host = gateway_host(url, params["s3_host"], version)
    for name, repository in found["repositories"].items():
        if repository["object"]:
            path = f"/{name}/{repository['object']['ref']}/{repository['object']['path']}"
            seen = s3_read.get(url, path, key, secret, host=host)
            if sha256(seen) != repository["object"]["sha256"]:
                raise UpliftError(_other_bytes(seen, path, url, host))
    ids_change = params["era"] == schema.MVCC
    ended = compare(params["before"], found, ids_change, params["live"]) if params["before"] else []
    notes = [one for one in ended if one["key"] in NOTES]
    return {
        "changed": False,
        "inventory": found,
        "differences": [one for one in ended if one not in notes],
        "notes": notes,
    }
