# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import compare as garage_compare
from hypothesis import given
from hypothesis import strategies as st


def compare(before: Any, after: Any, clients_shut_out: bool) -> list[dict[str, str]]:
    """What stops an upgrade, and what is only noted."""
    found = garage_compare.compare(before, after, clients_shut_out)
    assert {row["key"] for row in found.notes} <= set(garage_compare.NOTES)
    assert not {row["key"] for row in found.differences} & set(garage_compare.NOTES)
    return [*found.differences, *found.notes]


TAKEN = "2026-11-21T03:00:00Z"
EARLIER, LATER = "2026-11-20T00:00:00Z", "2026-11-21T03:30:00Z"

IDS = st.text("0123456789abcdef", min_size=1, max_size=8)
NAMES = st.text("abcdef.", min_size=1, max_size=5)


def unique(row: dict[str, Any], by: str, **limits: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(row), unique_by=lambda found: str(found[by]), max_size=3, **limits)


OBJECT = {
    "key": NAMES,
    "size": st.integers(0, 9),
    "etag": NAMES,
    "sha256": NAMES,
    "last_modified": st.just(EARLIER),
}
OBJECTS = {
    "id": IDS,
    "alias": NAMES,
    "objects": st.integers(0, 99),
    "complete": st.booleans(),
    "digest": NAMES,
    "sample": unique(OBJECT, "key"),
}
GRANT = {"id": IDS, "read": st.booleans(), "write": st.booleans(), "owner": st.booleans()}
BUCKET = {
    "id": IDS,
    "global_aliases": st.lists(NAMES, unique=True, max_size=2),
    "local_aliases": unique({"key": IDS, "alias": NAMES}, "alias"),
    "website": st.booleans(),
    "keys": unique(GRANT, "id"),
}
INVENTORY = st.fixed_dictionaries(
    {
        "taken": st.just(TAKEN),
        "buckets": unique(BUCKET, "id"),
        "keys": unique({"id": IDS, "name": NAMES}, "id"),
        "objects": unique(OBJECTS, "id"),
    }
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of an inventory that can be lost or changed."""
    found: list[tuple[Any, ...]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        here = (*path, key)
        if key in ("taken", "alias", "last_modified") and path[:1] != ("buckets",):
            continue
        if isinstance(key, int) or not isinstance(inner, (dict, list)):
            found.append(here)
        found += places(inner, here)
    return found


def mutated(inventory: Any, path: tuple[Any, ...]) -> Any:
    """The inventory with one row gone, or one value another."""
    changed = copy.deepcopy(inventory)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    value = parent[path[-1]]
    if isinstance(path[-1], int):
        del parent[path[-1]]
    elif isinstance(value, bool):
        parent[path[-1]] = not value
    else:
        parent[path[-1]] = value + 1 if isinstance(value, int) else value + "x"
    return changed


@given(INVENTORY, st.booleans())
def test_nothing_has_changed(inventory: Any, shut_out: bool) -> None:
    assert compare(inventory, copy.deepcopy(inventory), shut_out) == []


def may_do_nothing(inventory: Any, path: tuple[Any, ...]) -> bool:
    """A row of permissions that permits nothing is none."""
    if path[0] != "buckets" or "keys" not in path or path[-1] in ("read", "write", "owner"):
        return False
    row = inventory["buckets"][path[1]]["keys"][path[3]]
    return not (row["read"] or row["write"] or row["owner"])


@given(INVENTORY, st.data())
def test_every_single_mutation_is_found(inventory: Any, data: Any) -> None:
    where = [path for path in places(inventory) if not may_do_nothing(inventory, path)]
    if where:
        path = data.draw(st.sampled_from(where))
        assert compare(inventory, mutated(inventory, path), True), path


OURS = "uplift-20261121t031500z-garage-0.8.7-probe"
BEFORE: dict[str, Any] = {
    "taken": TAKEN,
    "keys": [{"id": "GK1", "name": "app"}, {"id": "GK9", "name": OURS}],
    "buckets": [
        {
            "id": "034bf74d8bee6066f831a081",
            "global_aliases": ["alpha"],
            "local_aliases": [{"key": "GK1", "alias": "mine"}],
            "website": False,
            "keys": [
                {"id": "GK1", "read": True, "write": True, "owner": False},
                {"id": "GK9", "read": True, "write": False, "owner": False},
            ],
        },
        {"id": "99", "global_aliases": [OURS], "local_aliases": [], "website": False, "keys": []},
    ],
    "objects": [
        {
            "id": "034bf74d8bee6066f831a081",
            "alias": "alpha",
            "objects": 5,
            "complete": True,
            "digest": "d",
            "sample": [{"key": "k", "size": 1, "etag": "e", "sha256": "s", "last_modified": EARLIER}],
        }
    ],
}


def after(path: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(BEFORE)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    parent: Any = changed
    for key in parents:
        parent = parent[key]
    parent[last] = value
    return changed


OTHER = {"key": "k", "size": 2, "etag": "f", "sha256": "t", "last_modified": EARLIER}


@pytest.mark.parametrize(
    ("path", "value", "shut_out", "differences"),
    [
        ("keys", [], False, ["key_gone: The access key GK1 (app) is gone."]),
        ("keys.0.name", "b", False, ["key_changed: The access key GK1 was named 'app' and is 'b'."]),
        ("buckets", [], False, ["bucket_gone: Bucket 034bf74d8bee6066 is gone."]),
        ("objects", [], False, ["bucket_gone: Bucket 034bf74d8bee6066 is gone."]),
        (
            "buckets.0.global_aliases",
            ["alpha", "old"],
            False,
            [
                "alias_changed: Bucket 034bf74d8bee6066 had the aliases alpha, mine of GK1"
                " and has alpha, mine of GK1, old."
            ],
        ),
        (
            "buckets.0.keys.0.write",
            False,
            False,
            ["permission_changed: Bucket 034bf74d8bee6066: GK1 to write was allowed and is not."],
        ),
        (
            "buckets.0.keys.0.owner",
            True,
            False,
            ["permission_changed: Bucket 034bf74d8bee6066: GK1 to owner was not allowed and is."],
        ),
        (
            "buckets.0.website",
            True,
            False,
            ["website_changed: Bucket 034bf74d8bee6066 was no website and is a website."],
        ),
        (
            "objects.0.sample",
            [],
            True,
            [
                "objects_gone: Bucket 034bf74d8bee6066: the object 'k' is gone: no client could write in between.",
            ],
        ),
        (
            "objects.0.sample",
            [],
            False,
            [
                "objects_missing: Bucket 034bf74d8bee6066: the object 'k' is missing, and whether it was deleted or"
                " lost is unknown: not every node says that it is gone (nobody was asked).",
            ],
        ),
        (
            "objects.0.sample.0",
            OTHER,
            False,
            [
                "objects_changed: Bucket 034bf74d8bee6066: the object 'k' has changed"
                " (size 1 is 2, etag e is f, sha256 s is t)."
            ],
        ),
        (
            "objects.0.sample.0",
            {**OTHER, "last_modified": LATER},
            False,
            [
                "objects_overwritten: Bucket 034bf74d8bee6066: clients have written 1 of the objects that were read"
                " before anew ('k').",
            ],
        ),
        (
            "objects.0.sample.0",
            {**OTHER, "last_modified": LATER},
            True,
            [
                "objects_changed: Bucket 034bf74d8bee6066: the object 'k' has changed"
                " (size 1 is 2, etag e is f, sha256 s is t)."
            ],
        ),
        ("objects.0.objects", 7, False, []),
        ("objects.0.objects", 3, False, []),
        ("objects.0.objects", 4, True, ["count_changed: Bucket 034bf74d8bee6066 had 5 objects and has 4 objects."]),
        (
            "objects.0.digest",
            "x",
            True,
            ["objects_changed: Bucket 034bf74d8bee6066: the list of its 5 objects with sizes and ETags has changed."],
        ),
        ("buckets.0.keys.1.read", False, True, []),  # our own key
        ("buckets.1.website", True, True, []),  # our own bucket
    ],
)
def test_what_is_said(path: str, value: Any, shut_out: bool, differences: list[str]) -> None:
    found = compare(BEFORE, after(path, value), shut_out)
    assert [f"{row['key']}: {row['sentence']}" for row in found] == differences


ABSENT = {"a1": "absent", "b1": "absent"}


def sampled(count: int, missing: dict[str, Any], **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A bucket of which `count` objects were read, and what there is of it later."""
    rows = [{"key": f"k{n}", "size": n, "etag": "e", "sha256": "s", "last_modified": EARLIER} for n in range(count)]
    bucket = {"id": "ab", "alias": "", "objects": 8, "complete": True, "digest": "d"}
    told = [{"key": key, "asked": asked} for key, asked in missing.items()]
    kept = [row for row in rows if row["key"] not in missing]
    before = {"taken": TAKEN, "objects": [{**bucket, "sample": rows}]}
    return before, {"taken": LATER, "objects": [{**bucket, "sample": kept, "missing": told}], **more}


def counts(*found: int | None) -> dict[str, Any]:
    rows = [[{"id": "ab", "objects": one}, {"id": "other", "objects": 0}] for one in found]
    return {"buckets": rows[0], "recounted": rows[-1] if len(rows) > 1 else []}


@pytest.mark.parametrize(
    ("missing", "counted", "keys"),
    [
        ({"k1": ABSENT}, {}, ["objects_deleted"]),
        ({"k1": ABSENT}, counts(None), ["objects_deleted"]),
        ({"k1": ABSENT}, counts(8), ["objects_deleted"]),
        ({"k1": ABSENT}, counts(7), ["objects_deleted"]),  # trap G15: a count that is one short is no loss
        ({"k1": ABSENT}, counts(9), ["objects_missing"]),
        ({"k1": ABSENT}, counts(9, 8), ["objects_deleted"]),  # clients deleted while the objects were read
        ({"k1": ABSENT}, counts(8, 9), ["objects_deleted"]),
        ({"k1": ABSENT, "k2": ABSENT, "k3": ABSENT}, {}, ["objects_missing"] * 3),
        ({"k1": ABSENT, "k2": ABSENT, "k3": ABSENT}, counts(8), ["objects_deleted"]),
        ({"k1": ABSENT, "k2": ABSENT}, {}, ["objects_deleted"]),
        ({"k1": {**ABSENT, "c1": "there"}}, counts(8), ["objects_gone"]),
        ({"k1": {**ABSENT, "c1": "broken"}}, counts(8), ["objects_gone"]),
        ({"k1": {**ABSENT, "c1": "it serves no S3"}}, counts(8), ["objects_missing"]),
        ({"k1": ABSENT, "k2": {"a1": "broken"}}, counts(8), ["objects_gone", "objects_deleted"]),
    ],
)
def test_an_object_that_its_owner_deleted_is_a_note(
    missing: dict[str, Any], counted: dict[str, Any], keys: list[str]
) -> None:
    before, later = sampled(4, missing, **counted)
    assert [row["key"] for row in compare(before, later, False)] == keys
    assert {row["key"] for row in compare(before, later, True)} == {"objects_gone"}, "nobody could delete it"


def test_a_list_that_is_not_whole_confirms_no_count() -> None:
    before, later = sampled(4, {f"k{n}": ABSENT for n in range(4)}, **counts(8))
    later["objects"][0]["complete"] = False
    assert {row["key"] for row in compare(before, later, False)} == {"objects_missing"}


def test_many_deleted_objects_are_one_sentence() -> None:
    (note,) = compare(*sampled(8, {f"k{n}": ABSENT for n in range(7)}, **counts(8)), False)
    assert note["sentence"] == (
        "Bucket ab: clients have deleted 7 of the objects that were read before ('k0', 'k1', 'k2', 'k3', 'k4', ...)."
    )


@pytest.mark.parametrize(
    ("before", "now", "anew"), [(EARLIER, EARLIER, False), (LATER, EARLIER, False), (EARLIER, LATER, True)]
)
def test_written_anew_is_told_by_the_clusters_own_clock(before: str, now: str, anew: bool) -> None:
    """A node's clock may be an hour ahead: an object of then looks newer than the first inventory, and is not."""
    was = after("objects.0.sample.0.last_modified", before)
    was["taken"] = "2026-11-19T00:00:00Z"
    is_ = after("objects.0.sample.0", {**OTHER, "last_modified": now})
    assert [row["key"] for row in compare(was, is_, False)] == ["objects_overwritten" if anew else "objects_changed"]


@pytest.mark.parametrize("name", ["uplift-probe", "uplift-data", f"{OURS}s"])
def test_what_an_operator_calls_like_ours_is_compared(name: str) -> None:
    before = after("keys.1.name", name)
    before["buckets"][1]["global_aliases"] = [OURS, name]
    before["objects"][0]["alias"] = name
    empty = {"taken": LATER, "keys": [], "buckets": [], "objects": []}
    said = [row["sentence"] for row in compare(before, empty, False)]
    assert f"The access key GK9 ({name}) is gone." in said and "Bucket 99 is gone." in said and len(said) == 4


def test_an_empty_cluster_that_calls_itself_healthy_is_found_g02() -> None:
    # trap G02: healthy, and every bucket and key gone.
    empty = {"taken": LATER, "keys": [], "buckets": [], "objects": []}
    assert {row["key"] for row in compare(BEFORE, empty, False)} == {"key_gone", "bucket_gone"}


def test_what_cannot_be_told() -> None:
    with pytest.raises(UpliftError, match="has no objects; whether any is lost is unknown"):
        compare(BEFORE, {"taken": LATER, "keys": [], "buckets": []}, False)
    assert compare({"taken": TAKEN}, {"taken": LATER}, True) == []
