# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL for the tests of what is asked of one: made in a second, gone with the run. On 127.0.0.1 alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/nowhere"))
needs_postgres = pytest.mark.skipif(not (PROGRAMS / "initdb").exists(), reason="no PostgreSQL server is installed here")
NOBODY = 65534


@dataclass(frozen=True)
class Server:
    port: int

    def dsn(self, database: str, user: str = "postgres") -> str:
        return f"postgres://{user}:w0rd@127.0.0.1:{self.port}/{database}"

    def at(self, database: str, user: str = "postgres") -> Postgres:
        return Postgres(LocalRunner(), parse(self.dsn(database, user)))

    def admin(self, *statements: str, database: str = "postgres") -> str:
        return self.at(database).run(";\n".join(statements) + ";").out.strip()

    def role(self, name: str) -> None:
        if self.admin(f"SELECT count(*) FROM pg_roles WHERE rolname = '{name}'") == "0":
            self.admin(f"CREATE ROLE {name} LOGIN")

    def fresh(self, database: str, owner: str = "postgres") -> None:
        """An empty database of that name, of an account that may do nothing else."""
        self.role(owner)
        for one in self.admin(f"SELECT datname FROM pg_database WHERE datname ~ '^{database}(_|$)'").split():
            self.admin(f"DROP DATABASE {one} WITH (FORCE)")
        self.admin(f"CREATE DATABASE {database} OWNER {owner}")


def serve() -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    account = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
    directory = tempfile.mkdtemp(prefix="uplift-pg-")
    os.chown(directory, account.get("user", -1), account.get("group", -1))
    quiet = {"stdout": subprocess.DEVNULL, "cwd": directory, **account}
    made = [PROGRAMS / "initdb", "--no-sync", "--auth=trust", "--username=postgres", "-D", f"{directory}/data"]
    options = f"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
    start = [PROGRAMS / "pg_ctl", "-D", f"{directory}/data", "-l", f"{directory}/log", "-w", "-o", options, "start"]
    try:
        subprocess.run(made, check=True, **quiet)
        subprocess.run(start, check=True, **quiet)
        yield Server(port)
    finally:
        stop = [PROGRAMS / "pg_ctl", "-D", f"{directory}/data", "-m", "immediate", "stop"]
        subprocess.run(stop, check=False, **quiet)
        shutil.rmtree(directory)
