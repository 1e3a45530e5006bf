# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role garage: what each verb calls, and what is decided on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from answers import CANARY
from catalogues import verbs
from stage import Stage, failed

SAVED = {"inventory_0": {"objects": [], "buckets": [], "keys": [], "taken": ""}, "entries0": {"object": {"items": 1}}}
STOPPED = {"module": "service", "state": "stopped"}
ONE_BY_ONE = [["a1"], ["b1"], ["c1"]]

# What each verb calls, in order. A verb that the catalogue has and this has not fails the test.
CALLS = {
    "preflight": [
        "node_space",
        "garage_engine",
        "garage_info",
        "release staged",
        "clock_offset",
        "garage_s3_ping",
        "garage_findings",
    ],
    "stage": [
        "garage_engine",
        "garage_config_stage",
        "release staged",
        "garage_config_check",
        "garage_trial",
    ],
    "inventory": ["garage_inventory", "operation saved"],
    "quiesce": ["garage_config present", "garage_ports closed", "service restarted"],
    "connect": ["garage_connect"],
    "repair": ["garage_repair"],
    "drain": ["garage_repair"],
    "stop": ["service stopped"],
    "backup": ["metadata_backup present"],
    "prove": ["metadata_backup proved"],
    "activate": ["release activated", "config_release"],
    "start": ["service started"],
    "healthy": ["garage_settled"],
    "migrate": ["operation read", "garage_migrate"],
    "contents": ["operation read", "garage_info", "garage_compare"],
    "resume": ["garage_ports open", "service restarted", "garage_config absent"],
    "verify": ["operation read", "garage_info", "garage_inventory", "garage_compare", "operation compared"],
    "watch": [],
    "restart": ["garage_config read", "garage_engine", "service_info", "clock_offset", "service restarted"],
    "offline_repair": ["release staged", "garage_offline_repair"],
    "convert": ["garage_config read", "garage_engine", "garage_config read", "release staged", "garage_convert_db"],
    "adopt": [
        "garage_config read",
        "garage_config present",
        "config_release",
        "garage_config present",
        "garage_config absent",
    ],
    "snapshot": ["garage_config read", "garage_engine"],
    "readable": ["garage_config read", "release staged", "operation read", "garage_readable"],
    "restore": ["metadata_backup restored"],
    "count": ["garage_complete", "operation saved"],
    "renew": ["garage_config read", "garage_engine", "garage_renew"],
    "complete": ["operation read", "garage_complete"],
}


def test_what_each_verb_calls(garage: Stage) -> None:
    one = garage.only("a1")
    run = one.steps([verb for verb in verbs("garage") if verb != "backup_live"], before=SAVED)
    assert run.ok, run.failures
    assert {verb: [" ".join(said.split()) for said in called] for verb, called in run.verbs().items()} == CALLS


def test_the_backup_of_a_node_that_serves_is_proved_by_opening_it(garage: Stage) -> None:
    """By the plan: what the setting says by then decides nothing."""
    one = garage.only("a1")
    one.found(garage_backup_method="archive", garage_repair_timeout=77)
    one.on("garage_engine", {"and": {"opens": "sqlite"}})
    config = {"metadata_dir": "/m", "snapshots_dir": "/fast", "db_engine": "sqlite"}
    one.on(
        "garage_config", {"and": {"config": {**config, "s3": {"addresses": ["http://a1:3900"], "s3_region": "garage"}}}}
    )
    run = one.steps(["backup_live", "prove", "stop"])
    assert run.ok, run.failures
    asked = ["garage_config read", "garage_engine"]
    called = {verb: [" ".join(said.split()) for said in calls] for verb, calls in run.verbs().items()}
    assert called["backup_live"] == [*asked, "garage_live_backup present"]
    assert called["prove"] == [*asked, "release staged", "garage_live_backup proved"]
    taken, proved = ({**call.args, "state": ""} for call in run.of("garage_live_backup"))
    following = {name: proved.pop(name) for name in ("release_binary", "candidate")}
    assert following["release_binary"].endswith("-0.8.7") and following["candidate"].endswith(".uplift-0.8.7")
    assert taken == {**proved, "release_binary": "", "candidate": None} and taken["dest"].endswith(".tar.zst")
    assert (taken["engine"], taken["snapshots_dir"], float(taken["timeout"])) == ("sqlite", "/fast", 77)


