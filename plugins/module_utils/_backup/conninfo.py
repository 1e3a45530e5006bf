# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Connection strings of PostgreSQL, read as the server's driver (pgx) reads them, and told to libpq by its variables.

libpq itself cannot be asked: it refuses `search_path` in a URL, which pgx sends to the server, and the pool's settings.
Where both know a word they read it alike; test_conninfo.py asks libpq.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Mapping
from urllib.parse import parse_qsl, quote, unquote

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

APPLICATION = "uplift"  # our own sessions, distinguished from those of servers that still run

# What libpq takes, and the variable for it; "" where it has none. What is in neither table is a setting of the session.
VARIABLES: Mapping[str, str] = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "channel_binding": "PGCHANNELBINDING",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslcrldir": "PGSSLCRLDIR",
    "sslsni": "PGSSLSNI",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "requirepeer": "PGREQUIREPEER",
    "gssencmode": "PGGSSENCMODE",
    "krbsrvname": "PGKRBSRVNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "options": "PGOPTIONS",
}
SERVICE, SERVICE_FILE = "service", "servicefile"  # whose words are put in their place, by `_backup/service_file.py`
# Of a client alone, whichever: not for psql, and not for the server.
_CLIENTS = frozenset(
    (
        "application_name", "fallback_application_name", "client_encoding", "sslpassword", "sslcompression",
        "sslinline",
        "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "krbspn",
        "gsslib", "replication", "load_balance_hosts", "require_auth", "min_protocol_version", "max_protocol_version",
        "statement_cache_capacity", "statement_cache_mode", "description_cache_capacity", "default_query_exec_mode",
        "prefer_simple_protocol", "min_read_buffer_size", "binary_parameters", "disable_prepared_binary_result",
    )
)  # fmt: skip
_URL = re.compile(r"(postgres(?:ql)?://)([^/?]*)(/[^?]*)?(?:\?(.*))?", re.S)
_WORD = re.compile(r"\s*([^\s=]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)(?:[^\s\\]|\\.)*|)(?=\s|$)", re.S)
_SETTING = re.compile(r"(?:-c\s*|--)([\w.]+)=((?:\\.|[^\s\\])*)")
_SPECIAL, _ESCAPED = re.compile(r"([\s\\])"), r"\\\1"  # in a word of `options`
_BESIDES = "\x1f"  # before what the environment of the service says: not for the program, which has that itself


class DatabaseError(UpliftError):
    """The database cannot be reached, or has refused."""


@dataclass(frozen=True)
class Dsn:
    """A connection string as it is written, and in its parts by libpq's names. It is never printed.

    besides: keywords that the environment of the service adds, with less right than the string itself.
    """

    text: str = field(repr=False)
    parts: Mapping[str, str] = field(repr=False)
    besides: str = field(default="", repr=False)

    def environment(self) -> dict[str, str]:
        """For psql and its kin. Settings of the session go in as `options`, as the driver has sent them."""
        found = {VARIABLES[name]: value for name, value in self.parts.items() if VARIABLES.get(name) and value}
        options = [found["PGOPTIONS"]] if "PGOPTIONS" in found else []
        options += [f"-c {name}={_SPECIAL.sub(_ESCAPED, value)}" for name, value in self.settings().items()]
        more = {"PGOPTIONS": " ".join(options)} if options else {}
        return {"PGCONNECT_TIMEOUT": "10", "PGAPPNAME": APPLICATION, **found, **more}

    def settings(self) -> dict[str, str]:
        """What is sent to the server as a setting of the session, such as search_path."""
        own = {*VARIABLES, *_CLIENTS, SERVICE, SERVICE_FILE}
        return {
            name: value
            for name, value in self.parts.items()
            if name not in own and not name.startswith("pool_") and re.fullmatch(r"[A-Za-z_][\w.]*", name)
        }

    def search_path(self) -> str:
        """The one that the string sets, by itself or in `options`; "" when the server's own counts."""
        said = {name.replace("-", "_"): re.sub(r"\\(.)", r"\1", value) for name, value in self._options()}
        return self.settings().get("search_path") or said.get("search_path", "")

    def _options(self) -> list[tuple[str, str]]:
        return [(found[1], found[2]) for found in _SETTING.finditer(self.parts.get("options", ""))]

    def place(self) -> str:
        """Which database this is, for people and to compare: no user, no password. A schema is part of it."""
        service = self.parts.get(SERVICE, "")
        hosts = [f"[{host}]" if ":" in host else host for host in self.parts.get("host", "").split(",")]
        ports = (self.parts.get("port") or "5432").split(",")
        ports += ports[:1] * (len(hosts) - len(ports))
        each = [f"{host or '(local socket)'}:{port or 5432}" for host, port in zip(hosts, ports)]
        where = f"service {service}" if service and not self.parts.get("host") else ",".join(each)
        schema = f" (search_path {self.search_path()})" if self.search_path() else ""
        return f"{where}/{self.database}{schema}"

    @property
    def database(self) -> str:
        return self.parts.get("dbname") or self.parts.get("user", "")

    def at(self, database: str) -> Dsn:
        """The same server, account and settings, another database."""
        url = _URL.fullmatch(self.text)
        if not url:
            return parse(f"{self.text} dbname={_quoted(database)}{self._tail()}")  # the later of two counts
        words = [word for word in (url[4] or "").split("&") if word and word.partition("=")[0] not in _DATABASE]
        query = f"?{'&'.join(words)}" if words else ""
        return parse(f"{url[1]}{url[2]}/{quote(database, safe='')}{query}{self._tail()}")

    def like(self, other: Dsn) -> Dsn:
        """With the search path of the other one, where it has none of its own."""
        path = "" if self.search_path() else other.search_path()
        if not path:
            return self
        url = _URL.fullmatch(self.text)
        if not url:
            return parse(f"{self.text} search_path={_quoted(path)}{self._tail()}")
        return parse(f"{self.text}{'&' if url[4] is not None else '?'}search_path={quote(path, safe='')}{self._tail()}")

    def _tail(self) -> str:
        return f"{_BESIDES}{self.besides}" if self.besides else ""


