# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dump leaves out, and what has to run meanwhile: decided on what real servers of 1.7 to 1.9 once said."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump, forms, inventory, outputs
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse

from tests.unit import pachyderm_replay as replay

OLD, LATER = Version(1, 8, 8), Version(1, 9, 12)


def commits(release: str, *cases: str) -> list[dict[str, Any]]:
    return [asdict(one) for case in cases for one in parse.commits(replay.answer(release, case).out)]


def branches(release: str, *cases: str) -> list[dict[str, Any]]:
    return [one for case in cases for one in parse.branches(replay.answer(release, case).out)]


def pipelines(release: str, case: str) -> list[dict[str, Any]]:
    return [asdict(one) for one in parse.pipelines(replay.answer(release, case).out)]


def pipe(name: str, stopped: bool = False, repo: str = "data", **spec: Any) -> dict[str, Any]:
    return {"name": name, "stopped": stopped, "spec": {"input": {"pfs": {"repo": repo}}, **spec}}


@pytest.mark.parametrize("table", forms.TABLES)
def test_each_form_names_a_capture_that_is_there_or_the_sources(table: Any) -> None:
    for one in table:
        assert one.seen and one.since < one.until
        for name in one.seen:
            release, _slash, case = name.partition("/")
            assert name == forms.READ or (replay.FIXTURES / release / f"{case}.yml").exists(), name


@pytest.mark.parametrize(
    ("release", "case", "bare"),
    [
        ("1.8.8", "worker_list_commit_raw", True),  # trap P36: `trees`, and no `tree`
        ("1.7.14", "worker_list_commit_raw", False),
        ("1.8.8", "failed_list_commit_raw", True),  # trap P37
        ("1.7.14", "failed_list_commit_raw", True),
        ("1.7.14", "message_list_commit_raw", False),
        ("1.7.14", "list_commit_open_raw", False),
    ],
)
def test_commits_that_a_dump_does_not_end(release: str, case: str, bare: bool) -> None:
    found = outputs.without_tree(commits(release, case))
    assert bool(found) == bare and all(name.startswith("edges@") for name in found)


def test_what_a_worker_has_run_is_left_unstopped_and_out() -> None:
    """trap P36: stopped, it is in the dump without its tree; unstopped, it is not in the dump."""
    said = branches("1.8.8", "worker_list_branch_raw")
    bare = outputs.without_tree(commits("1.8.8", "worker_list_commit_raw"))
    running = pipelines("1.8.8", "worker_list_pipeline_raw")
    found = outputs.outputs(OLD, running, said, bare)
    assert (found.keep, found.stopped, found.refusal) == (["edges"], [], "")
    assert outputs.left_out(OLD, said) == {"edges"} and "edges" not in counted("1.8.8", "worker_extract").repos
    stopped = branches("1.8.8", "worker_stopped_list_branch_raw")
    assert outputs.left_out(OLD, stopped) == set() and "edges" in counted("1.8.8", "worker_stopped_extract").repos
    assert outputs.outputs(LATER, running, said, bare) == outputs.Outputs()


def counted(release: str, case: str) -> dump.Contents:
    import io

    return dump.read(io.BytesIO(replay.dump(release, case)))


def test_a_stopped_one_that_would_have_to_run_is_refused() -> None:
    """trap P37"""
    bare = outputs.without_tree(commits("1.7.14", "failed_list_commit_raw"))
    found = outputs.outputs(OLD, [pipe("edges", stopped=True)], [], bare)
    assert (found.keep, found.stopped, found.stray) == ([], ["edges"], [])
    assert "stopped pipelines edges cannot be carried" in found.refusal
    assert "edges" in counted("1.7.14", "failed_stopped_extract").repos


def test_what_reads_an_output_that_is_left_out_is_left_out_too() -> None:
    rows = [pipe("montage", repo="edges"), pipe("edges"), pipe("other"), pipe("last", stopped=True, repo="montage")]
    found = outputs.outputs(OLD, rows, [], ["edges@e1"])
    assert (found.keep, found.stopped) == (["edges", "montage"], ["last"])


def test_a_commit_without_a_tree_that_no_pipeline_makes() -> None:
    spout = {"name": "spouty", "stopped": False, "spec": {"spout": {}}}
    found = outputs.outputs(OLD, [spout], [], ["spouty@s1", "gone@g1"])
    assert found.stray == ["gone@g1", "spouty@s1"] and "gone@g1, spouty@s1 have no tree" in found.refusal


STATS = ("stats_list_branch_raw_statsy", "stats_list_branch_raw_derived", "stats_list_branch_raw_data")


def test_statistics_and_branches_with_a_provenance_of_their_own() -> None:
    """trap P41: both repos are not in the dump of the stopped pipeline, and nobody says so."""
    rows = pipelines("1.7.14", "stats_list_pipeline_raw")
    found = outputs.outputs(Version(1, 7, 14), rows, branches("1.7.14", *STATS), [])
    assert found.keep == ["statsy"]
    assert [(row["repo"], row["name"], row["provenance"]) for row in found.derived] == [
        ("derived", "master", ["data@master"])
    ]
    assert "The branches derived@master have a provenance of their own" in found.refusal
    stopped = branches("1.7.14", "stats_stopped_list_branch_raw")
    assert outputs.left_out(Version(1, 7, 14), stopped) == {"statsy"}
    assert set(counted("1.7.14", "stats_stopped_extract").repos).isdisjoint({"statsy", "derived"})


def test_the_dump_has_to_hold_what_its_release_carries_and_no_more() -> None:
    """trap P41: else the dump is refused for ever."""
    cases = ("stats_list_commit_raw_data", "stats_list_commit_raw_statsy", "stats_list_commit_raw_derived")
    listed: dict[str, Any] = {
        "version": "1.7.14",
        "repos": [{"name": name} for name in ("data", "derived", "statsy")],
        "commits": commits("1.7.14", *cases),
        "branches": branches("1.7.14", *STATS),
        "pipelines": pipelines("1.7.14", "stats_list_pipeline_raw"),
    }
    expected, held = inventory.tally(listed), counted("1.7.14", "stats_stopped_extract")
    assert expected["commits"] == {"data": held.commits["data"]} and expected["branches"] == 2
    later = inventory.tally({**listed, "version": "1.9.12"})
    assert set(later["commits"]) == {"data", "derived", "statsy"}


def test_how_many_commits_lead_to_a_head() -> None:
    """trap P44"""
    said = [{"repo": "clock_tick", "name": "master", "head": commits("1.8.8", "cron_list_commit_raw")[0]["id"]}]
    assert outputs.history(said, commits("1.8.8", "cron_list_commit_raw")) == {"clock_tick@master": 2}
    assert outputs.history([{"repo": "data", "name": "new", "head": ""}], []) == {"data@new": 0}


@pytest.mark.parametrize("release", ["1.7.14", "1.8.8"])
def test_a_dump_without_repos_is_whole_there(release: str) -> None:
    """trap P42"""
    found = counted(release, "bare_extract")
    assert (found.repos, found.has_objects) == ([], True)
    assert "lacks the repos data" in dump.shortfall(found, {"commits": {"data": 0}, "branches": 0, "pipelines": []})
