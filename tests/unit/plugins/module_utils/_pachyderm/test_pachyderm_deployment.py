# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import deployment

from tests.unit import pachyderm_replay as replay


class Cluster:
    """kubectl with one namespace, and the captured answers of a pachctl with the question that it asks or does not."""

    def __init__(self, release: str, stays: bool = False) -> None:
        self.release, self.stays, self.deployed = release, stays, True
        self.asked: list[tuple[list[str], dict[str, Any]]] = []

    def run(self, argv: Any, **how: Any) -> Answer:
        words = list(argv)
        self.asked.append((words, how))
        if words[0] == "kubectl" and words[-4:-2] == ["config", "view"]:
            assert words[1:3] == ["--context", "mine"], "the one that the place names, from all that there are"
            return Answer(tuple(words), 0, "kind: Config\n", "")
        if words[0] == "kubectl":
            one = {"kind": "Deployment", "metadata": {"name": "pachd"}}
            return Answer(tuple(words), 0, json.dumps({"items": [one] if self.deployed else []}), "")
        if "--client-only" in words:
            return replay.answer(self.release, "version_client_only")
        if words[1] == "deploy":
            return replay.answer(self.release, "deploy_local_dry_run")
        self.deployed = self.stays
        return replay.answer(self.release, "undeploy_yes" if how["stdin"] == "y\n" else "undeploy_eof")

    def pachctl(self, verb: str) -> list[tuple[list[str], dict[str, Any]]]:
        return [(words, how) for words, how in self.asked if words[1] == verb]


PARAMS: dict[str, Any] = {
    "pachctl": "/bin/pachctl",
    "unit": "kubernetes:lab/pachd:mine",
    "image": "",
    "version": "",
    "replicas": 0,
    "claims": False,
    "arguments": ["local"],
    "manifest": None,
    "state": "absent",
}


@pytest.mark.parametrize("release", ["1.7.14", "1.8.7", "1.9.12", "1.11.9"])
def test_the_question_is_answered_and_the_volumes_stay(release: str) -> None:
    """trap P20: it asks, and takes the end of its input for a failure; with --all the metadata goes.

    trap P29: 1.7.14 asks nothing and deletes at once, so that nothing but the right namespace may be told to it.
    """
    cluster = Cluster(release)
    done = deployment.run(cluster, PARAMS, False)
    assert done == {"changed": True, "found": ["deployment/pachd"]}
    ((words, how),) = cluster.pachctl("undeploy")
    assert words[1:4] == ["undeploy", "--namespace", "lab"] and how["stdin"] == "y\n"
    assert not {"--all", "--metadata"} & set(words)
    assert how["env"]["KUBECONFIG"].startswith(how["env"]["HOME"]) and not Path(how["env"]["HOME"]).exists()
    assert "--context" in cluster.asked[0][0] and "mine" in cluster.asked[0][0]  # trap P11
    assert not deployment.run(cluster, PARAMS, False)["changed"]
    assert len(cluster.pachctl("undeploy")) == 1


def test_exit_0_is_not_gone() -> None:
    """A `no` is exit 0 as well."""
    with pytest.raises(UpliftError, match="deployment/pachd is still in lab"):
        deployment.run(Cluster("1.9.12", stays=True), PARAMS, False)


def test_check_mode_deletes_nothing() -> None:
    cluster = Cluster("1.7.14")
    assert deployment.run(cluster, PARAMS, True)["changed"] and not cluster.pachctl("undeploy")


@pytest.mark.parametrize("release", ["1.7.14", "1.9.12", "1.11.9"])
def test_the_manifest_is_kept_privately(release: str, tmp_path: Path) -> None:
    cluster, kept = Cluster(release), tmp_path / "kept" / "manifest"
    deployment.run(cluster, {**PARAMS, "state": "present", "manifest": str(kept)}, False)
    assert "ServiceAccount" in kept.read_text(encoding="utf-8") and kept.stat().st_mode & 0o777 == 0o600
    assert ["--dry-run" in words for words, _how in cluster.pachctl("deploy")] == [True, False]


@pytest.mark.parametrize("arguments", [[], ["local", "--all"], ["local", "--dry-run"]])
def test_arguments_that_would_do_something_else(arguments: list[str]) -> None:
    with pytest.raises(UpliftError, match="expected those of `pachctl deploy`"):
        deployment.run(Cluster("1.9.12"), {**PARAMS, "state": "present", "arguments": arguments}, False)


SECRETS = ["amazon", "bucket", "eu-west-1", "10", "--credentials", "AKIACANARY1,canary-secret-2,canary-token-3"]


