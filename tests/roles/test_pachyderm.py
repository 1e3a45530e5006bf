# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role pachyderm: what each verb calls on systemd and on Kubernetes, and what is decided on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import CANARY, ID
from catalogues import verbs
from stage import Stage, failed

STOPPED = {"module": "service", "state": "stopped"}
UNIT = "kubernetes:default/pachd"
BACK = ["recall"]  # played apart: it reads the record of what it undoes
SLOW = ("deploy_parallel", "switch", *BACK)

CALLS = {
    "preflight": ["node_space", "release staged", "pachyderm_findings"],
    "stage": ["release staged"],
    "quiesce": ["systemd_environment present", "service restarted", "port_closed", "pachyderm_info"],
    "drain": ["pachyderm_pipelines drained"],
    "pause": ["operation read", "pachyderm_info", "operation saved", "pachyderm_pipelines stopped"],
    "inventory": ["pachyderm_inventory", "operation saved"],
    "backup": ["etcd_snapshot present"],
    "prove": ["etcd_snapshot proved"],
    "extract": ["pachyderm_extract"],
    "rehearse": ["pachyderm_rehearsal"],
    "try_restore": ["pachyderm_trial tried"],
    "recount": ["pachyderm_recount", "operation saved", "service_info"],
    "stop": ["service stopped"],
    "migrate": ["pachyderm_migrate"],
    "activate": ["release activated"],
    "start": ["service started"],
    "healthy": ["pachyderm_info"],
    "amend": ["pachyderm_amend"],
    "verify": ["operation read", "pachyderm_inventory", "operation compared"],
    "resume": ["systemd_environment absent", "service restarted"],
    "unpause": ["operation read", "pachyderm_pipelines started"],
    "undeploy": [
        "directory_rename read",
        "pachyderm_recount",
        "operation saved",
        "service_info",
        "service stopped",
        "directory_rename renamed",
    ],
    "redeploy": ["service stopped", "directory_rename fresh", "service started"],
    "restore": ["operation read", "pachyderm_info", "operation saved", "pachyderm_restore"],
}

SAVED = {"inventory_0": {"path": "/var/backups/uplift/inventory.json"}}


@pytest.fixture
def one(pachyderm: Stage) -> Stage:
    pachyderm.on("directory_rename", {"and": {"there": False}}, state="read")
    pachyderm.on("pachyderm_recount", {"and": {"asked": True, "sha256": "0" * 64, "cluster": "c1"}})
    return pachyderm


def steps(stage: Stage, expected: list[str], in_pass: str = "before", **more: Any) -> Any:
    return stage.steps(expected, in_pass, **more)


def test_what_each_verb_calls(one: Stage) -> None:
    run = steps(one, [verb for verb in verbs("pachyderm") if verb not in SLOW])
    assert run.ok, run.failures
    assert run.verbs() == {**CALLS, "stop": ["pachyderm_recount", "operation saved", *CALLS["stop"]]}
    started = [call.args["unit"] for call in run.of("service", state="started")]
    assert started == 2 * ["etcd.service", "pachd.service"], "by start and by redeploy"


def test_side_by_side(one: Stage) -> None:
    run = one.steps(["deploy_parallel", "restore", "switch"], "together", strategy="side_by_side")
    assert run.ok, run.failures
    called = run.verbs()
    assert called["deploy_parallel"] == ["file link", "service started"]
    assert called["switch"] == [
        "service stopped",
        "systemd_environment present",
        "service restarted",
        "pachyderm_info",
        "release activated",
    ]
    assert run.of("service", state="stopped", unit="pachd.service", hold=ID), "the old server is not held down"
    opened = [one.steps(["resume"], "after", fresh=True, strategy=how) for how in ("side_by_side", "all_at_once")]
    assert [bool(run.of("systemd_environment", state="absent")) for run in opened] == [False, True], "by the switch"


def test_of_a_loop_the_reason_is_that_of_the_items_which_failed(one: Stage) -> None:
    """Ansible's own for the whole is "One or more items failed"."""
    one.on("service", failed("etcd-parallel.service is failed: its log says why."), state="started")
    run = one.steps(["deploy_parallel"], "together", strategy="side_by_side")
    assert "second server: etcd-parallel.service is failed: its log says why. Correct" in run.why.splitlines()[-1]


# the gate, preflight


def test_orders_are_given_from_one_node_only(pachyderm: Stage) -> None:
    two = pachyderm.only("p1", "p2")
    run = two.steps(["stop"])
    assert "has 2 nodes; expected one control node" in run.why and not run.of("service")


def test_preflight_turns_what_fails_into_a_finding(one: Stage) -> None:
    one.on("release", failed("not to be had"))
    run = steps(one, ["preflight"])
    assert run.ok and run.of("pachyderm_findings")[0].args["releases"][0]["msg"] == "not to be had", run.failures
    assert all(call.check for call in run.of("release")) and not run.of("stat")
    one.found(pachyderm_object_store="/srv/store")
    one.on("stat", {"stat": {"exists": True, "path": "/srv/store/srv/store/object"}})
    assert (
        steps(one, ["preflight"], fresh=True).of("pachyderm_findings")[0].args["nested"]
        == "/srv/store/srv/store/object"
    )


