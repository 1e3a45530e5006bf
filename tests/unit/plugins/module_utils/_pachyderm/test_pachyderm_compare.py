# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dumped
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.compare import compare, judged
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse

from tests.unit import pachyderm_replay as replay
from tests.unit.plugins.module_utils._pachyderm.test_pachyderm_outputs import branches, commits, pipelines

SPEC = {"input": {"pfs": {"repo": "data", "glob": "/*"}}, "datum_tries": "3"}
BEFORE: dict[str, Any] = {
    "version": "1.9.12",
    "repos": [
        {"name": "data", "description": "raw input", "size": 11},
        {"name": "edges", "description": "", "size": 0},
    ],
    "pipelines": [{"name": "edges", "state": "paused", "stopped": True, "spec": SPEC}],
    "commits": [
        {"repo": "data", "id": "d2", "branch": "master", "parent": "d1", "size": 11, "finished": True},
        {"repo": "data", "id": "d1", "branch": "master", "parent": "", "size": 6, "finished": True},
        {"repo": "edges", "id": "e1", "branch": "master", "parent": "", "size": 0, "finished": True},
    ],
    "branches": [
        {"repo": "data", "name": "master", "head": "d2"},
        {"repo": "edges", "name": "master", "head": "e1"},
    ],
    "reads": [{"repo": "data", "branch": "master", "path": "/a", "size": 6, "sha256": "aa", "error": ""}],
}


def after(**change: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BEFORE), **change}


def keys(found: dict[str, Any], before: dict[str, Any] | None = None) -> list[str]:
    return [row["key"] for row in compare(before or BEFORE, found)]


def test_the_same_is_no_difference() -> None:
    assert compare(BEFORE, BEFORE) == []


def test_what_every_restore_changes_is_no_difference() -> None:
    """trap P23: the branch that a commit names, a further output commit, what a newer release adds to a spec."""
    found = after(version="1.13.4")
    for row in found["commits"]:
        row["branch"] = ""
    found["commits"].append(
        {"repo": "edges", "id": "e2", "branch": "", "parent": "e1", "size": 0, "finished": False},
    )
    found["branches"][1]["head"] = "e2"
    found["repos"][1]["description"] = "Output repo for pipeline edges."
    found["pipelines"][0]["spec"] = {**SPEC, "reprocess_spec": "until_success"}
    assert compare(BEFORE, found) == []


@pytest.mark.parametrize(
    ("part", "place", "change", "key"),
    [
        ("repos", 0, None, "repo_gone"),
        ("repos", 0, {"description": ""}, "description_changed"),
        ("commits", 1, None, "commit_gone"),
        ("commits", 0, {"parent": ""}, "commit_changed"),
        ("commits", 0, {"size": 3}, "commit_changed"),
        ("branches", 0, None, "branch_gone"),
        ("branches", 0, {"head": "d1"}, "head_changed"),
        ("branches", 1, {"head": "zz"}, "head_changed"),
        ("pipelines", 0, None, "pipeline_gone"),
        ("pipelines", 0, {"spec": {**SPEC, "datum_tries": "1"}}, "spec_changed"),
        ("pipelines", 0, {"spec": {}}, "spec_changed"),
        ("pipelines", 0, {"stopped": False}, "pipeline_runs"),  # trap P06
        ("reads", 0, {"error": "objectInfoGetter: object not found", "sha256": ""}, "file_unreadable"),  # trap P04
        ("reads", 0, {"sha256": "bb"}, "file_changed"),
    ],
)
def test_a_loss_is_told(part: str, place: int, change: dict[str, Any] | None, key: str) -> None:
    found = after()
    if change is None:
        del found[part][place]
    else:
        found[part][place].update(change)
    assert keys(found) == [key]


def moved_on() -> dict[str, Any]:
    """A client has loaded a further commit."""
    found = after()
    found["commits"].append({"repo": "data", "id": "d3", "branch": "", "parent": "d2", "size": 20, "finished": True})
    found["branches"][0]["head"] = "d3"
    return found


def without(repo: str) -> dict[str, Any]:
    """Its owner has deleted a repo, and reading it fails."""
    found = {
        part: [row for row in rows if row.get("repo", row.get("name")) != repo]
        for part, rows in after().items()
        if isinstance(rows, list)
    }
    reads = [{**BEFORE["reads"][0], "error": f"repo {repo} not found", "sha256": ""}]
    return {**after(), **found, "reads": reads if repo == "data" else BEFORE["reads"], "pipelines": BEFORE["pipelines"]}


