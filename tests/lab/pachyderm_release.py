# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pachyderm releases: built from the Go module registry, or the emulator where that has none.

The makers publish pachctl alone as a file, and pachd only inside an image: so both are built, from the same module.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.lab import pachyderm_forms as forms
from tests.lab import paths
from tests.lab.pachyderm_emulator import pack
from tests.lab.proc import LabError, lock, run
from tests.lab.release_build import logged, start

PROGRAMS = ("pachctl", "pachd")
MODULE = "github.com/pachyderm/pachyderm"
DOCKER = "github.com/docker/docker => github.com/docker/docker v1.4.2-0.20191213113251-3452f136aa68"
LATER = (
    DOCKER,
    "google.golang.org/grpc => google.golang.org/grpc v1.26.0",
    "k8s.io/client-go => k8s.io/client-go v0.0.0-20190718183610-8e956561bbf5",
    "vbom.ml/util => github.com/fvbommel/util v0.0.0-20160121211510-db5cfe13f5cc",  # its own domain is gone
)
# The module's `replace` lines do not count for those who require it, so they are repeated here.
REPLACED: dict[str, tuple[str, ...]] = {
    "1.9.12": (DOCKER,),
    "1.11.9": (
        *LATER,
        "github.com/Azure/go-autorest => github.com/Azure/go-autorest v13.3.2+incompatible",
        "golang.org/x/sys => golang.org/x/sys v0.0.0-20200826173525-f9321e4c35a6",
    ),
    "1.13.4": LATER,
}
# The sum database has no line for these two; pinned as they were first seen, so that they stay what they were.
PINNED = """\
github.com/pachyderm/pachyderm v1.11.9 h1:CYhZO3EJ9NI8gZLLVM54LNj7rcs2pWfJ7+sHZ8xS8bY=
github.com/pachyderm/pachyderm v1.11.9/go.mod h1:oGdElynngBoy5yGomKuew0AXJopnENcvbR4qjQD2HJw=
github.com/pachyderm/pachyderm v1.9.12 h1:d/MWv4JBMogqVq34WncUnzOF1DGospHyklfDmwPcj24=
github.com/pachyderm/pachyderm v1.9.12/go.mod h1:sKQ3xtD7NWheKTVHUJi6yFFKzQxWBebGHEwucgVYY6c=
"""


def go_mod(version: str) -> str:
    lines = ["module pachlab", "go 1.15", f"require {MODULE} v{version}"]
    return "\n".join([*lines, *(f"replace {line}" for line in REPLACED[version])]) + "\n"


def workshop(version: str) -> Path:
    """Where `go` finds the release among what it may build."""
    if version not in REPLACED:
        raise LabError(f"pachyderm {version} is in no registry: expected {', '.join(REPLACED)}, or 1.9.0 or older")
    where = paths.made(paths.cache() / "build" / "pachyderm" / version)
    (where / "go.mod").write_text(go_mod(version))
    if not (where / "go.sum").exists():
        (where / "go.sum").write_text(PINNED)
    return where


def build(version: str, root: Path) -> None:
    if forms.emulated(version):
        return pack.emulate(version, root)
    log, bin_directory = start("pachyderm", version, "as a Go module"), paths.made(root / "bin")
    with lock("go"):
        for name in PROGRAMS:
            compiled(bin_directory / name, f"src/server/cmd/{name}", version, {}, log)


def compiled(target: Path, package: str, version: str, more: Mapping[str, str], log: Path) -> None:
    """A library of that time reaches into the runtime; a current linker wants to be told that it may."""
    flags = ["-mod=mod", "-buildvcs=false", "-ldflags=-checklinkname=0", "-o", str(target)]
    logged(f"{target.name} {version}", ["go", "build", *flags, f"{MODULE}/{package}"], workshop(version), more, log)


def says(pachctl: Path, version: str) -> str:
    """The version asked for, if this is it: some tags call themselves otherwise, and 1.4 cannot be asked offline."""
    if forms.emulated(version):
        seen = pack.says(pachctl)
    else:
        seen = run([str(pachctl), "version", "--client-only"], timeout=20).stdout.strip()
    return version if seen == forms.calls_itself(version) else seen
