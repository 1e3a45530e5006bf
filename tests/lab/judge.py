# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge: looks at a cluster from outside, by S3, by HTTP and by Garage's own command line, and compares."""

from __future__ import annotations

import hashlib
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import Any

from tests.lab import garage_text, hosts, manifest, s3
from tests.lab.cluster import Cluster
from tests.lab.garage import cli, words_of
from tests.lab.hosts import Host
from tests.lab.proc import at_once, run, say

Opened = dict[tuple[str, str], s3.Client]


def facts(cluster: Cluster) -> dict[str, Any]:
    """Buckets and keys as the first node's command line tells them, without those of the lab's own load."""
    first, base = cluster.hosts[0], cli(cluster)
    words = words_of(cluster, first)
    buckets, keys = hosts.must(first, [[*base, *words.buckets], [*base, *words.keys]])
    questions = [[*base, *words.bucket(one)] for one in garage_text.bucket_ids(buckets)]
    infos = [garage_text.bucket(text) for text in hosts.must(first, questions)]
    local = garage_text.local_aliases(buckets)
    infos = [(name, {**info, "local": local.get(name, info["local"])}) for name, info in infos]
    questions = [[*base, *words.key(one)] for one in garage_text.key_ids(keys)]
    held = [garage_text.key(text) for text in hosts.must(first, questions)]
    return {
        "buckets": {name: info for name, info in infos if manifest.LOAD not in info["global"]},
        "keys": {name: info for name, info in held if info["name"] != manifest.LOAD},
    }


def check_objects(cluster: Cluster, held: dict[str, Any], opened: Opened) -> list[str]:
    """Each object from one node, the nodes taken in turn; each hundredth from all nodes."""

    def read(job: tuple[Host, dict[str, Any]]) -> str:
        host, want = job
        key, bucket = held["doors"][want["bucket"]]
        where = f"{bucket}/{want['key']} by {host.name}"
        try:
            answer = opened[host.name, key].get_object(Bucket=bucket, Key=want["key"])
            body = answer["Body"].read()
        except Exception as error:  # whatever the client raises, the object was not served
            return f"{where}: {error}"
        if hashlib.sha256(body).hexdigest() != want["sha256"]:
            return f"{where}: {len(body)} bytes with another SHA-256 than before (then {want['size']} bytes)"
        return (
            ""
            if answer["ContentType"] == want["type"]
            else f"{where}: type {answer['ContentType']}, was {want['type']}"
        )

    nodes = cluster.hosts
    jobs = [(nodes[i % len(nodes)], want) for i, want in enumerate(held["objects"])]
    jobs += [(host, want) for want in held["objects"][::100] for host in nodes]
    with ThreadPoolExecutor(8) as pool:
        return [answer for answer in pool.map(read, jobs) if answer]


def check_listings(held: dict[str, Any], opened: Opened, host: Host) -> list[str]:
    found = []
    for bucket, (key, name) in held["doors"].items():
        want = {one["key"]: one["size"] for one in held["objects"] if one["bucket"] == bucket}
        pages = opened[host.name, key].get_paginator("list_objects_v2").paginate(Bucket=name)
        try:
            seen = {one["Key"]: one["Size"] for page in pages for one in page.get("Contents", [])}
        except Exception as error:  # as above
            found.append(f"{host.name} cannot list {name}: {error}")
            continue
        found += manifest.listing_differences(f"{host.name}, bucket {name}:", want, seen)
    return found


def check_website(cluster: Cluster, held: dict[str, Any], host: Host) -> list[str]:
    """The site is served by every node, and a bucket that is none is not."""
    want = next(
        one["sha256"] for one in held["objects"] if one["bucket"] == held["site"] and one["key"] == "index.html"
    )
    found = []
    for info in held["facts"]["buckets"].values():
        for name in info["global"]:
            status, body = s3.page(cluster, host.address, name, "")
            if info["website"] and hashlib.sha256(body).hexdigest() != want:
                found.append(f"website {name} by {host.name}: HTTP {status}, {len(body)} bytes, not the page it had")
            if not info["website"] and status != 404:
                found.append(f"bucket {name} by {host.name}: HTTP {status} on the web port, expected 404 (no website)")
    return found


