# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster held when it was filled, and how that differs from what is seen now. Pure but for the file.

facts:   {"buckets": {id: {global, local, website, keys}}, "keys": {id: {name, create, secret}}}
         (of 0.5: the id that the migration will give it)
objects: [{"bucket": id, "key": ..., "size": ..., "sha256": ..., "type": ...}]
doors:   {bucket id: [key id, name]}: by which key and name the bucket is entered
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.lab import cluster as clusters
from tests.lab.cluster import Cluster
from tests.lab.garage_text import migrated_name
from tests.lab.proc import LabError

FILE = "manifest.json"
# The background load's own bucket and key: it may run before, during and after a filling.
LOAD = "lab-load"


def save(cluster: Cluster, manifest: dict[str, Any]) -> None:
    clusters.write(cluster.directory / FILE, json.dumps(manifest, indent=1) + "\n")


def load(cluster: Cluster) -> dict[str, Any]:
    path = cluster.directory / FILE
    if not path.exists():
        raise LabError(f"cluster {cluster.name} has no {FILE}: fill it first with `lab fill --name {cluster.name}`")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def migrated(manifest: dict[str, Any]) -> dict[str, Any]:
    """The same as 0.6 and later know it: names that S3 does not allow are other ones since 0.5 (G14)."""
    buckets = {
        one: {**held, "global": sorted(map(migrated_name, held["global"]))}
        for one, held in manifest["facts"]["buckets"].items()
    }
    local = {alias for held in buckets.values() for _key, alias in held["local"]}
    doors = {
        one: [key, name if name in local else migrated_name(name)] for one, (key, name) in manifest["doors"].items()
    }
    return {**manifest, "facts": {**manifest["facts"], "buckets": buckets}, "doors": doors}


def names(ids: set[str], known: dict[str, Any]) -> str:
    def one(name: str) -> str:
        held = known[name]
        return " ".join(filter(None, [held.get("name") or ",".join(held.get("global", [])), name[:18]]))

    return ", ".join(one(name) for name in sorted(ids))


def differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Sentences; empty when the facts are the same."""
    found = []
    for kind in ("buckets", "keys"):
        old, new = before[kind], now[kind]
        if lost := set(old) - set(new):
            found.append(f"{kind} that are gone: {names(lost, old)}")
        if more := set(new) - set(old):
            found.append(f"{kind} that were not there before: {names(more, new)}")
        for name in sorted(set(old) & set(new)):
            for field in sorted(set(old[name]) | set(new[name])):
                was, seen = old[name].get(field), new[name].get(field)
                if was != seen and field == "secret":
                    found.append(f"{kind[:-1]} {names({name}, old)}: its secret is another one than before")
                elif was != seen:
                    found.append(f"{kind[:-1]} {names({name}, old)}: {field} was {was!r}, is {seen!r}")
    return found


def listing_differences(where: str, want: dict[str, int], seen: dict[str, int]) -> list[str]:
    """key -> size in one bucket as one node lists it."""
    counts = Counter[str]()
    example: dict[str, str] = {}
    for key in want.keys() | seen.keys():
        if want.get(key) == seen.get(key):
            continue
        kind = "missing" if key not in seen else "not there before" if key not in want else "of another size"
        counts[kind] += 1
        example.setdefault(kind, key)
    return [f"{where} lists {n} objects {kind}, such as {example[kind]!r}" for kind, n in sorted(counts.items())]


def summary(manifest: dict[str, Any]) -> str:
    buckets, keys = manifest["facts"]["buckets"], manifest["facts"]["keys"]
    aliases = sum(len(b["global"]) + len(b["local"]) for b in buckets.values())
    return f"{len(manifest['objects'])} objects, {len(buckets)} buckets, {aliases} aliases, {len(keys)} keys"
