# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pachctl's answers as it once gave them, by every release of the captures."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse as version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import spelling as cli
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import pachyderm_replay as replay

RAW: dict[str, Callable[[str], Any]] = {
    "list_repo_raw": parse.repos,
    "list_branch_raw": parse.branches,
    "list_commit": parse.commits,
    "list_pipeline": parse.pipelines,
    "list_file": parse.files,
    "list_job_raw": parse.jobs,
}


@pytest.mark.parametrize(("release", "case"), [one for prefix in RAW for one in replay.cases(prefix, 0)])
def test_every_raw_list_of_the_captures_is_read(release: str, case: str) -> None:
    if "raw" not in case:
        return
    text = replay.answer(release, case).out
    reader = next(reader for prefix, reader in RAW.items() if case.startswith(prefix))
    rows = reader(text)
    assert len(rows) == len(re.findall(r"^}", text, re.MULTILINE))
    assert all(rows), rows


@pytest.mark.parametrize("release", ["1.7.14", "1.8.7", "1.9.12", "1.11.9", "1.13.4"])
def test_repos_and_branches(release: str) -> None:
    repos = {row["name"]: row for row in parse.repos(replay.answer(release, "list_repo_raw").out)}
    assert set(repos) == {"data", "lookup", "edges"}
    assert repos["data"]["description"] == "raw input" and repos["lookup"]["size"] == 10
    assert repos["edges"]["size"] == 0  # trap P13: a zero is left out
    branches = parse.branches(replay.answer(release, "list_branch_raw").out)
    assert {row["name"] for row in branches} == {"master", "staging"}
    assert all(re.fullmatch("[0-9a-f]{32}", row["head"]) for row in branches)


# trap P33: camelCase up to 1.8.0, snake_case later; trap P13: no state is PIPELINE_STARTING
@pytest.mark.parametrize(("release", "case"), [one for one in replay.cases("list_pipeline", 0) if "_raw" in one[1]])
def test_pipelines(release: str, case: str) -> None:
    (found,) = parse.pipelines(replay.answer(release, case).out)
    assert found.name == "edges"
    assert found.stopped == found.rests == ("stopped" in case)
    assert found.state == ("paused" if "stopped" in case else "running")
    assert found.spec["input"]["pfs"]["glob"] == "/*"
    assert found.spec["resource_requests" if "resource_requests" in found.spec else "input"]
    assert not {"salt", "created_at", "spec_commit", "state"} & set(found.spec)