@pytest.mark.parametrize(
    ("method", "wants"), [("archive", []), ("snapshot", ["backup_live"]), ("filesystem", ["backup_live"])]
)
def test_the_method_is_what_the_plan_is_asked_for(garage: Stage, method: str, wants: list[str]) -> None:
    (call,) = garage.only("a1").playbook("garage_plan", garage_backup_method=method).of("upgrade_plan")
    assert call.args["wants"] == wants


@pytest.fixture
def filesystem(garage: Stage, tmp_path: Path) -> Stage:
    """A node whose operator takes the snapshot; the tasks leave what they were told in the log of the run."""
    said = "[{ansible.builtin.debug: {msg: 'WHAT {{ garage_backup_name }} of {{ garage_metadata_dir }}'}}]"
    for name in ("taken", "removed"):
        (tmp_path / f"{name}.yml").write_text(said.replace("WHAT", name))
    one = garage.only("a1")
    one.on("garage_live_backup", {"and": {"mark": ".uplift-7-mark", "name": "uplift-7-garage"}}, state="marked")
    one.found(
        garage_backup_method="filesystem",
        garage_backup_tasks=str(tmp_path / "taken.yml"),
        garage_backup_from="/snap/{{ garage_backup_name }}/meta",
        garage_backup_after_tasks=str(tmp_path / "removed.yml"),
    )
    return one


def test_a_snapshot_of_the_file_system_is_taken_archived_and_removed(filesystem: Stage) -> None:
    run = filesystem.steps(["backup_live", "prove"])
    assert run.ok, run.failures
    assert [call.args["state"] for call in run.of("garage_live_backup")] == ["marked", "present", "unmarked", "proved"]
    taken, proved = run.of("garage_live_backup", state="present|proved")
    assert taken.args["copy"] == "/snap/uplift-7-garage/meta" and taken.args["mark"] == ".uplift-7-mark"
    assert proved.args["copy"] is None and proved.args["dest"] == taken.args["dest"]
    assert run.said.index("taken uplift-7-garage of /") < run.said.index("removed uplift-7-garage of /")


def test_a_snapshot_that_is_none_is_removed_too_and_stops(filesystem: Stage) -> None:
    filesystem.on("garage_live_backup", failed("it is of an earlier time"), state="present")
    run = filesystem.steps(["backup_live", "prove"])
    assert "it is of an earlier time" in run.why and "removed uplift-7-garage" in run.said
    assert [call.args["state"] for call in run.of("garage_live_backup")] == ["marked", "present", "unmarked"]


def test_preflight_is_told_what_the_snapshot_of_the_file_system_takes(filesystem: Stage) -> None:
    (told,) = filesystem.steps(["preflight", "backup_live"]).of("garage_findings")
    assert told.args["filesystem"]["absent"] == [] and told.args["filesystem"]["from"] == "/snap//meta"
    filesystem.found(garage_backup_after_tasks="/nowhere/after.yml", garage_backup_from="")
    (told,) = filesystem.steps(["preflight", "backup_live"], fresh=True).of("garage_findings")
    assert told.args["filesystem"]["absent"] == ["/nowhere/after.yml"] and told.args["filesystem"]["from"] == ""


def test_preflight_is_told_of_a_hop_that_backs_up_nodes_that_serve(garage: Stage) -> None:
    one = garage.only("a1")
    (told,) = one.steps(["preflight", "backup_live"]).of("garage_findings")
    assert told.args["live"] is True and told.args["space"]["snapshots"]
    (told,) = one.steps(["preflight", "backup"], fresh=True).of("garage_findings")
    assert told.args["live"] is False


def test_a_container_is_treated_as_one(garage: Stage) -> None:
    one = garage.only("a1")
    one.found(garage_unit="docker:shop", garage_image="dxflrs/garage:v{version}")
    one.on("service_info", {"and": {"unit": {"started": 1.0}}})
    run = one.steps(["stage", "stop", "activate", "start", "restart", "resume"])
    assert run.ok, run.failures
    called = run.verbs()
    assert called["stop"] == ["service stopped"] and called["start"] == ["service started"]
    assert called["activate"] == ["release activated", "config_release"]
    assert called["restart"][-3:] == ["service_info", "clock_offset", "service restarted"]
    assert run.of("operation", state="saved"), "the image is not kept"
    assert {call.args["unit"] for call in run.of("service|service_info|release")} == {"docker:shop"}


POD = "kubernetes:shop/pod/garage-0"