def test_what_nothing_decides_on_is_not_asked(one: Stage) -> None:
    """A license that is unknown would stop an upgrade like a server that does not answer."""
    run = one.role("pachyderm", "discover")
    (asked,) = run.of("pachyderm_info")
    assert run.ok and asked.args["gather"] == ["repos", "branches", "commits", "pipelines", "jobs"], run.failures


# quiesce, pause, unpause


def test_the_port_is_proved_to_be_closed(one: Stage) -> None:
    one.on("port_closed", failed("127.0.0.1:30650 still takes connections"))
    run = steps(one, ["quiesce", "drain"])
    assert "still takes connections" in run.why and not run.of("pachyderm_pipelines", state="drained")


def test_the_other_port_is_waited_for(one: Stage) -> None:
    name = "uplift.datastores.pachyderm : Wait until the cluster answers"
    one.on(
        "pachyderm_info",
        lambda asked: {"and": {"release": "" if len(one.asked(task=name)) < 4 else "1.11.9"}},
        task=name,
    )
    run = steps(one, ["quiesce"])
    assert run.ok and len(run.of("pachyderm_info", task=name)) == 4, run.failures
    one.on("pachyderm_info", {"and": {"release": "1.10.0"}}, task=name)
    assert not steps(one, ["quiesce", "drain"], fresh=True).of("pachyderm_pipelines"), "another release answers"


def test_the_names_of_pipelines_are_kept_before_any_is_stopped(one: Stage) -> None:
    run = steps(one, ["pause"])
    assert run.place("operation", state="saved") < run.place("pachyderm_pipelines", state="stopped")
    assert one.record()["saved"]["ran"] == ["edges"]
    run = one.steps(["pause"], "after", fresh=True)
    assert run.ok and not run.of("operation", state="saved"), "what comes back running is no sign that it ran before"


@pytest.mark.parametrize(
    ("verbs_", "in_pass", "for_dump"),
    [(["pause", "extract"], "before", True), (["pause"], "before", False), (["pause", "extract"], "after", False)],
)
def test_only_a_stop_before_a_dump_leaves_some_unstopped(
    one: Stage, verbs_: list[str], in_pass: str, for_dump: bool
) -> None:
    """What comes back running is stopped after the restore, and before a migration all are."""
    (asked,) = one.steps(verbs_, in_pass).of("pachyderm_pipelines", state="stopped")
    assert asked.args["for_dump"] is for_dump


def test_all_hops_are_judged_at_once(one: Stage) -> None:
    """What a later hop refuses is said before the first."""
    (asked,) = steps(one, ["preflight"]).of("pachyderm_findings")
    assert asked.args["targets"] == [asked.args["target"]] != [""]


def test_pipelines_that_are_gone_are_told(one: Stage) -> None:
    assert "is not there any more" not in steps(one, ["unpause"]).said
    one.on("pachyderm_pipelines", {"and": {"missing": ["old"]}}, state="started")
    assert "old: ran before the upgrade and is not there any more" in steps(one, ["unpause"], fresh=True).said


# what is lost or unreadable


def test_what_cannot_be_read_is_not_taken_along(one: Stage) -> None:
    one.on("pachyderm_inventory", {"and": {"unreadable": ["data@master: /a"]}})
    run = steps(one, ["inventory", "extract"])
    assert "data@master: /a; expected every branch head readable" in run.why and not run.of("pachyderm_extract")
    one.found(pachyderm_accept=["file_unreadable"])
    assert steps(one, ["inventory"], fresh=True).ok


def test_a_loss_stops_with_the_way_out(one: Stage) -> None:
    gone = [{"key": "repo_gone", "sentence": "The repo lookup is gone."}]
    one.on("pachyderm_inventory", {"and": {"differences": gone, "notes": ["edges was stopped by somebody"]}})
    run = one.steps(["verify", "resume"], "after", before=SAVED)
    assert "The repo lookup is gone." in run.why and "pachyderm_rollback" in run.why
    assert "edges was stopped by somebody" in run.said
    assert not run.of("pachyderm_restore") and "0/after/1/resume" not in one.steps_done()
    one.found(pachyderm_accept=["repo_gone"])
    assert one.steps(["verify"], "after", before=SAVED, fresh=True).ok


# amend: what the dump has left out


def test_settings_are_set_again_after_the_pause_and_before_the_comparison(one: Stage) -> None:
    """trap P38"""
    rows = [{"pipeline": "tuned", "settings": ["standby"]}]
    one.on("pachyderm_amend", {"and": {"amended": rows, "ticking": ["clock_tick"]}})
    one.found(pachyderm_cron_again=True)
    run = one.steps(["healthy", "pause", "amend", "verify", "resume"], "after", before=SAVED)
    assert run.ok, run.failures
    (asked,) = run.of("pachyderm_amend")
    assert asked.args["cron_again"] is True and asked.args["before"] == run.of("pachyderm_inventory")[0].args["before"]
    assert run.place("pachyderm_pipelines", state="stopped") < run.place("pachyderm_amend")
    assert run.place("pachyderm_amend") < run.place("pachyderm_inventory")
    assert one.record()["saved"]["amended-0"] == {"amended": rows, "ticking": ["clock_tick"]}


