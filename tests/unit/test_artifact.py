# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be in the artifact that Galaxy hands out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "run" / "artifact.py"


@pytest.fixture(scope="module")
def artifact() -> Any:
    spec = importlib.util.spec_from_file_location("artifact", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "plugins/modules/release.py",
        "roles/garage/tasks/stop.yml",
        "docs/docsite/rst/traps.rst",
        "LICENSES/GPL-3.0-or-later.txt",
    ],
)
def test_what_an_operator_runs_or_reads_belongs_there(artifact: Any, name: str) -> None:
    assert artifact.wrong({*artifact.NEEDED, name}) == []


@pytest.mark.parametrize(
    "name",
    [
        *(
            "tests/unit/test_x.py",
            "extensions/molecule/x.yml",
            "Makefile",
            "REUSE.toml",
            "docs/site/conf.py",
            ".gitignore",
        ),
        *("plugins/modules/__pycache__/x.py", "roles/garage/.keep", "changelogs/fragments/x.yml", "plugins/x.tar.gz"),
    ],
)
def test_what_the_project_alone_needs_does_not(artifact: Any, name: str) -> None:
    assert artifact.wrong({*artifact.NEEDED, name}) == [f"{name}: nobody needs it to run a playbook"]


def test_what_is_missing_is_said(artifact: Any) -> None:
    assert artifact.wrong(artifact.NEEDED - {"SECURITY.md"}) == ["SECURITY.md: it is missing"]
