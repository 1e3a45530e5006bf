# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: everything that would stop a hop, or lose data in it, at once. Most of it no lakeFS binary says."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.findings import Finding
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import asked_findings, config_findings, schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.schema import Hop
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.space import space_findings
from ansible_collections.uplift.datastores.plugins.module_utils._operation.left_closed import left_closed
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.unit_findings import (
    of_mounting,
    of_not_itself,
)

Seen = Mapping[str, Any]
_FOLLOWS = ("service_down", "database_silent", "no_credentials", "release")
MOVABLE = ("gs://", "https://")


def findings(seen: Seen) -> list[Finding]:
    """`seen` holds the modules' answers by their names, the hop, and what the operator has set."""
    hop = Hop(version.parse(seen["hop"]["source"]), version.parse(seen["hop"]["target"]))
    database = _database(seen["info"])
    found = [
        *left_closed("lakefs", seen.get("closed") or []),
        *_problems(seen["info"]),
        *_service(seen["info"], hop),
        *of_mounting(seen["info"].get("mounting") or (), "configuration or program"),
        *config_findings.config(seen["settings"], seen["staged"], hop),
        *config_findings.places(seen["settings"], seen["set"]),
        *asked_findings.unanswered(seen["uncommitted"], hop.from_mvcc and not seen["set"]["discard_data"]),
        *_uncommitted(seen["uncommitted"], seen["set"], hop),
        *asked_findings.without_commit(seen["uncommitted"]),
        *space_findings(seen, hop.to_kv, hop.migrates),
    ]
    if not database:
        found += _elsewhere((seen["settings"].get("settings") or {}).get("database") or {}, hop)
    if database:
        found += [*_state(seen["info"], database), *_data(database, seen["set"], hop)]
        found += [*_objects(seen, database, hop)]
        # Whoever cannot be taken along in a later hop must be known before the first one changes anything.
        for later in (seen["hop"], *(seen["hop"].get("later") or [])):
            one = Hop(version.parse(later["source"]), version.parse(later["target"]))
            found += [*_users(database, seen["set"], one), *asked_findings.access(seen["uncommitted"], one)]
    return of_not_itself(seen["info"].get("not_itself"), found, _FOLLOWS)


def _database(info: Seen) -> Database | None:
    rows = info.get("database")
    return Database(**{key: value for key, value in rows.items() if key != "left_behind"}) if rows else None


def _problems(info: Seen) -> Iterator[Finding]:
    for problem in info.get("problems") or []:
        yield Finding(
            problem["key"],
            True,
            problem["sentence"],
            "an answer",
            "fix what it names; what is unknown is not taken to be well",
        )


def _service(info: Seen, hop: Hop) -> Iterator[Finding]:
    if not info.get("running"):
        why = f": {info['failure']}" if info.get("failure") else ""
        yield Finding(
            "service_down", True, f"lakeFS does not run here{why}", "a running server", "start it, or fix why not"
        )
    elif info.get("version") != info.get("binary_version"):
        yield Finding(
            "restart_pending",
            True,
            f"{info['version']} runs and {info['binary_version']} lies at the unit's path",
            "one release in both places",
            "find out who changed the binary; restart the service or put the old one back",
        )
    if info.get("setup") == "not_initialized":
        yield Finding(
            "not_initialized",
            True,
            "the server offers to set up a new installation: it does not see the data it is thought to have",
            "an installation that is set up",
            "do not set it up. See which database and which release it should have",
        )


def _elsewhere(database: Seen, hop: Hop) -> Iterator[Finding]:
    """What cannot be asked can be redeployed, when that was accepted. Nothing here backs it up or migrates it."""
    if database.get("type") in ("local", "dynamodb", "cosmosdb") and hop.migrates:
        yield Finding(
            "database_not_migrated",
            True,
            f"database.type is {database['type']}, and {hop.source} to {hop.target} migrates the database",
            "PostgreSQL, whose backup is proved by restoring it before anything is migrated",
            f"back it up by its own means, stop every server, run `lakefs migrate up` of {hop.target} once, start them",
        )


def _state(info: Seen, database: Database) -> Iterator[Finding]:
    state = schema.state(database)
    if state.problem:
        yield Finding(
            "database_broken",
            True,
            state.problem,
            "a version record that says where the database stands",
            "restore a backup, or end what was begun: start nothing on it",
        )
    elif info.get("version") or info.get("binary_version"):
        running = version.parse(info["version"] or info["binary_version"])
        bad = schema.unfit(running, database, discarded=True)
        if bad:
            yield Finding(
                "schema_unfit",
                True,
                bad,
                f"the database that {running} has been running on",
                "see which database and release belong together; start no other release on it until then",
            )


