# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role lakefs: what each verb calls, and what is decided on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import CANARY
from catalogues import verbs
from stage import Stage, failed

KEY = {"lakefs_access_key_id": "AKIA", "lakefs_secret_access_key": f"secret-{CANARY}"}
SAVED = {"inventory_0": {"repositories": {}}, "era_0": "kv"}
STOPPED = {"module": "service", "state": "stopped"}

CALLS = {
    "preflight": [
        "lakefs_config read",
        "lakefs_info",
        "node_space",
        "release staged",
        "lakefs_config staged",
        "lakefs_commit",
        "lakefs_findings",
    ],
    "stage": ["release staged", "lakefs_config staged", "lakefs_config_check", "lakefs_trial"],
    "commit_uncommitted": ["lakefs_commit"],
    "inventory": ["lakefs_inventory", "operation saved"],
    "rehearse": ["release staged", "lakefs_config staged", "lakefs_rehearsal", "operation saved"],
    "stop": ["service stopped"],
    "alone": ["lakefs_info"],
    "backup": ["postgres_backup present"],
    "prove": ["postgres_backup proved"],
    "migrate": ["release staged", "lakefs_config staged", "lakefs_migrate", "operation saved"],
    "activate": ["release activated"],
    "configure": ["lakefs_config activated"],
    "start": ["lakefs_info", "service started"],
    "healthy": ["lakefs_healthy"],
    "verify": ["operation read", "lakefs_inventory", "operation compared"],
    "move_objects": ["ping"],
    "uncommitted": ["lakefs_uncommitted"],
    "admit": ["release staged", "lakefs_config staged", "lakefs_migrate"],
    "restore": ["postgres_backup restored"],
}


@pytest.fixture
def one(lakefs: Stage, tmp_path: Path) -> Stage:
    """One server, with everything that an operator can switch on."""
    stage = lakefs.only("l1")
    tasks = tmp_path / "own.yml"
    tasks.write_text("- name: The operator's own\n  ansible.builtin.ping:\n", encoding="utf-8")
    stage.on("ping", {})
    stage.found(**KEY, lakefs_move_objects_tasks=str(tasks))
    stage.found(lakefs_hooks=[{"at": at, "tasks": str(tasks)} for at in ("before_wave", "after_wave")])
    stage.found(
        lakefs_commit_uncommitted=True, lakefs_rehearse=True, lakefs_admin_user="ann", lakefs_admin_access_key_id="A"
    )
    return stage


def test_what_each_verb_calls(one: Stage) -> None:
    run = one.steps(verbs("lakefs"), before=SAVED)
    assert run.ok, run.failures
    assert run.verbs() == CALLS
    assert [call.args["command"] for call in run.of("lakefs_migrate")] == ["auto", "task", "superuser"]


def test_a_launched_program_that_is_told_is_told_to_every_step(one: Stage) -> None:
    """Where a unit starts a script or another program nothing else says which program is meant, and as whom it runs."""
    one.found(lakefs_binary="/opt/lakefs", lakefs_user="lake")
    run = one.steps(verbs("lakefs"), before=SAVED)
    assert run.ok, run.failures
    calls = run.of("lakefs_config|lakefs_info|lakefs_config_check|lakefs_trial|lakefs_migrate|lakefs_rehearsal")
    assert {call.args["user"] for call in calls} == {"lake"} and all(call.args["binary"] for call in calls)
    assert {call.args["binary"] for call in run.of("lakefs_config|lakefs_info")} == {"/opt/lakefs"}


@pytest.mark.parametrize("led", [True, False])
def test_the_end_of_a_launcher_is_not_taken_for_the_servers(one: Stage, led: bool) -> None:
    one.on("lakefs_info", {"and": {"led": led}})
    run = one.steps(["preflight", "stop"])
    assert run.ok and run.of("service")[0].args["clean"] is not led, run.failures


