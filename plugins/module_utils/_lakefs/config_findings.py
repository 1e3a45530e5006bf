# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the configuration of a server says that would stop a hop, or lead it astray."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.schema import Hop

Seen = Mapping[str, Any]


def config(settings: Seen, staged: Sequence[Seen], hop: Hop) -> Iterator[Finding]:
    for problem in settings.get("findings") or []:
        expected, do = "a configuration that can be read and understood", "fix the file, or name the right one"
        yield Finding(problem["key"], problem["severity"] == "error", problem["sentence"], expected, do)
    inside = settings.get("settings") or {}
    for one in staged:
        if one.get("failed") or one.get("msg"):
            yield Finding("config_not_staged", True, str(one.get("msg")), "a file for the next release", "fix the file")
        if one.get("lost"):
            expected = "the same settings in the next release"
            do = "set up what takes their place, then accept it"
            yield Finding("config_lost", True, "; ".join(one["lost"]), expected, do)
        if one.get("changes"):
            text = "; ".join(one["changes"])
            yield Finding("config_changes", False, text, "the form of the next release", "nothing: the run does it")
    if inside and hop.target >= schema.BASIC_AUTH and inside.get("rbac") == "simplified" and not inside["rbac_server"]:
        yield Finding(
            "rbac_without_server",
            True,
            "auth.ui_config.rbac is simplified and auth.api.endpoint is not set",
            "rbac none, or a server for it",
            "take auth.ui_config.rbac out: the next release would not start",
        )
    if inside.get("bootstrap") and inside.get("database", {}).get("type") == "local":
        yield Finding(
            "local_bootstrap",
            True,
            "database.type is local and the installation was made by installation.*: it has no schema record",
            "a schema record",
            "move the data to an installation that was made by lakefs setup",
        )
    if inside and hop.to_kv and not inside["file_has_database"]:
        yield from _environment_only(inside)


def _environment_only(inside: Seen) -> Iterator[Finding]:
    """Guide 003: who configures by environment has to name the connection string in both forms."""
    expected = (
        "LAKEFS_DATABASE_CONNECTION_STRING",
        "LAKEFS_DATABASE_TYPE",
        "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING",
    )
    missing = [name for name in expected if name not in inside["from_environment"]]
    if missing:
        yield Finding(
            "environment_only",
            True,
            f"the database is configured by the environment, without {', '.join(missing)}",
            "all three: the release that migrates reads both forms",
            "add them to the unit's environment file on every node; older releases ignore what they do not know",
        )


def places(settings: Seen, set_: Seen) -> Iterator[Finding]:
    database = (settings.get("settings") or {}).get("database") or {}
    if settings.get("settings") and not database.get("place") and database.get("type") not in ("local", "dynamodb"):
        yield Finding(
            "no_connection_string",
            True,
            "neither the file nor the environment has a connection string",
            "database.postgres.connection_string, or database.connection_string before 0.80",
            "write it down: what the driver takes by default may be another database tomorrow",
        )
    if database.get("old") and database.get("new") and database["old"] != database["new"]:
        yield Finding(
            "two_databases",
            True,
            f"database.connection_string is {database['old']}, and database.postgres is {database['new']}",
            "one database in both",
            "make them the same: the migration would read the one and write the other",
        )
    others = sorted(set(set_["places"]) - {"", database.get("place")})
    if database.get("place") and others:
        yield Finding(
            "nodes_differ",
            True,
            f"this server uses {database['place']}, others use {', '.join(others)}",
            "one database for all servers of a group",
            "see which is right, or put them into groups of their own",
        )
