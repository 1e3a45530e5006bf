# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A backup of a PostgreSQL database: whole or not there, proved by restoring it, no sound one is replaced."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from typing import Any, Callable, ContextManager, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup import earlier, scratch_database
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import DatabaseError, Dsn
from ansible_collections.uplift.datastores.plugins.module_utils._backup.earlier import manifest_path
from ansible_collections.uplift.datastores.plugins.module_utils._backup.metadata import RESERVE
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.watched import Stopwatch, watched

FORMAT = 2
LIMIT = 7 * 86400.0  # seconds; a task's own timeout is the operator's limit
RENAMED_SCHEMAS = "*_uplift_2*"  # schemas that a restore has renamed: not what the servers run on
_SYSTEM = "SELECT system_identifier::text AS system FROM pg_control_system()"
_OIDS = """SELECT datname AS name, oid::bigint AS oid FROM pg_database
 WHERE datname = current_database() OR starts_with(datname, current_database() || '_uplift_')"""


@dataclass(frozen=True)
class Manifest:
    """What the dump holds, written next to it. `counts`: the rows of each table when it was taken.

    system: the identifier of the server's data, "" where it does not say. name, oid: the database's. schema: what
    its product says of the form of the tables. at_rest: of a database in use, the tables that nobody wrote to; none
    means all.
    """

    database: str
    system: str
    name: str
    oid: int
    schema: str
    server: str
    created: float
    size: int
    sha256: str
    counts: Mapping[str, int]
    writes: int
    at_rest: Sequence[str] = ()

    def sure(self) -> dict[str, int]:
        """The rows of each table that nobody wrote to meanwhile."""
        return {table: rows for table, rows in self.counts.items() if not self.at_rest or table in self.at_rest}

    def facts(self, dest: str) -> dict[str, Any]:
        file = {"slot": "backup", "kind": "file", "path": dest, "size": self.size, "sha256": self.sha256}
        seen = {"archive": dest, "manifest": manifest_path(dest), "tables": len(self.counts), "schema": self.schema}
        return {**seen, "rows": sum(self.counts.values()), "size": self.size, "sha256": self.sha256, "evidence": [file]}


