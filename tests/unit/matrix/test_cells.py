# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix is made of the plans, and nothing falls out of it unseen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import config_release

from tests.matrix import cells as matrix
from tests.matrix.cells import FAULTS, UPGRADES, Cell, at_the_leader, cells, chosen, cover, keys, sample
from tests.matrix.faults import ASKED, HEAL, INJECT, USED_BY, liar
from tests.matrix.results import Newest, Results, commit, counts, last_words, table

ROOT = Path(__file__).resolve().parents[3]


def test_a_cell_is_one_of_its_own() -> None:
    names = [cell.name for cell in cells()]
    assert len(names) == len(set(names)) > 300


@pytest.mark.parametrize("upgrade", UPGRADES, ids=lambda one: f"{one.product}-{one.source}-{one.strategy}")
def test_a_controller_is_killed_at_every_step_of_the_plan(upgrade: matrix.Upgrade) -> None:
    killed = [cell.key for cell in cells() if cell.upgrade == upgrade and cell.fault.name == "kill-controller"]
    assert sorted(killed) == sorted(keys(upgrade)) and len(killed) >= 9


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_belongs_somewhere_and_can_be_played_or_says_why_not(fault: matrix.Fault) -> None:
    assert [cell for cell in cells() if cell.fault == fault]
    assert (fault.name in INJECT) is not bool(fault.impossible)
    assert (fault.name in HEAL) is (fault.lasting or fault.refused)


def test_a_cover_has_each_fault_and_each_step_of_each_upgrade() -> None:
    every = [cell for cell in cells() if not cell.fault.impossible]
    few = cover(cells())
    for part in (lambda cell: (cell.upgrade, cell.fault.name), lambda cell: (cell.upgrade, cell.key)):
        assert set(map(part, few)) == set(map(part, every))
    assert len(few) == len(set(few)) < len(every) / 2


def test_the_program_lies_that_the_step_works_with() -> None:
    for cell in chosen(cells(), faults=["lies"]):
        program, *_words = liar(cell.upgrade, "/bin/it", cell.key)
        old = cell.key.startswith("0/before/")
        assert program.endswith(f"-{cell.upgrade.source if old else cell.upgrade.target}")


def test_a_step_that_one_node_does_for_all_meets_the_fault_there() -> None:
    """All nodes record it, and who records it first is chance."""
    migrate = next(cell for cell in chosen(cells(), faults=["lies"]) if cell.key.endswith("/migrate"))
    assert at_the_leader(migrate.upgrade, migrate.key) == "a1"
    assert at_the_leader(migrate.upgrade, "0/together/2/stop") == ""


@pytest.mark.parametrize("verb", USED_BY)
def test_a_program_that_is_looked_at_again_is_replaced_when_its_task_begins(verb: str) -> None:
    """The step stages the release anew: a program that lay in its place before would be told and replaced."""
    text = (ROOT / "roles" / "lakefs" / "tasks" / f"{verb}.yml").read_text(encoding="utf-8")
    assert f"- name: {USED_BY[verb]}\n" in text and "_candidate.yml" in text.split(USED_BY[verb])[0]


def test_what_a_run_asks_for_after_an_edit_is_read_of_its_own_sentence(tmp_path: Path) -> None:
    path, new, old = (str(tmp_path / name) for name in ("c.yaml", "c.uplift-2.yaml", "c.uplift-1.yaml"))
    for place, text in ((path, "edited"), (new, "new"), (old, "old")):
        Path(place).write_text(text, encoding="utf-8")
    with pytest.raises(UpliftError) as told:
        config_release.put(path, new, old, False)
    found = ASKED.search(str(told.value))
    assert found and found.groups() == (new, old, path)


def test_a_run_that_is_cut_short_has_seen_every_fault_that_there_is() -> None:
    assert {cell.fault.name for cell in cells()[:100]} == {fault.name for fault in FAULTS}


