# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said before a dump is made, on what real servers of 1.7 to 1.9 once said."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import forms, outputs
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.state_findings import of_state

from tests.unit import pachyderm_replay as replay
from tests.unit.plugins.module_utils._pachyderm.test_pachyderm_outputs import STATS, branches, commits, pipe, pipelines


def info(version: str, **seen: Any) -> dict[str, Any]:
    found = {"version": version, "repos": [{"name": "edges", "size": 11}], "branches": [], "pipelines": []}
    return {**found, "without_tree": [], "messages": 0, "history": {}, **seen}


TABLED = parse.table_pipelines(replay.answer("1.4.8", "list_pipeline").out)
TAGGED = branches("1.7.14", "names_list_branch_raw")
DOTTED = [{"name": "my.odd", "size": 6}, {"name": "my_odd-2", "size": 6}]
CLOCK = pipelines("1.8.8", "cron_list_pipeline_raw")
# Two ticks were due when 1.9.0 answered after the restore: cron_list_file_from_1_8_8.
TICKED = {"ticks": {"clock_tick": "2026-11-27T13:04:05Z"}, "asked": "2026-11-27T13:04:29Z"}
WORKED = {
    "branches": branches("1.8.8", "worker_list_branch_raw"),
    "pipelines": pipelines("1.8.8", "worker_list_pipeline_raw"),
    "without_tree": outputs.without_tree(commits("1.8.8", "worker_list_commit_raw")),
    "history": {"data@master": 2},
}
FAILED = outputs.without_tree(commits("1.7.14", "failed_list_commit_raw"))
PLAIN = branches("1.7.14", "provenance_list_branch_raw")


@pytest.mark.parametrize(
    ("version", "targets", "seen", "keys", "said"),
    [
        # trap P40
        ("1.8.8", ["1.9.0"], {"branches": TAGGED}, ["branch_names"], ["tagged@feature/x, tagged@v1.0"]),
        ("1.7.14", ["1.8.8", "1.9.12"], {"branches": TAGGED}, ["branch_names"], ["1.9.12 does not restore"]),
        ("1.7.14", ["1.8.8"], {"branches": TAGGED}, [], []),
        # trap P45
        ("1.7.14", ["1.13.4"], {"repos": DOTTED}, ["repo_names"], ["1.13.4 does not restore: my.odd"]),
        ("1.9.12", ["1.13.4"], {"repos": DOTTED}, ["repo_names"], ["my.odd"]),
        ("1.13.3", ["1.13.4"], {"repos": DOTTED}, [], []),  # inside a series there is no dump
        # trap P36, trap P44
        ("1.8.8", ["1.9.0"], WORKED, ["output_anew", "output_commits"], ["edges (11 bytes)", "edges (2), 2 in all"]),
        ("1.8.8", ["1.8.9"], WORKED, [], []),  # inside a series there is no dump
        ("1.9.12", ["1.13.4"], WORKED, [], []),
        # trap P37
        (
            "1.7.14", ["1.8.8"], {"pipelines": [pipe("edges", stopped=True)], "without_tree": FAILED},
            ["stopped_without_tree"], [FAILED[0]],
        ),
        ("1.7.14", ["1.8.8"], {"without_tree": FAILED}, ["commits_without_tree"], [FAILED[0]]),
        # A branch of such an output, which nobody makes anew
        (
            "1.8.8", ["1.9.0"],
            {**WORKED, "history": {}, "branches": [*WORKED["branches"], {"repo": "edges", "name": "v1", "head": "e"}]},
            ["output_anew", "output_branches_lost"], ["edges@v1"],
        ),
        # trap P41
        (
            "1.7.14", ["1.8.8"],
            {"branches": branches("1.7.14", *STATS), "pipelines": pipelines("1.7.14", "stats_list_pipeline_raw")},
            ["output_anew", "derived_branches"], ["derived@master from data@master"],
        ),
        # trap P38
        (
            "1.7.14", ["1.8.8"], {"pipelines": pipelines("1.7.14", "settings_list_pipeline_raw")}, ["settings_again"],
            ["podded (pod_spec); tuned (standby, datum_tries, scheduling_spec)"],
        ),
        (
            "1.8.8", ["1.9.0"], {"pipelines": pipelines("1.8.8", "settings_list_pipeline_raw")}, ["settings_again"],
            ["spouty (spout)"],
        ),

        # trap P39
        (
            "1.7.14", ["1.8.8"], {"pipelines": pipelines("1.7.14", "cron_list_pipeline_raw")}, ["cron_never_ticks"],
            ["clock; 1.7.14 writes ticks to /time, which 1.8.8 takes for a time"],
        ),
        (
            "1.8.8", ["1.9.0"], {"pipelines": CLOCK, **TICKED}, ["cron_catches_up"],
            ["clock (@every 10s, 2 missed by now and 360 more each hour)"],
        ),
        ("1.8.8", ["1.9.0"], {"pipelines": CLOCK}, ["cron_catches_up"], ["an unknown number missed by now"]),
        (
            "1.8.8", ["1.9.0"], {"pipelines": CLOCK, "without_tree": ["clock@c1"]},
            ["output_anew", "cron_catches_up", "cron_ticks"], ["cannot be stopped while the dump is made: clock"],
        ),
        # trap P43
        ("1.8.8", ["1.9.0"], {"messages": 2}, ["messages_lost"], ["2 commits with a message"]),
        # trap P46
        ("1.9.12", ["1.13.4"], {"auth": "on"}, ["auth_lost"], ["a dump of 1.9.12 carries neither it nor admins"]),
        ("1.9.0", ["1.9.12", "1.13.4"], {"auth": "on"}, ["auth_lost"], ["a dump of 1.9.12"]),
        ("1.12.0", ["1.13.4"], {"auth": "on"}, [], []),  # 1.11.9 calls itself so
        ("1.9.12", ["1.13.4"], {"auth": "off"}, [], []),
        ("1.9.11", ["1.9.12"], {"auth": "on"}, [], []),
        # What has no such thing
        ("1.7.14", ["1.8.8"], {"branches": PLAIN, "pipelines": pipelines("1.7.14", "list_pipeline_raw")}, [], []),
        ("1.8.8", [], {"branches": TAGGED}, [], []),
        # The dump is that of the last release of the series
        ("1.9.0", ["1.9.12", "1.13.4"], WORKED, [], []),
        ("1.8.7", ["1.8.8", "1.9.0"], {"messages": 1}, ["messages_lost"], ["1 commits"]),
        ("1.4.8", ["1.5.0"], {"pipelines": [asdict(one) for one in TABLED], "branches": None}, [], []),
    ],
)  # fmt: skip
def test_it_is_said_beforehand(
    version: str, targets: list[str], seen: dict[str, Any], keys: list[str], said: list[str]
) -> None:
    found = list(of_state(info(version, **seen), targets))
    assert [one.key for one in found] == keys
    text = " / ".join(one.saw for one in found)
    assert all(part in text for part in said), text
    assert all(one.do and one.expected for one in found)


