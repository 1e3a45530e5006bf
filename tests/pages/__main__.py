# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the pages that are made from data below DESTINATION/docs/docsite, and puts them into its table of contents.

python -m tests.pages DESTINATION        # a copy of the tree; the checkout keeps none of them
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import yaml

from tests.pages import findings, hops, settings

CALLED = {"garage": "Garage", "lakefs": "lakeFS", "pachyderm": "Pachyderm"}


@cache
def made() -> dict[str, str]:
    """Every page, by the name of its file."""
    return {**findings.pages(CALLED), **hops.pages(CALLED), **settings.pages(CALLED)}


def contents(extra: str) -> str:
    """The table of contents, with the pages that are made."""
    read = yaml.safe_load(extra)
    row = [
        {"title": called, "toctree": [f"{product}_{page}" for page in ("hops", "findings", "settings")]}
        for product, called in CALLED.items()
    ]
    read["sections"][-1:-1] = row
    return str(yaml.safe_dump(read, sort_keys=False))


def write(destination: Path) -> None:
    site = destination / "docs" / "docsite"
    for name, text in made().items():
        (site / "rst" / name).write_text(text, encoding="utf-8")
    extra = site / "extra-docs.yml"
    extra.write_text(contents(extra.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
