# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the file in which an operation remembers itself, from outside, and tells when a step of it begins."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import run

# Runs on the host until the step has begun anew, or its stdin is closed: `docker exec` ends no process by itself.
WATCHER = """
import json, os, select, sys
path, expected = sys.argv[1], set(sys.argv[2:])

def look():
    try:
        with open(path) as handle:
            steps = json.load(handle)["steps"]
    except (OSError, ValueError, KeyError):
        return {}
    return {key: steps[key]["started"] for key in expected & steps.keys()}

def mark():
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_ino, info.st_mtime_ns

seen, before = mark(), look()
print("ready", flush=True)
while not select.select([0], [], [], 0.02)[0]:
    now = mark()
    if now == seen:
        continue
    seen, steps = now, look()
    begun = [key for key in steps if steps[key] != before.get(key)]
    if begun:
        print(begun[0], flush=True)
        break
    before = steps
"""


UNITS = {"garage": "garage.service", "lakefs": "lakefs.service", "pachyderm": "pachd.service"}


def path(cluster: Cluster, host: Host) -> str:
    return f"/var/lib/uplift/{cluster.group}/{named(cluster, host)}/record.json"


def named(cluster: Cluster, host: Host) -> str:
    """What is kept of a unit lies in a directory of this name."""
    set_ = {**cluster.product.get("variables", {}), **cluster.variables.get(host.name, {})}
    kind, _colon, name = str(set_.get(f"{cluster.group}_unit", UNITS[cluster.group])).rpartition(":")
    if kind == "docker":
        return f"{name}.container"
    if kind:
        namespace, *workload = name.split("/")
        return ".".join([namespace, *(workload if len(workload) > 1 else ["deployment", *workload]), "workload"])
    return name


def of(cluster: Cluster, host: Host) -> dict[str, Any]:
    """What the host remembers; empty without a record, or without a host that answers."""
    done = run(["docker", "exec", host.container, "cat", path(cluster, host)], check=False)
    found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 and done.stdout else {}
    return found


def nodes(cluster: Cluster) -> list[Host]:
    """The hosts that the product runs on."""
    names = cluster.groups.get(cluster.group)
    return [host for host in cluster.hosts if names is None or host.name in names]


@contextlib.contextmanager
def watched(
    cluster: Cluster, keys: Sequence[str], at: str = ""
) -> Iterator[Callable[[Callable[[], bool], float], tuple[str, str]]]:
    """A function that waits for one of the steps: (host, key), or ("", "") when `over()` says so or time is up.

    Only what begins after the context is entered counts. at: the one host that is looked at, if it is not any of them.
    """
    streams: dict[IO[str], tuple[str, subprocess.Popen[str]]] = {}
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as ready:
        for host in [cluster.host(at)] if at else nodes(cluster):
            argv = ["docker", "exec", "-i", host.container, "python3", "-I", "-c", WATCHER, path(cluster, host), *keys]
            process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(ended, process)
            assert process.stdout is not None
            streams[process.stdout] = host.name, process
        for stream in streams:
            stream.readline()
            ready.register(stream, selectors.EVENT_READ)

        def wait(over: Callable[[], bool], seconds: float) -> tuple[str, str]:
            end = time.monotonic() + seconds
            while time.monotonic() < end and not over():
                for event, _mask in ready.select(0.2):
                    stream: Any = event.fileobj
                    if key := stream.readline().strip():
                        return streams[stream][0], key
                    ready.unregister(stream)  # its host is gone
            return "", ""

        yield wait


def ended(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
