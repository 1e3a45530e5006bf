# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role pachyderm: what it looks at before it throws data away, and what it gives back to clients when it fails."""

from __future__ import annotations

from typing import Any

import pytest
from answers import CANARY
from inprocess import Asked
from stage import Stage, failed

ID = "op1"
HOP = {"source": "1.11.9", "target": "1.13.4", "strategy": "all_at_once"}
IN_PLACE = ("quiesce", "extract", "recount", "stop", "undeploy", "redeploy", "restore")


def passes(*verbs: str) -> dict[str, Any]:
    return {"together": {"steps": [{"key": f"0/together/{at}/{verb}", "verb": verb} for at, verb in enumerate(verbs)]}}


def midway(*verbs: str, undoes: str = "", **more: Any) -> dict[str, Any]:
    """The variables of an operation that is in the middle of its first hop."""
    hop = {**HOP, "passes": passes(*(verbs or IN_PLACE))}
    hop.update({"source": HOP["target"], "target": HOP["source"]} if undoes else {})
    plan = {"undoes": undoes, "undoes_hop": 0, "hops": [hop], "leader": "p1"}
    return {
        # What the role operation makes of its own variables.
        "operation_plan": plan,
        "operation_hop": hop,
        "operation_steps": hop["passes"]["together"]["steps"],
        "operation_opened": {"record": {"id": "20261121T031500Z-test"}},
        "operation_hop_number": "0",
        "operation_pass": "together",
        "operation_turn": {"interrupted": False, "needed": True},
        "operation_product": "pachyderm",
        **more,
    }


@pytest.fixture(name="cluster")
def _cluster(pachyderm: Stage) -> Stage:
    """One that says what it runs, and whose dump is of all that it holds."""
    world = pachyderm.world

    def answers(asked: Asked) -> dict[str, Any]:
        return {
            "and": {
                "release": world.runs["p1"],
                "version": world.runs["p1"],
                "cluster": f"id-{world.runs['p1']}",
                "closed": [],
            }
        }

    def counted(asked: Asked) -> dict[str, Any]:
        return {"and": {"dump": asked.args["dump"], "asked": True, "cluster": "id-1.11.9", "sha256": "5a"}}

    pachyderm.on("pachyderm_info", answers)
    pachyderm.on("pachyderm_recount", counted)
    pachyderm.on("pachyderm_pipelines", {"and": {"missing": []}})
    pachyderm.on("pachyderm_inventory", {"and": {"notes": []}})
    pachyderm.on("directory_rename", {"and": {"there": False}})
    return pachyderm


def begun(stage: Stage) -> None:
    """A record for what a role writes in it next to any pass."""
    stage._begin(stage.plan({"together": IN_PLACE}), {})
    stage.runs += 1
    stage.record_call("p1", state="opened", plan=stage.plan({"together": IN_PLACE}), token="t" * 16)
    stage.runs -= 1


ASIDE = {"module": "directory_rename", "state": "renamed"}
DOWN = {"module": "service", "state": "stopped"}


def test_the_cluster_is_counted_once_right_before_it_is_stopped(cluster: Stage) -> None:
    run = cluster.playbook("pachyderm_upgrade")
    assert run.ok, run.why
    order = [run.place("pachyderm_extract"), run.place("pachyderm_recount"), run.place(**DOWN), run.place(**ASIDE)]
    assert order == sorted(order)
    (counted,) = run.of("pachyderm_recount", late=False)
    (restored,) = run.of("pachyderm_restore")
    assert restored.args["src"] == counted.args["dump"] == run.of("pachyderm_extract")[0].args["dest"]
    assert (restored.args["sha256"], restored.args["source_cluster"]) == ("5a", "id-1.11.9")
    assert cluster.record()["saved"]["cluster-0"] == "id-1.13.4"


