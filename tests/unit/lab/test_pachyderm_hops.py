# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the collection over the emulator, release to release, without Ansible: for every run of the tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import (
    extract,
    info,
    inventory,
    migrate,
    rest,
    restore,
    state_findings,
)
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms as pachyderm_forms
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import pachctl as pachyderm
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.pachctl import Pachctl

from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_odd, pachyderm_trials
from tests.lab import pachyderm_series as series
from tests.lab import pachyderm_states as states
from tests.lab.pachyderm_emulated import Emulated
from tests.lab.pachyderm_emulator import commits, pipelines

T = TypeVar("T")
QUIET = Progress()


class Operator:
    """What the role does, step by step."""

    def __init__(self, world: Emulated) -> None:
        self.world, self.kept = world, world.home / "kept"

    def ask(self, step: Callable[[Pachctl], T]) -> T:
        address = [f"127.0.0.1:{self.world.port}"]
        params = {"pachctl": self.world.program("pachctl"), "addresses": address, "token": "", "call_timeout": 60}
        with pachyderm.connected(LocalRunner(), params) as client:
            return step(client)

    def pause(self, for_dump: bool = False) -> dict[str, Any]:
        params = {"state": "stopped", "timeout": 20, "names": [], "skip_missing": False, "for_dump": for_dump}
        return self.ask(lambda one: rest.run(one, params, QUIET, False))

    def note(self, dest: str | None, before: str | None) -> dict[str, Any]:
        params = {"dest": dest, "before": before, "largest": 1 << 24, "clients": "out", "ran": []}
        return self.ask(lambda one: inventory.run(one, params, QUIET, False))

    def dumped(self, target: str) -> str:
        """Which form the dump had."""
        dump = str(self.kept / f"{target}.dump")
        expected = {"dest": dump, "target": target, "form": "", "parallel": False, "url": "", "stall_timeout": 60}
        made = self.ask(lambda one: extract.run(one, expected, QUIET, False))
        self.world.stop()
        self.world.wipe(metadata=True, objects=made["form"] == "full")
        self.world.start(target)
        params = {"src": dump, "object_store": "", "token": "", "stall_timeout": 60, "second": False}
        params.update(sha256="", source_cluster="")
        self.ask(lambda one: restore.run(one, params, QUIET, False))
        return str(made["form"])

    def migrated(self, source: str, target: str) -> str:
        self.world.stop()
        self.world.take(target)
        environment = self.world.home / "pachd.env"
        environment.write_text("".join(f"{name}={value}\n" for name, value in self.world.environment.items()))
        params = {"source": source, "target": target, "pachd": self.world.program("pachd"), "again": False}
        more = {"environment_file": str(environment), "user": "", "timeout": 60}
        made = migrate.run(LocalRunner(), {**params, **more}, QUIET, False)
        self.world.start(target)
        return f"{len(made['finished'])} kinds"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Emulated]:
    made = Emulated(tmp_path)
    yield made
    made.end()


def worked(world: Emulated, source: str, succeeds: bool = True) -> None:
    """data and lookup, and the pipeline edges, whose job a worker has run."""
    world.start(source)
    maker = states.Maker(world, source)
    series.edges(maker)
    maker.work("edges", succeeds)


@pytest.mark.parametrize(
    ("source", "target", "how"),
    [
        ("1.4.8", "1.5.0", "5 kinds"),  # trap P16, trap P31
        ("1.7.14", "1.8.8", "full"),  # trap P25, trap P27
    ],
)
def test_everything_comes_along(world: Emulated, source: str, target: str, how: str) -> None:
    old = forms.series(source) < (1, 7)
    if old:
        world.start(source)
        states.load(world, source, few=True)
    else:
        worked(world, source)
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    operator.pause(for_dump=not old)
    noted = operator.note(kept, None)
    assert noted["unreadable"] == [] and noted["counts"]["repos"] == 3
    done = operator.migrated(source, target) if old else operator.dumped(target)
    assert done == how
    operator.pause()
    compared = operator.note(None, kept)
    assert compared["differences"] == [] and compared["unreadable"] == []


def test_what_is_lost_is_told(world: Emulated) -> None:
    """With a file that has gone from the object store: the comparison reads it."""
    worked(world, "1.8.8")
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    operator.pause(for_dump=True)
    operator.note(kept, None)
    assert operator.dumped("1.9.0") == "kept"  # trap P06, trap P26
    world.wipe(metadata=False, objects=True)
    operator.pause()
    assert {one["key"] for one in operator.note(None, kept)["differences"]} == {"file_unreadable"}


@pytest.mark.parametrize(
    ("source", "target", "succeeds"),
    [
        ("1.8.8", "1.9.0", True),  # trap P36
        ("1.8.8", "1.9.0", False),  # trap P37
        ("1.7.14", "1.8.8", False),
    ],
)
def test_what_a_worker_has_run_is_computed_anew(world: Emulated, source: str, target: str, succeeds: bool) -> None:
    worked(world, source, succeeds)
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    paused = operator.pause(for_dump=True)
    assert (paused["left"], paused["stopped"]) == (["edges"], [])
    operator.note(kept, None)
    operator.dumped(target)
    operator.pause()
    compared = operator.note(None, kept)
    assert compared["differences"] == [] and compared["unreadable"] == []
    said = f"The output of edges was not in the dump of {source}: it is computed anew,"
    said += " and 2 output commits of it are open."
    assert compared["notes"] == [said]