def check_refusals(held: dict[str, Any], opened: Opened, host: Host) -> list[str]:
    """A reader must not be able to write. Tried with the deletion of nothing, so that a failure harms nobody."""
    found = []
    for info in held["facts"]["buckets"].values():
        for key, given in info["keys"].items():
            name = info["global"][0] if info["global"] else info["local"][0][1]
            try:
                opened[host.name, key].delete_object(Bucket=name, Key="judge/never-there")
                code = 204
            except Exception as error:  # as above
                code = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            # 0.7 answers 404 for the deletion of what is not there.
            if (code == 403) is ("W" in given) or code not in (204, 403, 404):
                found.append(f"{host.name}: key {key} with {given} on {name}: a deletion gives HTTP {code}")
    return found


def running_release(cluster: Cluster, host: Host) -> str:
    """What the running process itself is, whatever the disk says by now."""
    kind, _colon, name = cluster.variables.get(host.name, {}).get("garage_unit", "").partition(":")
    inside = {"docker": ["docker", "exec", name], "kubernetes": ["docker", "exec", host.container]}.get(kind)
    if inside:
        program = cluster.product["binary"] if kind == "kubernetes" else "/garage"
        answer = run([*inside, program, "--version"], check=False)
        found = re.search(r"(\d+\.\d+\.\d+)", answer.stdout)
        return found.group(1) if found else f"nothing ({answer.stderr.strip()[:100]})"
    pid = hosts.must(host, [["systemctl", "show", "-p", "MainPID", "--value", cluster.service]])[0].strip()
    answer = run(["docker", "exec", host.container, f"/proc/{pid}/exe", "--version"], check=False)
    found = re.search(r"(\d+\.\d+\.\d+)", answer.stdout)
    return found.group(1) if found else f"nothing (main pid {pid}, {answer.stderr.strip()[:100]})"


def check_release(cluster: Cluster, release: str) -> list[str]:
    seen = at_once(lambda host: (host.name, running_release(cluster, host)), cluster.hosts)
    return [f"{name} runs {version}, expected {release}" for name, version in seen if version != release]


def closed(cluster: Cluster, host: Host) -> str:
    try:
        socket.create_connection((host.address, cluster.product["ports"]["s3"]), timeout=5).close()
    except OSError as error:
        return f"{host.name} takes no S3 connections: {error}"
    return ""


def verify(whole: Cluster, release: str = "") -> list[str]:
    """All differences, as sentences. A node that does not answer is one of them, and not one for each object."""
    held = manifest.load(whole)
    if words_of(whole, whole.hosts[0]).aliases:
        held = manifest.migrated(held)
    found = check_release(whole, release) if release else []
    silent = {host.name: text for host in whole.hosts if (text := closed(whole, host))}
    found += silent.values()
    cluster = replace(whole, hosts=tuple(host for host in whole.hosts if host.name not in silent))
    if not cluster.hosts:
        return found
    say("comparing buckets, aliases, permissions and keys")
    found += manifest.differences(held["facts"], facts(cluster))
    say(f"reading {len(held['objects'])} objects through {len(cluster.hosts)} nodes")
    with s3.clients(cluster, {key: info["secret"] for key, info in held["facts"]["keys"].items()}) as opened:
        found += check_objects(cluster, held, opened)
        found += chain.from_iterable(at_once(lambda h: check_listings(held, opened, h), cluster.hosts, 4))
        found += check_refusals(held, opened, cluster.hosts[-1])
    found += chain.from_iterable(at_once(lambda h: check_website(cluster, held, h), cluster.hosts, 4))
    return found
