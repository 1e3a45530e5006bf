# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance test of Pachyderm: every captured case, made again, and how the answer differs from the captured one.

The same cases go over the emulator and over real programs; only the world in which they are made differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_series as series
from tests.lab.pachyderm_states import ALONE, Said, World

__all__ = ["LEFT_OUT", "Case", "Said", "World", "cases", "left_out"]
CAPTURES = Path(__file__).parents[1] / "unit" / "fixtures" / "pachyderm"
# What is not put before a program, and why.
LEFT_OUT = {
    "deploy_local_dry_run": "the first 60 lines of its text are captured: the emulator says that nobody captured it",
    "migrate_api_refused": "what kubectl says of a server that does not answer: it is kubectl's own",
}


# Of the releases that are built: other tests of the lab have these on real hosts.
UNTRIED = (
    "start_pipeline", "auth_whoami", "enterprise_get_state", "restore_no_objects_empty_store", "restore_non_empty",
    "restore_open_commit_dump", "restore_stopped", "restore_truncated", "restore_default_token",
    "extract_no_objects_open_commit",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    version: str
    name: str
    state: str
    source: str = ""  # of a dump: the release that wrote it
    dumped: str = ""  # and the state in which it did
    no_objects: bool = False
    keep: bool = False  # the object store of the source
    after: str = ""  # the restore, or the start, that came before

    @property
    def id(self) -> str:
        return f"{self.version}-{self.name}"

    @property
    def capture(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((CAPTURES / self.version / f"{self.name}.yml").read_text())
        return found


# state -> names of the cases, in each release that has a capture of that name
PLAIN: dict[str, tuple[str, ...]] = {
    "empty": (
        "inspect_cluster", "version", "version_client_only", "version_raw", "list_repo_other_syntax",
        "restore_empty_stdin", "restore_garbage", "migrate_unknown_command",
    ),
    "open": (
        "list_branch_raw", "list_commit", "list_commit_open_raw", "list_commit_raw", "list_file_raw", "list_pipeline",
        "list_pipeline_raw", "list_repo", "list_repo_raw", "extract_open_commit", "create_repo_exists",
        "extract_no_objects_open_commit",
    ),
    "finished": (
        "extract", "extract_no_objects", "extract_extra_argument", "garbage_collect_running", "stop_pipeline",
        "stop_pipeline_unknown", "stop_pipeline_other_syntax",
    ),
    "stopped": (
        "list_pipeline_stopped_raw", "stop_pipeline_already", "garbage_collect", "start_pipeline_other_syntax",
        "start_pipeline",
    ),
    "stopped_open": ("extract_no_objects_stopped_open_commit",),
    "open_input": ("extract_open_input_commit",),
    "started": ("delete_all_yes", "delete_all_eof"),
    "kubectl": ("undeploy_yes", "undeploy_no", "undeploy_eof", "undeploy_all_yes"),
    "refused": ("extract_refused", "version_refused"),
    "new": ("first_call_no_config",),
}  # fmt: skip
# The oldest have another state, in which no output is there, and a Job or its pod.
OLD: dict[str, tuple[str, ...]] = {
    "few": ("list_repo", "list_pipeline", "version"),
    "empty": ("version_client_only", "migrate_unknown_command"),
    "job": (
        "migrate", "migrate_default_to", "migrate_namespace", "migrate_not_a_version", "migrate_wrong_from",
        "migrate_wrong_to", "migrate_extra_argument", "extract_no_objects_unknown_flag", "migrate_help",
    ),
    "job_exists": ("migrate_job_exists",),
    "no_kubectl": ("migrate_no_kubectl",),
    "refused": ("migrate_default_from_refused",),
    "not_migrated": ("list_repo_not_migrated", "list_pipeline_not_migrated"),
    "migrated": ("list_repo_raw_migrated", "list_pipeline_migrated", "version_migrated"),
    "pod": ("pod_migrate", "pod_migrate_pre_release", "pod_migrate_wrong_from", "pod_migrate_wrong_to"),
    "pod_again": ("pod_migrate_again",),
    "pod_rich": ("rich_pod_migrate",),
}  # fmt: skip
BARE, HERE = (True, False), (True, True)  # without objects, into an empty store or into the one that holds them
FULL = (False, False)
# name of a restore -> the state that its dump is from, and its form; `_from_VERSION` is the release that wrote it
RESTORED: tuple[tuple[str, str, tuple[bool, bool]], ...] = (
    (r"restore|restore_truncated(_at_chunk)?|restore_from_1_8_8|restore_from_1_\d_\d+_full", "finished", FULL),
    (r"restore_non_empty", "started", FULL),
    (r"restore_stopped|restore_from_1_7_14_stopped", "stopped", FULL),
    (r"restore_open_commit_dump", "open", FULL),
    (r"restore_no_objects_empty_store", "finished", BARE),
    (r"restore_from_1_\d_\d+_no_objects", "finished", HERE),
    (r"restore_from_1_7_14_open_input_commit", "open_input", FULL),
    (r"restore_from_1_8_7_open_commit", "open", HERE),
    (r"restore_from_1_8_7_stopped_no_objects", "stopped", HERE),
    (r"restore_from_1_8_7_stopped_open_commit", "stopped_open", HERE),
    (r"restore_after_patch_from_1_8_0", "patched", FULL),
    (r"settings_restore_\w+", "settings_finished", FULL),
    (r"cron_restore_\w+", "cron_stopped", FULL),
    (r"(worker_stopped|updated_stopped)_restore(_full)?", r"\1", FULL),
    (r"([a-z_]+?)_restore_from_1_\d_\d+(_no_objects)?", r"\1", FULL),
)
# What was asked after a restore -> that restore.
FOLLOWED = (
    (r"(fsck|list_pipeline)_from_1_8_7_no_objects", "restore_from_1_8_7_no_objects"),
    (r"list_commit_output_raw_from_1_7_14", "restore_from_1_7_14_full"),
    (r"list_file_missing_object", "restore_no_objects_empty_store"),
    (r"cron_(delete_file_time|list_\w+_after_delete_file)", "cron_restore_from_1_7_14"),
    (r"(names_renamed)_(get_file|list_branch)", r"\1_restore_from_1_8_8"),
    (r"([a-z_]+?)_restored_list_\w+", r"\1_restore_from_{}"),
    (r"(stats_freed|stats_one|stats_deleted|derived_freed|settings|cron|message|names)_\w+_from_(1_\d_\d+)",
     r"\1_restore_from_\2"),
)  # fmt: skip


def dotted(text: str) -> str:
    return text.replace("_", ".")


def restore_of(version: str, name: str) -> Case | None:
    for pattern, state, (bare, keep) in RESTORED:
        found = re.fullmatch(pattern, name)
        if not found or (name == "list_file_missing_object"):
            continue
        source = re.search(r"_from_(1_\d_\d+)", name)
        written = dotted(source[1]) if source and state != "patched" else version
        # Of the second series, what 1.8.8 wrote is without objects, unless its name says otherwise.
        if series.asked(name) and source and written == "1.8.8" and not name.startswith("bare"):
            bare, keep = HERE
        return Case(version, name, "restore", written, found.expand(state), bare, keep)
    return None


def followed(version: str, name: str) -> Case | None:
    for pattern, restore in FOLLOWED:
        if not (found := re.fullmatch(pattern, name)):
            continue
        expected = found.expand(restore)
        if "{}" in expected:
            known = sorted(path.stem for path in (CAPTURES / version).glob(f"{expected.split('{}')[0]}*.yml"))
            # Of two that a later look may follow, the one whose state_after is that of the look.
            expected = next(one for one in known if after_of(version, one) == after_of(version, name))
        before = restore_of(version, expected)
        if before:
            return Case(version, name, "after", before.source, before.dumped, before.no_objects, before.keep, expected)
    return None


def after_of(version: str, name: str) -> str:
    return str(yaml.safe_load((CAPTURES / version / f"{name}.yml").read_text()).get("state_after", ""))


def case_of(version: str, name: str) -> Case | None:
    """None: it is left out."""
    if name in LEFT_OUT:
        return None
    if name == "fsck" and version in ("1.8.7", *ALONE):  # of the first series, in which the others were not asked
        return Case(version, name, "open")
    if version in ALONE and (name in UNTRIED or "_from_" in name):  # real ones, where no emulated one is
        return None
    for state, names in (OLD if forms.series(version) < (1, 7) else PLAIN).items():
        if name in names:
            return Case(version, name, state)
    found = re.fullmatch(r"(?!restore)\w+_(started_on|after_patch_from)_(1_\d_\d+)", name)
    if found:
        return Case(version, name, "started_on", dotted(found[2]), "finished", after="panic" if "1_7" in name else "")
    if name.startswith("rich_") and name.endswith("migrated"):
        return Case(version, name, "rich_not_migrated" if "not_migrated" in name else "rich_migrated")
    if made := restore_of(version, name) or followed(version, name):
        return made
    return Case(version, name, series.asked(name)) if series.asked(name) else None


def cases(releases: Sequence[str]) -> Iterator[Case]:
    for version in releases:
        for path in sorted((CAPTURES / version).glob("*.yml")):
            if found := case_of(version, path.stem):
                yield found


def left_out(releases: Sequence[str]) -> list[str]:
    """RELEASE/CASE of every capture that is made into no case."""
    names = [(version, path.stem) for version in releases for path in sorted((CAPTURES / version).glob("*.yml"))]
    return [f"{version}/{name}" for version, name in names if not case_of(version, name)]
