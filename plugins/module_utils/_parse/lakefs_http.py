# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the HTTP API of lakeFS answers. Health pages prove nothing: they answer with the database down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError

INITIALIZED, NOT_INITIALIZED, UNKNOWN = "initialized", "not_initialized", "unknown"


@dataclass(frozen=True)
class Reply:
    status: int
    body: str


@dataclass(frozen=True)
class Page:
    """One page of a list; `after` asks for the next one, "" at the end."""

    results: Sequence[Mapping[str, Any]]
    after: str


class ApiError(UpliftError):
    """An answer that is not the one that was asked for."""


def setup_state(reply: Reply) -> str:
    """GET /setup_lakefs, the one page that asks the database without credentials: 500 while it is down (L18).

    0.30 and older have no such page (405): unknown.
    """
    if reply.status != 200:
        return UNKNOWN
    state = _json(reply).get("state")
    return str(state) if state in (INITIALIZED, NOT_INITIALIZED) else UNKNOWN


def version(reply: Reply) -> str:
    """GET /config/version with credentials; "" where the release or the credentials have no answer."""
    return str(_json(reply).get("version") or "") if reply.status == 200 else ""


def page(reply: Reply, what: str) -> Page:
    """A list, or a sentence that says why there is none."""
    found = _json(demand(reply, what))
    results, more = found.get("results"), found.get("pagination") or {}
    if not isinstance(results, list):
        raise ApiError(f"{what}: the answer has no list of results; wanted one. Does lakeFS answer at this address?")
    return Page(results, str(more.get("next_offset") or "") if more.get("has_more") else "")


def demand(reply: Reply, what: str) -> Reply:
    if 200 <= reply.status < 300:
        return reply
    if reply.status == 401:
        # L19: the same answer for a wrong secret key and, after a while, for a database that is down.
        raise ApiError(
            f"{what}: 401, the credentials are not taken. Wanted an access key of this installation; if it is one, the"
            " auth.encrypt.secret_key of the configuration is another than the one that it was made with, or the"
            " database is down."
        )
    raise ApiError(f"{what}: status {reply.status}, wanted 200: {_message(reply)}")


def _message(reply: Reply) -> str:
    try:
        return str(json.loads(reply.body).get("message", ""))[:300]
    except (ValueError, AttributeError):
        return reply.body.strip()[:200] or "no reason given"


def _json(reply: Reply) -> Mapping[str, Any]:
    return loads(reply.body)


def loads(body: str) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ApiError(f"The answer {body.strip()[:60]!r} is no JSON object; wanted one of the lakeFS API.")
    return found
