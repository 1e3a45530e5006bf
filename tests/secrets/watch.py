# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a secret may be left: process lists while a run goes on, and files and journals of the nodes after it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType

from tests.lab import hosts
from tests.lab.hosts import Host
from tests.lab.proc import run
from tests.secrets.canaries import Sight, seen, spellings

EVERY = 0.02  # seconds
MARK = "/var/tmp/uplift-secrets-mark"
# Runs on a node: files younger than the mark that hold one of the patterns; whether others may read them; the journal.
LOOK = """
import json, os, stat, subprocess, sys
mark, patterns = json.load(sys.stdin)
patterns = [one.encode() for one in patterns]
since = os.stat(mark).st_mtime
def closed(path):
    while path != "/":
        mode = os.stat(path).st_mode
        if not mode & (0o001 if stat.S_ISDIR(mode) else 0o004):
            return True
        path = os.path.dirname(path)
    return False
found = []
for top, dirs, files in os.walk("/"):
    left_out = ("/proc", "/sys", "/dev", "/run/log", "/var/log/journal")
    dirs[:] = [one for one in dirs if os.path.join(top, one) not in left_out]
    for name in files:
        path = os.path.join(top, name)
        try:
            seen = os.lstat(path)
            if not stat.S_ISREG(seen.st_mode) or max(seen.st_mtime, seen.st_ctime) < since or path == mark:
                continue
            with open(path, "rb") as handle:
                data = handle.read()
            if any(one in data for one in patterns):
                found.append([path, closed(path)])
        except OSError:
            continue
journal = subprocess.run(["journalctl", "--no-pager", "--output", "export"], capture_output=True).stdout
lines = [line for line in journal.split(b"\\n") if any(one in line for one in patterns)]
json.dump([found, [line.decode(errors="replace")[:600] for line in lines[:5]]], sys.stdout)
"""


class Processes:
    """The arguments of every process of this machine, the lab's hosts among them, looked at again and again."""

    def __init__(self, canaries: Callable[[], Mapping[str, str]]) -> None:
        self._canaries = canaries
        self.sights: dict[tuple[str, str], Sight] = {}
        self.looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY):
            self.looks += 1
            for sight in seen("\n".join(arguments()), self._canaries(), "the process list"):
                words = sight.around.replace("\0", " ")
                self.sights.setdefault((sight.secret, words[:80]), Sight(sight.secret, sight.where, words))


def arguments() -> Iterator[str]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                yield Path("/proc", entry, "cmdline").read_text(errors="replace")
            except OSError:
                continue


def mark(host: Host) -> None:
    hosts.must(host, [["touch", MARK]])


def left(host: Host, canaries: Mapping[str, str], belongs: tuple[str, ...]) -> list[Sight]:
    """Files with a canary that are no place of the product's own, or that others may read; and lines of the journal."""
    sights = []
    for name, secret in canaries.items():
        argv = ["docker", "exec", "-i", host.container, "python3", "-I", "-c", LOOK]
        files, lines = json.loads(run(argv, stdin=json.dumps([MARK, spellings(secret)]), timeout=300).stdout)
        for path, closed in files:
            if not path.startswith(belongs):
                sights.append(Sight(name, f"{host.name}:{path}"))
            elif not closed:
                sights.append(Sight(name, f"{host.name}:{path}, which everybody may read"))
        sights += [Sight(name, f"the journal of {host.name}", line) for line in lines]
    return sights


def files(directory: Path, canaries: Mapping[str, str]) -> list[Sight]:
    """What lies on the controller below a directory."""
    paths = [path for path in directory.rglob("*") if path.is_file()]
    return [
        sight
        for path in paths
        for sight in seen(path.read_text(encoding="utf-8", errors="replace"), canaries, str(path))
    ]