def test_a_run_goes_on_with_a_cluster_that_has_another_id_since(cluster: Stage) -> None:
    """Fresh metadata have an id of their own, which is in the record; a stranger at the address is refused."""
    lost = [{"key": "file_unreadable", "sentence": "No file of data@master can be read."}]
    cluster.on("pachyderm_inventory", {"and": {"differences": lost, "notes": []}}, clients="out", dest=None)
    stopped = cluster.playbook("pachyderm_upgrade")
    assert "No file of data@master can be read." in stopped.why
    assert stopped.of(**ASIDE) and not stopped.of("systemd_environment", state="absent"), "the ports stay closed"
    assert cluster.record()["cluster"] == "id-1.11.9"
    cluster.rules.pop()
    cluster.on(
        "pachyderm_info", {"and": {"cluster": "stranger", "release": "1.13.4", "version": "1.13.4", "closed": []}}
    )
    strange = cluster.playbook("pachyderm_upgrade")
    assert not strange.ok and "stranger" in strange.why and not strange.of("pachyderm_pipelines")
    cluster.rules.pop()
    done = cluster.playbook("pachyderm_upgrade")
    assert done.ok, done.why
    assert not done.of(**ASIDE) and not done.of("pachyderm_restore") and done.of("systemd_environment", state="absent")


@pytest.mark.parametrize(
    ("asked", "held", "goes"), [(True, "", True), (False, "20261121T031500Z-test", True), (False, "", False)]
)
def test_a_server_that_is_down_is_counted_by_nobody(cluster: Stage, asked: bool, held: str, goes: bool) -> None:
    """What this operation holds down has been counted before; any other silence is no proof."""
    begun(cluster)
    cluster.on("pachyderm_recount", {"and": {"asked": asked}})
    cluster.on("service_info", {"unit": {"held": held, "active": "inactive"}, "held": []})
    run = cluster.role("pachyderm", "recount", **midway())
    assert run.ok == goes and ("does not answer" in run.why) != goes
    assert ("dump-0" in cluster.record()["saved"]) == asked


def test_what_came_since_the_dump_stops_it_and_the_next_run_takes_another(cluster: Stage) -> None:
    """Ports and pipelines are given back, so that the inventory and the dump of before count no more."""
    came = "The cluster is not what the dump /d was made of: 1 commits of data came (d3)."
    cluster.on("pachyderm_recount", failed(came), nth=1)
    run = cluster.playbook("pachyderm_upgrade")
    assert not run.ok and came in run.why and not run.of(**ASIDE) and not run.of(**DOWN)
    opened = run.place("systemd_environment", state="absent", name="quiet")
    assert run.place("pachyderm_recount") < opened < run.place("pachyderm_pipelines", state="started")
    done = cluster.steps_done()
    assert {key.rsplit("/", 1)[1] for key, state in done.items() if state == "undone"} >= {
        "quiesce", "drain", "pause", "inventory", "extract",
    }  # fmt: skip
    cluster.rules.pop()
    again = cluster.playbook("pachyderm_upgrade")
    assert again.ok, again.why
    assert again.place("pachyderm_inventory") < again.place("pachyderm_extract") < again.place(**ASIDE)


@pytest.mark.parametrize(
    ("counted", "verbs", "asked"), [(False, IN_PLACE, 1), (True, IN_PLACE, 0), (False, ["stop", "start"], 0)]
)
def test_a_stop_that_is_done_again_by_another_run_counts_first(
    cluster: Stage, counted: bool, verbs: list[str], asked: int
) -> None:
    begun(cluster)
    dump = "/var/backups/uplift/pachyderm/pachd.service/20261121T031500Z-test/1.11.9.dump"
    cluster.found(**({"pachyderm_recounted": {"dump": dump}} if counted else {}))
    run = cluster.role("pachyderm", "stop", **midway(*verbs))
    assert run.ok, run.why
    assert len(run.of("pachyderm_recount", tolerant=True)) == asked and len(run.of(**DOWN)) == 1
    assert not asked or run.place("pachyderm_recount") < run.place(**DOWN)


