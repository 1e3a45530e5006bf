# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads of Kubernetes stopped, held, started, given an image: what kubectl is asked, and once answered."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import kubectl as runtime_kubectl
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import runtime, workload
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import (
    HELD,
    NOWHERE,
    REPLICAS,
    Workload,
)

FIXTURES = Path(__file__).parents[3] / "fixtures" / "kubernetes"
CASES = yaml.safe_load((FIXTURES / "one_call_1.31.0.yml").read_text(encoding="utf-8"))
NO_CONTEXT = yaml.safe_load((FIXTURES / "no_context_1.32.4.yml").read_text(encoding="utf-8"))
UNIT, OP = "kubernetes:lakefs-kubernetes/lakefs", "op-1"


class Server:
    """One workload as a capture has it, changed by merge patches. `slow`: looks until its pods have followed."""

    def __init__(self, slow: int = 2, deaf: bool = False) -> None:
        self.thing: dict[str, Any] = json.loads(CASES["deployment"]["stdout"])
        self.slow, self.deaf, self.left = slow, deaf, 0
        self.asked: list[list[str]] = []
        self.patches: list[dict[str, Any]] = []

    def run(self, argv: Sequence[str], *, stdin: str = "", **_how: Any) -> Answer:
        assert not stdin
        words = list(argv[argv.index("--namespace") + 2 :])
        self.asked.append(words)
        self._follow()
        if words[:2] == ["get", "pods"]:
            count = max(self.thing["status"].get("replicas", 0), 0)
            pods = [{"metadata": {"name": f"lakefs-{number}"}} for number in range(count)]
            return Answer(tuple(argv), 0, json.dumps({"items": pods}), "")
        if words[0] == "patch":
            self._patch(json.loads(words[words.index("--patch") + 1]))
            return Answer(tuple(argv), 0, "deployment.apps/lakefs\n", "")
        return Answer(tuple(argv), 0, json.dumps(self.thing) if words[2] == "lakefs" else "", "")

    def _patch(self, change: dict[str, Any]) -> None:
        self.patches.append(change)
        merged(self.thing, copy.deepcopy(change))
        if "spec" in change:
            self.thing["metadata"]["generation"] += 1
            self.left = self.slow

    def _follow(self) -> None:
        self.left -= not self.deaf
        if self.left <= 0:
            names = ("replicas", "updatedReplicas", "readyReplicas")
            self.thing["status"].update(dict.fromkeys(names, self.thing["spec"]["replicas"]))
            self.thing["status"]["observedGeneration"] = self.thing["metadata"]["generation"]

    def notes(self) -> dict[str, str]:
        return {key: value for key, value in self.thing["metadata"]["annotations"].items() if key.startswith("uplift")}


def merged(onto: dict[str, Any], change: dict[str, Any]) -> None:
    """As RFC 7386 has it: null takes away."""
    for key, value in change.items():
        if value is None:
            onto.pop(key, None)
        elif isinstance(value, dict):
            merged(onto.setdefault(key, {}), value)
        else:
            onto[key] = value


def of(server: Server, unit: str = UNIT) -> Workload:
    place, seconds = runtime_place.read(unit), iter(range(10**6))
    clock = Clock(lambda: float(next(seconds)), lambda _seconds: None)
    return Workload(runtime_kubectl.of(server, place), place, clock)


def test_it_is_stopped_and_held_by_one_change_and_comes_back_with_as_many() -> None:
    server = Server()
    done = of(server).stop(OP, 60, False)
    assert server.patches == [{"spec": {"replicas": 0}, "metadata": {"annotations": {REPLICAS: "2", HELD: OP}}}]
    evidence = {"slot": "service", "kind": "workload", "name": UNIT, "active": False, "held": OP}
    assert (done["changed"], done["active"], done["held"], done["evidence"]) == (True, "inactive", OP, [evidence])
    assert server.asked[-2][:2] == ["get", "pods"] and "app.kubernetes.io/name=lakefs" in server.asked[-2]
    again = of(server).stop(OP, 60, False)
    assert not again["changed"] and server.notes() == {REPLICAS: "2", HELD: OP}, "the number was forgotten"
    back = of(server).start(60, False)
    assert back["changed"] and server.notes() == {} and server.thing["spec"]["replicas"] == 2
    forgotten = {"metadata": {"annotations": {REPLICAS: None, HELD: None}}}
    assert server.patches[1:] == [{"spec": {"replicas": 2}}, forgotten]
    assert back["evidence"] == [{"slot": "service", "kind": "workload", "name": UNIT, "active": True}]


@pytest.mark.parametrize(
    ("replicas", "hold", "noted"),
    [(2, OP, {REPLICAS: "2", HELD: OP}), (0, OP, {HELD: OP}), (2, "", {REPLICAS: "2"}), (0, "", {})],
)
def test_what_a_stop_notes(replicas: int, hold: str, noted: dict[str, str]) -> None:
    server = Server()
    server.thing["spec"]["replicas"] = replicas
    assert of(server).stop(hold, 60, False)["changed"] is bool(noted) and server.notes() == noted