def engines(stage: Stage, *names: str) -> None:
    """What the configurations of the source and of the target say."""
    releases = (stage.world.version, stage.world.target)
    files = [{"version": release, "db_engine": name} for release, name in zip(releases, names, strict=True)]
    stage.on("garage_config_stage", {"and": {"files": files}})


def test_a_pod_is_treated_as_one(garage: Stage) -> None:
    """Its database is copied here before it is archived, its configuration goes by this machine into the ConfigMap,
    and it is looked for anew.
    """
    one = garage.only("a1")
    one.found(garage_unit=POD, garage_maintenance_image="busybox:1")
    engines(one, "", "lmdb")
    run = one.steps(
        [
            "stage",
            "snapshot",
            "before_step",
            "stop",
            "backup",
            "prove",
            "convert",
            "readable",
            "activate",
            "start",
            "connect",
        ]
    )
    assert run.ok, run.failures
    called = run.verbs()
    assert called["stage"] == [
        *("garage_engine", "file directory", "garage_config_stage"),
        *("release staged", "garage_config_check", "garage_trial"),
    ]
    files = f"/var/backups/uplift/garage/{runtime_place.key(POD)}/garage.toml"
    (written,), (checked,) = run.of("garage_config_stage"), run.of("garage_config_check")
    assert (written.args["unit"], written.args["dest"]) == (POD, files)
    assert checked.args["candidate"] == f"{files}.uplift-{one.world.target}"
    assert not called.get("snapshot"), "it would stay on the volume"
    assert called["convert"][-1] == "garage_convert_db" and called["readable"][-1] == "garage_readable"
    for call in run.of("garage_convert_db|garage_readable"):
        assert call.args["maintenance_image"] == "busybox:1"
    assert run.of("garage_readable")[0].args["candidate"] == checked.args["candidate"]
    assert called["backup"] == ["pod_volume copied", "metadata_backup present", "file absent"]
    assert called["activate"] == ["release activated", "pod_config"]
    assert run.of("pod_config")[0].args["staged"] == files
    assert called["connect"] == ["garage_info", "garage_config read", "garage_connect"]
    (copied,), (archived,) = run.of("pod_volume"), run.of("metadata_backup", state="present")
    assert copied.args["dest"] == archived.args["src"][0] and copied.args["image"] == "busybox:1"
    assert archived.args["unit"] == POD and run.of("garage_config")[0].args["unit"] == POD


def test_a_pod_goes_back_by_its_volume(garage: Stage) -> None:
    one = garage.only("a1")
    one.found(garage_unit=POD)
    run = one.steps(["stop", "restore", "activate", "start", "resume"], undoes="op-1")
    assert run.ok, run.failures
    called = run.verbs()
    assert called["restore"] == ["metadata_backup restored", "pod_volume restored", "file absent"]
    (unpacked,), (put,) = run.of("metadata_backup"), run.of("pod_volume")
    assert unpacked.args["src"] == [put.args["dest"]]
    assert not called.get("resume"), "the ports of a pod are never closed"


@pytest.fixture
def helmed(garage: Stage) -> Stage:
    """Of a StatefulSet that Helm has made, and a chart that gives it what it is to have."""
    one = garage.only("a1")
    one.found(garage_unit=POD, garage_chart_ref="/srv/chart")
    engines(one, "", "lmdb")
    one.on("garage_chart", {"and": {"images": [], "differences": []}})
    return one


@pytest.mark.parametrize(("unit", "swap"), [("garage.service", "config_release"), (POD, "pod_config")])
def test_going_back_asks_for_the_configuration_before_the_stop(garage: Stage, unit: str, swap: str) -> None:
    """It may have been edited in the days between; after the stop that would leave a cluster that is down."""
    one = garage.only("a1")
    one.found(garage_unit=unit)
    one.on(swap, failed("it was edited since these were made from it"))
    stopped = one.steps(["stop", "restore", "activate"], undoes="op-1")
    assert "it was edited since" in stopped.why and not stopped.of("service", state="stopped")
    one.rules.pop()
    run = one.steps(["stop", "restore", "activate"], undoes="op-1")
    assert run.ok, run.failures
    assert [call.check for call in run.of(swap)] == [True, False]
    assert run.place(swap) < run.place("service", state="stopped")


def test_an_upgrade_has_made_the_configurations_just_before_it_stops(garage: Stage) -> None:
    assert not garage.only("a1").steps(["stop"]).of("config_release|pod_config")