@pytest.mark.parametrize(
    ("there", "asked", "held", "goes"),
    [
        (True, False, "", True),  # the metadata is renamed already: the server that answers is the new one
        (False, False, "20261121T031500Z-test", True),
        (False, True, "", True),  # somebody has started it: it was counted again
        (False, False, "", False),
        (False, False, "another", False),
    ],
)
def test_only_what_was_held_or_counted_is_put_aside(
    cluster: Stage, there: bool, asked: bool, held: str, goes: bool
) -> None:
    begun(cluster)
    cluster.on("directory_rename", {"and": {"there": there}})
    cluster.on("pachyderm_recount", {"and": {"asked": asked}})
    cluster.on("service_info", {"unit": {"held": held, "active": "inactive"}, "held": []})
    run = cluster.role("pachyderm", "undeploy", **midway())
    assert run.ok == goes and bool(run.of(**ASIDE)) == goes and bool(run.of(**DOWN)) == goes
    calls = run.of("pachyderm_recount", tolerant=True, late=True, pachctl="/usr/local/bin/pachctl-1.11.9")
    assert len(calls) == (0 if there else 1)
    assert goes or "It may have run since the cluster was counted" in run.why


@pytest.mark.parametrize("missing", [[], ["montage"]])
def test_a_deleted_pipeline_is_passed_over_and_told(cluster: Stage, missing: list[str]) -> None:
    cluster.on("pachyderm_pipelines", {"and": {"missing": missing}})
    run = cluster.role("pachyderm", "unpause", **midway())
    assert run.ok, run.why
    assert run.of("pachyderm_pipelines", state="started", skip_missing=True)
    assert ("montage: ran before the upgrade and is not there any more" in run.said) == bool(missing)


@pytest.mark.parametrize(
    ("opened", "restarted", "started"),
    [
        (["pipelines", "ports", "service"], True, True),
        (["ports"], True, False),
        (["service"], True, False),
        (["pipelines"], False, True),
    ],
)
def test_a_failing_run_gives_back_what_the_record_names(
    cluster: Stage, opened: list[str], restarted: bool, started: bool
) -> None:
    begun(cluster)
    cluster.record_call("p1", owner=cluster.owner("run-1"), state="saved", save={"ran": ["edges"]})
    run = cluster.role("pachyderm", "recover", **midway(operation_undone={"opened": opened}))
    assert run.ok, run.why
    assert bool(run.of("systemd_environment", state="absent")) == restarted
    assert bool(run.of("release", state="activated", version="1.11.9")) == restarted
    assert bool(run.of("service", state="restarted")) == restarted
    assert bool(run.of("pachyderm_pipelines", state="started", names=["edges"])) == started
    assert cluster.record()["saved"]["ran"] == ([] if started else ["edges"])


@pytest.mark.parametrize(
    ("in_pass", "saved", "kept"),
    [
        ("before", {}, ["edges"]),
        # A run that was killed had stopped it: what it has noted counts, and so does what somebody has made since.
        ("before", {"ran": ["montage"], "ran_hop": 0}, ["edges", "montage"]),
        ("before", {"ran": ["montage"], "ran_hop": 1}, ["edges"]),
        ("after", {"ran": ["montage"], "ran_hop": 0}, ["montage"]),  # trap P06: what came back running did not run
    ],
)
def test_what_ran_is_noted_before_anything_is_stopped(
    cluster: Stage, in_pass: str, saved: dict[str, Any], kept: list[str]
) -> None:
    begun(cluster)
    cluster.record_call("p1", owner=cluster.owner("run-1"), state="saved", save=saved)
    run = cluster.role("pachyderm", "pause", **midway(operation_pass=in_pass))
    assert run.ok, run.why
    assert sorted(cluster.record()["saved"]["ran"]) == kept
    assert run.of("pachyderm_pipelines", state="stopped")


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_restore_that_was_cut_begins_with_fresh_metadata(cluster: Stage, interrupted: bool) -> None:
    begun(cluster)
    cluster.world.runs["p1"] = cluster.world.active["p1"] = "1.13.4"
    turn = {"interrupted": interrupted, "needed": True}
    run = cluster.role("pachyderm", "restore", **midway(operation_turn=turn))
    assert run.ok, run.why
    assert bool(run.of("directory_rename", state="fresh")) == interrupted


