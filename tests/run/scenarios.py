# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of extensions/molecule/scenarios.yml.

scenarios.py write          makes each one's molecule.yml
scenarios.py list           names those that `make test` runs, in their order
scenarios.py list all       names them all
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

SCENARIOS = Path(__file__).resolve().parents[2] / "extensions" / "molecule"
BY_TESTS = ["destroy", "create", "prepare", "verify", "destroy"]
KEYS = {"short", "about", "env", "tests", "own", "by"}
HEAD = """\
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

---
# Made by `tests/run/scenarios.py write` from ../scenarios.yml.
"""


def table() -> dict[str, dict[str, Any]]:
    """Name -> row, in the order in which they are run."""
    rows: dict[str, dict[str, Any]] = yaml.safe_load((SCENARIOS / "scenarios.yml").read_text(encoding="utf-8"))
    for name, row in rows.items():
        if row.keys() - KEYS or "env" not in row:
            sys.exit(f"{name}: expected env and others of {', '.join(sorted(KEYS))}; there are {', '.join(row)}.")
    return rows


def molecule(row: Mapping[str, Any]) -> str:
    """The text of a molecule.yml."""
    said: dict[str, Any] = {
        "provisioner": {"env": {f"UPLIFT_{name.upper()}": str(value) for name, value in row["env"].items()}}
    }
    if "tests" in row:
        directory = "${MOLECULE_PROJECT_DIRECTORY}/extensions/molecule/" + row["tests"]
        said["verifier"] = {"directory": directory}
        if row.get("own"):
            said["verifier"]["additional_files_or_dirs"] = ["${MOLECULE_SCENARIO_DIRECTORY}/tests"]
    if "by" in row:
        said["scenario"] = {"test_sequence": BY_TESTS if row["by"] == "tests" else row["by"]}
    about = textwrap.fill(row.get("about", ""), 126, initial_indent="# ", subsequent_indent="# ")
    return HEAD + (f"{about}\n" if about else "") + yaml.dump(said, Dumper=Indented, sort_keys=False, width=1000)


class Indented(yaml.SafeDumper):
    """Lists below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def main(words: list[str]) -> None:
    if words == ["write"]:
        for name, row in table().items():
            (SCENARIOS / name).mkdir(exist_ok=True)
            (SCENARIOS / name / "molecule.yml").write_text(molecule(row), encoding="utf-8")
    elif words in (["list"], ["list", "all"]):
        print("\n".join(name for name, row in table().items() if "all" in words or row.get("short")))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
