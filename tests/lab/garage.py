# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs Garage in the forms in which operators have it, and forms a cluster of it."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from tests.lab import cluster as clusters
from tests.lab import (
    containers,
    garage_docker,
    garage_kubernetes,
    garage_proxy,
    garage_text,
    hosts,
    kubernetes,
    release,
)
from tests.lab import kubernetes_forms as node
from tests.lab.cluster import Cluster
from tests.lab.garage_forms import (
    ADMIN,
    DAEMON_SET,
    DOCKER,
    FORMS,
    IN_PODS,
    PROXY,
    RPC,
    S3,
    UID,
    WEB,
    Form,
    Settings,
    config,
    secret_file,
)
from tests.lab.garage_words import Words
from tests.lab.hosts import Host
from tests.lab.proc import LabError, at_once, run, say, wait_for

# What the node of Kubernetes has images of besides the release that is asked for.
LATER = ("0.8.7", "0.9.4", "1.3.0", "2.5.0")


@dataclass(frozen=True)
class Wish:
    """What `lab up` was asked for."""

    release: str
    nodes: int = 3
    zones: int = 3
    gateways: int = 0
    form: str = "plain"
    replication: int = 3
    small_disk: int = 0
    engine: str = ""
    secret: str = "config"
    data_dirs: int = 1

    def refuse(self) -> str:
        """Why there can be no such cluster, or the empty string."""
        if self.form not in (*FORMS, DOCKER, *IN_PODS):
            return f"form {self.form!r}: expected one of {', '.join((*FORMS, DOCKER, *IN_PODS))}"
        words = Words(self.release)
        if not words.since(0, 5):
            return f"release {self.release}: expected 0.5 or later"
        if self.engine and self.engine not in words.engines:
            return f"engine {self.engine!r} with {self.release}: expected one of {', '.join(words.engines) or 'none'}"
        if self.secret not in ("config", "world", "file", "env"):
            return f"secret {self.secret!r}: expected config, world, file or env"
        if self.secret in ("file", "env") and not words.since(0, 8, 2):
            return f"the secret by {self.secret} with {self.release}: its daemon reads it from the configuration only"
        if self.form in (DOCKER, *IN_PODS) and (self.secret != "config" or self.data_dirs > 1):
            return f"the form {self.form}: expected the secret in the configuration, and one data directory"
        if self.form == DAEMON_SET and (self.nodes, self.replication) != (1, 1):
            return (
                "the form daemonset: expected --nodes 1 --zones 1 --replication 1, since Kubernetes has one node here"
            )
        if self.secret == "env" and not FORMS[self.form].environment:
            return f"the secret by env in the form {self.form}: its unit has no file of environment"
        if self.secret == "file" and FORMS[self.form].dynamic:
            return f"the secret by file in the form {self.form}: its account has no file of its own before it runs"
        if self.data_dirs > 1 and not words.since(0, 9):
            return f"{self.data_dirs} data directories with {self.release}: expected 0.9 or later"
        return ""


def cli(cluster: Cluster) -> list[str]:
    return [*cluster.product.get("cli", []), cluster.product["binary"], "-c", cluster.product["config"]]


def garage(cluster: Cluster, host: Host, *words: str) -> str:
    return run(["docker", "exec", host.container, *cli(cluster), *words], timeout=60).stdout


def words_of(cluster: Cluster, host: Host) -> Words:
    """How the release is asked that lies on the host now, whatever `lab up` has put there."""
    found = re.search(r"(\d+\.\d+\.\d+)", garage(cluster, host, "--version"))
    if not found:
        raise LabError(f"{host.name}: {cluster.product['binary']} tells no version")
    return Words(found.group(1))