@pytest.mark.parametrize(
    ("verbs", "undoes", "clients", "instead"),
    [
        (IN_PLACE, "", "out", "The clients are still shut out."),
        (["backup", "stop", "activate", "start"], "", "served", "The new release serves with the same metadata."),
        (["recall"], "op0", "back", "The old release serves with the metadata of before."),
    ],
)
def test_what_clients_did_is_no_loss_where_they_were_let_in(
    cluster: Stage, verbs: list[str], undoes: str, clients: str, instead: str
) -> None:
    cluster.on("operation", {"comparison": {"measured": [0]}}, state="read")
    cluster.on("operation", {"comparison": {"state": "same", "said": ""}}, state="compared")
    cluster.on("pachyderm_inventory", {"and": {"notes": ["The repo z is gone."]}})
    run = cluster.role("pachyderm", "verify", **midway(*verbs, undoes=undoes))
    assert run.ok, run.why
    assert run.of("pachyderm_inventory", clients=clients) and "The repo z is gone." in run.said
    lost = [{"key": "file_unreadable", "sentence": "No file of data@master can be read."}]
    cluster.on("pachyderm_inventory", {"and": {"differences": lost}})
    run = cluster.role("pachyderm", "verify", **midway(*verbs, undoes=undoes))
    assert not run.ok and lost[0]["sentence"] in run.why and instead in " ".join(run.why.split())


def test_a_port_is_proved_closed_and_what_closed_it_stays_evidence(cluster: Stage) -> None:
    left = [{"slot": "ports", "kind": "file", "path": "/d"}]
    cluster.on("systemd_environment", {"evidence": left})
    run = cluster.role("pachyderm", "quiesce", **midway())
    assert run.ok, run.why
    (asked,) = run.of("port_closed", left=left)
    assert (asked.args["host"], asked.args["port"]) == ("127.0.0.1", 30650)


# On Kubernetes


UNIT = "kubernetes:default/pachd"
THERE = {"there": True, "image": "pachyderm/pachd:1.11.9", "replicas": 2, "directories": []}
NOT_THERE = {**THERE, "there": False, "image": "", "replicas": 0}


@pytest.fixture(name="pods")
def _pods(cluster: Stage) -> Stage:
    cluster.found(
        pachyderm_unit=UNIT,
        pachyderm_confirm=["metadata_volumes"],
        pachyderm_deploy_arguments=["local"],
    )
    begun(cluster)
    return cluster


@pytest.mark.parametrize(
    ("there", "seen", "asked", "goes"),
    [
        (False, {}, False, True),  # an undeploy that died had taken it away
        (True, {"active": "inactive", "replicas": 0, "held": "20261121T031500Z-test"}, False, True),
        (
            True,
            {"active": "active", "replicas": 1, "held": ""},
            True,
            True,
        ),  # somebody has started it: it was counted again
        (True, {"active": "active", "replicas": 1, "held": "20261121T031500Z-test"}, False, False),
        (True, {"active": "inactive", "replicas": 0, "held": ""}, False, False),
        (True, {"active": "inactive", "replicas": 0, "held": "another"}, False, False),
    ],
)
def test_volumes_go_only_with_what_was_held_or_counted(
    pods: Stage, there: bool, seen: dict[str, Any], asked: bool, goes: bool
) -> None:
    pods.on("pachyderm_deployed", {"and": THERE if there else NOT_THERE})
    pods.on("service_info", {"unit": seen, "evidence": []})
    pods.on("pachyderm_recount", {"and": {"asked": asked}})
    run = pods.role("pachyderm", "undeploy", **midway())
    assert run.ok == goes and bool(run.of("pachyderm_deployment", state="absent")) == goes
    assert len(run.of("pachyderm_recount", tolerant=True, late=True)) == int(there)
    assert goes or "It may have run since the cluster was counted" in " ".join(run.why.split())


def undone(steps: dict[str, Any], strategy: str = "all_at_once") -> dict[str, Any]:
    return {"record": {"plan": {"hops": [{"strategy": strategy, "passes": passes(*IN_PLACE)}]}, "steps": steps}}


GONE = {"0/together/4/undeploy": {"state": "done", "evidence": [{"kind": "absent", "inode": 77}]}}


