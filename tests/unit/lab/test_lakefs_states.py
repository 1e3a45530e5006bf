# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repositories without a first commit, made of real ones: as 0.30.0 and 0.31.0 make them."""

from __future__ import annotations

import pytest

from tests.lab import lakefs_states


def field(number: int, text: str) -> bytes:
    body = text.encode()
    assert len(body) < 128
    return bytes([number << 3 | 2, len(body)]) + body


HEAD = field(2, "f" * 64)
BRANCH = field(1, "main") + HEAD + field(3, "draft-main:0a-1b") + b"\x30\x01"
LONG = bytes([1 << 3 | 2, 0xAC, 0x02]) + b"x" * 300


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (BRANCH, field(1, "main") + field(3, "draft-main:0a-1b") + b"\x30\x01"),
        (LONG + HEAD, LONG),
        (b"\x0d\x01\x02\x03\x04" + HEAD + b"\x19" + b"\x07" * 8, b"\x0d\x01\x02\x03\x04\x19" + b"\x07" * 8),
        (b"", b""),
    ],
)
def test_a_branch_loses_its_head_and_nothing_else(message: bytes, left: bytes) -> None:
    """As the migration to KV writes a branch without a commit: the field is not there."""
    assert lakefs_states.without_field(message, 2) == left


def test_what_a_server_says_of_them() -> None:
    one = {
        "info": {"id": lakefs_states.DRAFT},
        "branches": [{"id": "main", "commit_id": "c1"}],
        "commits": {"main": [{"id": "c1"}], "c1": [{"id": "c1"}]},
        "objects": {"main": {"f/1": {}}, "c1": {}},
    }
    other = {**one, "info": {"id": "lake"}}
    found = lakefs_states.uncommitted_only({"repositories": [dict(one), dict(other)]})["repositories"]
    assert found[0]["branches"] == [{"id": "main", "commit_id": ""}] and found[0]["commits"] == {}
    assert found[0]["objects"] == {"main": {"f/1": {}}} and found[1] == other


@pytest.mark.parametrize(("people", "groups"), [(1, 4), (2, 5), (3, 5)])
def test_users_and_the_group_that_their_operators_made(people: int, groups: int) -> None:
    made = lakefs_states.users({"keys": {"KEY": ""}}, people)
    assert made.count("INSERT INTO auth_users (") == people and made.count("INSERT INTO auth_groups (") == groups
    assert (lakefs_states.GROUP in lakefs_states.named(people)) == (people > 1)