def test_a_setting_that_is_refused_stops_with_what_was_said(one: Stage) -> None:
    """trap P38"""
    refused = [{"pipeline": "spouty", "settings": ["spout"], "said": "unknown field spout"}]
    one.on("pachyderm_amend", {"and": {"refused": refused}})
    run = one.steps(["amend", "verify", "resume"], "after", before=SAVED)
    assert "spouty has not got back spout: the release said unknown field spout." in run.why, run.why
    assert "pachyderm_accept: [settings_lost]" in run.why and "pachyderm_rollback" in run.why
    assert not run.of("pachyderm_inventory") and not run.of("systemd_environment", state="absent")
    one.found(pachyderm_accept=["settings_lost"])
    run = one.steps(["amend", "verify"], "after", before=SAVED, fresh=True)
    assert run.ok and run.of("pachyderm_inventory") and "amended-0" not in one.record()["saved"], run.failures
    assert "Accepted: spouty has not got back spout: the release said unknown field spout." in run.said


def test_whether_cron_inputs_are_to_tick_again_is_known_beforehand(one: Stage) -> None:
    """trap P39"""
    assert steps(one, ["preflight"]).of("pachyderm_findings")[0].args["cron_again"] is False
    one.found(pachyderm_cron_again=True)
    assert steps(one, ["preflight"], fresh=True).of("pachyderm_findings")[0].args["cron_again"] is True


# How the server is reached and trusted


def test_scheme_and_ca_go_to_whoever_asks_and_ports_are_numbers(one: Stage) -> None:
    reached = {"ca_file": "/etc/ca.crt", "config": "/root/config.json", "context": "lab"}
    one.found(
        pachyderm_address="grpcs://pachd.example.org:30650",
        pachyderm_quiet_address="grpcs://pachd.example.org:30649/",
        pachyderm_ca_file=reached["ca_file"],
        pachyderm_client_config=reached["config"],
        pachyderm_context=reached["context"],
    )
    run = steps(one, ["quiesce", "drain", "pause", "inventory", "extract", "recount"])
    assert run.ok, run.failures
    asked = [call for call in run.calls if "addresses" in call.args]
    assert {call.module for call in asked} >= {"pachyderm_info", "pachyderm_inventory", "pachyderm_extract"}
    assert all(call.args["client"] == reached for call in asked), [call.module for call in asked]
    (closed,) = run.of("port_closed")
    assert (closed.args["host"], int(closed.args["port"])) == ("pachd.example.org", 30650)
    assert run.of("systemd_environment")[0].args["environment"]["PORT"] == "30649"


# undeploy: the last moment before something is thrown away


def test_what_came_since_the_count_is_not_thrown_away(one: Stage) -> None:
    one.on("pachyderm_recount", failed("2 commits came since"))
    run = one.steps(["undeploy"])
    assert "2 commits came since" in run.why and not run.of("directory_rename", state="renamed")


def test_a_server_that_was_not_held_down_is_not_trusted(one: Stage) -> None:
    one.on("pachyderm_recount", {"and": {"asked": False}})
    run = one.steps(["undeploy"])
    assert "and it does not answer" in run.why and not run.of("directory_rename", state="renamed")
    one.world.held["p1", "pachd.service"] = ID
    run = one.steps(["undeploy"], fresh=True)
    assert run.ok and not run.of("operation", state="saved"), "a dump that nobody counted was noted"


def test_what_is_held_since_the_count_need_not_answer(one: Stage) -> None:
    one.on("pachyderm_recount", {"and": {"asked": False}}, tolerant=True)
    run = one.steps(["stop", "undeploy"])
    assert run.ok and run.of("directory_rename", state="renamed"), run.failures


def test_what_is_aside_already_is_not_counted_again(one: Stage) -> None:
    one.on("directory_rename", {"and": {"there": True}}, state="read")
    run = one.steps(["undeploy"])
    assert run.ok and not run.of("pachyderm_recount") and run.of("directory_rename", state="renamed")


def test_before_a_stop_that_leads_to_an_undeploy_it_is_counted_again(one: Stage) -> None:
    assert not one.steps(["stop"]).of("pachyderm_recount")
    assert len(one.steps(["stop", "undeploy"], fresh=True).of("pachyderm_recount")) == 2


def test_a_dump_is_restored_into_fresh_metadata_when_a_run_died_inside(one: Stage) -> None:
    run = one.steps(["restore"])
    assert run.ok and not run.of("directory_rename", state="fresh")
    one.on("pachyderm_restore", failed("cut"))
    one.steps(["restore"], fresh=True)
    one.rules.pop()
    run = one.steps(["restore"])
    assert run.ok and run.of("directory_rename", state="fresh"), "half a dump was read on top of the other half"


# backup


def test_backups_of_the_operator(one: Stage, tmp_path: Path) -> None:
    tasks = tmp_path / "own.yml"
    tasks.write_text("- name: The operator's own\n  ansible.builtin.ping:\n", encoding="utf-8")
    one.on("ping", {})
    one.found(pachyderm_etcd_endpoint="")
    run = one.steps(["backup", "prove"])
    assert run.ok and not run.of("etcd_snapshot|ping")
    one.found(pachyderm_backup_tasks=str(tasks))
    assert one.steps(["backup"], fresh=True).of("ping")


