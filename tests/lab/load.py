# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client load in the background: one customer that writes and reads through all addresses and notes what it met."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import garage_text, hosts, ledger, paths, products, s3
from tests.lab.cluster import Cluster
from tests.lab.garage import cli, words_of
from tests.lab.manifest import LOAD
from tests.lab.proc import LabError, say, wait_for

LONGEST = 20 * 60
TIMEOUT = 5
KEYS = 20
KEPT = 500
# Seconds from one thing that is demanded afterwards to the next.
KEEP = 0.5


@dataclass
class Stats:
    """What one customer met. An outage lasts from the start of a request that no address served to the next success."""

    requests: int = 0
    failed_everywhere: int = 0
    served_by_another: int = 0
    wrong_answers: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    longest_outage: float = 0.0
    longest_request: float = 0.0
    events: list[list[Any]] = field(default_factory=list)
    started: float = 0.0
    updated: float = 0.0
    running: bool = True
    down_since: float = 0.0
    kept: int = 0
    keep_failed: int = 0

    def note(self, begun: float, ended: float, errors: list[tuple[str, str]], served: bool) -> None:
        """`errors`: (address, text) in the order of the tries; the last one matters only if nobody served."""
        self.requests += 1
        self.longest_request = max(self.longest_request, round(ended - begun, 3))
        for address, text in errors:
            self.failures[address] = self.failures.get(address, 0) + 1
            self.event(begun, address, text)
        self.served_by_another += served and bool(errors)
        if not served:
            self.failed_everywhere += 1
            self.down_since = self.down_since or begun
            self.event(begun, "all", "no address served the request")
        # Measured while it lasts as well: a run that ends inside an outage must not say that there was none.
        if self.down_since:
            self.longest_outage = max(self.longest_outage, round(ended - self.down_since, 3))
        if served:
            self.down_since = 0.0

    def event(self, when: float, address: str, text: str) -> None:
        if len(self.events) < KEPT:
            self.events.append([round(when, 3), address, text[:160]])

    def line(self) -> str:
        wrong = f", {self.wrong_answers} WRONG ANSWERS" if self.wrong_answers else ""
        return (
            f"load: {self.requests} requests, {self.failed_everywhere} failed on all addresses,"
            f" {self.served_by_another} served by another address, longest outage {self.longest_outage:.2f} s,"
            f" longest request {self.longest_request:.2f} s, {self.kept} promised for good{wrong}"
        )


class Customer:
    """Each request begins at the next address; on an error it goes on to the one after, as S3 clients do."""

    def __init__(self, opened: list[tuple[str, s3.Client]], stats: Stats, prefix: str = "") -> None:
        self.opened, self.stats, self.prefix = opened, stats, prefix
        self.expected: dict[str, bytes] = {}

    def request(self, turn: int, verb: str, **words: Any) -> tuple[bool, Any]:
        begun, errors = time.time(), []
        for step in range(len(self.opened)):
            address, client = self.opened[(turn + step) % len(self.opened)]
            try:
                answer = getattr(client, verb)(Bucket=LOAD, **words)
                body = answer["Body"].read() if verb == "get_object" else None
            except Exception as error:  # refused, timed out, 5xx, cut off in the body: all of them are "not served"
                errors.append((address, f"{verb}: {error}"))
                continue
            self.stats.note(begun, time.time(), errors, served=True)
            return True, body
        self.stats.note(begun, time.time(), errors, served=False)
        return False, None

    def round(self, number: int) -> None:
        key, body = f"{self.prefix}load/{number % KEYS}", f"{number} {time.time()}".encode()
        # A failed PUT may have been stored by a node all the same: nothing is expected of that key until the next one.
        self.expected.pop(key, None)
        if self.request(number, "put_object", Key=key, Body=body)[0]:
            self.expected[key] = body
        # Read by another node than wrote it.
        served, seen = self.request(number + 1, "get_object", Key=key)
        if served and key in self.expected and seen != self.expected[key]:
            self.stats.wrong_answers += 1
            self.stats.event(time.time(), "all", f"{key} read as {seen!r}, last written {body!r}")


