# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod of a StatefulSet as one node: asked in it or in a Job, and its volume copied. By captured objects."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import node as garage_node
from ansible_collections.uplift.datastores.plugins.module_utils._garage.config_check import check
from ansible_collections.uplift.datastores.plugins.module_utils._garage.in_pods import hazards
from ansible_collections.uplift.datastores.plugins.module_utils._garage.log import read_log
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pod_config, pod_volume, runtime
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import pods as runtime_pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Pod, lasting, mounted, outlives
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.workload import NOWHERE

FIXTURES = Path(__file__).parents[3] / "fixtures" / "kubernetes"
CASES = yaml.safe_load((FIXTURES / "garage_pods_1.31.0.yml").read_text(encoding="utf-8"))
SPACE = CASES["pod"]["metadata"]["namespace"]
UNIT = f"kubernetes:{SPACE}/pod/garage-0"
OLD, NEW, INIT = "dxflrs/garage:v0.8.0", "dxflrs/garage:v0.8.7", "busybox:stable"
PARAMS = {"unit": UNIT, "binary": None, "config_file": None, "user": None, "call_timeout": 30.0}


class Cluster:
    """The captured objects, by kubectl. `up`: whether there are pods of the StatefulSet."""

    def __init__(self, up: bool = True) -> None:
        self.things: dict[str, Any] = copy.deepcopy(CASES)
        self.up = up
        self.asked: list[list[str]] = []
        self.made: list[dict[str, Any]] = []
        self.replaced: list[dict[str, Any]] = []
        self.said: dict[str, str] = {}

    def run(self, argv: Sequence[str], *, stdin: str = "", **_how: Any) -> Answer:
        words = list(argv[argv.index("--namespace") + 2 :]) if argv[0] == "kubectl" else list(argv)
        self.asked.append(words)
        return Answer(tuple(argv), 0, self._answer(words, stdin), "")

    def _answer(self, words: list[str], stdin: str) -> str:
        if words[0] == "create":
            thing = json.loads(stdin)
            thing["metadata"]["uid"] = "7"
            self.made.append({**thing, "status": {"phase": "Running"}})
            return json.dumps(thing)
        if words[0] == "replace":
            self.replaced.append(json.loads(stdin))
            return ""
        if words[:2] == ["get", "pods"]:
            ended = {"terminated": {"exitCode": 0}}
            return json.dumps({"items": [{"status": {"containerStatuses": [{"state": ended}]}}]})
        if words[:2] == ["get", "pod"]:
            made = next((one for one in self.made if one["metadata"]["name"] == words[2]), None)
            found = made or (self.things["pod"] if self.up and words[2] == "garage-0" else None)
            return json.dumps(found) if found else ""
        if words[0] == "get":
            kind = words[1].lower()
            return json.dumps(self.things[kind]) if kind in self.things else ""
        return next((text for word, text in self.said.items() if word in words), "")


def pods(cluster: Cluster, unit: str = UNIT) -> Pods:
    return Pods(cluster, runtime_place.read(unit), "garage", "/garage", sleep=lambda _seconds: None)


def test_a_node_that_runs_is_asked_in_its_pod() -> None:
    cluster = Cluster()
    cluster.said = {"--version": "garage v0.8.0\n", "id": "ab" * 32 + "\n"}
    garage = garage_node.from_unit(cluster, PARAMS)
    assert garage.running and garage.config_file == "/etc/garage.toml" and garage.binary == "/garage"
    assert garage.binary == garage.next_binary, "the image of the template is the one that runs: no Job is needed"
    assert str(garage.version()) == "0.8.0"
    assert ["exec", "garage-0", "--container", "garage", "--", "/garage", "--version"] in cluster.asked
    address = CASES["pod"]["status"]["podIP"]
    assert garage.address == f"{address}:3901" and garage.node_id().address == garage.address
    assert garage.token and not cluster.made