def test_what_is_not_wanted_is_not_done(lakefs: Stage) -> None:
    stage = lakefs.only("l1")
    run = stage.steps(["commit_uncommitted", "inventory", "rehearse", "verify", "move_objects", "admit"])
    assert run.ok, run.failures
    assert {verb: called for verb, called in run.verbs().items() if called} == {}
    stage.found(**KEY)
    assert not stage.steps(["commit_uncommitted"], fresh=True).of("lakefs_commit"), "it commits unasked"
    stage.found(lakefs_access_key_id="", lakefs_commit_uncommitted=True)
    assert not stage.steps(["commit_uncommitted"], fresh=True).of("lakefs_commit"), "it commits without a key"


def test_the_database_is_the_leaders_work(lakefs: Stage) -> None:
    run = lakefs.steps(["backup", "prove", "restore"])
    assert run.ok and set(run.hosts("postgres_backup")) == {"l1"} and len(run.of("postgres_backup")) == 3, run.failures


def test_check_mode_asks_no_program_that_is_not_there(one: Stage) -> None:
    assert not one.steps(["stage"], check=True).of("lakefs_config_check")


# preflight


@pytest.mark.parametrize("module", ["lakefs_commit", "release"])
def test_preflight_turns_what_fails_into_a_finding(one: Stage, module: str) -> None:
    one.on(module, failed("is unknown"))
    run = one.steps(["preflight"])
    assert run.ok and len(run.of("lakefs_findings")) == 1, run.failures


@pytest.mark.parametrize("why", ["refused", "stranger", "gone", "unclear"])
def test_preflight_hands_on_why_the_api_did_not_answer(one: Stage, why: str) -> None:
    """A key that is refused, a proxy's page, a repository that is listed and then gone: a finding each, no end."""
    one.on("lakefs_commit", failed("Listing the repositories: no", why=why))
    run = one.steps(["preflight"])
    assert run.ok, run.failures
    told = run.of("lakefs_findings")[0].args["uncommitted"]
    assert told["why"] == why and told["msg"] == "Listing the repositories: no"


def test_one_host_tries_each_release_on_an_empty_database(lakefs: Stage) -> None:
    run = lakefs.steps(["stage"])
    assert run.ok, run.failures
    assert {call.host for call in run.of("lakefs_trial")} == {"l1"}
    assert {call.host for call in run.of("lakefs_config_check")} == set(lakefs.hosts)
    assert not lakefs.steps(["stage"], number=1).of("lakefs_trial"), "tried again on the way"
    assert not lakefs.steps(["stage"], check=True).of("lakefs_trial")


def test_a_release_that_cannot_be_tried_is_accepted_by_name(one: Stage) -> None:
    one.on("lakefs_trial", failed("it said what is not known here"))
    assert not one.steps(["stage"]).ok
    one.found(lakefs_accept=["untried_release"])
    assert one.steps(["stage"]).ok


def test_preflight_turns_a_config_that_cannot_be_staged_into_a_finding(one: Stage) -> None:
    one.on("lakefs_config", failed("no such key"), state="staged")
    run = one.steps(["preflight"])
    assert run.ok and run.of("lakefs_findings")[0].args["staged"][0]["msg"] == "no such key", run.failures


def test_preflight_only_looks(one: Stage) -> None:
    run = one.steps(["preflight"])
    looked = run.of("release|lakefs_commit|lakefs_config", state="staged") + run.of("lakefs_commit")
    assert looked and all(call.check for call in looked), "preflight changed something"


# alone, start


OTHERS = [{"address": "10.0.0.9"}]


def test_with_other_sessions_nothing_is_migrated(one: Stage) -> None:
    one.on(
        "lakefs_info", {"and": {"sessions": OTHERS}}, task="uplift.datastores.lakefs : List who else uses the database"
    )
    run = one.steps(["alone", "migrate"])
    assert not run.of("lakefs_migrate") and "10.0.0.9" in run.why and "Nothing was migrated." in run.why
    asked = run.of("lakefs_info", task="uplift.datastores.lakefs : List who else uses the database")
    assert len(asked) == 16, "the sessions of a server end a moment after it: it was not asked again"