NOTES = {"output_anew", "output_commits", "cron_catches_up", "cron_ticks", "messages_lost"}


def test_only_what_breaks_or_loses_stops() -> None:
    seen = {**WORKED, "messages": 1, "pipelines": [*WORKED["pipelines"], *CLOCK], "branches": [*TAGGED, *PLAIN]}
    found = list(of_state(info("1.8.8", **{**seen, "without_tree": [*FAILED, "clock@1", "x@y"]}), ["1.9.0"]))
    assert {one.key for one in found if not one.stops} == NOTES
    assert {one.key for one in found if one.stops} == {"branch_names", "commits_without_tree"}


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1.8.8", "`pachctl create-branch tagged feature-x --head feature/x` and then `pachctl delete-branch tagged"),
        ("1.9.0", ""),
    ],
)
def test_the_way_out_is_in_the_words_of_that_release(version: str, said: str) -> None:
    (found,) = of_state(info(version, branches=TAGGED), ["1.10.5"])
    assert said in found.do
    if not said:
        assert "pachctl create branch tagged@feature-x --head feature/x" in found.do


def test_what_the_new_release_does_not_take_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """trap P38"""
    monkeypatch.setattr(forms, "SETTINGS_TAKEN", (forms.Form(("standby", "datum_tries"), (forms.READ,)),))
    (lost,) = of_state(info("1.8.8", pipelines=pipelines("1.8.8", "settings_list_pipeline_raw")), ["1.9.0"])
    assert (lost.key, lost.stops) == ("settings_lost", True)
    assert "podded (pod_spec); spouty (spout); tuned (scheduling_spec, pod_patch)" in lost.saw


OLD_CLOCK = {"pipelines": pipelines("1.7.14", "cron_list_pipeline_raw"), "asked": "2026-11-27T13:12:40Z"}


@pytest.mark.parametrize(("cron_again", "key"), [(False, "cron_never_ticks"), (True, "cron_ticks_again")])
def test_an_operator_may_want_cron_inputs_of_1_7_to_tick_again(cron_again: bool, key: str) -> None:
    """trap P39: 15 ticks came at once when /time was deleted (cron_list_file_after_delete_file)."""
    (found,) = of_state(info("1.7.14", **OLD_CLOCK), ["1.8.8"], cron_again)
    assert (found.key, found.stops) == (key, not cron_again)
    assert "clock: @every 10s, 15" in found.saw + found.do and ("pachyderm_cron_again" in found.do)


def test_how_many_output_commits_are_begun_is_told_for_each() -> None:
    """trap P44: 1 before, 2 after (worker_restored_list_commit_raw): one for each commit of data@master."""
    assert len(commits("1.9.0", "worker_restored_list_commit_raw")) == 2
    rows = [pipe("edges"), pipe("montage", repo="edges"), pipe("other", repo="lookup")]
    history = {"data@master": 2, "edges@master": 7, "lookup@master": 1}
    assert outputs.begun(rows, ["edges", "montage"], history) == {"edges": 2, "montage": 2}
    assert outputs.begun(rows, ["montage"], history) == {"montage": 7}
    looped = [pipe("a", repo="b"), pipe("b", repo="a")]
    assert outputs.begun(looped, ["a", "b"], {}) == {"a": 0, "b": 0}


def test_a_repo_of_such_a_name_is_lost_by_the_real_release() -> None:
    """trap P45: with commits the restore fails behind the repos; without any it ends with 0, under another name."""
    failed, empty = (replay.answer("1.13.4", f"names_restore_repo_dot{end}") for end in ("", "_empty"))
    assert failed.rc == 1 and "error creating commit: /pachyderm_pfs/repos/ my.odd not found" in failed.err
    assert empty.rc == 0 and "my.odd" not in empty.err
