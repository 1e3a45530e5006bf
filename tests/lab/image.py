# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image that every lab host boots: Debian 12 with systemd, sshd and Python, nothing of any product."""

from __future__ import annotations

import hashlib
import socket
import subprocess
from collections.abc import Sequence

from tests.lab import paths
from tests.lab.proc import LabError, lock, run, say

SUITE = "bookworm"
PACKAGES = (
    "systemd", "systemd-sysv", "dbus", "python3", "openssh-server", "iproute2", "sudo", "zstd", "ca-certificates",
)  # fmt: skip
# Timers that would change the host under a test's eyes; machine-id is emptied so that each host makes its own.
RECIPE = f"""
ARG BASE
FROM $BASE
RUN dpkg-query -W {" ".join(PACKAGES)} >/dev/null 2>&1 || (apt-get update && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {" ".join(PACKAGES)} && apt-get clean)
RUN systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \\
    systemd-tmpfiles-clean.timer getty@.service console-getty.service && \\
    systemctl enable ssh.service && : > /etc/machine-id && rm -f /root/.ssh/known_hosts
"""


# What a product needs next to itself goes on top; a service starts when the lab has configured it, not before.
MORE = """
ARG BASE
FROM $BASE
RUN apt-get update && printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && \\
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {packages} && apt-get clean && \\
    rm -f /usr/sbin/policy-rc.d
RUN for unit in postgresql haproxy etcd; do systemctl disable $unit.service 2>/dev/null || true; done
"""


def expected(packages: Sequence[str] = ()) -> str:
    text = RECIPE + (MORE + "".join(packages) if packages else "")
    return f"uplift-lab-host:{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def ready(packages: Sequence[str] = ()) -> str:
    """The image's name; one with more packages is made here when it is first expected."""
    with lock("image"):
        if packages and not exists(expected(packages)):
            say(f"adding {', '.join(packages)} to the host image")
            argv = ["docker", "build", "-q", "-t", expected(packages), "--build-arg", f"BASE={expected()}", "-"]
            run(argv, stdin=MORE.format(packages=" ".join(packages)), timeout=900)
    return expected(packages)


def exists(name: str) -> bool:
    return run(["docker", "image", "inspect", name], check=False).returncode == 0


def build(base: str) -> None:
    say(f"building {expected()} on {base}")
    run(["docker", "build", "-q", "-t", expected(), "--build-arg", f"BASE={base}", "-"], stdin=RECIPE, timeout=900)


def from_hub() -> bool:
    """A stock Debian when Docker Hub answers; the short look first because a refused pull can take minutes."""
    try:
        socket.create_connection(("registry-1.docker.io", 443), timeout=3).close()
        run(["docker", "pull", f"debian:{SUITE}"], timeout=180)
        build(f"debian:{SUITE}")
        return True
    except (OSError, LabError) as error:
        say(f"no image from Docker Hub ({str(error)[:160]}): making one with debootstrap")
        return False


def from_debootstrap() -> None:
    root, base = paths.cache() / "image-root", f"uplift-lab-base:{SUITE}"
    if not (root / "usr" / "sbin" / "sshd").exists():
        say("debootstrap: about a minute")
        include = f"--include={','.join(PACKAGES)}"
        run(["debootstrap", "--variant=minbase", include, SUITE, str(root)], timeout=1800)
    say("importing the debootstrap tree into docker")
    tar = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
    load = ["docker", "import", "-", base]
    done = subprocess.run(load, stdin=tar.stdout, capture_output=True, text=True, check=False)
    if tar.wait() or done.returncode:
        raise LabError(f"`docker import` of {root} failed: {done.stderr.strip()}")
    build(base)


def make() -> None:
    with lock("image"):
        if exists(expected()):
            say(f"host image {expected()} is there")
        elif not from_hub():
            from_debootstrap()
