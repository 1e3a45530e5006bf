# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sound earlier backup is found again, whenever the run that takes the next one is killed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup import database, earlier, metadata
from ansible_collections.uplift.datastores.plugins.module_utils._backup.etcd import Snapshot
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import extract, inventory

CALLS = ("replace", "rename", "link", "unlink", "open", "fsync", "chmod", "fchmod", "mkdir", "rmdir", "utime")
Take = Callable[[Path, str], object]


class Killed(BaseException):
    pass


@contextmanager
def killed_at(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """From its `number`th call on the system does nothing more for us: a process that is killed tidies nothing up."""
    made: list[str] = []
    opened: list[int] = []

    def counted(name: str, real: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            made.append(name)
            if len(made) > number:
                raise Killed(name)
            answer = real(*given, **named)
            opened.extend([answer] if name == "open" else [])
            return answer

        return call

    with monkeypatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, counted(name, getattr(os, name)))
        yield made
        for descriptor in opened:  # the kernel closes them, and their locks are gone with them
            with suppress(OSError):
                if "/test_killed" in os.readlink(f"/proc/self/fd/{descriptor}"):
                    os.close(descriptor)


def a_pair(place: Path, content: str) -> None:
    """What postgres_backup does with the file of pg_dump, and everybody with theirs."""
    part = place / "x.part"
    part.write_text(content)
    told = json.dumps({"sha256": hashlib.sha256(content.encode()).hexdigest()})
    earlier.put(str(part), str(place / "x"), told, keep_it=True)


def an_archive(place: Path, content: str) -> None:
    tree = place / "tree"
    tree.mkdir(exist_ok=True)
    (tree / "data").write_text(content)
    wish = metadata.Wish([str(tree)], str(place / "x"), compression="none", space_factor=0.0)
    metadata.present(wish, Progress(), lambda: None, check=False)


def a_snapshot(place: Path, content: str) -> None:
    class Etcdctl:
        def run(self, argv: list[str], **_more: Any) -> Any:
            if "save" in argv:
                Path(argv[-1]).write_text(content)
            return type("Answer", (), {"rc": 0, "out": '{"totalKey": 1, "revision": 1}', "err": "", "ok": True})()

    params = dict.fromkeys(("endpoint", "cacert", "cert", "key", "data_dir"))
    Snapshot(Etcdctl(), {**params, "etcdctl": "etcdctl", "dest": str(place / "x")}).present(False)  # type: ignore[arg-type]


def sound(place: Path) -> set[str]:
    """What can be had back: the files that are as the manifest next to them says."""
    found = set()
    for path in place.glob("x*"):
        told = Path(earlier.manifest_path(str(path)))
        if path.is_file() and told.exists():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found |= {digest} if json.loads(told.read_text())["sha256"] == digest else set()
    return found


@pytest.mark.parametrize("take", [a_pair, an_archive, a_snapshot])
def test_killed_between_any_two_calls(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number, done = 0, False
    while not done:
        place = tmp_path / str(number)
        place.mkdir()
        take(place, "first")
        first = sound(place)
        assert len(first) == 1
        with killed_at(number, monkeypatch) as made:
            try:
                take(place, "second")
                done = True
            except Killed:
                pass
        earlier.repair(str(place / "x"))
        assert first <= sound(place), f"lost when it was killed before call {number + 1}: {made[-1]}"
        # One that is killed while it fixes, and the run after that.
        take(place, "third")
        assert first <= sound(place) and len(sound(place)) == (3 if done else len(sound(place)))
        number += 1
    assert number > 8 and {"replace", "fsync"} <= set(made)


def test_killed_while_it_mends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for before in range(12):
        place = tmp_path / str(before)
        place.mkdir()
        a_pair(place, "first")
        first = sound(place)
        for number in (before, 0, 1, 2):
            with killed_at(number, monkeypatch), suppress(Killed):
                a_pair(place, f"again {number}")
        earlier.repair(str(place / "x"))
        assert first <= sound(place)


def test_backups_of_the_same_second_are_all_kept(tmp_path: Path) -> None:
    for content in ("one", "two", "three", "four"):
        a_pair(tmp_path, content)
        os.utime(tmp_path / "x.manifest.json", (0, 0))
    assert len(sound(tmp_path)) == 4
    assert sorted(path.name for path in tmp_path.glob("x.1970*Z*") if path.suffix != ".json") == [
        "x.19700101T000000Z",
        "x.19700101T000000Z-1",
        "x.19700101T000000Z-2",
    ]


def test_what_is_not_worth_it_is_replaced(tmp_path: Path) -> None:
    a_pair(tmp_path, "torn")
    (tmp_path / "x.part").write_text("whole")
    assert earlier.put(str(tmp_path / "x.part"), str(tmp_path / "x"), "{}", keep_it=False) == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "x.manifest.json"]


def test_the_inventory_of_before_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file without a manifest: it is at one name or at the other."""
    params = {"before": "", "largest": 0, "dest": str(tmp_path / "inventory.json"), "clients": "out"}
    for number in range(20):
        for path in tmp_path.iterdir():
            path.unlink()
        monkeypatch.setattr(inventory, "take", lambda *_given: {"repos": ["first"]})
        inventory.run(None, params, Progress(), False)  # type: ignore[arg-type]
        monkeypatch.setattr(inventory, "take", lambda *_given: {"repos": ["second"]})
        with killed_at(number, monkeypatch):
            try:
                inventory.run(None, params, Progress(), False)  # type: ignore[arg-type]
                break
            except Killed:
                pass
        assert '"first"' in "".join(path.read_text() for path in tmp_path.iterdir()), number
    assert number > 3


def test_the_dump_and_the_archive_of_a_database_are_put_by_the_same_words() -> None:
    for module in (metadata, database, extract):
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        assert text.count("earlier.put(") == 1 and "write_atomic(" not in text, module.__name__
