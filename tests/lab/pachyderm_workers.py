# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes pipelines run on the lab's Kubernetes: the makers' worker in its image, and an image for the steps.

A worker's pod takes the program from one image and runs it in the other, which the pipeline names.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab import kubernetes, paths, release
from tests.lab.containers import CERTIFICATES
from tests.lab.pachyderm_release import MODULE, compiled, workshop
from tests.lab.proc import lock, run
from tests.lab.release_build import start

# The name that the pipelines here ask for; as there, all its commands are busybox.
STEPS = "alpine:3"
BUSYBOX = Path("/bin/busybox")
COMMANDS = ("sh", "cp", "true")
# A static program runs in whatever image a pipeline names.
STATIC = {"CGO_ENABLED": "0"}


def built(version: str) -> dict[str, Path]:
    """By the place in the image: to 1.9 a script copies the worker into the pod, later a program does."""
    programs = release.get("pachyderm", version).parent
    list_it = ["go", "-C", str(workshop(version)), "list", "-mod=mod", "-m", "-f", "{{.Dir}}", MODULE]
    with lock("go"):
        script = Path(run(list_it, timeout=600).stdout.strip(), "etc", "worker", "worker.sh")
        program(programs / "worker", "src/server/cmd/worker", version)
        if script.exists():
            return {"pach/worker": programs / "worker", "pach/worker.sh": script, **shell()}
        program(programs / "init", "etc/worker", version)
    return {f"app/{name}": programs / name for name in ("worker", "init", "pachctl")}


def program(target: Path, package: str, version: str) -> None:
    if not target.exists():
        part = target.with_name(f".{target.name}.part")
        compiled(part, package, version, STATIC, start("pachyderm", f"{version}-{target.name}", "as a Go module"))
        part.rename(target)


def shell() -> dict[str, Path]:
    return {"etc/ssl/certs/ca-certificates.crt": Path(CERTIFICATES), **{f"bin/{name}": BUSYBOX for name in COMMANDS}}


def image(name: str, files: dict[str, Path]) -> None:
    with kubernetes.stage(name) as root:
        for place, source in files.items():
            target = root / place
            shutil.copy2(source, paths.made(target.parent) / target.name)
            target.chmod(0o755)


def images(version: str, registry: str) -> None:
    worker = f"{registry}/pachyderm/worker:{version}"
    if not kubernetes.known(worker):
        image(worker, built(version))
    if not kubernetes.known(STEPS):
        image(STEPS, shell())
