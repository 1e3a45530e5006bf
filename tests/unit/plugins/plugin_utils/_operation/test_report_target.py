# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports that are put by HTTP: looked at with the plan, and put at the end."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import report_target

KEYS = {"access_key_id": "GK1", "secret_access_key": "4425f5c26c5e", "region": "garage"}


class Web(BaseHTTPRequestHandler):
    """Keeps what is put: `server.kept`, path -> body; `server.status` is what it answers."""

    def do_PUT(self) -> None:
        server: Any = self.server
        server.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        server.headers = dict(self.headers)
        self.send_response(server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    server.kept, server.headers, server.status = {}, {}, 201
    server.url = f"http://127.0.0.1:{server.server_port}/reports/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("url", "access", "said"),
    [
        ("https://host/reports", {}, ""),
        ("http://host:8080", {"headers": {"Authorization": "Bearer x"}}, ""),
        ("https://host/bucket", KEYS, ""),
        ("host/reports", {}, "garage_report_url is no address below which files can be put"),
        ("ftp://host/reports", {}, "garage_report_url is no address"),
        ("https:///reports", {}, "garage_report_url is no address"),
        ("https://host/reports?token=4425f5c2", {}, "without anything after the path"),
        ("https://host/reports", {"header": {}}, "garage_report_access has header; expected headers, or"),
        ("https://host/bucket", {"access_key_id": "GK1"}, "garage_report_access has one of two keys"),
    ],
)
def test_what_cannot_be_is_said_without_asking(url: str, access: dict[str, Any], said: str) -> None:
    found = report_target.wrong(url, access, "garage_report")
    assert said in found and bool(found) == bool(said) and "4425f5c2" not in found


def test_a_file_is_put_below_the_address(web: Any) -> None:
    report_target.put(web.url, {"headers": {"X-Site": "north"}}, "op 1/report.md", b"# It", "garage_report")
    assert web.kept == {"/reports/op%201/report.md": b"# It"}
    assert web.headers["X-Site"] == "north" and web.headers["Content-Type"] == "text/markdown"
    assert "Authorization" not in web.headers


def test_with_keys_it_is_signed_for_s3_with_what_is_in_it(web: Any) -> None:
    report_target.put(web.url, KEYS, "op-1/report.json", b"{}", "garage_report")
    assert web.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=GK1/")
    assert "/garage/s3/aws4_request" in web.headers["Authorization"]
    assert web.headers["X-Amz-Content-Sha256"] == hashlib.sha256(b"{}").hexdigest()
    assert "4425f5c26c5e" not in str(web.headers)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_one_that_refuses_is_said_with_the_settings(web: Any, status: int) -> None:
    web.status = status
    with pytest.raises(UpliftError) as refused:
        report_target.put(web.url, KEYS, report_target.TRY, b"", "garage_report")
    assert f"answers {status} to a PUT of uplift-possible; expected 200" in str(refused.value)
    assert "See garage_report_url and garage_report_access" in str(refused.value)
    assert "4425f5c26c5e" not in str(refused.value)


def test_one_that_is_not_there_is_said(web: Any) -> None:
    web.server_close()
    with pytest.raises(UpliftError, match="cannot be asked"):
        report_target.put("http://127.0.0.1:1/reports", {}, report_target.TRY, b"", "garage_report")
