# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm_compare import compare
from ansible_collections.uplift.datastores.plugins.module_utils._parse import pachyderm as parse

from tests.unit import pachyderm_replay as replay

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