def test_the_operators_own_words_stay_as_they_are() -> None:
    """A name of a variable or of a label of a node is no key of pachctl's."""
    asked = {"transform": {"env": {"MyVar": "x"}}, "schedulingSpec": {"nodeSelector": {"diskType": "ssd"}}}
    (found,) = parse.pipelines(json.dumps({"pipeline": {"name": "p"}, **asked}))
    assert found.spec["transform"]["env"] == {"MyVar": "x"}
    assert found.spec["scheduling_spec"]["node_selector"] == {"diskType": "ssd"}


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (parse.pipelines, '{"state": "PIPELINE_RUNNING"}'),
        (parse.pipelines, '{"pipeline": "edges"}'),
        (parse.repos, '{"repo": {"name": "data"}, "sizeBytes": "many"}'),
        (parse.branches, '{"branch": null}'),
        (parse.branches, '{"branch": {"repo": {"name": "r"}, "name": "b"}, "head": "x"}'),
        (parse.commits, '{"commit": {"id": "c"}}'),
        (parse.files, '{"file": {}}'),
        (parse.jobs, '{"job": []}'),
        (parse.request, "no pipeline"),
        (parse.request, "[]"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_shows_it(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(UpliftError, match="is not understood .* expected what a release") as caught:
        read(text)
    assert text[:12] in str(caught.value)


@pytest.mark.parametrize("release", ["1.7.14", "1.8.8"])
def test_a_request_is_kept_in_its_own_words(release: str) -> None:
    found = parse.request(replay.answer(release, "settings_extract_pipeline").out)
    assert found["pipeline"] == {"name": "tuned"} and "standby" not in found and found["salt"]


def test_a_zero_state_is_starting() -> None:
    (found,) = parse.pipelines('{"pipeline": {"name": "p"}}')
    assert found.state == "starting" and not found.rests  # trap P13


def test_one_that_was_stopped_in_standby_has_no_workers() -> None:
    """1.9.12 says PIPELINE_STANDBY of it for good, 1.13.4 PIPELINE_PAUSED."""
    assert parse.Pipeline("p", "standby", True).rests and not parse.Pipeline("p", "standby", False).rests


@pytest.mark.parametrize("state", ["running", "starting", "restarting", "crashing"])
def test_stopped_is_not_yet_at_rest(state: str) -> None:
    assert not parse.Pipeline("p", state, True).rests  # trap P14


@pytest.mark.parametrize(("release", "case"), [one for one in replay.cases("list_commit", 0) if "_raw" in one[1]])
def test_open_commits_are_seen(release: str, case: str) -> None:
    commits = parse.commits(replay.answer(release, case).out)
    is_open = "open" in case or case.startswith("list_commit_output")
    assert {commit.finished for commit in commits} == {not is_open}  # trap P05
    if case == "list_commit_raw":
        ids = [commit.id for commit in commits]
        assert len(ids) == 4 and sum(commit.parent in ids for commit in commits) >= 2


@pytest.mark.parametrize(("release", "case"), list(replay.cases("version_client_only", 0)))
def test_client_version(release: str, case: str) -> None:
    said = parse.client_version(replay.answer(release, case).out)
    assert str(said) == {"1.11.9": "1.12.0"}.get(release, release)  # trap P18


def test_a_greeting_before_the_version() -> None:
    greeting = replay.answer("1.7.14", "first_call_no_config").out
    assert parse.client_version(greeting + "1.7.14\n") == Version(1, 7, 14)  # trap P32


@pytest.mark.parametrize(("release", "case"), [one for one in replay.cases("version") if "raw" not in one[1]])
def test_version_tables(release: str, case: str) -> None:
    if "client_only" in case:
        return
    found = parse.versions(replay.answer(release, case).out)
    assert "pachctl" in found
    assert ("pachd" in found) == (replay.kept(release, case)["rc"] == 0)


@pytest.mark.parametrize("release", ["1.4.8", "1.5.0"])
def test_tables_of_releases_without_json(release: str) -> None:
    suffix = "" if release == "1.4.8" else "_migrated"
    (pipeline,) = parse.table_pipelines(replay.answer(release, f"list_pipeline{suffix}").out)
    assert (pipeline.name, pipeline.state) == ("edges", "restarting")
    if release == "1.4.8":
        repos = parse.table_repos(replay.answer(release, "list_repo").out)
        assert {row["name"] for row in repos} == {"data", "lookup", "edges"}


def test_what_is_no_json_is_reported() -> None:
    with pytest.raises(CliError, match="could not"):
        parse.stream('{"a": 1}could not retrieve')
    with pytest.raises(CliError, match="expected a JSON object"):
        parse.stream("[1]")


keys = st.text("abcdefgh_", min_size=1, max_size=6)
values = st.recursive(st.integers() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3))


@given(st.lists(st.dictionaries(keys, values), max_size=5), st.sampled_from(["", " ", "\n", "\n\n "]))
def test_objects_are_told_apart_whatever_is_between_them(rows: list[Any], between: str) -> None:
    text = between.join(json.dumps(row, indent=2) for row in rows)
    assert parse.stream(between + text) == rows  # trap P13


@pytest.mark.parametrize(
    ("release", "name", "more", "words"),
    [
        ("1.8.8", "repos", ("--raw",), ["list-repo", "--raw", "--no-metrics"]),
        ("1.9.0", "repos", ("--raw",), ["list", "repo", "--raw"]),
        ("1.7.14", "whoami", (), ["auth", "whoami", "--no-metrics"]),
        ("1.13.4", "extract", ("--no-objects", "--no-auth"), ["extract", "--no-objects", "--no-auth"]),
        ("1.5.0", "migrate", ("--from", "1.4.8"), ["migrate", "--from", "1.4.8", "--no-metrics"]),
    ],
)
def test_spelling(release: str, name: str, more: tuple[str, ...], words: list[str]) -> None:
    assert cli.spell(version(release), name, *more) == words


@pytest.mark.parametrize(
    ("release", "name", "more"),
    [
        ("1.6.2", "extract", ()),  # trap P19
        ("1.6.10", "extract", ("--no-objects",)),  # trap P19
        ("1.4.8", "migrate", ()),
        ("1.7.14", "migrate", ()),
        ("1.9.12", "restore", ("--no-token",)),
    ],
)
def test_what_a_release_does_not_know(release: str, name: str, more: tuple[str, ...]) -> None:
    with pytest.raises(UpliftError, match=f"pachctl {release} has no"):
        cli.spell(version(release), name, *more)


def test_places() -> None:
    assert cli.place(version("1.8.8"), "r", "b", "/p") == ["r", "b", "/p"]
    assert cli.place(version("1.9.0"), "r", "b", "/p") == ["r@b:/p"]
    assert cli.place(version("1.9.0"), "r", "b") == ["r@b"]


def test_the_oldest_cannot_tell_their_version_alone() -> None:
    """As captured: `unknown flag: --client-only`."""
    for release, words in (("1.4.8", "none"), ("1.5.0", "none"), ("1.6.10", "version --client-only")):
        assert cli.asked(version(release)) == words
        assert (replay.kept(release, "version_client_only")["rc"] == 0) is (words != "none")