def access(cluster: Cluster) -> tuple[str, str]:
    """The load's own key and bucket, made once and left where they are: one more customer of the cluster."""
    path = cluster.directory / "load-access.json"
    if not path.exists():
        base, first = cli(cluster), cluster.hosts[0]
        words = words_of(cluster, first)
        made = hosts.must(first, [[*base, *words.new_key(LOAD)]])[0]
        key = garage_text.made_key(made)
        held = garage_text.key(hosts.must(first, [[*base, *words.key(key)]])[0])[1]
        bucket = [*base, "bucket"]
        hosts.must(first, [[*bucket, "create", LOAD], [*bucket, "allow", "--read", "--write", LOAD, "--key", key]])
        clusters.write(path, json.dumps([key, held["secret"]]))
    key, secret = json.loads(path.read_text())
    return str(key), str(secret)


def garage_clients(cluster: Cluster) -> list[tuple[str, s3.Client]]:
    key, secret = access(cluster)
    return [(h.name, s3.client(cluster, h.address, key, secret, TIMEOUT)) for h in cluster.hosts]


def files(cluster: Cluster) -> tuple[Path, Path]:
    return cluster.directory / "load.json", cluster.directory / "load.pid"


def serve(cluster: Cluster, interval: float) -> None:
    """The background process itself."""
    report, pid = files(cluster)
    product = products.of(cluster.group)
    stats, stop = Stats(started=time.time()), [False]
    signal.signal(signal.SIGTERM, lambda *_: stop.__setitem__(0, True))
    opened = product.clients(cluster)
    customer = Customer(opened, stats, product.prefix) if product.objects else None
    writer = product.writer(cluster, opened, stats.started)
    number, end, written, kept = 0, time.monotonic() + LONGEST, 0.0, 0.0
    while not stop[0] and time.monotonic() < end:
        begun = time.monotonic()
        if customer:
            customer.round(number)
        if begun - kept >= KEEP:
            kept = begun
            keep(cluster, writer, number, stats)
        number += 1
        if begun - written > 1:
            stats.updated, written = time.time(), begun
            clusters.write(report, json.dumps(asdict(stats), indent=1))
        time.sleep(max(0.0, 2 * interval - (time.monotonic() - begun)))
    for _address, client in opened:
        client.close()
    stats.running, stats.updated = False, time.time()
    clusters.write(report, json.dumps(asdict(stats), indent=1))
    pid.unlink(missing_ok=True)


def keep(cluster: Cluster, writer: ledger.Writer, number: int, stats: Stats) -> None:
    """One thing more that is demanded afterwards."""
    asked = time.time()
    told = writer.store(number)
    ledger.note(cluster, [{"at": time.time(), **one} for one in told])
    stats.kept += len(told)
    stats.keep_failed += not told
    if not told:
        stats.event(asked, "ledger", "nothing was promised")


def runs(cluster: Cluster) -> bool:
    return clusters.process_of(files(cluster)[1], cluster.name) > 0


def start(cluster: Cluster, interval: float) -> str:
    report, pid = files(cluster)
    if runs(cluster):
        return "load: runs already"
    report.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "tests.lab", "load", "run", "--name", cluster.name, "--interval", str(interval)]
    log = (cluster.directory / "load.log").open("w")
    with log:
        child = subprocess.Popen(
            argv, cwd=paths.ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(paths.ROOT)},
        )  # fmt: skip
    pid.write_text(str(child.pid))
    say(f"the load's process is {child.pid}; it ends by itself after {LONGEST // 60} minutes")

    def silent() -> str:
        if child.poll() is not None:
            raise LabError(f"the load ended at once with {child.returncode}: see {cluster.directory / 'load.log'}")
        return "" if report.exists() else "no report yet"

    wait_for("the load has made its first request", silent, 60)
    return f"load: started, {1 / interval:.0f} requests a second over {len(cluster.hosts)} addresses"


def stop(cluster: Cluster) -> str:
    report, pid = files(cluster)
    if clusters.stop_process(pid, cluster.name):
        # One request may have to time out on every address first.
        slowest = 2 * TIMEOUT * len(cluster.hosts) + 10
        wait_for("the load has ended", lambda: "it still runs" if runs(cluster) else "", slowest)
    if not report.exists():
        return "load: none was started"
    return Stats(**json.loads(report.read_text())).line()
