# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A staged release is asked on scratch data what later steps ask, before anything is stopped."""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._garage import scratch, scratch_pod, trial
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec, transient
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_runner import ContainerRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.main_process import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Pod
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods

from tests.unit.replay import ALL, NEW, NEWEST, ONE, FakeTime, Replay, answer, garage, question

PORTS = {"rpc": 1, "s3": 2, "web": 3, "admin": 4}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the scratch directory is made."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@dataclass
class Fake:
    """A host of a scratch daemon: what is done to it, in order."""

    answers: Any
    living: bool = True
    name: str = "uplift-scratch-garage.service"
    program: str = "/staged/garage"
    reached: bool = True
    stays: bool = True
    done: list[str] = field(default_factory=list)
    config: str = ""

    def account(self) -> str:
        return getpass.getuser()

    def start(self, _directory: str, config_file: str) -> None:
        self.config = Path(config_file).read_text(encoding="utf-8")
        self.done.append("start")

    def runner(self) -> Any:
        return self.answers

    once = runner

    def alive(self) -> bool:
        return self.living

    def said(self) -> str:
        return "one\ntwo\nError: no such option\n"

    def stop(self) -> None:
        self.done.append("stop")

    def remove(self) -> None:
        self.done.append("remove")


class Says:
    """Answers every call; the words of a command decide which."""

    def __init__(self, release: str, rc: int = 0) -> None:
        self.release, self.rc = release, rc

    def run(self, argv: Any, **_how: Any) -> Answer:
        words = list(argv)
        if "--version" in words:
            return Answer(tuple(words), 0, f"garage {self.release}\n", "")
        if "id" in words:
            return answer("node_id", ONE)
        return Answer(tuple(words), self.rc, "", "Error: refused")


def played(monkeypatch: pytest.MonkeyPatch, place: Path, release: str, host: Fake, **more: Any) -> dict[str, Any]:
    node = garage(Replay(NEW))
    node.runner = host.answers
    monkeypatch.setattr(trial, "host", lambda _name, _garage, _program: host)
    params = {
        "unit": "garage.service",
        "release_binary": "/staged/garage",
        "engine": "lmdb",
        "repairs": ["tables"],
        "directory": str(place),
        "start_timeout": 0.0,
    }
    return trial.run(node, {**params, **more}, Progress(), more.get("check", False))


def quiet(monkeypatch: pytest.MonkeyPatch, *failing: tuple[str, Exception]) -> list[str]:
    """Every question is answered but for these; which were asked."""
    asked: list[str] = []
    wrong = dict(failing)

    def question(name: str) -> Any:
        def put(_trial: Any) -> None:
            asked.append(name)
            if name in wrong:
                raise wrong[name]

        return put

    monkeypatch.setattr(trial, "QUESTIONS", {name: question(name) for name in trial.QUESTIONS})
    return asked


@pytest.mark.parametrize("release", ALL)
def test_the_configuration_is_the_least_that_the_release_reads(release: str) -> None:
    """trap G21, G22: each release refuses what another one demands. Each was started with it on a host of the lab."""
    text = scratch.config(parse(release), PORTS, "s" * 64, "", "/run/x/meta", "/run/x/data")
    since = tuple(map(int, release.split(".")))
    assert ("replication_factor = 1" in text) == (since >= (2,)) and ("replication_mode" in text) == (since < (2,))
    assert ("[admin]" in text) == (since >= (0, 7)) and ('index = "index.html"' in text) == (since < (0, 8))
    assert "db_engine" not in text and text.count("127.0.0.1") == (5 if since >= (0, 7) else 4)
    assert 'db_engine = "lmdb"\n' in scratch.config(
        parse(release), PORTS, "s" * 64, "lmdb", "/run/x/meta", "/run/x/data"
    )


@pytest.mark.parametrize(("release", "size"), [("0.8.7", "1"), ("0.9.0", "1G"), ("2.5.0", "1G")])
def test_a_capacity_is_said_as_the_release_says_it(release: str, size: str) -> None:
    assert scratch.role(parse(release), "id") == ["layout", "assign", "id", "-z", "scratch", "-c", size]


