# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the matrix is made of: upgrades, faults, and the steps of each upgrade's own plan. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._plan import planner, serialise
from ansible_collections.uplift.datastores.plugins.module_utils._plan.model import (
    CLUSTER,
    Cluster,
    Node,
    Plan,
    Request,
    Verb,
)
from ansible_collections.uplift.datastores.plugins.module_utils._plan.verbs import all_of
from ansible_collections.uplift.datastores.plugins.module_utils._products import CATALOGUES


@dataclass(frozen=True)
class Upgrade:
    """One upgrade on one kind of cluster. `hosts`: zone -> how many; `up`: more words for `lab up`.

    made: the release that it is filled with, where `source` is an emulated one, which takes its rows (`lab become`).
    """

    product: str
    source: str
    target: str
    strategy: str
    hosts: Mapping[str, int]
    up: Sequence[str]
    objects: int = 60
    made: str = ""

    def __hash__(self) -> int:
        return hash((self.product, self.source, self.target, self.strategy))

    @property
    def cluster(self) -> str:
        """Its name: upgrades that begin alike share it."""
        return f"mx-{self.product}-{self.source.replace('.', '')}"

    @property
    def patch(self) -> bool:
        return self.source.split(".")[:2] == self.target.split(".")[:2] and self.product == "garage"


THREE = {"a": 1, "b": 1, "c": 1}
UPGRADES = (
    Upgrade("garage", "0.7.0", "0.8.7", "rolling", THREE, ("--nodes", "3", "--zones", "3")),
    Upgrade("garage", "0.7.0", "0.8.7", "all_at_once", THREE, ("--nodes", "3", "--zones", "3")),
    Upgrade("garage", "0.8.0", "0.8.7", "rolling", THREE, ("--nodes", "3", "--zones", "3")),
    Upgrade("lakefs", "1.82.0", "1.84.0", "rolling", {"a": 2}, ("--product", "lakefs", "--nodes", "2")),
    Upgrade("lakefs", "1.82.0", "1.84.0", "all_at_once", {"a": 2}, ("--product", "lakefs", "--nodes", "2")),
    # The one that migrates: 0.80.2 is emulated, and the real 1.84.0 migrates the rows of the real 1.82.0.
    Upgrade(
        "lakefs", "0.80.2", "1.84.0", "all_at_once", {"a": 2}, ("--product", "lakefs", "--nodes", "2"), made="1.82.0"
    ),
    Upgrade("pachyderm", "1.9.12", "1.13.4", "all_at_once", {"a": 1}, ("--product", "pachyderm")),
)


@cache
def plan(upgrade: Upgrade) -> dict[str, Any]:
    """As the product's own planner makes it for this cluster."""
    version = parse(upgrade.source)
    names = [(zone, f"{zone}{number + 1}") for zone, many in upgrade.hosts.items() for number in range(many)]
    nodes = [Node(name, name, zone if upgrade.product == "garage" else "", version) for zone, name in names]
    request = Request(upgrade.target, upgrade.strategy)
    found = planner.plan(
        CATALOGUES[upgrade.product], nodes, Cluster(tuple(node.id for node in nodes), str(len(nodes))), request
    )
    if not isinstance(found, Plan):
        raise ValueError("; ".join(refusal.sentence for refusal in found))
    return serialise.to_dict(found)


def keys(upgrade: Upgrade) -> list[str]:
    return serialise.keys(plan(upgrade))


def verb(key: str) -> str:
    return key.rsplit("/", 1)[1]


def of_verb(upgrade: Upgrade, key: str) -> Verb:
    return all_of(CATALOGUES[upgrade.product])[verb(key)]


def at_the_leader(upgrade: Upgrade, key: str) -> str:
    """The node that alone does the work of the step, though all record it; "" where each does its own."""
    return str(plan(upgrade)["leader"]) if of_verb(upgrade, key).scope == CLUSTER else ""


Fits = Callable[[Upgrade, str], bool]


def everywhere(_upgrade: Upgrade, _key: str) -> bool:
    return True


def where_something_is_left(upgrade: Upgrade, key: str) -> bool:
    return bool(of_verb(upgrade, key).slots)


def where_a_pass_begins(_upgrade: Upgrade, key: str) -> bool:
    return key.split("/")[2] == "0" and not key.startswith("0/before/")


def at(*verbs: str) -> Fits:
    return lambda _upgrade, key: verb(key) in verbs


def among_several(fits: Fits) -> Fits:
    return lambda upgrade, key: upgrade.product == "garage" and fits(upgrade, key)


def by_a_program(fits: Fits) -> Fits:
    return lambda upgrade, key: upgrade.product != "lakefs" and fits(upgrade, key)


@dataclass(frozen=True)
class Fault:
    """lasting: it is there until the first run has ended, and is taken away then.

    refused: it is left for one run more, which has to refuse it. held: the controller waits meanwhile, so that the step
    itself meets the fault. noticed: the run that it hits may not end well. open: that run ends well, says that nothing
    could be compared, and `<product>_verify` compares afterwards. impossible: why it cannot be played here.
    """

    name: str
    what: str
    fits: Fits = everywhere
    lasting: bool = False
    refused: bool = False
    held: bool = False
    noticed: bool = False
    open: bool = False
    impossible: str = ""


