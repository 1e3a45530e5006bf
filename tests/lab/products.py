# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's commands ask of a product. One function a product, which imports its modules."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.lab import ledger
from tests.lab.cluster import Cluster
from tests.lab.ledger import Writer
from tests.lab.proc import LabError, wait_for

Clients: TypeAlias = list[tuple[str, Any]]  # where, and an S3 client for it, in the order in which a customer tries


@dataclass(frozen=True)
class Product:
    expected: Callable[[argparse.Namespace], Cluster]
    up: Callable[[Cluster], Cluster]
    fill: Callable[[Cluster, int], str]
    verify: Callable[[Cluster, str], list[str]]
    summary: Callable[[Cluster], str]
    # The load's own customer, made once and left where it is; and the prefix of all that it writes.
    clients: Callable[[Cluster], Clients]
    # Who writes what is demanded afterwards, through these clients; when it was begun.
    writer: Callable[[Cluster, Clients, float], Writer]
    # "" when the product is no store of objects: the writer is its only customer.
    prefix: str = ""
    objects: bool = True
    # What is missing until it serves again after its hosts were booted; empty when nothing is.
    silence: Callable[[Cluster], str] = lambda _cluster: ""
    # What an operator does when all hosts were booted at once.
    wake: Callable[[Cluster], None] = lambda _cluster: None


def garage() -> Product:
    from tests.lab import fill, judge, load, manifest
    from tests.lab import garage as product

    def expected(args: argparse.Namespace) -> Cluster:
        wish = product.Wish(**{field.name: getattr(args, field.name) for field in dataclasses.fields(product.Wish)})
        return product.asked_for(args.name, wish)

    def wake(cluster: Cluster) -> None:
        """A node notes its peers once a minute, and knows nobody when all others are new to it, too."""
        wait_for("every garage daemon answers its command line", lambda: product.silence(cluster), 60)
        product.connect(cluster, cluster.product["ids"])

    return Product(
        expected, product.up, fill.fill, judge.verify, lambda cluster: manifest.summary(manifest.load(cluster)),
        load.garage_clients, lambda _cluster, opened, begun: ledger.S3Writer(opened, "", begun),
        silence=lambda cluster: product.unhealthy(cluster, cluster.product["ids"], roles=True), wake=wake,
    )  # fmt: skip


def lakefs() -> Product:
    from tests.lab import lakefs as product
    from tests.lab import lakefs_api, lakefs_fill, lakefs_judge, lakefs_kubernetes, lakefs_load

    def expected(args: argparse.Namespace) -> Cluster:
        if args.form == "kubernetes":
            return lakefs_kubernetes.asked_for(args.name, args.nodes, args.release, args.small_disk)
        return product.asked_for(args.name, args.nodes, args.release, args.form, args.small_disk)

    def up(cluster: Cluster) -> Cluster:
        return lakefs_kubernetes.up(cluster) if cluster.product["form"] == "kubernetes" else product.up(cluster)

    def writer(cluster: Cluster, opened: Clients, begun: float) -> Writer:
        return ledger.LakefsWriter(opened, "main/", begun, lakefs_fill.door(cluster))

    def silence(cluster: Cluster) -> str:
        everywhere = [host.address for host in (*product.instances(cluster), product.database(cluster))]
        return "; ".join(filter(None, map(lakefs_api.silence, everywhere)))

    return Product(
        expected, up, lakefs_fill.fill, lakefs_judge.verify, lakefs_judge.summary, lakefs_load.clients, writer, "main/",
        silence=silence,
    )  # fmt: skip


def pachyderm() -> Product:
    from tests.lab import pachyderm as product
    from tests.lab import pachyderm_fill, pachyderm_judge, pachyderm_kubernetes, pachyderm_load

    def expected(args: argparse.Namespace) -> Cluster:
        if args.form == "kubernetes":
            return pachyderm_kubernetes.asked_for(args.name, args.release, args.small_disk)
        return product.asked_for(args.name, args.release, args.small_disk)

    def up(cluster: Cluster) -> Cluster:
        return pachyderm_kubernetes.up(cluster) if cluster.product.get("form") else product.up(cluster)

    def clients(cluster: Cluster) -> Clients:
        """None that differ: all goes by the one pachctl."""
        pachyderm_load.PachydermWriter(cluster, 0.0).make_repo()
        return []

    return Product(
        expected, up, pachyderm_fill.fill, pachyderm_judge.verify, pachyderm_judge.summary, clients,
        lambda cluster, _opened, begun: pachyderm_load.PachydermWriter(cluster, begun), objects=False,
        silence=lambda cluster: "" if product.server(cluster) else "pachd does not answer",
    )  # fmt: skip


PRODUCTS: dict[str, Callable[[], Product]] = {"garage": garage, "lakefs": lakefs, "pachyderm": pachyderm}


def of(name: str) -> Product:
    if name not in PRODUCTS:
        raise LabError(f"product {name!r}: expected one of {', '.join(PRODUCTS)}")
    return PRODUCTS[name]()


def losses(cluster: Cluster, gone_over: Sequence[tuple[float, float]] = ()) -> list[str]:
    """What the lab's client was told is stored and is not there, as sentences; see `ledger.demanded`."""
    noted = ledger.demanded(ledger.entries(cluster), gone_over)
    if not noted:
        return []
    product = of(cluster.group)
    opened = product.clients(cluster)
    try:
        return ledger.losses(product.writer(cluster, opened, 0.0), noted)
    finally:
        for _address, client in opened:
            client.close()