def test_check_mode_changes_nothing() -> None:
    server = Server()
    assert of(server).stop(OP, 60, True)["changed"] and of(server).start(60, True)["changed"] is False
    assert of(server).image(container(server), "other:2", {}, True) and not server.patches
    assert not [words for words in server.asked if "pods" in words]


def test_what_rests_at_none_and_was_not_stopped_here_has_no_number() -> None:
    server = Server()
    server.thing["spec"]["replicas"] = 0
    with pytest.raises(UpliftError, match="The deployment lakefs in .* has no pod, .* it was not stopped by this"):
        of(server).start(60, False)
    assert not server.patches


def test_a_start_of_what_runs_writes_nothing_and_waits_for_all_pods() -> None:
    server = Server()
    assert not of(server).start(60, False)["changed"] and not server.patches
    server.left = 3
    server.thing["status"]["readyReplicas"] = 1
    assert of(server).start(60, False)["active"] == "active" and server.thing["status"]["readyReplicas"] == 2


def test_pods_that_do_not_end_and_pods_that_do_not_come_are_told() -> None:
    server = Server(deaf=True)
    with pytest.raises(UpliftError, match="lakefs-0, lakefs-1 of the deployment lakefs in .* not ended after 5 s"):
        of(server).stop(OP, 5, False)
    with pytest.raises(UpliftError, match="has 2 of 2 pods ready 5 s after its start; expected all"):
        of(server).start(5, False)
    assert server.notes() == {REPLICAS: "2", HELD: OP}, "what has not started is let go"


def test_a_restart_ends_all_pods_before_the_first_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    one = runtime.OnKubernetes(server, runtime_place.read(UNIT))
    monkeypatch.setattr(runtime.OnKubernetes, "workload", property(lambda _self: of(server)))
    assert one.restart(runtime.Order(), False)["changed"]
    assert [change["spec"]["replicas"] for change in server.patches if "spec" in change] == [0, 2]
    assert server.notes() == {}


