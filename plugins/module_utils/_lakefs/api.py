# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The HTTP API of lakeFS from 0.30 on, with basic authentication."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any, Callable, Iterator, Mapping
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

from ansible.module_utils.urls import ConnectionError, open_url
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import Silent
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import ApiError, Reply

Fetch = Callable[..., Reply]
BASE = "/api/v1"
# What is no server, or none of HTTP: Ansible's own errors (of certificates) and those of http.client are no OSError,
# and an address without a scheme is a ValueError.
SILENCE = (OSError, HTTPException, ConnectionError, ValueError)
PAGE = 1000


class NoAnswer(ApiError, Silent):
    """Nobody answers at this address."""


def open_url_fetch(
    method: str, url: str, key: str, secret: str, data: str | None, timeout: float, kind: str = "application/json"
) -> Reply:
    headers = {"Content-Type": kind} if data else {}
    login = {"url_username": key, "url_password": secret, "force_basic_auth": True} if key else {}
    try:
        with open_url(
            url, data=data, method=method, headers=headers, timeout=timeout, use_proxy=False, **login
        ) as answer:
            return Reply(int(answer.getcode()), answer.read().decode("utf-8", "surrogateescape"))
    except HTTPError as exc:
        return Reply(exc.code, exc.read().decode("utf-8", "surrogateescape"))
    except SILENCE as exc:
        why = getattr(exc, "reason", exc)
        raise NoAnswer(f"{url.partition('?')[0]} does not answer: {why}; expected the API of lakeFS.") from exc


class Api:
    """One server, or a load balancer before several."""

    def __init__(
        self, url: str, key: str = "", secret: str = "", fetch: Fetch = open_url_fetch, timeout: float = 30
    ) -> None:
        self.url, self._key, self._secret, self._fetch, self._timeout = url.rstrip("/"), key, secret, fetch, timeout

    def get(self, path: str, /, **query: Any) -> Reply:
        return self._call("GET", path, None, query)

    def post(self, path: str, body: Mapping[str, Any]) -> Reply:
        return self._call("POST", path, json.dumps(body), {})

    def put_object(self, path: str, name: str, text: str) -> Reply:
        """Writes `text` as the object `name` below the page `path`."""
        url = f"{self.url}{BASE}{path}?{urlencode({'path': name})}"
        return self._fetch("POST", url, self._key, self._secret, text, self._timeout, "application/octet-stream")

    def rows(self, what: str, path: str, /, **query: Any) -> Iterator[Mapping[str, Any]]:
        """All of a list, page by page."""
        after = ""
        while True:
            page = http.page(self.get(path, amount=PAGE, after=after or None, **query), what)
            yield from page.results
            if page.after in ("", after):  # the same page again would be so for ever
                return
            after = page.after

    def _call(self, method: str, path: str, data: str | None, query: Mapping[str, Any]) -> Reply:
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        url = f"{self.url}{BASE}{path}" + (f"?{asked}" if asked else "")
        return self._fetch(method, url, self._key, self._secret, data, self._timeout)


def part(text: str) -> str:
    """A name as a part of a path."""
    return quote(text, safe="")
