# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection strings in all their forms, and what the client programs say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import DatabaseError, parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from hypothesis import given
from hypothesis import strategies as st

FORMS = [
    ("postgres://u:p%40%2F@h:5433/d?sslmode=disable", {"PGPASSWORD": "p@/", "PGPORT": "5433", "PGSSLMODE": "disable"}),
    ("postgresql://u@h/d", {"PGHOST": "h", "PGUSER": "u", "PGDATABASE": "d"}),
    ("host=h user=u password='a b\\'c' dbname=d", {"PGPASSWORD": "a b'c", "PGDATABASE": "d"}),
    ("postgres:///d?host=/run/pg&pool_max_conns=5", {"PGHOST": "/run/pg", "PGDATABASE": "d"}),
]


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_forms(text: str, expected: dict[str, str]) -> None:
    found = parse(text).environment()
    assert {name: found.get(name) for name in expected} == expected


@pytest.mark.parametrize("text", ["", "postgres://u:s3cret@h:5x/d", "host", "s3cret at home"])
def test_what_cannot_be_read_is_not_quoted(text: str) -> None:
    with pytest.raises(DatabaseError) as caught:
        parse(text)
    assert "s3cret" not in str(caught.value)


@given(database=st.text("abc_-/? 'é", min_size=1, max_size=8), keywords=st.booleans())
def test_another_database_of_the_same_server(database: str, keywords: bool) -> None:
    text = "host=h user=u password=p dbname=d" if keywords else "postgres://u:p@h:5433/d?sslmode=disable"
    if keywords and set(database) & set(" '"):
        return
    there = parse(text).at(database)
    assert there.database == database
    assert there.parts["password"] == "p" and "p@" not in there.place()


class Said:
    def __init__(self, answer: Answer | CliError) -> None:
        self.answer, self.calls = answer, []  # type: ignore[var-annotated]

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        self.calls.append((argv, how))
        if isinstance(self.answer, CliError):
            raise self.answer
        return self.answer


# What psql 15.18 said to a wrong password, a missing database, and nobody there.
WORDS = [
    'psql: error: connection to server at "127.0.0.1", port 25432 failed: FATAL:  password authentication failed',
    'psql: error: connection to server at "127.0.0.1", port 25432 failed: FATAL:  database "nodb" does not exist',
    'psql: error: connection to server at "127.0.0.1", port 25433 failed: Connection refused',
]


@pytest.mark.parametrize("words", WORDS)
def test_a_refusal_is_a_sentence_with_the_place_and_no_secret(words: str) -> None:
    said = Said(Answer(("psql",), 2, "", words))
    with pytest.raises(DatabaseError, match="h:5432/d") as caught:
        Postgres(said, parse("postgres://u:s3cret@h/d")).rows("SELECT 1")
    assert "s3cret" not in str(caught.value) and "See to the server" in str(caught.value)
    argv, how = said.calls[0]
    assert "s3cret" not in " ".join(argv) and how["env"]["PGPASSWORD"] == "s3cret"


def test_what_reads_says_so_to_the_server() -> None:  # trap L07
    said = Said(Answer(("psql",), 0, '[{"a": 1}]\n', ""))
    assert Postgres(said, parse("postgres://u@h/d")).value("SELECT 1 AS a") == 1
    assert said.calls[0][1]["stdin"].startswith("BEGIN READ ONLY;")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(DatabaseError, match="client programs"):
        Postgres(Said(CliError("psql could not be run.")), parse("postgres://u@h/d")).sessions()


def test_others_on_the_database_are_a_refusal() -> None:
    """Traps L05 and L24: a live server, or a second migration, on another host."""
    row = '[{"account": "lakefs", "application": "", "address": "198.18.1.12", "sessions": 3}]'
    with pytest.raises(UpliftError, match="3 other sessions .* from 198.18.1.12"):
        Postgres(Said(Answer(("psql",), 0, row, "")), parse("postgres://u@h/d")).demand_alone()
