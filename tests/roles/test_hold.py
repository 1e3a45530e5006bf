# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From stop to start a service is held down for the operation, and is converted before the next release counts."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Stage

STOPPED = {"module": "service", "state": "stopped"}


def holds(stage: Stage) -> set[str]:
    return {str(stage.record()["id"])}


def test_garage_is_held_for_the_operation_and_converted_before_the_switch(garage: Stage) -> None:
    one = garage.only("a1")
    one.on("garage_engine", {"and": {"opens": "sled"}})
    one.on("garage_config", {"and": {"config": {"db_engine": "lmdb"}}}, src="/etc/garage.toml.uplift-0.8.7")
    run = one.steps(["stop", "convert", "activate", "start"])
    assert run.ok, run.why
    assert {call.args["hold"] for call in run.of(**STOPPED)} == holds(one)
    assert not run.of("service", state="started")[0].args["hold"]
    assert run.place("garage_convert_db") < run.place("release", state="activated")
    staged = run.of("release", state="staged")[0]
    assert run.of("garage_convert_db")[0].args["release_binary"].endswith(staged.args["version"])


def test_the_offline_repair_is_by_the_staged_release_and_its_configuration(garage: Stage) -> None:
    one = garage.only("a1")
    run = one.steps(["stop", "offline_repair", "activate", "start"])
    assert run.ok, run.why
    asked = run.of("garage_offline_repair")[0].args
    expected = run.of("release", state="staged")[0].args["version"]
    assert asked["release_binary"].endswith(expected) and asked["candidate"].endswith(f".uplift-{expected}")


LAKEFS = {
    "lakefs_settings": {"dsn": "postgres://db/lakefs", "settings": {"database": {"place": "db", "type": "postgres"}}},
    "lakefs_found": {"node": {"version": "1.82.0"}, "program": "/usr/local/bin/lakefs"},
    "lakefs_info": {"led": False},
    "lakefs_version": "1.84.0",
}


@pytest.mark.parametrize("unit", ["lakefs.service", "docker:lake", "kubernetes:shop/lake"])
def test_lakefs_is_held_for_the_operation(lakefs: Stage, unit: str) -> None:
    run = lakefs.role("lakefs", "stop", **{**during("1.82.0", "1.84.0"), **LAKEFS, "lakefs_unit": unit})
    assert {call.args["hold"] for call in run.of(**STOPPED)} == {"op1"}, run.why
    assert sorted(run.hosts(**STOPPED)) == lakefs.hosts


@pytest.mark.parametrize(("entry", "commands"), [("migrate", ["auto", "task"]), ("admit", ["superuser"])])
def test_lakefs_is_migrated_by_the_staged_release(lakefs: Stage, entry: str, commands: list[str]) -> None:
    one = lakefs.only("l1")
    one.on("release", {"changed": False, "release": "/usr/local/bin/lakefs-1.84.0"}, state="staged")
    one.on("lakefs_config", {"changed": False, "staged": "/etc/lakefs/config.uplift-1.84.0.yaml"}, state="staged")
    given = {**during("1.82.0", "1.84.0"), **LAKEFS, "lakefs_admin_user": "admin"}
    run = one.role("lakefs", entry, **given)
    asked = [call.args for call in run.of("lakefs_migrate")]
    assert [call.get("command", "auto") for call in asked] == commands, run.why
    assert {call["binary"] for call in asked} == {"/usr/local/bin/lakefs-1.84.0"}
    assert {call["config_file"] for call in asked} == {"/etc/lakefs/config.uplift-1.84.0.yaml"}
    assert not run.of("release", state="activated")


def test_lakefs_without_a_user_to_take_over_admits_nobody(lakefs: Stage) -> None:
    run = lakefs.only("l1").role("lakefs", "admit", **{**during("1.82.0", "1.84.0"), **LAKEFS})
    assert run.ok and not run.of("lakefs_migrate"), run.why


def test_pachyderm_and_its_etcd_are_held_until_they_are_deployed_again(pachyderm: Stage) -> None:
    run = pachyderm.role("pachyderm", "undeploy", **during())
    stopped = run.of(**STOPPED)
    assert {call.args["hold"] for call in stopped} == {"op1"}, run.why
    assert len({call.args["unit"] for call in stopped}) == 2


def during(source: str = "1.9.12", target: str = "1.13.4") -> dict[str, Any]:
    hop = {"source": source, "target": target, "strategy": "all_at_once", "passes": {}}
    return {
        "operation_opened": {"record": {"id": "op1", "saved": {}}},
        "operation_planned": {"plan": {"hops": [hop], "undoes": "", "undoes_hop": 0}},
        "operation_plan": {"hops": [hop], "undoes": "", "undoes_hop": 0},
        "operation_hop": hop,
        "operation_hop_number": "0",
        "operation_pass": "together",
    }