@pytest.mark.parametrize(
    ("source", "target", "succeeds", "words"),
    [
        ("1.8.8", "1.9.0", True, b"cannot start a commit on an output branch"),  # trap P36
        ("1.8.8", "1.9.0", False, b"cannot start a commit on an output branch"),
        ("1.7.14", "1.8.8", False, b"transport is closing"),  # trap P37: the server panics
    ],
)
def test_stopped_it_would_break_the_restore(
    world: Emulated, source: str, target: str, succeeds: bool, words: bytes
) -> None:
    """What the extract refuses, tried all the same."""
    worked(world, source, succeeds)
    operator = Operator(world)
    operator.pause()
    with pytest.raises(UpliftError, match="stopped pipelines edges cannot be carried"):
        operator.dumped(target)
    dump = world.run(["extract", *(["--no-objects"] if source == "1.8.8" else [])]).out
    world.stop()
    world.wipe(metadata=True, objects=source != "1.8.8")
    world.start(target)
    said = world.run(["restore"], stdin=dump)
    assert said.rc == 1 and words in said.err
    assert world.lives() if source == "1.8.8" else not pachyderm_trials.fell(world.lives)


def all_at_once(world: Emulated, source: str) -> states.Maker:
    """What the scenarios pachyderm-17-18 and pachyderm-18-19 make of a cluster."""
    world.start(source)
    maker = states.Maker(world, source)
    series.small(maker)
    pachyderm_odd.states(maker)
    return maker


def told(operator: Operator, target: str) -> set[str]:
    """The findings of the state, by their keys."""
    expected = {"gather": ["repos", "pipelines", "branches", "commits", "jobs"], "expected": "", "pachctl": ""}
    found = dict(info.EMPTY)
    operator.ask(lambda one: info._ask(one, expected, found))
    assert found["open_commits"] == []
    return {one.key for one in state_findings.of_state(found, [target])}


SEEN = {"derived_branches", "settings_again", "output_anew", "output_commits", "messages_lost"}


@pytest.mark.parametrize(
    ("source", "target", "keys"),
    [("1.7.14", "1.8.8", {"cron_never_ticks"})],
)
def test_all_of_the_states_at_once(world: Emulated, source: str, target: str, keys: set[str]) -> None:
    """Each is told before; done as told, the dump is restored and nothing differs that was not told."""
    maker = all_at_once(world, source)
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    assert told(operator, target) == SEEN | keys
    maker.do("create", "branch", *maker.place("derived", "master"), "--head", "master")
    if target == "1.9.0":
        for name in pachyderm_odd.NAMES:
            maker.do("create", "branch", *maker.place("odd", re.sub(r"[^\w-]", "-", name)), "--head", name)
            maker.do("delete", "branch", *maker.place("odd", name))
    assert not {"derived_branches", "branch_names"} & told(operator, target)
    again = pachyderm_odd.anew(maker)
    assert again == sorted({"broken", "statsy"} | ({"worked", "tuned", "clock"} if source == "1.8.8" else set()))
    assert sorted(operator.pause(for_dump=True)["left"]) == again
    operator.note(kept, None)
    operator.dumped(target)
    operator.pause()
    compared = operator.note(None, kept)
    # Nobody captured an update of a stopped pipeline, so the emulator has none, and the settings are not set again.
    (lost,) = compared["differences"]
    assert lost["key"] == "settings_lost" and "The pipeline tuned lacks" in lost["sentence"]
    assert compared["unreadable"] == []
    assert [one for one in compared["notes"] if "computed anew" in one and "broken" in one]
    assert "2 commits have lost their message." in compared["notes"]


def test_a_branch_name_that_the_new_release_refuses(world: Emulated) -> None:
    """trap P40, and the emulator takes the names that the findings take."""
    assert tuple(pachyderm_forms.of(pachyderm_forms.BRANCH_NAMES, Version(1, 9, 0))) == (commits.NAME,)
    world.start("1.8.8")
    for words in (["create-repo", "data"], ["start-commit", "data", "v1.0"], ["finish-commit", "data", "v1.0"]):
        assert world.run(words).rc == 0
    dump = world.run(["extract", "--no-objects"]).out
    world.stop()
    world.wipe(metadata=True, objects=False)
    world.start("1.9.0")
    said = world.run(["restore"], stdin=dump)
    assert said.rc == 1 and b"name (v1.0) invalid: only alphanumeric characters" in said.err


def test_settings_that_the_dump_loses_are_noted(world: Emulated) -> None:
    """trap P38, and the emulator's dump loses what the findings name."""
    assert tuple(pachyderm_forms.of(pachyderm_forms.SETTINGS_LEFT_OUT, Version(1, 8, 8))) == pipelines.LOST
    world.start("1.8.8")
    run = {"image": "alpine:3", "cmd": ["true"]}
    spec = {"pipeline": {"name": "edges"}, "transform": run, "input": {"pfs": {"repo": "data", "glob": "/*"}}}
    spec |= {"standby": True, "datum_tries": 5}
    assert world.run(["create-repo", "data"]).rc == 0
    assert world.run(["create-pipeline", "-f", "-"], stdin=json.dumps(spec).encode()).rc == 0
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    operator.pause(for_dump=True)
    operator.note(kept, None)
    operator.dumped("1.9.0")
    operator.pause()
    compared = operator.note(None, kept)
    (lost,) = compared["differences"]
    assert lost["key"] == "settings_lost"
    assert (
        "The pipeline edges lacks what the dump has left out (datum_tries was '5' and is '3'; standby"
        in lost["sentence"]
    )
