# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.s3 import Access, silence

DENIED = b"<Error><Code>AccessDenied</Code></Error>"
ANSWERS = {"s3": (403, DENIED), "old": (400, DENIED), "web": (404, b"not here"), "proxy": (403, b"go away")}


class Handler(BaseHTTPRequestHandler):
    kind = "s3"

    def do_GET(self) -> None:
        status, body = ANSWERS[self.kind]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    handler = type("Kind", (Handler,), {"kind": request.param})
    with HTTPServer(("127.0.0.1", 0), handler) as listening:
        threading.Thread(target=listening.handle_request, daemon=True).start()
        yield f"127.0.0.1:{listening.server_port}"


@pytest.mark.parametrize(
    ("server", "says"),
    [("s3", ""), ("old", ""), ("web", "status 404"), ("proxy", "status 403 and without an S3 error")],
    indirect=["server"],
)
def test_only_an_s3_error_is_an_s3_api(server: str, says: str) -> None:
    said = silence(server, Access())
    assert says in said
    assert bool(said) == bool(says)


def test_a_closed_port_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert "refused" in silence(address, Access())
