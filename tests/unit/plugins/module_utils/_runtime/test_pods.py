# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call in a pod: what kubectl is asked, with the answers that a real Kubernetes gave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.action.lakefs_config import demand_nothing
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import file, info, migrate
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec, workload_image
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pods as runtime_pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.said_version import said_version

FIXTURES = Path(__file__).parents[3] / "fixtures" / "kubernetes"
CASES = yaml.safe_load((FIXTURES / "one_call_1.31.0.yml").read_text(encoding="utf-8"))
UID = "0f5b4f6e-0000-4000-8000-5a1d0c7be0aa"
UNIT, OLD, NEW = "kubernetes:lakefs-kubernetes/lakefs", "treeverse/lakefs:1.82.0", "treeverse/lakefs:1.84.0"
ASKS = ("--version",)


class Cluster:
    """kubectl, answering as it once did. `states`: what the Job's pod is in, look after look."""

    def __init__(self, *states: str, log: str = "job_log_version") -> None:
        self.states, self.log = list(states), log
        self.asked: list[tuple[list[str], str]] = []

    def run(self, argv: Sequence[str], *, stdin: str = "", **_how: Any) -> Answer:
        self.asked.append((list(argv), stdin))
        if argv[0] != "kubectl":
            return Answer(tuple(argv), 0, "here\n", "")
        words = argv[argv.index("--namespace") + 2 :]
        case = {"logs": self.log, "exec": "exec_version"}.get(words[0], words[0])
        if words[0] == "create":  # the object, as the API server keeps it
            thing = json.loads(stdin)
            thing["metadata"]["uid"] = UID
            return Answer(tuple(argv), 0, json.dumps(thing), "")
        if words[0] == "get":
            case = words[1]
            if case == "pods":
                case = "pods_running" if words[-1] == "name" else f"job_pod_{self.states.pop(0)}"
                if case.endswith("configerror"):
                    return without_secret()
        found = CASES[case]
        return Answer(tuple(argv), found["rc"], found["stdout"], found["stderr"])

    def of(self, verb: str) -> list[tuple[list[str], str]]:
        return [one for one in self.asked if verb in one[0]]


def without_secret() -> Answer:
    """The capture of a pod that waits, with the reason that kubelet gives where a Secret is missing."""
    text = CASES["job_pod_containercreating"]["stdout"].replace("ContainerCreating", "CreateContainerConfigError")
    return Answer(("kubectl",), 0, text, "")


def pods(cluster: Cluster) -> runtime_pods.Pods:
    return runtime_pods.Pods(cluster, runtime_place.read(UNIT), "lakefs", sleep=lambda _seconds: None)


def made(cluster: Cluster) -> dict[str, dict[str, Any]]:
    return {thing["kind"]: thing for thing in (json.loads(text) for _argv, text in cluster.of("create"))}


@pytest.mark.parametrize(
    ("word", "is_one"),
    [
        (NEW, True),
        ("r.example:5000/a/lakefs@sha256:00", True),
        ("psql", False),
        ("/usr/bin/x:y", False),
        ("--a:b", False),
    ],
)
def test_what_an_image_is(word: str, is_one: bool) -> None:
    assert container_spec.is_image(word) is is_one


def test_what_is_no_image_runs_here() -> None:
    cluster = Cluster()
    assert pods(cluster).run(["psql", "-c", "x"]).out == "here\n"
    assert [argv for argv, _text in cluster.asked] == [["psql", "-c", "x"]]


def test_the_program_as_its_deployment_has_it() -> None:
    where = lakefs_where.of(Cluster(), UNIT)
    lakefs = where.program({})
    assert (lakefs.binary, lakefs.config_file, where.active()) == (OLD, "/etc/lakefs/config.yaml", "active")
    assert where.environment()["LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"].startswith("the lab's")
    assert "the lab's" not in repr(lakefs)


def test_a_call_is_a_job_and_leaves_nothing() -> None:
    cluster = Cluster("containercreating", "running", "terminated")
    assert said_version(pods(cluster), NEW) == "1.84.0"
    job = made(cluster)["Job"]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (container["image"], container["args"]) == (NEW, ["--version"]) and job["spec"]["backoffLimit"] == 0
    assert pod["volumes"] and container["volumeMounts"] and container["env"]
    assert "readinessProbe" not in container and "ports" not in container
    service = json.loads(CASES["deployment"]["stdout"])["spec"]["selector"]["matchLabels"]
    assert not service.items() & job["spec"]["template"]["metadata"]["labels"].items()
    assert job["metadata"]["name"] in cluster.of("delete")[0][0]


