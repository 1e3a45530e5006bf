# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which captured case a call is, by release, words, configuration and the state of the database. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .database import State

SQL_SCHEMA = {"0.22.0": 20, "0.30.0": 21, "0.55.0": 35, "0.70.6": 38, "0.80.2": 38}
# Nobody captured these two: they answer as 0.103.0 does, and start on the record that their sources write.
KV_SCHEMA = {"0.98.0": 2, "0.99.0": 3}
# Asked for by commands that the release does not have: help, and exit status 0.
HELP = ("help",)


@dataclass(frozen=True)
class Asked:
    """`old` and `new`: whether the configuration has the old key, the new section; `cataloger`: 0.30's."""

    version: str
    words: Sequence[str]
    old: bool = False
    new: bool = False
    cataloger: str = ""
    temporary: bool = True
    drop_tables: bool = False

    @property
    def command(self) -> str:
        return " ".join(word for word in self.words if not word.startswith("-"))

    def has(self, flag: str) -> bool:
        return flag in self.words


@dataclass(frozen=True)
class Case:
    """What is said is what `name` says; what is done then, in this order."""

    name: str
    effects: tuple[str, ...] = ()


def record(state: State) -> int | None:
    """None: none is written. -1: it is junk."""
    if state.record is None:
        return None
    return int(state.record) if state.record.isdigit() else -1


def decide(asked: Asked, state: State) -> Case:
    chosen = {"0.22.0": sql, "0.30.0": mvcc, "0.55.0": sql, "0.70.6": sql, "0.80.2": to_kv}.get(asked.version, kv)
    return chosen(asked, state)


def mvcc(asked: Asked, state: State) -> Case:
    age = sql_age(asked, state)
    if asked.command == "run":
        if age != "current":
            return Case(f"run_{age}", ("serve",) if age == "empty" else ())
        if not state.mvcc:
            return Case("run_current", ("serve",))
        ready = state.migrated or asked.cataloger in ("rocks", "mvcc")
        return Case("run_mvcc_migrated", ("serve",)) if ready else Case("run_mvcc_not_migrated")
    if asked.command.startswith("migrate db"):
        name = "repository_filter_none" if asked.has("--repository") else "again" if state.graveler else "success"
        return Case(f"migrate_db_{name}", ("sql_up", "migrate_db"))
    if asked.command == "migrate up":
        if state.dirty:
            return Case("migrate_up_dirty")
        return Case(f"migrate_up_{age}", () if age == "newer" else ("sql_up",))
    return Case(f"migrate_version_{age}") if asked.command == "migrate version" else Case("migrate_db", HELP)


def sql_age(asked: Asked, state: State) -> str:
    """How the schema of the tables stands to the release's own."""
    mine = SQL_SCHEMA[asked.version]
    return "empty" if state.sql is None else "older" if state.sql < mine else "newer" if state.sql > mine else "current"


def sql(asked: Asked, state: State) -> Case:
    age = sql_age(asked, state)
    if asked.command == "run":
        if age == "current" and state.kv:
            return Case("run_old_server_on_migrated_database", ("serve",))
        return Case(f"run_{age}", ("serve",) if age in ("current", "empty") else ())
    if asked.command == "migrate up":
        if state.dirty:
            return Case("migrate_up_dirty")
        return Case(f"migrate_up_{age}", () if age == "newer" else ("sql_up",))
    if asked.command == "migrate version":
        return Case(f"migrate_version_{age}")
    if asked.command.startswith("migrate goto"):
        return Case("migrate_goto_down", ("goto",))
    return Case("migrate_db", HELP)