def test_cells_are_chosen_by_what_they_are() -> None:
    found = chosen(cells(), products=["pachyderm"], faults=["kill-controller"], keys=["0/together/*"])
    assert found and all(cell.upgrade.product == "pachyderm" and cell.key.startswith("0/together/") for cell in found)
    assert chosen(cells()) == cells()


def test_a_sample_is_one_cell_and_differs_by_its_seed() -> None:
    days = [sample(cells(), f"2026-01-{day:02}") for day in range(1, 29)]
    assert all(len(day) == 1 for day in days)
    assert {day[0].upgrade.product for day in days} == {"garage", "lakefs", "pachyderm"}
    assert len({day[0].name for day in days}) > 20
    assert sample(cells(), "2026-01-01") == days[0]


def test_what_is_not_possible_is_in_the_table(tmp_path: Path) -> None:
    listed, results = chosen(cells(), products=["pachyderm"]), Results(tmp_path)
    played = {"result": "passed", "seconds": 61.2, "promised": 9, "how": "finished by run 2", "host": "a1", "wrong": []}
    done = next(cell for cell in listed if cell.fault.name == "reboot")
    results.save(done, played)
    said = table(listed, results)
    assert "not possible here" in said and "finished by run 2" in said
    impossible = sum(bool(cell.fault.impossible) for cell in listed)
    assert counts(listed, results) == (
        f"{len(listed)} cells: 1 run, 1 passed, 0 failed, 0 missed their step, {len(listed) - 1 - impossible} not run,"
        f" {impossible} not possible here"
    )


def test_results_are_those_of_the_cell(tmp_path: Path) -> None:
    first, second, *_rest = cells()
    Results(tmp_path).save(first, {"result": "passed"})
    assert Results(tmp_path).of(first) == {"result": "passed"} and Results(tmp_path).of(second) == {}


def test_what_was_seen_last_is_told_whatever_the_product_was_like(tmp_path: Path) -> None:
    first, second, *_rest = cells()
    Results(tmp_path / "old").save(first, {"result": "failed"})
    os.utime(Results(tmp_path / "old").path(first), (1, 1))
    Results(tmp_path / "new").save(first, {"result": "passed"})
    assert Newest(tmp_path).of(first) == {"result": "passed"} and Newest(tmp_path).of(second) == {}


def test_a_cell_is_named_by_its_key() -> None:
    assert Cell(UPGRADES[0], FAULTS[0], "0/walk/1/backup").name.endswith("_kill-controller_0-walk-1-backup")


SAID = """TASK [uplift.datastores.operation : Say the plan] ***
ok: [a1] =>
    msg:
    - garage 0.7.0 -> 0.8.7

TASK [uplift.datastores.operation : Stop] ***
fatal: [a1]: FAILED! =>
    changed: false
    msg: |-
        The operation 20261127T141530Z-ab12 stopped in the pass walk, a1, Start the service: it failed.
        Run the same command again.

PLAY RECAP ***
"""


def test_the_last_words_of_a_run_are_those_of_the_task_that_failed() -> None:
    stopped = "The operation ID stopped in the pass walk, a1, Start the service: it failed. Run the same command again."
    assert last_words(SAID) == stopped
    assert last_words("ERROR! no such playbook") == "ERROR! no such playbook"


def test_results_are_those_of_the_product_and_not_of_a_document(tmp_path: Path) -> None:
    def git(*argv: str) -> None:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", *who, *argv], cwd=tmp_path, check=True, capture_output=True)

    def written(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    git("init")
    written("plugins/one.py", "1")
    git("add", "-A")
    git("commit", "-m", "product")
    first = commit(tmp_path)
    written("README.md", "words")
    git("add", "-A")
    git("commit", "-m", "document")
    assert commit(tmp_path) == first
    written("plugins/one.py", "2")
    assert commit(tmp_path).startswith(f"{first}-")
    git("commit", "-am", "product again")
    assert commit(tmp_path) not in (first, "") and "-" not in commit(tmp_path)
