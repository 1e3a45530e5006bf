# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Pachyderm on Kubernetes consists of: kubectl is asked, and moved no more than is said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import info, on_kubernetes

UNIT = "kubernetes:pach/pachd:mine"
PORTS = [
    {"name": "api-grpc-port", "port": 650, "nodePort": 30650},
    {"name": "trace-port", "port": 651, "nodePort": 30651},
]


def server(**annotations: str) -> dict[str, Any]:
    container = {"name": "pachd", "image": "own.example:5000/pachyderm/pachd:1.11.9"}
    spec = {"replicas": 0 if annotations else 2, "template": {"spec": {"containers": [container]}}}
    notes = {f"uplift.datastores/{name}": value for name, value in annotations.items()}
    return {"metadata": {"name": "pachd", "annotations": notes}, "spec": spec}


def store(*paths: str) -> dict[str, Any]:
    volumes = [{"hostPath": {"path": path}} for path in paths] or [
        {"persistentVolumeClaim": {"claimName": "etcd-volume"}}
    ]
    return {"metadata": {"name": "etcd"}, "spec": {"template": {"spec": {"volumes": volumes}}}}


class Cluster:
    """kubectl with these objects, by `kind/name`."""

    def __init__(self, kinds: str = "pods\nvolumesnapshots.snapshot.storage.k8s.io\n", **objects: Any) -> None:
        self.objects = {name.replace("__", "/"): thing for name, thing in objects.items()}
        self.kinds, self.asked, self.ready_after = kinds, list[list[str]](), 1
        self.made: list[dict[str, Any]] = []

    def run(self, argv: Sequence[str], *, stdin: str = "", **_how: Any) -> Answer:
        assert list(argv[:5]) == ["kubectl", "--context", "mine", "--namespace", "pach"]
        words, text = list(argv[5:]), ""
        self.asked.append(words)
        if words[0] == "api-resources":
            text = self.kinds
        elif words[0] == "create":
            self.made.append(json.loads(stdin))
            text = stdin
        elif words[:2] == ["get", "persistentvolumeclaims"]:
            text = json.dumps({"items": [{"metadata": {"name": "etcd-volume"}}]})
        elif words[:2] == ["get", on_kubernetes.SNAPSHOT]:
            text = json.dumps(self._snapshot()) if self.made else ""
        elif words[0] == "get":
            thing = self.objects.get(f"{words[1]}/{words[2]}")
            text = json.dumps(thing) if thing else ""
        return Answer(tuple(argv), 0, text, "")

    def _snapshot(self) -> dict[str, Any]:
        self.ready_after -= 1
        ready = {"readyToUse": True, "restoreSize": "1Gi"}
        return {"status": ready if self.ready_after < 0 else {"error": {"message": "the driver is busy"}}}

    def of(self, verb: str) -> list[list[str]]:
        return [words for words in self.asked if words[0] == verb]


GIVEN = {"unit": UNIT, "etcd_unit": "etcd.service"}


def test_what_is_deployed() -> None:
    cluster = Cluster(deployment__pachd=server(), deployment__etcd=store("/var/pach/etcd"))
    assert on_kubernetes.deployed(cluster, GIVEN) == {
        "there": True, "image": "own.example:5000/pachyderm/pachd:1.11.9", "replicas": 2, "directories": ["/var/pach"],
        "claims": ["etcd-volume"], "snapshots": True,
    }  # fmt: skip


def test_what_was_stopped_had_as_many_pods_as_were_noted() -> None:
    cluster = Cluster(deployment__pachd=server(replicas="3"), deployment__etcd=store())
    found = on_kubernetes.deployed(cluster, GIVEN)
    assert (found["replicas"], found["directories"]) == (3, [])


def test_nothing_is_there() -> None:
    found = on_kubernetes.deployed(Cluster(kinds="pods\n"), GIVEN)
    assert found == {
        "there": False, "image": "", "replicas": 0, "directories": [], "claims": ["etcd-volume"], "snapshots": False,
    }  # fmt: skip


