# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator of Pachyderm 1.4.8 - 1.9.0 says and does what was captured of the real programs, and nothing else."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import pachyderm_cases as cases
from tests.lab import pachyderm_trials as trials
from tests.lab.pachyderm_cases import Case
from tests.lab.pachyderm_emulated import Emulated
from tests.lab.pachyderm_emulator import pack
from tests.lab.pachyderm_states import Maker
from tests.lab.proc import LabError

RELEASES = tuple(pack.SAME)
# Each case takes a second or so on a quiet machine: the scenario pachyderm-conformance asks for all.
TELLING = (
    "1.4.8-list_repo", "1.5.0-migrate_wrong_to", "1.5.0-pod_migrate", "1.7.14-extract_extra_argument",
    "1.7.14-list_pipeline_stopped_raw", "1.7.14-restore_empty_stdin", "1.7.14-undeploy_eof",
    "1.7.14-failed_list_commit_raw", "1.7.14-updated_stopped_restore", "1.8.0-restore_from_1_7_14_full",
    "1.8.8-restore_from_1_7_14_stopped", "1.8.8-failed_stopped_restore_from_1_7_14", "1.8.8-worker_list_commit_raw",
    "1.8.8-cron_list_commit_from_1_7_14", "1.8.8-stats_stopped_list_branch_raw", "1.9.0-restore_from_1_8_7_full",
    "1.9.0-worker_stopped_restore_from_1_8_8_no_objects", "1.9.0-settings_list_pipeline_raw_from_1_8_8",
    "1.9.0-names_restore_from_1_8_8", "1.9.0-stats_freed_restore_from_1_8_8",
    "1.9.0-message_list_commit_raw_from_1_8_8",
)  # fmt: skip
ALL = os.environ.get("UPLIFT_CONFORMANCE") == "all"
CASES = list(cases.cases(RELEASES))
CHOSEN = [case for case in CASES if ALL or case.id in TELLING]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    made = Emulated(tmp_path_factory.mktemp("emulator"))
    yield made
    made.end()


@pytest.mark.parametrize("case", CHOSEN, ids=lambda case: case.id)
def test_says_and_does_what_was_captured(world: Emulated, case: Case) -> None:
    if case.state in trials.DOWN:
        world.version = case.version
    assert trials.differences(world, case, world.lives) == []


def test_a_server_that_falls_is_waited_for() -> None:
    assert trials.fell(iter((True, True, False)).__next__) == []


def test_every_capture_is_a_case_or_is_left_out_with_a_reason() -> None:
    left = cases.left_out(RELEASES)
    assert sorted(left) == ["1.5.0/migrate_api_refused", "1.7.14/deploy_local_dry_run"]
    assert {one.partition("/")[2] for one in left} == set(cases.LEFT_OUT)
    held = Counter(path.parent.name for path in pack.CAPTURES.glob("*/*.yml") if path.parent.name in RELEASES)
    assert sum(held.values()) == len(CASES) + len(left)


NAMED = re.compile(r"proved\((.*?)\)\n", re.S)


def test_every_proof_that_the_emulator_names_is_a_capture_or_is_known_to_be_none() -> None:
    """A name that is misspelt would make it silent where it should speak."""
    captured = {name for version in (*RELEASES, "1.9.12") for name in pack.captures(version)}
    text = "".join(path.read_text() for path in pack.HERE.glob("*.py"))
    named = {word for call in NAMED.findall(text) for word in re.findall(r'"([a-z][a-z0-9]*_[a-z0-9_]+)"', call)}
    assert named - captured <= NOBODY


# What nobody has captured of any release: asking for it is refused by a name that no capture has.
NOBODY = {
    "cron_list_pipeline", "delete_branch_provenance", "get_file_open_input", "inspect_pipeline_unknown",
    "list_file_open",
    "rich_pod_migrate_again", "start_commit_open", "update_pipeline_finished", "update_pipeline_unknown",
    "worker_list_pipeline", "delete_commit", "list_job",
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("1.8.8", ["list-job", "--no-metrics"]),
        ("1.8.8", ["extract", "--url", "local:///tmp/x"]),
        ("1.9.0", ["inspect", "commit", "data@master"]),
        ("1.7.14", ["deploy", "local", "--dry-run"]),
        ("1.8.8", ["list-datum", "x"]),
        ("1.4.8", ["inspect-commit", "data", "master"]),
        ("1.8.8", ["stop-pipeline", "a", "b"]),
    ],
)
def test_what_nobody_captured_is_not_answered(world: Emulated, version: str, words: list[str]) -> None:
    trials.make(world, version, "empty")
    said = world.run(words)
    assert (said.rc, said.out) == (70, b"")
    assert said.err.decode().startswith("nobody captured this: ") and f" of {version}" in said.err.decode()


def test_a_pipeline_that_reads_what_no_dump_carries_is_in_no_captured_dump(world: Emulated) -> None:
    trials.make(world, "1.8.8", "open")
    maker = Maker(world, "1.8.8")
    maker.pipeline("second", input={"pfs": {"repo": "edges", "branch": "master", "glob": "/*"}})
    said = world.run(["extract", "--no-objects"])
    assert said.rc == 70 and b"second, which reads edges" in said.err


def test_a_worker_of_a_cron_or_of_several_repos_is_refused(world: Emulated) -> None:
    trials.make(world, "1.8.8", "open")
    maker = Maker(world, "1.8.8")
    read = {"pfs": {"repo": "data", "branch": "master", "glob": "/*"}}
    maker.pipeline("crossed", input={"cross": [read, {"pfs": {**read["pfs"], "repo": "lookup"}}]})
    with pytest.raises(LabError, match="which reads a cron or several repos"):
        maker.work("crossed", succeeds=True)


@pytest.mark.parametrize("version", ["1.7.14", "1.9.0"])
def test_asked_for_its_own_release_it_needs_no_home(world: Emulated, version: str) -> None:
    """version_client_only, by an account that may write nowhere."""
    world.take(version)
    said = world.branch().run([world.program("pachctl"), "version", "--client-only"], {"HOME": "/proc/none"})
    assert (said.rc, said.out, said.err) == (0, f"{version}\n".encode(), b"")


def test_two_servers_on_one_etcd_are_apart_by_their_prefix(world: Emulated, tmp_path: Path) -> None:
    """So that a server of the new release can be tried next to the old one's metadata."""
    trials.make(world, "1.8.8", "small")
    beside = Emulated(tmp_path)
    beside.etcd, beside.prefix = world.etcd, "trial/"
    try:
        beside.start("1.9.0")
        assert beside.run(["list", "repo"]).out == b"NAME CREATED SIZE (MASTER) \n"
        assert b"lookup" in world.run(["list-repo"]).out
    finally:
        beside.end()
