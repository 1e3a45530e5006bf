# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""Killed where pods are down, where a pod of ours reads a volume, and where StatefulSet and ConfigMap change."""

from __future__ import annotations

import json

from upgrades import Cluster

MOMENTS = [
    "0/before/1/stage",
    "0/together/0/stop",
    "0/together/1/backup",
    "0/together/3/activate",
    "0/together/4/start",
    "0/after/0/repair",
]
BEGINS_WITH = (
    "killed",
    "the_last_run_finishes",
    "a_run_after_the_end_changes_nothing",
    "what_the_client_was_told_is_stored_is_there",
)
ENDS_WITH = ("nothing_is_left_behind", "backups_are_private_and_proved")


def test_no_pod_and_no_job_of_a_killed_run_is_left(cluster: Cluster) -> None:
    words = ("kubectl", "--namespace", cluster.name, "get", "pods,jobs,configmaps", "--output", "json")
    names = [one["metadata"]["name"] for one in json.loads(cluster.on("a1", *words))["items"]]
    assert not [name for name in names if name.startswith("uplift-")], names