def test_secrets_go_by_a_secret_and_by_no_command_line() -> None:
    """trap L15: what the Job is told stands before what the Deployment says, and is gone with it."""
    cluster = Cluster("terminated")
    name = "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"
    pods(cluster).run([NEW, "migrate", "up"], env={name: "postgres://u:p4ss@h/d"})
    things = made(cluster)
    (container,) = things["Job"]["spec"]["template"]["spec"]["containers"]
    assert things["Secret"]["stringData"] == {name: "postgres://u:p4ss@h/d"}
    assert container["envFrom"] == [{"secretRef": {"name": things["Secret"]["metadata"]["name"]}}]
    assert name not in [row["name"] for row in container["env"]]
    assert "p4ss" not in json.dumps([argv for argv, _text in cluster.asked]) + json.dumps(things["Job"])
    assert "job,secret" in cluster.of("delete")[0][0]


def test_a_run_that_is_killed_leaves_no_secret_for_long() -> None:
    """The Secret is the Job's from its first moment; the Job has an end, and a time to live after it."""
    cluster = Cluster("terminated")
    pods(cluster).run([NEW, "migrate", "up"], env={"A": "s3cret"}, timeout=100)
    things = made(cluster)
    job, secret = things["Job"], things["Secret"]
    owned = {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"], "uid": UID}
    assert secret["metadata"]["ownerReferences"] == [owned]
    assert [json.loads(text)["kind"] for _argv, text in cluster.of("create")] == ["Job", "Secret"]
    assert job["spec"]["activeDeadlineSeconds"] == 400 and 0 < job["spec"]["ttlSecondsAfterFinished"] <= 3600


@pytest.mark.parametrize(("env", "ends"), [({"A": "b"}, True), ({}, False)])
def test_a_pod_may_be_there_before_its_secret(env: dict[str, str], ends: bool) -> None:
    cluster = Cluster("createcontainerconfigerror", "terminated")
    if ends:
        assert pods(cluster).run([NEW, "--version"], env=env).rc == 0
    else:
        with pytest.raises(UpliftError, match="CreateContainerConfigError"):
            pods(cluster).run([NEW, "--version"], env=env)


def test_an_image_that_cannot_be_pulled_is_a_sentence() -> None:
    cluster = Cluster("containercreating", "errimagepull")
    with pytest.raises(UpliftError, match="No pod of .* came up in lakefs-kubernetes .ErrImagePull failed to pull"):
        workload_image.stage(pods(cluster), "treeverse/lakefs:1.0.0", "1.0.0", ASKS)
    assert cluster.of("delete"), "the Job is still there"


def test_an_image_of_another_release_is_refused() -> None:
    with pytest.raises(UpliftError, match=r"says 'lakefs version 1.84.0', expected 1.83.0"):
        workload_image.stage(pods(Cluster("terminated")), NEW, "1.83.0", ASKS)
    with pytest.raises(UpliftError, match="no tag and no digest"):
        workload_image.stage(pods(Cluster()), "treeverse/lakefs", "1.84.0", ASKS)


@pytest.mark.parametrize(
    ("labels", "annotations", "name"),
    [
        ({"app.kubernetes.io/managed-by": "Helm"}, {"meta.helm.sh/release-name": "lake"}, "lake"),
        ({"app.kubernetes.io/managed-by": "Flux"}, {"meta.helm.sh/release-name": "lake"}, ""),
        (None, None, ""),
    ],
)
def test_whose_deployment_it_is(labels: Any, annotations: Any, name: str) -> None:
    assert runtime_pods.helm_release({"metadata": {"labels": labels, "annotations": annotations}}) == name


def test_an_unknown_word_ends_well_there_too() -> None:
    """trap L06: exit status 0, and help."""
    answer = pods(Cluster("terminated", log="job_log_help")).run([NEW, "migrate", "nonsense"])
    assert answer.rc == 0 and answer.out.startswith("Manage migrations")


def test_a_program_that_never_begins_is_given_up() -> None:
    cluster, clock = Cluster(*["containercreating"] * 9), iter(range(0, 4000, 100))
    waiting = pods(cluster)
    waiting.now = lambda: float(next(clock))
    with pytest.raises(UpliftError, match="ContainerCreating"):
        waiting.run([NEW, "--version"])


def with_template(change: Mapping[str, Any], container: Mapping[str, Any]) -> runtime_pods.Pods:
    found = pods(Cluster())
    found.seen = json.loads(CASES["deployment"]["stdout"])
    spec = found.seen["spec"]["template"]["spec"]
    spec["containers"][0].update(container)
    spec.update(change)
    return found


def test_the_way_to_the_program_is_kept_and_init_containers_are_not() -> None:
    """An init container may be the one that migrates."""
    command = ["/usr/bin/tini", "--", "/app/lakefs", "run"]
    one = with_template({"initContainers": [{"name": "migrate"}]}, {"command": command, "args": ["--quiet"]})
    job = runtime_pods.job("x", one.place, one.read(), one.container(), NEW, ["migrate", "up"], {}, 60)
    pod = job["spec"]["template"]["spec"]
    assert pod["containers"][0]["command"] == command[:-1] and pod["containers"][0]["args"] == ["migrate", "up"]
    assert "initContainers" not in pod


def test_which_container_is_meant() -> None:
    beside = {"name": "proxy", "image": "envoy:1"}
    two = with_template({}, {})
    two.seen["spec"]["template"]["spec"]["containers"].append(beside)
    assert two.container()["name"] == "lakefs"
    two.program = "other"
    with pytest.raises(UpliftError, match="expected exactly one with other in its name or its image"):
        two.container()


def test_a_file_of_a_config_map() -> None:
    found = pods(Cluster())
    assert found.files()["/etc/lakefs/config.yaml"].startswith("# lakeFS of the lab")
    assert "/etc/lakefs/other.yaml" not in found.files()


def test_what_runs_and_what_the_image_is_are_two_questions() -> None:
    """The pods are asked, and one pod of the image: a rollout may be under way."""
    found = info._service(Cluster("terminated"), {"unit": UNIT})
    assert (found["running"], found["version"], found["binary_version"]) == (True, "1.82.0", "1.84.0")
    assert (found["binary"], found["failure"]) == (OLD, "")


def test_a_mounted_configuration_is_read_and_never_written() -> None:
    """trap L21: where the release wants it otherwise, that is said before anything stops."""
    key = seal.new_key()
    found = file.raw(Cluster(), {"unit": UNIT, "src": "", "seal": key})
    assert found["mounted"] and found["path"] == "/etc/lakefs/config.yaml" and not found["mode"]
    inside = seal.opened(key, found["sealed"])
    assert inside["text"].startswith("# lakeFS of the lab") and "the lab's" in str(inside["environment"])
    asked = {"state": "staged", "version": "1.84.0", "discard": False}
    demand_nothing(asked, found["path"], inside["text"])
    with pytest.raises(
        UpliftError, match="comes from a ConfigMap or a Secret, and 0.80.2 wants it otherwise: database.type"
    ):
        demand_nothing({**asked, "version": "0.80.2"}, found["path"], 'database:\n  connection_string: "x"\n')


def test_the_kv_migration_is_refused_in_a_pod() -> None:
    """trap L25: what it may write there is unknown."""
    lakefs = lakefs_where.from_unit(Cluster("terminated"), {"unit": UNIT})
    migration = migrate.Migration(lakefs, "postgres://u:p@h/d", 60)
    migration.version = Version(0, 80, 2)
    with pytest.raises(UpliftError, match="is unknown, and the KV migration"):
        migration._demand_room(Database())


@pytest.mark.parametrize(
    ("expected", "ready", "updated", "word"),
    [(2, 2, 2, "active"), (2, 1, 2, "at 1 of 2 pods"), (2, 2, 1, "at 1 of 2 pods"), (0, 0, 0, "inactive")],
)
def test_active_is_every_pod_of_the_newest_template(expected: int, ready: int, updated: int, word: str) -> None:
    found = with_template({}, {})
    found.seen["spec"]["replicas"] = expected
    found.seen["status"] = {"readyReplicas": ready, "updatedReplicas": updated}
    assert found.active() == word
