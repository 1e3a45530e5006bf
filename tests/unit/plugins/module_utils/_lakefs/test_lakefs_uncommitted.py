# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects uploaded between the last commit and the stop: recognised by the tables, and no migration goes over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import uncommitted
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.catalogue import LAKEFS

from tests.unit.real_postgres import Server, needs_postgres, serve

# As 0.22.0 and 0.30.0 have them (columns_after_setup of 0.30.0), and the view as its migrations write it.
MAX = 10**18
TABLES = f"""
CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
INSERT INTO schema_migrations VALUES (20, false);
CREATE TABLE catalog_repositories (id int PRIMARY KEY, name text, storage_namespace text, default_branch int);
CREATE TABLE catalog_branches (repository_id int, id int PRIMARY KEY, name text);
CREATE TABLE catalog_entries (branch_id bigint, path varchar COLLATE "C", physical_address varchar,
 min_commit bigint NOT NULL DEFAULT {MAX}, max_commit bigint NOT NULL DEFAULT {MAX});
CREATE VIEW catalog_entries_v AS SELECT e.*, (e.min_commit < {MAX}) AS is_committed,
 (e.max_commit = 0) AS is_tombstone FROM catalog_entries e;
INSERT INTO catalog_repositories VALUES (1, 'lake', 'local://lake', 1);
INSERT INTO catalog_branches VALUES (1, 1, 'main'), (1, 2, 'dev');
INSERT INTO catalog_entries VALUES (1, 'a', 'x', 7), (1, 'b', 'x', 7), (2, 'a', 'x', 7)"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from serve()


@pytest.fixture
def lake(server: Server) -> Server:
    server.fresh("lake", "lakefs")
    server.at("lake", "lakefs").run(TABLES)
    return server


@needs_postgres
def test_nothing_uncommitted_goes_on(lake: Server) -> None:
    assert uncommitted.demand_none(lake.at("lake", "lakefs")) == []


@needs_postgres
def test_what_is_uploaded_between_the_commit_and_the_stop_is_named(lake: Server) -> None:
    """Trap L11: added, changed and deleted ones alike; a tombstone is a change, too."""
    lake.admin(
        "INSERT INTO catalog_entries SELECT 1, 'late/' || n, 'x' FROM generate_series(1, 4) n",
        f"INSERT INTO catalog_entries VALUES (2, 'a', NULL, {MAX}, 0)",
        database="lake",
    )
    rows = uncommitted.look(lake.at("lake", "lakefs"))
    assert rows == [
        {"repository": "lake", "branch": "dev", "changes": 1, "paths": ["a"]},
        {"repository": "lake", "branch": "main", "changes": 4, "paths": ["late/1", "late/2", "late/3"]},
    ]
    with pytest.raises(UpliftError) as caught:
        uncommitted.demand_none(lake.at("lake", "lakefs"))
    said = str(caught.value)
    assert "lake/dev has 1 (a), lake/main has 4 (late/1, late/2, late/3, ...); expected none" in said
    assert "Nothing was migrated" in said and "w0rd" not in said


@needs_postgres
@pytest.mark.parametrize("gone", ["DROP VIEW catalog_entries_v", "DROP TABLE catalog_branches"])
def test_what_cannot_be_told_stops(lake: Server, gone: str) -> None:
    lake.admin(gone, database="lake")
    with pytest.raises(UpliftError, match="is unknown"):
        uncommitted.demand_none(lake.at("lake", "lakefs"))


@needs_postgres
def test_an_entry_of_no_branch_is_not_passed_over(lake: Server) -> None:
    lake.admin("INSERT INTO catalog_entries VALUES (99, 'stray', 'x')", database="lake")
    (row,) = uncommitted.look(lake.at("lake", "lakefs")) or []
    assert (row["repository"], row["branch"], row["changes"]) == ("(unknown)", "(unknown)", 1)


@needs_postgres
def test_a_later_release_has_nothing_there(server: Server) -> None:
    server.fresh("lake", "lakefs")
    assert uncommitted.look(server.at("lake", "lakefs")) == []


STAGED = """
CREATE TABLE graveler_branches (repository_id text, id text, staging_token text, commit_id text);
CREATE TABLE graveler_staging_kv (staging_token varchar, key bytea, identity bytea, data bytea);
CREATE TABLE kv (partition_key bytea, key bytea, value bytea);
INSERT INTO graveler_branches VALUES ('lake', 'main', 'lake-main:1', ''), ('lake', 'dev', 'lake-dev:2', '');
INSERT INTO graveler_staging_kv VALUES ('lake-main:1', 'a', 'i', 'd'), ('lake-main:1', 'gone', NULL, NULL),
 ('lake-dev:2', 'b', 'i', 'd'), ('of nobody any more', 'c', 'i', 'd');
INSERT INTO kv VALUES ('lake-main:1', 'a', ''), ('lake-main:1', 'gone', ''), ('lake-dev:2', 'b', '')"""


@needs_postgres
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("SELECT 1", ""),
        ("INSERT INTO kv VALUES ('lake-dev:2', 'more', '')", ""),
        ("DELETE FROM kv WHERE key = 'gone'", "lake/main had 2 and has 1"),
        ("DELETE FROM kv WHERE key = 'b'", "lake/dev had 1 and has 0"),
        ("DROP TABLE graveler_staging_kv", "is unknown"),
    ],
)
def test_what_the_migration_to_kv_has_not_taken(server: Server, change: str, says: str) -> None:
    """It passes over what it cannot read. A leftover that no branch names any more is nobody's."""
    server.fresh("lake", "lakefs")
    server.at("lake", "lakefs").run(f"{STAGED}; {change};")
    found = uncommitted.not_taken(server.at("lake", "lakefs"))
    assert says in found if says else found == ""


def row(branch: str, changes: int) -> dict[str, Any]:
    return {"repository": "r", "branch": branch, "changes": changes, "paths": ["p"]}


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], ""),
        (None, "it is unknown"),
        ([row("main", 1)], "r/main has 1 (p)"),
        ([row("main", 2)], "r/main has 2 (p, ...)"),
        ([row(str(n), 1) for n in range(7)], ", and 2 more branches"),
    ],
)
def test_the_list(rows: list[dict[str, Any]] | None, says: str) -> None:
    found = uncommitted.lost(rows)
    assert found == says if rows is not None and len(rows) < 2 else says in found


def test_every_hop_out_of_the_old_tables_asks_them_after_the_stop_and_before_the_migration() -> None:
    """All the others keep what is uncommitted, and `verify` counts it."""
    since = {series.name: series.since for series in LAKEFS.series}
    old = [hop for hop in LAKEFS.hops if since[hop.source] < version.parse("0.30.0")]
    assert old
    for hop in LAKEFS.hops:
        for way in hop.shapes:
            steps = list(way.passes.get("together", ()))
            if hop in old:
                order = [steps.index(verb) for verb in ("stop", "alone", "uncommitted", "backup", "migrate")]
                assert order == sorted(order), steps
            else:
                assert "uncommitted" not in steps
            if "migrate" in steps:
                at = [steps.index(verb) for verb in ("commit_uncommitted", "inventory", "stop")]
                assert at == sorted(at), "what is committed and noted is of a moment long before the stop"
