# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the programs of a release: one executable file for both, an archive behind its first line. Not part of them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from tests.lab import paths
from tests.lab.proc import LabError

CAPTURES = paths.ROOT / "tests" / "unit" / "fixtures" / "pachyderm"
# Where the captures say that a release said the same, nearest first: one that has a case and the next lacks.
SAME = {
    "1.4.8": (),
    "1.5.0": (),
    "1.6.10": ("1.5.0",),
    "1.7.14": (),
    "1.8.0": ("1.7.14",),
    "1.8.1": ("1.8.7", "1.8.8"),
    "1.8.7": ("1.8.8", "1.8.0", "1.7.14"),
    "1.8.8": ("1.8.7", "1.8.0", "1.7.14"),
    "1.9.0": ("1.8.7", "1.7.14"),
}
# The second series was made of each of its releases: what one lacks, nobody has seen of it.
SECOND = re.compile(r"(worker|failed|updated|settings|cron|names|stats|derived|message|bare|provenance|rich)_")
# What a release does to a dump or to metadata, it does alone; of two that differ in a patch only, both.
ALONE = re.compile(r".*(restore|_from_|_started_on_)|fsck|list_file_missing_object|.*_other_syntax|list_file_unknown_")
PATCHES = {"1.8.7": "1.8.8", "1.8.8": "1.8.7"}
# Tables have other columns from 1.8.1 on.
COLUMNS = re.compile(r"list_(file_table|commit|repo|pipeline)$")
# Of a release that no capture is of: any file read fails so; 1.4 to 1.8 have these commands (read in the sources at the
# tag); 1.9.0 restores as 1.7.14 and 1.8 (measured).
STOPS = {"stop_pipeline": "1.7.14", "start_pipeline": "1.7.14"}
NEXT = {
    "1.9.0": {"list_file_missing_object": "1.9.12", "restore_no_objects_empty_store": "1.8.7"},
    "1.4.8": STOPS,
    "1.5.0": STOPS,
}
HERE = Path(__file__).parent
START = "import sys\nfrom pachyderm_emulator.program import main\nsys.exit(main(sys.argv[1:]))\n"


def captures(version: str) -> list[str]:
    return sorted(path.stem for path in (CAPTURES / version).glob("*.yml"))


def captured(version: str) -> dict[str, str]:
    """case -> the release of whose capture it is: those of this one, and of others only what it did alike."""
    found: dict[str, str] = {}
    for other in reversed(SAME[version]):
        patch = PATCHES.get(version) == other
        found |= {
            name: other for name in captures(other)
            if patch or not (SECOND.match(name) or ALONE.match(name) or older(version, other, name))
        }  # fmt: skip
    return found | NEXT.get(version, {}) | dict.fromkeys(captures(version), version)


def older(version: str, other: str, name: str) -> bool:
    """Whether a table of before 1.8.1 is asked for of a later release, or of 1.8.0 one that it may have either way."""
    return other in ("1.7.14", "1.8.0") and version != other and bool(COLUMNS.match(name))


def emulate(version: str, root: Path) -> None:
    if version not in SAME:
        raise LabError(f"pachyderm {version}: no registry has it and nobody captured it; expected {', '.join(SAME)}")
    if not captures(version):
        raise LabError(f"{CAPTURES} has no captures of {version}: its emulator speaks by them alone")
    behind = io.BytesIO()
    held: dict[str, Any] = {"release": version, "captured": captured(version)}
    with zipfile.ZipFile(behind, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__main__.py", START)
        for path in sorted(HERE.glob("*.py")):
            if path.name != "pack.py":
                archive.writestr(f"pachyderm_emulator/{path.name}", path.read_text())
        archive.writestr("pachyderm_emulator/release.json", json.dumps(held, sort_keys=True))
    for name in ("pachctl", "pachd"):
        target = paths.made(root / "bin") / name
        target.write_bytes(b"#!/usr/bin/python3\n" + behind.getvalue())
        target.chmod(0o755)


def says(path: Path) -> str:
    """Which release an emulator is of; "" of what is none."""
    if not zipfile.is_zipfile(path):
        return ""
    with zipfile.ZipFile(path) as archive:
        held: dict[str, str] = json.loads(archive.read("pachyderm_emulator/release.json"))
    return held["release"]
