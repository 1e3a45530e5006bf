# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator of Pachyderm 1.4.8 - 1.9.0 says and does what was captured of the real programs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.lab import pachyderm_cases as cases
from tests.lab import pachyderm_release
from tests.lab.pachyderm_cases import Case, Said
from tests.lab.proc import wait_for

RELEASES = ("1.4.8", "1.5.0", "1.6.10", "1.7.14", "1.8.0", "1.8.1", "1.8.7", "1.8.8", "1.9.0")
RECORDER = """#!/bin/sh
echo "kubectl $*" >> "$CALLS"
[ "$1" = create ] && echo job.batch/pach-migration created || echo No resources found
"""


class Etcd:
    """The two calls that the emulator makes of it."""

    def __init__(self) -> None:
        kept: dict[str, str] = {}
        self.kept = kept

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args: object) -> None:
                """Silence."""

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer: dict[str, object] = {}
                if self.path.endswith("/put"):
                    kept[asked["key"]] = asked["value"]
                elif asked["key"] in kept:
                    answer = {"kvs": [{"value": kept[asked["key"]]}]}
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Emulated:
    """pachd as a child of the test, and pachctl beside it."""

    def __init__(self, home: Path) -> None:
        self.home, self.etcd, self.version = home, Etcd(), ""
        self.daemon: subprocess.Popen[bytes] | None = None
        self.states: dict[str, tuple[dict[str, str], Path]] = {}
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        (home / "bin").mkdir()
        (home / "bin" / "kubectl").write_text(RECORDER)
        (home / "bin" / "kubectl").chmod(0o755)
        (home / "config.json").write_text('{"user_id": "lab"}')

    def program(self, name: str) -> str:
        root = self.home / self.version
        if not root.exists():
            pachyderm_release.emulate(self.version, root)
        return str(root / "bin" / name)

    def take(self, version: str) -> None:
        self.version = version

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PORT": str(self.port), "ETCD_SERVICE_PORT": str(self.etcd.server.server_port),
            "ETCD_SERVICE_HOST": "127.0.0.1", "PACH_ROOT": str(self.home / "store"),
        }  # fmt: skip

    def pod(self, words: Sequence[str]) -> Said:
        argv = [sys.executable, self.program("pachd"), *words]
        done = subprocess.run(argv, capture_output=True, env=self.environment, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    def start(self, version: str) -> None:
        self.version = version
        argv = [sys.executable, self.program("pachd"), "--mode", "full"]
        self.daemon = subprocess.Popen(argv, env=self.environment)

        def silent() -> str:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as error:
                return str(error)
            return ""

        wait_for("the emulated pachd listens", silent, 20, pause=0.02)

    def stop(self) -> None:
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()

    def lives(self) -> bool:
        return self.daemon is not None and self.daemon.poll() is None

    def wipe(self, *, metadata: bool, objects: bool) -> None:
        if metadata:
            self.etcd.kept.clear()
        if objects:
            shutil.rmtree(self.home / "store", ignore_errors=True)
        (self.home / "calls").unlink(missing_ok=True)

    def run(self, words: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said:
        mine = {
            "PACHD_ADDRESS": f"127.0.0.1:{self.port}", "PACH_CONFIG": str(self.home / "config.json"),
            "PATH": f"{self.home / 'bin'}:{os.environ['PATH']}", "CALLS": str(self.home / "calls"), "LAB_HASTE": "yes",
        }  # fmt: skip
        argv = [sys.executable, self.program("pachctl"), *words]
        done = subprocess.run(argv, input=stdin, capture_output=True, env={**mine, **(env or {})}, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    def remember(self, state: str) -> None:
        self.states[state] = (dict(self.etcd.kept), self.home / f"state-{state}")
        shutil.copytree(self.home / "store", self.states[state][1])

    def recall(self, state: str) -> bool:
        if state in self.states:
            metadata, objects = self.states[state]
            self.etcd.kept.update(metadata)
            shutil.copytree(objects, self.home / "store")
        return state in self.states

    def kubectl_calls(self) -> list[str]:
        path = self.home / "calls"
        return path.read_text().splitlines() if path.exists() else []


# Each case starts programs: all of them take minutes, so the scenario pachyderm-conformance asks for all.
TELLING = (
    "1.4.8-list_repo", "1.5.0-migrate_wrong_to", "1.5.0-pod_migrate", "1.7.14-extract_extra_argument",
    "1.7.14-list_pipeline_stopped_raw", "1.7.14-restore_empty_stdin", "1.7.14-undeploy_eof",
    "1.8.0-restore_from_1_7_14_full", "1.8.8-restore_from_1_7_14_stopped", "1.9.0-restore_from_1_8_7_full",
)  # fmt: skip
ALL = os.environ.get("UPLIFT_CONFORMANCE") == "all"
CASES = [case for case in cases.cases(RELEASES) if ALL or case.id in TELLING]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    made = Emulated(tmp_path_factory.mktemp("emulator"))
    yield made
    made.stop()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_says_and_does_what_was_captured(world: Emulated, case: Case) -> None:
    if case.state == "refused":
        world.version = case.version
    assert cases.differences(world, case, world.lives) == []