def test_a_bucket_is_copied_and_compared(one: Stage) -> None:
    one.found(pachyderm_backup=[{"kind": "s3", "bucket": "data", "to": "copy"}])
    one.on("amazon.aws.s3_object", {})
    run = one.steps(["backup"])
    assert run.ok and [call.at for call in run.of("amazon.aws.s3_object")] == ["localhost"], run.failures
    assert run.of("copy", mode="0600")
    one.on("bucket_compare", {"and": {"differences": ["object/1 is not in the copy"]}})
    run = one.steps(["backup", "stop"], fresh=True)
    assert "is not whole: object/1 is not in the copy" in run.why and not run.of(**STOPPED)


def snapshot(state: str = "completed", size: int = 8) -> dict[str, Any]:
    return {"snapshots": [{"snapshot_id": "snap-1", "state": state, "volume_size": size}]}


def test_a_volume_at_amazon(one: Stage) -> None:
    one.found(pachyderm_backup=[{"kind": "ebs", "volume": "vol-1"}])
    one.on("amazon.aws.ec2_vol_info", {"volumes": [{"size": 8}]})
    one.on("amazon.aws.ec2_snapshot", {})
    one.on(
        "amazon.aws.ec2_snapshot_info",
        lambda asked: snapshot() if one.asked(task=task("Take a snapshot")) else {"snapshots": []},
    )
    run = one.steps(["backup"])
    assert run.ok and len(run.of("amazon.aws.ec2_snapshot")) == 1, run.failures
    assert {call.at for call in run.of("amazon.aws.*")} == {"localhost"} and run.of("copy", mode="0600")
    one.on("amazon.aws.ec2_snapshot_info", snapshot())
    assert not one.steps(["backup"], fresh=True).of("amazon.aws.ec2_snapshot"), "a second snapshot was taken"
    for state, size in (("error", 8), ("completed", 7)):
        one.on("amazon.aws.ec2_snapshot_info", snapshot(state, size))
        run = one.steps(["backup", "stop"], fresh=True)
        assert "expected completed, with 8" in run.why and not run.of(**STOPPED)
    one.on(
        "amazon.aws.ec2_snapshot_info",
        lambda asked: snapshot("pending" if len(one.asked(task=asked.task)) < 3 else "completed"),
    )
    run = one.steps(["backup"], fresh=True)
    assert run.ok and len(run.of("amazon.aws.ec2_snapshot_info")) == 4, (
        "a snapshot that is under way was not waited for"
    )


def task(name: str) -> str:
    return f"uplift.datastores.pachyderm : {name}"


def test_a_disk_at_google(one: Stage) -> None:
    one.found(pachyderm_backup=[{"kind": "gce", "disk": "d1", "project": "p", "zone": "z"}])
    one.on(
        "google.cloud.gcp_compute_snapshot",
        lambda asked: {"name": "s", "selfLink": "l", "status": "READY" if asked.nth > 2 else "CREATING"},
    )
    run = one.steps(["backup"])
    assert run.ok and len(run.of("google.cloud.*", at="localhost")) == 3 and run.of("copy", mode="0600"), run.failures


def test_a_claim_on_kubernetes(one: Stage) -> None:
    one.found(pachyderm_unit=UNIT, pachyderm_backup=[{"kind": "csi", "claim": "etcd-0"}], pachyderm_backup_timeout=10)
    run = one.steps(["backup"])
    (asked,) = run.of("pachyderm_volume_snapshot", unit=UNIT, claim="etcd-0")
    assert run.ok and asked.args["timeout"] == 10 and list(asked.args["labels"]) == ["uplift.datastores/operation"]
    assert run.of("copy", mode="0600"), run.failures
    one.on("pachyderm_volume_snapshot", failed("The snapshot is not ready after 10 s (no driver)"))
    run = one.steps(["backup", "stop"], fresh=True)
    assert "is not ready after 10 s (no driver)" in run.why and not run.of(**STOPPED)


# recovery


def test_before_anything_is_thrown_away_the_old_release_serves_again(one: Stage) -> None:
    one.on("pachyderm_extract", failed("a stream that ends"))
    run = steps(one, ["quiesce", "pause", "extract"])
    assert run.of("systemd_environment", state="absent") and run.of("pachyderm_pipelines", state="started"), (
        run.failures
    )
    assert one.steps_done()["0/before/0/quiesce"] == one.steps_done()["0/before/1/pause"] == "undone"
    assert one.record()["saved"]["ran"] == [] and "a stream that ends" in run.why
    waited = run.of("pachyderm_info", expected="1.11.9")[-1]
    opened = run.place("systemd_environment", state="absent")
    assert opened < run.calls.index(waited) < run.place("pachyderm_pipelines", state="started"), "not yet"


