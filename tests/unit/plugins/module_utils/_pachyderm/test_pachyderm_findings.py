# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.findings import findings
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse

# What real servers said once the object that holds the spec of `edges` was gone: 1.13.4, and 1.9.12.
UNREADABLE = """{
  "pipeline": {
    "name": "other"
  },
  "transform": {
    "image": "alpine:3"
  },
  "state": "PIPELINE_RUNNING"
}{
  "pipeline": {
    "name": "edges"
  },
  "state": "PIPELINE_RUNNING",
  "spec_commit": {
    "repo": {
      "name": "__spec__"
    },
    "id": "2e5fd644ba534a64b5a850c746abed43"
  }
}"""
NONE = (
    "could not read existing PipelineInfo from PFS: open /lab/store/block/f9fab13efea7472f890cada822264966:"
    " no such file or directory"
)

GOOD: dict[str, Any] = {
    "info": {
        "version": "1.9.12",
        "client_version": "1.9.12",
        "auth": "off",
        "repos": [{"name": "data", "size": 500}],
        "pipelines": [{"name": "edges", "state": "running", "stopped": False, "spec": {"transform": {}}}],
        "open_commits": [],
        "jobs": [],
        "problem": "",
    },
    "space": {"paths": {"/b": {"at": "/", "free": 1000}}, "programs": {"etcdctl": "/usr/bin/etcdctl"}},
    "releases": [{"changed": True}],
    "target": "1.13.4",
    "targets": ["1.13.4"],
    "backup_dir": "/b",
    "full": True,
    "free_bytes": 500,
    "nested": "",
    "backup": [
        {"kind": "ebs", "volume": "vol-1"},
        {"kind": "s3", "bucket": "pach", "to": "copy"},
        {"kind": "csi", "claim": "etcd-storage"},
    ],
    "volumes": {"snapshots": True, "claims": ["etcd-storage"]},
    "unread": [],
    "deployed": {},
    "trial": {},
    "confirm": [],
    "cron_again": False,
}
OTHER = {"key": "container_unit", "stops": True, "saw": "it runs a container", "expected": "itself", "do": "name it"}
FAILED = {"name": "p", "state": "failure", "stopped": False, "spec": {"transform": {}}}
BARE = parse.pipelines(UNREADABLE)
IN_PLACE = {
    "unit": "kubernetes:pach/pachd",
    "there": True,
    "undeploys": True,
    "snapshot": True,
    "directories": ["/var/pachyderm"],
    "moved": True,
}


def test_a_cluster_at_rest_has_no_findings() -> None:
    assert findings(GOOD) == []


