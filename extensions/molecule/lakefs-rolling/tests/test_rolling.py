# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1.82.0 to 1.84.0, one instance after the other, out of and into haproxy by hooks of the collection, under load."""

from __future__ import annotations

import base64
import json
import urllib.request
from typing import Any

from expectations import stopped_by
from upgrades import Cluster

BEGINS_WITH = (
    "all_instances_are_in_the_load_balancer_again",
    "clients_were_measured",
    "hooks_were_played",
    "no_request_failed",
    "nothing_is_left_behind",
    "nothing_is_lost",
    "secrets_are_nowhere",
    "the_database_is_of_the_new_schema",
    "what_is_kept_is_private",
)


def test_every_instance_was_restarted_once(cluster: Cluster) -> None:
    """Its own start and one in the walk; the second run of the playbook (idempotence) none."""
    assert {host: cluster.starts(host) for host in cluster.hosts} == dict.fromkeys(cluster.hosts, 2)


def compared(cluster: Cluster) -> Any:
    """What `lakefs_verify` wrote, and what the record of the leader says of it."""
    (report,) = cluster.reports.glob("*/verify.json")
    record = cluster.module(cluster.hosts[0], "operation", directory="/var/lib/uplift/lakefs/lakefs.service")["record"]
    assert record["state"] == "finished"
    return json.loads(report.read_text(encoding="utf-8")), record["comparisons"]["0"]["state"]


def test_all_can_be_compared_again(cluster: Cluster) -> None:
    """Clients have written since."""
    starts = {host: cluster.starts(host) for host in cluster.hosts}
    done = cluster.playbook("lakefs_verify")
    assert done.rc == 0 and done.says("Inventory: no differences"), done.out[-6000:]
    report, state = compared(cluster)
    assert (report["differences"], state) == ([], "same")
    assert {host: cluster.starts(host) for host in cluster.hosts} == starts


def test_a_key_that_is_refused_leaves_the_comparison_open(cluster: Cluster) -> None:
    open_ = cluster.playbook("lakefs_verify", lakefs_secret_access_key="another")
    stopped_by(open_, "Could not be compared: ", "401, the credentials are not taken", "Compare again with: ")
    report, state = compared(cluster)
    assert report["not_compared"] and "differences" not in report and state == "open"


def test_a_repository_that_is_gone_is_a_difference(cluster: Cluster) -> None:
    """The last test: a repository is deleted, which its owner may have done."""
    record = cluster.module(cluster.hosts[0], "operation", directory="/var/lib/uplift/lakefs/lakefs.service")["record"]
    name = next(iter(record["saved"]["inventory_0"]["repositories"]))
    host = cluster.hosts[0]
    url = f"http://{cluster.address(host)}:8000/api/v1/repositories/{name}?force=true"
    login = base64.b64encode(f"{cluster.product['key']}:{cluster.product['secret']}".encode()).decode()
    asked = urllib.request.Request(url, method="DELETE", headers={"Authorization": f"Basic {login}"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert answer.status == 204
    lost = cluster.playbook("lakefs_verify")
    stopped_by(lost, f"The repository {name} is gone.", "ask their owners first", "lakefs_accept: [repository_gone]")
    assert compared(cluster)[1] == "different"
