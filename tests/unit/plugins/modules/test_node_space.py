# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.modules.node_space import free, memory, size


def test_room_is_asked_where_the_directory_would_be_made(tmp_path: Path) -> None:
    assert free(str(tmp_path / "a" / "b"))["at"] == str(tmp_path)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("path", ["", "backups"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(UpliftError, match="expected an absolute one"):
        free(path)


def test_size_counts_what_is_stored(tmp_path: Path) -> None:
    (tmp_path / "full").write_bytes(b"x" * 100_000)
    (tmp_path / "sub").mkdir()
    with open(tmp_path / "sub" / "holes", "wb") as stream:
        stream.truncate(1 << 30)
    found = size(str(tmp_path))
    assert found is not None and 100_000 <= found < 1_000_000


def test_what_cannot_be_read_makes_the_size_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert size(str(tmp_path)) is None
    assert size(str(tmp_path / "not there")) is None


def test_memory_is_what_can_be_had(tmp_path: Path) -> None:
    table = tmp_path / "meminfo"
    table.write_text("MemTotal:       100 kB\nMemFree:         1 kB\nMemAvailable:   70 kB\n", encoding="ascii")
    assert memory(str(table)) == 70 * 1024
    assert memory(str(tmp_path / "none")) is None


@pytest.mark.parametrize("may", [True, False])
def test_whether_it_may_be_written_is_asked_where_it_would_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, may: bool
) -> None:
    """Of the kernel: root may write nothing to a file system that is mounted to read only."""
    asked: list[tuple[str, int]] = []

    def access(path: str, mode: int) -> bool:
        asked.append((path, mode))
        return may

    monkeypatch.setattr(os, "access", access)
    assert free(str(tmp_path / "a" / "b"))["writable"] is may
    assert asked == [(str(tmp_path), os.W_OK | os.X_OK)]


def test_room_is_asked_where_a_link_leads(tmp_path: Path) -> None:
    """/etc/garage.toml may lead into a checkout, or into a store that is mounted to read only."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "garage.toml").touch()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "garage.toml").symlink_to(tmp_path / "store" / "garage.toml")
    assert free(str(tmp_path / "etc" / "garage.toml"))["at"] == str(tmp_path / "store")