_DATABASE = ("dbname", "database")


def whole(text: str, besides: Mapping[str, str]) -> str:
    """A connection string with what its service's environment says besides, by libpq's names; `parse` reads it."""
    words = " ".join(f"{name}={_quoted(value)}" for name, value in sorted(besides.items()) if value)
    text = _trimmed(text)
    return f"{text}{_BESIDES}{words}" if text and words else text


def besides(environment: Mapping[str, str]) -> dict[str, str]:
    """What the variables of a service add to its connection string: the driver reads libpq's."""
    names = {variable: name for name, variable in VARIABLES.items()}
    names.update(PGSERVICE=SERVICE, PGSERVICEFILE=SERVICE_FILE)
    return {names[variable]: value for variable, value in environment.items() if variable in names and value}


def parse(text: str) -> Dsn:
    """A connection string as lakeFS takes it, a URL or keywords. What is wrong with it is said without quoting it."""
    text, _mark, more = _trimmed(text).partition(_BESIDES)
    if not text:
        raise DatabaseError("There is no connection string; expected the one of the running server.")
    try:
        parts = {**_keywords(more), **named(_url(text) if _URL.match(text) else _keywords(text))}
        _demand_ports(parts.get("port", ""))
    except ValueError:
        raise DatabaseError(
            "The connection string cannot be read; expected postgres://user:password@host:port/database, or keywords"
            " such as host=db user=app. Special characters of a password in a URL are written as %XX."
        ) from None
    return Dsn(text, {name: value for name, value in parts.items() if value}, more)


def named(parts: Mapping[str, str]) -> dict[str, str]:
    """By libpq's names: the driver takes `database`, too. Empty ones say nothing."""
    return {"dbname" if name == "database" else name: value for name, value in parts.items() if value}


def _url(text: str) -> dict[str, str]:
    url = _URL.fullmatch(text)
    if not url:
        raise ValueError(text)
    account, _at, places = url[2].rpartition("@")
    user, _colon, password = account.partition(":")
    pairs = [_host_and_port(place) for place in places.split(",")]
    parts = {
        "host": ",".join(host for host, _port in pairs),
        "port": ",".join(port for _host, port in pairs) if any(port for _host, port in pairs) else "",
        "dbname": unquote((url[3] or "").lstrip("/")),
        "user": unquote(user),
        "password": unquote(password),
    }
    query: dict[str, str] = {}
    for name, value in parse_qsl(url[4] or "", keep_blank_values=True):
        query.setdefault(name, value)  # of two words of one name the driver takes the first
    return {**named(parts), **named(query)}


def _host_and_port(place: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(?::(\d*))?", place)
    if not found:
        raise ValueError(place)
    return unquote(found[1].strip("[]")), found[2] or ""


def _demand_ports(ports: str) -> None:
    if any(port and not port.isdigit() for port in ports.split(",")):
        raise ValueError(ports)


def _keywords(text: str) -> dict[str, str]:
    parts, rest = {}, _trimmed(text)
    while rest:
        word = _WORD.match(rest)
        if not word:
            raise ValueError(rest)
        value = word[2]
        parts[word[1]] = re.sub(r"(?s)\\(.)", r"\1", value[1:-1] if value.startswith("'") else value)
        rest = rest[word.end() :].lstrip()
    return parts


def _trimmed(text: str) -> str:
    """Without blanks around it; one behind a backslash belongs to the last value."""
    return re.sub(r"(?s)\A\s*((?:\\.|[^\\])*?)\s*\Z", r"\1", text)


def _quoted(value: str) -> str:
    """A value of a keyword."""
    return "'" + re.sub(r"(['\\])", r"\\\1", value) + "'"
