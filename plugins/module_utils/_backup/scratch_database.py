# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""An empty PostgreSQL database to try something in, next to the one that is served."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._backup import server_leftovers
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import DatabaseError, parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres, name
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

_SCHEMAS = "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"


@contextmanager
def empty(postgres: Postgres, given: str = "") -> Iterator[Postgres]:
    """One that is gone afterwards, or the operator's own, emptied afterwards.

    postgres: the database of the servers; the new one is on the same server, by the same account. given: the connection
    string of the operator's own, which has to be without tables; "": one is made. UpliftError where neither can be had.
    """
    if given:
        yield from _given(postgres, given)
        return
    database = server_leftovers.scratch_name(postgres.dsn.database)
    note = server_leftovers.note(server_leftovers.SCRATCH, f"of {postgres.dsn.database}", time.time())
    try:
        postgres.run(f"DROP DATABASE IF EXISTS {name(database)};")
        postgres.run(f"CREATE DATABASE {name(database)} TEMPLATE template0;")
        postgres.run(f"COMMENT ON DATABASE {name(database)} IS {note};")
        postgres.run(postgres.paths(database))
    except DatabaseError as exc:
        raise UpliftError(
            f"{exc} A database of its own is needed to try this: let the account create one (ALTER ROLE ..."
            " CREATEDB), or name an empty one as the scratch database."
        ) from exc
    try:
        yield Postgres(postgres.runner, postgres.dsn.at(database))
    finally:
        postgres.run(f"DROP DATABASE IF EXISTS {name(database)};")


def _given(postgres: Postgres, text: str) -> Iterator[Postgres]:
    given = Postgres(postgres.runner, parse(text).like(postgres.dsn))
    if given.tables():
        raise UpliftError(f"The scratch database {given.dsn.place()} has tables; expected an empty one.")
    own = [row["name"] for row in given.rows(_SCHEMAS)]
    try:
        yield given
    finally:
        made = [row["name"] for row in given.rows(_SCHEMAS) if row["name"] not in own]
        given.run("".join(f"DROP SCHEMA {name(one)} CASCADE;" for one in ["public", *made]))
        given.run("CREATE SCHEMA public;")
