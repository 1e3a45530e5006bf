# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A downloaded binary is used only if the table knows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab import release
from tests.lab.proc import LabError


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The makers' site as a directory, with a program that says that it is 0.8.7; nothing is built."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(release, "URL", f"file://{tmp_path}/v{{version}}/{{target}}/garage")
    monkeypatch.setattr(release, "TABLE", tmp_path / "checksums.json")
    release.TABLE.write_text("{}")
    for version in ("0.8.7", "0.8.6"):
        program = tmp_path / f"v{version}" / release.target() / "garage"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho garage v0.8.7\n")

    def no_building(version: str) -> None:
        raise LabError(f"would build {version}")

    monkeypatch.setattr(release, "build", no_building)
    return tmp_path


def test_without_a_checksum_it_is_built(site: Path) -> None:
    with pytest.raises(LabError, match="would build"):
        release.get("0.8.7")


def test_pinned_once_then_known(site: Path) -> None:
    path = release.get("0.8.7", pin=True)
    assert list(json.loads(release.TABLE.read_text())) == ["0.8.7"]
    path.unlink()
    assert release.get("0.8.7") == path


def test_another_checksum_stops(site: Path) -> None:
    release.TABLE.write_text(json.dumps({"0.8.7": {release.target(): "0" * 64}}))
    with pytest.raises(LabError, match="wants 0000"):
        release.get("0.8.7")
    assert not release.binary("0.8.7").exists()


def test_a_silent_site_is_asked_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _time in range(2):
        with pytest.raises(LabError, match="would build"):
            release.get("0.7.9", pin=True)
    assert capsys.readouterr().err.count("does not answer") == 1


def test_a_binary_that_is_another_release_is_refused(site: Path) -> None:
    with pytest.raises(LabError, match=r"says it is 0\.8\.7, wanted 0\.8\.6"):
        release.get("0.8.6", pin=True)


@pytest.mark.parametrize("version", ["0.8", "latest", "../x", "v0.8.7"])
def test_a_release_is_three_numbers(site: Path, version: str) -> None:
    with pytest.raises(LabError, match="three numbers"):
        release.get(version)
