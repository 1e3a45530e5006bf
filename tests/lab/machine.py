# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a fresh machine needs. Standard library only: the virtual environment is what this makes."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.lab import image, paths
from tests.lab.proc import LabError, lock, run, say, wait_for

# program -> Debian package; a program that is there by other means is as good.
PROGRAMS = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "debootstrap": "debootstrap",
    "zstd": "zstd",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "git": "git",
    "make": "build-essential",
    "gcc": "build-essential",
}
REQUIREMENTS = paths.HERE / "requirements.txt"
# The lab's networks are 198.18.1.0 - 198.18.127.0 (RFC 2544, for tests); the daemon's own bridge goes next to them.
BRIDGE = "198.18.0.1/24"


def packages() -> None:
    missing = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        missing.add("python3-venv")
    if not missing:
        return say("all programs are there")
    if os.geteuid():
        raise LabError(
            f"missing packages {', '.join(sorted(missing))} and not root: install them, or run `lab setup` as root"
        )
    say(f"installing {', '.join(sorted(missing))} with apt-get: a minute or two")
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run(["apt-get", "update", "-q"], timeout=600)
    run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *sorted(missing)], timeout=1800)


def daemon_silence() -> str:
    answer = run(["docker", "version", "--format", "{{.Server.Version}}"], check=False, timeout=20)
    return "" if answer.returncode == 0 else answer.stderr.strip()


def docker() -> None:
    if not daemon_silence():
        return say("a docker daemon answers")
    if os.geteuid():
        raise LabError("no docker daemon answers and this is not root: start one, or run `lab setup` as root")
    log = paths.made(paths.cache() / "log") / "dockerd.log"
    say(f"starting dockerd on {BRIDGE}; log in {log}")
    argv = ["dockerd", "--bip", BRIDGE]
    for patience in (20, 60):
        with log.open("a") as out:
            subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        try:
            return wait_for("the docker daemon answers", daemon_silence, patience, pause=0.5)
        except LabError:
            # One that is just ending takes its containerd away from the next: that one has to be started again.
            if patience == 60:
                raise


def limits() -> None:
    """Each host's systemd takes half a dozen inotify instances of root's; where they end, a new host's init dies."""
    path, expected = Path("/proc/sys/fs/inotify/max_user_instances"), 2048
    if int(path.read_text()) >= expected:
        return
    try:
        path.write_text(str(expected))
        say(f"{path} is {expected} now")
    except OSError as error:
        say(f"{path} stays at {path.read_text().strip()} ({error}): some twenty hosts at once are too many")


def environment() -> None:
    venv = paths.cache() / "venv"
    mark = venv / f"requirements-{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]}"
    if mark.exists():
        return say(f"virtual environment {venv} is there")
    if sys.version_info < (3, 11):  # noqa: UP036 - the system's own Python is what starts this
        raise LabError(
            f"Python {sys.version.split()[0]} runs this, expected 3.11 or newer: start `lab setup` with that one"
        )
    if not paths.venv_python().exists():
        say(f"making the virtual environment {venv}")
        run([sys.executable, "-m", "venv", str(venv)], timeout=300)
    say(f"installing {REQUIREMENTS.name} into it: up to some minutes on a fresh machine")
    install = ["install", "--disable-pip-version-check", "-q", "-r", str(REQUIREMENTS)]
    run([str(paths.venv_python()), "-m", "pip", *install], timeout=3600)
    for old in venv.glob("requirements-*"):
        old.unlink()
    mark.touch()


def ssh_key() -> None:
    if paths.key().exists():
        return say("the lab's SSH key is there")
    say("making the lab's SSH key")
    paths.made(paths.key().parent).chmod(0o700)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "uplift-lab", "-f", str(paths.key())])


def setup() -> None:
    paths.made(paths.cache() / "cp").chmod(0o700)
    with lock("setup"):
        packages()
        docker()
        limits()
        environment()
        ssh_key()
        image.make()
