# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A downloaded binary is used only if the table knows it."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab import release
from tests.lab.proc import LabError

MACHINE = release.SOURCES["garage"].machine()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The makers' site as a directory, with a program that says that it is 0.8.7; nothing is built."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(release, "TABLE", tmp_path / "checksums.json")
    release.TABLE.write_text("{}")

    def no_building(version: str, _root: Path) -> None:
        raise LabError(f"would build {version}")

    for product, source in list(release.SOURCES.items()):
        url = f"file://{tmp_path}/v{{version}}/{{target}}/{product}"
        monkeypatch.setitem(release.SOURCES, product, replace(source, url=url, build=no_building))
    for version in ("0.8.7", "0.8.6"):
        program = tmp_path / f"v{version}" / MACHINE / "garage"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho garage v0.8.7\n")
    return tmp_path


def test_without_a_checksum_it_is_built(site: Path) -> None:
    with pytest.raises(LabError, match="would build"):
        release.get("garage", "0.8.7")


def test_pinned_once_then_known(site: Path) -> None:
    path = release.get("garage", "0.8.7", pin=True)
    assert list(json.loads(release.TABLE.read_text())["garage"]) == ["0.8.7"]
    path.unlink()
    assert release.get("garage", "0.8.7") == path


def test_another_checksum_stops(site: Path) -> None:
    release.TABLE.write_text(json.dumps({"garage": {"0.8.7": {MACHINE: "0" * 64}}}))
    with pytest.raises(LabError, match="wants 0000"):
        release.get("garage", "0.8.7")
    assert not release.program("garage", "0.8.7").exists()


def test_a_silent_site_is_asked_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _time in range(2):
        with pytest.raises(LabError, match="would build"):
            release.get("garage", "0.7.9", pin=True)
    assert capsys.readouterr().err.count("does not answer") == 1


def test_a_binary_that_is_another_release_is_refused(site: Path) -> None:
    with pytest.raises(LabError, match=r"says it is 0\.8\.7, expected 0\.8\.6"):
        release.get("garage", "0.8.6", pin=True)


@pytest.mark.parametrize("version", ["0.8", "latest", "../x", "v0.8.7"])
def test_a_release_is_three_numbers(site: Path, version: str) -> None:
    with pytest.raises(LabError, match="three numbers"):
        release.get("garage", version)


def test_an_archive_with_several_programs(site: Path) -> None:
    archive = site / "v1.0.0" / release.SOURCES["lakefs"].machine() / "lakefs"
    archive.parent.mkdir(parents=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("README.md", "lakefs", "lakectl"):
            text = b"#!/bin/sh\necho lakefs version 1.0.0\n"
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    path = release.get("lakefs", "1.0.0", pin=True)
    assert sorted(one.name for one in path.parent.iterdir()) == ["lakectl", "lakefs"]
