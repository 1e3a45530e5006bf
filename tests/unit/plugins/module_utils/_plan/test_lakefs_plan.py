# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way the planner takes for lakeFS. One row is one promise of guide 003, or one way in which it loses data."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.catalogue import LAKEFS
from ansible_collections.uplift.datastores.plugins.module_utils._plan import planner
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import Cluster, Node, Plan, Request
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of
from hypothesis import given
from hypothesis import strategies as st


def plan(source: str, target: str, instances: int = 3, **request: Any) -> Any:
    names = [f"l{number}" for number in range(1, instances + 1)]
    found = [Node(name, name, "", version.parse(source)) for name in names]
    return planner.plan(LAKEFS, found, Cluster(names, ""), Request(target, **request))


def way(made: Plan) -> list[str]:
    return [f"{hop.source} -> {hop.target} {hop.strategy}" for hop in made.hops]


def steps(made: Plan, hop: int = 0) -> list[str]:
    return [verb for one in made.hops[hop].passes for verb, _scope in one.steps]


WAYS = [
    # Releases without a schema change are a redeploy, one instance after another.
    ("1.82.0", "1.84.0", {}, ["1.82.0 -> 1.84.0 rolling"]),
    ("1.33.0", "1.84.0", {}, ["1.33.0 -> 1.84.0 rolling"]),
    ("0.103.0", "1.32.0", {}, ["0.103.0 -> 1.32.0 rolling"]),
    ("0.101.0", "0.103.0", {}, ["0.101.0 -> 0.103.0 rolling"]),
    ("1.82.0", "1.84.0", {"strategy": "all_at_once"}, ["1.82.0 -> 1.84.0 all_at_once"]),
    ("1.82.0", "1.84.0", {"instances": 1}, ["1.82.0 -> 1.84.0 all_at_once"]),
    # From KV schema 1 on, straight to the newest; only the users' change of 1.33 is no rolling one.  trap L16
    ("0.80.2", "1.84.0", {}, ["0.80.2 -> 1.84.0 all_at_once"]),
    ("0.98.0", "1.84.0", {}, ["0.98.0 -> 1.84.0 all_at_once"]),
    ("0.99.0", "1.84.0", {}, ["0.99.0 -> 1.84.0 all_at_once"]),
    ("0.103.0", "1.84.0", {}, ["0.103.0 -> 1.84.0 all_at_once"]),
    # The import of one user of several is a stop that the operator asks for.
    ("0.103.0", "1.84.0", {"via": ["1.52.0"]}, ["0.103.0 -> 1.52.0 all_at_once", "1.52.0 -> 1.84.0 rolling"]),
    ("1.60.0", "1.84.0", {"via": ["1.52.0"]}, ["1.60.0 -> 1.84.0 rolling"]),
    # SQL era: one stop, at 0.80.2.  trap L01
    ("0.70.6", "1.84.0", {}, ["0.70.6 -> 0.80.2 all_at_once", "0.80.2 -> 1.84.0 all_at_once"]),
    ("0.30.0", "1.84.0", {}, ["0.30.0 -> 0.80.2 all_at_once", "0.80.2 -> 1.84.0 all_at_once"]),
    # MVCC era: 0.30.0 first.  trap L13
    (
        "0.23.1",
        "1.84.0",
        {},
        ["0.23.1 -> 0.30.0 all_at_once", "0.30.0 -> 0.80.2 all_at_once", "0.80.2 -> 1.84.0 all_at_once"],
    ),
    ("0.8.1", "0.70.6", {}, ["0.8.1 -> 0.30.0 all_at_once", "0.30.0 -> 0.70.6 all_at_once"]),
    ("0.23.1", "1.84.0", {"stop_after": "0.30"}, ["0.23.1 -> 0.30.0 all_at_once"]),
    ("0.70.6", "1.84.0", {"stop_after": "0.80.2"}, ["0.70.6 -> 0.80.2 all_at_once"]),
    ("0.70.6", "0.97.0", {}, ["0.70.6 -> 0.80.2 all_at_once", "0.80.2 -> 0.97.0 rolling"]),
]


@pytest.mark.parametrize(("source", "target", "request_", "expected"), WAYS, ids=[f"{r[0]}-{r[1]}" for r in WAYS])
def test_way(source: str, target: str, request_: dict[str, Any], expected: list[str]) -> None:
    made = plan(source, target, **request_)
    assert isinstance(made, Plan), made
    assert way(made) == expected