def container(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.thing["spec"]["template"]["spec"]["containers"][0]
    return found


def test_one_container_gets_another_image_once() -> None:
    server = Server()
    expected = ("own.example:5000/lakefs:1.84.0", {"WORKER_IMAGE": "own.example:5000/worker:1.84.0"})
    assert of(server).image(container(server), *expected, False)
    (words,) = [words for words in server.asked if words[0] == "patch"]
    assert words[:5] == ["patch", "deployment", "lakefs", "--type", "strategic"]
    env = [{"name": "WORKER_IMAGE", "value": "own.example:5000/worker:1.84.0"}]
    assert server.patches == [
        {"spec": {"template": {"spec": {"containers": [{"name": "lakefs", "image": expected[0], "env": env}]}}}}
    ]
    assert not of(server).image({"name": "lakefs", "image": expected[0], "env": env}, *expected, False)
    assert of(server).image({"name": "lakefs", "image": expected[0], "env": []}, *expected, True), "workers stay behind"


def test_what_stands_beside_goes_to_the_same_release() -> None:
    """As `pachctl deploy` 1.13.4 makes it; one that the container has not is no matter."""
    server = Server()
    container(server).update(
        image="own.example/pachyderm/pachd:1.13.0",
        env=[
            {"name": "WORKER_IMAGE", "value": "own.example/pachyderm/worker:1.13.0"},
            {"name": "IMAGE_PULL_SECRET"},
            {"name": "WORKER_SIDECAR_IMAGE", "value": "own.example/pachyderm/pachd:1.13.0"},
        ],
    )
    names = ("WORKER_IMAGE", "WORKER_SIDECAR_IMAGE", "IMAGE_PULL_SECRET", "OTHER")
    one = runtime.OnKubernetes(server, runtime_place.read(UNIT))
    one.activate(runtime.Image("1.13.4", "mirror.example/pachd:v{version}", name="pachd", variables=names), False)
    (made,) = server.patches[0]["spec"]["template"]["spec"]["containers"]
    assert made["image"] == "mirror.example/pachd:v1.13.4" and made["env"] == [
        {"name": "WORKER_IMAGE", "value": "own.example/pachyderm/worker:1.13.4"},
        {"name": "WORKER_SIDECAR_IMAGE", "value": "mirror.example/pachd:v1.13.4"},
    ]
    container(server).update(env=[{"name": "WORKER_IMAGE", "value": "own.example/worker:stable"}])
    with pytest.raises(
        UpliftError, match="One of the variables of the deployment lakefs in .* own.example/worker:stable"
    ):
        one.activate(runtime.Image("1.13.4", "mirror.example/pachd:2", name="pachd", variables=names), False)


def test_the_image_is_the_one_that_it_has_with_the_release_in_its_tag() -> None:
    server = Server()
    server.thing["spec"]["template"]["spec"]["containers"][0]["image"] = "own.example:5000/a/lakefs:v1.82.0-lts"
    place = runtime_place.read(UNIT)
    done = runtime.OnKubernetes(server, place).activate(runtime.Image("1.84.0", name="lakefs"), False)
    assert done == {
        "changed": True, "release": "own.example:5000/a/lakefs:v1.84.0-lts", "version": "1.84.0", "evidence": [],
    }  # fmt: skip
    server.thing["spec"]["template"]["spec"]["containers"].append({"name": "lakefs-2", "image": "own.example/lakefs:1"})
    with pytest.raises(UpliftError, match="has the containers lakefs, lakefs-2; expected exactly one with lakefs"):
        runtime.OnKubernetes(server, place).activate(runtime.Image("1.84.0", name="lakefs"), False)


def test_other_kinds_of_workloads() -> None:
    server = Server()
    of(server, "kubernetes:lakefs-kubernetes/statefulset/lakefs").stop("", 60, False)
    assert {words[1] for words in server.asked} == {"statefulset", "pods"}


class DaemonServer(Server):
    """A DaemonSet on two nodes."""

    def __init__(self, slow: int = 2, deaf: bool = False) -> None:
        super().__init__(slow, deaf)
        del self.thing["spec"]["replicas"]
        self.thing.update(kind="DaemonSet", status={"replicas": 2, "desiredNumberScheduled": 2})
        self.thing["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "fast"}

    def _follow(self) -> None:
        self.left -= not self.deaf
        if self.left <= 0:
            number = 0 if len(self.thing["spec"]["template"]["spec"]["nodeSelector"]) > 1 else 2
            names = ("currentNumberScheduled", "desiredNumberScheduled", "updatedNumberScheduled", "numberReady")
            # `replicas`: how many pods this server shows. A DaemonSet has no such status.
            self.thing["status"].update(dict.fromkeys((*names, "replicas"), number))
            self.thing["status"]["observedGeneration"] = self.thing["metadata"]["generation"]


DAEMON_SET = "kubernetes:lakefs-kubernetes/daemonset/lakefs"


def test_a_daemon_set_is_stopped_by_a_label_that_no_node_has() -> None:
    server = DaemonServer()
    before = copy.deepcopy(server.thing["spec"]["template"])
    done = of(server, DAEMON_SET).stop(OP, 60, False)
    nowhere = {"template": {"spec": {"nodeSelector": {NOWHERE: "true"}}}}
    assert server.patches == [{"spec": nowhere, "metadata": {"annotations": {REPLICAS: "2", HELD: OP}}}]
    assert (done["changed"], done["active"], done["held"], done["replicas"]) == (True, "inactive", OP, 0)
    assert workload.template(server.thing) == before["spec"], "a pod of ours would wait for that node, too"
    assert not of(server, DAEMON_SET).stop(OP, 60, False)["changed"]
    back = of(server, DAEMON_SET).start(60, False)
    assert back["changed"] and back["active"] == "active" and server.notes() == {}
    assert server.thing["spec"]["template"] == before and not of(server, DAEMON_SET).start(60, False)["changed"]


def test_a_daemon_set_that_does_not_come_back_or_has_no_note_is_told() -> None:
    server = DaemonServer()
    of(server, DAEMON_SET).stop(OP, 60, False)
    server.deaf, server.left = True, 3
    with pytest.raises(UpliftError, match="The daemonset lakefs in .* has 0 of 0 pods ready 5 s after its start"):
        of(server, DAEMON_SET).start(5, False)
    server = DaemonServer()
    of(server, DAEMON_SET).stop("", 60, False)
    server.thing["metadata"]["annotations"].pop(REPLICAS)
    with pytest.raises(UpliftError, match="as it should have, by taking uplift.datastores/stopped out of its nodeS"):
        of(server, DAEMON_SET).start(60, False)


def test_a_workload_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(UpliftError, match="There is no statefulset other in lakehouse; .* `kubectl get statefulsets"):
        of(Server(), "kubernetes:lakehouse/statefulset/other").look()
    assert workload.held(Server(), "kubernetes:lakehouse/other") == []


def test_whether_it_is_held_is_told_as_of_a_unit() -> None:
    server = Server()
    assert workload.held(server, UNIT) == [] and workload.held(server, "lakefs.service") == []
    of(server).stop(OP, 60, False)
    assert workload.held(server, UNIT) == [{"kind": "workload", "name": UNIT, "operation": OP, "since": ""}]
    assert server.thing["spec"]["replicas"] == 0 and "held" not in of(Server()).look()["evidence"][0]


@pytest.mark.parametrize("case", sorted(NO_CONTEXT))
def test_a_context_that_is_not_there_is_a_sentence(case: str) -> None:
    class Nowhere:
        def run(self, argv: Sequence[str], **_how: Any) -> Answer:
            assert argv[:3] == ["kubectl", "--context", "nope"]
            return Answer(tuple(argv), NO_CONTEXT[case]["rc"], "", NO_CONTEXT[case]["stderr"])

    if case == "silent":
        with pytest.raises(CliError, match="Looking for the deployment lakefs in lake failed"):
            workload.look(Nowhere(), "kubernetes:lake/lakefs:nope")
    else:
        with pytest.raises(UpliftError, match="There is no context 'nope' in the kube configuration .* Nothing was"):
            workload.look(Nowhere(), "kubernetes:lake/lakefs:nope")
