# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles service, release and backup: what is decided in them, by kind."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Stage, failed

UNIT = "kubernetes:shop/lake"
SERVICE = {"service_kind": "kubernetes", "service_unit": UNIT}


@pytest.fixture
def one(lakefs: Stage) -> Stage:
    return lakefs.only("l1")


def deployment(stage: Stage) -> dict[str, Any]:
    return stage.world._deployment("lake")


def test_a_deployment_is_stopped_and_held_and_comes_back_with_as_many(one: Stage) -> None:
    run = one.role("service", "stop", **SERVICE, service_hold="op-1")
    assert run.ok, run.failures
    noted = {"uplift.datastores/replicas": "2", "uplift.datastores/held": "op-1"}
    assert deployment(one)["spec"]["replicas"] == 0 and deployment(one)["metadata"]["annotations"] == noted
    assert run.of("kubernetes.core.k8s_info", kind="Pod"), "nobody waited for the last pod"
    assert one.role("service", "stop", **SERVICE, service_hold="op-1").ok
    assert deployment(one)["metadata"]["annotations"]["uplift.datastores/replicas"] == "2", "the number was forgotten"
    run = one.role("service", "start", **SERVICE)
    assert run.ok and deployment(one)["spec"]["replicas"] == 2 and not deployment(one)["metadata"]["annotations"]
    assert run.of("deployment_unit_info"), "what the record is told was not seen"


def test_what_rests_at_none_and_is_not_held_has_no_number(one: Stage) -> None:
    deployment(one)["spec"]["replicas"] = 0
    run = one.role("service", "stop", **SERVICE)
    assert run.ok and not run.of("kubernetes.core.k8s"), "a number of none was written down"
    run = one.role("service", "start", **SERVICE)
    assert "it was not stopped by this" in run.why and deployment(one)["spec"]["replicas"] == 0


def test_a_start_of_what_runs_writes_nothing(one: Stage) -> None:
    run = one.role("service", "start", **SERVICE)
    assert run.ok and not run.of("kubernetes.core.k8s")


def test_pods_that_do_not_end_are_waited_for(one: Stage) -> None:
    one.on(
        "kubernetes.core.k8s_info",
        lambda asked: {"resources": [{}] if len(one.asked(task=asked.task)) < 3 else []},
        kind="Pod",
    )
    run = one.role("service", "stop", **SERVICE)
    assert run.ok and len(run.of("kubernetes.core.k8s_info", kind="Pod")) == 3
    one.rules.clear()
    one.on("kubernetes.core.k8s_info", {"resources": [{}]}, kind="Pod")
    assert not one.role("service", "stop", **SERVICE, service_stop_timeout=3).ok, "a pod that lives counts as stopped"
    assert not one.role("service", "stop", check=True, **SERVICE).of("kubernetes.core.k8s_info", kind="Pod")


def test_no_deployment_stops(one: Stage) -> None:
    one.on("kubernetes.core.k8s_info", {"resources": []}, kind="Deployment")
    run = one.role("service", "stop", **SERVICE)
    assert "There is no deployment lake in shop" in run.why and not run.of("kubernetes.core.k8s_scale")


def test_a_restart_is_a_stop_and_a_start(one: Stage) -> None:
    run = one.role("service", "restart", **SERVICE)
    scaled = [call.args["replicas"] for call in run.of("kubernetes.core.k8s_scale")]
    assert run.ok and list(map(int, scaled)) == [0, 2], run.failures


def test_the_image_of_the_container_that_is_meant_is_changed(one: Stage) -> None:
    pods = deployment(one)["spec"]["template"]["spec"]
    pods["containers"].append({"name": "proxy", "image": "other/proxy:1"})
    run = one.role("service", "activate", **SERVICE, service_image="maker/lake:2")
    changed = run.of("kubernetes.core.k8s")[0].args["definition"]["spec"]["template"]["spec"]["containers"]
    assert run.ok and changed == [{"name": "lake", "image": "maker/lake:2"}], run.failures
    run = one.role("service", "activate", **SERVICE, service_image="another/thing:2")
    assert "wanted exactly one container of another/thing. Nothing was changed." in run.why
    assert not run.of("kubernetes.core.k8s")


@pytest.mark.parametrize(
    ("kind", "called"),
    [("systemd", ["systemd_unit_info", "systemd_unit"]), ("docker", ["container_unit_info", "container_unit"])],
)
def test_units_and_containers(one: Stage, kind: str, called: list[str]) -> None:
    given = {"service_kind": kind, "service_unit": "thing"}
    for entry, state in (("stop", "stopped"), ("start", "started"), ("restart", "restarted")):
        run = one.role("service", entry, **given, **({"service_hold": "op-1"} if entry == "stop" else {}))
        assert run.ok and [(call.module, call.args["state"]) for call in run.calls] == [(called[1], state)], (
            run.failures
        )
    assert one.role("service", "stop", **given, service_hold="op-1").calls[0].args["hold"] == "op-1"
    assert [call.module for call in one.role("service", "look", **given).calls] == called[:1]


RELEASE = {"release_version": "2", "release_unit": "kubernetes:shop/lake", "release_image": "maker/lake:{version}"}


def test_a_release_is_looked_for_without_changing_anything(one: Stage) -> None:
    one.on("release|container_image|deployment_image", failed("not to be had"))
    for kind in ("file", "docker", "kubernetes"):
        run = one.role("release", "look", release_kind=kind, release_path="/bin/x", release_source="/srv", **RELEASE)
        assert run.ok, f"{kind}: what cannot be had is a finding, not a failure: {run.failures}"
        assert kind == "kubernetes" or run.calls[0].check, f"{kind} was staged by a look"


def test_a_release_is_staged_and_made_active(one: Stage) -> None:
    given = {"release_path": "/bin/x", "release_source": "/srv", **RELEASE}
    for kind, staged, active in (
        ("file", ["release"], ["release"]),
        ("docker", ["container_image"], ["container_image", "container_unit"]),
        ("kubernetes", ["deployment_image"], ["kubernetes.core.k8s_info", "kubernetes.core.k8s"]),
    ):
        one.on("release", {"and": {}})
        run = one.role("release", "stage", release_kind=kind, **given)
        assert run.ok and [call.module for call in run.calls] == staged, run.failures
        assert [call.args.get("state", "staged") for call in run.calls] == ["staged"]
        run = one.role("release", "activate", release_kind=kind, **given)
        assert run.ok and [call.module for call in run.calls] == active, run.failures
        assert run.calls[-1].args.get("state") in ("activated", "patched")


def test_backups_are_taken_proved_and_restored(one: Stage) -> None:
    for entry, state in (("take", "present"), ("prove", "proved"), ("restore", "restored")):
        run = one.role("backup", entry, backup_src="/var/lib/x", backup_dest="/b/x.tar.zst")
        assert run.ok and [(call.module, call.args["state"]) for call in run.calls] == [("metadata_backup", state)]
