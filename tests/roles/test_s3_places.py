# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where Garage's S3 is asked: from the controller, where the operator says, or by the node; so also in preflight."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Stage

PROXIES = ["https://s3-a.example.org", "https://s3-b.example.org"]
HOW = {"garage_s3_ca_file": "/etc/ssl/own.pem", "garage_s3_style": "virtual"}
ASKED = {"ca_file": "/etc/ssl/own.pem", "style": "virtual"}


def local(stage: Stage, host: str, address: str = "127.0.0.1:3900") -> None:
    """S3 of this node is reached by itself alone; where `address` is empty, by nobody."""
    config = {"metadata_dir": "/m", "s3": {"addresses": [], "local": address, "s3_region": "garage"}}
    stage.on("garage_config", {"and": {"config": config}}, host=host)


def places(run: Any) -> list[tuple[str, list[str], bool]]:
    return [(call.at, call.args["addresses"], call.args.get("on_node", False)) for call in run.of("garage_s3_ping")]


def told(run: Any, host: str) -> dict[str, Any]:
    """What the findings at this host are made of."""
    (call,) = [one for one in run.of("garage_findings") if one.at == host]
    found: dict[str, Any] = call.args["s3"]
    return found


def test_what_the_operator_names_is_asked_once_and_in_the_operators_way(garage: Stage) -> None:
    for host in garage.hosts:
        local(garage, host)
    garage.found(garage_s3_addresses=PROXIES, garage_probe_addresses=["https://lb.example.org"], **HOW)
    run = garage.steps(["preflight"])
    assert run.ok, run.why
    assert [(at, asked) for at, asked, _where in places(run) if asked] == [("a1", [*PROXIES, "https://lb.example.org"])]
    assert all(
        call.args["ca_file"] == ASKED["ca_file"] and call.args["style"] == "virtual"
        for call in run.of("garage_s3_ping")
    )
    assert told(run, "a1") == {"silent": [], "nowhere": False, "blind": False, "local": "127.0.0.1:3900"}


def test_the_objects_are_read_there_too_and_the_probe_asks_there(garage: Stage) -> None:
    one = garage.only("a1")
    local(one, "a1")
    one.found(garage_s3_addresses=PROXIES, garage_probe=True, **HOW)
    run = one.steps(["inventory"])
    assert run.ok, run.why
    (call,) = run.of("garage_inventory")
    assert call.args["addresses"] == PROXIES and not call.args["on_node"] and ASKED.items() <= call.args.items()
    assert call.args["mute"] == {}, "one address speaks for the whole cluster"


def test_where_nobody_else_reaches_it_each_node_is_asked_by_itself(garage: Stage) -> None:
    for host in garage.hosts:
        local(garage, host)
    garage.found(garage_probe=True)
    run = garage.steps(["preflight"])
    assert run.ok, run.why
    inside = [("a1", ["127.0.0.1:3900"], True), ("b1", ["127.0.0.1:3900"], True), ("c1", ["127.0.0.1:3900"], True)]
    assert [one for one in places(run) if one[1]] == inside
    assert told(run, "a1")["blind"] and not told(run, "b1")["blind"], "a probe sees nothing, which is said once"
    assert not told(run, "a1")["nowhere"]


def test_without_a_probe_nothing_is_blind(garage: Stage) -> None:
    for host in garage.hosts:
        local(garage, host)
    garage.found(garage_probe=False)
    run = garage.steps(["preflight"])
    assert not told(run, "a1")["blind"] and not told(run, "a1")["nowhere"]


def test_what_a_node_says_of_itself_is_a_finding(garage: Stage) -> None:
    one = garage.only("a1")
    local(one, "a1", "unix:/run/garage/s3.sock")
    row = {"address": "unix:/run/garage/s3.sock", "reason": "No such file or directory"}
    one.on("garage_s3_ping", {"silent": [row]}, on_node=True)
    assert told(one.steps(["preflight"]), "a1")["silent"] == [row]


def test_where_no_node_serves_s3_that_is_said_before_a_key_is_made(garage: Stage) -> None:
    for host in garage.hosts:
        local(garage, host, "")
    run = garage.steps(["preflight"])
    assert told(run, "a1")["nowhere"] and not told(run, "b1")["nowhere"]


@pytest.mark.parametrize("leader", [True, False])
def test_the_objects_are_read_by_a_node_that_serves_s3(garage: Stage, leader: bool) -> None:
    local(garage, "a1", "127.0.0.1:3900" if leader else "")
    local(garage, "b1")
    local(garage, "c1", "unix:/run/garage/s3.sock")
    garage.found(garage_probe=False)
    run = garage.steps(["inventory"])
    assert run.ok, run.why
    (call,) = run.of("garage_inventory")
    assert (call.at, call.args["addresses"], call.args["on_node"], call.args["mute"]) == (
        "a1" if leader else "b1", ["127.0.0.1:3900"], True, {},
    )  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_the_probe_asks_where_the_controller_reaches_s3_or_not_at_all(garage: Stage, named: bool) -> None:
    one = garage.only("a1")
    local(one, "a1")
    one.found(garage_probe=True, garage_s3_addresses=PROXIES if named else [], **HOW)
    run = one.playbook("garage_upgrade")
    started = run.of("client_probe", state="started")
    assert [call.args["addresses"] for call in started] == ([PROXIES] if named else []), run.why
    assert all(ASKED.items() <= call.args.items() for call in started)
