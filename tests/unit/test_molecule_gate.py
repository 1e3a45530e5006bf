# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/run/molecule, with a stand-in for molecule: every scenario is played, and one that fails is named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run import scenarios

ROOT = Path(__file__).resolve().parents[2]
SHORT = [name for name, row in scenarios.table().items() if row.get("short")]


@pytest.mark.parametrize("broken", ["", SHORT[0], SHORT[-1]])
def test_every_short_scenario_is_played_and_a_broken_one_fails_the_gate(tmp_path: Path, broken: str) -> None:
    bin_, played = tmp_path / "uplift-lab" / "venv" / "bin", tmp_path / "played"
    bin_.mkdir(parents=True)
    (bin_ / "python").symlink_to(sys.executable)
    (bin_ / "molecule").write_text(f'#!/bin/sh\necho "$3" >> {played}\necho "said by $3"\n[ "$3" != "{broken}" ]\n')
    (bin_ / "molecule").chmod(0o755)
    script = (ROOT / "tests" / "run" / "molecule").read_text(encoding="utf-8")
    library = (ROOT / "tests" / "run" / "lib.sh").read_text(encoding="utf-8")
    run = tmp_path / "run"
    run.mkdir()
    (run / "molecule").write_text(script)
    (run / "molecule").chmod(0o755)
    (run / "lib.sh").write_text(library.replace("COPY=$TREE/ansible_collections/uplift/datastores", f"COPY={ROOT}"))
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run([str(run / "molecule")], env=env, check=False, capture_output=True, text=True)
    assert sorted(played.read_text().split()) == sorted(SHORT)
    assert done.returncode == int(bool(broken)), done.stdout + done.stderr
    assert (f"molecule: failed: {broken}" in done.stdout) == bool(broken)
    assert ("said by" in done.stdout) == bool(broken), "what a scenario said is shown where it fails, and only there"
    assert all(f"   {name}" in done.stdout for name in SHORT)
