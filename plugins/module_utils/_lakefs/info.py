# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What `lakefs_info` returns. Nothing is created, locked or logged in for it."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, Callable, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup import database_rights
from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse as parse_dsn
from ansible_collections.uplift.datastores.plugins.module_utils._backup.postgres import Postgres
from ansible_collections.uplift.datastores.plugins.module_utils._core import version as core_version
from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import understanding
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import database, schema
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api, open_url_fetch
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import program as parse
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.where import Where
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import unit_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.contained import NotItself
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.said_version import said_version

OTHERS = {"local": "the embedded database of one server", "dynamodb": "DynamoDB", "cosmosdb": "Cosmos DB"}


def gather(runner: Runner, params: Mapping[str, Any], fetch: Any = open_url_fetch) -> dict[str, Any]:
    """The node's program, its server and its database. What cannot be had is null, and `problems` says why."""
    problems: list[dict[str, str]] = []
    facts = {
        "not_itself": {},
        **_try("service", lambda: _service(runner, params), _NO_SERVICE, problems),
        **_try("server", lambda: _server(params, fetch), {"setup": "", "answered_version": ""}, problems),
        **_database(runner, params, problems),
        "problems": problems,
    }
    return {**facts, "unfit": _unfit(facts, params["discarded"])}


def _unfit(facts: Mapping[str, Any], discarded: bool) -> str:
    if not facts["database"] or not facts["binary_version"]:
        return ""
    rows = {key: value for key, value in facts["database"].items() if key != "left_behind"}
    return schema.unfit(core_version.parse(facts["binary_version"]), Database(**rows), discarded)


_NAMES = ("version", "binary_version", "binary", "program", "config_file", "failure")
_NO_SERVICE = {"running": False, "led": False, "mounting": [], **dict.fromkeys(_NAMES, "")}


def _service(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    where = lakefs_where.of(runner, params["unit"])
    lakefs = where.program(params)
    lies_there = said_version(lakefs.runner, lakefs.binary, user=lakefs.user)
    runs = where.runs(lies_there)
    return {
        "running": bool(runs),
        "led": where.led(),
        "mounting": unit_place.mounting(runner, {params["unit"]: "lakefs_unit"}),
        "version": runs,
        "binary_version": lies_there,
        "binary": lakefs.binary,
        "program": lakefs.program or lakefs.binary,
        "config_file": lakefs.config_file,
        "failure": "" if runs else failure(where),
    }


def failure(where: Where) -> str:
    """Why the last start failed, by what the service printed."""
    try:
        return parse.start_failure(where.log())
    except UpliftError:
        return ""  # nobody keeps it


def _server(params: Mapping[str, Any], fetch: Any) -> dict[str, Any]:
    """By the one page that touches the database (L18), and by the version page where there are credentials."""
    if not params["url"]:
        return {"setup": "", "answered_version": ""}
    api = Api(params["url"], params["access_key_id"], params["secret_access_key"], fetch)
    try:
        setup = http.setup_state(api.get("/setup_lakefs"))
    except http.Stranger:
        # Some releases show the web interface for a page that they lack (L34); a proxy does so for every page.
        if api.get("/healthcheck").status != http.ALIVE:
            raise
        setup = http.UNKNOWN
    version = http.version(api.get("/config/version")) if params["access_key_id"] else ""
    return {"setup": setup, "answered_version": version}


def _database(runner: Runner, params: Mapping[str, Any], problems: list[dict[str, str]]) -> dict[str, Any]:
    kind = params["database_type"]
    if kind in OTHERS:
        said = f"the database is {OTHERS[kind]}, whose schema record cannot be read while the server runs"
        problems.append({"key": "database_cannot_tell", "sentence": f"{said}; expected PostgreSQL."})
        return {"database": None, "server": None, "sessions": None, "schema": None, "state_problem": ""}
    nothing = {"database": None, "server": None, "sessions": None, "schema": None, "state_problem": ""}
    return _try("database", lambda: _postgres_facts(runner, params), nothing, problems)


def _postgres_facts(runner: Runner, params: Mapping[str, Any]) -> dict[str, Any]:
    postgres = Postgres(runner, parse_dsn(params["dsn"]))
    seen = database.look(postgres)
    found = schema.state(seen)
    server = {**postgres.server(), "place": postgres.dsn.place(), "rights": database_rights.ask(postgres).facts()}
    return {
        "database": {**asdict(seen), "left_behind": schema.not_migrated(seen)},
        "server": server,
        "sessions": postgres.sessions(),
        "schema": asdict(found.schema) if found.schema else None,
        "state_problem": found.problem,
    }


def _try(
    key: str, ask: Callable[[], dict[str, Any]], nothing: dict[str, Any], problems: list[dict[str, str]]
) -> dict[str, Any]:
    try:
        with understanding(f"the {key}"):
            return ask()
    except NotItself as exc:
        return {**nothing, "not_itself": exc.row}
    except UpliftError as exc:
        problems.append({"key": f"{key}_silent", "sentence": str(exc)})
        return dict(nothing)


def url_of(listen: str) -> str:
    """Where this host reaches its own server."""
    host, _colon, port = listen.rpartition(":")
    if host in ("", "0.0.0.0", "::", "[::]"):
        host = "127.0.0.1"
    return f"http://{host}:{port}" if re.fullmatch(r"\d+", port) else ""
