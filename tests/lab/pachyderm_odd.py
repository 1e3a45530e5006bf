# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The states that break a restore, or that one loses, all at once (traps P36 - P41, P43, P44).

Each has repos and pipelines of its own, next to what a cluster was filled with. What a worker would say is said in its
place, as the captures of 1.7.14 and 1.8.8 have it; so they are made of emulated releases alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.lab import cluster as clusters
from tests.lab import hosts, pachyderm
from tests.lab import pachyderm_fill as filling
from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_manifest as manifest
from tests.lab.cluster import Cluster
from tests.lab.pachyderm_states import Asking, Maker, Said
from tests.lab.proc import LabError, run, wait_for

LOST: dict[str, Any] = {"standby": True, "datum_tries": "5", "scheduling_spec": {"node_selector": {"disk": "ssd"}}}
# Its next tick is most of an hour away: one that came while the pipelines end would open a commit again.
EVERY, AGO = 3600, 2 * 3600 + 300
NAMES = ("v1.0", "feature/x")
COPIES = {"image": "alpine:3", "cmd": ["sh", "-c", "cp -r /pfs/odd/* /pfs/out/"]}


class OnHost(Asking):
    """The lab's own pachctl and server."""

    def __init__(self, cluster: Cluster, version: str) -> None:
        self.cluster, self.version = cluster, version

    def run(self, words: Sequence[str], stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said:
        argv = ["docker", "exec", "-i", self.cluster.hosts[0].container, *pachyderm.base(self.cluster, self.version)]
        done = run([*argv, *words], stdin=stdin.decode(), check=False, timeout=120)
        return Said(done.returncode, done.stdout.encode(), done.stderr.encode())

    def tell(self, verb: str, **args: Any) -> None:
        pachyderm.tell(self.cluster, verb, **args)


def states(make: Maker) -> None:
    read: dict[str, Any] = {
        "input": {"atom" if make.number < (1, 8, 1) else "pfs": {"repo": "odd", "branch": "master", "glob": "/*"}}
    }
    make.do("create", "repo", "odd")
    for path in ("/a.txt", "/m.txt"):  # P43
        make.commit("odd", "master", path, message=f"why {path} was loaded")
    for name in NAMES:  # P40
        make.do("put", "file", *make.place("odd", name, "/x.txt"), "-f", "-", stdin=b"x")
    make.pipeline("worked", transform=COPIES, **read)  # P36
    make.work("worked", succeeds=True)
    make.pipeline("broken", transform={"image": "alpine:3", "cmd": ["false"]}, **read)  # P37
    make.work("broken", succeeds=False)
    make.pipeline("tuned", transform=COPIES, **read, **LOST)  # P38
    make.work("tuned", succeeds=True)
    tick(make)
    make.pipeline("statsy", transform=COPIES, enable_stats=True, **read)  # P41
    # Nobody captured a worker that keeps statistics.
    make.finish("statsy")
    make.do("create", "repo", "derived")
    make.do("create", "branch", *make.place("derived", "master"), "-p", "odd/master")
    make.finish("derived")


def tick(make: Maker) -> None:
    """P39: two ticks, made at once."""
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - AGO))
    cron = {"cron": {"name": "tick", "spec": f"@every {EVERY}s", "start": start}}
    make.pipeline("clock", transform={"image": "alpine:3", "cmd": ["true"]}, input=cron)
    wait_for("the cron ticks twice", lambda: "" if len(make.listed("commit", "clock_tick")) == 2 else "not yet", 30)
    # Nobody captured a worker of a cron.
    make.finish("clock")


def make(cluster: Cluster) -> str:
    version = pachyderm.client(cluster.hosts[0])
    if not forms.emulated(version) or forms.series(version) < (1, 7):
        raise LabError(f"pachyderm {version}: these states are made of emulated releases from 1.7 on")
    hosts.must(cluster.hosts[0], [], files=pachyderm.configuration(cluster, version))
    states(Maker(OnHost(cluster, version), version))
    return note(cluster)


def note(cluster: Cluster) -> str:
    """What there is now is what there was before: for the judge, after an operator has done what a finding says."""
    version, held = pachyderm.client(cluster.hosts[0]), manifest.load(cluster)
    hosts.must(cluster.hosts[0], [], files=pachyderm.configuration(cluster, version))
    held["facts"] = filling.facts(cluster, version)
    again = anew(Maker(OnHost(cluster, version), version))
    held["odd"] = {"series": list(forms.series(version)), "anew": again, "lost": {"tuned": sorted(LOST)}}
    clusters.write(cluster.directory / manifest.FILE, json.dumps(held, indent=1) + "\n")
    return f"noted: {manifest.summary(held)}; computed anew after a step: {', '.join(again)}"


def anew(make: Maker) -> list[str]:
    """The outputs that no dump can carry: of statistics, and those that hold a finished commit without a `tree`."""
    names = [one["pipeline"]["name"] for one in make.listed("pipeline")]
    bare = {
        name for name in names for one in make.listed("commit", name) if "finished" in one and "tree" not in one
    }  # fmt: skip
    return sorted({*bare, "statsy"} & set(names))
