# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs Garage in the forms in which operators have it, and forms a cluster of it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

from tests.lab import cluster as clusters
from tests.lab import garage_text, hosts, release
from tests.lab.cluster import Cluster
from tests.lab.garage_forms import ADMIN, DATA, FORMS, META, RPC, S3, UID, WEB, Form, config, series
from tests.lab.hosts import Host
from tests.lab.proc import LabError, at_once, run, say, wait_for


def cli(cluster: Cluster) -> list[str]:
    return [cluster.product["binary"], "-c", cluster.product["config"]]


def garage(cluster: Cluster, host: Host, *words: str) -> str:
    return run(["docker", "exec", host.container, *cli(cluster), *words], timeout=60).stdout


def install(form: Form, host: Host, version: str, text: str) -> None:
    """Lays everything down under its final name and owner, then starts the service once."""
    binary = Path(form.binary)
    program = f"{binary}-{version}" if form.linked else form.binary
    files = {form.config: text, "/etc/systemd/system/garage.service": form.unit}
    if form.environment:
        files["/etc/garage/garage.env"] = form.environment
    hosts.put(host, str(release.program("garage", version)), program)
    hosts.must(host, files=files, commands=[
        ["useradd", "--system", "--uid", UID, "--home-dir", "/var/lib/garage", "--shell", "/bin/false", "garage"],
        ["install", "-d", "-o", "garage", "-g", "garage", "-m", "0750", "/var/lib/garage", META, DATA],
        ["chown", "root:root", program],
        ["chmod", "755", program],
        ["chown", "root:garage", form.config],
        ["chmod", "640", form.config],
        *([["ln", "-s", Path(program).name, form.binary]] if form.linked else []),
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "--now", "garage.service"],
    ])  # fmt: skip


def node_id(cluster: Cluster, host: Host) -> str:
    """`<64 hex>@<address>:3901`"""
    return garage(cluster, host, "node", "id", "-q").strip()


def connect(cluster: Cluster, ids: dict[str, str]) -> None:
    """Every node to every other: Garage's own timer would take up to half a minute."""

    def to_all_others(host: Host) -> None:
        others = [peer for name, peer in ids.items() if name != host.name]
        hosts.must(host, [[*cli(cluster), "node", "connect", peer] for peer in others])

    if len(ids) > 1:
        at_once(to_all_others, cluster.hosts)


def unhealthy(cluster: Cluster, ids: dict[str, str], roles: bool) -> str:
    """What is missing until all nodes see all others, in words; the empty string when nothing is."""
    want = {peer[:16] for peer in ids.values()}

    def view(host: Host) -> str:
        answer = run(["docker", "exec", host.container, *cli(cluster), "status"], check=False, timeout=30)
        if answer.returncode:
            return f"{host.name}: {(answer.stderr.strip().splitlines() or ['no answer'])[-1]}"
        healthy = garage_text.healthy(answer.stdout, with_role=roles)
        return "" if healthy == want else f"{host.name} sees {len(healthy)} of {len(want)} healthy"

    return "; ".join(filter(None, at_once(view, cluster.hosts)))


def lay_out(cluster: Cluster, ids: dict[str, str]) -> None:
    layout = [*cli(cluster), "layout"]
    assign = [
        [*layout, "assign", ids[h.name].split("@")[0], "-z", h.zone, "-c", "1", "-t", h.name] for h in cluster.hosts
    ]
    hosts.must(cluster.hosts[0], [*assign, [*layout, "apply", "--version", "1"]])


def form_cluster(cluster: Cluster) -> dict[str, str]:
    wait_for("every garage daemon answers its command line", lambda: silence(cluster), 30)
    ids = dict(at_once(lambda host: (host.name, node_id(cluster, host)), cluster.hosts))
    say("connecting every node to every other")
    connect(cluster, ids)
    wait_for("all nodes see all others", lambda: unhealthy(cluster, ids, roles=False), 60)
    say("applying the layout")
    lay_out(cluster, ids)
    wait_for("all nodes see all others with their roles", lambda: unhealthy(cluster, ids, roles=True), 60)
    return ids


def silence(cluster: Cluster) -> str:
    for host in cluster.hosts:
        answer = run(["docker", "exec", host.container, *cli(cluster), "status"], check=False, timeout=30)
        if answer.returncode:
            return f"{host.name}: {answer.stderr.strip()[-300:]}"
    return ""


def asked_for(name: str, nodes: int, zones: int, version: str, form: str, replication: int, small_disk: int) -> Cluster:
    """The cluster before it has a network: everything that two `up` calls can be compared by."""
    if form not in FORMS:
        raise LabError(f"form {form!r}: wanted one of {', '.join(FORMS)}")
    if series(version) > (0, 8):
        raise LabError(
            f"release {version}: the lab forms clusters of Garage up to 0.8 (capacities and keys changed in 0.9)"
        )
    shape = FORMS[form]
    product = {
        "release": version, "form": form, "replication": replication, "zones": zones, "small_disk": small_disk,
        "binary": shape.binary, "config": shape.config, "metadata": META, "data": DATA,
        "ports": {"s3": S3, "rpc": RPC, "web": WEB, "admin": ADMIN},
    }  # fmt: skip
    return Cluster(name, "garage", tuple(hosts.plan(name, nodes, zones, 0)), "garage.service", (META, DATA), product)


def up(wanted: Cluster) -> Cluster:
    if found := clusters.standing(wanted):
        say(f"cluster {found.name} is up already")
        return found
    name, made = wanted.name, wanted.product
    release.get("garage", made["release"])
    third = hosts.make_network(name)
    seats = hosts.plan(name, len(wanted.hosts), made["zones"], third)
    hosts.boot(name, seats, made["small_disk"])
    secret = secrets.token_hex(32)
    say(f"installing garage {made['release']} in the form `{made['form']}` and starting it")
    texts = {h.name: config(made["form"], h.address, made["release"], secret, made["replication"]) for h in seats}
    at_once(lambda h: install(FORMS[made["form"]], h, made["release"], texts[h.name]), seats)
    cluster = replace(wanted, hosts=tuple(seats))
    cluster.product["ids"] = form_cluster(cluster)
    cluster.save()
    return cluster
