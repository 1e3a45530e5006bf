# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the catalogues with what the registries offer: no operator is to meet a new release before us.

    make newest

Garage is asked of the index of crates.io, lakeFS and Pachyderm of the Go proxy. It fails when something newer is
offered, and when a registry does not say.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version, parse
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.catalogue import LAKEFS
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import PACHYDERM
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Catalogue

INDEX = "https://index.crates.io/ga/ra/garage"


class Unknown(Exception):
    """The registry does not say; with its own words."""


def of_crates(text: str) -> list[str]:
    """The versions in an index of crates.io: a JSON object a line. Withdrawn ones are left out."""
    rows = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [str(row["vers"]) for row in rows if not row["yanked"]]


def of_go(text: str) -> list[str]:
    """The versions in what `go list -m -versions` prints: the module, then all of them in one line."""
    return [word.removeprefix("v") for word in text.split()[1:]]


def released(versions: list[str], until: Version) -> list[Version]:
    """Those that are no preview, below the first release that no catalogue knows."""
    plain = [parse(one) for one in versions if one.replace(".", "").isdigit()]
    return sorted(one for one in plain if one < until)


def judged(product: str, catalogue: Catalogue, offered: list[str]) -> str:
    """What is to be done, "" for nothing."""
    found = released(offered, catalogue.until)
    known = max(series.newest for series in catalogue.series)
    if not found:
        return f"{product}: the registry offers nothing below {catalogue.until}; expected {known}. Look at it by hand."
    newer = [str(one) for one in found if one > known]
    if not newer:
        return ""
    return (
        f"{product}: {', '.join(newer)} came out after {known}, the newest that is known here. Try it in the lab, keep"
        " its answers as fixtures, and write it into the catalogue."
    )


def crates() -> list[str]:
    try:
        with urllib.request.urlopen(INDEX, timeout=60) as answer:
            return of_crates(answer.read().decode())
    except OSError as exc:
        raise Unknown(str(exc)) from exc


def go(module: str) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "go.mod").write_text("module newest\n", encoding="utf-8")
        argv = ["go", "list", "-m", "-versions", module]
        said = subprocess.run(argv, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    if said.returncode:
        raise Unknown(" / ".join(line.strip() for line in said.stderr.splitlines()))
    return of_go(said.stdout)


SOURCES: Mapping[str, tuple[Catalogue, Callable[[], list[str]]]] = {
    "garage": (GARAGE, crates),
    "lakefs": (LAKEFS, lambda: go("github.com/treeverse/lakefs")),
    "pachyderm": (PACHYDERM, lambda: go("github.com/pachyderm/pachyderm")),
}


def main() -> int:
    bad = 0
    for product, (catalogue, ask) in SOURCES.items():
        try:
            said = judged(product, catalogue, ask())
        except Unknown as exc:
            said = f"{product}: whether something newer came out is unknown: {exc}"
        print(said or f"{product}: {max(series.newest for series in catalogue.series)} is the newest.")
        bad += bool(said)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
