# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage in docker containers."""

from __future__ import annotations

from tests.lab import containers, hosts
from tests.lab.cluster import write
from tests.lab.containers import Recipe
from tests.lab.hosts import Host

CONFIG, META, DATA = "/etc/garage.toml", "/var/lib/garage/meta", "/var/lib/garage/data"
RECIPE = Recipe(
    "garage", "v{}", "/garage", ('CMD ["/garage", "server"]', "ENV RUST_BACKTRACE=1", "ENV RUST_LOG=garage=info")
)
# What operators of containers are told to have; nothing of the collection may take it for the program.
ALIAS = "/usr/local/sbin/garage-in-docker"


def mounts(cluster: str, host: Host) -> list[str]:
    return containers.mounts(cluster, host, ("meta", "data"))


def start(cluster: str, host: Host, version: str, text: str) -> None:
    here = containers.directory(cluster, host)
    write(here / "garage.toml", text)
    binds = {CONFIG: f"{here}/garage.toml", META: f"{here}/meta", DATA: f"{here}/data"}
    containers.start(cluster, host, RECIPE, version, binds)
    name = containers.container(host, RECIPE.product)
    hosts.must(host, [["chmod", "755", ALIAS]], files={ALIAS: f'#!/bin/sh\nexec docker exec -i {name} /garage "$@"\n'})
