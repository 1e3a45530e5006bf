# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Pure: what the HTTP API of lakeFS answers. Health pages prove nothing: they answer with the database down."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Mapping, Sequence

from ansible_collections.uplift.datastores.plugins.module_utils._core.answered import rows
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError

INITIALIZED, NOT_INITIALIZED, UNKNOWN = "initialized", "not_initialized", "unknown"
ALIVE = 204  # of GET /healthcheck


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
    """An answer that is not the one that was asked for. A module says of what kind it is by `why`."""

    why = "unclear"

    @property
    def facts(self) -> dict[str, Any]:
        return {"why": self.why, **getattr(super(), "facts", {})}


class Refused(ApiError):
    """The access key, or what it may do."""

    why = "refused"


class Stranger(ApiError):
    """Something else answers in lakeFS's place: a proxy, a web page."""

    why = "stranger"


class Gone(ApiError):
    """It was listed a moment ago, and is not there any more."""

    why = "gone"


def setup_state(reply: Reply) -> str:
    """GET /setup_lakefs, the one page that asks the database without credentials: 500 while it is down (L18).

    0.30 and older have no such page (405): unknown.
    """
    if reply.status != 200:
        return UNKNOWN
    state = _json(reply).get("state")
    return str(state) if state in (INITIALIZED, NOT_INITIALIZED) else UNKNOWN


def version(reply: Reply) -> str:
    """GET /config/version with credentials; "" where the release or the credentials have no answer.

    Releases without the page may show the web interface in its place.
    """
    try:
        return str(_json(reply).get("version") or "") if reply.status == 200 else ""
    except Stranger:
        return ""


def page(reply: Reply, what: str) -> Page:
    """A list, or a sentence that says why there is none."""
    found = loads(demand(reply, what).body, what)
    results, more = found.get("results"), found.get("pagination") or {}
    if not isinstance(results, list) or not isinstance(more, dict):
        raise Stranger(f"{what}: the answer has no list of results; expected one. Does lakeFS answer at this address?")
    return Page(rows(results, what), str(more.get("next_offset") or "") if more.get("has_more") else "")


def demand(reply: Reply, what: str) -> Reply:
    if 200 <= reply.status < 300:
        return reply
    if is_page(reply):
        raise Stranger(f"{what}: status {reply.status} with a web page; expected the API of lakeFS, which has none.")
    if reply.status == 401:
        # L19: the same answer for a wrong secret key and, after a while, for a database that is down.
        raise Refused(
            f"{what}: 401, the credentials are not taken. Expected an access key of this installation; if it is one,"
            " the auth.encrypt.secret_key of the configuration is another than the one that it was made with, or the"
            " database is down."
        )
    said = f"{what}: status {reply.status}, expected 200: {_message(reply)}"
    raise Gone(said) if is_missing(reply) else {403: Refused}.get(reply.status, ApiError)(said)


def is_missing(reply: Reply) -> bool:
    """What was asked for is not there. A page that the release lacks is another thing, by 404 or 500; and 0.30 answers
    500 where a branch is not there.
    """
    said = _message(reply)
    if is_page(reply) or said.startswith("path /") or said == "invalid API endpoint":
        return False
    return reply.status == 404 or (reply.status == 500 and said.endswith("branch not found"))


def is_page(reply: Reply) -> bool:
    """A web page, of a proxy or of lakeFS's own interface; the API has none."""
    return bool(re.match(r"\s*<(!doctype html|html)\b", reply.body, re.I))


def _message(reply: Reply) -> str:
    try:
        return str(json.loads(reply.body).get("message", ""))[:300]
    except (ValueError, AttributeError):
        return reply.body.strip()[:200] or "no reason given"


def _json(reply: Reply) -> Mapping[str, Any]:
    return loads(reply.body)


def loads(body: str, what: str = "Asking lakeFS") -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Stranger(f"{what}: the answer {body.strip()[:60]!r} is no JSON object; expected one of the lakeFS API.")
    return found
