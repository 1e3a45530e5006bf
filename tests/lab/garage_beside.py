# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second Garage cluster on the hosts of one that stands: a unit, paths and ports of its own, the same account."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from tests.lab import cluster as clusters
from tests.lab import garage, paths, release
from tests.lab.cluster import Cluster
from tests.lab.garage_forms import FORMS, Form, Settings, config
from tests.lab.proc import LabError, at_once, say

FURTHER = 1000  # its ports are as much higher


def form(name: str) -> Form:
    """The form `plain`, with the cluster's name wherever two would meet."""
    first, service = FORMS["plain"], f"{name}.service"
    binary, home, file = f"/usr/local/bin/{name}", f"/var/lib/{name}", f"/etc/{name}.toml"
    unit = first.unit.replace(first.binary, binary).replace(first.config, file)
    return replace(first, binary=binary, config=file, home=home, service=service, unit=unit)


def text(shape: Form, address: str, settings: Settings) -> str:
    said = config("plain", address, settings).replace(FORMS["plain"].home, shape.home)
    return re.sub(r":(39\d\d)\b", lambda found: f":{int(found[1]) + FURTHER}", said)


def up(name: str, beside: str, wanted: str) -> Cluster:
    first = clusters.load(beside)
    if first.group != "garage" or first.product["form"] != "plain" or paths.cluster(name).exists():
        raise LabError(f"cluster {name} beside {beside}: expected a new name, and a Garage cluster in the form plain")
    shape, secret = form(f"garage-{name.rpartition('-')[2]}"), secrets.token_hex(32)
    say(f"installing garage {wanted} as {shape.service} on the hosts of {beside}")
    release.get("garage", wanted)
    wish = garage.Wish(wanted, first.product["nodes"], first.product["zones"])
    settings = Settings(wanted, secret)
    at_once(lambda host: garage.install(shape, host, wish, text(shape, host.address, settings), secret), first.hosts)
    ports = {kind: port + FURTHER for kind, port in first.product["ports"].items()}
    product = {
        **first.product, "release": wanted, "beside": beside, "binary": shape.binary, "config": shape.config,
        "metadata": shape.metadata, "data": shape.data()[0], "ports": ports, "unit": shape.service,
        "variables": {"garage_unit": shape.service.removesuffix(".service")},
    }  # fmt: skip
    cluster = replace(
        first, name=name, service=shape.service, own_data=(shape.metadata, *shape.data()), product=product
    )
    cluster.product["ids"] = garage.form_cluster(cluster)
    cluster.save()
    return cluster