@pytest.mark.parametrize(
    ("record", "seen", "goes"),
    [
        (undone({}), THERE, True),
        (undone(GONE), {**THERE, "image": "pachyderm/pachd:1.13.4"}, False),
        (undone(GONE), NOT_THERE, False),
        (undone(GONE), {**THERE, "image": "registry.local:5000/pachd:1.11.9"}, True),  # refused, or died before it
        (undone({"0/together/4/undeploy": {"state": "undone", "evidence": []}}), NOT_THERE, True),
        (undone({}, "side_by_side"), THERE, True),
    ],
)
def test_the_way_back_in_place_goes_while_the_volumes_are_there(
    pods: Stage, record: dict[str, Any], seen: dict[str, Any], goes: bool
) -> None:
    pods.on("operation", record, state="read", id="op0")
    pods.on("pachyderm_deployed", {"and": seen})
    run = pods.role("pachyderm", "recall", **midway("recall", undoes="op0"))
    said = "the volumes of the old metadata are gone"
    assert (said in run.why) != goes, run.why
    assert bool(run.of("release", state="activated", version="1.11.9")) == goes


def test_the_way_back_on_systemd_wants_what_was_put_aside(cluster: Stage) -> None:
    cluster.on("operation", undone(GONE), state="read", id="op0")
    run = cluster.role("pachyderm", "recall", **midway("recall", undoes="op0"))
    assert run.ok, run.why
    assert run.of("directory_rename", state="back", inode="77") or run.of("directory_rename", state="back", inode=77)


def test_a_server_on_kubernetes_is_held_down_and_comes_back_with_as_many(cluster: Stage) -> None:
    """A controller does not bring it back meanwhile, and two servers do not become one."""
    begun(cluster)
    cluster.found(pachyderm_unit=UNIT)
    stopped = cluster.role("pachyderm", "stop", **midway("stop", "start"))
    assert stopped.ok, stopped.why
    assert [call.args["hold"] for call in stopped.of("service", state="stopped")] == ["20261121T031500Z-test"]
    started = cluster.role("pachyderm", "start", **midway("stop", "start"))
    assert started.ok, started.why
    assert [call.args["unit"] for run in (stopped, started) for call in run.of("service")] == [UNIT] * 2


def test_in_place_the_new_server_is_shut_before_anybody_finds_it(cluster: Stage) -> None:
    begun(cluster)
    cluster.found(pachyderm_unit=UNIT, pachyderm_deploy_arguments=["local"])
    run = cluster.role("pachyderm", "redeploy", **midway())
    assert run.ok, run.why
    assert run.of("pachyderm_deployment", state="present") and run.of("service_info")
    assert [call.args["port"] for call in run.of("pachyderm_port")] == [30649]


def test_a_whole_upgrade_prints_no_token(cluster: Stage) -> None:
    cluster.found(pachyderm_token=f"pachyderm-token-{CANARY}")
    run = cluster.playbook("pachyderm_upgrade")
    assert run.ok, run.why
    given = [call for call in run.calls if call.args.get("token")]
    assert len({call.task for call in given}) > 8 and CANARY not in run.shown


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"pachyderm_confirm": []}, "fresh metadata means fresh volumes"),
        ({"pachyderm_etcd_endpoint": ""}, "fresh metadata means fresh volumes"),
        ({"pachyderm_deploy_arguments": ["local", "--host-path=/old"]}, "Give another --host-path"),
        ({"pachyderm_deploy_arguments": ["local"]}, "Give another --host-path"),
        ({"pachyderm_deploy_arguments": ["local", "--host-path=/new"]}, ""),
    ],
)
def test_volumes_go_only_where_that_is_wanted_and_the_next_has_others(
    pods: Stage, settings: dict[str, Any], said: str
) -> None:
    pods.on("pachyderm_deployed", {"and": {**THERE, "directories": ["/old"]}})
    pods.found(**settings)
    run = pods.role("pachyderm", "undeploy", **midway())
    assert run.ok == (not said) and said in " ".join(run.why.split())
    assert bool(run.of("pachyderm_deployment", state="absent", claims=True)) == (not said)
