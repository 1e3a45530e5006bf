# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""S3 that only the node itself and a proxy reach: by either of them, and what is said where neither will do."""

from __future__ import annotations

from typing import Any

import pytest
from expectations import nothing_is_left_behind, says
from upgrades import Cluster

BEGINS_WITH = ("backups_are_private_and_proved", "nothing_is_left_behind", "nothing_is_lost")
NEXT = {"garage_version": "0.9.4"}


def proxy(cluster: Cluster, host: str = "a1") -> str:
    return f"https://{cluster.address(host)}:3943"


def test_no_client_noticed_anything(cluster: Cluster) -> None:
    probe = cluster.report()["probe"]
    assert probe["requests"] > 0 and probe["unserved"] == 0, probe


def test_a_node_that_nobody_else_reaches_reads_its_objects_itself(cluster: Cluster) -> None:
    done = cluster.playbook("garage_verify", garage_s3_addresses=[])
    assert done.rc == 0 and done.says("Inventory: no differences"), done.out[-6000:]
    nothing_is_left_behind(cluster)


def findings(cluster: Cluster, *sentences: str, **variables: Any) -> None:
    """A look, which changes nothing, says them."""
    keys = cluster.garage("a1", "key", "list")
    looked = cluster.playbook("garage_upgrade", "--check", **NEXT, **variables)
    assert looked.rc != 0, looked.out[-6000:]
    says(looked, *sentences)
    assert cluster.garage("a1", "key", "list") == keys


def test_no_probe_without_an_address_of_clients(cluster: Cluster) -> None:
    findings(
        cluster,
        "probe_blind (stops): a1: S3 answers the nodes alone (at 127.0.0.1:3900), so that no probe sees what clients"
        " see; expected: an address that the controller reaches; to do: name in garage_s3_addresses the proxy",
        garage_s3_addresses=[],
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("/etc/ssl/certs/ca-certificates.crt", "certificate verify failed"),
        ("/nowhere.pem", "The certificates of /nowhere.pem cannot be read"),
        ("", "certificate verify failed"),
    ],
)
def test_an_authority_that_is_another(cluster: Cluster, given: str, reason: str) -> None:
    address = proxy(cluster)
    findings(cluster, f"s3_silent (stops): a1: the S3 address {address} does not answer:", reason,
             garage_s3_addresses=[address], garage_s3_ca_file=given)  # fmt: skip


def test_a_proxy_that_leads_elsewhere(cluster: Cluster) -> None:
    address = f"{cluster.address('b1')}:3903"
    findings(cluster, f"the S3 address {address} does not answer:", garage_s3_addresses=[address])
