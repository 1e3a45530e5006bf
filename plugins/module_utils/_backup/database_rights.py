# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the account of lakeFS may do in PostgreSQL: asked before anything stops, as the restore will ask it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import DatabaseError
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres, name

DATABASE, SCHEMA, NONE = "database", "schema", ""
MAINTENANCE = "postgres"  # the database from which the other one is renamed

_RIGHTS = """SELECT current_database() AS database, current_user AS account, current_schema() AS schema,
 (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS createdb,
 (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) AS owns_database,
 coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = current_schema()), false)
 AS owns_schema, has_database_privilege(current_database(), 'CREATE') AS may_create,
 ARRAY(SELECT extname::text FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
 WHERE nspname = current_schema() ORDER BY 1) AS extensions,
 ARRAY(SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'S') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
 AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')) ORDER BY 1) AS unreadable"""


@dataclass(frozen=True)
class Rights:
    """extensions: those of the schema; their functions are a superuser's, who alone can move them. elsewhere: why the
    account may not connect to the database `postgres`, "" when it may. unreadable: what it cannot have in a dump.
    """

    database: str
    account: str
    schema: str
    createdb: bool
    owns_database: bool
    owns_schema: bool
    may_create: bool
    extensions: Sequence[str] = ()
    unreadable: Sequence[str] = ()
    elsewhere: str = ""

    @property
    def method(self) -> str:
        """How a dump is put back: as another database in the place of this one, as its schema, or not at all."""
        if self.createdb and self.owns_database and not self.elsewhere:
            return DATABASE
        return SCHEMA if self.owns_schema and self.may_create and not self.extensions else NONE

    @property
    def lacks(self) -> list[str]:
        """Why it cannot be put back, in words."""
        if self.method:
            return []
        missing = [
            (not self.createdb, "may not create databases"),
            (not self.owns_database, f"does not own {self.database}"),
            (bool(self.elsewhere), f"may not connect to {MAINTENANCE} ({self.elsewhere})"),
            (not self.owns_schema, f"does not own the schema {self.schema}"),
            (not self.may_create, f"may not create schemas in {self.database}"),
            (bool(self.extensions), f"cannot leave the extension {', '.join(self.extensions)} behind in {self.schema}"),
        ]
        return [what for is_so, what in missing if is_so]

    @property
    def statements(self) -> list[str]:
        """What a database administrator would run: by the schema where that is enough, since it asks for less."""
        account, database = name(self.account), name(self.database)
        if self.method:
            return []
        if not self.extensions and self.schema:
            owner = [] if self.owns_schema else [f"ALTER SCHEMA {name(self.schema)} OWNER TO {account};"]
            return [*owner, *([] if self.may_create else [f"GRANT CREATE ON DATABASE {database} TO {account};"])]
        expected = [
            (not self.createdb, f"ALTER ROLE {account} CREATEDB;"),
            (not self.owns_database, f"ALTER DATABASE {database} OWNER TO {account};"),
            (bool(self.elsewhere), f"GRANT CONNECT ON DATABASE {MAINTENANCE} TO {account};"),
        ]
        return [text for is_so, text in expected if is_so]

    def facts(self) -> dict[str, Any]:
        return {**asdict(self), "method": self.method, "lacks": self.lacks, "statements": self.statements}


def ask(postgres: Postgres) -> Rights:
    """Nothing is changed; the connection to `postgres` is made, since pg_hba.conf has a word in it, too."""
    row = postgres.rows(_RIGHTS)[0]
    elsewhere = ""
    try:
        Postgres(postgres.runner, postgres.dsn.at(MAINTENANCE)).rows("SELECT 1 AS one")
    except DatabaseError as exc:
        elsewhere = str(exc).partition(". ")[0].rstrip(".")
    return Rights(**{**row, "schema": row["schema"] or ""}, elsewhere=elsewhere)
