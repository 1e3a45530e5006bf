# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host gets which name, zone and address, and how Ansible is told."""

from __future__ import annotations

import ast
import dataclasses
import ipaddress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import cluster, garage, hosts
from tests.lab.cluster import Cluster
from tests.lab.proc import LabError

LAB = Path(hosts.__file__).parent


def test_zone_by_zone() -> None:
    seats = hosts.plan("demo", 6, 3, 5)
    assert [seat.name for seat in seats] == ["a1", "a2", "b1", "b2", "c1", "c2"]
    assert [seat.zone for seat in seats] == ["a", "a", "b", "b", "c", "c"]
    assert seats[0].address == "198.18.5.11"
    assert seats[5].container == "uplift-demo-c2"


@given(st.integers(1, 60), st.integers(1, 26), st.integers(1, 127))
def test_zones_are_filled_evenly_and_addresses_are_one_each(nodes: int, zones: int, third: int) -> None:
    if zones > nodes:
        with pytest.raises(LabError):
            hosts.plan("x", nodes, zones, third)
        return
    seats = hosts.plan("x", nodes, zones, third)
    sizes = [sum(seat.zone == zone for seat in seats) for zone in {seat.zone for seat in seats}]
    assert len(sizes) == zones and max(sizes) - min(sizes) <= 1
    assert len({seat.address for seat in seats}) == len({seat.name for seat in seats}) == nodes


def test_network_beside_those_that_are_taken() -> None:
    assert hosts.free_third(["198.18.0.0/24", "172.17.0.0/16", "fd00::/64"]) == 1
    assert hosts.free_third(["198.18.0.0/22"]) == 4
    with pytest.raises(LabError, match="no free network"):
        hosts.free_third(["198.18.0.0/15"])


@given(st.sets(st.integers(0, 126)))
def test_network_is_free(thirds: set[int]) -> None:
    taken = [f"198.18.{third}.0/24" for third in thirds]
    mine = ipaddress.IPv4Network(f"198.18.{hosts.free_third(taken)}.0/24")
    assert not any(mine.overlaps(ipaddress.IPv4Network(net)) for net in taken)
    assert mine.subnet_of(ipaddress.IPv4Network("198.18.0.0/17"))


def made() -> Cluster:
    return Cluster("demo", "garage", tuple(hosts.plan("demo", 3, 3, 7)), "garage.service", (), {})


def test_inventory() -> None:
    text = cluster.inventory(made(), "/keys/id", "/cache/cp")
    group = yaml.safe_load(text)["garage"]
    assert group["hosts"] == {
        "a1": {"ansible_host": "198.18.7.11"},
        "b1": {"ansible_host": "198.18.7.12"},
        "c1": {"ansible_host": "198.18.7.13"},
    }
    assert group["vars"].keys() == {
        "ansible_user",
        "ansible_ssh_private_key_file",
        "ansible_ssh_args",
        "ansible_python_interpreter",
    }
    assert "StrictHostKeyChecking=no" in group["vars"]["ansible_ssh_args"]


def test_a_host_may_have_variables_of_its_own() -> None:
    held = dataclasses.replace(made(), variables={"b1": {"garage_unit": "docker:x"}})
    group = yaml.safe_load(cluster.inventory(held, "/keys/id", "/cache/cp"))["garage"]
    assert group["hosts"]["b1"] == {"ansible_host": "198.18.7.12", "garage_unit": "docker:x"}
    assert group["hosts"]["c1"] == {"ansible_host": "198.18.7.13"}


def test_two_clusters_never_share_a_socket() -> None:
    """The second may get the addresses of the first one while its connections are still kept."""
    assert cluster.ssh_arguments("one", "/cp")[-1] != cluster.ssh_arguments("two", "/cp")[-1]


def test_unknown_host_is_named_with_those_there_are() -> None:
    with pytest.raises(LabError, match="no host z9: it has a1, b1, c1"):
        made().host("z9")


def test_a_cluster_that_the_lab_cannot_make() -> None:
    with pytest.raises(LabError, match="expected one of plain, packaged, makers, proxied, wrapped, odd, docker"):
        garage.asked_for("x", garage.Wish("0.7.0", form="other"))


def test_the_last_dealt_are_gateways() -> None:
    seats = hosts.plan("demo", 5, 3, 5, gateways=2)
    assert [seat.name for seat in seats if seat.gateway] == ["a2", "b2"]
    with pytest.raises(LabError, match="expected a node that stores"):
        hosts.plan("demo", 3, 3, 5, gateways=3)


def test_the_judge_is_not_the_accused() -> None:
    """Nothing of the collection is imported, by any name."""
    assert not any(word in (LAB / "lab").read_text() for word in ("ansible", "plugins"))
    for path in LAB.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if "ansible" in name or "plugins" in name], path.name