UNREADABLE = {"reads": [{**BEFORE["reads"][0], "error": "objectInfoGetter: object not found", "sha256": ""}]}


@pytest.mark.parametrize(
    ("found", "clients", "lost", "noted"),
    [
        (moved_on(), "out", ["head_changed"], 0),
        (moved_on(), "back", [], 0),
        (moved_on(), "served", [], 0),
        (without("data"), "out", ["repo_gone", "commit_gone", "commit_gone", "branch_gone"], 0),
        (without("data"), "back", ["repo_gone", "commit_gone", "commit_gone", "branch_gone"], 0),
        (without("data"), "served", [], 4),
        # What no client can have done stays a loss: the file of a commit that is there.
        (after(**UNREADABLE), "served", ["file_unreadable"], 0),
        (after(reads=[{**BEFORE["reads"][0], "sha256": "bb"}]), "served", ["file_changed"], 0),
        (after(commits=[{**BEFORE["commits"][0], "size": 3}, *BEFORE["commits"][1:]]), "served", ["commit_changed"], 0),
        (after(pipelines=[]), "served", [], 1),
    ],
)
def test_what_clients_did_is_told_apart_from_a_loss(
    found: dict[str, Any], clients: str, lost: list[str], noted: int
) -> None:
    differences, notes = judged(BEFORE, found, clients)
    assert [row["key"] for row in differences] == lost and len(notes) == noted
    assert all("Clients were served meanwhile" in note for note in notes)


def test_a_part_that_cannot_be_told_stops() -> None:
    found = after()
    del found["commits"]
    with pytest.raises(UpliftError, match="has no commits"):
        compare(BEFORE, found)


def test_releases_that_list_no_commits_are_compared_by_what_they_list() -> None:
    little = {"repos": BEFORE["repos"], "pipelines": BEFORE["pipelines"]}
    assert compare(little, BEFORE) == []
    assert keys({**BEFORE, "repos": []}, little) == ["repo_gone", "repo_gone"]


@pytest.mark.parametrize("release", ["1.8.0", "1.8.7", "1.9.12"])
def test_real_specs_of_one_pipeline_are_the_same_in_every_release(release: str) -> None:
    """trap P33: camelCase, snake_case; atom, pfs."""
    specs = [parse.pipelines(replay.answer(one, "list_pipeline_raw").out)[0] for one in ("1.7.14", release)]
    rows = [{**BEFORE, "pipelines": [{"name": "edges", "stopped": False, "spec": one.spec}]} for one in specs]
    assert keys(rows[1], rows[0]) == []


OLD: dict[str, Any] = {
    **copy.deepcopy(BEFORE),
    "version": "1.8.8",
    "branches": [
        {"repo": "data", "name": "master", "head": "d2", "provenance": []},
        {"repo": "edges", "name": "master", "head": "e1", "provenance": ["data@master"]},
    ],
    "reads": [{"repo": "edges", "branch": "master", "path": "/a", "size": 6, "sha256": "aa", "error": ""}],
}


def test_an_output_that_was_left_out_is_computed_anew() -> None:
    """trap P36: other commits, other heads, and nothing to read until the workers have run."""
    found = {**copy.deepcopy(OLD), "version": "1.9.0", "reads": []}
    found["commits"][2]["id"], found["branches"][1]["head"] = "e9", "e9"
    differences, notes = judged(OLD, found, "out")
    assert differences == []
    assert notes == [
        "The output of edges was not in the dump of 1.8.8: it is computed anew, and 0 output commits of it are open."
    ]
    inside = {**found, "version": "1.8.9"}
    assert {row["key"] for row in judged(OLD, inside, "out")[0]} == {"commit_gone", "head_changed"}
    gone = {**found, "repos": found["repos"][:1]}
    assert [row["key"] for row in judged(OLD, gone, "out")[0]] == ["repo_gone"]


def test_the_settings_that_a_dump_loses_were_said_and_are_noted() -> None:
    """trap P38"""
    was = pipelines("1.8.8", "settings_list_pipeline_raw")
    is_ = pipelines("1.9.0", "settings_list_pipeline_raw_from_1_8_8")
    before = {**copy.deepcopy(BEFORE), "version": "1.8.8", "pipelines": was}
    differences, notes = judged(before, {**before, "version": "1.9.0", "pipelines": is_}, "out")
    assert [row["key"] for row in differences] == ["settings_lost"] * 3
    assert "spouty lacks what the dump has left out (spout was {'overwrite': True} and is None)" in str(differences)
    assert "The settings standby, datum_tries, scheduling_spec, pod_patch of tuned were not in the dump" in str(notes)
    # Set again, nothing is lost.
    again = [
        {**row, "spec": {**row["spec"], **dumped.settings(before, {"version": "1.9.0"}).get(row["name"], {})}}
        for row in is_
    ]
    assert judged(before, {**before, "version": "1.9.0", "pipelines": again}, "out")[0] == []
    # Where nothing was dumped, the same is a loss.
    (one, *_more) = judged(before, {**before, "pipelines": is_}, "out")[0]
    assert one["key"] == "spec_changed"