def test_a_dump_that_the_new_release_does_not_take_stops_before_anything_is_torn_down(one: Stage) -> None:
    one.on("pachyderm_trial", failed("1.13.4 does not take the dump"), state="tried")
    run = steps(one, ["quiesce", "pause", "extract", "try_restore"])
    assert "1.13.4 does not take the dump" in run.why
    assert run.of("systemd_environment", state="absent") and run.of("pachyderm_pipelines", state="started")
    done = one.steps_done()
    assert {done[f"0/before/{place}"] for place in ("0/quiesce", "1/pause", "2/extract", "3/try_restore")} == {"undone"}
    run = one.playbook("pachyderm_upgrade")
    assert not run.ok and not run.of("directory_rename|release", state="renamed|activated") and not run.of(**STOPPED)


def test_what_the_new_release_does_not_take_is_known_before_anybody_is_shut_out(one: Stage) -> None:
    one.on("pachyderm_rehearsal", failed("1.13.4 does not take a dump of the cluster as it is"))
    run = one.playbook("pachyderm_upgrade")
    assert "does not take a dump of the cluster as it is" in run.why
    assert not run.of("systemd_environment", state="present") and not run.of("pachyderm_pipelines", state="stopped")


def test_the_rehearsal_asks_the_old_release_for_a_dump_and_restores_it_with_the_staged_one(one: Stage) -> None:
    one.found(pachyderm_object_store="/srv/store", pachyderm_objects="full", pachyderm_etcd_program="/opt/etcd")
    run = steps(one, ["rehearse", "extract"])
    (asked,) = run.of("pachyderm_rehearsal")
    assert (asked.args["pachctl"], asked.args["new_pachctl"]) == (
        "/usr/local/bin/pachctl",
        "/usr/local/bin/pachctl-1.13.4",
    )
    assert (asked.args["source"], asked.args["target"], asked.args["form"]) == ("1.11.9", "1.13.4", "full")
    assert asked.args["dump"] == run.of("pachyderm_extract")[0].args["dest"] + ".rehearsal"
    assert asked.args["pachd"] == "/usr/local/bin/pachd-1.13.4" and asked.args["etcd"] == "/opt/etcd"
    assert asked.args["hidden"] == ["/srv/store", "/var/lib/etcd/default"] and asked.args["id"] == ID
    assert "Restoring was tried while clients work: 1.13.4 has taken a dump" in run.said


@pytest.mark.parametrize("answer", [{}, {"rehearsed": False, "why": "Two commits were open meanwhile."}])
def test_a_rehearsal_that_says_nothing_stops_nothing(one: Stage, answer: dict[str, Any]) -> None:
    one.on("pachyderm_rehearsal", {"and": answer})
    one.found(pachyderm_rehearse=bool(answer))
    run = steps(one, ["rehearse"])
    assert run.ok and len(run.of("pachyderm_rehearsal")) == bool(answer)
    assert answer.get("why", "") in run.said


def test_the_trial_is_of_this_dump_by_what_is_staged_and_hides_what_is_the_clusters(one: Stage) -> None:
    one.found(pachyderm_object_store="/srv/store", pachyderm_try_restore=False, pachyderm_etcd_program="/opt/etcd")
    one.on("pachyderm_trial", {"and": {"tried": False, "why": "Restoring is not tried beforehand: no etcd."}})
    run = steps(one, ["extract", "try_restore"])
    (asked,) = run.of("pachyderm_trial")
    assert run.ok and "Restoring is not tried beforehand: no etcd." in run.said, run.failures
    assert asked.args["src"] == run.of("pachyderm_extract")[0].args["dest"]
    assert (asked.args["pachd"], asked.args["pachctl"]) == (
        "/usr/local/bin/pachd-1.13.4",
        "/usr/local/bin/pachctl-1.13.4",
    )
    assert (asked.args["source"], asked.args["target"]) == ("1.11.9", "1.13.4")
    assert asked.args["hidden"] == ["/srv/store", "/var/lib/etcd/default"] and asked.args["etcd"] == "/opt/etcd"
    assert not asked.args["expected"] and asked.args["id"] == ID and f"/{ID}/" in asked.args["directory"]


def test_what_came_of_the_trial_is_said(one: Stage) -> None:
    said = steps(one, ["try_restore"]).said
    assert "Restoring was tried beforehand: 1.13.4 has taken the dump in 4.2 s, with 6 repos, 9 commits and 3" in said


def test_what_a_killed_trial_has_left_is_taken_away_once_clients_are_served(one: Stage) -> None:
    one.on("pachyderm_extract", failed("a stream that ends"))
    run = steps(one, ["quiesce", "pause", "extract"])
    (asked,) = run.of("pachyderm_trial", state="absent")
    tried = steps(one, ["try_restore"], fresh=True).of("pachyderm_trial", state="tried")
    assert [(one_.args["id"], one_.args["directory"]) for one_ in (asked, *tried)] == 2 * [
        (ID, tried[0].args["directory"])
    ]
    assert run.place("pachyderm_pipelines", state="started") < run.place("pachyderm_trial", state="absent")


def test_preflight_asks_for_what_the_trial_takes(one: Stage) -> None:
    one.on("node_space", {"and": {"memory": 7}})
    (asked,) = steps(one, ["preflight"]).of("pachyderm_findings")
    assert asked.args["trial"]["on"] and asked.args["trial"]["memory"] == 7
    assert steps(one, ["preflight"], fresh=True).of("node_space")[1].args["programs"] == ["etcd", "systemd-run"]


