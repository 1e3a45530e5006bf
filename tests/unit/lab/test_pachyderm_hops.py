# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the collection over the emulator, release to release, without Ansible: for every run of the tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm as pachyderm
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm_extract as extract
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm_inventory as inventory
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm_migrate as migrate
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm_rest as rest
from ansible_collections.uplift.datastores.plugins.module_utils import _pachyderm_restore as restore
from ansible_collections.uplift.datastores.plugins.module_utils._cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import Pachctl
from ansible_collections.uplift.datastores.plugins.module_utils._products import pachyderm_forms
from ansible_collections.uplift.datastores.plugins.module_utils._progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._version import Version

from tests.lab import pachyderm_cases as cases
from tests.lab import pachyderm_emulator as emulator
from tests.lab import pachyderm_forms as forms
from tests.unit.lab.test_pachyderm_emulator import Emulated

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
        params = {"dest": dest, "before": before, "largest": 1 << 24, "clients": "out"}
        return self.ask(lambda one: inventory.run(one, params, QUIET, False))

    def dumped(self, target: str) -> str:
        """Which form the dump had."""
        dump = str(self.kept / f"{target}.dump")
        wanted = {"dest": dump, "target": target, "form": "", "beside": False, "url": "", "stall_timeout": 60}
        made = self.ask(lambda one: extract.run(one, wanted, QUIET, False))
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
    made.stop()


@pytest.mark.parametrize(
    ("source", "target", "how"),
    [
        ("1.4.8", "1.5.0", "5 kinds"),  # trap P16, trap P31
        ("1.7.14", "1.8.8", "full"),  # trap P25, trap P27
        ("1.8.8", "1.9.0", "kept"),  # trap P06, trap P26
    ],
)
def test_everything_comes_along(world: Emulated, source: str, target: str, how: str) -> None:
    old = forms.series(source) < (1, 7)
    world.start(source)
    cases.load(world, source, few=old)
    if not old:
        cases.finish(world, source)
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
    """The same way with a file that has gone from the object store: the comparison reads it."""
    world.start("1.8.8")
    cases.load(world, "1.8.8")
    cases.finish(world, "1.8.8")
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    operator.pause()
    operator.note(kept, None)
    operator.dumped("1.9.0")
    world.wipe(metadata=False, objects=True)
    operator.pause()
    assert {one["key"] for one in operator.note(None, kept)["differences"]} == {"file_unreadable"}


def worked(world: Emulated, change: Callable[[dict[str, Any]], None]) -> None:
    """What nobody can do to the emulator by pachctl: its metadata are changed while it is down."""
    world.stop()
    ((key, value),) = world.etcd.kept.items()
    state = json.loads(base64.b64decode(value))
    change(state)
    world.etcd.kept[key] = base64.b64encode(json.dumps(state).encode()).decode()
    world.start(world.version)


def ended_by_a_worker(state: dict[str, Any]) -> None:
    """As in 1.8.8/worker_list_commit_raw."""
    for one in state["repos"]["edges"]["commits"]:
        one.update(tree="", trees=[{"hash": "d2bf"}], datums={"hash": "8e2f"})


def failed(state: dict[str, Any]) -> None:
    """As in 1.7.14/failed_list_commit_raw."""
    for one in state["repos"]["edges"]["commits"]:
        one.update(tree="", size=0)


@pytest.mark.parametrize(
    ("source", "target", "change"),
    [
        ("1.8.8", "1.9.0", ended_by_a_worker),  # trap P36
        ("1.8.8", "1.9.0", failed),  # trap P37
        ("1.7.14", "1.8.8", failed),
    ],
)
def test_what_a_worker_has_run_is_computed_anew(
    world: Emulated, source: str, target: str, change: Callable[[dict[str, Any]], None]
) -> None:
    world.start(source)
    cases.load(world, source)
    cases.finish(world, source)
    worked(world, change)
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    paused = operator.pause(for_dump=True)
    assert (paused["left"], paused["stopped"]) == (["edges"], [])
    operator.note(kept, None)
    operator.dumped(target)
    operator.pause()
    compared = operator.note(None, kept)
    assert compared["differences"] == [] and compared["unreadable"] == []
    assert compared["notes"] == [f"The output of edges was not in the dump of {source}: it is computed anew."]


def test_stopped_it_would_break_the_restore(world: Emulated) -> None:
    """trap P36: what the extract refuses, tried all the same. The emulator does what was captured of 1.9.0."""
    world.start("1.8.8")
    cases.load(world, "1.8.8")
    cases.finish(world, "1.8.8")
    worked(world, ended_by_a_worker)
    operator = Operator(world)
    operator.pause()
    with pytest.raises(UpliftError, match="stopped pipelines edges cannot be carried"):
        operator.dumped("1.9.0")
    dump = world.run(["extract", "--no-objects"]).out
    world.stop()
    world.wipe(metadata=True, objects=False)
    world.start("1.9.0")
    said = world.run(["restore"], stdin=dump)
    assert said.rc == 1 and b"cannot start a commit on an output branch" in said.err


def test_a_branch_name_that_the_new_release_refuses(world: Emulated) -> None:
    """trap P40, and the emulator takes the names that the findings take."""
    assert tuple(pachyderm_forms.of(pachyderm_forms.BRANCH_NAMES, Version(1, 9, 0))) == (emulator.BRANCH_NAME,)
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
    assert tuple(pachyderm_forms.of(pachyderm_forms.SETTINGS_LEFT_OUT, Version(1, 8, 8))) == emulator.LOST
    world.start("1.8.8")
    spec = {**cases.SPEC, "input": {"pfs": {"repo": "data", "glob": "/*"}}, "standby": True, "datum_tries": 5}
    assert world.run(["create-repo", "data"]).rc == 0
    assert world.run(["create-pipeline", "-f", "-"], stdin=json.dumps(spec).encode()).rc == 0
    operator, kept = Operator(world), str(world.home / "kept" / "inventory.json")
    operator.pause(for_dump=True)
    operator.note(kept, None)
    operator.dumped("1.9.0")
    operator.pause()
    compared = operator.note(None, kept)
    assert compared["differences"] == []
    assert compared["notes"] == ["The pipeline edges has lost standby, datum_tries: update it from its spec."]