def install(form: Form, host: Host, wish: Wish, text: str, secret: str) -> None:
    """Lays everything down under its final name and owner, then starts the service once."""
    binary = Path(form.binary)
    program = f"{binary}-{wish.release}" if form.linked else form.binary
    files = {form.config: text, f"/etc/systemd/system/{form.service}": form.unit}
    if form.environment:
        files[form.environment_file] = form.environment
    if wish.secret == "env":
        files[form.environment_file] += f"GARAGE_RPC_SECRET={secret}\n"
    hosts.must(host, [["install", "-d", str(binary.parent)]])
    hosts.put(host, str(release.program("garage", wish.release)), program)
    hosts.must(host, files=files, commands=[
        *([] if form.dynamic else account(form, wish)),
        ["chown", "root:root", program],
        ["chmod", "755", program],
        ["chmod", "644" if wish.secret == "world" or form.dynamic else "640", form.config],
        *([["chmod", "600", form.environment_file]] if wish.secret == "env" else []),
        *([["ln", "-s", Path(program).name, form.binary]] if form.linked else []),
    ])  # fmt: skip
    if wish.secret == "file":
        path = secret_file(form)
        hosts.must(host, [["chown", "garage:garage", path], ["chmod", "600", path]], files={path: secret})
    hosts.must(host, [["systemctl", "daemon-reload"], ["systemctl", "enable", "--now", form.service]])


def account(form: Form, wish: Wish) -> list[list[str]]:
    """The service's account, its directories and its configuration."""
    garages = ["-o", "garage", "-g", "garage"]
    return [
        ["sh", "-c", f"id garage || useradd --system --uid {UID} --home-dir {form.home} --shell /bin/false garage"],
        ["install", "-d", *garages, "-m", "0750", *_places(form, wish)],
        ["chown", "root:garage", form.config],
    ]


def _places(form: Form, wish: Wish) -> list[str]:
    return [form.home, form.metadata, *form.data(wish.data_dirs), *([form.snapshots] if form.snapshots else [])]


def node_id(cluster: Cluster, host: Host) -> str:
    """`<64 hex>@<address>:3901`, also of a node that does not know its address."""
    ident = garage(cluster, host, "node", "id", "-q").strip().partition("@")[0]
    address = host.address
    if cluster.product["form"] in IN_PODS:
        address = garage_kubernetes.address(cluster.name, cluster.hosts.index(host))
    return f"{ident}@{address}:{cluster.product['ports']['rpc']}"


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
        text, reason = status(cluster, host)
        if reason:
            return reason
        healthy = garage_text.healthy(text, with_role=roles)
        return "" if healthy == want else f"{host.name} sees {len(healthy)} of {len(want)} healthy"

    return "; ".join(filter(None, at_once(view, cluster.hosts)))


def lay_out(cluster: Cluster, ids: dict[str, str]) -> None:
    words = Words(cluster.product["release"])
    assign = [[*cli(cluster), *words.role(ids[h.name].split("@")[0], h.zone, h.name, h.gateway)] for h in cluster.hosts]
    hosts.must(cluster.hosts[0], [*assign, [*cli(cluster), "layout", "apply", "--version", "1"]])


def form_cluster(cluster: Cluster) -> dict[str, str]:
    wait_for("every garage daemon answers its command line", lambda: silence(cluster), 30)
    ids = dict(at_once(lambda host: (host.name, node_id(cluster, host)), cluster.hosts))
    say("connecting every node to every other")
    connect(cluster, ids)
    wait_for("all nodes see all others", lambda: unhealthy(cluster, ids, roles=False), 60)
    say("applying the layout")
    lay_out(cluster, ids)
    wait_for("all nodes see all others with their roles", lambda: unhealthy(cluster, ids, roles=True), 120)
    return ids


def silence(cluster: Cluster) -> str:
    return next(filter(None, (status(cluster, host)[1] for host in cluster.hosts)), "")


def status(cluster: Cluster, host: Host) -> tuple[str, str]:
    """What `garage status` says, or why it does not. A node that is busy with a new layout may take long to answer."""
    try:
        answer = run(["docker", "exec", host.container, *cli(cluster), "status"], check=False, timeout=20)
    except LabError as error:
        return "", f"{host.name}: {error}"
    reason = (answer.stderr.strip().splitlines() or ["no answer"])[-1][-300:]
    return answer.stdout, f"{host.name}: {reason}" if answer.returncode else ""


