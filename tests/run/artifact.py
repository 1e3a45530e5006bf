# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""artifact.py FILE: what is in an artifact that operators do not need, and what is missing. Standard library only."""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterable

# What is there for operators; another name has to be put here, or into build_ignore of galaxy.yml.
ROOMS = {"docs", "LICENSES", "meta", "playbooks", "plugins", "roles"}
FILES = {"CHANGELOG.md", "CONTRIBUTING.md", "FILES.json", "MANIFEST.json", "README.md", "SECURITY.md"}
FILES |= {"changelogs/changelog.yaml", "changelogs/config.yaml"}
NEEDED = FILES | {"docs/docsite/rst/garage_findings.rst", "docs/examples/ansible.cfg", "meta/runtime.yml"}
ENDS = (".py", ".yml", ".yaml", ".rst", ".md", ".txt", ".cfg", ".json", ".j2", ".html", ".css", ".svg")


def wrong(names: Iterable[str]) -> list[str]:
    """Pure: sentences about files that should not be there, and those that should."""
    there = set(names)
    said = [f"{name}: nobody needs it to run a playbook" for name in sorted(there) if not _wanted(name)]
    return said + [f"{name}: it is missing" for name in sorted(NEEDED - there)]


def _wanted(name: str) -> bool:
    hidden = any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))
    in_room = name.partition("/")[0] in ROOMS and "/" in name and not name.startswith("docs/site/")
    return not hidden and (name in FILES or (in_room and name.endswith(ENDS)))


if __name__ == "__main__":
    with tarfile.open(sys.argv[1]) as archive:
        files = [one for one in archive.getmembers() if one.isfile()]
    problems = wrong(one.name for one in files)
    print(f"{len(files)} files, {sum(one.size for one in files) // 1024} KiB unpacked")
    sys.exit("\n".join(problems) if problems else 0)