@pytest.mark.parametrize(
    ("key", "stops", "change", "said"),
    [
        ("no_answer", True, {"info.problem": "No Pachyderm server takes a connection"}, "takes a connection"),
        ("container_unit", True, {"info.not_itself": OTHER}, "it runs a container"),
        ("mounted_by_unit", True, {"info.mounting": ["/bin/mount /var/lib/etcd"]}, "(/bin/mount /var/lib/etcd)"),
        ("shared_program", True, {"releases": [{"shared": ["pachd-b.service"]}]}, "pachd-b.service and this unit"),
        ("spec_unreadable", True, {"info.pipelines": [asdict(one) for one in BARE]}, "cannot read: edges"),
        (
            "spec_unreadable",
            True,
            {"info.problem": f"Asking Pachyderm to list pipeline failed: {NONE}"},
            "block/f9fab13",
        ),
        ("auth_closed", True, {"info.auth": "closed"}, "the token does not open it"),
        ("client_skew", True, {"info.client_version": "1.13.4"}, "pachctl is 1.13.4"),  # trap P21
        ("open_commits", True, {"info.open_commits": ["data@abc"]}, "data@abc"),  # trap P05
        ("jobs_running", False, {"info.open_commits": ["edges@abc"]}, "1 open output commits"),
        ("jobs_running", False, {"info.jobs": [{"id": "1"}]}, "1 jobs"),
        (
            "pipelines_failed",
            False,
            {"info.pipelines": [FAILED]},
            "p",
        ),
        (
            "env_reprocess",
            False,
            {"info.version": "1.4.8", "info.client_version": "1.4.8", "target": "1.5.0", "targets": []},
            "environment variables",
        ),
        (
            "pipelines_reprocess",  # trap P06, trap P27
            False,
            {"info.version": "1.8.8", "info.client_version": "1.8.8", "target": "1.9.0", "targets": []},
            "does not carry what is stopped",
        ),
        ("no_space", True, {"free_bytes": 501}, "1000 bytes free"),
        ("no_space", True, {"info.repos": [{"name": "data", "size": 501}]}, "1000 bytes free"),
        ("space_unknown", True, {"space.paths": {}}, "/b"),
        (
            "read_only",
            True,
            {"space.paths": {"/b": {"at": "/", "free": 1000, "writable": False}}},
            "nothing can be written to /b (at /)",
        ),
        ("program_missing", True, {"space.programs": {"etcdctl": ""}}, "etcdctl"),
        ("backup_unclear", True, {"backup": [{"kind": "gce", "disk": "pach", "zone": ""}]}, "without zone, project"),
        ("backup_unclear", True, {"backup": [{"kind": "csi", "class": "fast"}]}, "without claim"),
        # What could not be asked is not told to be missing besides.
        ("kubernetes_unread", True, {"unread": ["forbidden"], "volumes": {}}, "asked of it (forbidden)"),
        ("no_snapshots", True, {"volumes": {}}, "no cluster of Kubernetes"),
        ("no_snapshots", True, {"volumes.snapshots": False}, "knows VolumeSnapshot"),
        ("no_claim", True, {"volumes.claims": ["data"]}, "no claim etcd-storage in the namespace, but data"),
        ("no_claim", True, {"volumes.claims": []}, "but none"),
        ("release", True, {"releases": [{"failed": True, "msg": "not on the controller"}]}, "not on the controller"),
        (
            "no_checksum",
            True,
            {"releases": [{}, {"unchecked": [{"version": "1", "address": "https://x"}]}]},
            "https://x",
        ),
    ],
)
def test_what_stands_in_the_way(key: str, stops: bool, change: dict[str, Any], said: str) -> None:
    seen = copy.deepcopy(GOOD)
    for path, value in change.items():
        place, _dot, name = path.rpartition(".")
        (seen[place] if place else seen)[name] = value
    (found,) = findings(seen)
    assert (found.key, found.stops) == (key, stops) and said in found.saw and found.do


def test_what_the_trial_takes_is_asked_beside_what_the_dump_does() -> None:
    """1000 bytes of the dump's are there, and none of the trial's; all targets are looked at."""
    trial = {"on": True, "platform": "systemd", "objects": "", "strategy": "", "programs": {}, "memory": None}
    assert [one.key for one in findings({**GOOD, "trial": trial})] == ["no_trial_space"]
    assert [one.key for one in findings({**GOOD, "trial": {**trial, "on": False}})] == ["restore_untried"]
    assert [one.key for one in findings({**GOOD, "targets": [], "trial": trial})] == ["no_trial_space"]


@pytest.mark.parametrize(
    ("deployed", "confirm", "keys"),
    [
        (IN_PLACE, ["metadata_volumes"], ["back_by_hand"]),
        ({**IN_PLACE, "directories": [], "moved": False}, ["metadata_volumes"], ["back_by_hand"]),
        (IN_PLACE, [], ["volumes_unconfirmed", "back_by_hand"]),
        ({**IN_PLACE, "snapshot": False}, ["metadata_volumes"], ["volumes_unconfirmed", "back_by_hand"]),
        ({**IN_PLACE, "moved": False}, ["metadata_volumes"], ["same_host_path", "back_by_hand"]),
        ({**IN_PLACE, "undeploys": False}, [], []),
        ({**IN_PLACE, "undeploys": False, "there": False}, [], ["no_deployment"]),
    ],
)
def test_what_is_lost_with_the_volumes_is_said_before_anything_is_shut(
    deployed: dict[str, Any], confirm: list[str], keys: list[str]
) -> None:
    found = findings({**GOOD, "deployed": deployed, "confirm": confirm})
    assert [one.key for one in found] == keys
    assert [one.stops for one in found] == [key != "back_by_hand" for key in keys]


def test_a_local_store_that_the_target_looks_for_elsewhere() -> None:
    """trap P22"""
    info = {**GOOD["info"], "version": "1.8.8", "client_version": "1.8.8"}
    seen = {**GOOD, "info": info, "nested": "/s/s/object", "target": "1.9.12"}
    assert "local_store_nested" in [one.key for one in findings(seen)]
    assert "local_store_nested" not in [one.key for one in findings({**seen, "target": "1.9.0"})]


def test_where_there_is_no_plan_there_is_no_way_to_judge() -> None:
    seen = {**GOOD, "target": "", "targets": [], "info": {"problem": "silent"}}
    assert [one.key for one in findings({**seen, "full": False})] == ["no_answer"]
