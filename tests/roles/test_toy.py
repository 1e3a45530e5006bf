# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fourth product costs its own files and one line: tests/toy is all that the engine knows of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from conftest import ROOT
from inprocess import Asked
from stage import Run, Stage

PROGRAM = ROOT / "tests" / "toy" / "program.py"
STEPS = ("stop", "backup", "activate", "polish", "start")


class Killed(BaseException):
    """The run is gone in the middle of a task, as by SIGKILL: no rescue, no end."""


def killed() -> None:
    raise Killed


class Toys:
    """The nodes' programs, which are real. before: host and order -> what comes before the order is done."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.before: dict[tuple[str, str], Callable[[], object]] = {}
        for host in stage.hosts:
            home = stage.place / host
            home.mkdir()
            toy = {"release": "1.0.0", "runs": "1.0.0", "form": "1", "words": ["hello"]}
            (home / "toy.json").write_text(json.dumps(toy), encoding="utf-8")
            stage.host_variables[host] = {"toy_home": str(home)}
        stage.found(toy_program=str(PROGRAM), toy_version="2.0.0")
        stage.on("command", self.run)

    def run(self, asked: Asked) -> dict[str, Any]:
        argv = asked.args["argv"]
        self.before.get((asked.host, argv[3]), lambda: None)()
        done = subprocess.run([sys.executable, *argv[1:]], capture_output=True, text=True, check=False)
        return {"stdout": done.stdout, "rc": done.returncode, "failed": done.returncode != 0, "msg": done.stderr}

    def seen(self, what: str) -> list[Any]:
        return [json.loads((self.stage.place / host / "toy.json").read_text())[what] for host in self.stage.hosts]

    def order(self, host: str, *words: str) -> None:
        subprocess.run([sys.executable, PROGRAM, self.stage.place / host, *words], check=True, timeout=60)

    def killed(self, host: str, order: str) -> None:
        self.before[host, order] = killed
        with pytest.raises(Killed):
            self.play("upgrade")
        self.before.clear()
        for lease in self.stage.records.rglob("lease.json"):
            lease.unlink()  # its time is up

    def play(self, what: str, **extra: Any) -> Run:
        self.stage.found(**extra)
        return self.stage.plays([{"import_playbook": f"uplift.datastores.toy_{what}"}])


@pytest.fixture
def toys(toy: Stage) -> Toys:
    return Toys(toy)


def done(stage: Stage, host: str) -> set[str]:
    return {key.rpartition("/")[2] for key, state in stage.steps_done(host).items() if state == "done"}


def test_it_is_planned_and_nothing_changes(toys: Toys) -> None:
    run = toys.play("plan")
    assert run.ok, run.why
    assert "toy 1.0.0 -> 2.0.0, all_at_once" in run.said and ", ".join(STEPS) in run.said
    assert toys.seen("runs") == ["1.0.0", "1.0.0"] and not toys.stage.record() and "What the steps do" not in run.said
    run = toys.play("plan", operation_explain=True)
    assert "  polish: write the words in the form of the new release" in run.said


def test_it_is_prepared_and_gone_on_with(toys: Toys) -> None:
    """A job of its own, which ends well, so that somebody may approve what comes next."""
    prepare = {"uplift_product": "toy", "uplift_group": "toy"}
    run = toys.stage.plays([{"import_playbook": "uplift.datastores.prepare", "vars": prepare}])
    assert run.ok, run.why
    assert "is prepared and waits: preflight, inventory are done" in run.said
    assert toys.seen("runs") == ["1.0.0", "1.0.0"] and toys.stage.record()["state"] == "open"
    assert not list(toys.stage.records.rglob("lease.json")), "the next run would be refused"
    again = toys.play("upgrade")
    assert again.ok, again.why
    assert toys.seen("runs") == ["2.0.0"] * 2 and toys.stage.record()["state"] == "finished"


def test_it_is_upgraded_and_gone_back_from(toys: Toys) -> None:
    run = toys.play("upgrade")
    assert run.ok, run.why
    assert (toys.seen("runs"), toys.seen("form")) == (["2.0.0"] * 2, ["2"] * 2)
    assert toys.stage.record()["state"] == "finished" and done(toys.stage, "t2") >= set(STEPS)
    for host in toys.stage.hosts:
        toys.order(host, "put", "since")
    refused = toys.play("rollback")
    assert not refused.ok and "toy_confirm: [rollback]" in refused.why and toys.seen("runs") == ["2.0.0"] * 2
    back = toys.play("rollback", toy_confirm=["rollback"])
    assert back.ok, back.why
    assert (toys.seen("runs"), toys.seen("words")) == (["1.0.0"] * 2, [["hello"]] * 2)


@pytest.mark.parametrize("order", ["stop", "backup", "use", "polish", "start"])
def test_it_is_killed_anywhere_and_gone_on_with(toys: Toys, order: str) -> None:
    """By the kernel's rules alone: what is done is not done again, and what died in the middle is."""
    toys.killed("t2", order)
    assert toys.stage.record("t2")["state"] == "open"
    before = done(toys.stage, "t2")
    run = toys.play("upgrade")
    assert run.ok, run.why
    assert (toys.seen("runs"), toys.seen("form")) == (["2.0.0"] * 2, ["2"] * 2)
    again = [call.args["argv"][3] for call in run.of("command", host="t2")]
    assert order in again and not {"stop", "backup", "use", "polish"} & before & set(again)


def test_it_is_killed_and_gone_back_from(toys: Toys) -> None:
    toys.killed("t1", "polish")
    run = toys.play("rollback", toy_confirm=["rollback"])
    assert run.ok, run.why
    assert (toys.seen("runs"), toys.seen("form"), toys.seen("words")) == (["1.0.0"] * 2, ["1"] * 2, [["hello"]] * 2)


def test_what_its_own_verb_closes_stays_closed_when_the_run_fails(toys: Toys) -> None:
    """The verb that no other product has comes with the plan: it bars what the failing run would give back."""
    toys.before["t2", "polish"] = lambda: [toys.order("t2", "use", "1.0.0"), toys.order("t2", "start")]  # by somebody
    run = toys.play("upgrade")
    assert not run.ok and "its data cannot be polished" in run.why, run.why
    assert toys.seen("runs")[0] == "", "it was started on data that are half converted"


def test_a_move_inside_a_series_walks(toys: Toys) -> None:
    run = toys.play("upgrade", toy_version="1.1.0")
    assert run.ok and "wave 2 of 2: t2" in run.said, run.why
    assert toys.seen("runs") == ["1.1.0"] * 2 and toys.seen("words") == [["hello"]] * 2


def test_a_difference_is_found(toys: Toys) -> None:
    toys.before["t1", "start"] = lambda: toys.order("t1", "put", "strange")
    run = toys.play("upgrade")
    assert not run.ok and "strange is new" in run.why, run.why


def test_all_of_it_is_below_150_lines() -> None:
    lines = [
        line
        for path in sorted((ROOT / "tests" / "toy").rglob("*"))
        if path.suffix in (".py", ".yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and line != "---" and not line.lstrip().startswith("#")
    ]
    assert len(lines) < 150, len(lines)
