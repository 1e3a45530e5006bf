# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cluster of emulated Pachyderm on this machine, for tests without hosts.

The programs are started as branches of one process for each release that has read them already: a test makes hundreds
of calls, and a Python that starts anew takes longer than all that they do.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.lab.pachyderm_emulator import pack
from tests.lab.pachyderm_states import Said
from tests.lab.proc import LabError, wait_for

RECORDER = """#!/bin/sh
echo "kubectl $*" >> "$CALLS"
if [ "$EXISTS" ]; then
    there='jobs.batch "pach-migration" already exists'
    echo "Error from server (AlreadyExists): error when creating \\"$4\\": $there"
    exit 1
fi
[ "$1" = create ] && echo job.batch/pach-migration created || echo No resources found
"""
# Reads {"argv", "env", "in", "out", "err", "wait"} a line; answers with what it exited with, or with its number.
BRANCHES = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from pachyderm_emulator import daemon, program
for line in sys.stdin.buffer:
    job = json.loads(line)
    if "reap" in job:
        print(os.waitpid(job["reap"], os.WNOHANG if job["look"] else 0)[0], flush=True)
        continue
    pid = os.fork()
    if not pid:
        os.environ.clear()
        os.environ.update(job["env"])
        sys.argv = job["argv"]
        for number, name, flags in ((0, "in", os.O_RDONLY), (1, "out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                                    (2, "err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)):
            os.dup2(os.open(job[name], flags, 0o600), number)
        sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
        code = 1
        try:
            code = program.main(job["argv"][1:])
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if job["wait"] else pid, flush=True)
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


class Branches:
    """The process of one release."""

    def __init__(self, archive: Path, home: Path) -> None:
        self.home = home
        argv = [sys.executable, "-I", "-c", BRANCHES, str(archive)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **job: Any) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline() or b"1")

    def run(self, argv: Sequence[str], env: Mapping[str, str], stdin: bytes = b"") -> Said:
        files = {name: str(self.home / f"std{name}") for name in ("in", "out", "err")}
        Path(files["in"]).write_bytes(stdin)
        code = self.ask(argv=argv, env=env, wait=True, **files)
        return Said(code, Path(files["out"]).read_bytes(), Path(files["err"]).read_bytes())

    def begin(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        log = {"in": "/dev/null", "out": str(self.home / "pachd.out"), "err": str(self.home / "pachd.err")}
        return self.ask(argv=argv, env=env, wait=False, **log)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


class Emulated:
    """pachd as a branch of the test, and pachctl next to it."""

    def __init__(self, home: Path) -> None:
        self.home, self.etcd, self.version, self.later = home, Etcd(), "", 0
        self.daemon, self.of, self.prefix = 0, "", ""
        self.states: dict[str, tuple[dict[str, str], Path]] = {}
        self.branches: dict[str, Branches] = {}
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port = found.getsockname()[1]
        (home / "bin").mkdir()
        (home / "bin" / "kubectl").write_text(RECORDER)
        (home / "bin" / "kubectl").chmod(0o755)
        (home / "config.json").write_text('{"user_id": "lab"}')

    def program(self, name: str) -> str:
        root = self.home / self.version
        if not root.exists():
            pack.emulate(self.version, root)
        return str(root / "bin" / name)

    def branch(self) -> Branches:
        if self.version not in self.branches:
            self.branches[self.version] = Branches(Path(self.program("pachd")), self.home)
        return self.branches[self.version]

    def take(self, version: str) -> None:
        self.version = version

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PORT": str(self.port), "ETCD_SERVICE_PORT": str(self.etcd.server.server_port),
            "ETCD_SERVICE_HOST": "127.0.0.1", "PACH_ROOT": str(self.home / "store"),
            "LAB_LATER": str(self.later), "ETCD_PREFIX": self.prefix,
        }  # fmt: skip

    def pod(self, words: Sequence[str]) -> Said:
        return self.branch().run([self.program("pachd"), *words], self.environment)

    def start(self, version: str) -> None:
        self.version = self.of = version
        self.daemon = self.branch().begin([self.program("pachd"), "--mode", "full"], self.environment)

        def silent() -> str:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError as error:
                return str(error)
            return ""

        wait_for("the emulated pachd listens", silent, 20, pause=0.02)

    def tell(self, verb: str, **args: Any) -> None:
        """What pachctl has no word for: a worker's."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(json.dumps({"name": verb, "args": args}).encode() + b"\n")
            answer = json.loads(connection.makefile("rb").readline())
        if "value" not in answer:
            raise LabError(f"{verb} {args}: {answer}")

    def stop(self) -> None:
        if self.lives():
            os.kill(self.daemon, signal.SIGKILL)
            self.branches[self.of].ask(reap=self.daemon, look=False)
        self.daemon = 0

    def lives(self) -> bool:
        if self.daemon and self.branches[self.of].ask(reap=self.daemon, look=True):
            self.daemon = 0
        return bool(self.daemon)

    def end(self) -> None:
        self.stop()
        for one in self.branches.values():
            one.close()

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
            "HOME": str(self.home / f"new-{self.version}"),
        }  # fmt: skip
        own = {name: value for name, value in (env or {}).items() if name != "HOME"}
        return self.branch().run([self.program("pachctl"), *words], {**mine, **own}, stdin)

    def remember(self, state: str) -> None:
        self.states[state] = (dict(self.etcd.kept), self.home / f"state-{len(self.states)}")
        (self.home / "store").mkdir(exist_ok=True)
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
