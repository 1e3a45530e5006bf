# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases built from the package registries: each leaves the programs in `bin` of the directory given."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab import paths
from tests.lab.proc import LabError, lock, run, say

SAY_EVERY = 20.0  # seconds
_BAR = re.compile(r"Building \[[=> ]*\] (\d+)/(\d+)")
LAKEFS = "github.com/treeverse/lakefs"
# No Go file is needed: the module's own programs are built by their paths. The replacement is the module's own.
GO_MOD = """module lab.invalid/lakefs-build

go 1.26.4

require github.com/treeverse/lakefs v{version}

replace github.com/csimplestring/delta-go => github.com/treeverse/delta-go v0.0.0-20260323095047-d2f80252d945
"""
# Schema and configuration of these are one era apart; older ones are not served as modules, so they are emulated.
LAKEFS_MODULES = ("1.82.0", "1.83.0", "1.84.0")


def logged(what: str, argv: Sequence[str], where: Path | None, more: Mapping[str, str], log: Path) -> None:
    """Run it to its end, and say from time to time how far it is."""
    begun, environment = time.monotonic(), {**os.environ, **more}
    with log.open("a") as out:
        try:
            child = subprocess.Popen(argv, cwd=where, env=environment, stdout=out, stderr=subprocess.STDOUT)
        except FileNotFoundError:
            raise LabError(f"{argv[0]} is not installed: install it, or pin a download with --pin") from None
        with child:
            while True:
                try:
                    code = child.wait(SAY_EVERY)
                    break
                except subprocess.TimeoutExpired:
                    say(progress(what, log.read_text(encoding="utf-8", errors="replace"), time.monotonic() - begun))
    if code:
        raise LabError(f"{argv[0]} could not build {what} (exit {code}): see the end of {log}")


def progress(what: str, logged_so_far: str, seconds: float) -> str:
    """Pure: how far a build is, by cargo's own bar where there is one. What is left is as fast as what is done."""
    counts = _BAR.findall(logged_so_far)
    done, of = map(int, counts[-1]) if counts else (0, 0)
    took = f"after {_minutes(seconds)}"
    if not 0 < done < of:
        return f"{what}: being built, {took}"
    return f"{what}: {done} of {of} crates compiled {took}, about {_minutes(seconds * (of - done) / done)} left"


def _minutes(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 60 else f"{round(seconds / 60)} min"


def start(product: str, version: str, how: str) -> Path:
    log = paths.made(paths.cache() / "log") / f"{product}-{version}.log"
    log.unlink(missing_ok=True)
    say(f"building {product} {version} {how}: some minutes; log in {log}")
    return log


def garage(version: str, root: Path) -> None:
    """Shared target directory, no debug info: 2 - 4 minutes and 80 MB instead of 340 MB."""
    log = start("garage", version, "with cargo")
    environment = {
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_TERM_PROGRESS_WHEN": "always",  # into the log, where `progress` reads it
        "CARGO_TERM_PROGRESS_WIDTH": "80",
        "CARGO_TARGET_DIR": str(paths.made(paths.cache() / "build" / "target")),
    }
    argv = ["cargo", "install", "garage", "--version", version, "--locked", "--profile", "dev", "--root", str(root)]
    with lock("cargo"):
        logged(f"garage {version}", argv, None, environment, log)


def lakefs(version: str, root: Path) -> None:
    if version not in LAKEFS_MODULES:
        from tests.lab.lakefs_emulator import pack

        pack.release(version, paths.made(root / "bin"))
        return
    log = start("lakefs", version, "as a Go module")
    where = paths.made(paths.cache() / "build" / "lakefs" / version)
    (where / "go.mod").write_text(GO_MOD.format(version=version))
    with lock("go"):
        logged(f"lakefs {version}", ["go", "mod", "download", f"{LAKEFS}@v{version}"], where, {}, log)
        found = run(["go", "env", "GOMODCACHE"]).stdout.strip()
        (where / "go.sum").write_bytes(Path(found, f"{LAKEFS}@v{version}", "go.sum").read_bytes())
        flags = f"-s -w -X {LAKEFS}/pkg/version.Version={version}"
        for name in ("lakefs", "lakectl"):
            made = ["-o", str(paths.made(root / "bin") / name), f"{LAKEFS}/cmd/{name}"]
            argv = ["go", "build", "-mod=mod", "-trimpath", "-ldflags", flags, *made]
            logged(f"{name} {version}", argv, where, {}, log)