def test_seconds_are_compared_as_such() -> None:
    spec = {**SPEC, "job_timeout": "60.000s"}
    before = after(pipelines=[{**BEFORE["pipelines"][0], "spec": spec}])
    same = after(pipelines=[{**BEFORE["pipelines"][0], "spec": {**spec, "job_timeout": "60s"}}])
    other = after(pipelines=[{**BEFORE["pipelines"][0], "spec": {**spec, "job_timeout": "61s"}}])
    assert (keys(same, before), keys(other, before)) == ([], ["spec_changed"])


def test_ticks_that_are_made_up_move_a_head() -> None:
    """trap P39: the old head has to be an ancestor."""
    clock = {"name": "clock", "state": "paused", "stopped": True, "spec": {"input": {"cron": {"repo": "data"}}}}
    before = after(pipelines=[clock])
    further = {"repo": "data", "id": "d3", "branch": "", "parent": "d2", "size": 0, "finished": True}
    moved = after(pipelines=[clock], commits=[*BEFORE["commits"], further])
    moved["branches"][0]["head"] = "d3"
    assert keys(moved, before) == []
    assert keys(moved, BEFORE) == ["head_changed", "pipeline_gone"]
    assert judged(before, {**moved, "version": "1.13.4"}, "out")[1] == [
        "The cron input data has 1 commits more than before: missed ticks, or the end of its /time."
    ]
    back = copy.deepcopy(moved)
    back["branches"][0]["head"] = "d1"
    assert keys(back, before) == ["head_changed"]


def test_ticks_that_real_servers_made_up_are_no_difference() -> None:
    """trap P39: 1.8.8 had two commits, 1.9.0 came back with four, and the head of before is an ancestor."""
    was, is_ = branches("1.8.8", "cron_stopped_list_branch_raw"), branches("1.9.0", "cron_list_branch_raw_from_1_8_8")
    rows = [dict(row, finished=True) for row in commits("1.8.8", "cron_list_commit_raw")]
    table = [line.split() for line in replay.answer("1.9.0", "cron_list_commit_from_1_8_8").out.splitlines()[1:]]
    came = [{**rows[0], "id": line[2], "parent": line[3].replace("<none>", "")} for line in table]
    clock = [{**row, "stopped": True} for row in pipelines("1.8.8", "cron_list_pipeline_raw")]
    before = {
        **BEFORE,
        "version": "1.8.8",
        "repos": [],
        "reads": [],
        "pipelines": clock,
        "branches": was,
        "commits": rows,
    }
    now = {**before, "version": "1.9.0", "branches": is_, "commits": came}
    assert was[0]["head"] != is_[0]["head"] and len(came) == 4
    assert judged(before, now, "out") == (
        [], ["The cron input clock_tick has 2 commits more than before: missed ticks, or the end of its /time."]
    )  # fmt: skip


def test_it_is_said_what_was_compared() -> None:
    """trap P43"""
    told = dumped.compared(BEFORE)
    assert "the specs of pipelines" in told[0] and "3 commits, 2 branches, 1 reads" in told[0]
    assert "when commits began and ended" in told[1]
    assert "commits" not in dumped.compared({"repos": [], "pipelines": []})[0]


def test_messages_that_are_lost_are_noted() -> None:
    """trap P43"""
    before = {**copy.deepcopy(BEFORE), "version": "1.8.8"}
    before["commits"][0]["message"] = "why this was loaded"
    differences, notes = judged(before, after(version="1.9.0"), "out")
    assert (differences, notes) == ([], ["1 commits have lost their message."])


def test_what_was_started_again_after_the_hop_is_no_difference() -> None:
    """It rested for the inventory, and clients were served since. Another one that runs may be its owner's doing."""
    found = after()
    found["pipelines"][0]["stopped"] = False
    found["repos"] = found["repos"][:1]
    differences, notes = judged(BEFORE, found, "since", ["edges"])
    assert [row["key"] for row in differences] == ["repo_gone"] and notes == []
    differences, (note,) = judged(BEFORE, found, "since", [])
    assert [row["key"] for row in differences] == ["repo_gone"] and "edges was stopped and runs" in note
