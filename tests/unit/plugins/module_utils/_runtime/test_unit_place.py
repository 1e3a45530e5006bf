# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of a unit lies by its own name, and what it mounts around its program."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd, unit_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself

MOUNT = "ExecStartPre={ path=/bin/mount ; argv[]=/bin/mount /srv/meta ; ignore_errors=no ; start_time=[n/a] }\n"


class Systemd:
    """One unit, whatever it is asked for by. It answers in the form of systemd 252."""

    def __init__(self, name: str, more: str = "", load: str = "loaded") -> None:
        self.said = f"Id={name}\nLoadState={load}\nActiveState=active\n{more}"

    def run(self, argv: Any, **how: Any) -> Answer:
        return Answer(tuple(argv), 0, self.said, "")


@pytest.mark.parametrize(
    ("asked", "name"), [("garage", "garage.service"), ("garage.service", "garage.service"), ("g@1.2", "g@1.2.service")]
)
def test_what_it_mounts_is_told(asked: str, name: str) -> None:
    assert unit_place.mounting(Systemd(name, MOUNT), {asked: "garage_unit"}) == ["/bin/mount /srv/meta"]
    assert unit_place.mounting(Systemd(name, MOUNT), {"docker:garage": "", "kubernetes:lake/lakefs": ""}) == []


def test_another_name_of_a_unit_is_refused() -> None:
    """trap G35: it would have a second record, and a second lease."""
    with pytest.raises(
        NotItself, match="^The unit garage is another name of garage-blue.service; .*Set pachyderm_unit to garage-blue"
    ) as said:
        unit_place.mounting(Systemd("garage-blue.service"), {"garage": "pachyderm_unit"})
    assert said.value.row["key"] == "unit_alias" and said.value.row["final"]
    assert unit_place.mounting(Systemd("gone.service", load="not-found"), {"other": "garage_unit"}) == []


@pytest.mark.parametrize("shown", ["RootDirectory=/srv/root", "RootImage=/srv/root.raw", "RootDirectory=/"])
def test_a_unit_in_a_root_of_its_own_is_refused(shown: str) -> None:
    """The host has a program and a configuration at the same paths, which are not those that run."""
    if shown.endswith("=/"):
        assert unit_place.own(Systemd("garage.service", f"{shown}\n"), {"garage": "garage_unit"})
        return
    with pytest.raises(NotItself, match=f"runs in a root of its own .{shown}.:") as said:
        unit_place.own(Systemd("garage.service", f"{shown}\n"), {"garage": "garage_unit"})
    assert said.value.row["key"] == "unit_root" and said.value.row["final"]


@pytest.mark.parametrize(
    ("shown", "gone"),
    [
        ("User=root\nGroup=root\n", ""),
        ("User=0\nGroup=0\n", ""),
        ("", ""),
        ("User=60999\nGroup=root\n", "account 60999"),
        ("User=nobody-here\n", "account nobody-here"),
        ("User=root\nGroup=60999\n", "group 60999"),
        ("Group=no-group-here\n", "group no-group-here"),
        ("User=nobody-here\nDynamicUser=yes\n", ""),
    ],
)
def test_a_unit_whose_account_is_not_there_would_not_be_started_again(shown: str, gone: str) -> None:
    """systemd 252 ends with 217 where User= is a number without a line in the password file, with Group= or without."""
    asked = {"lakefs": "lakefs_unit"}
    if not gone:
        assert len(unit_place.own(Systemd("lakefs.service", shown), asked)) == 1
        return
    with pytest.raises(NotItself, match=f"lakefs.service runs as the {gone}, which is not there") as said:
        unit_place.own(Systemd("lakefs.service", shown), asked)
    assert said.value.row["key"] == "account_gone" and said.value.row["final"]


@pytest.mark.parametrize(
    ("written", "around", "path", "when"),
    [
        (100.5, ("/bin/sh -c envsubst",), "garage.toml", "at each start of the unit"),
        (99.995, ("/bin/sh -c envsubst",), "garage.toml", "at each start of the unit"),
        (100.5, (), "garage.toml", ""),
        (90.0, ("/usr/bin/test -f /etc/garage.toml",), "garage.toml", ""),
        (110.0, ("/bin/sh -c envsubst",), "garage.toml", ""),
        (90.0, (), "/run/hostname-like", "at each boot"),
        (90.0, (), "not-there", ""),
    ],
)
def test_a_file_that_others_make_anew_is_known_by_its_time(
    written: float, around: tuple[str, ...], path: str, when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = replace(systemd.read_unit(Systemd("g.service"), "g"), around=around, began=100.0, started=101.0)
    file = tmp_path / "garage.toml"
    file.touch()
    os.utime(file, (written, written))
    asked = str(tmp_path / path)
    if when == "at each boot":
        monkeypatch.setattr(os.path, "realpath", lambda _path: path)
        asked = str(file)
    assert unit_place.made_anew(unit, asked).startswith(when) and bool(unit_place.made_anew(unit, asked)) == bool(when)


@pytest.mark.parametrize(
    ("inside", "elsewhere"), [("same", False), ("another", True), ("nothing", True), ("link", False), ("gone", False)]
)
def test_what_the_service_alone_finds_in_another_place_is_seen(inside: str, elsewhere: bool, tmp_path: Path) -> None:
    """trap G31: a backup of what the host has there would be of another node, or of nothing."""
    here, root = tmp_path / "meta", tmp_path / "proc" / "7" / "root"
    here.mkdir()
    there = root / str(here).lstrip("/")
    there.parent.mkdir(parents=True)
    if inside in ("same", "link"):
        there.symlink_to(here)
    elif inside == "another":
        there.mkdir()
    asked = here
    if inside == "link":
        asked = tmp_path / "var"
        asked.symlink_to(here)
    pid = 8 if inside == "gone" else 7
    unit = replace(systemd.read_unit(Systemd("g.service"), "g"), main_pid=pid)
    assert unit_place.elsewhere(unit, str(asked), str(tmp_path / "proc")) == elsewhere
