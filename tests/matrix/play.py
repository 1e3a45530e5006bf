# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays one cell: a filled cluster, a client, the upgrade, the fault, the same command again, and the judge."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from upgrades import Cluster as Operator

from tests.lab import cluster as clusters
from tests.lab import hosts, ledger, load, pachyderm_fill, paths, products, record, snapshots
from tests.lab.cluster import Cluster
from tests.lab.hosts import Host
from tests.lab.proc import LabError, at_once, run, say, signal_family, wait_for
from tests.matrix import faults
from tests.matrix.cells import Cell, Upgrade, at_the_leader
from tests.matrix.results import last_words

RUN_SECONDS = 900
# How often the same command is given after the run that the fault hit.
AGAIN = 3
# What the client does between two runs, at half a second each.
BETWEEN = 4.0
INTERVAL = 0.25
# A step whose evidence is that data went back to an earlier time.
WENT_BACK = {"restore", "recall"}
COMPARED_NOT = "Could not be compared"
BACKED_UP = {"backup", "extract"}


class Wrong(Exception):
    """What the cell demands and did not find, as a sentence."""


@dataclass
class Outcome:
    result: str = "passed"  # passed, failed, or missed: the step never began
    how: str = ""
    host: str = ""
    seconds: float = 0.0
    runs: list[int] = field(default_factory=list)
    promised: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Stage:
    cell: Cell
    cluster: Cluster
    operator: Operator
    logs: Path
    outcome: Outcome = field(default_factory=Outcome)
    gone_over: list[tuple[float, float]] = field(default_factory=list)

    @property
    def upgrade(self) -> Upgrade:
        return self.cell.upgrade

    @property
    def nodes(self) -> list[Host]:
        return record.nodes(self.cluster)

    def start(self, playbook: str, **more: Any) -> subprocess.Popen[str]:
        product = self.upgrade.product
        number = len(self.outcome.runs) + 1
        given = {"uplift_connection_patience": 60, "operation_lease_seconds": 60, **more}
        if playbook.endswith("_upgrade"):
            given |= {f"{product}_version": self.upgrade.target, f"{product}_strategy": self.upgrade.strategy}
        return self.operator.start(playbook, aside=self.logs / f"run-{number}.txt", **given)

    def said(self) -> str:
        """By the last run that has ended."""
        return (self.logs / f"run-{len(self.outcome.runs)}.txt").read_text(encoding="utf-8", errors="replace")

    def ended(self, process: subprocess.Popen[str]) -> int:
        try:
            code = process.wait(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            signal_family(process.pid, signal.SIGKILL)
            process.wait()
            self.outcome.runs.append(-9)
            raise Wrong(f"a run had no end after {RUN_SECONDS} s") from None
        self.outcome.runs.append(code)
        return code


def standing(upgrade: Upgrade) -> Cluster:
    """The cluster as it was filled: made and kept when it is first expected, put back from then on."""
    name = upgrade.cluster
    lab = [str(paths.HERE / "lab")]
    if name not in clusters.known() or not (paths.cluster(name) / "state.json").exists():
        run([*lab, "up", "--name", name, "--release", upgrade.made or upgrade.source, *upgrade.up], timeout=3600)
    run([*lab, "release", upgrade.product, upgrade.target], timeout=3600)
    cluster = clusters.load(name)
    if not snapshots.kept(cluster):
        wait_until_it_serves(cluster)
        run([*lab, "fill", "--name", name, "--objects", str(upgrade.objects)], timeout=900)
        for _address, client in products.of(cluster.group).clients(cluster):
            client.close()
        if upgrade.made:
            run([*lab, "become", "--name", name, "--release", upgrade.source], timeout=900)
            cluster = clusters.load(name)
        snapshots.keep(cluster)
    else:
        load.stop(cluster)
        snapshots.put_back(cluster)
    ledger.path(cluster).unlink(missing_ok=True)
    products.of(cluster.group).wake(cluster)
    wait_until_it_serves(cluster)
    return cluster


def wait_until_it_serves(cluster: Cluster) -> None:
    product = products.of(cluster.group)
    wait_for(f"cluster {cluster.name} serves", lambda: product.silence(cluster), 120, pause=1)


def play(cell: Cell, logs: Path) -> Outcome:
    begun = time.monotonic()
    cluster = standing(cell.upgrade)
    stage = Stage(cell, cluster, Operator(cluster.name, cell.upgrade.product), paths.made(logs))
    outcome = stage.outcome
    try:
        with client(stage):
            act(stage)
        outcome.wrong += judged(stage)
    except (Wrong, LabError) as wrong:
        outcome.wrong.append(str(wrong))
    if outcome.wrong:
        outcome.result = "failed"
    outcome.promised = len(ledger.entries(cluster))
    outcome.seconds = round(time.monotonic() - begun, 1)
    return outcome


@contextlib.contextmanager
def client(stage: Stage) -> Iterator[None]:
    load.start(stage.cluster, INTERVAL)
    try:
        yield
    finally:
        (stage.logs / "load.txt").write_text(load.stop(stage.cluster) + "\n", encoding="utf-8")


def prepare(stage: Stage) -> None:
    if stage.cell.fault.name == "disk-full":
        for host in stage.nodes:
            mount = ["mount", "-t", "tmpfs", "-o", "size=1g,mode=755", "tmpfs", "/var/backups"]
            hosts.must(host, [["mkdir", "-p", "/var/backups"], mount])


def act(stage: Stage) -> None:
    product, fault = stage.upgrade.product, stage.cell.fault
    prepare(stage)
    with record.watched(stage.cluster, [stage.cell.key], at_the_leader(stage.upgrade, stage.cell.key)) as wait:
        process = stage.start(f"{product}_upgrade")
        try:
            name, _key = wait(lambda: process.poll() is not None, RUN_SECONDS)
            if not name:
                code = stage.ended(process)
                stage.outcome.result = "missed"
                raise Wrong(f"the step never began, and the run ended with {code}: {last_words(stage.said())}")
            scene = played(stage, process, name)
            code = stage.ended(process)
        finally:
            if process.poll() is None:
                signal_family(process.pid, signal.SIGKILL)
                process.wait()
    if fault.name == "dies-later" and code == 0:
        served(stage, "after a run that ended with 0")
    if fault.noticed and code == 0:
        raise Wrong(f"the run did not notice it and ended with 0: {scene.said}")
    if fault.open and (code or COMPARED_NOT not in " ".join(stage.said().split())):
        raise Wrong(f"the run ended with {code}, expected 0 and {COMPARED_NOT!r}: {last_words(stage.said())}")
    if fault.refused:
        refused(stage)
    if heal := faults.HEAL.get(fault.name):
        scene.kept["words"] = stage.said()
        heal(scene)
    if fault.open and (code := stage.ended(stage.start(f"{product}_verify"))):
        raise Wrong(f"comparing again ended with {code}: {last_words(stage.said())}")
    stage.outcome.how = scene.said
    again(stage, code)


def played(stage: Stage, process: subprocess.Popen[str], name: str) -> faults.Scene:
    host = stage.cluster.host(name)
    stage.outcome.host = name
    started = record.of(stage.cluster, host)["steps"][stage.cell.key]["started"]
    output = stage.logs / f"run-{len(stage.outcome.runs) + 1}.txt"
    scene = faults.Scene(stage.upgrade, stage.cluster, host, process, stage.cell.key, started, output)
    if stage.cell.fault.held:
        signal_family(process.pid, signal.SIGSTOP)
    try:
        faults.INJECT[stage.cell.fault.name](scene)
    finally:
        if stage.cell.fault.held:
            signal_family(process.pid, signal.SIGCONT)
    say(f"{stage.cell.fault.name} on {name} at {stage.cell.key}: {scene.said or 'done'}")
    return scene


def refused(stage: Stage) -> None:
    """One run with the fault still there: it has to say no, in a sentence, and do no step."""
    before = [record.of(stage.cluster, host).get("steps") for host in stage.nodes]
    code = stage.ended(stage.start(f"{stage.upgrade.product}_upgrade"))
    sentence(stage, code)
    if code == 0 or before != [record.of(stage.cluster, host).get("steps") for host in stage.nodes]:
        raise Wrong(f"the run did not refuse: it ended with {code}, or changed the record")


def sentence(stage: Stage, code: int) -> None:
    said = stage.said()
    if code and ("Traceback (most recent call last)" in said or "MODULE FAILURE" in said):
        raise Wrong(f"run {len(stage.outcome.runs)} ended with a traceback instead of a sentence")


def work(stage: Stage) -> None:
    """What Pachyderm's workers do, where none run: a recovery starts the pipelines, and each opens an output commit."""
    if stage.upgrade.product == "pachyderm":
        with contextlib.suppress(LabError):  # a server that is down has none
            pachyderm_fill.end_outputs(stage.cluster, stage.upgrade.source)


def again(stage: Stage, code: int) -> None:
    """The same command, until it ends well or has nothing new to say; then the rollback."""
    product, words = stage.upgrade.product, ""
    for _turn in range(AGAIN):
        time.sleep(BETWEEN)
        work(stage)
        code = stage.ended(stage.start(f"{product}_upgrade"))
        sentence(stage, code)
        if code == 0:
            stage.outcome.how = told(stage, f"finished by run {len(stage.outcome.runs)}")
            return
        before, words = words, last_words(stage.said())
        if words == before:
            break
    time.sleep(BETWEEN)
    since = backed_up(stage)
    code = stage.ended(stage.start(f"{product}_rollback", **{f"{product}_confirm": ["rollback"]}))
    if code:
        raise Wrong(f"refused ({words}), and the rollback ended with {code}: {last_words(stage.said())}")
    if any(faults_back(record.of(stage.cluster, host)) for host in stage.nodes):
        stage.gone_over.append((since, time.time()))
    stage.outcome.how = told(stage, f"refused ({words}); gone back")


def told(stage: Stage, end: str) -> str:
    return "; ".join(filter(None, [stage.outcome.how, end]))


def faults_back(kept: dict[str, Any]) -> bool:
    return any(key.rsplit("/", 1)[1] in WENT_BACK for key in kept.get("steps", {}))


def backed_up(stage: Stage) -> float:
    """When the first backup of any node was begun; now, without one."""
    steps = [step for host in stage.nodes for step in record.of(stage.cluster, host).get("steps", {}).items()]
    return min([step["started"] for key, step in steps if key.rsplit("/", 1)[1] in BACKED_UP], default=time.time())


def served(stage: Stage, when: str) -> None:
    service = stage.cluster.service
    for host in stage.nodes:
        state = run(["docker", "exec", host.container, "systemctl", "is-active", service], check=False).stdout.strip()
        if state != "active":
            raise Wrong(f"{host.name}: {service} is {state} {when}")


def judged(stage: Stage) -> list[str]:
    """Everything that is demanded at the end, as sentences about what is not so."""
    cluster, one = stage.cluster, stage.upgrade
    back = "gone back" in stage.outcome.how
    try:
        served(stage, "at the end")
        wait_until_it_serves(cluster)
    except (Wrong, LabError) as wrong:
        return [str(wrong), *left_behind(stage)]
    found = products.of(cluster.group).verify(cluster, one.source if back else one.target)
    found += products.losses(cluster, stage.gone_over)
    if not ledger.entries(cluster):
        found.append("the client was never told that anything is stored")
    if stage.cell.fault.name == "edited-config":
        host = cluster.host(stage.outcome.host)
        text = run(["docker", "exec", host.container, "cat", faults.config(cluster)], check=False).stdout
        if faults.EDITED not in text:
            found.append(f"{host.name}: what the operator wrote into {faults.config(cluster)} is gone")
    return found + left_behind(stage)


def left_behind(stage: Stage) -> list[str]:
    found = [said for several in at_once(lambda host: host_left(stage, host), stage.nodes) for said in several]
    product = stage.upgrade.product
    if product == "garage":
        first = stage.nodes[0].name
        listed = stage.operator.garage(first, "bucket", "list") + stage.operator.garage(first, "key", "list")
        found += ["a key or bucket named uplift- is left"] if "uplift-" in listed else []
    if product == "lakefs":
        names = stage.operator.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").split()
        found += [f"databases at the end: {', '.join(names)}"] if names != ["lakefs", "postgres"] else []
    if list(stage.operator.reports.glob(".probe-*")):
        found.append("the probe has left its directory")
    return found


def host_left(stage: Stage, host: Host) -> list[str]:
    """Drop-ins that hold a service or move a port, the lease, temporary directories, a record that is not closed."""
    places = ["/etc/systemd/system", "/run/systemd/system", "/run/systemd/transient", "/tmp", "/var/tmp"]
    argv = ["find", *places, "-name", "*uplift*"]
    listed = run(["docker", "exec", host.container, *argv], check=False).stdout.split()
    here = f"/var/lib/uplift/{stage.upgrade.product}"
    listed += run(["docker", "exec", host.container, "find", here, "-name", "lease.json"], check=False).stdout.split()
    found = [f"{host.name}: left behind: {', '.join(listed)}"] if listed else []
    state = record.of(stage.cluster, host).get("state", "none")
    return found + ([f"{host.name}: the record is {state}, expected finished"] if state != "finished" else [])
