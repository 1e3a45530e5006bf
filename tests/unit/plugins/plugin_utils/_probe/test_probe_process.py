# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe as a real process against small HTTP servers on loopback."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action.client_probe import ActionModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._probe import client
from ansible_collections.uplift.datastores.plugins.plugin_utils._probe import control as subject

SECRET = "4425f5c26c5e11581d3223904324dcb5"


kept: list[bytes] = []
writing = threading.Event()


class Store(BaseHTTPRequestHandler):
    """Keeps one object, all servers the same. `server.mood` is ok, error, hang, or late: it keeps after a while."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._mood() == "late":
            writing.set()
            time.sleep(0.5)
        kept.append(body)
        writing.clear()
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(kept[-1])

    def do_DELETE(self) -> None:
        kept.append(b"")
        self._answer(b"")

    def _mood(self) -> str:
        server: Any = self.server
        return str(server.mood)

    def _answer(self, body: bytes) -> None:
        server: Any = self.server
        server.headers = dict(self.headers)
        if server.mood == "hang":
            time.sleep(5)
        self.send_response(500 if server.mood == "error" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the probe may have gone
            self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def stores() -> Iterator[list[Any]]:
    servers: list[Any] = [ThreadingHTTPServer(("127.0.0.1", 0), Store) for _number in range(2)]
    for server in servers:
        server.mood, server.headers = "ok", {}
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "probe"
    subject.stop(tmp_path / "probe")


def orders(stores: list[Any], **rest: Any) -> dict[str, Any]:
    addresses = [f"127.0.0.1:{server.server_port}" for server in stores]
    known = {"operation": "op", "phase": "before", "addresses": addresses, "region": "garage", "bucket": "uplift-probe"}
    more = {
        "path": "",
        "object": "o",
        "ca_file": "",
        "style": "path",
        "interval": 0.02,
        "max_seconds": 60.0,
        "key_id": "GK1",
        "secret": SECRET,
    }
    return {**known, **more, **rest}


def wait(what: Callable[[], Any], seconds: float = 10) -> Any:
    limit = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)
    return found


def test_a_whole_life(stores: list[Any], directory: Path) -> None:
    assert subject.start(directory, orders(stores), os.getpid())
    wait(lambda: subject.read(directory)["requests"] > 20)
    assert subject.mark(directory, "walk a1")
    assert not subject.mark(directory, "walk a1")
    wait(lambda: subject.read(directory)["phase"] == "walk a1")
    assert subject.stop(directory)
    assert not subject.stop(directory)
    figures = subject.read(directory)
    assert [row["phase"] for row in figures["phases"]] == ["before", "walk a1"]
    assert (figures["unserved"], figures["running"], figures["end_reason"]) == (0, False, "it was stopped")
    assert figures["object_removed"]
    assert kept[-1] == b""
    # trap G09: no connection is kept; and Garage is not asked to close it, since it then forgets to answer first.
    assert all(server.headers.get("Connection", "").lower() != "close" for server in stores)


def test_a_page_is_only_read(stores: list[Any], directory: Path) -> None:
    """Where nothing may be written: neither an object nor its removal, and any answer that is no error will do."""
    kept[:] = [b"not what was written"]
    subject.start(directory, orders(stores, bucket="", path="/api/v1/repositories?amount=1"), os.getpid())
    wait(lambda: subject.read(directory)["requests"] > 5)
    stores[0].mood = stores[1].mood = "error"
    wait(lambda: subject.read(directory)["unserved"])
    subject.stop(directory)
    assert kept == [b"not what was written"] and subject.read(directory)["object_removed"]
    expected = "Basic " + base64.b64encode(f"GK1:{SECRET}".encode()).decode()
    assert [server.headers["Authorization"] for server in stores] == [expected, expected]


def test_secrets_and_files(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores), os.getpid())
    pid = json.loads((directory / "pid.json").read_text())["pid"]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert SECRET not in path.read_text()
    for name in ("cmdline", "environ"):
        assert SECRET.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()


def test_an_outage_is_seen_while_it_lasts_and_afterwards(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores), os.getpid())
    stores[0].mood = "error"
    wait(lambda: subject.read(directory)["failures"])
    assert subject.read(directory)["unserved"] == 0  # the other address serves
    stores[1].mood = "error"
    wait(lambda: subject.read(directory)["unavailable_seconds"] > 0.5)
    figures = subject.read(directory)
    assert not figures["serving"]
    assert "failed" not in figures  # Ansible would take it for the task's own
    stores[0].mood = stores[1].mood = "ok"
    wait(lambda: subject.read(directory)["serving"])
    subject.mark(directory, "after")
    wait(lambda: subject.read(directory)["phase"] == "after")
    time.sleep(0.3)
    assert subject.read(directory)["longest_unavailable_seconds"] > 0.5
    assert subject.read(directory)["unavailable_seconds"] < 0.5


def test_an_address_that_hangs_is_left_after_its_time_limit(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores), os.getpid())
    stores[0].mood = "hang"
    figures = wait(lambda: (found := subject.read(directory))["failures"] and found, 15)
    assert figures["unserved"] == 0
    assert 2.9 < figures["slowest_seconds"] < 4


def test_a_second_probe_is_refused_and_the_same_one_is_kept(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores), os.getpid())
    before = json.loads((directory / "pid.json").read_text())
    with pytest.raises(UpliftError, match=f"'op' runs as process {before['pid']}"):
        subject.start(directory, orders(stores, operation="other"), os.getpid())
    assert not subject.start(directory, orders(stores), os.getpid())
    assert json.loads((directory / "pid.json").read_text()) == before


def test_a_dead_predecessor_is_replaced(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores), os.getpid())
    os.kill(json.loads((directory / "pid.json").read_text())["pid"], signal.SIGKILL)
    wait(lambda: not subject.read(directory)["running"])
    assert subject.read(directory)["end_reason"] == "it was killed"
    with pytest.raises(UpliftError, match="No probe runs"):
        subject.mark(directory, "walk")
    assert subject.start(directory, orders(stores, operation="other"), os.getpid())
    assert subject.read(directory)["operation"] == "other"


def test_it_ends_with_the_run_it_belongs_to_and_can_be_adopted(stores: list[Any], directory: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _number in range(2)]
    subject.start(directory, orders(stores), runs[0].pid)
    assert not subject.start(directory, orders(stores), runs[1].pid)
    runs[0].kill()
    runs[0].wait()
    time.sleep(1.2)
    assert subject.read(directory)["running"]
    runs[1].kill()
    runs[1].wait()
    wait(lambda: not subject.read(directory)["running"])
    assert subject.read(directory)["end_reason"] == "the run that it belongs to is gone"


def test_what_a_killed_run_has_left_is_ended_and_removed(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores), os.getpid())
    process = json.loads((directory / "pid.json").read_text())
    (directory / "control.new").touch()  # it was killed while it wrote
    assert subject.remove(directory)
    assert not directory.exists() and client.start_of(process["pid"]) == ""
    assert kept[-1] == b""
    assert not subject.remove(directory)


def test_a_write_that_is_going_on_is_waited_for_before_the_object_is_removed(
    stores: list[Any], directory: Path
) -> None:
    stores[0].mood = stores[1].mood = "late"
    subject.start(directory, orders(stores), os.getpid())
    assert writing.wait(10)  # a write has begun just now
    assert subject.stop(directory)
    wait(lambda: not writing.is_set())
    assert kept[-1] == b"" and subject.read(directory)["object_removed"]


def test_a_process_that_has_the_number_of_a_dead_probe_lives_on(directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        directory.mkdir()
        (directory / "pid.json").write_text(json.dumps({"pid": other.pid, "start": "1", "operation": "op"}))
        assert subject.remove(directory) and not directory.exists()
        assert other.poll() is None
        other.kill()


def test_only_a_probe_that_asks_needs_packages() -> None:
    action = ActionModule.__new__(ActionModule)
    assert action.needs({"state": "started"}) == ("botocore",) and not action.needs({"state": "removed"})


def test_it_ends_after_its_time(stores: list[Any], directory: Path) -> None:
    subject.start(directory, orders(stores, max_seconds=0.5), os.getpid())
    wait(lambda: not subject.read(directory)["running"])
    assert subject.read(directory)["end_reason"] == "its 0.5 s are over"


def test_a_probe_that_cannot_start_says_why(stores: list[Any], directory: Path) -> None:
    bad = orders(stores)
    del bad["region"]
    with pytest.raises(UpliftError, match="The probe did not start: KeyError: 'region'"):
        subject.start(directory, bad, os.getpid())


def test_what_one_has_left_is_removed_by_the_first_address_that_serves(stores: list[Any]) -> None:
    stores[0].mood = "error"
    kept.append(b"left")
    assert client.removed([client.Door(address, orders(stores)) for address in orders(stores)["addresses"]])
    assert kept[-1] == b""
    stores[1].mood = "error"
    assert not client.removed([client.Door(address, orders(stores)) for address in orders(stores)["addresses"]])


def test_no_figures(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="no figures of a probe; start"):
        subject.read(tmp_path)
