# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filled cluster is kept as it is and put back as often as expected: seconds, where making it anew takes minutes.

A host is kept as an image of its container, taken while it is switched off; a volume that hosts share, as a copy. What
lies on a tmpfs (/run, /tmp, a small disk) is empty again afterwards, as after any boot.
"""

from __future__ import annotations

import json
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts
from tests.lab.cluster import Cluster
from tests.lab.hosts import LABEL, Host
from tests.lab.proc import LabError, at_once, run, say

KEPT = "uplift-lab-kept"
COPY = "find /to -mindepth 1 -delete && cp -a /from/. /to/"
# A directory that came with the image cannot be renamed (overlayfs: EXDEV), and products rename their data: each is
# copied to the host's own layer before anything starts. What has a volume in it stays where it is.
OWN = """
for place; do
    if [ -d "$place" ] && [ ! -e /.lab-own ] && ! grep -q " $place[/ ]" /proc/mounts; then
        cp -a "$place" "$place.lab" && rm -rf "$place" && mv "$place.lab" "$place"
    fi
done
: > /.lab-own
exec /sbin/init
"""
# systemd's own signal for a proper end with the power switched off.
OFF = "SIGRTMIN+4"


def image_of(cluster: Cluster, host: Host) -> str:
    return f"{KEPT}:{cluster.name}-{host.name}"


def kept(cluster: Cluster) -> bool:
    argv = ["docker", "image", "inspect", *(image_of(cluster, host) for host in cluster.hosts)]
    return run(argv, check=False).returncode == 0


def inspected(host: Host) -> Any:
    return json.loads(run(["docker", "inspect", host.container]).stdout)[0]


def words_of(host: Host) -> list[str]:
    """What its container was made with, next to what every host has: volumes, and a small disk."""
    config = inspected(host)["HostConfig"]
    binds = [word for one in config["Binds"] or [] if not one.startswith("/sys/fs/cgroup") for word in ("-v", one)]
    small = [(path, how) for path, how in (config["Tmpfs"] or {}).items() if path not in ("/run", "/tmp")]
    return [*binds, *(word for path, how in small for word in ("--tmpfs", f"{path}:{how}"))]


def volumes(cluster: Cluster) -> list[str]:
    argv = ["docker", "volume", "ls", "-q", "--filter", f"label={LABEL}={cluster.name}"]
    return [name for name in run(argv).stdout.split() if not name.endswith("-kept")]


def copy(cluster: Cluster, source: str, target: str) -> None:
    image = image_of(cluster, cluster.hosts[0])
    mounts = ["-v", f"{source}:/from:ro", "-v", f"{target}:/to"]
    run(["docker", "run", "--rm", "--network", "none", *mounts, image, "sh", "-c", COPY], timeout=600)


def switch_off(host: Host) -> None:
    run(["docker", "kill", "--signal", OFF, host.container])
    run(["docker", "wait", host.container], timeout=120)


def keep(cluster: Cluster) -> None:
    """The cluster is switched off for it, and stands again afterwards."""
    say(f"keeping cluster {cluster.name} as it is now")
    at_once(switch_off, cluster.hosts)
    at_once(lambda host: run(["docker", "commit", host.container, image_of(cluster, host)]), cluster.hosts, 2)
    for name in volumes(cluster):
        run(["docker", "volume", "create", "--label", f"{LABEL}={cluster.name}", f"{name}-kept"])
        copy(cluster, name, f"{name}-kept")
    for host in cluster.hosts:
        run(["docker", "start", host.container])
    at_once(hosts.wait_until_up, cluster.hosts)


def put_back(cluster: Cluster) -> None:
    """Every host as it was kept, under its own name and address. The product may take a while to answer."""
    if not kept(cluster):
        raise LabError(f"cluster {cluster.name} was never kept: fill it, then keep it")
    words = {host.name: words_of(host) for host in cluster.hosts}
    clusters.forget_connections(cluster.name)
    run(["docker", "rm", "-fv", *(host.container for host in cluster.hosts)])
    for name in volumes(cluster):
        copy(cluster, f"{name}-kept", name)
    boot = ("sh", "-c", OWN, "sh", *cluster.own_data)
    at_once(
        lambda host: hosts.launch(cluster.name, host, image_of(cluster, host), words[host.name], boot), cluster.hosts, 6
    )
    at_once(hosts.wait_until_up, cluster.hosts)


def rest(name: str) -> None:
    """Its hosts are ended: a cluster that is put back before it is used again needs no processor until then."""
    if running := hosts.running(name):
        run(["docker", "kill", *sorted(running)])
