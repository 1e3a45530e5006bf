# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A dump in the place of what is there: as a database of its own, or as a schema where the account may do no more."""

from __future__ import annotations

import os
import time
from typing import Any, Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._backup import database_rights, server_leftovers
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database import LIMIT, Backup, Manifest
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database_rights import (
    DATABASE,
    MAINTENANCE,
    Rights,
)
from ansible_collections.uplift.datastores.plugins.module_utils._backup.metadata import RESERVE
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres, literal, name
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

_GRANTS = """SELECT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END AS who, privilege_type AS what
 FROM pg_namespace, aclexplode(nspacl) WHERE nspname = current_schema() AND grantee <> nspowner ORDER BY 1, 2"""
_COMMENTS = """SELECT shobj_description(oid, 'pg_database') AS database,
 obj_description(current_schema()::regnamespace, 'pg_namespace') AS schema
 FROM pg_database WHERE datname = current_database()"""


def restore(backup: Backup, check: bool) -> dict[str, Any]:
    """Put it in the database's place. What is there now stays, under another name, until somebody drops it."""
    manifest = backup.demand_sound()
    backup.demand_same(manifest)
    backup.postgres.demand_alone()
    rights = database_rights.ask(backup.postgres)
    if not rights.method:
        raise UpliftError(refusal(rights))
    work = _as_database if rights.method == DATABASE else _as_schema
    moment = time.time()  # to the millisecond: a second restore may come at once
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(moment)) + f"{int(moment * 1000) % 1000:03}"
    renamed = f"{rights.database if rights.method == DATABASE else rights.schema}_uplift_{stamp}"
    if not check:
        work(backup, manifest, rights, renamed)
    return {"changed": True, "method": rights.method, "replaced": renamed, **manifest.facts(backup.dest)}


def refusal(rights: Rights) -> str:
    return (
        f"The dump cannot be put back: the account {rights.account} {', '.join(rights.lacks)}. Nothing was changed."
        f" Have the database's administrator run: {' '.join(rights.statements)} Then run the same command again."
    )


def _as_database(backup: Backup, manifest: Manifest, rights: Rights, renamed: str) -> None:
    fresh, admin = f"{rights.database}_uplift_new", Postgres(backup.runner, backup.dsn.at(MAINTENANCE))
    said = backup.postgres.rows(_COMMENTS)[0]["database"]
    admin.run(f"DROP DATABASE IF EXISTS {name(fresh)}; CREATE DATABASE {name(fresh)} TEMPLATE template0;")
    note = server_leftovers.note(server_leftovers.SCRATCH, backup.dest, time.time())
    admin.run(f"COMMENT ON DATABASE {name(fresh)} IS {note};")
    admin.run(backup.postgres.paths(fresh))
    backup.restore_into(Postgres(backup.runner, backup.dsn.at(fresh)), manifest)
    # Both names or none: there is no moment without a database of this name.
    admin.run(
        f"BEGIN; ALTER DATABASE {name(rights.database)} RENAME TO {name(renamed)};"
        f" ALTER DATABASE {name(fresh)} RENAME TO {name(rights.database)};"
        f" {_noted('DATABASE', rights.database, renamed, said, backup.dest)} COMMIT;"
    )


def _noted(what: str, own: str, renamed: str, said: str | None, dest: str) -> str:
    """Statements: what is renamed says so, and what takes its place says what was said of that."""
    note = server_leftovers.note(server_leftovers.RENAMED, dest, time.time())
    again = literal(said) if said else "NULL"
    return f"COMMENT ON {what} {name(renamed)} IS {note}; COMMENT ON {what} {name(own)} IS {again};"


def _as_schema(backup: Backup, manifest: Manifest, rights: Rights, renamed: str) -> None:
    """One transaction with the comparison in it: it is put back as a whole and as it was, or nothing has happened."""
    text, what = f"{backup.dest}.sql", ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error"]
    needed = 2 * int(backup.postgres.server()["size"]) + RESERVE  # bytes are two letters each
    files.demand_space(text, needed, f"{backup.dest} as statements")
    os.close(os.open(text, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600))
    try:
        argv = ["pg_restore", *what, f"--schema={rights.schema}", f"--file={text}", backup.dest]
        backup.postgres.program(argv, timeout=LIMIT)
        statements = "\n".join(_statements(backup, manifest, rights.schema, renamed, text))
        Postgres(backup.runner, backup.dsn, LIMIT).run(statements)
    finally:
        os.unlink(text)


def _statements(backup: Backup, manifest: Manifest, schema: str, renamed: str, text: str) -> Iterator[str]:
    yield f"BEGIN; ALTER SCHEMA {name(schema)} RENAME TO {name(renamed)}; CREATE SCHEMA {name(schema)};"
    yield _noted("SCHEMA", schema, renamed, backup.postgres.rows(_COMMENTS)[0]["schema"], backup.dest)
    for row in backup.postgres.rows(_GRANTS):
        yield f"GRANT {row['what']} ON SCHEMA {name(schema)} TO {name(row['who']) if row['who'] else 'PUBLIC'};"
    yield f"\\i {literal(text)}"
    yield from comparison(manifest, schema)
    yield "COMMIT;"


def comparison(manifest: Manifest, schema: str) -> Iterator[str]:
    """Statements that fail where a table is missing, or does not have as many rows as it had."""
    number = (
        "(SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
        f" AND NOT c.relispartition AND n.nspname = {literal(schema)})"
    )
    checks = [(number, len(manifest.counts), "tables")]
    for table, rows in sorted(manifest.sure().items()):
        checks.append((f"(SELECT count(*) FROM {name(schema)}.{name(table)})", rows, f"rows of {table}"))
    yield "DO $uplift$ BEGIN"
    for found, expected, what in checks:
        said = literal(f"the backup gives back % {what.replace('%', '%%')}, expected {expected}")
        yield f"IF {found} <> {expected} THEN RAISE EXCEPTION {said}, {found}; END IF;"
    yield "END $uplift$;"