def test_preflight_asks_where_a_step_will_write(one: Stage) -> None:
    asked = steps(one, ["preflight"]).of("node_space")[0]
    assert asked.args["paths"] == ["/var/backups/uplift", str(one.records / "p1"), "/usr/local/bin"]


def test_only_what_was_closed_is_given_back(one: Stage) -> None:
    one.on("pachyderm_extract", failed("a stream that ends"))
    run = steps(one, ["quiesce", "extract"])
    assert run.of("systemd_environment", state="absent") and not run.of("pachyderm_pipelines", state="started")
    assert "pachyderm_rollback" not in run.why, "everything was given back"
    run = steps(one, ["pause", "extract"], fresh=True)
    assert run.of("pachyderm_pipelines", state="started") and not run.of("systemd_environment|service")


def test_behind_the_undeploy_nothing_is_given_back(one: Stage) -> None:
    one.on("pachyderm_restore", failed("cut"))
    run = one.steps(["stop", "undeploy", "redeploy", "restore"])
    way_back = """uplift.datastores.pachyderm_rollback -e '{"pachyderm_confirm": ["rollback"]}' (undeploy has begun"""
    assert "cut" in run.why and way_back in run.why, run.why
    after = run.calls[run.place("pachyderm_restore") :]
    given = ("service", "systemd_environment", "pachyderm_pipelines", "pachyderm_info")
    assert not [call for call in after if call.module in given]


def test_an_old_release_that_does_not_come_back_hides_no_cause(one: Stage) -> None:
    one.on("pachyderm_extract", failed("a stream that ends"))
    one.on("systemd_environment", failed("read-only"), state="absent")
    run = steps(one, ["quiesce", "extract"])
    assert "ports of p1 could not be given back to clients" in run.said and "a stream that ends" in run.why


# the rollback


WAY = {"all_at_once": ["stop", "undeploy", "redeploy"], "side_by_side": ["deploy_parallel", "switch"]}


def undone(stage: Stage, strategy: str, **saved: Any) -> None:
    steps = [{"key": f"0/together/{place}/{verb}", "verb": verb} for place, verb in enumerate(WAY[strategy])]
    steps_done = {"0/together/1/undeploy": {"state": "done"}, "0/together/0/stop": {"state": "done"}}
    record = {
        "plan": {"hops": [{"strategy": strategy, "passes": {"together": {"steps": steps}}}]},
        "saved": {"ran": ["edges"], **saved},
        "steps": steps_done,
    }
    stage.on("operation", {"record": record}, state="read", id="earlier")


GOING_BACK = {"undoes": "earlier", "source": "1.13.4", "target": "1.11.9"}


def test_going_back_in_place_puts_the_old_metadata_back(one: Stage) -> None:
    undone(one, "all_at_once")
    run = one.steps(["recall", "unpause"], **GOING_BACK)
    assert run.ok, run.failures
    assert run.of("directory_rename", state="back") and len(run.of("release", state="activated")) == 2
    assert run.of("pachyderm_pipelines", state="started")[0].args["names"] == ["edges"]
    assert [call.args["unit"] for call in run.of("systemd_environment")] == ["pachd.service"]
    up = [(call.args["state"], call.args["unit"]) for call in run.of("service") if call.args["state"] != "stopped"]
    assert up == [("started", "etcd.service"), ("restarted", "pachd.service")]


def test_going_back_from_beside_leaves_the_old_metadata(one: Stage) -> None:
    undone(one, "side_by_side")
    run = one.steps(["recall"], **GOING_BACK, strategy="side_by_side")
    assert run.ok and not run.of("directory_rename", state="back"), run.failures
    assert [call.args["unit"] for call in run.of(**STOPPED)] == ["pachd-parallel.service", "etcd-parallel.service"]
    assert len(run.of("systemd_environment", state="absent")) == 2


# a token


def test_a_token_is_in_nothing_that_is_printed(one: Stage) -> None:
    one.found(pachyderm_token=f"token-{CANARY}")
    run = steps(one, [verb for verb in verbs("pachyderm") if verb not in SLOW])
    assert run.ok and CANARY not in run.shown, run.failures


# Kubernetes


KUBERNETES_CALLS = {
    "quiesce": ["pachyderm_port", "port_closed", "pachyderm_info"],
    "resume": ["pachyderm_port"],
    "activate": ["operation read", "release activated"],
    "migrate": ["pachyderm_migrate"],
}
QUIET = {"module": "pachyderm_port", "port": 30649}
OPEN = {"module": "pachyderm_port", "port": 30650}


@pytest.fixture
def cluster(one: Stage) -> Stage:
    one.found(pachyderm_unit=UNIT, pachyderm_confirm=["metadata_volumes"], pachyderm_deploy_arguments=["local"])
    return one


