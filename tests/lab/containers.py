# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Products in docker containers: one next to each lab host, in that host's network, as `--network host` is elsewhere.

The host sees the machine's docker daemon and the node's directories at the paths that the daemon knows them by, so that
Ansible works on it as on any machine that runs docker.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import hosts, image, paths, release
from tests.lab.hosts import Host
from tests.lab.proc import LabError, lock, run, say

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Recipe:
    """The makers' image in all that matters: a program, certificates, and next to nothing else."""

    product: str
    tag: str
    program: str
    changes: tuple[str, ...]
    beside: tuple[str, ...] = ()
    """Programs of this machine that the makers' image has, too."""
    texts: Mapping[str, str] = field(default_factory=dict)
    account: int = 0
    homes: tuple[str, ...] = ()
    """Directories that belong to the account."""

    def name(self, version: str) -> str:
        return f"uplift-lab/{self.product}:{self.tag.format(version)}"


def libraries(program: Path) -> list[str]:
    """A build from the registry needs the C library next to it; the makers' own may need nothing."""
    found = run(["ldd", str(program)], check=False).stdout
    return re.findall(r"(/\S+) \(0x", found)


def make_image(recipe: Recipe, version: str) -> str:
    name = recipe.name(version)
    with lock(f"image-{recipe.product}-{version}"):
        if image.exists(name):
            return name
        program = release.get(recipe.product, version)
        say(f"making the image {name}")
        done = subprocess.run(
            ["docker", "import", *(word for one in recipe.changes for word in ("-c", one)), "-", name],
            input=archive(recipe, program),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise LabError(f"`docker import` of {name} failed: {done.stderr.decode(errors='replace').strip()}")
    return name


def archive(recipe: Recipe, program: Path) -> bytes:
    text = io.BytesIO()
    needed = {path for one in (program, *map(Path, recipe.beside)) for path in libraries(one)}
    with tarfile.open(fileobj=text, mode="w", dereference=True) as tar:
        tar.add(program, recipe.program.lstrip("/"))
        for path in sorted({*needed, *recipe.beside, CERTIFICATES}):
            tar.add(path, path.lstrip("/"))
        for path in recipe.homes:
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, 0o755, recipe.account, recipe.account
            tar.addfile(entry)
        for path, words in recipe.texts.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size = len(words.encode())
            tar.addfile(entry, io.BytesIO(words.encode()))
    return text.getvalue()


def container(host: Host, product: str) -> str:
    return f"{host.container}-{product}"


def directory(cluster: str, host: Host) -> Path:
    return paths.cluster(cluster) / "nodes" / host.name


def mounts(cluster: str, host: Host, parts: Sequence[str]) -> list[str]:
    """Of the lab host: the daemon's socket, its command line, and the node's files where the daemon finds them."""
    here = directory(cluster, host)
    for part in parts:
        paths.made(here / part)
    socket, program = "/var/run/docker.sock", run(["which", "docker"]).stdout.strip()
    places = [f"{socket}:{socket}", f"{program}:/usr/bin/docker:ro", f"{here}:{here}"]
    return [word for place in places for word in ("-v", place)]


def start(cluster: str, host: Host, recipe: Recipe, version: str, binds: Mapping[str, str], *words: str) -> None:
    """`binds`: by the place in the container, what lies there."""
    # As docker compose notes what it made: it would make the container anew from its file, with the image named there.
    labels = {
        hosts.LABEL: cluster,
        "com.docker.compose.project": cluster,
        "com.docker.compose.service": recipe.product,
        "com.docker.compose.project.config_files": "/srv/compose.yml",
        "com.docker.compose.project.working_dir": "/srv",
        "com.docker.compose.oneoff": "False",
    }
    noted = [word for name, value in labels.items() for word in ("--label", f"{name}={value}")]
    volumes = [word for inside, outside in binds.items() for word in ("-v", f"{outside}:{inside}")]
    run([
        "docker", "run", "-d", "--name", container(host, recipe.product), *noted,
        "--network", f"container:{host.container}", "--restart", "unless-stopped", *volumes, *words,
        recipe.name(version),
    ])  # fmt: skip
