# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage in docker containers: one beside each lab host, in that host's network, as `--network host` is elsewhere.

The host sees the machine's docker daemon and the node's directories at the paths that the daemon knows them by, so that
Ansible works on it as on any machine that runs docker.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path

from tests.lab import hosts, image, paths, release
from tests.lab.cluster import write
from tests.lab.hosts import Host
from tests.lab.proc import LabError, lock, run, say

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
CONFIG, META, DATA = "/etc/garage.toml", "/var/lib/garage/meta", "/var/lib/garage/data"
# What operators of containers are told to have; nothing of the collection may take it for the program.
ALIAS = "/usr/local/sbin/garage-in-docker"


def image_name(version: str) -> str:
    return f"uplift-lab/garage:v{version}"


def libraries(program: Path) -> list[str]:
    """A build from the registry needs the C library beside it; the makers' own needs nothing."""
    found = run(["ldd", str(program)], check=False).stdout
    return re.findall(r"(/\S+) \(0x", found)


def make_image(version: str) -> str:
    """The makers' image in all that matters: a program at /garage, certificates, nothing else; no shell."""
    name = image_name(version)
    with lock(f"image-{version}"):
        if image.exists(name):
            return name
        program = release.get("garage", version)
        say(f"making the image {name}")
        text = io.BytesIO()
        with tarfile.open(fileobj=text, mode="w", dereference=True) as tar:
            tar.add(program, "garage")
            for path in [*libraries(program), CERTIFICATES]:
                tar.add(path, path.lstrip("/"))
        said = ['CMD ["/garage", "server"]', "ENV RUST_BACKTRACE=1", "ENV RUST_LOG=garage=info"]
        argv = ["docker", "import", *(word for one in said for word in ("-c", one)), "-", name]
        done = subprocess.run(argv, input=text.getvalue(), capture_output=True, check=False)
        if done.returncode:
            raise LabError(f"`docker import` of {name} failed: {done.stderr.decode(errors='replace').strip()}")
    return name


def container(host: Host) -> str:
    return f"{host.container}-garage"


def directory(cluster: str, host: Host) -> Path:
    return paths.cluster(cluster) / "nodes" / host.name


def mounts(cluster: str, host: Host) -> list[str]:
    """Of the lab host: the daemon's socket, its command line, and the node's files where the daemon finds them."""
    here = directory(cluster, host)
    for part in ("meta", "data"):
        paths.made(here / part)
    socket, program = "/var/run/docker.sock", run(["which", "docker"]).stdout.strip()
    places = [f"{socket}:{socket}", f"{program}:/usr/bin/docker:ro", f"{here}:{here}"]
    return [word for place in places for word in ("-v", place)]


def start(cluster: str, host: Host, version: str, text: str) -> None:
    here = directory(cluster, host)
    write(here / "garage.toml", text)
    binds = {here / "garage.toml": CONFIG, here / "meta": META, here / "data": DATA}
    run([
        "docker", "run", "-d", "--name", container(host), "--label", f"{hosts.LABEL}={cluster}",
        "--network", f"container:{host.container}", "--restart", "unless-stopped",
        *(word for outside, inside in binds.items() for word in ("-v", f"{outside}:{inside}")), image_name(version),
    ])  # fmt: skip
    script = f'#!/bin/sh\nexec docker exec -i {container(host)} /garage "$@"\n'
    hosts.must(host, [["chmod", "755", ALIAS]], files={ALIAS: script})