def test_the_metadata_is_where_the_operator_says() -> None:
    cluster = Cluster(deployment__pachd=server(), statefulset__meta=store("/srv/meta/etcd"))
    found = on_kubernetes.deployed(cluster, {**GIVEN, "etcd_unit": "kubernetes:pach/statefulset/meta:mine"})
    assert found["directories"] == ["/srv/meta"]


def test_one_port_is_moved_and_only_where_it_differs() -> None:
    cluster = Cluster(service__pachd={"spec": {"ports": PORTS}})
    assert not on_kubernetes.move(cluster, UNIT, 30650, False)["changed"] and not cluster.of("patch")
    assert on_kubernetes.move(cluster, UNIT, 30649, True)["changed"] and not cluster.of("patch")
    assert on_kubernetes.move(cluster, UNIT, 30649, False)["before"] == 30650
    ((_verb, kind, name, *how),) = cluster.of("patch")
    assert (kind, name, how[:2]) == ("service", "pachd", ["--type", "strategic"])
    assert json.loads(how[3]) == {"spec": {"ports": [{"port": 650, "nodePort": 30649}]}}


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ({}, "There is no service pachd in pach; .* Nothing was changed"),
        ({"service__pachd": {"spec": {"ports": []}}}, "has no port"),
    ],
)
def test_a_port_that_is_not_there_is_a_sentence(there: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UpliftError, match=sentence):
        on_kubernetes.move(Cluster(**there), UNIT, 30649, False)


SNAPSHOT = {
    "unit": UNIT,
    "name": "uplift-1",
    "claim": "etcd-volume",
    "class": "",
    "labels": {"a/b": "op-1"},
    "timeout": 60.0,
}


def taken(cluster: Cluster, check: bool = False, **more: Any) -> dict[str, Any]:
    seconds = iter(range(0, 10**6, 10))
    return on_kubernetes.snapshot(
        cluster, {**SNAPSHOT, **more}, check, sleep=lambda _seconds: None, now=lambda: float(next(seconds))
    )


def test_a_snapshot_is_taken_once_and_waited_for() -> None:
    cluster = Cluster()
    cluster.ready_after = 2
    done = taken(cluster, **{"class": "fast"})
    assert done["changed"] and done["status"]["restoreSize"] == "1Gi" and done["namespace"] == "pach"
    (made,) = cluster.made
    assert made["metadata"] == {"name": "uplift-1", "namespace": "pach", "labels": {"a/b": "op-1"}}
    source = {"persistentVolumeClaimName": "etcd-volume"}
    assert made["spec"] == {"source": source, "volumeSnapshotClassName": "fast"}
    assert not taken(cluster)["changed"] and len(cluster.made) == 1
    assert taken(Cluster(), check=True)["changed"]


def test_a_snapshot_that_never_comes_is_told_with_what_its_driver_says() -> None:
    cluster = Cluster()
    cluster.ready_after = 99
    with pytest.raises(UpliftError, match="uplift-1 of etcd-volume is not ready after 60 s .the driver is busy"):
        taken(cluster)
    assert "volumeSnapshotClassName" not in cluster.made[0]["spec"]


def test_where_pachyderm_cannot_run_is_told() -> None:
    with pytest.raises(UpliftError, match="Pachyderm in docker containers is not built; expected pachyderm_unit"):
        info._closed_here(Cluster(), ["docker:pachd"])
    with pytest.raises(UpliftError, match="which cannot be read"):
        info._closed_here(Cluster(), ["podman:pachd"])
    with pytest.raises(UpliftError, match="expected Pachyderm on Kubernetes"):
        on_kubernetes.of("pachd.service")


def test_where_pachd_is_a_workload_no_unit_is_asked() -> None:
    """Whoever asks kubectl need not have a systemd."""
    assert info._units([UNIT, "etcd.service"]) == []
    assert info._units(["pachd.service", "etcd.service"]) == ["pachd.service", "etcd.service"]


def test_a_server_that_is_held_on_kubernetes_is_told() -> None:
    cluster = Cluster(deployment__pachd=server(held="op-1", replicas="2"))
    (row,) = info._closed_here(cluster, [UNIT, "etcd.service"])
    assert row == {"thing": "service", "what": f"workload {UNIT}", "operation": "op-1"}
