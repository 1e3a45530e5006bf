# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage releases by version: the makers' binary where it can be had, else the same built from the registry."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.lab import paths
from tests.lab.proc import LabError, lock, run, say

URL = "https://garagehq.deuxfleurs.fr/_releases/v{version}/{target}/garage"
TABLE = paths.HERE / "checksums.json"


def binary(version: str) -> Path:
    return paths.cache() / "garage" / version / "bin" / "garage"


def target() -> str:
    return f"{platform.machine()}-unknown-linux-musl"


def says(program: Path) -> str:
    """The version a binary gives itself; makers' and registry's builds wrap it differently."""
    found = re.search(r"(\d+\.\d+\.\d+)", run([str(program), "--version"], timeout=20).stdout)
    return found.group(1) if found else ""


def get(version: str, pin: bool = False) -> Path:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise LabError(f"release {version!r}: wanted three numbers such as 0.8.7")
    with lock(f"garage-{version}"):
        if not binary(version).exists() and not download(version, pin):
            build(version)
        if (seen := says(binary(version))) != version:
            raise LabError(
                f"{binary(version)} says it is {seen or 'nothing'}, wanted {version}: remove it and try again"
            )
    return binary(version)


def silent_mark() -> Path:
    return paths.made(paths.cache() / "run") / "garage-site-is-silent"


def site_is_silent() -> bool:
    """A dead network is met once an hour and not at each release."""
    return silent_mark().exists() and time.time() - silent_mark().stat().st_mtime < 3600


def download(version: str, pin: bool) -> bool:
    table: dict[str, dict[str, str]] = json.loads(TABLE.read_text())
    known = table.get(version, {}).get(target(), "")
    if not (known or pin):
        say(
            f"{TABLE.name} has no garage {version} for {target()}: building it (--pin downloads and notes its checksum)"
        )
        return False
    if site_is_silent():
        return False
    url, part = URL.format(version=version, target=target()), binary(version).with_name("garage.part")
    say(f"downloading {url}")
    paths.made(part.parent)
    try:
        with urllib.request.urlopen(url, timeout=4) as source, part.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except (urllib.error.URLError, OSError) as error:
        silent_mark().touch()
        say(f"the makers' site does not answer ({error}): building from the registry for the next hour")
        return False
    seen = hashlib.sha256(part.read_bytes()).hexdigest()
    if known and seen != known:
        part.unlink()
        raise LabError(f"{url} has SHA-256 {seen}, {TABLE.name} wants {known}: find out which is right before going on")
    if not known:
        table.setdefault(version, {})[target()] = seen
        TABLE.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n")
        say(f"noted SHA-256 {seen} in {TABLE.name}: compare it with a second source before you commit it")
    part.chmod(0o755)
    part.rename(binary(version))
    return True


def build(version: str) -> None:
    """Shared target directory, no debug info: 2 - 4 minutes and 80 MB instead of 340 MB."""
    log = paths.made(paths.cache() / "log") / f"garage-{version}.log"
    root = paths.cache() / "garage" / f".{version}.new"
    say(f"building garage {version} with cargo: some minutes; log in {log}")
    environment = os.environ | {
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_TARGET_DIR": str(paths.made(paths.cache() / "build" / "target")),
    }
    argv = ["cargo", "install", "garage", "--version", version, "--locked", "--profile", "dev", "--root", str(root)]
    with lock("cargo"), log.open("w") as out:
        try:
            code = subprocess.run(argv, env=environment, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
        except FileNotFoundError:
            raise LabError("cargo is not installed: install Rust 1.75 or newer, or pin a download with --pin") from None
    if code:
        raise LabError(f"cargo could not build garage {version} (exit {code}): see the end of {log}")
    shutil.rmtree(binary(version).parents[1], ignore_errors=True)
    root.rename(binary(version).parents[1])
