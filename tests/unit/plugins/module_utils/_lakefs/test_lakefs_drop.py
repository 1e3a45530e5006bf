# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exactly the tables of the last SQL schema go, and nothing of anybody else's in the same schema."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import drop
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import tables as lakefs_tables
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.tables import RECORD, TABLES, left

from tests.unit.lakefs_replay import capture
from tests.unit.real_postgres import Server, needs_postgres, serve

OURS = {table: columns.split() for table, columns in TABLES[38].items()}
FOREIGN = {"tasks": ["id", "title"], "auth_user": ["id", "password"], "actions_taken": ["id"]}


def described(case: str) -> dict[str, list[str]]:
    """The tables and columns in psql's own words."""
    found: dict[str, list[str]] = {}
    columns: list[str] = []
    for line in str(capture(case)["stdout"]).splitlines():
        if title := re.match(r'\s*(Partitioned table|Table|View) "public\.(\w+)"', line):
            columns = found.setdefault(title[2], []) if title[1] != "View" else []
        elif row := re.match(r" (\w+) +\|", line):
            columns.append(row[1])
    return {table: [name for name in rows if name != "Column"] for table, rows in found.items()}


@pytest.mark.parametrize("case", ["0.70.6/columns_after_setup", "0.80.2/columns_after_migration"])
def test_the_list_is_what_the_releases_have(case: str) -> None:
    seen = described(case)
    assert {table: columns for table, columns in seen.items() if table != "kv"} == OURS


def test_what_is_called_alike_is_not_the_same() -> None:
    """`tasks` was of 0.30 and went with schema 22; whoever has one now is somebody else."""
    found = left(38, {**OURS, **FOREIGN, "kv": ["key"]}, ["catalog_entries_v", "report_v"])
    assert sorted(found.ours) == sorted(OURS) and found.views == ["catalog_entries_v"]
    assert found.foreign == ["actions_taken", "auth_user", "tasks"]
    changed = left(38, {**OURS, "auth_users": [*OURS["auth_users"], "theirs"]})
    assert "auth_users" not in changed.ours and changed.foreign == ["auth_users"]


@pytest.mark.parametrize("sql", [None, 21, 37])
def test_of_another_schema_nothing_is_known(sql: int | None) -> None:
    assert left(sql, OURS).ours == []


def test_a_version_record_alone_is_anybodys() -> None:
    assert left(38, {RECORD: ["version", "dirty"], "orders": ["id"]}).ours == []


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from serve()


@pytest.fixture
def lake(server: Server) -> Server:
    """As it is after the migration, with another program's tables in the same schema."""
    server.fresh("lake", "lakefs")
    kinds = {"version": "bigint", "dirty": "boolean"}
    made = [
        f"CREATE TABLE {table} (" + ", ".join(f"{name} {kinds.get(name, 'text')}" for name in columns) + ")"
        for table, columns in {**OURS, **FOREIGN}.items()
    ]
    kv = "CREATE TABLE kv (partition_key bytea, key bytea, value bytea)"
    rows = [
        "INSERT INTO schema_migrations VALUES (38, false)",
        "INSERT INTO graveler_repositories (id) VALUES ('repo1')",
        "INSERT INTO kv VALUES ('kv-internal-metadata', 'kv/schema/version', '4'), ('graveler', 'repos/repo1', '')",
        "CREATE VIEW catalog_entries_v AS SELECT * FROM catalog_entries",
    ]
    server.at("lake", "lakefs").run(";".join([*made, kv, *rows]))
    return server


def tables(server: Server) -> list[str]:
    return server.at("lake", "lakefs").tables()


@needs_postgres
def test_the_old_tables_go_and_what_is_others_stays(lake: Server) -> None:
    """trap L10"""
    postgres = lake.at("lake", "lakefs")
    listed = drop.drop(postgres, check=True)
    assert listed["tables"] == sorted(OURS) and "kv" in tables(lake) and "auth_users" in tables(lake)
    assert drop.drop(postgres, check=False) == {**listed, "changed": True}
    assert tables(lake) == sorted([*FOREIGN, "kv"]) == [*listed["foreign"][:2], "kv", "tasks"]
    assert not drop.drop(postgres, check=False)["changed"]


@needs_postgres
@pytest.mark.parametrize(
    ("makes", "named"),
    [
        ("CREATE VIEW who AS SELECT display_name FROM auth_users", "who"),
        (
            "ALTER TABLE auth_users ADD PRIMARY KEY (id); ALTER TABLE tasks ADD FOREIGN KEY (id) REFERENCES auth_users",
            "tasks",
        ),
    ],
)
def test_what_others_need_stays_and_they_are_named(lake: Server, makes: str, named: str) -> None:
    lake.at("lake", "lakefs").run(makes)
    with pytest.raises(UpliftError, match=f"{named} read or refer to the old tables .*Nothing was changed"):
        drop.drop(lake.at("lake", "lakefs"), check=False)
    assert set(OURS) <= set(tables(lake))


@needs_postgres
def test_nothing_goes_while_kv_does_not_have_it(lake: Server) -> None:
    lake.admin("INSERT INTO graveler_repositories (id) VALUES ('repo2')", database="lake")
    with pytest.raises(UpliftError, match="repo2 are in the old tables and not in KV"):
        drop.drop(lake.at("lake", "lakefs"), check=True)
    assert lakefs_tables.RECORD in tables(lake)
