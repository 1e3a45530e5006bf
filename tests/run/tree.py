# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings COPY up to date with the checkout ROOT: the files that git knows or would add, and no others."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path

# What tools keep in the copy to be faster next time.
KEPT = {".ansible", "output", ".ruff_cache"}


def expected(root: Path) -> set[Path]:
    argv = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(argv, cwd=root, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    return {Path(name) for name in names if name and (root / name).is_file()}


def present(copy: Path) -> set[Path]:
    found = set()
    for directory, children, names in os.walk(copy):
        children[:] = [child for child in children if child not in KEPT]
        found |= {(Path(directory) / name).relative_to(copy) for name in names}
    return found


def main(root: Path, copy: Path) -> None:
    if copy.resolve() != copy.absolute():
        sys.exit(f"{copy} leads to {copy.resolve()}, where files would be deleted: remove the link.")
    files = expected(root)
    for name in present(copy) - files:
        (copy / name).unlink()
        if not os.listdir((copy / name).parent):  # a role of which nothing is left is no role
            os.removedirs((copy / name).parent)
    for name in files:
        target = copy / name
        if not target.is_file() or not filecmp.cmp(root / name, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)


main(Path(sys.argv[1]), Path(sys.argv[2]))