def test_helm_is_told_in_the_end_what_the_pods_have(helmed: Stage) -> None:
    run = helmed.playbook("garage_upgrade")
    assert run.ok, run.why
    before, after = run.of("garage_chart")
    assert before.args["candidate"].endswith(f"garage.toml.uplift-{helmed.world.target}")
    assert after.args["candidate"] == "", "what the ConfigMap has by then"
    kept = run.of("garage_config_stage")[-1]
    assert kept.args["source"] == helmed.world.target and not kept.args["targets"], "Helm writes it in other words"
    assert run.place("helm_release") < run.calls.index(kept)
    (told,) = run.of("helm_release")
    assert told.args["values"] == {"image": {"tag": f"v{helmed.world.target}"}} == before.args["values"]
    assert run.place("service", state="started") < run.place("helm_release")


@pytest.mark.parametrize(
    "given", [{"and": {"differences": ["the setting db_engine"]}}, failed("no repository named garage")]
)
def test_a_chart_that_gives_the_pods_something_else_stops_before_the_stop(helmed: Stage, given: Any) -> None:
    helmed.on("garage_chart", given)
    run = helmed.playbook("garage_upgrade")
    said = "the setting db_engine would be another" if "and" in given else "no repository named garage"
    assert f"would not give the pods what Garage {helmed.world.target} is to have: {said}" in run.why
    assert not run.of("service", state="stopped") and not run.of("helm_release")


def test_a_chart_that_fits_no_more_in_the_end_is_said_and_no_failure(helmed: Stage) -> None:
    """The upgrade has ended well by then."""
    helmed.on("garage_chart", {"and": {"differences": ["the setting db_engine"]}}, candidate="")
    run = helmed.playbook("garage_upgrade")
    assert run.ok and not run.of("helm_release"), run.why
    assert "the Helm release lakefs was not told" in run.shown


@pytest.mark.parametrize("without", ["chart", "helm"])
def test_pods_of_no_chart_ask_and_tell_no_helm(helmed: Stage, without: str) -> None:
    if without == "chart":
        helmed.found(garage_chart_ref="")
    else:
        helmed.on("release", {"and": {"helm": ""}})
    run = helmed.playbook("garage_upgrade")
    assert run.ok and not run.of("garage_chart|helm_release"), run.why
    assert ("Or name the chart by garage_chart_ref" in run.shown) == (without == "chart")


@pytest.mark.parametrize(
    ("verbs_", "where", "beyond"),
    [
        (["stage", "quiesce", "stop", "activate"], "together", "quiesce"),
        (["stage", "stop", "activate", "start"], "walk", "the waves of the strategy rolling"),
    ],
)
def test_what_is_not_built_for_a_pod_stops_before_the_stop(
    garage: Stage, verbs_: list[str], where: str, beyond: str
) -> None:
    """Also where the finding was accepted."""
    one = garage.only("a1")
    one.found(garage_unit=POD, garage_accept=["kubernetes_hop"])
    run = one.steps(verbs_, where)
    assert not run.of("service", state="stopped") and not run.of("release", state="activated")
    assert f"{POD} is a pod, and this hop takes {beyond}, which is not built there" in run.why


def test_preflight_of_a_pod_looks_at_what_is_here(garage: Stage) -> None:
    one = garage.only("a1")
    one.found(garage_unit=POD)
    run = one.steps(["preflight"])
    assert run.ok, run.failures
    assert run.of("node_space")[0].args["paths"] == ["/var/backups/uplift", str(one.records / "a1")]
    assert {call.args["unit"] for call in run.of("garage_engine")} == {POD}
    made = run.of("garage_findings")[0].args
    assert made["pod"] == POD and made["metadata_dir"] == ""


def test_the_image_that_runs_is_kept_where_it_is_the_old_one_only(garage: Stage) -> None:
    one = garage.only("a1")
    one.found(garage_unit="docker:shop", garage_image="dxflrs/garage:v{version}")
    assert not one.steps(["stage"], source="0.7.3").of("operation", state="saved")
    two = garage.only("b1")
    assert not two.steps(["stage"]).of("operation", state="saved"), "a unit has no image"


def test_check_mode_asks_no_program_that_is_not_there(garage: Stage) -> None:
    one = garage.only("a1")
    assert one.steps(["stage"]).of("garage_config_check")
    assert not one.steps(["stage"], check=True).of("garage_config_check")