# The notes of these releases say nothing of the change: schemas are compared, never notes.  trap L22
SILENT = ["0.20.1", "0.21.3", "0.23.1", "0.31.0", "0.33.0", "0.40.0", "0.41.1", "0.42.0", "0.44.1", "0.45.1"]
SILENT += ["0.51.0", "0.52.0", "0.53.0", "0.69.0"]


@pytest.mark.parametrize("release", SILENT)
def test_a_schema_change_that_the_notes_omit_is_a_migration(release: str) -> None:  # trap L22
    new = version.parse(release)
    before = max(since for since, _number in schema.SQL_SCHEMAS if since < new)
    assert schema.expected(before).number < schema.expected(new).number
    if new > schema.GRAVELER:
        made = plan(str(before), release)
        assert "migrate" in steps(made) and made.hops[0].strategy == "all_at_once"


REFUSED = [
    ("1.82.0", "1.48.0", "downgrade", "older"),
    ("1.33.0", "1.48.0", "bad_release", "1.48.1"),  # trap L29
    ("0.70.6", "0.80.0", "bad_release", "0.80.2"),
    ("0.80.2", "0.98.0", "no_automatic_way", "0.103.0"),  # trap L17
    ("0.80.2", "0.101.0", "no_automatic_way", "0.103.0"),
    ("0.13.0", "0.22.0", "no_such_hop", "0.30"),
    ("1.82.0", "2.0.0", "unknown_version", "2.0.0 was asked for"),
    ("1.84.0", "1.82.0", "downgrade", "backups"),
    ("0.70.6", "1.84.0", "strategy_not_allowed", "all_at_once"),
]


@pytest.mark.parametrize(("source", "target", "key", "says"), REFUSED, ids=[f"{r[0]}-{r[1]}" for r in REFUSED])
def test_refused(source: str, target: str, key: str, says: str) -> None:
    strategy = "rolling" if key == "strategy_not_allowed" else ""
    (refusal,) = plan(source, target, strategy=strategy)
    assert refusal.key == key
    assert says in refusal.sentence


def test_a_migration_stops_everybody_and_proves_a_backup_before_it() -> None:
    """Traps L04 and L05: neither an old nor a live server is ever next to a migrated database."""
    made = plan("0.70.6", "1.84.0")
    for hop in range(2):
        order = steps(made, hop)
        expected = [
            "stop",
            "alone",
            "backup",
            "prove",
            "migrate",
            "activate",
            "configure",
            "start",
            "healthy",
            "verify",
        ]
        assert [verb for verb in order if verb in expected] == expected
        assert "walk" not in [one.name for one in made.hops[hop].passes]
    assert all_of(LAKEFS)["migrate"].scope == all_of(LAKEFS)["alone"].scope == "cluster"  # trap L24


def test_objects_are_moved_where_the_way_crosses_the_release_that_reads_them_elsewhere() -> None:  # trap L27
    assert "move_objects" in steps(plan("0.45.1", "0.70.6"))
    assert "move_objects" in steps(plan("0.30.0", "1.84.0"))
    assert "move_objects" not in steps(plan("0.50.0", "1.84.0"))


def test_one_user_is_taken_over_by_the_releases_that_can() -> None:  # trap L16
    made = plan("0.103.0", "1.84.0", via=["1.52.0"])
    assert steps(made).index("migrate") < steps(made).index("admit") < steps(made).index("activate")
    assert "admit" not in steps(plan("0.103.0", "1.84.0"))


releases = st.sampled_from(
    sorted({since for since, _n in (*schema.SQL_SCHEMAS, *schema.KV_SCHEMAS)} - set(LAKEFS.never))
)
targets = st.sampled_from(
    [Version(0, 70, 6), Version(0, 80, 2), Version(0, 103, 0), Version(1, 52, 0), Version(1, 84, 0)]
)


@given(source=releases, target=targets, instances=st.integers(1, 5))
def test_every_way_keeps_the_rules(source: Version, target: Version, instances: int) -> None:
    made = plan(str(source), str(target), instances)
    if not isinstance(made, Plan):
        assert [refusal.key for refusal in made] == ["downgrade"] and target < source
        return
    at = source
    for hop in made.hops:
        assert hop.source == at < hop.target <= target
        old, new = schema.expected(hop.source), schema.expected(hop.target)
        verbs = [verb for one in hop.passes for verb, _scope in one.steps]
        assert all(all_of(LAKEFS)[verb].scope == scope for one in hop.passes for verb, scope in one.steps)
        assert old == new or "migrate" in verbs, "no schema changes without a migration"
        assert old.era == new.era or hop.target in (schema.GRAVELER, schema.TO_KV), "an era is left by its own release"
        assert hop.strategy != "rolling" or (old == new and instances > 1)
        at = hop.target
    assert at == target
