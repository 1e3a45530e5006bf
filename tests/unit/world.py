# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cluster that is only its services, its releases and the writes of its clients, driven by the real record.

What a step does to it is written down once for each verb. Everything else is the product's own: which steps there are,
whether one is needed, what is undone. The evidence is the truth about this cluster, or (as on a platform that leaves
none) nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._operation import record as operation_record


class Broken(Exception):
    """What must never happen."""


@dataclass
class Node:
    up: bool = True
    link: int = 0  # the release that a start runs: a place in the operation's list of releases
    runs: int = 0
    held: bool = False
    closed: bool = False  # the ports
    away: bool = False  # from the load balancer
    starts: int = 0
    engine: int = 0  # the release for whose engine its configuration is
    converted: int = 0  # the release for whose engine there is a database
    backup: int = -1  # of the data of which release
    taken: int = 0  # how many backups were taken
    proved: int = 0  # which of them was proved
    record: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    """stores: release -> the writes that it sees; releases that share their data have the same list."""

    plan: dict[str, Any]
    truthful: bool = True
    nodes: dict[str, Node] = field(default_factory=dict)
    stores: list[list[int] | None] = field(default_factory=list)
    told: list[int] = field(default_factory=list)  # what clients were told is stored
    dump: list[int] | None = None
    serving: int = 0  # side by side: the release that has the clients' port
    paused: bool = False
    changed: int = -1  # the last hop whose data the new release has changed

    def __post_init__(self) -> None:
        passes = [one for hop in self.plan["hops"] for one in hop["passes"].values()]
        names = {name for one in passes for wave in one["waves"] for name in wave}
        self.nodes = {name: Node() for name in sorted(names)}
        self.stores = [[]]
        for hop in self.plan["hops"]:
            self.stores.append(self.stores[-1] if shares(hop) else None)
        run: Any = SimpleNamespace(run="r1", user="u", host="h")  # what a record wants of an owner
        for node in self.nodes.values():
            node.record = operation_record.opened("op", self.plan, run, [self.first_step()], 0.0)

    def first_step(self) -> str:
        return next(step["key"] for one in self.plan["hops"][0]["passes"].values() for step in one["steps"])

    # What clients do.

    def write(self) -> None:
        """A client writes wherever it is let in."""
        for node in self.nodes.values():
            if node.up and not node.closed:
                store = self.stores[max(node.runs, self.serving)]
                if store is None:
                    raise Broken(f"the release {node.runs} serves clients on data that it does not have")
                mark = len(self.told)
                store.append(mark)
                self.told.append(mark)
                return

    def served(self) -> list[int]:
        node = next(iter(self.nodes.values()))
        return self.stores[max(node.runs, self.serving)] or []

    def reboot(self) -> None:
        for node in self.nodes.values():
            node.up = not node.held
            if node.up:
                self.run(node)

    def run(self, node: Node) -> None:
        node.up, node.runs = True, node.link
        if node.engine > node.converted:
            raise Broken(f"the release {node.runs} is started on an empty database")
        if node.link and adopts(self.plan["hops"][node.link - 1]) and node.engine < node.link:
            raise Broken(f"the release {node.runs} is started with a configuration that it does not read")
        if self.stores[node.runs] is None:
            raise Broken(f"the release {node.runs} is started on data that nobody has converted for it")

    # What the steps do.

    def do(self, key: str, name: str) -> None:
        number, _pass, _place, verb = key.split("/")
        node = self.nodes[name]
        action = getattr(self, f"do_{verb}", None)
        if action:
            action(node, int(number))

    def do_stop(self, node: Node, _hop: int) -> None:
        node.up, node.held = False, True

    def do_start(self, node: Node, _hop: int) -> None:
        node.held = False
        if not node.up:
            node.starts += 1
            self.run(node)

    def do_restart(self, node: Node, hop: int) -> None:
        if not node.up or node.runs != node.link:
            node.up = False
            self.do_start(node, hop)

    def do_quiesce(self, node: Node, _hop: int) -> None:
        node.closed = True

    def do_resume(self, node: Node, _hop: int) -> None:
        node.closed = False

    def do_pause(self, _node: Node, _hop: int) -> None:
        self.paused = True

    def do_unpause(self, _node: Node, _hop: int) -> None:
        self.paused = False

    def do_before_wave(self, node: Node, _hop: int) -> None:
        node.away = True

    def do_after_wave(self, node: Node, _hop: int) -> None:
        node.away = False

    def do_activate(self, node: Node, hop: int) -> None:
        if node.proved < node.taken and own_copies(self.plan["hops"][hop]):
            raise Broken("the new release is made active after a backup that nobody has proved")
        node.link = hop + 1
        verbs = {step["verb"] for one in self.plan["hops"][hop]["passes"].values() for step in one["steps"]}
        if not verbs & {"start", "restart", "redeploy"}:
            self.run(node)  # Kubernetes starts it anew by itself

    def do_backup(self, node: Node, hop: int) -> None:
        if node.runs > hop:
            raise Broken("a backup is taken after the new release ran on the data")
        if self.changed == hop:
            raise Broken("a backup is taken after the data were migrated")
        if adopts(self.plan["hops"][hop]) and node.engine <= hop:
            raise Broken("a backup is taken of the database that the way back does not go to")
        node.backup = hop
        node.taken += 1

    def do_backup_live(self, node: Node, hop: int) -> None:
        if not node.up:
            raise Broken("a node that is down is asked for a snapshot")
        self.do_backup(node, hop)

    def do_prove(self, node: Node, _hop: int) -> None:
        node.proved = node.taken

    def do_extract(self, _node: Node, hop: int) -> None:
        self.dump = list(self.stores[hop] or [])

    def do_convert(self, node: Node, hop: int) -> None:
        if node.up:
            raise Broken("a database is converted while it is written")
        node.converted = hop + 1
        self.change(hop)

    def do_adopt(self, node: Node, hop: int) -> None:
        node.engine = hop + 1

    def do_migrate(self, _node: Node, hop: int) -> None:
        self.change(hop)
        self.changed = hop

    do_offline_repair = do_admit = do_migrate

    def change(self, hop: int) -> None:
        """What the new release reads is made from what the old one has left."""
        if self.stores[hop + 1] is self.stores[hop]:
            return
        self.throw_away(hop, self.stores[hop] or [])
        self.stores[hop + 1] = list(self.stores[hop] or [])

    def throw_away(self, hop: int, for_: list[int]) -> None:
        lost = set(self.stores[hop + 1] or []) - set(for_)
        if lost:
            raise Broken(f"{len(lost)} writes of clients are thrown away")

    def do_undeploy(self, node: Node, hop: int) -> None:
        self.do_stop(node, hop)
        self.throw_away(hop, self.dump or [])

    def do_redeploy(self, node: Node, hop: int) -> None:
        self.throw_away(hop, self.dump or [])
        self.stores[hop + 1] = []
        self.do_start(node, hop)

    def do_beside(self, _node: Node, hop: int) -> None:
        self.throw_away(hop, self.dump or [])
        self.stores[hop + 1] = []

    def do_restore(self, _node: Node, hop: int) -> None:
        self.throw_away(hop, self.dump or [])
        self.stores[hop + 1] = list(self.dump or [])

    def do_switch(self, node: Node, hop: int) -> None:
        self.serving, node.link, node.runs, node.closed = hop + 1, hop + 1, hop + 1, False

    # What a failing run gives back.

    def recover(self, name: str, opened: list[str], hop: int) -> None:
        node = self.nodes[name]
        if "activate" in self.plan["retracts"] and opened:
            node.link = hop
            node.up = node.up and node.runs == hop
        if "ports" in opened:
            node.closed = False
        if "service" in opened or (opened and "activate" in self.plan["retracts"]):
            self.do_start(node, hop)
        if "balancer" in opened:
            node.away = False
        if "pipelines" in opened:
            self.paused = False

    # What the steps leave, and whether it is still so.

    def evidence(self, key: str, name: str) -> list[dict[str, Any]]:
        node = self.nodes[name]
        if not self.truthful:
            return []
        return [
            {"slot": "service", "active": node.up},
            {"slot": "ports", "closed": node.closed},
            {"slot": "release", "link": node.link},
            {"slot": "backup", "of": node.backup},
        ]

    def holds(self, name: str, item: Any) -> str:
        node = self.nodes[name]
        seen = {
            "service": {"active": node.up},
            "ports": {"closed": node.closed},
            "release": {"link": node.link},
            "backup": {"of": node.backup},
        }[item["slot"]]
        return "" if {"slot": item["slot"], **seen} == item else f"{item} is {seen} now."