@pytest.mark.parametrize(
    "said",
    [
        "Error: unknown shorthand in canary-secret-2",
        "invalid credentials AKIACANARY1,canary-secret-2,canary-token-3",
        "expected 3 arguments, got [amazon bucket --credentials=AKIACANARY1]",
    ],
)
def test_credentials_are_repeated_nowhere(said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Not by pachctl's refusal, and not in what the module prints, which -vvv shows."""

    class Refusing(Cluster):
        def run(self, argv: Any, **how: Any) -> Answer:
            return Answer(tuple(argv), 1, "", said) if "deploy" in argv else super().run(argv, **how)

    params = {**PARAMS, "state": "present", "arguments": SECRETS}
    with pytest.raises(UpliftError, match="Making the manifest failed") as error:
        deployment.run(Refusing("1.9.12"), params, False)
    assert "(concealed)" in str(error.value) and "anary" not in str(error.value).replace("CANARY", "canary")
    with pytest.raises(UpliftError) as error:
        deployment.run(Cluster("1.9.12"), {**params, "arguments": [*SECRETS, "--all"]}, False)
    assert "canary" not in str(error.value).lower() and "--all" in str(error.value)


def test_the_module_prints_no_argument(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from ansible.module_utils.testing import patch_module_args
    from ansible_collections.uplift.datastores.plugins.modules import pachyderm_deployment as module

    kubectl = tmp_path / "kubectl"
    given = {"state": "present", "namespace": "lab", "arguments": SECRETS, "pachctl": str(kubectl)}
    with patch_module_args(given), pytest.raises(SystemExit):
        module.main()
    assert "canary" not in capsys.readouterr().out.lower()


@pytest.mark.parametrize(
    ("image", "arguments", "expected"),
    [
        ("", [], []),
        ("pachyderm/pachd:1.13.4", [], []),
        ("own.example:5000/pachyderm/pachd:1.13.4", [], ["--registry=own.example:5000"]),
        ("own.example/mirror/pachyderm/pachd@sha256:00", [], ["--registry=own.example/mirror"]),
        ("own.example:5000/pachyderm/pachd:1.13.4", ["--registry=other"], []),
        ("own.example:5000/pachyderm/pachd:1.13.4", ["--registry", "other"], []),
        ("own.example:5000/pachd:1.13.4", [], []),  # pachctl cannot name one so
    ],
)
def test_the_registry_of_before_is_kept(image: str, arguments: list[str], expected: list[str]) -> None:
    assert deployment.registry(image, arguments) == expected


class Server(Cluster):
    """pachd as `pachctl deploy --registry` 1.13.4 made it, with the patches that it gets."""

    def __init__(self, image: str) -> None:
        super().__init__("1.11.9")
        env = [{"name": "WORKER_IMAGE", "value": image.replace("/pachd:", "/worker:")}]
        template = {"spec": {"containers": [{"name": "pachd", "image": image, "env": env}]}}
        self.pachd = {"metadata": {"name": "pachd"}, "spec": {"replicas": 1, "template": template}}
        self.patches: list[dict[str, Any]] = []

    def run(self, argv: Any, **how: Any) -> Answer:
        words = list(argv)
        if "patch" in words:
            self.patches.append(json.loads(words[words.index("--patch") + 1]))
            return Answer(tuple(words), 0, "", "")
        if words[:3] == ["kubectl", "--context", "mine"] and words[5:8] == ["get", "deployment", "pachd"]:
            return Answer(tuple(words), 0, json.dumps(self.pachd), "")
        return super().run(argv, **how)


def test_it_comes_back_from_the_same_registry_with_as_many_pods() -> None:
    own = "own.example:5000/pachyderm/pachd:1.13.4"
    cluster = Server(own)
    given = {**PARAMS, "state": "present", "image": own, "version": "1.13.4", "replicas": 2}
    deployment.run(cluster, given, False)
    assert all("--registry=own.example:5000" in words for words, _how in cluster.pachctl("deploy"))
    assert cluster.patches == [{"spec": {"replicas": 2}}]
    cluster.patches.clear()
    deployment.run(cluster, {**given, "replicas": 1, "image": "own.example/pachd:1.13.4"}, False)
    (patch,) = cluster.patches
    assert patch["spec"]["template"]["spec"]["containers"][0]["image"] == "own.example/pachd:1.13.4"


def test_the_claims_of_the_metadata_go_where_that_is_said() -> None:
    for claims, expected in ((False, 0), (True, 1)):
        cluster = Cluster("1.9.12")
        deployment.run(cluster, {**PARAMS, "claims": claims}, False)
        gone = [(words, how) for words, how in cluster.asked if words[3:5] == ["delete", "persistentvolumeclaim"]]
        assert len(gone) == expected
        for words, how in gone:
            assert words[:3] == ["kubectl", "--namespace", "lab"]
            assert words[5:] == ["--selector", "suite=pachyderm", "--timeout=600s"] and how["timeout"] > 600
    cluster = Cluster("1.9.12")
    deployment.run(cluster, {**PARAMS, "claims": True}, True)
    assert not [words for words, _how in cluster.asked if "delete" in words]


def test_everything_but_the_configuration_is_asked_by_the_one_of_pachctl() -> None:
    """It has one context alone, so nothing can lead to another cluster (P11)."""
    cluster = Cluster("1.9.12")
    deployment.run(cluster, {**PARAMS, "claims": True}, False)
    view, *later = [(words, how) for words, how in cluster.asked if words[0] == "kubectl"]
    assert view[0][-4:] == ["config", "view", "--minify", "--flatten"] and not view[1]["env"]
    assert later and all(how["env"]["KUBECONFIG"].endswith("/kube") for _words, how in later)
    assert not [words for words, _how in later if "--context" in words]