def _data(database: Database, settings: Seen, hop: Hop) -> Iterator[Finding]:
    behind = schema.not_migrated(database)
    if behind and hop.source >= schema.GRAVELER:
        yield Finding(
            "left_behind",
            True,
            f"repositories of the form before 0.30 that were never migrated: {', '.join(behind[:5])}",
            "none, or that nobody misses them",
            f"stop every server and run lakefs_migrate with the command db by {schema.GRAVELER}, then start them"
            if hop.source == schema.GRAVELER
            else "restore them from a backup of that time, or accept that they are lost",
        )
    if hop.from_mvcc and settings["discard_data"] and "discard_data" not in settings["confirm"]:
        yield Finding(
            "discard_data",
            True,
            f"lakefs_discard_data is set, and there are {len(database.mvcc)} repositories",
            "that it is confirmed",
            "add discard_data to lakefs_confirm if all of that may go",
        )
    if not database.repositories and not database.mvcc:
        yield Finding(
            "no_repository", False, "no repository", "the repositories of this installation", "see that this is so"
        )


def _users(database: Database, settings: Seen, hop: Hop) -> Iterator[Finding]:
    many = schema.users_unfit(hop.target, database)
    admits = settings["admin_user"] and schema.BASIC_AUTH <= hop.target < schema.NO_IMPORT
    if hop.users_become_one and many and not admits:
        yield Finding(
            "too_many_users",
            True,
            many,
            "one user with one access key",
            "cut them to one, or name the one to keep (lakefs_admin_user, lakefs_admin_access_key_id) and go by way of"
            f" {schema.LAST_IMPORT} (lakefs_via)",
        )
    if hop.users_become_one and len(database.users) > 1 and admits:
        others = sorted(set(database.users) - {settings["admin_user"]})
        yield Finding(
            "users_lost",
            True,
            f"of {len(database.users)} users only {settings['admin_user']} stays; gone: {', '.join(others[:5])}",
            "that this is meant",
            "accept it, or keep users in a server of their own (auth.api)",
        )
    old = schema.state(database).schema
    if old and old.era == schema.KV and old.number < 4 and schema.ANY_KV <= hop.target < schema.BASIC_AUTH:
        yield Finding(
            "rbac_to_acl",
            True,
            f"{hop.target} turns policies into access control lists, and does so only by --force where they do not fit",
            "that this is meant",
            f"accept it, or go straight to {schema.BASIC_AUTH} or newer",
        )


def _uncommitted(seen: Seen, set_: Seen, hop: Hop) -> Iterator[Finding]:
    rows = seen.get("uncommitted") or []
    if rows and hop.migrates and not set_["commit_uncommitted"]:
        where = ", ".join(f"{row['repository']}/{row['branch']} ({row['changes']})" for row in rows[:5])
        lost = hop.from_mvcc and not set_["discard_data"]
        yield Finding(
            "uncommitted_lost" if lost else "uncommitted",
            lost,
            f"uncommitted changes on {len(rows)} branches: {where}",
            "everything committed" + (": this hop keeps nothing else" if lost else ", the makers advise"),
            "commit them, or set lakefs_commit_uncommitted",
        )


def _objects(seen: Seen, database: Database, hop: Hop) -> Iterator[Finding]:
    store = (seen["settings"].get("settings") or {}).get("blockstore", "")
    crosses = hop.source < schema.MOVED <= hop.target
    spaces = {**database.namespaces, **(seen["uncommitted"].get("namespaces") or {})}
    moves = [text for name, space in sorted(spaces.items()) for text in [move_of(space)] if text]
    if store in ("gs", "azure") and crosses and not seen["set"]["move_objects_tasks"]:
        text = "; ".join(moves[:5]) or "the repositories' objects"
        yield Finding(
            "objects_to_move",
            True,
            f"objects lie on {store} with a double slash: {text}",
            f"copied to where {schema.MOVED} reads them, while lakeFS is stopped",
            "name a file of tasks that copies them (lakefs_move_objects_tasks)",
        )
    if store in ("gs", "azure") and not crosses and hop.source < schema.SUPPORTED_NAMESPACES <= hop.target:
        expected = (
            f"objects that were moved at {schema.MOVED}: from {schema.SUPPORTED_NAMESPACES} on no others are read"
        )
        yield Finding(
            "old_namespaces", False, f"objects lie on {store}", expected, "see that one is read by an old path"
        )
    encoded = sorted(name for name, space in spaces.items() if "%" in space)
    if encoded and hop.source < schema.TASKS_SINCE <= hop.target:
        yield Finding(
            "encoded_namespace",
            not hop.migrates,
            f"encoded storage namespaces: {', '.join(encoded[:5])}",
            "plain ones: the next release may not start with them",
            "a migration fixes them by itself; without one, run lakefs_migrate with the command task first",
        )


def move_of(namespace: str) -> str:
    """Where the objects of a namespace are and where 0.50 looks for them, "" when they need no move."""
    root = namespace.rstrip("/")
    if namespace.startswith("gs://"):
        bucket, _slash, prefix = root[len("gs://") :].partition("/")
        return f"gs://{bucket}//{prefix}{'/' if prefix else ''}* to {root}/*"
    if namespace.startswith("https://") and ".blob.core." in namespace:
        host, _slash, rest = root[len("https://") :].partition("/")
        container, _slash, prefix = rest.partition("/")
        if not prefix:
            return f"https://{host}/{container}//* to https://{host}/{container}/*"
        return f"https://{host}/{container}/{prefix}//* to https://{host}/{container}/{prefix}/*"
    return ""