@pytest.mark.parametrize("unit", [UNIT, f"kubernetes:{SPACE}/daemonset/garage@node"])
def test_a_program_of_this_host_asks_nothing_of_kubernetes(unit: str) -> None:
    cluster = Cluster(up=False)
    Pod(pods(cluster, unit), "/etc/garage.toml").run(["uname"])
    assert cluster.asked == [["uname"]]


def test_what_its_log_said_before_is_not_heard_again() -> None:
    """Seen: the errors of its start were counted as those of a repair, until it timed out."""
    cluster = Cluster()
    garage = garage_node.from_unit(cluster, PARAMS)
    read_log(garage.runner, garage.unit, 1795783860.5)
    (asked,) = [words for words in cluster.asked if words[0] == "logs"]
    assert asked[-2:] == ["--since-time", "2026-11-27T12:51:00Z"]


def test_another_image_in_the_template_is_another_program() -> None:
    cluster = Cluster()
    cluster.things["statefulset"]["spec"]["template"]["spec"]["containers"][0]["image"] = NEW
    garage = garage_node.from_unit(cluster, PARAMS)
    assert (garage.binary, garage.next_binary) == ("/garage", NEW)


def test_a_node_that_is_down_is_asked_on_its_own_volumes() -> None:
    """Who it is stands in its metadata: a run that is resumed while all are down has to know."""
    garage = garage_node.from_unit(Cluster(up=False), PARAMS)
    assert not garage.running and garage.binary == garage.next_binary == OLD and garage.address == ""
    one = pods(Cluster(up=False))
    job = runtime_pods.job("x", one.place, one.read(), one.container(), NEW, ["node", "id"], {}, 60, "/garage")
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (container["command"], container["args"]) == (["/garage"], ["node", "id"])
    names = {row["name"]: row.get("persistentVolumeClaim", {}).get("claimName") for row in pod["volumes"]}
    assert (names["meta"], names["data"]) == ("meta-garage-0", "data-garage-0")
    assert [row["image"] for row in pod["initContainers"]] == [INIT], "without it there is no configuration"
    assert {row["mountPath"] for row in container["volumeMounts"]} >= {"/mnt/meta", "/etc/garage.toml"}


def test_a_release_says_its_version_without_the_volumes_of_a_node_that_runs() -> None:
    one = pods(Cluster(), f"kubernetes:{SPACE}/statefulset/garage")
    job = runtime_pods.job("x", one.place, one.read(), one.container(), NEW, ["--version"], {}, 60, "/garage")
    pod = job["spec"]["template"]["spec"]
    known = {row["name"] for row in pod["volumes"]}
    assert not known & {"meta", "data"} and "initContainers" not in pod
    assert {row["name"] for row in pod["containers"][0]["volumeMounts"]} <= known


def test_a_pod_stops_and_starts_with_its_stateful_set() -> None:
    cluster = Cluster()
    found = runtime.of(cluster, UNIT).look()
    assert found["unit"] == f"kubernetes:{SPACE}/statefulset/garage" and found["replicas"] == 3
    runtime.of(cluster, UNIT).activate(runtime.Image("0.8.7", name="garage", program="/garage"), False)
    (patch,) = [words for words in cluster.asked if words[0] == "patch"]
    assert patch[1:3] == ["statefulset", "garage"] and NEW in patch[6]


class DaemonCluster(Cluster):
    """The same pod as one of a DaemonSet, with its data on its node, and next to it one of another node."""

    UNIT = f"kubernetes:{SPACE}/daemonset/garage@node"

    def __init__(self, up: bool = True) -> None:
        super().__init__(up)
        daemon = self.things.pop("statefulset")
        for gone in ("volumeClaimTemplates", "replicas", "serviceName"):
            del daemon["spec"][gone]
        on_node = [{"name": kind, "hostPath": {"path": f"/srv/{kind}"}} for kind in ("meta", "data")]
        daemon["spec"]["template"]["spec"]["volumes"] += on_node
        self.things["daemonset"] = {**daemon, "kind": "DaemonSet"}
        self.rows: list[dict[str, Any]] = []
        if up:
            for name, where, made in (("b", "node", "02"), ("a", "node", "01"), ("c", "other", "03")):
                own = {"name": f"garage-{name}", "creationTimestamp": f"2026-11-28T00:00:{made}Z"}
                meta = {**self.things["pod"]["metadata"], **own}
                spec = {**self.things["pod"]["spec"], "nodeName": where}
                self.rows.append({**self.things["pod"], "metadata": meta, "spec": spec})

    def _answer(self, words: list[str], stdin: str) -> str:
        if words[:2] == ["get", "pods"] and "job-name" not in words[3]:
            return json.dumps({"items": self.rows})
        return super()._answer(words, stdin)


