# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs lakeFS: some instances over one block store, and one host with PostgreSQL and the proxy before them."""

from __future__ import annotations

import secrets
from dataclasses import replace

from tests.lab import cluster as clusters
from tests.lab import containers, hosts, lakefs_api, lakefs_docker, release
from tests.lab import lakefs_forms as forms
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import LabError, at_once, say, wait_for

PACKAGES = ("postgresql-15", "postgresql-client-15", "haproxy", "socat", "python3-psycopg")
DATABASE_HOST = "d1"
HBA = """local all postgres peer
local all all scram-sha-256
host all all 198.18.0.0/15 scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


def database(cluster: Cluster) -> Host:
    return cluster.host(DATABASE_HOST)


def instances(cluster: Cluster) -> tuple[Host, ...]:
    return tuple(cluster.host(name) for name in cluster.groups["lakefs"])


def sql(cluster: Cluster, *statements: str, name: str = forms.DATABASE) -> list[str]:
    """As PostgreSQL's own superuser on its host; the statements on stdin, so that they may hold anything."""
    psql = ["runuser", "-u", "postgres", "--", "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", name, "-f"]
    files = {
        f"/run/lab/{place}.sql": f"SET client_min_messages = error;\n{text}" for place, text in enumerate(statements)
    }
    return [out.strip() for out in hosts.must(database(cluster), [[*psql, path] for path in files], files=files)]


def make_database(host: Host, password: str) -> None:
    folder = "/etc/postgresql/15/main"
    role = f"CREATE ROLE {forms.DATABASE} LOGIN CREATEDB PASSWORD '{password}';\n"
    files = {
        f"{folder}/conf.d/lab.conf": "listen_addresses = '*'\nfsync = off\nmax_connections = 200\n",
        f"{folder}/pg_hba.conf": HBA,
        "/run/lab/role.sql": role,
    }
    psql = ["runuser", "-u", "postgres", "--", "psql", "-Xq", "-v", "ON_ERROR_STOP=1"]
    hosts.must(host, files=files, commands=[
        ["systemctl", "enable", "postgresql.service"],
        ["systemctl", "restart", "postgresql@15-main.service"],
        [*psql, "-f", "/run/lab/role.sql"],
        ["runuser", "-u", "postgres", "--", "createdb", "-O", forms.DATABASE, forms.DATABASE],
        ["rm", "/run/lab/role.sql"],
    ])  # fmt: skip


def make_proxy(host: Host, behind: dict[str, str]) -> None:
    files = {"/etc/haproxy/haproxy.cfg": forms.proxy(behind)}
    hosts.must(
        host, [["systemctl", "enable", "haproxy.service"], ["systemctl", "restart", "haproxy.service"]], files=files
    )


def put_binary(host: Host, version: str) -> None:
    hosts.put(host, str(release.program("lakefs", version)), f"{forms.BINARY}-{version}")
    hosts.must(host, [
        ["chown", "root:root", f"{forms.BINARY}-{version}"],
        ["chmod", "755", f"{forms.BINARY}-{version}"],
        ["ln", "-sfn", f"lakefs-{version}", forms.BINARY],
    ])  # fmt: skip


def put_config(host: Host, form: str, version: str, settings: forms.Settings) -> None:
    path = forms.CONFIG if form == "plain" else forms.ENVIRONMENT
    text = (forms.config if form == "plain" else forms.environment)(version, settings)
    hosts.must(host, [["chown", "root:lakefs", path], ["chmod", "640", path]], files={path: text})


def install(host: Host, form: str, version: str, settings: forms.Settings) -> None:
    hosts.must(host, [
        ["useradd", "--system", "--uid", forms.UID, "--home-dir", forms.HOME, "--shell", "/bin/false", "lakefs"],
        ["install", "-d", "-o", "lakefs", "-g", "lakefs", "-m", "0750", forms.HOME, forms.BLOCKS],
    ])  # fmt: skip
    put_binary(host, version)
    put_config(host, form, version, settings)
    hosts.must(
        host,
        [["systemctl", "daemon-reload"], ["systemctl", "enable", "lakefs.service"]],
        files={"/etc/systemd/system/lakefs.service": forms.unit(form)},
    )


def settings(cluster: Cluster) -> forms.Settings:
    access = cluster.product["access"]
    return forms.Settings(forms.dsn(database(cluster).address, access["database"]), access["encryption"])


def asked_for(name: str, nodes: int, version: str, form: str, small_disk: int) -> Cluster:
    if form not in forms.FORMS:
        raise LabError(f"form {form!r}: expected one of {', '.join(forms.FORMS)}")
    product = {
        "release": version, "form": form, "small_disk": small_disk, "binary": forms.BINARY,
        "config": forms.ENVIRONMENT if form == "environment" else forms.CONFIG, "ports": {"s3": forms.PORT},
    }  # fmt: skip
    seats = plan(name, nodes, 0)
    groups = {"lakefs": [host.name for host in seats[:-1]], "database": [DATABASE_HOST]}
    own = (forms.HOME, "/var/lib/postgresql", "/var/lib/haproxy", "/etc/ssl")
    docker = form == forms.DOCKER
    service = "docker.service" if docker else "lakefs.service"
    told = {host.name: lakefs_docker.variables(name, host) for host in seats[:-1]} if docker else {}
    return Cluster(name, "lakefs", tuple(seats), service, own, product, told, groups)


def plan(name: str, nodes: int, third: int) -> list[Host]:
    """The instances, and behind them the host of the database and the proxy."""
    *seats, last = hosts.plan(name, nodes + 1, 1, third)
    return [*seats, replace(last, name=DATABASE_HOST, zone="d", container=f"uplift-{name}-{DATABASE_HOST}")]


def up(expected: Cluster) -> Cluster:
    if found := clusters.standing(expected):
        say(f"cluster {found.name} is up already")
        return found
    name, made = expected.name, expected.product
    release.get("lakefs", made["release"])
    *seats, last = plan(name, len(expected.hosts) - 1, hosts.make_network(name))
    docker = made["form"] == forms.DOCKER
    more = (lambda host: lakefs_docker.mounts(name, host)) if docker else (lambda _: [])
    hosts.boot(name, seats, made["small_disk"], PACKAGES, {lakefs_docker.blocks(name): forms.BLOCKS}, more)
    hosts.boot(name, [last], made["small_disk"], PACKAGES)
    cluster = replace(expected, hosts=(*seats, last))
    made["access"] = {"database": secrets.token_urlsafe(18), "encryption": secrets.token_urlsafe(24)}
    say(f"installing lakefs {made['release']} in the form `{made['form']}` over PostgreSQL 15")
    make_database(last, made["access"]["database"])
    if docker:
        containers.make_image(lakefs_docker.RECIPE, made["release"])
        text = forms.config(made["release"], settings(cluster))
        at_once(lambda host: lakefs_docker.start(name, host, made["release"], text), seats)
    else:
        at_once(lambda host: install(host, made["form"], made["release"], settings(cluster)), seats)
        control(cluster, "start")
    make_proxy(last, {host.name: host.address for host in seats})
    wait_until_healthy(cluster)
    made["key"], made["secret"] = lakefs_api.set_up(last.address)
    cluster.save()
    return cluster


def control(cluster: Cluster, verb: str) -> None:
    at_once(lambda host: hosts.must(host, [["systemctl", verb, cluster.service]]), instances(cluster))


def wait_until_healthy(cluster: Cluster) -> None:
    everywhere = [host.address for host in (*instances(cluster), database(cluster))]
    wait_for("every instance is healthy", lambda: "; ".join(filter(None, map(lakefs_api.silence, everywhere))), 180)
