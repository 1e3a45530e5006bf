# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One operation that fails at each wave for another reason, and is gone on with. In the order of the file."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from expectations import stopped_by
from upgrades import Cluster, Result

ENDS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")


SAME_AGAIN = "Correct the cause and run the same command again: what is done is not done again."
BROKEN = "/etc/systemd/system/garage.service.d/broken.conf"
BALLAST = "/var/lib/garage/meta/ballast"
# Fills the backup disk as soon as the archive grows.
FILL = """
import glob, os, time
end = time.monotonic() + 900
while not glob.glob("/var/backups/uplift/garage/*/*/*.part") and time.monotonic() < end:
    time.sleep(0.001)
with open("/var/backups/full", "wb") as full:
    while True:
        full.write(bytes(1 << 20))
"""
# Ends the backup as the kernel does when memory is short: the work, and what would have told of its end.
KILL = """
import glob, os, signal, time
end = time.monotonic() + 900
while not glob.glob("/var/backups/uplift/garage/*/*/*.part") and time.monotonic() < end:
    time.sleep(0.001)
for place in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        words = open(place, "rb").read()
    except OSError:
        continue
    pid = int(place.split("/")[2])
    if pid != os.getpid() and (b"async_wrapper" in words or b"AnsiballZ_metadata_backup" in words):
        os.kill(pid, signal.SIGKILL)
"""


def upgrading(cluster: Cluster, **variables: Any) -> subprocess.Popen[str]:
    return cluster.start("garage_upgrade", garage_version="0.8.7", **variables)


def upgrade(cluster: Cluster, **variables: Any) -> Result:
    process = upgrading(cluster, **variables)
    said = process.communicate(timeout=900)[0]
    return Result(process.returncode, said)


@contextmanager
def health(answer: str) -> Iterator[str]:
    """The URL of an operator's own service, which is of this mind."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"shop": {"state": answer}}).encode())

        def log_message(self, *_words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/state"
        server.shutdown()


def starts(cluster: Cluster) -> dict[str, int]:
    return {host: cluster.starts(host) for host in cluster.hosts}


def release(cluster: Cluster, host: str) -> str:
    """What the running process is, whatever the disk says."""
    pid = cluster.on(host, "systemctl", "show", "-p", "MainPID", "--value", "garage").strip()
    return str(re.findall(r"\d+\.\d+\.\d+", cluster.on(host, f"/proc/{pid}/exe", "--version"))[0])


def served_by_all_but(cluster: Cluster, host: str) -> None:
    """Every object, alias and permission, by the lab's own judge."""
    said = cluster.lab("verify", check=False)
    differences = [line for line in said.splitlines() if line.startswith("judge: ")]
    assert len(differences) == 2 and f"judge: {host} takes no S3 connections" in differences[0], said


def noticed(cluster: Cluster, lost: str) -> None:
    """Garage needs up to a minute to see that a peer went without a word: until then the others wait for it."""
    for host in set(cluster.hosts) - {lost}:
        end = time.monotonic() + 90
        while lost in cluster.garage(host, "status").partition("FAILED NODES")[0].split():
            assert time.monotonic() < end, f"{host} still counts {lost} as up"
            time.sleep(0.5)


def test_a_node_that_does_not_start_stops_the_rollout(cluster: Cluster) -> None:
    cluster.on("a1", "mkdir", "-p", BROKEN.rpartition("/")[0])
    cluster.on("a1", "sh", "-c", f"printf '[Service]\\nExecStartPre=/bin/false\\n' > {BROKEN}")
    cluster.on("a1", "systemctl", "daemon-reload")
    stopped_by(upgrade(cluster), "stopped in the pass walk, a1, Start the service: systemctl start", SAME_AGAIN)
    assert starts(cluster) == {"a1": 1, "b1": 1, "c1": 1}
    served_by_all_but(cluster, "a1")
    assert cluster.report()["error"].startswith("a1, Start the service: "), cluster.report()["error"]


def test_an_unreachable_node_stops_it_too(cluster: Cluster) -> None:
    """Cut off when its wave begins. The wave before is fixed by then, and is not gone through again.

    a1 starts three times: at boot, by systemd as soon as nothing hinders it any more, and by the run, whose own start
    that was not.
    """
    cluster.on("a1", "rm", BROKEN)
    cluster.on("a1", "systemctl", "daemon-reload")
    process, said, headers = upgrading(cluster), "", 0
    assert process.stdout is not None
    for line in process.stdout:
        said, headers = said + line, headers + line.startswith("PLAY [Hop 0, walk]")
        if headers == 2 and line.startswith("PLAY [Hop 0, walk]"):
            cluster.lab("kill-net", "b1")
    try:
        result = Result(process.wait(), said)
        stopped_by(result, "b1 cannot be reached or failed earlier", "Bring the node back", SAME_AGAIN)
        assert starts(cluster) == {"a1": 3, "b1": 1, "c1": 1}
        noticed(cluster, "b1")
        served_by_all_but(cluster, "b1")
    finally:
        cluster.lab("heal-net", "b1")


def test_a_backup_disk_that_fills_up_leaves_the_old_release_running(cluster: Cluster) -> None:
    cluster.on("b1", "sh", "-c", f"head -c 30000000 /dev/urandom > {BALLAST}")
    cluster.on("b1", "systemd-run", "python3", "-c", FILL)
    stopped_by(upgrade(cluster), "No space left on device. What there was of it is removed.", SAME_AGAIN)
    assert cluster.on("b1", "find", "/var/backups/uplift", "-type", "f") == ""
    assert {host: release(cluster, host) for host in cluster.hosts} == {"a1": "0.8.7", "b1": "0.8.0", "c1": "0.8.0"}


def test_work_that_is_killed_is_not_waited_for(cluster: Cluster) -> None:
    cluster.on("b1", "rm", "/var/backups/full")
    cluster.on("b1", "systemd-run", "python3", "-c", KILL)
    stopped_by(upgrade(cluster), "metadata_backup at b1 is gone and has left no result", SAME_AGAIN)
    assert {host: release(cluster, host) for host in cluster.hosts} == {"a1": "0.8.7", "b1": "0.8.0", "c1": "0.8.0"}


def test_clients_that_waited_too_long_stop_it_before_the_next_wave(cluster: Cluster) -> None:
    """They know one address only, and its node is the one that is taken down."""
    cluster.on("b1", "rm", BALLAST)
    only = {"garage_probe_addresses": [f"{cluster.address('b1')}:3900"], "garage_max_unavailable_seconds": 0.05}
    stopped_by(upgrade(cluster, **only), "expected at most 0.05 s (garage_max_unavailable_seconds)", SAME_AGAIN)
    assert {host: release(cluster, host) for host in cluster.hosts} == {"a1": "0.8.7", "b1": "0.8.7", "c1": "0.8.0"}
    assert starts(cluster)["c1"] == 1


def test_an_operators_own_check_that_says_no_stops_it(cluster: Cluster) -> None:
    with health("ill") as url:
        check = {"url": url, "expression": "shop.state", "expected": "well"}
        stopped_by(upgrade(cluster, garage_health_checks=[check]), 'shop.state is "ill"; expected "well"', SAME_AGAIN)


def test_the_next_run_finishes(cluster: Cluster) -> None:
    """And restarts nothing that is done: b1 was started after each failed backup, and once more with its release."""
    with health("well") as url:
        done = upgrade(cluster, garage_health_checks=[{"url": url, "expression": "shop.state", "expected": "well"}])
    assert done.rc == 0, done.out[-6000:]
    assert starts(cluster) == {"a1": 3, "b1": 4, "c1": 2}