def test_what_each_verb_calls_on_kubernetes(cluster: Stage) -> None:
    run = steps(cluster, ["preflight", *KUBERNETES_CALLS, "stop", "start"])
    assert run.ok, run.failures
    called = run.verbs()
    for verb, expected in KUBERNETES_CALLS.items():
        assert called[verb] == expected, verb
    ordered = [(call.args["state"], call.args["unit"]) for call in run.of("service")]
    assert ordered == [("stopped", UNIT), ("started", UNIT)] and not run.of("systemd.*")
    assert run.place(**QUIET) < run.place(**OPEN)


def test_preflight_sees_what_is_deployed_and_what_the_next_image_is_called(cluster: Stage) -> None:
    cluster.found(pachyderm_image="own.example/pachd:{version}")
    run = steps(cluster, ["preflight"])
    (named,) = run.of("release", unit=UNIT, image="own.example/pachd:{version}", ask="none")
    assert named.check and named.args["name"] == "pachd"
    asked = run.of("pachyderm_findings")[0].args
    assert asked["volumes"] == {"snapshots": True, "claims": ["etcd-storage"]}, run.failures
    assert asked["deployed"]["there"] is True and asked["deployed"]["unit"] == UNIT
    cluster.on("release", failed("whose tag names no release"), unit=UNIT)
    told = steps(cluster, ["preflight"], fresh=True).of("pachyderm_findings")[0].args["releases"]
    assert told[-1]["msg"] == "whose tag names no release", "an image that cannot be named is no finding"
    cluster.found(pachyderm_unit="pachd.service")
    run = steps(cluster, ["preflight"], fresh=True)
    assert not run.of("pachyderm_deployed") and run.of("pachyderm_findings")[0].args["deployed"] == {}
    cluster.found(pachyderm_unit=UNIT)
    cluster.on("pachyderm_deployed", {"and": {"there": False, "image": ""}})
    run = steps(cluster, ["preflight"], fresh=True)
    assert run.of("pachyderm_findings")[0].args["deployed"]["there"] is False and not run.of("release", unit=UNIT)


def test_the_images_and_the_number_of_pods_are_kept_with_the_operation(cluster: Stage) -> None:
    own = "own.example:5000/pachyderm/pachd"
    cluster.on("pachyderm_deployed", {"and": {"image": f"{own}:1.11.9", "replicas": 3}})
    cluster.on("release", lambda asked: {"and": {"release": f"{own}:{asked.args['version']}"}}, unit=UNIT)
    run = steps(cluster, ["stage", "undeploy", "redeploy"])
    assert run.ok, run.failures
    saved = cluster.record()["saved"]
    assert saved["images"] == {"1.11.9": f"{own}:1.11.9", "1.13.4": f"{own}:1.13.4"} and int(saved["replicas"]) == 3
    (made,) = run.of("pachyderm_deployment", state="present")
    assert (made.args["image"], made.args["replicas"], made.args["version"]) == (f"{own}:1.13.4", 3, "1.13.4")
    one = steps(cluster, ["stage"], fresh=True, source="1.11.0")
    assert one.ok and "images" not in cluster.record()["saved"], "the image of another release was kept"
    cluster.on("pachyderm_deployed", {"and": {"there": False, "image": ""}})
    run = steps(cluster, ["stage"], fresh=True)
    assert run.ok and "images" not in cluster.record()["saved"] and not run.of("release", unit=UNIT), run.failures


def test_what_kubernetes_does_not_say_is_a_finding(cluster: Stage) -> None:
    cluster.on("pachyderm_deployed", failed("deployments.apps is forbidden"))
    run = steps(cluster, ["preflight", "undeploy"])
    (asked,) = run.of("pachyderm_findings")
    assert asked.args["unread"] == ["deployments.apps is forbidden"], run.failures
    assert asked.args["deployed"]["there"] is True, "what was not told is not missing"
    assert not run.of("pachyderm_deployment") and "deployments.apps is forbidden" in run.why
    cluster.rules.clear()
    assert steps(cluster, ["preflight"], fresh=True).of("pachyderm_findings")[0].args["unread"] == []


def test_where_metadata_lie_is_said_where_they_would_be_deleted(cluster: Stage) -> None:
    cluster.on("pachyderm_deployed", {"and": {"directories": ["/var/pachyderm"]}})
    for verbs_, undeploys in ((["preflight", "undeploy"], True), (["preflight"], False)):
        asked = steps(cluster, verbs_, fresh=True).of("pachyderm_findings")[0].args["deployed"]
        assert asked == {
            "unit": UNIT, "there": True, "undeploys": undeploys, "snapshot": True, "directories": ["/var/pachyderm"],
            "moved": False,
        }  # fmt: skip


def test_volumes_are_deleted_when_that_is_confirmed(cluster: Stage) -> None:
    run = cluster.steps(["undeploy", "redeploy"])
    assert run.ok, run.failures
    assert [call.args["state"] for call in run.of("pachyderm_deployment")] == ["absent", "present"]
    assert run.of("pachyderm_deployment", state="absent", claims=True, unit=UNIT)
    assert run.of(**QUIET), "the new port was left open"
    for settings in (
        {"pachyderm_confirm": []},
        {"pachyderm_etcd_endpoint": "", "pachyderm_confirm": ["metadata_volumes"]},
    ):
        cluster.found(**settings)
        run = cluster.steps(["undeploy"], fresh=True)
        assert "Confirm it with pachyderm_confirm: [metadata_volumes]" in run.why and not run.of("pachyderm_deployment")


