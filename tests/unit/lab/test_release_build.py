# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said while a release is built."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.lab import release_build
from tests.lab.proc import LabError

# As cargo 1.95.0 wrote it into a file.
LOG = (
    "  Installing m v0.1.0\n   Compiling c v0.1.0\n"
    "    Building [                             ] 0/4: c                           \r   Compiling a v0.1.0\n"
    "    Building [======>                      ] 1/4: b, c                        \r"
)


@pytest.mark.parametrize(
    ("log", "seconds", "said"),
    [
        (LOG, 50, "x: 1 of 4 crates compiled after 50 s, about 2 min left"),
        (LOG.partition("======")[0], 20, "x: being built, after 20 s"),
        ("", 130, "x: being built, after 2 min"),
        (LOG + "    Building [===>] 4/4: m\r", 90, "x: being built, after 2 min"),
    ],
)
def test_how_far_it_is(log: str, seconds: float, said: str) -> None:
    assert release_build.progress("x", log, seconds) == said


def test_it_is_said_while_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(release_build, "SAY_EVERY", 0.05)
    go = tmp_path / "go"
    told = iter([lambda: None, go.touch])
    monkeypatch.setattr(release_build, "say", lambda text: (next(told, lambda: None)(), print(text)))
    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)"
    release_build.logged("x", [sys.executable, "-c", wait], None, {}, tmp_path / "log")
    assert "x: being built, after 0 s" in capsys.readouterr().out


def test_a_build_that_fails_names_its_log(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"could not build x \(exit 3\): see the end of .*log"):
        release_build.logged("x", [sys.executable, "-c", "raise SystemExit(3)"], None, {}, tmp_path / "log")
    with pytest.raises(LabError, match="is not installed"):
        release_build.logged("x", [str(tmp_path / "none")], None, {}, tmp_path / "log")