def shares(hop: dict[str, Any]) -> bool:
    """Do the old and the new release read the same data? Also where the new one migrates them while it runs, and where
    the old one goes on with what was converted."""
    if adopts(hop):
        return True
    verbs = [step["verb"] for one in hop["passes"].values() for step in one["steps"]]
    online = "migrate" in verbs and "start" in verbs[: verbs.index("migrate")]
    return online or not set(verbs) & {"convert", "migrate", "redeploy", "deploy_parallel"}


def own_copies(hop: dict[str, Any]) -> bool:
    """Does each node back up what it has itself, and prove it before the switch?"""
    verbs = [step["verb"] for one in hop["passes"].values() for step in one["steps"]]
    return "backup_live" in verbs


def adopts(hop: dict[str, Any]) -> bool:
    return any(step["verb"] == "adopt" for one in hop["passes"].values() for step in one["steps"])


@dataclass(frozen=True)
class Cut:
    """Where the first run ends. moment: begun (nothing done), inside (done, not noted), after (noted)."""

    key: str
    node: str
    moment: str
    recover: bool = False


class Ended(Exception):
    """The run was ended here."""


def play(world: World, run: str, cut: Cut | None = None) -> list[str]:
    """One run of the operation, as the passes play it; the steps that were done, as `key node`."""
    did: list[str] = []
    for hop in world.plan["hops"]:
        for one in hop["passes"].values():
            for wave in one["waves"]:
                try:
                    _wave(world, run, one["steps"], wave, cut, did)
                except Ended:
                    if cut and cut.recover:
                        for name in wave:
                            _begun(world, run, cut, name)
                        fail(world, run, int(cut.key.split("/", 1)[0]), wave)
                    raise
    for name, node in world.nodes.items():
        operation_record.demand_complete(node.record, name)
        node.record["state"] = "finished"
    return did