def asked_for(name: str, wish: Wish) -> Cluster:
    """The cluster before it has a network: everything that two `up` calls can be compared by."""
    if reason := wish.refuse():
        raise LabError(reason)
    seats = tuple(hosts.plan(name, wish.nodes, wish.zones, 0, wish.gateways))
    ports = {"s3": S3, "rpc": RPC, "web": WEB, "admin": ADMIN}
    if wish.form == DOCKER:
        nodes = [containers.directory(name, host) for host in seats]
        product = {**asdict(wish), "binary": garage_docker.ALIAS, "config": garage_docker.CONFIG, "ports": ports}
        own = tuple(str(node / part) for node in nodes for part in ("meta", "data"))
        variables = {host.name: {"garage_unit": f"docker:{containers.container(host, 'garage')}"} for host in seats}
        return Cluster(name, "garage", seats, "docker.service", own, product, variables)
    if wish.form in IN_PODS:
        addresses = {"garage_s3_addresses": [f"http://{node.ADDRESS}:{garage_kubernetes.NODE_PORTS[S3]}"]}
        product = {
            **asdict(wish), "binary": garage_kubernetes.ALIAS, "config": garage_kubernetes.CONFIG, "ports": ports,
            "variables": addresses,
        }  # fmt: skip
        places = tuple(str(kubernetes.volumes(name) / one) for one in garage_kubernetes.claims(len(seats)))
        variables = garage_kubernetes.variables(name, seats, wish.form == DAEMON_SET)
        return Cluster(name, "garage", seats, "haproxy.service", places, product, variables)
    shape = FORMS[wish.form]
    ports["s3"] = PROXY if shape.local else S3
    wrap = ["sh", "-c", f'set -a; . {shape.environment_file}; exec "$@"', "sh"] if wish.secret == "env" else []
    product = {
        **asdict(wish), "binary": shape.binary, "config": shape.config, "metadata": shape.metadata,
        "data": shape.data(wish.data_dirs)[0], "cli": wrap,
        "ports": ports, "unit": shape.service,
        "variables": {} if shape.service == FORMS["plain"].service else {"garage_unit": shape.service},
    }  # fmt: skip
    own = (shape.metadata, *shape.data(wish.data_dirs))
    told = {host.name: dict(shape.told) for host in seats} if shape.told else {}
    return Cluster(name, "garage", seats, shape.service, own, product, told)


def up(expected: Cluster) -> Cluster:
    if found := clusters.standing(expected):
        say(f"cluster {found.name} is up already")
        return found
    name, product = expected.name, expected.product
    wish = Wish(**{field.name: product[field.name] for field in fields(Wish)})
    release.get("garage", wish.release)
    third = hosts.make_network(name)
    seats = hosts.plan(name, wish.nodes, wish.zones, third, wish.gateways)
    settings = Settings(wish.release, secrets.token_hex(32), wish.replication, wish.engine, wish.secret, wish.data_dirs)
    if wish.form in IN_PODS:
        hosts.boot(name, seats, wish.small_disk, garage_kubernetes.PACKAGES)
        garage_kubernetes.up(name, seats, settings, LATER, wish.form == DAEMON_SET)
        return formed(replace(expected, hosts=tuple(seats)))
    docker = wish.form == DOCKER
    more = (lambda host: garage_docker.mounts(name, host)) if docker else (lambda _: [])
    local = not docker and FORMS[wish.form].local
    hosts.boot(name, seats, wish.small_disk, garage_proxy.PACKAGES if local else (), more=more)
    secret = settings.secret
    say(f"installing garage {wish.release} in the form `{wish.form}` and starting it")

    def lay_down(host: Host) -> None:
        if docker:
            text = config("plain", host.address, settings)
            garage_docker.start(name, host, wish.release, text)
        else:
            install(FORMS[wish.form], host, wish, config(wish.form, host.address, settings), secret)
        if local:
            garage_proxy.start(host, wish.release, certificate)

    if docker:
        containers.make_image(garage_docker.RECIPE, wish.release)
    cluster, certificate = replace(expected, hosts=tuple(seats)), ""
    if local:
        certificate = garage_proxy.make(cluster.directory, seats)
        cluster.product.update(ca=str(garage_proxy.authority(cluster.directory)))
        cluster = replace(cluster, variables=garage_proxy.variables(cluster))
    at_once(lay_down, seats)
    return formed(cluster)


def formed(cluster: Cluster) -> Cluster:
    cluster.product["ids"] = form_cluster(cluster)
    cluster.save()
    return cluster