FAULTS = (
    Fault("kill-controller", "SIGKILL of ansible-playbook with all its workers"),
    Fault("kill-module", "SIGKILL of the module that does the step", where_something_is_left),
    Fault("reboot", "the power of the node is cut, and it boots again", where_something_is_left),
    Fault("ssh-cut", "sshd is stopped and its sessions are killed", where_something_is_left, lasting=True),
    Fault("ssh-hang", "every sshd is stopped by SIGSTOP", where_something_is_left, lasting=True),
    Fault("disk-full", "no byte is free where backups go", at("backup", "extract", "prove"), lasting=True, held=True),
    Fault(
        "clock-off",
        "the clock of the node is off by an hour",
        where_a_pass_begins,
        impossible="the hosts are containers and have the machine's clock; a time namespace has no own wall clock",
    ),
    Fault("slow", "the node gets a third of a processor", where_a_pass_begins, lasting=True),
    Fault("partition", "no packet goes to the other nodes", among_several(where_a_pass_begins), lasting=True),
    Fault(
        "dies-later",
        "the service ends half a minute after its start",
        at("start", "restart", "redeploy"),
        lasting=True,
    ),
    Fault(
        "lies",
        "the new release's program exits 0 and does nothing",
        at("offline_repair", "repair", "migrate", "extract", "restore", "connect"),
        lasting=True,
        held=True,
    ),
    Fault(
        "mumbles",
        "the product's program answers what nobody can read, with 0",
        by_a_program(at("verify")),
        lasting=True,
        held=True,
        open=True,
    ),
    Fault("flipped-bit", "one bit of the largest backup is another one", at("prove"), held=True, noticed=True),
    Fault("foreign-record", "the record is of another cluster's operation", where_a_pass_begins, refused=True),
    Fault(
        "edited-config",
        "the operator edits the configuration, and then does what the run says",
        at("stop", "activate", "verify"),
        lasting=True,
        held=True,
    ),
)


@dataclass(frozen=True)
class Cell:
    upgrade: Upgrade
    fault: Fault
    key: str

    @property
    def name(self) -> str:
        one = self.upgrade
        key = self.key.replace("/", "-")
        return f"{one.product}_{one.source}_{one.target}_{one.strategy}_{self.fault.name}_{key}"


def cells() -> list[Cell]:
    """Every cell, the upgrades and faults in turn, so that a run that is cut short has seen something of each."""
    rows = [
        [Cell(upgrade, fault, key) for key in keys(upgrade) if fault.fits(upgrade, key)]
        for fault in FAULTS
        for upgrade in UPGRADES
    ]
    return [row[place] for place in range(max(map(len, rows))) for row in rows if place < len(row)]


def chosen(
    every: Sequence[Cell], products: Sequence[str] = (), strategies: Sequence[str] = (), faults: Sequence[str] = (),
    keys: Sequence[str] = (), sources: Sequence[str] = (),
) -> list[Cell]:  # fmt: skip
    """Nothing asked for is everything; keys are patterns, such as `0/walk/*`."""

    def expected(cell: Cell) -> bool:
        return (
            (not products or cell.upgrade.product in products)
            and (not strategies or cell.upgrade.strategy in strategies)
            and (not sources or cell.upgrade.source in sources)
            and (not faults or cell.fault.name in faults)
            and (not keys or any(fnmatch(cell.key, pattern) for pattern in keys))
        )

    return [cell for cell in every if expected(cell)]


def cover(every: Sequence[Cell]) -> list[Cell]:
    """The fewest that show each fault of each upgrade, and each step of each upgrade with some fault.

    Faults that fit few steps choose first, so that steps are not taken twice; what is left is met by the first fault.
    """
    possible = [cell for cell in every if not cell.fault.impossible]
    taken: set[tuple[Upgrade, str]] = set()
    kinds: dict[tuple[Upgrade, str], list[Cell]] = {}
    for cell in possible:
        kinds.setdefault((cell.upgrade, cell.fault.name), []).append(cell)
    found = set()
    for row in sorted(kinds.values(), key=len):
        cell = next((one for one in row if (one.upgrade, one.key) not in taken), row[0])
        taken.add((cell.upgrade, cell.key))
        found.add(cell)
    for cell in possible:
        if (cell.upgrade, cell.key) not in taken:
            taken.add((cell.upgrade, cell.key))
            found.add(cell)
    return [cell for cell in possible if cell in found]


# Those that cost no more than two runs, and that were seen to be played: for a sample that everybody waits for.
QUICK = ("kill-controller", "reboot")


def sample(every: Sequence[Cell], seed: str, upgrades: Sequence[Upgrade] = UPGRADES) -> list[Cell]:
    """One cell, of one of the products, by the seed: a cell takes four to six minutes."""
    dice = random.Random(seed)
    product = dice.choice(sorted({upgrade.product for upgrade in upgrades}))
    quick = [cell for cell in every if cell.fault.name in QUICK and not cell.upgrade.patch and not cell.upgrade.made]
    return [dice.choice([cell for cell in quick if cell.upgrade.product == product])]