def _begun(world: World, run: str, cut: Cut, name: str) -> None:
    """Ansible ends a task at every node of the wave before it goes to the rescue."""
    record = world.nodes[name].record
    if cut.key not in record["steps"] or record["steps"][cut.key]["state"] == "undone":
        operation_record.begun(record, cut.key, run, 0.0, "not done yet")


def fail(world: World, run: str, hop: int, wave: list[str]) -> None:
    """What the rescue of a failing run does: every node has begun what the leader has."""
    for name in wave:
        opened, _keys = operation_record.undone(world.nodes[name].record, hop, run, 0.0)
        world.recover(name, opened, hop)


def _wave(world: World, run: str, steps: Any, wave: Any, cut: Cut | None, did: list[str]) -> None:
    for step in steps:
        for name in wave:
            here = cut if cut and (cut.key, cut.node) == (step["key"], name) else None
            _step(world, run, step, name, here, did)
        world.write()


def _step(world: World, run: str, step: Any, name: str, cut: Cut | None, did: list[str]) -> None:
    key, scope = step["key"], step["scope"]
    record = world.nodes[name].record
    needed = operation_record.need(record, key, run, lambda item: world.holds(name, item))
    if needed.needed:
        operation_record.begun(record, key, run, 0.0, needed.reason, needed.looked)
        if cut and cut.moment == "begun":
            raise Ended
        if scope == "node" or name == world.plan["leader"]:  # every node records it
            world.do(key, name)
        did.append(f"{key} {name}")
        if cut and cut.moment == "inside":
            raise Ended
        operation_record.finished(record, key, world.evidence(key, name), 0.0)
    if cut:
        raise Ended