def test_all_is_asked_in_order_and_nothing_is_left(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    asked, host = quiet(monkeypatch), Fake(Says("2.5.0"))
    found = played(monkeypatch, place, "2.5.0", host)
    assert found["tried"] and not found["why"] and found["asked"] == asked == list(trial.QUESTIONS)
    assert host.done == ["remove", "start", "remove"] and not list(place.iterdir())
    assert 'db_engine = "lmdb"' in host.config and "replication_factor = 1" in host.config


def test_a_killed_trial_is_taken_away_by_the_next(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    quiet(monkeypatch)
    left = place / transient.ident("garage")
    (left / "node/meta/db").mkdir(parents=True)
    assert played(monkeypatch, place, "2.5.0", Fake(Says("2.5.0")))["tried"]
    assert not left.exists()


@pytest.mark.parametrize("cause", [CliError("invalid type: null"), UpliftError("it said 'x'"), OSError("refused")])
def test_an_answer_that_is_not_understood_stops(monkeypatch: pytest.MonkeyPatch, place: Path, cause: Exception) -> None:
    """trap G28: 2.5.0 was asked this after the switch of all nodes."""
    asked, host = quiet(monkeypatch, ("repairs", cause)), Fake(Says("2.5.0"))
    with pytest.raises(UpliftError, match="Garage 2.5.0 was started on scratch data and asked for repairs: ") as told:
        played(monkeypatch, place, "2.5.0", host)
    assert str(cause) in str(told.value) and "Nothing was stopped" in str(told.value)
    assert asked[-1] == "repairs" and host.done[-1] == "remove" and not list(place.iterdir())


@pytest.mark.parametrize("living", [True, False])
def test_a_known_release_that_cannot_be_started_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, place: Path, living: bool
) -> None:
    asked = quiet(monkeypatch)
    found = played(monkeypatch, place, "2.5.0", Fake(Says("2.5.0", rc=1), living))
    assert not found["tried"] and not asked and "no such option" in found["why"]
    assert ("it ended" in found["why"]) != living


def test_a_daemon_that_takes_a_moment_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen on hosts: at first nobody listens yet."""
    time, answers = FakeTime(), [CliError("Connection refused"), CliError("Connection refused"), None]

    def status(*_words: str) -> Answer:
        said = answers.pop(0)
        if said:
            raise said
        return Answer(("garage",), 0, "", "")

    node = garage(Replay(NEW))
    monkeypatch.setattr(node, "node_id", lambda: None)
    monkeypatch.setattr(node, "call", status)
    one = trial.Trial(parse(NEW), node, Fake(None), PORTS, [], Progress(), clock=time.clock())
    one.begin(60.0)
    assert not answers and 0 < time.seconds < 60


def test_a_release_that_nobody_has_seen_has_to_be_tried(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    quiet(monkeypatch)
    with pytest.raises(UpliftError, match="Garage 2.99.0 is newer than the releases of its series that are known here"):
        played(monkeypatch, place, "2.99.0", Fake(Says("2.99.0", rc=1)))
    assert played(monkeypatch, place, "2.99.0", Fake(Says("2.99.0")))["tried"]


def test_check_mode_starts_nothing(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    host = Fake(Says("2.5.0"))
    assert not played(monkeypatch, place, "2.5.0", host, check=True)["tried"] and not host.done


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ""),
        ({"unparsed": ["a new line"]}, "it said 'a new line'"),
        ({"buckets": []}, "lists lack the bucket"),
        ({"keys": []}, "lists lack the bucket"),
    ],
)
def test_what_was_made_has_to_be_found(monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], words: str) -> None:
    found = {"unparsed": [], "buckets": [{"global_aliases": ["b"]}], "keys": [{"id": "GK"}], **change}
    monkeypatch.setattr(trial.info, "gather", lambda *_asked: found)
    one = trial.Trial(
        parse(NEW), garage(Replay(NEW)), Fake(None), PORTS, [], Progress(), key={"bucket": "b", "access_key_id": "GK"}
    )
    if not words:
        return trial.facts(one)
    with pytest.raises(UpliftError, match=words):
        trial.facts(one)


def test_the_questions_of_2_5_0_are_those_that_it_takes() -> None:
    """The form of before, which it refuses, would fail here."""
    asked = question("buckets", NEWEST)
    assert garage(Replay(NEWEST, {asked: "api_buckets"})).buckets().rows
    assert not garage(Replay(NEWEST)).knows("entries") and garage(Replay("0.9.4")).knows("entries")


def made(name: str, **more: Any) -> container_spec.Container:
    plain = {
        "id": "c1", "image": "dxflrs/garage:v0.8.7", "image_id": "sha256:1", "running": True, "restarting": False,
        "pid": 1, "exit_code": 0, "started": 1.0, "ended": 0.0, "policy": "no", "stop_signal": "SIGINT",
        "auto_remove": False, "user": "", "command": ("/garage", "server"), "environment": {}, "mounts": {},
        "compose": {},
    }  # fmt: skip
    return container_spec.Container(name=name, **{**plain, **more})


class Heard:
    """Remembers what it was to run."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], dict[str, Any]]] = []

    def run(self, argv: Any, **how: Any) -> Answer:
        self.asked.append((list(argv), how))
        return Answer(tuple(argv), 0, "active\n", "")


def test_on_a_host_it_is_a_unit_that_writes_nowhere_else_and_ends_by_itself() -> None:
    heard = Heard()
    host = scratch.OnHost(transient.ident("garage"), heard, "/staged/garage", "garage")
    host.start("/run/x/node", "/run/x/node/garage.toml")
    words = heard.asked[0][0]
    assert words[0] == "systemd-run" and words[words.index("--") + 1 :] == [
        "/staged/garage",
        "-c",
        "/run/x/node/garage.toml",
        "server",
    ]
    for expected in (
        "User=garage",
        "RuntimeMaxSec=600",
        "ProtectSystem=strict",
        "ReadWritePaths=/run/x/node",
        "IPAddressDeny=any",
        "KillSignal=SIGINT",
    ):
        assert f"--property={expected}" in words
    host.runner().run(["/staged/garage", "status"])
    assert heard.asked[-1][1]["user"] == "garage", "asked under another account than the daemon's"
    assert host.alive()


@pytest.mark.parametrize(
    ("user", "dynamic", "account"),
    [
        ("garage", False, "garage"),
        ("root", False, "nobody"),
        ("", False, "nobody"),
        ("garage", True, "nobody"),
    ],
)
def test_it_runs_as_the_service_or_as_nobody(user: str, dynamic: bool, account: str) -> None:
    node = garage(Replay(NEW))
    node.user, node.dynamic = user, dynamic
    assert trial.host("x.service", node, "/staged/garage").account() == account


CAPTURED = Path(__file__).parents[3] / "fixtures/docker/container_plain_20.10.24.json"
SEEN = json.loads(CAPTURED.read_text(encoding="utf-8"))[0]


class Docker:
    """The scratch container as docker tells it, running until it is stopped."""

    def __init__(self, running: bool = True) -> None:
        self.running = running

    def container(self, name: str) -> dict[str, Any]:
        mount = {"Type": "bind", "Source": "/run/x/node", "Destination": "/run/x/node", "RW": True}
        return {**SEEN, "Name": f"/{name}", "State": {**SEEN["State"], "Running": self.running}, "Mounts": [mount]}

    def image(self, _name: str) -> dict[str, Any]:
        return {}

    def logs(self, _name: str, since: float = 0.0, tail: str = "all") -> str:
        return f"\x1b[2msince {since:g}\x1b[0m"


def test_in_a_container_it_has_no_network_and_is_asked_inside() -> None:
    heard, docker = Heard(), Docker()
    around = ContainerRunner(heard, made("shop", user="1000"), "/garage", "dxflrs/garage:v0.8.7", docker)  # type: ignore[arg-type]
    host = scratch.InContainer("uplift-scratch-shop.container", around, "dxflrs/garage:v0.9.4")
    host.start("/run/x/node", "/run/x/node/garage.toml")
    words = heard.asked[0][0]
    assert words[:2] == ["docker", "run"] and words[words.index("--network") + 1] == "none"
    assert words[words.index("--user") + 1] == "1000" and "/run/x/node:/run/x/node" in words
    assert words[words.index("--stop-signal") + 1] == "SIGINT"
    assert words[-4:] == ["dxflrs/garage:v0.9.4", "-c", "/run/x/node/garage.toml", "server"]
    host.runner().run([host.program, "-c", "/run/x/node/garage.toml", "status"])
    inside = ["docker", "exec", host.name, "/garage", "-c", "/run/x/node/garage.toml", "status"]
    assert heard.asked[-1][0] == inside and not host.reached, "S3 and metrics cannot be asked there"
    assert host.runner().run(["journalctl", "--since", "@7"]).out.endswith("since 7\x1b[0m"), "all of its log"
    assert host.said() == "since 0"


def test_when_it_has_stopped_its_image_works_on_its_volumes() -> None:
    heard = Heard()
    around = ContainerRunner(heard, made("shop"), "/garage", "dxflrs/garage:v0.8.7", Docker(running=False))  # type: ignore[arg-type]
    host = scratch.InContainer("uplift-scratch-shop.container", around, "dxflrs/garage:v0.9.4")
    host.once().run([host.program, "-c", "/run/x/node/garage.toml", "offline-repair"])
    words = heard.asked[-1][0]
    assert words[:2] == ["docker", "run"] and words[words.index("--volumes-from") + 1] == host.name
    assert words[-4:] == ["dxflrs/garage:v0.9.4", "-c", "/run/x/node/garage.toml", "offline-repair"]


def test_no_trial_takes_away_that_of_another_unit() -> None:
    names = [transient.ident(unit) for unit in ("garage", "garage-blue.service", "garage@blue", "docker:garage")]
    assert len(set(names)) == 4 and names[0] == "uplift-scratch-garage.service"


def test_what_cannot_be_reached_is_not_said_to_be_asked(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    asked, host = quiet(monkeypatch), Fake(Says("2.5.0"), reached=False)
    found = played(monkeypatch, place, "2.5.0", host)
    assert found["asked"] == asked and set(trial.QUESTIONS) - set(asked) == {"S3", "metrics"}


class Kube:
    """kubectl: what is made runs until it is deleted."""

    def __init__(self, phase: str = "Running") -> None:
        self.phase = phase
        self.asked: list[list[str]] = []
        self.made: list[dict[str, Any]] = []

    def run(self, argv: Any, stdin: str = "", **_how: Any) -> Answer:
        words = list(argv)
        self.asked.append(words)
        if "create" in words:
            made = json.loads(stdin)
            made["metadata"]["uid"] = "7"
            self.made.append(made)
            return Answer(tuple(words), 0, json.dumps(made), "")
        state = {"waiting": {"reason": "ErrImagePull"}} if self.phase != "Running" else {"running": {}}
        status = {"phase": self.phase, "containerStatuses": [{"state": state}]}
        return Answer(tuple(words), 0, json.dumps({"status": status}) if "get" in words else "", "")


def in_pod(kube: Kube) -> scratch_pod.InPod:
    pods = Pods(kube, runtime_place.read("kubernetes:shop/pod/garage-0"), "garage", "/garage")
    container = {"name": "garage", "image": "dxflrs/garage:v1.3.0", "securityContext": {"readOnlyRootFilesystem": True}}
    template = {"containers": [container], "securityContext": {"runAsUser": 1000, "fsGroup": 1000}}
    pods.seen = {"spec": {"template": {"spec": template}}}
    node = garage(Replay(NEW))
    node.runner, node.pod = Pod(pods, "/etc/garage.toml"), "garage-0"
    host = trial.host("x", node, "dxflrs/garage:v2.5.0")
    assert isinstance(host, scratch_pod.InPod)
    return host


def test_in_a_pod_it_has_no_volume_of_a_node_and_is_asked_inside(tmp_path: Path) -> None:
    """Nor a label of theirs: no service sends a client there. Its configuration goes with it."""
    kube, config = Kube(), tmp_path / "garage.toml"
    config.write_text("rpc_secret = 'x'")
    host = in_pod(kube)
    host.start("/run/x/node", str(config))
    made, secret = kube.made
    spec = made["spec"]
    assert [sorted(row)[0] for row in spec["volumes"]] == ["emptyDir", "name"] and spec["activeDeadlineSeconds"] >= 600
    (container,) = spec["containers"]
    assert (container["image"], container["command"]) == ("dxflrs/garage:v2.5.0", ["/garage"])
    assert container["args"] == ["-c", str(config), "server"] and spec["securityContext"]["runAsUser"] == 1000
    assert list(made["metadata"]["labels"]) == ["uplift.datastores/deployment"]
    assert secret["stringData"] == {"garage.toml": "rpc_secret = 'x'"}
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "7" and host.alive()
    host.runner().run(["/garage", "-c", str(config), "status"])
    name = "uplift-scratch-garage-0"
    assert kube.asked[-1][3:] == ["exec", name, "--container", "uplift", "--", "/garage", "-c", str(config), "status"]
    host.stop()
    host.remove()
    assert [words[3:6] for words in kube.asked[-2:]] == [["delete", "pod", name], ["delete", "pod,secret", name]]


def test_a_pod_that_does_not_come_up_is_no_trial(tmp_path: Path) -> None:
    moments = iter(range(0, 10000, 100))
    (tmp_path / "garage.toml").write_text("")
    host = in_pod(Kube("Pending"))
    host.clock = Clock(lambda: float(next(moments)), lambda _seconds: None)
    with pytest.raises(UpliftError, match=r"does not run \(Pending ErrImagePull\); expected it after 300 s"):
        host.start("/run/x/node", str(tmp_path / "garage.toml"))


def test_where_its_data_go_with_it_no_offline_repair_is_asked(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    asked = quiet(monkeypatch)
    host = Fake(Says("2.5.0"), stays=False)
    assert played(monkeypatch, place, "2.5.0", host)["asked"] == asked
    assert "offline repairs" not in asked and asked[-1] == "a stop"