def test_sessions_that_cannot_be_told_stop(one: Stage) -> None:
    one.on(
        "lakefs_info", {"and": {"sessions": None}}, task="uplift.datastores.lakefs : List who else uses the database"
    )
    run = one.steps(["alone", "migrate"])
    assert not run.of("lakefs_migrate") and "it is unknown" in run.why


def test_what_cannot_be_tidied_up_is_told_and_fails_nothing(one: Stage) -> None:
    one.on("lakefs_config", failed("/etc/lakefs is read-only."), state="absent")
    run = one.playbook("lakefs_upgrade")
    assert run.ok and one.record()["state"] == "finished", run.why
    assert "the staged configuration was not removed at l1: /etc/lakefs is read-only. Remove it by hand" in run.said


def test_sessions_that_end_are_waited_for(one: Stage) -> None:
    name = "uplift.datastores.lakefs : List who else uses the database"
    one.on(
        "lakefs_info", lambda asked: {"and": {"sessions": OTHERS if len(one.asked(task=name)) < 4 else []}}, task=name
    )
    run = one.steps(["alone"])
    assert run.ok and len(run.of("lakefs_info", task=name)) == 4, run.failures


def test_a_server_is_started_on_no_database_that_it_does_not_fit(one: Stage) -> None:
    one.on(
        "lakefs_info",
        {"and": {"unfit": "the schema is of 0.80"}},
        task="uplift.datastores.lakefs : Check whether the release fits the database",
    )
    run = one.steps(["stop", "activate", "start"])
    assert "must not be started on db:5432/lakefs: the schema is of 0.80. Nothing was started." in run.why
    assert not run.of("service", state="started"), "it was started on a database that it does not fit"


def test_preflight_asks_where_a_step_will_write(lakefs: Stage) -> None:
    stage = lakefs.only("l1")
    (asked,) = stage.steps(["preflight"]).of("node_space")
    assert asked.args["paths"] == [
        "/var/backups/uplift", str(stage.records / "l1/lakefs/lakefs.service"), "/tmp", "/usr/local/bin",
    ]  # fmt: skip


# gate


def test_the_gate_asks_every_server_outside_the_wave(lakefs: Stage) -> None:
    run = lakefs.steps(["stop", "start"], "walk", [["l1"], ["l2"]])
    asked = run.of("lakefs_healthy")
    assert run.ok and [call.at for call in asked] == ["l2", "l1"], run.failures
    lakefs.on("lakefs_healthy", failed("l1 does not answer"), at="l1")
    run = lakefs.steps(["stop", "start"], "walk", [["l1"], ["l2"]], fresh=True)
    assert run.hosts(**STOPPED) == ["l1"] and "l1 does not answer" in run.why


def test_the_gate_spares_nobody_where_all_are_stopped(lakefs: Stage) -> None:
    lakefs.found(lakefs_max_unavailable_seconds=5, lakefs_probing={"running": True})
    lakefs.on("client_probe", {"longest_unavailable_seconds": 9})
    run = lakefs.steps(["stop"])
    assert run.ok and run.of("client_probe", state="marked"), run.failures
    run = lakefs.steps(["stop"], "walk", [["l1"], ["l2"]], fresh=True)
    assert "expected at most 5" in run.why and len(run.of("client_probe", state="marked")) == 1
    other = lakefs.only("l1", "l2")
    assert not other.steps(["stop"]).of("client_probe")


def test_the_operators_own_health_checks_are_asked_once(lakefs: Stage) -> None:
    assert not lakefs.steps(["healthy"]).of("health_check")
    lakefs.found(lakefs_health_checks=[{"url": "https://status", "expression": "up", "expected": "yes"}])
    assert len(lakefs.steps(["healthy"], fresh=True).of("health_check")) == 1


