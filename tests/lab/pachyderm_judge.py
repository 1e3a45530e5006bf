# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of Pachyderm: looks from outside, by the host's own pachctl, and reads the files of every head."""

from __future__ import annotations

import json
from typing import Any

from tests.lab import hosts
from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_manifest as manifest
from tests.lab.cluster import Cluster
from tests.lab.pachyderm import base, client, configuration, server
from tests.lab.pachyderm_fill import facts
from tests.lab.proc import run, say

# Runs on the host: what each command printed, as size and SHA-256, or what it said instead.
READER = """
import hashlib, json, subprocess, sys
from concurrent.futures import ThreadPoolExecutor

def read(argv):
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return [-1, "", "no answer within 60 s"]
    if done.returncode:
        return [-1, "", done.stderr.decode(errors="replace").strip()[-200:]]
    return [len(done.stdout), hashlib.sha256(done.stdout).hexdigest(), ""]

with ThreadPoolExecutor(4) as pool:
    json.dump(list(pool.map(read, json.load(sys.stdin))), sys.stdout)
"""


def summary(cluster: Cluster) -> str:
    return manifest.summary(manifest.load(cluster))


def check_files(cluster: Cluster, version: str, held: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """By the commit that the branch showed; of repos that people load, by the branch's name as well."""
    files = [one for one in held["files"] if "/many/" not in one["path"]]
    # One process reads one file: of the many, each tenth.
    files += [one for one in held["files"] if "/many/" in one["path"]][::10]
    jobs = [(one, one["commit"]) for one in files]
    jobs += [(one, one["branch"]) for one in files[::10] if not now["repos"][one["repo"]]["output"]]
    asked = [
        [
            *base(cluster, version),
            *forms.words(version, "get", "file", *forms.place(version, one["repo"], at, one["path"])),
        ]
        for one, at in jobs
    ]
    argv = ["docker", "exec", "-i", cluster.hosts[0].container, "python3", "-I", "-c", READER]
    answers = json.loads(run(argv, stdin=json.dumps(asked), timeout=600).stdout)
    found = []
    for (want, at), (size, digest, said) in zip(jobs, answers, strict=True):
        where = f"{want['repo']}@{at}:{want['path']}"
        if said:
            found.append(f"{where}: {said}")
        elif digest != want["sha256"]:
            found.append(f"{where}: {size} bytes with another SHA-256 than before (then {want['size']} bytes)")
    return found


def check_release(cluster: Cluster, version: str, release: str) -> list[str]:
    expected = forms.calls_itself(release)
    seen = {"pachctl": version, "pachd": server(cluster)}
    return [
        f"{name} says it is {one or 'nothing'}, expected {expected}" for name, one in seen.items() if one != expected
    ]


def verify(cluster: Cluster, release: str = "") -> list[str]:
    """All differences, as sentences. A server that does not answer is one of them, and not one for each file."""
    held, version = manifest.load(cluster), client(cluster.hosts[0])
    found = check_release(cluster, version, release) if release else []
    if not server(cluster):
        return [*found, f"{cluster.hosts[0].name}: pachd does not answer on port {cluster.product['port']}"]
    hosts.must(cluster.hosts[0], [], files=configuration(cluster, version))
    say("comparing repos, branches, commits and pipelines")
    now = facts(cluster, version)
    expected = manifest.expected(held["facts"], held.get("odd", {}), forms.series(version))
    found += manifest.differences(expected, now)
    say(f"reading {len(held['files'])} files")
    there = {**held, "files": [one for one in held["files"] if one["repo"] in now["repos"]]}
    return found + check_files(cluster, version, there, now)
