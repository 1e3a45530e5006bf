# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of lakeFS: looks from outside, by the API and the S3 gateway of each instance and of the proxy."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import Any

from tests.lab import lakefs_manifest as manifest
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.lakefs import database, instances
from tests.lab.lakefs_api import Api, silence
from tests.lab.lakefs_fill import door, s3_client
from tests.lab.proc import LabError, say


def summary(cluster: Cluster) -> str:
    return manifest.summary(manifest.load(cluster))


def runs(api: Api, host: Host) -> str:
    """What the process that answers there says it is."""
    return str(replace(api, address=host.address).call("GET", "/config/version")["version"])


def check_objects(cluster: Cluster, api: Api, places: list[Host], held: dict[str, Any]) -> list[str]:
    """Each object once, by API and gateway in turn, the places taken in turn."""
    clients = {host.name: s3_client(cluster, host.address) for host in places}

    def read(numbered: tuple[int, dict[str, Any]]) -> str:
        number, want = numbered
        host = places[number % len(places)]
        repository, ref, path = want["repository"], want["ref"], want["path"]
        by_api = number // len(places) % 2 == 0
        where = f"{repository}/{ref}/{path} by {'API' if by_api else 'S3'} of {host.name}"
        try:
            if by_api:
                body = replace(api, address=host.address).object(repository, ref, path)
            else:
                body = clients[host.name].get_object(Bucket=repository, Key=f"{ref}/{path}")["Body"].read()
        except Exception as error:  # whatever the client raises, the object was not served
            return f"{where}: {error}"
        if hashlib.sha256(body).hexdigest() != want["sha256"]:
            return f"{where}: {len(body)} bytes with another SHA-256 than before (then {want['size']} bytes)"
        return ""

    try:
        with ThreadPoolExecutor(8) as pool:
            return [answer for answer in pool.map(read, enumerate(held["objects"])) if answer]
    finally:
        for client in clients.values():
            client.close()


def verify(cluster: Cluster, release: str = "") -> list[str]:
    """All differences, as sentences. A place that does not answer is one of them, and not one for each object."""
    held, api = manifest.load(cluster), door(cluster)
    everywhere = (*instances(cluster), database(cluster))
    silent = {host.name: text for host in everywhere if (text := silence(host.address))}
    found = [f"{name} does not answer: {text}" for name, text in silent.items()]
    places = [host for host in everywhere if host.name not in silent]
    if not places:
        return found
    if release:
        seen = {host.name: runs(api, host) for host in places}
        found += [f"{name} runs {version}, expected {release}" for name, version in seen.items() if version != release]
    say("comparing repositories, branches, tags, commits and uncommitted changes")
    found += chain.from_iterable(compared(replace(api, address=host.address), held) for host in places[-2:])
    say(f"reading {len(held['objects'])} objects through {len(places)} addresses")
    return found + check_objects(cluster, api, places, held)


def compared(api: Api, held: dict[str, Any]) -> list[str]:
    try:
        return manifest.differences(held["facts"], manifest.facts(api))
    except LabError as error:
        return [str(error)]
