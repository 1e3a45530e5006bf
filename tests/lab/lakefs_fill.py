# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills lakeFS as its customers would have: repositories, branches, tags, commits, and work that is not committed."""

from __future__ import annotations

import contextlib
import hashlib
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.lab import lakefs_manifest as manifest
from tests.lab import s3
from tests.lab.cluster import Cluster
from tests.lab.lakefs import database
from tests.lab.lakefs_api import Api
from tests.lab.proc import LabError, say

REPOSITORIES = ("lake", "models", "empty")
ODD_NAMES = ("with space.txt", "deep/er/and/deeper/x", "plus+and%25.bin", "ünïcödé-ключ", "n" * 300)
SIZES = (0, 1, 70_000, 3_355_443)
PROTECTED = "release-*"


@dataclass(frozen=True)
class Object:
    repository: str
    path: str
    size: int
    seed: int

    @property
    def body(self) -> bytes:
        return random.Random(self.seed).randbytes(self.size)


def objects(count: int) -> list[Object]:
    """Named, sized and seeded by their number alone: the same count is the same content on every installation."""
    special = [("lake", f"size-{size}", size) for size in SIZES] + [("models", name, 60) for name in ODD_NAMES]
    dice = random.Random(count)
    small = [(REPOSITORIES[i % 2], f"many/{i // 50:03}/{i:05}", dice.randrange(3000)) for i in range(count)]
    return [Object(repository, path, size, seed) for seed, (repository, path, size) in enumerate([*special, *small])]


def door(cluster: Cluster) -> Api:
    """Through the proxy, as every customer comes."""
    return Api(database(cluster).address, cluster.product["key"], cluster.product["secret"])


def s3_client(cluster: Cluster, address: str, timeout: float = 30) -> s3.Client:
    return s3.client(cluster, address, cluster.product["key"], cluster.product["secret"], timeout)


@contextlib.contextmanager
def gateway(cluster: Cluster) -> Iterator[s3.Client]:
    client = s3_client(cluster, database(cluster).address)
    try:
        yield client
    finally:
        client.close()


def upload(api: Api, client: s3.Client, things: list[Object], branch: str) -> None:
    """Every second one by the S3 gateway, the others by the API; four at once."""

    def put(thing: Object) -> None:
        if thing.seed % 2:
            client.put_object(Bucket=thing.repository, Key=f"{branch}/{thing.path}", Body=thing.body)
        else:
            api.upload(thing.repository, branch, thing.path, thing.body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, things))


def commit(api: Api, repository: str, branch: str, message: str) -> str:
    body = {"message": message, "metadata": {"lab": "fill"}}
    return str(api.call("POST", f"/repositories/{repository}/branches/{branch}/commits", body)["id"])


def make(api: Api, client: s3.Client, things: list[Object]) -> list[tuple[str, Object]]:
    """The history, and what is left uncommitted. (ref, object) is what a reader has to find in the end."""
    for name in REPOSITORIES:
        body = {"name": name, "storage_namespace": f"local://{name}", "default_branch": "main"}
        api.call("POST", "/repositories", body)
    half = len(things) // 2
    upload(api, client, things[:half], "main")
    first = {name: commit(api, name, "main", "the first half") for name in REPOSITORIES[:2]}
    for name, ref in first.items():
        api.call("POST", f"/repositories/{name}/tags", {"id": "v1", "ref": ref})
        api.call("POST", f"/repositories/{name}/branches", {"name": "dev", "source": "main"})
    upload(api, client, things[half:], "main")
    for name in first:
        commit(api, name, "main", "the second half")
    api.call("PUT", "/repositories/models/settings/branch_protection", [{"pattern": PROTECTED}])
    # Not committed: added and changed on dev of lake, and one deleted on main of models.
    more = [Object("lake", f"draft/{i}", 500 + i, 90_000 + i) for i in range(5)]
    upload(api, client, more, "dev")
    gone = next(thing for thing in things if thing.repository == "models")
    client.delete_object(Bucket="models", Key=f"main/{gone.path}")
    found = [("main", thing) for thing in things if thing is not gone]
    return [*found, *(("v1", thing) for thing in things[:half]), *(("dev", thing) for thing in more)]


def fill(cluster: Cluster, count: int) -> str:
    if (cluster.directory / manifest.FILE).exists():
        held = manifest.load(cluster)
        if held["asked"] != count:
            raise LabError(
                f"cluster {cluster.name} was filled with {held['asked']} objects, expected {count}: make it anew"
            )
        return f"filled already: {manifest.summary(held)}"
    api, begun = door(cluster), time.monotonic()
    if any(info["id"] in REPOSITORIES for info in api.listed("/repositories")):
        raise LabError(f"cluster {cluster.name} has data but no manifest (a filling that was cut off): make it anew")
    things = objects(count)
    say(f"making {len(REPOSITORIES)} repositories: {len(things)} objects, {sum(t.size for t in things) / 1e6:.0f} MB")
    with gateway(cluster) as client:
        placed = make(api, client, things)
    held = {"asked": count, "facts": manifest.facts(api), "objects": [noted(ref, thing) for ref, thing in placed]}
    manifest.save(cluster, held)
    return f"filled in {time.monotonic() - begun:.1f} s: {manifest.summary(held)}"


def noted(ref: str, thing: Object) -> dict[str, Any]:
    digest: Callable[[bytes], str] = lambda body: hashlib.sha256(body).hexdigest()  # noqa: E731
    return {
        "repository": thing.repository, "ref": ref, "path": thing.path, "size": thing.size,
        "sha256": digest(thing.body),
    }  # fmt: skip