# verify


def test_what_clients_did_and_what_was_committed_is_told(one: Stage) -> None:
    run = one.steps(["commit_uncommitted", "verify"], before=SAVED)
    assert run.ok and "[]" not in run.told.said, "nothing to tell was told"
    one.on("lakefs_commit", {"and": {"commits": ["repo1/main: c0ffee"]}})
    one.on("lakefs_inventory", {"and": {"notes": [{"sentence": "Branch b was deleted by a client."}]}})
    run = one.steps(["commit_uncommitted", "verify"], before=SAVED, fresh=True)
    assert run.ok and "c0ffee" in run.said and "Branch b was deleted by a client." in run.said, run.why


def test_a_loss_stops_with_the_way_back(one: Stage) -> None:
    gone = [{"key": "branch_gone", "sentence": "The branch main of repo1 is gone."}]
    one.on("lakefs_inventory", {"and": {"differences": gone}})
    run = one.steps(["verify", "after_wave"], before=SAVED)
    assert "The branch main of repo1 is gone. Go back with uplift.datastores.lakefs_rollback" in run.why
    assert not run.of("ping"), "clients were let in although something was lost"
    one.found(lakefs_accept=["branch_gone"])
    assert one.steps(["verify"], before=SAVED, fresh=True).ok


# recovery


def test_before_the_switch_a_server_is_started_again_and_joins(one: Stage) -> None:
    one.on("postgres_backup", failed("disk full"))
    run = one.steps(["before_wave", "stop", "backup"])
    assert run.of("service", state="started"), run.failures
    assert len(run.of("ping")) == 2, "it did not join the load balancer again"
    assert one.steps_done() == dict.fromkeys(one.steps_done(), "undone") and "disk full" in run.why


def test_nothing_joins_that_has_not_left(one: Stage) -> None:
    one.on("postgres_backup", failed("disk full"))
    run = one.steps(["stop", "backup"])
    assert run.of("service", state="started") and not run.of("ping")


def test_what_a_configuration_is_staged_from_is_kept(one: Stage) -> None:
    """Without it nobody sees that it was edited since."""
    run = one.steps(["stage", "migrate"])
    staged = run.of("lakefs_config", state="staged")
    assert staged and {call.args["keep"] for call in staged} == {one.world.version}, run.why


def test_behind_the_migration_nothing_is_started(one: Stage) -> None:
    one.on("lakefs_config", failed("read-only"), state="activated")
    run = one.steps(["before_wave", "stop", "backup", "migrate", "activate", "configure", "start"])
    assert not run.ok and not run.of("service", state="started") and len(run.of("ping")) == 1


def test_a_server_that_does_not_start_again_hides_no_cause(lakefs: Stage) -> None:
    lakefs.on("postgres_backup", failed("disk full"))
    lakefs.on("service", failed("exit code 1"), state="started", host="l1")
    run = lakefs.steps(["stop", "backup"])
    assert set(run.hosts("service", state="started")) == {"l1", "l2"}, "one that does not start kept the other down"
    assert "uplift.datastores.lakefs_recover): exit code 1" in run.said and "disk full" in run.why


# begin and end, whole


def test_a_whole_upgrade_prints_no_secret(one: Stage) -> None:
    run = one.playbook("lakefs_upgrade")
    assert run.ok, run.failures
    assert CANARY not in run.shown
    assert run.of("client_probe", state="started") and run.of("client_probe", state="stopped")
    assert run.of("lakefs_config", state="absent"), "the staged configuration was left"


