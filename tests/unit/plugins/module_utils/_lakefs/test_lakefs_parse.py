# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every captured transcript is read: none of the 205 is passed over."""

from __future__ import annotations

import re

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse import http, program
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import ApiError, Reply

from tests.unit.lakefs_replay import ALL, answer, capture, named, reply

OUTCOMES = {
    # done, and the line that says so
    "1.84.0/migrate_up_older_1": ("done", "Migration completed successfully."),
    "1.84.0/migrate_up_older_3": ("done", "Migration completed successfully."),
    "1.84.0/migrate_up_two_users": ("done", "Migration completed successfully."),  # trap L16: and never starts again
    "1.52.0/migrate_up_older_1_two_users": ("done", "Migration completed successfully."),
    "0.103.0/migrate_up_force": ("done", "Migration completed successfully."),
    "0.80.2/migrate_up_success": ("done", "KV Migration took 95.866799ms"),
    "0.80.2/migrate_up_success_log_stdout": ("done", "KV Migration took "),  # trap L30: log and result in one stream
    "0.80.2/migrate_up_empty": ("done", "KV Migration took "),  # trap L03: and there was nothing to migrate
    "0.80.2/migrate_up_from_schema_21": ("done", "KV Migration took "),
    "0.30.0/migrate_db_success": ("done", "Migrate completed"),
    "0.30.0/migrate_db_again": ("done", "Migrate completed"),
    "0.30.0/migrate_db_repository_filter_none": ("done", "Migrate completed"),  # trap L12: and nothing was done
    "1.84.0/migrate_task_run": ("done", "Task 'storage-ns-encoded' completed successfully"),
    # nothing to do
    "1.84.0/migrate_up_current": ("nothing", "No migrations to apply."),
    "1.84.0/migrate_up_current_force": ("nothing", "No migrations to apply."),
    "1.84.0/migrate_up_current_log_stdout": ("nothing", "No migrations to apply."),  # trap L30
    "1.84.0/migrate_goto_current": ("nothing", "No migrations to apply."),
    "0.80.2/migrate_up_already_migrated": ("nothing", "KV migration already completed"),
    # says nothing at all, whatever it did  trap L09
    "0.70.6/migrate_up_older": ("silent", ""),
    "0.70.6/migrate_up_current": ("silent", ""),
    "0.70.6/migrate_up_mvcc_not_migrated": ("silent", ""),  # trap L13
    "0.30.0/migrate_up_current": ("silent", ""),
    # a help text and exit status 0  trap L06
    "0.70.6/migrate_db": ("help", "Usage:"),
    "0.80.2/migrate_db": ("help", "Usage:"),
    "0.103.0/migrate_db": ("help", "Usage:"),
    "1.84.0/migrate_db": ("help", "Usage:"),
    # warnings that want --force  trap L17
    "0.103.0/migrate_up_no_force": ("warnings", "Migration failed: warnings found. Please fix or run using --force"),
    "0.103.0/migrate_up_older_2_no_force": ("warnings", "Migration failed: migrating from previous version of ACL"),
    # failures, by the sentence that tells why
    "0.80.2/migrate_up_missing_table": (
        "failed",
        "Failed to setup DB: 1 error occurred: * failed migration on package auth: ERROR: relation",
    ),  # trap L03: "KV Migration took" is printed there as well
    "0.80.2/migrate_up_tmpdir_unwritable": ("failed", "Failed to setup DB: create temp dir: "),  # trap L25
    "0.80.2/migrate_up_junk_record": ("failed", 'Failed to setup DB: validating version: strconv.Atoi: parsing "abc"'),
    "0.80.2/migrate_up_old_keys_only": (
        "failed",
        "Failed to setup DB: driver type : trying to migrate to non Postgres",
    ),
    "0.80.2/migrate_up_new_section_only": ("failed", "Failed to setup DB: get migrate database driver: dial tcp"),
    "0.70.6/migrate_up_dirty": ("failed", "Failed to setup DB: Dirty database version 38. Fix and force version."),
    "0.70.6/migrate_up_newer": ("failed", "Failed to setup DB: no migration found for version 39"),
    "0.70.6/migrate_version_db_down": ("failed", "panic: retries exhausted, could not connect to DB: failed to"),
    "0.30.0/migrate_db_db_down": (
        "failed",
        "Failed to setup DB: dial tcp 127.0.0.1:15499: connect: connection refused",
    ),
    "1.84.0/migrate_up_db_down": ("failed", "Failed to open KV store: connect failed: failed to connect to"),
    "1.84.0/migrate_up_sql_era": ("failed", "Failed to get KV version: not found"),
    "1.84.0/migrate_up_schema_0": ("failed", "migration to KV required. Did you migrate using version v0.80.x?"),
    "1.84.0/migrate_up_newer_5": ("failed", "incompatible schema version. Latest: 4: wrong kv version"),
    "1.84.0/migrate_up_old_keys": ("failed", "Load config: decoding failed due to the following error(s): 'database'"),
    "1.84.0/migrate_up_missing_config": ("failed", "Failed to find a config file: open /lab/missing.yaml"),
    "1.84.0/migrate_task_run_unknown": ("failed", "Task 'nope' not found"),
    "1.84.0/migrate_goto_no_version": ("failed", 'Error: required flag(s) "version" not set'),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_what_a_command_said(case: str) -> None:
    state, line = OUTCOMES[case]
    found = program.outcome(answer(case))
    assert found.state == state
    assert found.line.startswith(line)


@pytest.mark.parametrize(
    "case", named("migrate_up") + named("migrate_db") + named("migrate_task_run") + named("superuser")
)
def test_every_migration_is_understood(case: str) -> None:
    said, found = answer(case), program.outcome(answer(case))
    assert found.state in ("done", "nothing", "silent", "failed", "warnings", "help")
    assert (said.rc == 0) == (found.state not in ("failed", "warnings"))
    assert bool(found.line) == (found.state != "silent")


@pytest.mark.parametrize("case", named("run_"))
def test_every_start_says_why_it_failed(case: str) -> None:
    kept = capture(case)
    reason = program.start_failure(kept["stdout"] + kept["stderr"])
    assert bool(reason) == (kept["rc"] != 0), reason


STARTS = {
    "1.84.0/run_two_users": "too many users: auth migration not possible",  # trap L16
    "1.84.0/run_older_1": "Failure on schema validation: migration to ACL required.",
    "1.84.0/run_schema_0": "Failure on schema validation: migration to KV required.",
    "1.84.0/run_newer_5": "Failure on schema validation: incompatible schema version. Latest: 4",
    "1.84.0/run_db_down": "Failed to open KV store: connect failed",
    "1.84.0/run_port_busy": "Failed to listen on 127.0.0.1:18000",
    "0.70.6/run_older": "db version=37, available=38",
    "0.70.6/run_db_down": "panic: retries exhausted",
    "0.30.0/run_mvcc_not_migrated": "Data migration is required",
    "0.80.2/run_not_migrated": "not found",
}


@pytest.mark.parametrize("case", STARTS)
def test_why_a_server_did_not_start(case: str) -> None:
    kept = capture(case)
    assert STARTS[case] in program.start_failure(kept["stdout"] + kept["stderr"])


@pytest.mark.parametrize("case", named("version"))
def test_every_release_says_its_version(case: str) -> None:
    assert str(version.find(answer(case).out)) == case.split("/")[0]


def test_migrate_version_is_no_source_of_truth() -> None:
    """Trap L08: it ends with 0 whatever it finds, so that nothing here reads it."""
    cases = [case for case in named("migrate_version") if case.startswith(("0.70", "0.80")) and "db_down" not in case]
    assert cases and all(answer(case).rc == 0 for case in cases)


def test_a_task_counts_what_it_changed() -> None:  # trap L28
    assert program.task(answer("1.84.0/migrate_task_run")).updated == ["local://bucket/a b"]
    assert program.task(answer("1.84.0/migrate_task_run_dry_run")).updated == ["local://bucket/a b"]
    assert program.task(answer("1.84.0/migrate_task_run_again")).found == 0
    skipped = program.task(answer("1.84.0/migrate_task_run_skipped"))
    assert (skipped.found, skipped.updated, skipped.skipped) == (1, [], ["enc"])


def test_a_password_is_never_repeated() -> None:
    """Trap L15: 0.30 logs the whole connection string."""
    line = next(line for line in answer("0.30.0/migrate_db_success").lines() if "SECRET@" in line)
    assert "SECRET" not in program.scrub(line) and "lakefs:********@127.0.0.1" in program.scrub(line)
    assert (
        program.scrub("host=db user=lakefs password=s3cret dbname=l")
        == "host=db user=lakefs password=******** dbname=l"
    )


STATES = {
    "0.30.0/http_setup_lakefs": "unknown",
    "0.70.6/http_setup_lakefs_initialized": "initialized",
    "0.70.6/http_setup_lakefs_not_initialized": "not_initialized",
    "0.80.2/http_setup_lakefs_initialized": "initialized",
    "0.80.2/http_setup_lakefs_new_section_only": "not_initialized",  # trap L02
    "1.84.0/http_setup_lakefs_initialized": "initialized",
    "1.84.0/http_setup_lakefs_not_initialized": "not_initialized",
    "1.84.0/http_setup_lakefs_sql_era": "not_initialized",  # trap L01
    "1.84.0/http_setup_lakefs_db_down": "unknown",  # trap L18
    "1.84.0/http_setup_lakefs_db_down_later": "unknown",
    "0.30.0/http_setup_lakefs_not_set_up": "unknown",
    "0.55.0/http_setup_lakefs_not_set_up": "unknown",
    "0.70.6/http_setup_lakefs_not_set_up": "not_initialized",
    "0.80.2/http_setup_lakefs_not_set_up": "not_initialized",
    "1.84.0/http_setup_lakefs_not_set_up": "not_initialized",
    "0.30.0/http_setup_lakefs_set_up": "unknown",  # trap L34
    "0.55.0/http_setup_lakefs_set_up": "unknown",  # trap L34
    "0.70.6/http_setup_lakefs_set_up": "initialized",
    "0.80.2/http_setup_lakefs_set_up": "initialized",
    "1.84.0/http_setup_lakefs_set_up": "initialized",
}


@pytest.mark.parametrize("case", named("http_setup_lakefs"))
def test_every_setup_state(case: str) -> None:
    assert http.setup_state(reply(case)) == STATES[case]


def test_health_pages_prove_nothing() -> None:
    """Trap L18: with the database down they answer as ever. Trap L20: the id is a new one after the KV migration."""
    assert reply("1.84.0/http_health_db_down").status == 200 == reply("1.84.0/http_health").status
    assert reply("1.84.0/http_healthcheck_db_down").status == 204
    ids = {case: re.sub("^alive! ", "", reply(case).body) for case in named("http_health") if "healthcheck" not in case}
    assert ids["0.70.6/http_health"] != ids["0.80.2/http_health"]


@pytest.mark.parametrize("case", named("http_config_version"))
def test_every_version_page(case: str) -> None:
    expected = "" if reply(case).status in (401, 404) else case.split("/")[0]
    assert http.version(reply(case)) == expected


BAD = Reply(502, "<!DOCTYPE html><title>502 Bad Gateway</title>"), Reply(200, " <html><body>Sign in</body></html>")
SAID = [
    *((reply(case), http.Refused) for case in named("http_repositories_no_credentials")),
    (reply("1.84.0/http_repositories_db_down_later"), http.Refused),  # trap L18
    *((reply(case), http.Gone) for case in named("http_repository_missing")),
    *((reply(case), http.Gone) for case in named("http_objects_ls_ref_missing")),
    *((reply(case), http.Stranger) for case in named("http_ui_root")),
    *((one, http.Stranger) for one in BAD),
    (Reply(200, '{"results": [], "pagination": "none"}'), http.Stranger),
    (Reply(200, "[]"), http.Stranger),
    (Reply(403, '{"message":"insufficient permissions"}'), http.Refused),
    *((reply(case), http.Gone) for case in named("http_branch_diff_branch_missing")),  # 500 in 0.30.0
    *((reply(case), ApiError) for case in named("http_unknown_page")),  # 404 in 0.30.0 and 1.84.0
    (reply("0.30.0/http_tags_empty"), ApiError),
    (reply("0.55.0/http_no_commit_ref_commits_empty"), ApiError),
]


@pytest.mark.parametrize(("answer", "kind"), SAID)
def test_an_answer_that_is_no_list_is_told_by_its_kind(answer: Reply, kind: type[ApiError]) -> None:
    """What preflight turns into a finding each."""
    with pytest.raises(ApiError, match="Listing the tags") as caught:
        http.page(answer, "Listing the tags")
    assert caught.type is kind and caught.value.facts == {"why": kind.why}


def test_a_release_without_the_page_of_its_version_may_show_its_interface() -> None:
    assert http.version(reply("0.30.0/http_ui_root")) == ""


@pytest.mark.parametrize("case", named("http_repositories") + named("http_branches") + named("http_branch_diff"))
def test_every_list_is_read_or_refused(case: str) -> None:
    if reply(case).status == 401:  # trap L19, and the database down
        with pytest.raises(ApiError, match=r"auth\.encrypt\.secret_key"):
            http.page(reply(case), "Listing")
    elif reply(case).status != 200:
        with pytest.raises(ApiError, match=f"status {reply(case).status}, expected 200: .*not found"):
            http.page(reply(case), "Listing")
    else:
        page = http.page(reply(case), "Listing")
        assert page.after == "" and all("id" in row or "path" in row for row in page.results)


def test_no_capture_is_left_out() -> None:
    read = (
        "migrate_",
        "run_",
        "version",
        "http_",
        "superuser_",
        "tables_",
        "kv_record_",
        "schema_migrations_",
        "columns_",
        "config_",
        "s3_",
    )
    assert len(ALL) >= 205
    assert [case for case in ALL if not case.split("/")[1].startswith(read)] == []
