# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the judge calls a difference."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import fill, garage_text, manifest
from tests.lab.garage_words import Words

BUCKET = {"global": ["photos", "pictures"], "local": [["GK1", "mine"]], "website": False, "keys": {"GK1": "RW"}}
FACTS = {"buckets": {"b" * 64: BUCKET}, "keys": {"GK1": {"name": "app", "create": False, "secret": "s3cret"}}}


def test_the_same_is_no_difference() -> None:
    assert manifest.differences(FACTS, copy.deepcopy(FACTS)) == []


@pytest.mark.parametrize(
    ("kind", "field", "value", "words"),
    [
        ("buckets", "global", ["photos"], "global was ['photos', 'pictures'], is ['photos']"),
        ("buckets", "local", [], "local was"),
        ("buckets", "website", True, "website was False, is True"),
        ("buckets", "keys", {"GK1": "RWO"}, "keys was {'GK1': 'RW'}, is {'GK1': 'RWO'}"),
        ("keys", "name", "other", "name was 'app'"),
        ("keys", "create", True, "create was False"),
    ],
)
def test_each_fact_is_compared(kind: str, field: str, value: object, words: str) -> None:
    now: dict[str, Any] = copy.deepcopy(FACTS)
    next(iter(now[kind].values()))[field] = value
    found = manifest.differences(FACTS, now)
    assert len(found) == 1 and words in found[0]


def test_a_secret_is_compared_and_not_shown() -> None:
    now: dict[str, Any] = copy.deepcopy(FACTS)
    now["keys"]["GK1"]["secret"] = "another"
    (found,) = manifest.differences(FACTS, now)
    assert "secret is another one" in found and "s3cret" not in found


@pytest.mark.parametrize("kind", ["buckets", "keys"])
def test_gone_and_new(kind: str) -> None:
    empty = {**FACTS, kind: {}}
    assert "gone" in manifest.differences(FACTS, empty)[0]
    assert "not there before" in manifest.differences(empty, FACTS)[0]


def test_a_filling_of_the_first_release_after_its_migration() -> None:  # trap G14
    odd, plain = garage_text.first_id("My_Bucket"), garage_text.first_id("photos")
    buckets = {odd: {**BUCKET, "global": ["My_Bucket"], "local": []}, plain: {**BUCKET, "global": ["photos"]}}
    held = {"facts": {**FACTS, "buckets": buckets}, "doors": {odd: ["GK1", "My_Bucket"], plain: ["GK1", "mine"]}}
    found = manifest.migrated(held)
    assert found["facts"]["buckets"][odd]["global"] == [odd[:32]]
    assert found["facts"]["buckets"][plain] == buckets[plain]
    assert found["doors"] == {odd: ["GK1", odd[:32]], plain: ["GK1", "mine"]}


@pytest.mark.parametrize(("release", "private"), [("0.5.1", False), ("0.6.0", True), ("2.1.0", True)])
def test_what_a_release_can_hold(release: str, private: bool) -> None:
    wished = fill.plan(Words(release), odd_names=True)
    assert ("private" in wished.all_buckets, bool(wished.local)) == (private, private)
    assert ("My_Bucket" in wished.buckets) is not private
    assert private or not any("O" in given for _key, _bucket, given in wished.allowed)


listings = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2))


@given(listings, listings)
def test_listings_differ_exactly_when_they_do(before: dict[str, int], now: dict[str, int]) -> None:
    found = manifest.listing_differences("a1", before, now)
    assert bool(found) == (before != now)
    assert any("missing" in line for line in found) == bool(before.keys() - now.keys())


def test_the_same_number_is_the_same_content() -> None:
    one, two = fill.objects(300), fill.objects(300)
    assert one == two and [o.body for o in one[:20]] == [o.body for o in two[:20]]
    assert len({(o.bucket, o.key) for o in one}) == len(one)
    assert {o.size for o in one} >= set(fill.SIZES)
    assert {o.bucket for o in one} == {*fill.BUCKETS, "private"}
    assert all(len(o.body) == o.size for o in one)


def test_parts_make_the_whole() -> None:
    body = fill.Object("photos", "x", fill.MULTIPART, 1).body
    pieces = list(fill.parts(body))
    assert [number for number, _part in pieces] == [1, 2, 3]
    assert b"".join(part for _number, part in pieces) == body