class Backup:
    def __init__(
        self,
        runner: Runner,
        dsn: Dsn,
        dest: str,
        scratch: str = "",
        progress: Progress | None = None,
        schema: Callable[[Postgres], str] = lambda _postgres: "",
    ) -> None:
        """`scratch`: the connection string of an empty database for the proof; "": one is made, and dropped. `schema`:
        how the product whose database it is reads from it which form the tables have."""
        self.runner, self.dest, self._given = runner, dest, scratch
        self.postgres = Postgres(runner, dsn)
        self.dsn = self.postgres.dsn  # with the words of a service in the place of its name
        self.progress, self._schema = progress or Progress(), schema

    def present(self, check: bool, at_rest: Sequence[str] = ()) -> dict[str, Any]:
        """Make it, unless the one that is there is sound and of what the tables hold now. at_rest: as in a manifest."""
        if not check:
            earlier.repair(self.dest)
        counts, server = self.postgres.counts(), self.postgres.server()
        old, now = self._sound(), (counts, server["writes"], self.dsn.place())
        if old and (dict(old.counts), old.writes, old.database) == now:
            return {"changed": False, "renamed_to": "", **old.facts(self.dest)}
        if not counts:
            raise UpliftError(
                f"The database {self.dsn.place()} has no table; expected the one that the servers run on."
            )
        files.demand_space(self.dest, int(server["size"]) + RESERVE, f"a backup of {self.dsn.place()}")
        if check:
            return {"changed": True, "archive": self.dest, "renamed_to": "", "evidence": []}
        manifest, renamed = self._dump(counts, server, at_rest, keep=bool(old))
        again = self.postgres.counts()
        sure = manifest.sure()
        seen = {table: rows for table, rows in again.items() if table in sure or table not in counts}
        if seen != sure:
            self._forget()
            raise UpliftError(
                f"The database {self.dsn.place()} was written to while it was backed up ({_first(sure, seen)});"
                " expected it at rest. Stop what writes to it. The backup is removed."
            )
        return {"changed": True, "renamed_to": renamed, **manifest.facts(self.dest)}

    def dump_live(self) -> Manifest:
        """Of a database in use: whole in itself, and its counts may be those of a moment before."""
        server = self.postgres.server()
        files.demand_space(self.dest, int(server["size"]) + RESERVE, f"a copy of {self.dsn.place()}")
        return self._dump(self.postgres.counts(), server)[0]

    def prove(self) -> dict[str, Any]:
        """Restore it into a scratch database and compare the counts of every table."""
        manifest, watch = self.demand_sound(), Stopwatch()
        with self.scratch() as scratch:
            self.restore_into(scratch, manifest)
        return {"changed": False, "proved": True, "seconds": watch.seconds(), **manifest.facts(self.dest)}

    def scratch(self) -> ContextManager[Postgres]:
        """An empty database that is gone afterwards, or the operator's own, emptied afterwards."""
        return scratch_database.empty(self.postgres, self._given)

    def restore_into(self, target: Postgres, manifest: Manifest, exact: bool = True) -> None:
        argv = ["pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
        argv += ["--dbname", target.dsn.database, self.dest]
        watched(lambda: target.program(argv, timeout=LIMIT), self.progress, _size_of(target, "restore"))
        found = target.counts()
        sure = manifest.sure() if exact else {}
        if any(found.get(table) != rows for table, rows in sure.items()) or sorted(found) != sorted(manifest.counts):
            raise UpliftError(
                f"The backup {self.dest} does not give back what was there: {_first(manifest.counts, found)}."
                " Take another one."
            )

    def demand_sound(self) -> Manifest:
        """The manifest of a dump that is, to the bit, the one that was made."""
        try:
            with open(manifest_path(self.dest), encoding="utf-8") as handle:
                raw = json.load(handle)
            if raw.pop("format") != FORMAT:
                raise ValueError(f"format is not {FORMAT}")
            manifest = Manifest(**raw)
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise UpliftError(
                f"The manifest {manifest_path(self.dest)} cannot be used: {exc}. Without it a backup proves nothing."
            ) from exc
        if not os.path.isfile(self.dest) or files.sha256_of(self.dest) != manifest.sha256:
            raise UpliftError(f"The backup {self.dest} is not there, or damaged: take another one.")
        return manifest

    def demand_same(self, manifest: Manifest) -> None:
        """The connection string leads to the database that was dumped, or to what a restore has put in its place."""
        oids = {row["name"]: int(row["oid"]) for row in self.postgres.rows(_OIDS)}
        why = other_database(manifest, self._system(), self.dsn.database, oids)
        if why:
            raise UpliftError(
                f"The dump {self.dest} is of another database than {self.dsn.place()}: {why}. Nothing was changed. See"
                " which one the service uses. If this one has taken its place on purpose, put the dump back by hand:"
                f" empty it, and run pg_restore --no-owner --exit-on-error --dbname={self.dsn.database} {self.dest}"
            )

    def _system(self) -> str:
        try:
            return str(self.postgres.value(_SYSTEM))
        except DatabaseError:
            return ""  # some services do not let their customers ask

    def _sound(self) -> Manifest | None:
        try:
            return self.demand_sound()
        except UpliftError:
            return None

    def _dump(
        self, counts: Mapping[str, int], server: Mapping[str, Any], at_rest: Sequence[str] = (), keep: bool = False
    ) -> tuple[Manifest, str]:
        """The manifest, and where the earlier dump is kept."""
        files.make_private(os.path.dirname(self.dest))
        temp = f"{self.dest}.part"
        os.close(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
        argv = ["pg_dump", "--format=custom", "--no-password", f"--exclude-schema={RENAMED_SCHEMAS}", f"--file={temp}"]
        try:
            watched(
                lambda: self.postgres.program(argv, timeout=LIMIT),
                self.progress,
                lambda: f"backup: {files.human(os.path.getsize(temp))} written",
            )
            size, digest = os.path.getsize(temp), files.sha256_of(temp)
            oid = next(int(row["oid"]) for row in self.postgres.rows(_OIDS) if row["name"] == server["name"])
            manifest = Manifest(
                database=self.dsn.place(), system=self._system(), name=str(server["name"]), oid=oid,
                schema=self._schema(self.postgres), server=str(server["server"]),
                created=round(time.time(), 3), size=size, sha256=digest, counts=dict(counts),
                writes=int(server["writes"]), at_rest=list(at_rest),
            )  # fmt: skip
            text = json.dumps({"format": FORMAT, **asdict(manifest)})
            renamed = earlier.put(temp, self.dest, text, keep)
        except OSError as exc:
            raise UpliftError(f"The backup {self.dest} could not be written: {exc.strerror}.") from exc
        finally:
            if os.path.exists(temp):
                os.unlink(temp)
        return manifest, renamed

    def _forget(self) -> None:
        for path in (self.dest, manifest_path(self.dest)):
            if os.path.exists(path):
                os.unlink(path)


def other_database(manifest: Manifest, system: str, name_: str, oids: Mapping[str, int]) -> str:
    """Pure: why the dump is not of the database that is there now, "" when it is. oids: that database's, and those of
    the databases that restores have renamed for it.
    """
    if manifest.system and system and manifest.system != system:
        return f"it was taken at the server with the system identifier {manifest.system}, and this one has {system}"
    if manifest.name != name_:
        return f"it was taken of {manifest.name}"
    if manifest.oid not in oids.values():
        return f"it was taken of the one with the oid {manifest.oid}, and {name_} has {oids.get(name_, 'none')} now"
    return ""


def _first(was: Mapping[str, int], now: Mapping[str, int]) -> str:
    """The first table that differs."""
    table = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))[0]
    return f"{table} had {was.get(table, 'no')} rows and has {now.get(table, 'no table')}"


def _size_of(postgres: Postgres, what: str) -> Any:
    return lambda: f"{what}: the database has {files.human(postgres.server()['size'])}"
