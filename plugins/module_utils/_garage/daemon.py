# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Looks for running Garage daemons where nobody can hide one: in /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

DEFAULT_CONFIG = "/etc/garage.toml"
QUIET = ".uplift-quiesced"  # behind the name of the operator's own file, of the copy that shuts clients out
PROC = Path("/proc")


@dataclass(frozen=True)
class Daemon:
    pid: int
    exe: str
    """A path that can be run and is the daemon's own program, even when its file was replaced or deleted since."""
    token: str
    """Another after every start: process number and the kernel's start time."""


def daemons(config_file: str, proc: Path = PROC) -> list[Daemon]:
    """Every `garage server` that reads this configuration file."""
    found = [(pid, proc / str(pid)) for pid in _pids(proc) if _serves(proc / str(pid), config_file)]
    return [Daemon(pid, _program(process), f"{pid}:{_start(process)}") for pid, process in found]


def stray(own: str, proc: Path = PROC, default: str = DEFAULT_CONFIG) -> str:
    """What the command line reads by itself, while the service reads `own` and no other one here reads that."""
    both = (default, f"{default}{QUIET}")
    there = os.path.isfile(default) and os.path.realpath(own) not in map(os.path.realpath, both)
    return default if there and not any(daemons(one, proc) for one in both) else ""


def holders(directory: str, proc: Path = PROC) -> list[int]:
    """Every process that has a file below the directory open, whatever it calls itself."""
    root = os.path.realpath(directory) + os.sep
    return [pid for pid in _pids(proc) if any(target.startswith(root) for target in _open_files(proc / str(pid)))]


def config_of(words: list[str], environment: dict[str, str]) -> str:
    """The configuration file that a command line and its environment point to, as Garage itself decides it."""
    for index, word in enumerate(words):
        if word in ("-c", "--config") and index + 1 < len(words):
            return words[index + 1]
        if word.startswith("--config="):
            return word[len("--config=") :]
        if word.startswith("-c") and len(word) > 2:
            return word[2:].lstrip("=")
    return environment.get("GARAGE_CONFIG_FILE") or DEFAULT_CONFIG


def _serves(process: Path, config_file: str) -> bool:
    words = _strings(process / "cmdline")
    if "server" not in words[1:] or "garage" not in os.path.basename(_link(process / "exe")):
        return False
    own = config_of(words[1:], dict(word.partition("=")[::2] for word in _strings(process / "environ")))
    # Seen from the process: it may have its own root (a container) and its own working directory.
    seen = process / "root" / os.path.join(_link(process / "cwd"), own).lstrip("/")
    try:
        return os.path.samefile(seen, config_file)
    except OSError:
        return os.path.normpath(own) == os.path.normpath(config_file)


def _program(process: Path) -> str:
    # The file may be gone or replaced by the next release: the kernel's link still runs what the daemon runs (G07).
    target = _link(process / "exe")
    return str(process / "exe") if target.endswith(" (deleted)") or not os.path.exists(target) else target


def _start(process: Path) -> str:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _pids(proc: Path) -> Iterator[int]:
    me = os.getpid()
    return (int(entry) for entry in sorted(os.listdir(proc)) if entry.isdigit() and int(entry) != me)


def _open_files(process: Path) -> list[str]:
    try:
        return [_link(process / "fd" / entry) for entry in os.listdir(process / "fd")]
    except OSError:
        return []


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _strings(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1]
    except OSError:
        return []
