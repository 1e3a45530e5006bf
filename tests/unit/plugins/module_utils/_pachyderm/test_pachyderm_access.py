# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trap P46. With authentication off, real answers; with it on, the form of pachctl's sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import access
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.compare import judged

from tests.unit import pachyderm_replay as replay

REPOS = [{"name": "data"}, {"name": "edges"}]
LISTS = {"data": ["github:alice: OWNER", "robot:loader: WRITER"], "edges": ["pipeline:edges: WRITER"]}
ON: dict[str, Any] = {"state": "on", "admins": ["github:alice", "robot:ci"], "lists": LISTS}


def said(*lines: str) -> Answer:
    return Answer(("pachctl",), 0, "".join(f"{line}\n" for line in lines), "")


ANSWERS = {
    "auth whoami": said('You are "github:alice"', "You are an administrator of this Pachyderm cluster"),
    "auth list-admins": said("robot:ci", "github:alice"),
    "auth get data": said("robot:loader: WRITER", "github:alice: OWNER"),
    "auth get edges": said("pipeline:edges: WRITER"),
}


@pytest.mark.parametrize("release", ["1.9.12", "1.13.4"])
def test_a_real_server_without_it_is_asked_once(release: str, tmp_path: Path) -> None:
    runner = replay.Replay(release, {"auth whoami": "auth_whoami"})
    assert access.ask(replay.pachctl(runner, tmp_path), REPOS) == {"state": "off", "admins": [], "lists": {}}
    assert [words for words in runner.asked if words.startswith("auth")] == ["auth whoami"]


def test_it_is_noted_who_may_do_what(tmp_path: Path) -> None:
    assert access.ask(replay.pachctl(replay.Replay("1.13.4", ANSWERS), tmp_path), REPOS) == ON


def test_older_releases_tell_whether_it_is_on(tmp_path: Path) -> None:
    runner = replay.Replay("1.9.0", {"auth whoami": said("You are")})
    assert access.ask(replay.pachctl(runner, tmp_path), REPOS) == {"state": "on", "admins": [], "lists": {}}


@pytest.mark.parametrize(
    ("after", "keys", "sentence"),
    [
        (ON, [], ""),
        ({**ON, "admins": ["pach:root", *ON["admins"]]}, [], ""),
        ({"state": "off", "admins": [], "lists": {}}, ["auth_lost"], "admins before: github:alice, robot:ci; repos"),
        ({}, ["auth_lost"], "was on and is unknown"),
        ({**ON, "admins": ["github:alice"]}, ["admins_changed"], "The admins changed: now without robot:ci."),
        ({**ON, "admins": [*ON["admins"], "robot:x"]}, ["admins_changed"], "now with robot:x."),
        (
            {**ON, "lists": {**LISTS, "data": ["github:alice: OWNER", "robot:loader: OWNER"]}}, ["access_changed"],
            "The access list of data changed: now without robot:loader: WRITER and with robot:loader: OWNER.",
        ),
        ({**ON, "lists": {**LISTS, "edges": []}}, ["access_changed"], "now without pipeline:edges: WRITER."),
        ({**ON, "lists": {"data": LISTS["data"]}}, [], ""),  # the repo that is gone is told as such
    ],
)  # fmt: skip
def test_what_a_restore_has_opened_is_a_difference(after: dict[str, Any], keys: list[str], sentence: str) -> None:
    found = list(access.differences(ON, after))
    assert [row["key"] for row in found] == keys
    assert sentence in " ".join(row["sentence"] for row in found)


def test_nothing_is_lost_where_it_was_off_or_unknown() -> None:
    for before in ({}, {"state": "off", "admins": [], "lists": {}}):
        assert list(access.differences(before, ON)) == []
    assert list(access.differences({"state": "on", "admins": [], "lists": {}}, ON)) == []  # as of 1.9.0


BARE: dict[str, Any] = {"version": "1.9.12", "repos": [], "pipelines": []}


@pytest.mark.parametrize(
    ("clients", "after", "keys", "noted"),
    [
        ("out", {"state": "off", "admins": [], "lists": {}}, ["auth_lost"], 0),
        ("served", {"state": "off", "admins": [], "lists": {}}, ["auth_lost"], 0),
        ("out", {**ON, "admins": []}, ["admins_changed"], 0),
        ("since", {**ON, "admins": []}, [], 1),
        ("served", {**ON, "admins": []}, [], 1),
    ],
)
def test_it_is_part_of_the_comparison(clients: str, after: dict[str, Any], keys: list[str], noted: int) -> None:
    lost, notes = judged({**BARE, "auth": ON}, {**BARE, "version": "1.13.4", "auth": after}, clients)
    assert [row["key"] for row in lost] == keys and len(notes) == noted


@pytest.mark.parametrize(
    ("release", "version", "state", "has_auth", "wrong"),
    [
        ("1.13.4", Version(1, 13, 4), ANSWERS["auth whoami"], False, True),
        ("1.13.4", Version(1, 13, 4), ANSWERS["auth whoami"], True, False),
        ("1.13.4", Version(1, 13, 4), "auth_whoami", False, False),
        ("1.9.12", Version(1, 9, 12), ANSWERS["auth whoami"], False, False),  # auth_lost was accepted
    ],
)
def test_a_dump_that_should_carry_it_and_does_not_is_thrown_away(
    release: str, version: Version, state: Any, has_auth: bool, wrong: bool, tmp_path: Path
) -> None:
    client = replay.pachctl(replay.Replay(release, {"auth whoami": state}), tmp_path)
    if not wrong:
        access.demand_carried(client, version, has_auth)
        return
    with pytest.raises(UpliftError, match="Authentication is on, and the dump holds nothing of it"):
        access.demand_carried(client, version, has_auth)
