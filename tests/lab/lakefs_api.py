# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of lakeFS's own API: one request, one connection, no retries that would hide something."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.lab import lakefs_table
from tests.lab.lakefs_forms import PORT
from tests.lab.proc import LabError


@dataclass(frozen=True)
class Api:
    address: str
    key: str = ""
    secret: str = ""
    timeout: float = 30

    def send(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        request = urllib.request.Request(
            f"http://{self.address}:{PORT}{path}", body, {"Content-Type": kind}, method=method
        )
        if self.key:
            word = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
            request.add_header("Authorization", f"Basic {word}")
        with urllib.request.urlopen(request, timeout=self.timeout) as answer:
            return bytes(answer.read())

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """JSON in and mostly JSON out, under /api/v1; a refusal is an error with what the server said."""
        try:
            text = self.send(method, f"/api/v1{path}", None if body is None else json.dumps(body).encode())
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            raise LabError(f"{method} {path} by {self.address}: HTTP {error.code}: {said}") from None
        except OSError as error:
            raise LabError(f"{method} {path} by {self.address}: {error}") from None
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def listed(self, path: str) -> Iterator[dict[str, Any]]:
        """All pages of a list."""
        after, more = "", True
        while more:
            mark = "&" if "?" in path else "?"
            page = self.call("GET", f"{path}{mark}amount=1000&after={quoted(after)}")
            yield from page["results"]
            # 0.30 tells no offset on a last page.
            more, after = page["pagination"]["has_more"], page["pagination"].get("next_offset", "")

    def upload(self, repository: str, branch: str, path: str, body: bytes) -> None:
        where = f"/api/v1/repositories/{repository}/branches/{branch}/objects?path={quoted(path)}"
        self.send("POST", where, body, "application/octet-stream")

    def object(self, repository: str, ref: str, path: str) -> bytes:
        return self.send("GET", f"/api/v1/repositories/{repository}/refs/{ref}/objects?path={quoted(path)}")


def quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def silence(address: str) -> str:
    """What is missing until the server answers; health alone would be fine with the database down."""
    try:
        Api(address, timeout=5).call("GET", "/setup_lakefs")
    except LabError as error:
        # Before 0.56 there is no such page: 405, later 500 (L34); a proxy without a server behind it says 503.
        return "" if "HTTP 405" in str(error) or "invalid API endpoint" in str(error) else str(error)
    except ValueError as error:
        return f"{address}: {error}"
    return ""


def set_up(address: str) -> tuple[str, str]:
    made = Api(address).call("POST", "/setup_lakefs", {"username": "admin"})
    return key_pair(made)


def key_pair(made: dict[str, Any]) -> tuple[str, str]:
    """Releases before 0.40 have another name for the secret (L38)."""
    secret = next(made[name] for name in lakefs_table.secret_names() if name in made)
    return str(made["access_key_id"]), str(secret)
