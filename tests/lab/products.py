# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab's commands ask of a product. One function a product, which imports its modules."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.lab.cluster import Cluster
from tests.lab.proc import LabError

Clients: TypeAlias = list[tuple[str, Any]]  # where, and an S3 client for it, in the order in which a customer tries


@dataclass(frozen=True)
class Product:
    wanted: Callable[[argparse.Namespace], Cluster]
    up: Callable[[Cluster], Cluster]
    fill: Callable[[Cluster, int], str]
    verify: Callable[[Cluster, str], list[str]]
    summary: Callable[[Cluster], str]
    # The load's own customer, made once and left where it is; and the prefix of all that it writes.
    clients: Callable[[Cluster], Clients]
    prefix: str = ""


def garage() -> Product:
    from tests.lab import fill, judge, load, manifest
    from tests.lab import garage as product

    def wanted(args: argparse.Namespace) -> Cluster:
        wish = product.Wish(**{field.name: getattr(args, field.name) for field in dataclasses.fields(product.Wish)})
        return product.asked_for(args.name, wish)

    return Product(
        wanted, product.up, fill.fill, judge.verify, lambda cluster: manifest.summary(manifest.load(cluster)),
        load.garage_clients,
    )  # fmt: skip


def lakefs() -> Product:
    from tests.lab import lakefs as product
    from tests.lab import lakefs_fill, lakefs_judge, lakefs_kubernetes, lakefs_load

    def wanted(args: argparse.Namespace) -> Cluster:
        if args.form == "kubernetes":
            return lakefs_kubernetes.asked_for(args.name, args.nodes, args.release, args.small_disk)
        return product.asked_for(args.name, args.nodes, args.release, args.form, args.small_disk)

    def up(cluster: Cluster) -> Cluster:
        return lakefs_kubernetes.up(cluster) if cluster.product["form"] == "kubernetes" else product.up(cluster)

    return Product(
        wanted, up, lakefs_fill.fill, lakefs_judge.verify, lakefs_judge.summary, lakefs_load.clients, "main/"
    )


def pachyderm() -> Product:
    from tests.lab import pachyderm as product
    from tests.lab import pachyderm_fill, pachyderm_judge

    def wanted(args: argparse.Namespace) -> Cluster:
        return product.asked_for(args.name, args.release, args.small_disk)

    def clients(cluster: Cluster) -> Clients:
        raise LabError(f"cluster {cluster.name} is Pachyderm's: its data comes by commits, there is no load for it")

    return Product(wanted, product.up, pachyderm_fill.fill, pachyderm_judge.verify, pachyderm_judge.summary, clients)


PRODUCTS: dict[str, Callable[[], Product]] = {"garage": garage, "lakefs": lakefs, "pachyderm": pachyderm}


def of(name: str) -> Product:
    if name not in PRODUCTS:
        raise LabError(f"product {name!r}: wanted one of {', '.join(PRODUCTS)}")
    return PRODUCTS[name]()
