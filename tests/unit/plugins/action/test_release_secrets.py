# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release from the net: the secrets of its address are not shown; without a checksum it has to be accepted."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import ansible_collections.uplift.datastores.plugins.action.release as found_at
import pytest

LOGIN, SIGNATURE = "ci:canary%2Fof-a-password", "sig=canary-of-a-signature"
PROGRAM = b"#!/bin/sh\necho 0.8.7\n"


class Site(BaseHTTPRequestHandler):
    """Asks for the login, as HTTP wants it."""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(b"ci:canary/of-a-password").decode()
        code = (
            401 if self.headers.get("Authorization") != expected else 200 if self.path == f"/0.8.7?{SIGNATURE}" else 404
        )
        self.send_response(code)
        if code == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="releases"')
        self.end_headers()
        self.wfile.write(PROGRAM if code == 200 else b"no")

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


def run(tmp_path: Path, *tasks: dict[str, Any], **more: Any) -> str:
    """All that a run says at -vvv, on a connection that tells what comes back. `more` goes before what roles set."""
    play = {"hosts": "localhost", "gather_facts": False}
    (tmp_path / "more.json").write_text(json.dumps({"ansible_connection": "telling", **more}))
    (tmp_path / "play.yml").write_text(json.dumps([{**play, "tasks": list(tasks)}]))
    plugins = str(Path(__file__).parents[2] / "connection_plugins")
    tree = str(Path(found_at.__file__).parents[5])
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": tree, "ANSIBLE_CONNECTION_PLUGINS": plugins}
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-vvv",
        "--diff",
        "-e",
        "@more.json",
        "play.yml",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_login_and_signature_of_an_address_are_never_shown(tmp_path: Path, site: str) -> None:
    task = {"path": str(tmp_path / "bin" / "tool"), "version": "0.8.7", "state": "staged"}
    checksum = f"sha256:{hashlib.sha256(PROGRAM).hexdigest()}"
    right = f"http://{LOGIN}@{site}/{{version}}?{SIGNATURE}"
    wrong = right.replace("{version}", "elsewhere/{version}")
    asked: list[dict[str, str]] = [
        {"source": wrong, "checksum": checksum},
        {"source": right},
        {"source": right, "checksum": "sha256:" + "0" * 64},
        {"source": right, "checksum": checksum},
    ]
    tasks = [{"uplift.datastores.release": {**task, **one}, "ignore_errors": True} for one in asked]
    said = run(tmp_path, *tasks)
    assert f"http://{site}/elsewhere/0.8.7 answered 404" in said
    assert "has no checksum to tell it by" in said and f"It came from http://{site}/" in said
    assert (tmp_path / "bin" / "tool-0.8.7").read_bytes() == PROGRAM, said
    assert '"invocation": ' in said and "canary" not in said


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """`nobody` may ask what lies there; pytest's own directories are closed to it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


ROLES = {
    "garage": {"garage_order": "stage", "garage_release": "0.8.7", "garage_info": {}},
    "lakefs": {"lakefs_order": "stage", "lakefs_wanted": "0.8.7", "lakefs_kind": "systemd", "lakefs_settings": {}},
    "pachyderm": {"operation_plan": {"hops": [{"target": "0.8.7"}]}},
}
PROGRAM_OF = {"garage": "garage_binary_path", "lakefs": "lakefs_program", "pachyderm": "pachyderm_pachctl"}


@pytest.mark.parametrize("product", ROLES)
def test_a_role_takes_a_release_without_a_checksum_where_that_is_accepted_by_name(
    tmp_path: Path, open_to_all: Path, site: str, product: str
) -> None:
    expected = {
        **ROLES[product],
        PROGRAM_OF[product]: str(open_to_all / "tool"),
        f"{product}_release_source": f"http://{LOGIN}@{site}/{{version}}?{SIGNATURE}",
        "pachyderm_programs": [{"path": str(open_to_all / "tool"), "ask": "--version"}],
        "pachyderm_unit": "kubernetes:pach/pachd",
        "operation_opened": {"record": {}},
    }
    which = "stage" if product == "pachyderm" else "_release"
    task = {"include_role": {"name": f"uplift.datastores.{product}", "tasks_from": which}}
    said = run(tmp_path, task, **expected)
    assert "has no checksum to tell it by" in said, said
    assert not list(open_to_all.iterdir())
    said = run(tmp_path, task, **expected, **{f"{product}_accept": ["no_checksum"]})
    assert (open_to_all / "tool-0.8.7").read_bytes() == PROGRAM, said
    assert "canary" not in said
