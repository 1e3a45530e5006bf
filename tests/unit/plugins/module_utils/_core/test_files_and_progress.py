# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress


def said(path: Path) -> list[tuple[float, str]]:
    return [(line["done"], line["text"]) for line in map(json.loads, path.read_text().splitlines())]


def test_a_burst_is_thinned_out_but_news_and_the_end_are_said(tmp_path: Path) -> None:
    now = [0.0]
    progress = Progress(str(tmp_path / "p"), clock=lambda: now[0])
    for done, text, later in [
        (0, "a", 0.0),
        (1, "a", 0.1),
        (2, "a", 0.2),
        (3, "b", 0.0),
        (4, "b", 0.0),
        (10, "b", 0.0),
    ]:
        now[0] += later
        progress.say(done, 10, text)
    assert said(tmp_path / "p") == [(0, ""), (0, "a"), (2, "a"), (3, "b"), (10, "b")]
    assert (tmp_path / "p").stat().st_mode & 0o777 == 0o600


def test_a_progress_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    Progress().say(1, 2, "silent")
    progress = Progress(str(tmp_path / "nowhere" / "p"))
    progress.say(1, 2, "x")
    progress.say(2, 2, "x")


def test_a_file_is_there_as_a_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    files.write_atomic(str(path), b"old", 0o640)
    assert path.stat().st_mode & 0o777 == 0o640

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_atomic(str(path), b"new", 0o600)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_a_link_is_never_missing(tmp_path: Path) -> None:
    path = tmp_path / "l"
    path.write_text("a file")
    files.link_atomic("somewhere", str(path))
    files.link_atomic("else", str(path))
    assert str(path.readlink()) == "else"
    with pytest.raises(IsADirectoryError):
        (tmp_path / "d").mkdir()
        files.link_atomic("x", str(tmp_path / "d"))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["d", "l"]


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (2899102924, "2.7 GiB"), (1 << 52, "4096.0 TiB")],
)
def test_human(size: int, text: str) -> None:
    assert files.human(size) == text


def test_space_is_asked_where_the_directory_will_be(tmp_path: Path) -> None:
    files.demand_space(str(tmp_path / "a" / "b" / "c"), 1, "it")
    with pytest.raises(UpliftError, match="free, it needs 1024.0 TiB: make free space"):
        files.demand_space(str(tmp_path / "a"), 1 << 50, "it")


ACL, DEFAULT_ACL = "system.posix_acl_access", "system.posix_acl_default"


def listed(path: Path, kind: str = ACL, reader: int = 990) -> bytes:
    """Give a file an access list as `setfacl -m u:990:r` does, where the file system has such."""
    rows = ((1, 6, 2**32 - 1), (2, 4, reader), (4, 0, 2**32 - 1), (16, 4, 2**32 - 1), (32, 0, 2**32 - 1))
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *row) for row in rows)
    try:
        os.setxattr(path, kind, value)
    except OSError:
        pytest.skip("no access lists here")
    return value


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_file_is_written_like_another_in_all_but_its_content(tmp_path: Path) -> None:
    own, copy = tmp_path / "garage.toml", tmp_path / "garage.toml.uplift-quiesced"
    own.write_text("old", encoding="utf-8")
    os.chown(own, 990, 991)
    value = listed(own)
    os.setxattr(own, "user.note", b"mine")
    files.write_like(str(copy), b"new", str(own))
    seen = os.stat(copy)
    assert (copy.read_text(encoding="utf-8"), seen.st_uid, seen.st_gid, seen.st_mode & 0o7777) == (
        "new",
        990,
        991,
        0o640,
    )
    assert os.getxattr(copy, ACL) == value and os.getxattr(copy, "user.note") == b"mine"
    assert files.alike(str(copy), str(own))
    os.removexattr(copy, "user.note")
    assert not files.alike(str(copy), str(own))


def test_what_a_directory_gives_to_new_files_is_not_given_to_a_secret(tmp_path: Path) -> None:
    """`setfacl -d` on /etc/garage: the copy could be read by whom the file itself keeps out."""
    own = tmp_path / "garage.toml"
    own.write_text("old", encoding="utf-8")
    own.chmod(0o640)
    listed(tmp_path, DEFAULT_ACL)
    files.write_like(str(tmp_path / "copy"), b"new", str(own))
    assert ACL not in os.listxattr(tmp_path / "copy") and os.stat(tmp_path / "copy").st_mode & 0o777 == 0o640
    assert files.alike(str(tmp_path / "copy"), str(own))
