# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m tests.secrets PRODUCT...: a real upgrade of each at -vvv; exits 1 when a canary was found anywhere.

Before each product's operation a control is shown to every place that is looked at: a search that misses it counts as a
failure, so that "found: 0" means something.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts, paths, products, release
from tests.lab.cluster import Cluster
from tests.lab.proc import LabError, run, say
from tests.secrets import watch
from tests.secrets.canaries import Sight

LIMIT = 1500.0  # seconds for one playbook


@dataclass(frozen=True)
class Case:
    """A real upgrade. `belongs`: where on a node its secrets lie rightly, for nobody else to read."""

    up: tuple[str, ...]
    source: str
    target: str
    belongs: tuple[str, ...]
    variables: dict[str, Any] = field(default_factory=dict)
    plant: Callable[[Cluster, dict[str, Any]], dict[str, str]] = lambda _cluster, _variables: {}
    by_address: bool = True
    """Whether its releases are fetched from an address; pachctl and pachd have one name too many for that."""


def canary(name: str) -> str:
    return f"canary-{name}-{secrets.token_hex(12)}"


def plant_garage(cluster: Cluster, _variables: dict[str, Any]) -> dict[str, str]:
    """The RPC secret is the cluster's own; the admin's tokens are read at the next start."""
    made = {"admin_token": canary("admin"), "metrics_token": canary("metrics")}
    config = "/etc/garage.toml"
    for host in cluster.hosts:
        text = hosts.must(host, [["cat", config]])[0]
        rows = "".join(f'{name} = "{value}"\n' for name, value in made.items())
        text = text.replace("[admin]\n", f"[admin]\n{rows}") if "[admin]\n" in text else f"{text}\n[admin]\n{rows}"
        hosts.must(host, [["chown", "root:garage", config], ["chmod", "640", config]], files={config: text})
    found = re.search(r'^rpc_secret = "(\w+)"', text, re.MULTILINE)
    if not found:
        raise LabError(f"{config} of {host.name} has no rpc_secret: expected one to look for")
    return {**made, "rpc_secret": found[1]}


def plant_lakefs(cluster: Cluster, variables: dict[str, Any]) -> dict[str, str]:
    access = cluster.product["access"]
    variables["lakefs_access_key_id"] = cluster.product["key"]
    variables["lakefs_secret_access_key"] = cluster.product["secret"]
    return {
        "database_password": access["database"],
        "encrypt_secret_key": access["encryption"],
        "secret_access_key": cluster.product["secret"],
    }


def plant_pachyderm(_cluster: Cluster, variables: dict[str, Any]) -> dict[str, str]:
    made = {"token": canary("token"), "deploy_arguments": canary("deploy")}
    variables["pachyderm_token"] = made["token"]
    variables["pachyderm_deploy_arguments"] = ["--custom", made["deploy_arguments"]]
    return made


BACKUPS = "/var/backups/uplift/"
CASES = {
    "garage": Case(
        ("--nodes", "3", "--zones", "3"), "0.8.0", "0.8.7",
        ("/etc/garage.toml", "/var/lib/garage/", BACKUPS), {}, plant_garage,
    ),
    "lakefs": Case(
        ("--nodes", "2"), "1.82.0", "1.84.0",
        ("/etc/lakefs/", "/var/lib/lakefs/", "/var/lib/postgresql/", BACKUPS),
        {"lakefs_database_free_bytes": 10000000000, "lakefs_strategy": "all_at_once"}, plant_lakefs,
    ),
    "pachyderm": Case(
        (), "1.9.12", "1.13.4", ("/var/lib/pachyderm/", BACKUPS), {"pachyderm_objects": "full"}, plant_pachyderm,
        by_address=False,
    ),
}  # fmt: skip


class Site(SimpleHTTPRequestHandler):
    """The cache of releases, for who has the login and the signature."""

    login = signature = ""

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(self.login.encode()).decode()
        path, _mark, query = self.path.partition("?")
        if self.headers.get("Authorization") != expected or query != f"signature={self.signature}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="releases"')
            self.end_headers()
            return
        self.path = path
        super().do_GET()

    def log_message(self, *_args: Any) -> None:
        pass