def test_metadata_in_a_directory_of_a_node_want_another(cluster: Stage) -> None:
    cluster.on("pachyderm_deployed", {"and": {"directories": ["/var/pachyderm"]}})
    for arguments, ok in (
        (["local"], False),
        (["local", "--host-path", "/var/pachyderm"], False),
        (["local", "--host-path=/var/p2"], True),
    ):
        cluster.found(pachyderm_deploy_arguments=arguments)
        run = cluster.steps(["undeploy"], fresh=True)
        assert run.ok is ok and bool(run.of("pachyderm_deployment")) is ok, (arguments, run.failures)


def test_what_was_started_again_on_kubernetes_is_not_thrown_away(cluster: Stage) -> None:
    cluster.on("pachyderm_recount", {"and": {"asked": False}})
    run = cluster.steps(["undeploy"])
    assert (
        "The deployment pachd in default" in run.why
        and "Nothing was thrown away." in run.why
        and not run.of("pachyderm_deployment")
    )
    run = cluster.steps(["stop", "undeploy"], fresh=True)
    assert run.ok, run.failures
    cluster.on("pachyderm_deployed", {"and": {"there": False}})
    run = cluster.steps(["undeploy"], fresh=True)
    assert run.ok and not run.of("pachyderm_recount"), "a deployment that is gone was counted"


def test_inside_a_series_only_the_image_changes(cluster: Stage) -> None:
    changed = {"module": "release", "state": "activated", "unit": UNIT}
    run = cluster.steps(["activate"])
    (asked,) = run.of(**changed)
    assert asked.args["variables"] == ["WORKER_IMAGE", "WORKER_SIDECAR_IMAGE"] and asked.args["name"] == "pachd"
    assert run.of("release")[-1].args["path"] == "/usr/local/bin/pachctl", "the record keeps the client's evidence"
    assert not cluster.steps(["undeploy", "activate"], fresh=True).of(**changed)


def test_side_by_side_on_kubernetes(cluster: Stage) -> None:
    run = cluster.steps(["deploy_parallel", "switch"], "together", strategy="side_by_side")
    assert run.ok, run.failures
    second = "kubernetes:pachyderm-next/pachd"
    assert run.of("pachyderm_deployment", state="present", unit=second)
    assert [(call.args["state"], call.args["unit"]) for call in run.of("service")] == [("stopped", UNIT)]
    assert run.of("pachyderm_port")[-1].args["unit"] == second


def test_going_back_on_kubernetes(cluster: Stage) -> None:
    undone(cluster, "side_by_side")
    run = cluster.steps(["recall"], **GOING_BACK, strategy="side_by_side")
    assert run.ok and run.of("service", state="started"), run.failures
    moved = [(call.args["unit"], call.args["port"]) for call in run.of("pachyderm_port")]
    assert moved == [("kubernetes:pachyderm-next/pachd", 30649), (UNIT, 30650)], "two services have one port"
    cluster.on("pachyderm_deployed", {"and": {"image": "pachyderm/pachd:1.13.4"}})
    undone(cluster, "all_at_once")
    run = cluster.steps(["recall"], fresh=True, **GOING_BACK)
    assert "Going back is by hand" in run.why and not run.of("service")


def test_the_way_back_knows_what_the_image_was_called(cluster: Stage) -> None:
    """Inside a series: nothing was deployed anew, and the operator has named the next images otherwise since."""
    cluster.found(pachyderm_image="new.example/pachd:{version}")
    passes = {"walk": {"steps": [{"key": "0/walk/0/activate", "verb": "activate"}]}}
    record = {"plan": {"hops": [{"strategy": "rolling", "passes": passes}]}, "saved": {"ran": []}, "steps": {}}
    cluster.on("operation", {"record": record}, state="read", id="earlier")
    own = "own.example/pachd:1.13.0-lts"
    back = {"undoes": "earlier", "source": "1.13.4", "target": "1.13.0"}
    run = cluster.steps(["recall"], **back, before={"images": {"1.13.0": own}})
    assert [call.args["image"] for call in run.of("release", unit=UNIT, version="1.13.0")] == [own], run.failures
    run = cluster.steps(["recall"], fresh=True, **back)
    assert run.of("release", unit=UNIT)[0].args["image"] == "new.example/pachd:{version}", "nothing was noted"


def test_recovery_on_kubernetes(cluster: Stage) -> None:
    cluster.on("pachyderm_extract", failed("a stream that ends"))
    run = steps(cluster, ["quiesce", "pause", "extract"])
    assert [call.args["port"] for call in run.of("pachyderm_port")] == [30649, 30650]
    assert run.of("pachyderm_pipelines", state="started") and not run.of("pachyderm_trial"), "no trial is made there"


# whole


def test_a_whole_upgrade(one: Stage) -> None:
    run = one.playbook("pachyderm_upgrade")
    assert run.ok, run.failures
    assert run.of("file", state="directory", mode="0700") and one.record()["state"] == "finished"
    assert len(run.of("operation_report", state="written")) == 1 and "[]" not in run.told.said