def test_each_release_of_the_path_is_tried_once_by_one_node(garage: Stage) -> None:
    run = garage.steps(["stage"], target="0.9.4", source="0.8.7")
    assert run.ok, run.failures
    assert {call.host for call in run.of("garage_trial")} == {"a1"} and {
        call.host for call in run.of("garage_config_check")
    } == set(garage.hosts)
    assert not garage.steps(["stage"], number=1).of("garage_trial"), "tried again on the way"
    assert not garage.steps(["stage"], check=True).of("garage_trial")


def test_a_release_that_cannot_be_tried_is_accepted_by_name(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_trial", failed("it said what is not known here"))
    assert not one.steps(["stage"]).ok
    one.found(garage_accept=["untried_release"])
    assert one.steps(["stage"]).ok


# preflight


def test_preflight_looks_anew_after_a_hop(garage: Stage) -> None:
    one = garage.only("a1")
    before = one.steps(["preflight"])
    assert before.ok and not before.of("garage_info", gather=["version", "status", "layout", "stats", "workers"], nth=2)
    again = one.only("b1").steps(["preflight"], number=1)
    assert again.ok, again.failures
    assert len(again.of("garage_info", gather=["version", "status", "layout", "stats", "workers"])) == 2


@pytest.mark.parametrize("module", ["garage_engine", "clock_offset", "release"])
def test_preflight_turns_what_fails_into_a_finding(garage: Stage, module: str) -> None:
    one = garage.only("a1")
    one.on(module, failed("is unknown"))
    run = one.steps(["preflight"])
    assert run.ok and len(run.of("garage_findings")) == 1, run.failures


def test_preflight_looks_where_the_steps_will_write(garage: Stage) -> None:
    one = garage.only("a1")
    config = {
        "metadata_dir": "/m",
        "snapshots_dir": "/fast",
        "s3": {"addresses": ["http://a1:3900"], "s3_region": "garage"},
    }
    one.on("garage_config", {"and": {"config": config}})
    (call,) = one.steps(["preflight", "snapshot"]).of("node_space")
    assert call.args["paths"] == [
        "/var/backups/uplift", str(one.records / "a1"), "/usr/local/bin", "/etc", "/etc/garage.toml", "/fast",
    ]  # fmt: skip
    (told,) = one.steps(["preflight", "quiesce"], fresh=True).of("garage_findings")
    assert told.args["closes"] and told.args["space"]["snapshots"] == ""
    (told,) = one.steps(["preflight", "snapshot"], fresh=True).of("garage_findings")
    assert not told.args["closes"] and told.args["space"]["snapshots"] == "/fast"


def test_preflight_only_looks(garage: Stage) -> None:
    run = garage.only("a1").steps(["preflight"])
    assert all(call.check for call in run.of("release")), "preflight staged a release"


def test_preflight_asks_for_the_buckets_once(garage: Stage) -> None:
    garage.on("garage_info", {"and": {"problem": "bucket list: HTML", "buckets": None}}, gather=["inventory"])
    run = garage.steps(["preflight"])
    assert len(run.of("garage_info", gather=["inventory"])) == 1
    told = [call.args["contents"].get("problem") for call in run.of("garage_findings")]
    assert told == ["bucket list: HTML", None, None], "said at no node, or at each"


# the gate


def away(stage: Stage, *hosts: str) -> dict[str, Any]:
    return {"and": {"nodes": [{"id": (host * 32)[:64], "up": host not in hosts} for host in stage.hosts]}}


def test_the_gate_asks_a_node_outside_the_wave_once_and_no_other(garage: Stage) -> None:
    run = garage.steps(["stop", "start"], "walk", [["a1", "b1"], ["c1"]])
    seen = run.of("garage_info", gather=["status"])
    assert run.ok and [call.at for call in seen[:1]] == ["c1"], "a node of the wave was asked about itself"
    assert len(seen) == 2 and seen[1].at in ("a1", "b1"), "not once for each wave"
    assert not run.of("garage_connect"), "nobody is away, and an attempt was made"


def test_the_gate_makes_an_attempt_before_it_says_no(garage: Stage) -> None:
    garage.on("garage_info", away(garage, "c1"), gather=["status"], nth=1)
    garage.on("garage_connect", failed("refused"))
    garage.on("garage_info", lambda asked: away(garage, "c1") if not tried(garage) else None, gather=["status"])
    run = garage.steps(["stop", "start"], "walk", ONE_BY_ONE)
    connected = run.of("garage_connect")
    assert run.ok, run.failures
    assert len(connected) == 1 and connected[0].at != "a1", (
        "the attempt is one, by the node that does not see the other"
    )
    assert run.hosts(**STOPPED) == ["a1", "b1", "c1"]


def tried(stage: Stage) -> bool:
    return any(call.module == "garage_connect" for call in stage._calls)


def test_where_all_nodes_are_taken_nobody_is_asked(garage: Stage) -> None:
    garage.on("garage_info", away(garage, "a1", "b1", "c1"), gather=["status"])
    run = garage.steps(["stop"])
    assert run.ok and not run.of("garage_info", gather=["status"]), run.failures


def test_the_gate_asks_what_clients_notice_where_there_is_a_probe(garage: Stage) -> None:
    one = garage.only("a1")
    assert not one.steps(["stop"]).of("client_probe", state="marked")
    one.found(garage_probing={"skipped": False})
    assert len(one.steps(["start"], fresh=True).of("client_probe", state="marked")) == 1


# verify, contents, migrate


GONE = {"buckets": [{"id": "b9", "global_aliases": ["lost"], "local_aliases": [], "keys": [], "website": False}]}


@pytest.mark.parametrize("verb", ["verify", "contents"])
def test_a_loss_stops_with_the_way_back(garage: Stage, verb: str) -> None:
    one = garage.only("a1")
    run = one.steps([verb, "watch"], before={"inventory_0": {**SAVED["inventory_0"], **GONE}})
    assert not run.ok and "Bucket b9 is gone. The backups of every node are at" in run.why
    assert "the playbook garage_rollback" in run.why and "0/together/1/watch" not in one.steps_done()
    other = garage.only("b1")
    other.found(garage_accept=["bucket_gone"])
    assert other.steps([verb], before={"inventory_0": {**SAVED["inventory_0"], **GONE}}).ok, "it was accepted by key"


def test_verify_makes_a_key_where_the_run_has_none(garage: Stage) -> None:
    one = garage.only("a1")
    assert not one.steps(["verify"], before=SAVED).of("garage_access", state="present")
    two = garage.only("b1")
    two.begun["garage_key"] = {}
    run = two.steps(["verify"], before=SAVED)
    assert run.ok and len(run.of("garage_access", state="present")) == 1, run.failures


def test_a_migration_that_fails_says_how_to_go_back(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_migrate", failed("two nodes say otherwise."))
    run = one.steps(["migrate"], before=SAVED)
    assert "two nodes say otherwise. The backups of every node are at" in run.why
    assert "going back is the playbook garage_rollback" in run.why


# healthy, watch, snapshot, convert


def test_a_node_that_has_not_settled_is_not_healthy(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_settled", {"and": {"settled": False, "reason": "queue"}})
    assert not one.steps(["healthy", "watch"]).ok and "0/together/1/watch" not in one.steps_done()


def test_the_operators_own_health_checks_are_asked_once(garage: Stage) -> None:
    assert not garage.steps(["healthy"]).of("health_check")
    other = garage.only("a1", "b1", "c1")
    other.found(garage_health_checks=[{"url": "https://status", "expression": "up", "expected": "yes"}])
    run = other.steps(["healthy"])
    assert run.ok and len(run.of("health_check")) == 1, run.failures
    other.on("health_check", failed("https://status is down"))
    assert "https://status is down" in other.steps(["watch", "healthy"], fresh=True).why


def test_in_a_walk_all_nodes_send_what_one_missed(garage: Stage) -> None:
    run = garage.steps(["healthy"], "walk", ONE_BY_ONE)
    assert [call.args["all_nodes"] for call in run.of("garage_settled")] == [True, True, True]
    run = garage.only("a1", "b1").steps(["healthy"])
    assert [call.args["all_nodes"] for call in run.of("garage_settled")] == [False, False]


def test_the_cluster_is_watched_for_as_long_as_it_is_wanted(garage: Stage) -> None:
    one = garage.only("a1")
    one.found(garage_watch_seconds=60)
    assert one.steps(["watch"]).of("garage_watch", seconds=60)


def test_a_snapshot_is_taken_of_what_can_be_read_while_it_is_written(garage: Stage) -> None:
    one = garage.only("a1")
    assert not one.steps(["snapshot"]).of("garage_snapshot")
    one.on("garage_engine", {"and": {"opens": "lmdb", "snapshots": True}})
    assert one.steps(["snapshot"], fresh=True).of("garage_snapshot")


def test_a_snapshot_is_looked_for_where_the_configuration_puts_it(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_engine", {"and": {"opens": "lmdb", "snapshots": True}})
    config = {"metadata_dir": "/m", "snapshots_dir": "/fast/snapshots", "db_engine": "lmdb"}
    one.on(
        "garage_config", {"and": {"config": {**config, "s3": {"addresses": ["http://a1:3900"], "s3_region": "garage"}}}}
    )
    (call,) = one.steps(["snapshot"]).of("garage_snapshot")
    assert call.args["snapshots_dir"] == "/fast/snapshots"


def test_nothing_is_converted_to_what_it_is(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_engine", {"and": {"opens": "lmdb"}})
    assert not one.steps(["convert"]).of("garage_convert_db")


def test_what_would_be_opened_now_is_converted_and_nothing_else(garage: Stage) -> None:
    """0.9 may have gone on with what was converted: what lies there of sled is older then."""
    run = garage.only("a1").steps(["convert"])
    assert run.of("garage_config")[0].args["src"] == "/etc/garage.toml"


def test_the_release_that_runs_gets_the_converted_database_by_one_write(garage: Stage) -> None:
    """What an operator wrote meanwhile is seen by the write itself; a rollback goes back to what it has written."""
    run = garage.only("a1").steps(["adopt"])
    (made,) = run.of("config_release")
    assert (made.args["version"], made.args["source"]) == ("converted", "0.8.0")
    first, last = (one.args for one in run.of("garage_config") if one.args.get("state") == "present")
    old, new = "/etc/garage.toml.uplift-0.8.0", "/etc/garage.toml.uplift-converted"
    assert (first["src"], first["dest"], list(first["set"])) == (old, new, ["db_engine"])
    assert (last["src"], last["dest"], last.get("set", {})) == (new, old, {})


@pytest.mark.parametrize(
    ("lingers", "pass_", "survives", "patience", "clean"),
    [
        (False, "walk", False, 90, True),
        (False, "together", True, 90, True),
        (True, "walk", False, 15, False),  # the other nodes have what it had not flushed
        (True, "together", False, 15, True),
        (True, "together", True, 15, False),
    ],
)
def test_a_release_that_clients_keep_from_ending_is_killed_where_nothing_is_lost_by_it(
    garage: Stage, lingers: bool, pass_: str, survives: bool, patience: float, clean: bool
) -> None:  # trap G09
    one = garage.only("a1")
    one.on("garage_info", {"and": {"lingers": lingers}})
    one.on("garage_engine", {"and": {"survives": survives}})
    (stop,) = one.steps(["stop"], in_pass=pass_).of("service")
    assert (stop.args["stop_timeout"], stop.args["clean"]) == (patience, clean)


@pytest.mark.parametrize(("survives", "patience", "clean"), [(True, 1, False), (False, 90, True)])
def test_no_client_holds_the_switch_up_where_nothing_is_lost_by_it(
    garage: Stage, survives: bool, patience: float, clean: bool
) -> None:  # trap G09
    one = garage.only("a1")
    one.on("garage_engine", {"and": {"survives": survives}})
    (switch,) = one.steps(["restart"]).of("service")
    assert (switch.args["stop_timeout"], switch.args["clean"]) == (patience, clean)


# recovery: what a failing run gives back


def test_before_the_switch_a_node_is_started_again(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("metadata_backup", failed("disk full"))
    run = one.steps(["stop", "backup"])
    assert run.of("metadata_backup")[0].args["holds"] == ["node_key", "db|db.lmdb|db.sqlite"]
    assert run.of("service", state="started") and not run.of("garage_ports", state="open")
    assert one.steps_done()["0/together/0/stop"] == "undone"


def test_closed_ports_are_opened_again(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_repair", failed("the queue grows"))
    run = one.steps(["quiesce", "drain"], "before")
    assert run.of("garage_ports", state="open") and one.steps_done()["0/before/0/quiesce"] == "undone"
    assert not run.of("service", state="started"), "a service that nobody stopped was started"
    assert run.place("garage_ports", state="open") > run.place("operation", state="undone"), (
        "given back before it was written"
    )


def test_behind_the_switch_nothing_is_started(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_offline_repair", failed("no closing line"))
    run = one.steps(["stop", "backup", "activate", "offline_repair", "start"])
    assert not run.ok and not run.of("service", state="started"), "the new release was started on half-done data"


def test_a_service_that_does_not_start_again_hides_no_cause(garage: Stage) -> None:
    garage.on("metadata_backup", failed("disk full"), host="a1")
    garage.on("service", failed("exit code 1"), state="started", host="a1")
    run = garage.steps(["stop", "backup"])
    assert run.hosts("service", state="started") == ["a1", "b1", "c1"], "one that does not start kept the others down"
    assert "service of a1 could not be given back to clients (fix that, then run" in run.said
    assert "uplift.datastores.garage_recover): exit code 1" in run.said and "disk full" in run.why
    assert run.of("operation_report", state="written") and not list(garage.records.rglob("lease.json")), (
        "it was not the run's end"
    )


def test_a_way_back_starts_nothing_when_it_fails(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("metadata_backup", failed("the archive is torn"), state="restored")
    run = one.steps(["stop", "restore", "start"], undoes="earlier", source="0.8.7", target="0.8.0")
    assert not run.of("service", state="started") and "the archive is torn" in run.why


# begin and end


def begun(stage: Stage, **settings: Any) -> Any:
    stage.found(**settings)
    return stage.playbook("garage_upgrade")


def test_an_operation_without_a_key_is_not_begun(garage: Stage) -> None:
    garage.on("garage_access", failed("no quorum"))
    run = garage.playbook("garage_upgrade")
    assert "The cluster does not give this operation a key: no quorum" in run.said
    assert "expected one that reads and writes. Fix the cluster first." in run.why
    assert not garage.record() and not run.of(**STOPPED) and not run.of("client_probe", state="started")


def test_secrets_are_in_nothing_that_is_printed(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_access", lambda asked: {"and": {"leftover_buckets": ["old-probe"]}})
    run = one.playbook("garage_upgrade")
    assert run.ok, run.failures
    assert run.of("client_probe", bucket="old-probe", state="absent"), "what an earlier probe has left was left again"
    assert CANARY not in run.shown and CANARY not in run.why
    assert run.of("garage_access", state="absent") and run.of("client_probe", state="started")
    assert run.of("client_probe", state="removed", dir=f"{one.place}/reports/.probe-{one.record()['id']}")


OWN_BUCKET = "uplift-20261121t031500z-garage-0.8.7-probe"


def test_without_a_probe_the_bucket_is_emptied_all_the_same(garage: Stage) -> None:
    one = garage.only("a1")
    one.found(garage_probe=False)
    run = one.playbook("garage_upgrade")
    assert run.ok and not run.of("client_probe", state="started|marked"), run.failures
    # That of a run that was killed is removed all the same: this one may have had no key.
    assert run.of("client_probe", state="removed", dir=f"{one.place}/reports/.probe-{one.record()['id']}")
    assert [call.args["bucket"] for call in run.of("client_probe", state="absent")] == [OWN_BUCKET]


def test_the_ports_are_moved_and_not_left_out(garage: Stage) -> None:
    """trap G23: up to 0.7 the daemon panics without them."""
    written = garage.only("a1").steps(["quiesce"]).of("garage_config", state="present")[0].args["set"]
    assert written == {"s3_api.api_bind_addr": "127.0.0.1:0", "s3_web.bind_addr": "127.0.0.1:0"}


INVENTORY = {
    "buckets": [{"id": "b1", "global_aliases": ["photos"]}],
    "keys": [{"id": "GK1", "name": "anna"}],
    "objects": [{}],
}


def test_the_copy_is_held_against_the_inventory_that_the_leader_took(garage: Stage) -> None:
    pair = garage.only("a1", "b1")
    pair.found(garage_start_timeout=91)
    run = pair.steps(["readable"], before={"inventory_0": INVENTORY})
    assert run.ok, run.why
    for call in run.of("garage_readable"):
        assert call.args["before"] == {name: INVENTORY[name] for name in ("buckets", "keys")}
        assert (float(call.args["start_timeout"]), call.args["serves"]) == (91, True)
    assert "has served a copy of the metadata of b1 alone, with 3 buckets and 4 keys, in 4.2 s." in run.said


def test_a_copy_that_lacks_a_bucket_stops_unless_that_is_accepted(garage: Stage) -> None:
    one = garage.only("a1")
    gone = [{"key": "bucket_gone", "sentence": "The bucket b1 is gone."}]
    one.on("garage_readable", {"and": {"missing": gone}})
    run = one.steps(["readable", "activate"], before={"inventory_0": INVENTORY})
    assert not run.ok and "The bucket b1 is gone." in run.why and not run.of("release", state="activated")
    one.found(garage_accept=["bucket_gone", "untried_release"])
    run = one.steps(["readable"], before={"inventory_0": INVENTORY}, fresh=True)
    assert run.ok and run.of("garage_readable")[0].args["serves"] is False, run.why