def test_a_pod_of_a_daemon_set_is_found_by_its_node() -> None:
    cluster = DaemonCluster()
    cluster.said = {"--version": "garage v0.8.0\n", "id": "ab" * 32 + "\n"}
    garage = garage_node.from_unit(cluster, {**PARAMS, "unit": DaemonCluster.UNIT})
    assert garage.running and str(garage.version()) == "0.8.0" and garage.pod == "garage-node"
    asked = [words for words in cluster.asked if words[0] == "exec"]
    assert {words[1] for words in asked} == {"garage-b"}, "the younger of two, since the other ends"


def test_what_is_made_for_a_pod_of_a_daemon_set_has_its_node_and_not_the_label_of_a_stop(tmp_path: Path) -> None:
    cluster = DaemonCluster(up=False)
    cluster.things["daemonset"]["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "fast", NOWHERE: "true"}
    one = pods(cluster, DaemonCluster.UNIT)
    assert not garage_node.from_unit(cluster, {**PARAMS, "unit": DaemonCluster.UNIT}).running
    job = runtime_pods.job("x", one.place, one.read(), one.container(), NEW, ["node", "id"], {}, 60, "/garage")
    keeper = pod_volume.keeper_pod("y", one, "/mnt/meta", INIT, 60.0)
    for spec in (job["spec"]["template"]["spec"], keeper["spec"]):
        assert spec["nodeName"] == "node" and spec["nodeSelector"] == {"disk": "fast"}
        (meta,) = [row for row in spec["volumes"] if row["name"] == "meta"]
        assert meta["hostPath"] == {"path": "/srv/meta"}
        assert "/mnt/meta" in {row["mountPath"] for row in spec["containers"][0]["volumeMounts"]}
    pod_volume.Volume(one, "/mnt/meta", INIT).demand_down()
    with pytest.raises(UpliftError, match="There is a pod on node of the daemonset garage in .* Stop the daemonset"):
        pod_volume.Volume(pods(DaemonCluster(), DaemonCluster.UNIT), "/mnt/meta", INIT).demand_down()


def test_a_release_says_its_version_without_the_directories_of_any_node() -> None:
    one = pods(DaemonCluster(), f"kubernetes:{SPACE}/daemonset/garage")
    job = runtime_pods.job("x", one.place, one.read(), one.container(), NEW, ["--version"], {}, 60, "/garage")
    pod = job["spec"]["template"]["spec"]
    assert "nodeName" not in pod and not [row for row in pod["volumes"] if "hostPath" in row]
    assert "/mnt/meta" not in {row["mountPath"] for row in pod["containers"][0]["volumeMounts"]}


def test_nothing_of_the_order_of_a_stateful_set_stands_in_the_way_of_a_daemon_set() -> None:
    one = pods(DaemonCluster(), DaemonCluster.UNIT)
    assert not hazards(one.read(), {**one.container(), "readinessProbe": {}}, "it")
    assert lasting(one.read(), one.container()) == lasting(pods(Cluster()).read(), one.container())


def test_the_configuration_is_that_of_the_config_map() -> None:
    assert 'metadata_dir = "/mnt/meta"' in mounted(pods(Cluster()), "/etc/garage.toml").text


@pytest.mark.parametrize("keys", [[], ["a.toml", "b.toml"]])
def test_a_configuration_that_cannot_be_told_is_a_sentence(keys: list[str]) -> None:
    cluster = Cluster()
    cluster.things["configmap"]["data"] = dict.fromkeys(keys, "")
    with pytest.raises(UpliftError, match=f"mounts {len(keys)} files .* that ends in _config_file"):
        mounted(pods(cluster), "/etc/garage.toml")


def test_a_release_reads_the_configuration_that_is_meant_for_it(tmp_path: Path) -> None:
    """In a Job where the node runs, whose ConfigMap it owns: what the pods read stays as it is."""
    cluster, candidate = Cluster(), tmp_path / "garage.toml.uplift-0.8.7"
    candidate.write_text("db_engine = 'sled'\n")
    cluster.said = {"--version": "garage v0.8.0\n", "id": "ab" * 32 + "\n", "logs": "ab" * 32 + "\n"}
    found = check(garage_node.from_unit(cluster, PARAMS), NEW, str(candidate))
    assert found["node_id"] == "ab" * 32 and not cluster.replaced
    job, held = cluster.made
    pod = job["spec"]["template"]["spec"]
    assert pod["nodeName"] == CASES["pod"]["spec"]["nodeName"], "its volumes may be used at one node at a time"
    assert pod["containers"][0]["args"] == ["-c", "/etc/garage.toml", "node", "id", "-q"]
    names = [row["configMap"]["name"] for row in pod["volumes"] if "configMap" in row]
    assert names == [held["metadata"]["name"]] == [job["metadata"]["name"]]
    assert held["data"] == {"garage.toml": "db_engine = 'sled'\n"}
    assert held["metadata"]["ownerReferences"][0]["uid"] == "7"
    assert any(words[:2] == ["delete", "job,configmap"] for words in cluster.asked)


# The configuration of all pods


def staged(directory: Path, **texts: str) -> str:
    for release, text in texts.items():
        (directory / f"garage.toml.uplift-{release}").write_text(text)
    return str(directory / "garage.toml")


def activated(cluster: Cluster, files: str, check_mode: bool = False) -> dict[str, Any]:
    return pod_config.activate(pods(cluster), "/etc/garage.toml", files, "new", "old", check_mode)


def test_the_configuration_is_swapped_once_and_nothing_else_of_its_map(tmp_path: Path) -> None:
    cluster = Cluster()
    cluster.things["configmap"]["data"]["more"] = "kept"
    files = staged(tmp_path, old=CASES["configmap"]["data"]["garage.toml"], new="x = 1\n")
    assert activated(cluster, files, check_mode=True)["changed"] and not cluster.replaced
    assert activated(cluster, files)["changed"]
    (now,) = cluster.replaced
    assert now["data"] == {"garage.toml": "x = 1\n", "more": "kept"}
    assert now["metadata"]["resourceVersion"] == CASES["configmap"]["metadata"]["resourceVersion"], "else it is lost"
    cluster.things["configmap"] = now
    assert not activated(cluster, files)["changed"] and len(cluster.replaced) == 1


@pytest.mark.parametrize("done", [True, False])
def test_the_node_that_comes_late_finds_it_done(tmp_path: Path, done: bool) -> None:
    """Seen: three nodes at one moment, and two of them were refused."""
    cluster = Cluster()
    files = staged(tmp_path, old=CASES["configmap"]["data"]["garage.toml"], new="x = 1\n")
    inner, refused = cluster.run, []

    def run(argv: Sequence[str], **how: Any) -> Answer:
        if "replace" in argv and not refused:
            refused.append(argv)
            if done:
                cluster.things["configmap"]["data"]["garage.toml"] = "x = 1\n"
            return Answer(tuple(argv), 1, "", "Error from server (Conflict): error when replacing STDIN")
        return inner(argv, **how)

    cluster.run = run  # type: ignore[method-assign]
    assert activated(cluster, files)["changed"] is not done
    assert len(cluster.replaced) == (0 if done else 1)


def test_what_an_operator_has_written_since_is_not_lost(tmp_path: Path) -> None:
    cluster = Cluster()
    with pytest.raises(UpliftError, match="garage.toml of the ConfigMap garage-config in .* was edited since"):
        activated(cluster, staged(tmp_path, old="other\n", new="x = 1\n"))
    cluster.things["configmap"]["immutable"] = True
    files = staged(tmp_path, old=CASES["configmap"]["data"]["garage.toml"], new="x = 1\n")
    with pytest.raises(UpliftError, match="garage-config in .* is immutable; expected one"):
        activated(cluster, files)
    assert not cluster.replaced


# The volume


def tar(files: dict[str, bytes], link: str = "") -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
        if link:
            member = tarfile.TarInfo("link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            archive.addfile(member)
    out.seek(0)
    return out


def nothing(_done: int) -> None:
    return None


def test_the_keeper_has_the_one_volume_to_read_only_and_ends_by_itself() -> None:
    spec = pod_volume.keeper_pod("k", pods(Cluster(up=False)), "/mnt/meta", INIT, 3600)["spec"]
    (container,) = spec["containers"]
    assert [(row["name"], row["readOnly"]) for row in container["volumeMounts"]] == [("meta", True)]
    assert [row["persistentVolumeClaim"]["claimName"] for row in spec["volumes"]] == ["meta-garage-0"]
    assert spec["activeDeadlineSeconds"] and spec["securityContext"]["runAsUser"] == 1000


@pytest.mark.parametrize("path", ["/elsewhere", "/etc/garage.toml"])
def test_what_goes_with_the_pod_is_no_metadata(path: str) -> None:
    with pytest.raises(UpliftError, match=f"{path} is on no volume of the pod garage-0, or on one that goes with it"):
        pod_volume.keeper_pod("k", pods(Cluster(up=False)), path, INIT, 3600)


def test_what_is_the_file_systems_own_is_neither_copied_nor_moved(tmp_path: Path) -> None:
    """With the real find, sha256sum, tar and mv: who runs them may not read lost+found."""
    volume, copy = tmp_path / "volume", tmp_path / "copy"
    act = pod_volume.Volume(pods(Execs(volume)), "/mnt/meta", INIT)
    keeper = pod_volume.Keeper("keeper", act.pods, 9.0)
    for name in ("db/a", "node_key", ".hidden", "lost+found/x", ".uplift-0/old"):
        (volume / name).parent.mkdir(parents=True, exist_ok=True)
        (volume / name).write_text(name)
    assert keeper.names("/mnt/meta") == [".hidden", "db", "node_key"]
    assert keeper.has("/mnt/meta/db") and not keeper.has("/mnt/meta/d")
    (volume / ".uplift-1").mkdir()
    keeper.move("/mnt/meta", keeper.names("/mnt/meta"), "/mnt/meta/.uplift-1")
    keeper.move("/mnt/meta", [], "/mnt/meta/.uplift-1")
    files = {str(one.relative_to(volume)) for one in volume.rglob("*") if one.is_file()}
    kept = {f".uplift-1/{name}" for name in ("db/a", "node_key", ".hidden")}
    assert files == {"lost+found/x", ".uplift-0/old", *kept} and not copy.exists()


def test_a_copy_has_what_the_pod_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    volume, copy = pod_volume.Volume(pods(Cluster(up=False)), str(tmp_path / "volume"), INIT), tmp_path / "copy"
    for name in ("db/a", "node_key", ".hidden", "lost+found/x"):
        (tmp_path / "volume" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "volume" / name).write_text(name)
    kubectl = type(volume.pods.kubectl)
    monkeypatch.setattr(kubectl, "argv", lambda _self, *words: list(words[words.index("--") + 1 :]))
    monkeypatch.setattr(volume.pods, "local", LocalRunner())
    copy.mkdir()
    keeper = pod_volume.Keeper("keeper", volume.pods, 9.0)
    names = keeper.names(volume.path)
    volume._unpack(keeper, names, str(copy), nothing)
    assert set(volume._same(keeper, volume.path, names, str(copy))) == {"db/a", "node_key", ".hidden"}


class Execs(Cluster):
    """What runs in the keeper runs here, on a directory in the place of the volume."""

    def __init__(self, volume: Path) -> None:
        super().__init__(up=False)
        self.volume = volume

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        if "exec" not in argv:
            return super().run(argv, **how)
        inside = [one.replace("/mnt/meta", str(self.volume)) for one in argv[argv.index("--") + 1 :]]
        done = subprocess.run(inside, check=False, capture_output=True, text=True)
        said = done.stdout.replace(str(self.volume), "/mnt/meta")
        return Answer(tuple(argv), done.returncode, said, done.stderr)


@pytest.mark.parametrize("spoiled", [False, True])
def test_the_metadata_go_back_to_the_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiled: bool) -> None:
    """By a kubectl that runs the pod's words here. A copy that differs is not put in the place of anything."""
    volume, src, bin_ = tmp_path / "volume", tmp_path / "src", tmp_path / "bin"
    for place, name, text in ((volume, "node_key", "new"), (src, "node_key", "old"), (src, "db/a", "1")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    bin_.mkdir()
    more = "rm -r {0}/.uplift-new-*/db" if spoiled else "true"
    script = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; [ "$1" = tar ] || exit 9\n'
    script += f'tar -C "$(echo "$3" | sed s:/mnt/meta:{volume}:)" -xpf -\n{more.format(volume)}\n'
    (bin_ / "kubectl").write_text(script)
    (bin_ / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    cluster = Execs(volume)
    act = pod_volume.Volume(pods(cluster), "/mnt/meta", INIT)
    if spoiled:
        with pytest.raises(UpliftError, match="db/a is new .* the rest of the volume is as it was"):
            act.put_back(str(src), Progress(None))
        assert [one.name for one in volume.iterdir()] == ["node_key"] and (volume / "node_key").read_text() == "new"
    else:
        found = act.put_back(str(src), Progress(None))
        assert (volume / "node_key").read_text() == "old" and (volume / "db/a").read_text() == "1"
        kept = Path(found["renamed_to"].replace("/mnt/meta", str(volume)))
        assert (kept / "node_key").read_text() == "new"
    (mount,) = cluster.made[0]["spec"]["containers"][0]["volumeMounts"]
    assert mount["readOnly"] is False


def test_nothing_is_copied_while_there_is_a_pod(tmp_path: Path) -> None:
    cluster = Cluster()
    with pytest.raises(UpliftError, match="There is a pod garage-0 .* Stop the statefulset garage"):
        pod_volume.Volume(pods(cluster), "/mnt/meta", INIT).fetch(str(tmp_path / "copy"), Progress(None))
    assert not cluster.made


@pytest.mark.parametrize(
    ("told", "inits", "image"),
    [("mine:1", [], "mine:1"), ("", [{"image": INIT}], INIT), ("mine:1", [{"image": INIT}], "mine:1")],
)
def test_what_reads_the_volume(told: str, inits: list[dict[str, str]], image: str) -> None:
    cluster = Cluster()
    cluster.things["statefulset"]["spec"]["template"]["spec"]["initContainers"] = inits
    assert pod_volume.helper_image(pods(cluster), told) == image


def test_where_nothing_can_read_it_the_setting_is_named() -> None:
    cluster = Cluster()
    cluster.things["statefulset"]["spec"]["template"]["spec"]["initContainers"] = []
    with pytest.raises(UpliftError, match="has 0 init containers; .* that ends in _maintenance_image"):
        pod_volume.helper_image(pods(cluster), "")


def test_a_copy_is_compared_file_by_file(tmp_path: Path) -> None:
    pod_volume.unpack(tar({"./node_key": b"secret", "./db/data": b"x" * 5000}), str(tmp_path), nothing)
    digests = {
        name: hashlib.sha256(body).hexdigest() for name, body in (("node_key", b"secret"), ("db/data", b"x" * 5000))
    }
    listed = pod_volume.sums("".join(f"{digest}  /mnt/meta/{name}\n" for name, digest in digests.items()), "/mnt/meta")
    assert listed == digests and not pod_volume.different(listed, str(tmp_path))
    (tmp_path / "more").write_bytes(b"")
    wrong = pod_volume.different({**listed, "node_key": "0" * 64, "gone": "0" * 64}, str(tmp_path))
    assert wrong == ["gone is missing", "more is new", "node_key is other"]


@pytest.mark.parametrize("stream", [tar({"../out": b"x"}), tar({"/out": b"x"}), tar({}, link="/etc/passwd")])
def test_a_volume_writes_nowhere_else(stream: io.BytesIO, tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="which is no plain file"):
        pod_volume.unpack(stream, str(tmp_path / "copy"), nothing)
    assert not (tmp_path / "out").exists()


def test_a_keeper_that_does_not_come_up_is_a_sentence_and_removed(tmp_path: Path) -> None:
    cluster = Cluster(up=False)
    moments = iter(range(0, 10000, 100))
    volume = pod_volume.Volume(pods(cluster), "/mnt/meta", "nowhere:1")
    volume.clock = Clock(lambda: float(next(moments)), lambda _seconds: None)
    made = cluster._answer

    def pending(words: list[str], stdin: str) -> str:
        text = made(words, stdin)
        return text.replace("Running", "Pending")

    cluster._answer = pending  # type: ignore[method-assign]
    with pytest.raises(UpliftError, match="of nowhere:1 in .* does not run .* name another one, .* _maintenance_image"):
        volume.fetch(str(tmp_path / "copy"), Progress(None))
    assert any(words[:2] == ["delete", "pod"] for words in cluster.asked)


# What a stop and a start of all pods would do


def stateful(**spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(CASES["statefulset"])
    found["spec"].update(spec)
    return found


@pytest.mark.parametrize(
    ("spec", "own", "keys"),
    [
        ({}, {}, []),
        ({"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain", "whenDeleted": "Delete"}}, {}, []),
        ({"persistentVolumeClaimRetentionPolicy": {"whenScaled": "Delete"}}, {}, ["claims_deleted"]),
        ({}, {"readinessProbe": {}}, ["pods_in_order"]),
        ({"podManagementPolicy": "Parallel"}, {"readinessProbe": {}}, []),
        ({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}, {}, ["pods_parted"]),
        ({"updateStrategy": {"type": "OnDelete"}}, {}, []),
    ],
)
def test_what_a_stop_and_a_start_of_all_would_do(spec: dict[str, Any], own: dict[str, Any], keys: list[str]) -> None:
    assert [row["key"] for row in hazards(stateful(**spec), own, "statefulset garage in store")] == keys


def test_claims_that_go_with_their_pods_are_never_scaled_down() -> None:
    cluster = Cluster()
    cluster.things["statefulset"]["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenScaled": "Delete"}
    with pytest.raises(UpliftError, match="whenScaled Delete; expected Retain"):
        runtime.of(cluster, UNIT).stop(runtime.Order(hold="op-1"), False)
    assert not [words for words in cluster.asked if words[0] == "patch"]


def test_what_outlives_a_pod() -> None:
    own = CASES["statefulset"]["spec"]["template"]["spec"]["containers"][0]
    found = lasting(CASES["statefulset"], own)
    assert found == ["/mnt/meta", "/mnt/data"]
    assert outlives("/mnt/meta", found) and outlives("/mnt/data/blocks", found)
    assert not outlives("/mnt/metadata", found) and not outlives("/etc/garage.toml", found)
    passing = stateful(volumeClaimTemplates=[])
    passing["spec"]["template"]["spec"]["volumes"] += [
        {"name": "meta", "emptyDir": {}},
        {"name": "data", "hostPath": {}},
    ]
    assert lasting(passing, own) == ["/mnt/data"], "the makers' chart without persistence"
