# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operations have left at docker, Kubernetes and databases: told by name and label, removed by these alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import leftovers_elsewhere as elsewhere
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.docker import Docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.scratch_container import LABEL

STAGED = "registry.example.org/garage:v0.8.7"
SCRATCH = "uplift-scratch-garage.container"


class Daemon:
    """images: name -> id. containers: name -> (the id of its image, its labels)."""

    def __init__(self, images: Mapping[str, str], containers: Mapping[str, tuple[str, Mapping[str, str]]]) -> None:
        self.images, self.containers = dict(images), dict(containers)

    def __call__(self, method: str, path: str, body: object, timeout: float) -> tuple[int, bytes]:
        kind, name = path.strip("/").split("/", 1)
        name = name.partition("?")[0].replace("/json", "").replace("%2F", "/").replace("%3A", ":")
        held: dict[str, Any] = self.images if kind == "images" else self.containers
        if method == "DELETE":
            return (204, b"") if held.pop(name, None) else (404, b"{}")
        if path == "/containers/json?all=1":
            rows = [{"Names": [f"/{one}"], "ImageID": image} for one, (image, _labels) in self.containers.items()]
            return 200, json.dumps(rows).encode()
        if name not in held:
            return 404, b"{}"
        seen = held[name]
        told = (
            {"Id": seen, "Size": 20}
            if kind == "images"
            else {"Created": "2026-11-21T03:07:03.1Z", "Config": {"Labels": seen[1]}}
        )
        return 200, json.dumps(told).encode()


def staged(**images: str) -> list[dict[str, Any]]:
    evidence = [{"slot": "stage", "kind": "image", "name": name, "id": ident} for name, ident in images.items()]
    return [{"steps": {"0/before/1/stage": {"state": "done", "finished": 7.0, "evidence": evidence}}}]


@pytest.mark.parametrize(
    ("images", "containers", "found"),
    [
        ({STAGED: "sha256:1"}, {}, [("", "0.8.7", 20, 7.0)]),
        ({STAGED: "sha256:1"}, {"g": ("sha256:1", {})}, [("the container g is of it", "0.8.7", 20, 7.0)]),
        ({STAGED: "sha256:1"}, {"g": ("sha256:2", {})}, [("", "0.8.7", 20, 7.0)]),
        ({STAGED: "sha256:2"}, {}, []),  # another image bears the name now
        ({}, {}, []),
    ],
)
def test_an_image_is_ours_while_its_name_leads_to_what_was_staged(
    images: dict[str, str], containers: dict[str, Any], found: list[Any]
) -> None:
    daemon = Daemon({**images, "garage:v0.8.7": "sha256:1"}, containers)
    left = elsewhere.Images(Docker(daemon)).found(staged(**{STAGED: "sha256:1"}), 9.0)
    assert [(one.used, one.release, one.size, one.changed) for one in left] == found
    assert all((one.path, one.kind) == (f"image {STAGED}", "image") for one in left)


def test_an_image_goes_by_its_name_alone() -> None:
    daemon = Daemon({STAGED: "sha256:1", "theirs:0.8.7": "sha256:1"}, {})
    images = elsewhere.Images(Docker(daemon))
    for _twice in range(2):
        images.remove(f"image {STAGED}")
    assert daemon.images == {"theirs:0.8.7": "sha256:1"}


@pytest.mark.parametrize(
    ("name", "labels", "ours"),
    [
        (SCRATCH, {LABEL: SCRATCH}, True),
        (SCRATCH, {}, False),
        ("uplift-scratch-other.container", {LABEL: SCRATCH}, False),
    ],
)
def test_a_container_of_a_trial_bears_our_label(name: str, labels: dict[str, str], ours: bool) -> None:
    daemon = Daemon({}, {name: ("sha256:1", labels)})
    containers = elsewhere.Containers("docker:garage", Docker(daemon))
    left = containers.found([], 0.0)
    assert [(one.path, one.kind, one.size, one.changed) for one in left] == (
        [(f"container {SCRATCH}", "scratch", None, 1795230423.0)] if ours else []
    )
    for one in left:
        containers.remove(one.path)
    assert bool(daemon.containers) != ours


def thing(kind: str, name: str, status: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "store", "creationTimestamp": "2026-11-21T03:07:03Z", **more}
    return {"kind": kind, "metadata": meta, "status": status}


COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


class Cluster:
    def __init__(self, things: Sequence[Mapping[str, Any]]) -> None:
        self.things, self.asked = list(things), []

    def run(self, argv: Sequence[str], **_more: Any) -> Answer:
        self.asked.append(list(argv))
        return Answer(tuple(argv), 0, json.dumps({"items": self.things}), "")


@pytest.mark.parametrize(
    ("one", "used"),
    [
        (thing("Job", "uplift-0123456789ab", COMPLETE), ""),
        (thing("Job", "uplift-0123456789ab", {"active": 1}), "it still runs, and ends by itself"),
        (thing("Pod", "uplift-scratch-garage-0", {"phase": "Failed"}), ""),
        (thing("Pod", "uplift-0123456789ab", {"phase": "Running"}), "it still runs, and ends by itself"),
        (thing("Pod", "uplift-0123456789ab", {"phase": "Failed"}, ownerReferences=[{"kind": "Job"}]), None),
        (thing("Pod", "garage-0", {"phase": "Failed"}), None),
        (thing("Job", "uplift-of-the-operator", COMPLETE), None),
    ],
)
def test_of_kubernetes_what_has_our_name_and_label_and_no_owner_is_found(one: dict[str, Any], used: str | None) -> None:
    cluster = Cluster([one])
    objects = elsewhere.Objects(cluster, "kubernetes:store/pod/garage-0")  # type: ignore[arg-type]
    left = objects.found([], 0.0)
    assert [row.used for row in left] == ([] if used is None else [used])
    assert "uplift.datastores/deployment in (garage,garage-0)" in cluster.asked[0]
    for row in left:
        assert row.path == f"{one['kind'].lower()} {one['metadata']['name']} in store" and row.changed == 1795230423.0
        objects.remove(row.path)
        words = " ".join(cluster.asked[-1])
        assert f"--namespace store delete {one['kind'].lower()} {one['metadata']['name']} --ignore-not-found" in words


class Listing:
    def rows(self) -> list[dict[str, Any]]:
        return [{"path": "database x", "kind": "renamed", "size": 1, "changed": 2.0, "operation": "o", "used": ""}]

    def remove(self, path: str) -> None:
        raise UpliftError(f"{path} is used")


def test_each_unit_is_asked_where_it_runs_and_its_databases_everywhere() -> None:
    local: Any = None
    named = {
        unit: [type(one).__name__ for one in elsewhere.of(local, unit, [Listing()])]
        for unit in ("", "garage.service", "docker:garage", "kubernetes:store/lakefs")
    }
    assert named == {
        "": ["Listed"],
        "garage.service": ["Listed"],
        "docker:garage": ["Listed", "Images", "Containers"],
        "kubernetes:store/lakefs": ["Listed", "Objects"],
    }
    (listed,) = elsewhere.of(local, "", [Listing()])
    assert [one.about for one in listed.found([], 0.0)] == ["data that o has renamed"]
    with pytest.raises(UpliftError, match="database x is used"):
        listed.remove("database x")


def test_a_time_that_cannot_be_read_is_said() -> None:
    with pytest.raises(UpliftError, match="The time 'yesterday' is not known here"):
        elsewhere._moment("yesterday")