@pytest.mark.parametrize(
    "settings", [{"lakefs_probe": False}, {"lakefs_access_key_id": ""}, {"lakefs_url": "", "silent": True}]
)
def test_without_a_probe(one: Stage, settings: dict[str, Any]) -> None:
    if settings.pop("silent", False):
        one.on("lakefs_config", lambda asked: {"and": {"settings": {**config(one), "listen": "127.0.0.1:8000"}}})
    one.found(**settings)
    run = one.playbook("lakefs_upgrade")
    assert run.ok and {call.args["state"] for call in run.of("client_probe")} <= {"removed"}, run.failures


def config(stage: Stage) -> dict[str, Any]:
    database = {"type": "postgres", "place": "db:5432/lakefs", "old": True, "new": False}
    return {"blockstore": "s3", "database": database}


def test_the_probe_is_the_leaders(lakefs: Stage) -> None:
    lakefs.found(**KEY)
    lakefs.on("lakefs_healthy", failed("stop here"))
    run = lakefs.playbook("lakefs_upgrade")
    assert run.hosts("client_probe", state="started") == ["l1"]
    assert not run.of("lakefs_config", state="absent"), "a run that failed removed what the next one reads"


# docker


def test_a_container_is_treated_as_one(one: Stage) -> None:
    one.found(lakefs_unit="docker:lake", lakefs_image="treeverse/lakefs:{version}")
    run = one.steps(["stage", "stop", "activate", "start"])
    assert run.ok, run.failures
    called = run.verbs()
    assert called["stop"] == ["service stopped"] and called["activate"] == ["release activated"]
    assert {call.args["unit"] for call in run.of("service|release")} == {"docker:lake"}
    assert run.of("operation", state="saved")
    assert not one.steps(["stage"], source="1.81.0", fresh=True).of("operation", state="saved"), (
        "the image of another release was kept"
    )


@pytest.mark.parametrize(
    ("address", "url"), [("fd00::1", "http://[fd00::1]:8000"), ("[fd00::1]", "http://[fd00::1]:8000")]
)
def test_a_node_that_is_known_by_an_ipv6_address(one: Stage, address: str, url: str) -> None:
    one.host_variables["l1"]["ansible_host"] = address
    run = one.playbook("lakefs_upgrade")
    assert [call.args["addresses"] for call in run.of("client_probe", state="started")] == [[url]], run.failures


# the old tables


def dropped(stage: Stage, **settings: Any) -> Any:
    stage.found(**settings)
    return stage.playbook("lakefs_drop_tables")


def test_old_tables_are_dropped_when_that_is_meant(one: Stage) -> None:
    run = dropped(one)
    assert "expected drop_tables in lakefs_confirm. Nothing was changed." in run.why
    assert all(call.check for call in run.of("lakefs_drop_tables")) and not run.of("postgres_backup")
    run = dropped(one, lakefs_confirm=["drop_tables"])
    assert run.ok, run.failures
    assert [call.args["state"] for call in run.of("postgres_backup")] == ["present", "proved"]
    assert run.place("postgres_backup", state="proved") < run.place("lakefs_drop_tables", check=False)


def test_old_tables_stay_while_an_operation_is_under_way(one: Stage) -> None:
    one.steps(["stop"])
    run = dropped(one, lakefs_confirm=["drop_tables"])
    assert "is open; expected a finished one or none" in run.why and not run.of("lakefs_drop_tables", check=False)


def test_nothing_is_begun_for_tables_that_are_not_there(one: Stage) -> None:
    one.on("lakefs_drop_tables", {"and": {"tables": []}})
    run = dropped(one, lakefs_confirm=["drop_tables"])
    assert run.ok and not run.of("postgres_backup") and not run.of("lakefs_drop_tables", check=False), run.failures


def test_a_backup_that_fails_keeps_the_tables_and_gives_back_the_lease(one: Stage) -> None:
    one.on("postgres_backup", failed("disk full"))
    run = dropped(one, lakefs_confirm=["drop_tables"])
    assert not run.of("lakefs_drop_tables", check=False) and run.of("operation", state="withdrawn")