def to_kv(asked: Asked, state: State) -> Case:
    held = record(state)
    if asked.command == "run":
        if held is None:
            return Case("run_not_migrated", ("open",)) if asked.old else Case("run_new_section_only", ("open", "serve"))
        if held < 1:
            return Case("run_after_failed_migration")
        return Case("run_migrated" if held == 1 else "run_newer", ("serve",))
    if asked.command == "migrate version":
        if not asked.new:
            return Case("migrate_version_old_keys_only")
        if held is None:
            kind = "empty" if state.sql is None else "not_migrated" if asked.old else "new_section_only"
            kind = "no_commit" if asked.old and state.sql == 21 else kind  # as 0.30.0 has left it
            return Case(f"migrate_version_{kind}", ("open",))
        return Case("migrate_version_migrated" if held > 0 else "migrate_version_after_failed_migration")
    if asked.command == "migrate up":
        return up_to_kv(asked, state, held)
    return Case("migrate_goto") if asked.command.startswith("migrate goto") else Case("migrate_db", HELP)


def up_to_kv(asked: Asked, state: State, held: int | None) -> Case:
    if not asked.old:
        return Case("migrate_up_new_section_only")
    if state.dirty:
        return Case("migrate_up_dirty")
    if state.sql is not None and state.sql > SQL_SCHEMA["0.80.2"]:
        return Case("migrate_up_newer")
    if not asked.new:
        return Case("migrate_up_old_keys_only", ("sql_up",))
    if held == -1:
        return Case("migrate_up_junk_record", ("sql_up",))
    if held:
        return Case("migrate_up_already_migrated", ("sql_up",))
    if not asked.temporary:
        return Case("migrate_up_tmpdir_unwritable", ("sql_up", "new_kv"))
    if state.sql == SQL_SCHEMA["0.80.2"] and "auth_users" not in state.tables:
        return Case("migrate_up_missing_table", ("sql_up_not", "new_kv", "copy_a_part"))
    kind = "empty" if state.sql is None else "from_schema_21" if state.sql == 21 else "success"
    kind = "drop_tables" if asked.drop_tables else "again_after_failure" if held == 0 else kind
    dropped = ("drop_tables",) if asked.drop_tables else ()
    return Case(f"migrate_up_{kind}", ("sql_up", "new_kv", "copy", "record_1", *dropped))


def kv(asked: Asked, state: State) -> Case:
    """0.103.0 converts groups and wants --force for it; 1.52.0 writes the record and lets `run` take over the user."""
    held, converts = record(state), asked.version < "1"
    if asked.command == "run":
        return run_kv(asked, state, held)
    if asked.command == "migrate version":
        return Case(f"migrate_version_{age(held)}", ("open",))
    if asked.command == "migrate up" and asked.version not in KV_SCHEMA:
        if held in (1, 2, 3):
            if not converts:
                return Case("migrate_up_older_1_two_users", ("record_4",))
            if asked.has("--force"):
                return Case("migrate_up_force", ("record_4",))
            return Case("migrate_up_no_force" if held == 1 else "migrate_up_older_2_no_force")
        return Case(f"migrate_up_{age(held)}", ("open",))
    if asked.command.startswith("superuser") and not converts:
        return Case("superuser_import", ("import",))
    return Case("migrate_task_list" if asked.command.startswith("migrate task") else "migrate_db", HELP)


def age(held: int | None) -> str:
    if held is None:
        return "empty"
    return {-1: "junk_record", 0: "schema_0", 4: "current"}.get(held, f"older_{held}" if held < 4 else "newer_5")


def run_kv(asked: Asked, state: State, held: int | None) -> Case:
    if held is None:
        return Case("run_empty", ("open", "serve"))
    if held != KV_SCHEMA.get(asked.version, 4):
        return Case({0: "run_schema_0", 1: "run_older_1"}.get(held, "run_older_3" if held < 4 else "run_newer_5"))
    if asked.version < "1":
        return Case("run_current", ("serve",))
    if not state.basic and state.users:
        if state.users > 1 or state.credentials > 1:
            return Case("run_two_users")
        return Case("run_first_start_one_user", ("import", "serve"))
    return Case("run_after_import", ("serve",))
