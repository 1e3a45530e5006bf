# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""A service of PostgreSQL (`pg_service.conf`): its words in the place of its name.

libpq is not told the name: it lets a service win over variables, and the string itself has to win over the service.
"""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import (
    SERVICE,
    SERVICE_FILE,
    DatabaseError,
    Dsn,
    named,
    parse,
)


def resolved(dsn: Dsn) -> Dsn:
    """The same connection without a service: what the string says counts, then the service, then the environment."""
    service, path = dsn.parts.get(SERVICE, ""), dsn.parts.get(SERVICE_FILE, "")
    if not service:
        return dsn
    if not path:
        raise DatabaseError(
            f"The connection string names the service {service}, and no file of services; expected PGSERVICEFILE in the"
            " environment of the service, or .pg_service.conf in the home of its account."
        )
    found = words(_text(path), service)
    if found is None:
        raise DatabaseError(f"The file {path} has no service [{service}]; expected the one of the connection string.")
    own = {name: value for name, value in parse(dsn.text).parts.items() if name not in (SERVICE, SERVICE_FILE)}
    parts = {name: value for name, value in dsn.parts.items() if name not in (SERVICE, SERVICE_FILE)}
    return replace(dsn, parts={**parts, **named(found), **own})


def words(text: str, service: str) -> dict[str, str] | None:
    """Pure: what the file says of a service; None when it has none of this name. Of two the driver takes the last."""
    services: dict[str, dict[str, str]] = {}
    here: dict[str, str] = {}
    for line in (line.strip() for line in text.splitlines()):
        name, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            here = services[line[1:-1]] = {}
        elif equals and not line.startswith("#"):
            here[name.strip()] = value.strip()
    return services.get(service)


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as handle:
            return handle.read()
    except OSError as exc:
        raise DatabaseError(
            f"The file of services {path} cannot be read: {exc.strerror}. Correct PGSERVICEFILE."
        ) from exc
