# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of a run from outside, and the points at which it waits to be approved."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steer as subject

ID = "20261121T031500Z-garage-0.8.7"
NONE = {"ask": "", "operation": ID, "who": "", "reason": "", "at": 0.0}
PASSES: dict[str, Any] = {
    "before": {"waves": [["a1", "b1", "c1"]]},
    "walk": {"waves": [["a1"], ["b1"], ["c1"]]},
    "after": {"waves": [["a1", "b1", "c1"]]},
}
PLAN: dict[str, Any] = {"hops": [{"passes": PASSES}, {"passes": PASSES}]}


def test_what_is_asked_is_kept_until_it_is_taken_back(tmp_path: Path) -> None:
    here = str(tmp_path)
    assert subject.asked(here, ID) == NONE
    assert subject.ask(here, ID, "pause", "anna", "a call")
    assert not subject.ask(here, ID, "pause", "bert", "the same")
    assert {**subject.asked(here, ID), "at": 0.0} == {**NONE, "ask": "pause", "who": "anna", "reason": "a call"}
    assert stat.S_IMODE((tmp_path / "asked.json").stat().st_mode) == 0o600
    assert subject.ask(here, ID, "abort", "anna", "")
    assert subject.asked(here, ID)["ask"] == "abort"
    assert subject.ask(here, ID, "", "anna", "")
    assert not subject.ask(here, ID, "", "anna", "")
    assert list(tmp_path.iterdir()) == []


def test_another_operation_does_not_see_it_and_may_write_its_own(tmp_path: Path) -> None:
    subject.ask(str(tmp_path), ID, "abort", "anna", "")
    assert subject.asked(str(tmp_path), "other")["ask"] == ""
    assert subject.ask(str(tmp_path), "other", "pause", "anna", "")
    assert subject.asked(str(tmp_path), "other")["ask"] == "pause"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ask": "stop"}', "null", '"pause"'])
def test_a_file_that_cannot_be_read_stops_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "asked.json").write_text(text)
    with pytest.raises(UpliftError, match=r"asked\.json cannot be read .* Remove the file, and ask again\."):
        subject.asked(str(tmp_path), ID)


@pytest.mark.parametrize(
    ("after", "points"),
    [
        ("", []),
        ("first_wave", ["0/walk/1", "1/walk/1"]),
        ("pass", ["0/walk/0", "0/after/0", "1/walk/0", "1/after/0"]),
        ("hop", ["1/before/0"]),
    ],
)
def test_the_points_of_a_plan(after: str, points: list[str]) -> None:
    found = [
        subject.point(PLAN, number, name, wave[0], after)
        for number, hop in enumerate(PLAN["hops"])
        for name, one in hop["passes"].items()
        for wave in one["waves"]
    ]
    assert [one for one in found if one] == points


def test_while_it_waits_it_says_for_whom_and_how_it_goes_on() -> None:
    told = {**NONE, "ask": "pause", "who": "anna on laptop", "reason": "a call"}
    assert subject.waits(told, ["b1", "b2"], "garage") == (
        "Paused before b1, b2 by anna on laptop: a call. Go on with the playbook garage_resume, or end the run with"
        " garage_abort."
    )
    assert "anna on laptop. Go on" in subject.waits({**told, "reason": ""}, ["b1"], "garage")