@contextmanager
def site(cluster: Cluster, product: str, case: Case, variables: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The releases by an address with secrets in it, and by their checksums."""
    if not case.by_address:
        variables[f"{product}_release_source"] = str(paths.cache() / product)
        yield {}
        return
    made = {"release_password": canary("password"), "release_signature": canary("signature")}
    Site.login, Site.signature = f"ci:{made['release_password']}", made["release_signature"]
    address = re.sub(r"\d+$", "1", cluster.hosts[0].address)
    server = ThreadingHTTPServer((address, 0), partial(Site, directory=str(paths.cache() / product)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"{address}:{server.server_port}/{{version}}/bin/{product}?signature={Site.signature}"
    digest = hashlib.sha256(release.program(product, case.target).read_bytes()).hexdigest()
    variables[f"{product}_release_source"] = f"http://{Site.login}@{where}"
    variables[f"{product}_release_checksums"] = {case.target: f"sha256:{digest}"}
    try:
        yield made
    finally:
        server.shutdown()


@dataclass
class Run:
    """One product's operation: its canaries, and what was seen of them."""

    product: str
    case: Case
    cluster: Cluster
    place: Path
    canaries: dict[str, str] = field(default_factory=dict)
    sights: list[Sight] = field(default_factory=list)
    output: str = ""

    def play(self, playbook: str, *words: str, ends: int | None = 0) -> None:
        log = self.place / f"{playbook}-{len(list(self.place.glob('*.txt')))}.txt"
        argv = [
            str(Path(sys.executable).with_name("ansible-playbook")), "-vvv", "--diff",
            "-i", str(self.cluster.directory / "inventory.yml"), "-e", f"@{self.place.parent / 'given.json'}", *words,
            f"uplift.datastores.{self.product}_{playbook}",
        ]  # fmt: skip
        with log.open("wb") as out:
            done = subprocess.run(
                argv, cwd=self.place, stdout=out, stderr=out, timeout=LIMIT, check=False,
                env={**os.environ, **{name: str(self.place / name) for name in ("ANSIBLE_HOME", "ANSIBLE_LOCAL_TEMP")}},
            )  # fmt: skip
        text = log.read_text(encoding="utf-8", errors="replace")
        self.output += text
        if ends is not None and done.returncode != ends:
            raise LabError(f"{self.product}_{playbook} ended with {done.returncode}, expected {ends}: {text[-3000:]}")

    def control(self) -> list[str]:
        """A canary of its own is shown to each place; the places that do not see it."""
        word = {"control": canary("control")}
        there, encoded = self.cluster.hosts[0], base64.b64encode(f"x {word['control']} y".encode()).decode()
        hosts.must(there, [["logger", word["control"]]], files={"/var/tmp/control": encoded})
        (self.place / "control").write_text(encoded)
        with watch.Processes(lambda: word) as processes:
            subprocess.run([sys.executable, "-c", "import time; time.sleep(1)", word["control"]], check=True)
        found = [sight.where for sight in watch.left(there, word, ())]
        hosts.must(there, [["rm", "/var/tmp/control"]])
        places = {
            "the process list": bool(processes.sights),
            "the node's files": f"{there.name}:/var/tmp/control" in found,
            "the node's journal": f"the journal of {there.name}" in found,
            "the controller's files": bool(watch.files(self.place, word)),
        }
        (self.place / "control").unlink()
        return [name for name, sees in places.items() if not sees]

    def learn_probe_key(self) -> None:
        """The key of Garage's probe is made by the operation: its secret is asked for as soon as it is there."""
        ask = ["docker", "exec", self.cluster.hosts[0].container, "garage", "key"]
        end = time.monotonic() + LIMIT
        while "probe_key" not in self.canaries and time.monotonic() < end:
            key = re.search(r"\b(GK\w+)\s+uplift-", run([*ask, "list"], check=False).stdout)
            found = key and re.search(r"Secret key: (\w+)", run([*ask, "info", key[1]], check=False).stdout)
            if found:
                self.canaries = {**self.canaries, "probe_key": found[1]}
            time.sleep(1)

    def operate(self) -> None:
        for host in self.cluster.hosts:
            watch.mark(host)
        blind = self.control()
        if blind:
            raise LabError(f"a control was shown and not seen in {', '.join(blind)}: the search is of no use")
        with watch.Processes(lambda: self.canaries) as processes:
            if self.product == "garage":
                threading.Thread(target=self.learn_probe_key, daemon=True).start()
            self.play("plan")
            if self.case.by_address:  # what fails says the most
                self.play("upgrade", "-e", json.dumps({f"{self.product}_release_checksums": {}}), ends=2)
            self.play("upgrade")
            self.play("status")
        if self.product == "garage" and "probe_key" not in self.canaries:
            raise LabError("the key of the probe was never seen: expected its secret, to look for it")
        self.sights += processes.sights.values()
        say(f"{self.product}: {processes.looks} looks at the process list")

    def search(self) -> None:
        self.sights += watch.files(self.place, self.canaries)
        for host in self.cluster.hosts:
            self.sights += watch.left(host, self.canaries, self.case.belongs)


def told(product: str, keep: bool) -> int:
    """How many sights of canaries; each is printed."""
    case, name = CASES[product], f"secrets-{product}"
    lab = [str(paths.HERE / "lab")]
    run([*lab, "down", "--name", name])
    run([*lab, "release", product, case.source, case.target], timeout=3600)
    run([*lab, "up", "--product", product, "--name", name, "--release", case.source, *case.up], timeout=900)
    run([*lab, "fill", "--name", name, "--objects", "60"], timeout=900)
    cluster = clusters.load(name)
    place = paths.cache() / "secrets" / product / "controller"
    shutil.rmtree(place.parent, ignore_errors=True)
    place.mkdir(parents=True)
    variables: dict[str, Any] = {
        **case.variables, f"{product}_version": case.target, f"{product}_report_dir": str(place / "reports"),
    }  # fmt: skip
    with site(cluster, product, case, variables) as of_the_address:
        one = Run(product, case, cluster, place, {**case.plant(cluster, variables), **of_the_address})
        clusters.write(place.parent / "given.json", json.dumps(variables))
        one.operate()
    one.search()
    different = products.of(cluster.group).verify(cluster, case.target)
    if not keep:
        run([*lab, "down", "--name", name])
    for sight in one.sights:
        say(f"{product}: {sight.secret} in {sight.where}: ...{sight.around}...")
    for line in different:
        say(f"judge: {line}")
    told_all = "SSH: EXEC" in one.output and not different and ("no_checksum (stops)" in one.output) == case.by_address
    lines, among = one.output.count("\n"), ", ".join(sorted(one.canaries))
    print(f"{product} {case.source} -> {case.target}: {lines} lines at -vvv; {among}: found {len(one.sights)}")
    return len(one.sights) + (not told_all)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.secrets")
    parser.add_argument("products", nargs="*", default=[], choices=[*CASES, []])
    parser.add_argument("--keep", action="store_true", help="leave the clusters for a look")
    args = parser.parse_args()
    return 1 if sum(told(product, args.keep) for product in args.products or CASES) else 0


if __name__ == "__main__":
    sys.exit(main())
