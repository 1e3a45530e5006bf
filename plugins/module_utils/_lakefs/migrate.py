# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""One migration of the database: refused, or run once, and believed when exit status, line and record agree."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse as parse_dsn
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.watched import Stopwatch, watched
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import database, schema, uncommitted
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.migration import (
    DB,
    chosen,
    proof,
    verdict,
)
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import program as parse
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import Lakefs
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.where import from_unit, unwritable

LOCK = "/run/uplift-lakefs-migrate.lock"
TASK = "storage-ns-encoded"


class Migration:
    """`lakefs migrate` of one release on one database. The database is named to it, whatever its configuration says."""

    def __init__(
        self, lakefs: Lakefs, dsn: str, timeout: float, tmpdir: str = "", progress: Progress | None = None
    ) -> None:
        self.lakefs, self.timeout = lakefs, timeout
        self.tmpdir = tmpdir or lakefs.environment.get("TMPDIR", "") or "/tmp"
        self.postgres = Postgres(lakefs.runner, parse_dsn(dsn))
        self.progress = progress or Progress()
        self.version = lakefs.version

    def run(
        self,
        command: str,
        force: bool,
        check: bool,
        *,
        discard: bool = False,
        given_up: bool = False,
        lock: str = LOCK,
    ) -> dict[str, Any]:
        """`up`, `db` or `auto`. Nothing is begun that cannot be ended, nor called done that is not recorded.

        given_up: what is not committed may go, which `db` drops.
        """
        place, before = self.postgres.dsn.place(), database.look(self.postgres)
        command = chosen(self.version, before, discard) if command == "auto" else command
        judged = verdict(self.version, command, before)
        if judged.refused:
            raise UpliftError(f"{self.version} must not migrate {place}: {judged.refused}. Nothing was changed.")
        facts = {"version": str(self.version), "before": summary(before), "seconds": 0.0, "line": ""}
        if not judged.needed:
            return {"changed": False, **facts, "after": summary(before)}
        self.postgres.demand_alone()  # L05, and L24 from another host
        if command == DB and not given_up:
            uncommitted.demand_none(self.postgres)  # L11
        self._demand_room(before)
        if check:
            return {"changed": True, **facts, "after": {"schema": str(schema.expected(self.version))}}
        with _locked(lock):
            words = [
                "migrate",
                command,
                *(["--force"] if force and schema.ANY_KV <= self.version < schema.BASIC_AUTH else []),
            ]
            watch = Stopwatch()
            said = parse.outcome(self.call(words))
        after = database.look(self.postgres)
        found = proof(self.version, command, said, before, after)
        problem = found.problem
        if not problem and not given_up and schema.to_kv(before, after):
            problem = uncommitted.not_taken(self.postgres)
        if problem:
            raise UpliftError(
                f"`lakefs migrate {command}` of {self.version} on {place} failed: {problem.rstrip('.')}. No"
                " server is started on it. Fix the cause and run again, or restore the backup."
            )
        seconds = {"seconds": watch.seconds(), "line": said.line}
        return {"changed": found.changed, **facts, **seconds, "after": summary(after)}

    def admit(self, user: str, key: str, check: bool) -> dict[str, Any]:
        """Take over one user with one access key, where the release still can (L16). Its answer holds the secret."""
        before = database.look(self.postgres)
        if before.basic_auth:
            return {"changed": False, "user": user}
        if not schema.BASIC_AUTH <= self.version < schema.NO_IMPORT:
            raise UpliftError(
                f"{self.version} cannot take over a user; expected a release from {schema.BASIC_AUTH} to"
                f" {schema.LAST_IMPORT}: go by way of {schema.LAST_IMPORT}. Nothing was changed."
            )
        if user not in before.users:
            raise UpliftError(f"There is no user {user!r}; there are {', '.join(before.users)}. Nothing was changed.")
        if not check:
            said = parse.outcome(self.call(["superuser", "--user-name", user, "--access-key-id", key]))
            if said.state != parse.DONE or not database.look(self.postgres).basic_auth:
                raise UpliftError(f"{self.version} did not take over the user {user!r}: it said {said.line!r}.")
        return {"changed": True, "user": user}

    def task(self, check: bool) -> dict[str, Any]:
        """Repair storage namespaces with %XX in them, which stop a server (L28). It has a dry run of its own."""
        if self.version < schema.TASKS_SINCE:
            return {"changed": False, "found": 0, "updated": [], "skipped": []}
        answer = self.call(["migrate", "task", "run", TASK, *(["--dry-run"] if check else [])])
        said, told_ = parse.outcome(answer), parse.task(answer)
        if said.state != parse.DONE or told_.skipped:
            what = f"{', '.join(told_.skipped)} skipped: not accessible" if told_.skipped else said.line
            raise UpliftError(f"`migrate task run {TASK}` of {self.version} did not fix all namespaces: {what}.")
        return {"changed": bool(told_.updated), **asdict(told_)}

    def call(self, words: Sequence[str]) -> Answer:
        return watched(
            lambda: self.lakefs.call(words, self.timeout, self._environment()), self.progress, self._figure(words)
        )

    def _environment(self) -> dict[str, str]:
        """The database is named here: a key that is missing or points elsewhere cannot lead it astray (L02, L23)."""
        text, more = self.postgres.dsn.text, {"TMPDIR": self.tmpdir}
        if self.version < schema.ONLY_KV:
            more["LAKEFS_DATABASE_CONNECTION_STRING"] = text
        if self.version >= schema.TO_KV:
            more.update(LAKEFS_DATABASE_TYPE="postgres", LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING=text)
            more["LAKEFS_DATABASE_DROP_TABLES"] = "false"
        return more

    def _figure(self, words: Sequence[str]) -> Callable[[], str]:
        def text() -> str:
            size = self.postgres.server()["size"]
            return f"lakefs {' '.join(words[:2])} of {self.version}: the database has {files.human(size)}"

        return text

    def _demand_room(self, seen: Database) -> None:
        """The KV migration writes all metadata to files first; without space the database is of no use (L25)."""
        if seen.record not in (None, "0") or schema.expected(self.version).era != schema.KV:
            return
        why = unwritable(self.lakefs, self.tmpdir)
        if why:
            raise UpliftError(why)
        size = int(self.postgres.server()["size"])
        files.demand_space(self.tmpdir, size, "the KV migration, for all metadata as files,")


def summary(seen: Database) -> dict[str, Any]:
    """For results and reports: versions and counts."""
    found = schema.state(seen)
    return {
        "schema": str(found.schema) if found.schema else "",
        "problem": found.problem,
        "repositories": len(seen.repositories),
        "users": len(seen.users),
        "kv_rows": seen.kv_rows,
    }


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """One at a time on this host (L24). For others there are the operation's lease, and the sessions."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UpliftError(f"Another migration runs on this host just now ({path} is held): wait for its end.") from None
    finally:
        os.close(handle)


def run(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """What `lakefs_migrate` does."""
    lakefs = from_unit(LocalRunner(), params)
    progress = Progress(params["progress_file"])
    migration = Migration(lakefs, params["dsn"], params["timeout"], params["tmpdir"], progress)
    if params["command"] == "superuser":
        return migration.admit(params["user_name"], params["access_key_id"], check)
    if params["command"] == "task":
        return migration.task(check)
    dropped = {"discard": params["discard"], "given_up": params["given_up"]}
    return migration.run(params["command"], params["force"], check, **dropped)
