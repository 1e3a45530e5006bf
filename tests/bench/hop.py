# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Garage 0.7.0 to 0.8.7 on three real hosts under load: by us, and by what people use today."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench.measured import Figure, timed
from tests.lab import cluster as clusters
from tests.lab import fill, garage, judge, load, paths
from tests.lab.cluster import Cluster

HERE = Path(__file__).resolve().parent
FROM, TO, NODES = "0.7.0", "0.8.7", 3
OBJECTS, INTERVAL = 200, 0.05
ABOUT = f"Garage {FROM} to {TO}, {NODES} nodes in {NODES} zones, {OBJECTS} objects, {1 / INTERVAL:g} requests a second"
Argv = Callable[[Cluster, Path], list[str]]


def _playbook(name: str, **extra: str) -> Argv:
    def argv(cluster: Cluster, program: Path) -> list[str]:
        ansible = str(Path(sys.executable).with_name("ansible-playbook"))
        more = [word for key, value in extra.items() for word in ("-e", f"{key}={value.format(program=program)}")]
        return [ansible, "-i", str(cluster.directory / "inventory.yml"), name, *more]

    return argv


def _ours(strategy: str) -> Argv:
    source = str(paths.cache() / "garage")
    given = {"garage_version": TO, "garage_strategy": strategy, "garage_release_source": source}
    return _playbook("uplift.datastores.garage_upgrade", **given)


def _runbook(cluster: Cluster, program: Path) -> list[str]:
    return [str(HERE / "runbook"), str(paths.key()), str(program), *(host.address for host in cluster.hosts)]


CONTENDERS: Mapping[str, Argv] = {
    "rolling": _ours("rolling"),
    "all_at_once": _ours("all_at_once"),
    "runbook": _runbook,
    "plain": _playbook(str(HERE / "plain_upgrade.yml"), plain_source="{program}"),
}


def run(name: str, place: Path) -> Figure:
    """A fresh cluster with data and a client for each; what it holds is compared by the lab's own judge."""
    called = f"bench-{name.replace('_', '-')}"
    if called in clusters.known():
        clusters.down(called)
    cluster = garage.up(garage.asked_for(called, garage.Wish(FROM, NODES, NODES)))
    try:
        fill.fill(cluster, OBJECTS)
        load.start(cluster, INTERVAL)
        program = paths.cache() / "garage" / TO / "bin" / "garage"
        argv = CONTENDERS[name](cluster, program)
        settings = {"ANSIBLE_CONFIG": str(HERE.parent / "run" / "ansible.cfg")}
        figure = timed(name, NODES, argv, place / f"{name}.log", settings)
        load.stop(cluster)
        return replace(figure, **noticed(cluster), note=judged(judge.verify(cluster, TO)))
    finally:
        clusters.down(called)


def noticed(cluster: Cluster) -> dict[str, Any]:
    """What the client met."""
    stats = json.loads(load.files(cluster)[0].read_text(encoding="utf-8"))
    return {"outage": stats["longest_outage"], "failed": stats["failed_everywhere"], "requests": stats["requests"]}


def judged(different: list[str]) -> str:
    return f"({len(different)} DIFFERENCES)" if different else ""
