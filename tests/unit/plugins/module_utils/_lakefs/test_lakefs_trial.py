# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A staged release is asked on an empty database what later steps ask, before anything is stopped."""

from __future__ import annotations

import getpass
import io
import json
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import scratch, trial
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.api import Api
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import Reply
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import docker, pods, scratch_pod, transient

from tests.unit.replay import FakeTime

NEW, UNSEEN = parse("1.84.0"), "1.99.0"
FIXTURES = Path(__file__).parents[3] / "fixtures"
SAID = json.loads((FIXTURES / "lakefs/1.84.0/trial.json").read_text(encoding="utf-8"))


class Server:
    """What 1.84.0 said to each question of a trial, in its order; `instead`: another answer to one of them."""

    def __init__(self, instead: dict[str, tuple[int, str]] | None = None) -> None:
        self.left, self.instead = [dict(row) for row in SAID], instead or {}

    def __call__(self, method: str, url: str, _key: str, _secret: str, *_more: Any) -> Reply:
        asked = f"{method} {url.partition('/api/v1')[2]}"
        if asked in self.instead:
            return Reply(*self.instead[asked])
        place = next((n for n, row in enumerate(self.left) if row["ask"] == asked), None)
        assert place is not None, f"nobody captured {asked}"
        row = self.left.pop(place)
        return Reply(row["status"], row["body"])


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A trial with what the server says, and what the S3 gateway does."""

    def make(instead: dict[str, tuple[int, str]] | None = None, gives: bytes = b"scratch\n") -> trial.Trial:
        server = Server(instead)
        monkeypatch.setattr(
            trial, "Api", lambda url, key="", secret="", timeout=0: Api(url, key, secret, server, timeout)
        )
        monkeypatch.setattr(trial.s3_read, "get", lambda *_args, **_named: gives)
        return trial.Trial(NEW, Api("http://127.0.0.1:1", fetch=server))

    yield make


def test_the_newest_release_answers_all(tried: Any) -> None:
    one = tried()
    trial.furnish(one)
    assert list(trial.ask(one)) == list(trial.QUESTIONS)


LISTS = "GET /repositories/scratch/branches?amount=1000"


@pytest.mark.parametrize(
    ("asked", "reply", "question"),
    [
        ("GET /setup_lakefs", (200, '{"state": "not_initialized"}'), "its health"),
        ("GET /config/version", (200, '{"version": "1.83.0"}'), "its health"),
        ("GET /repositories/scratch/branches/main/diff?amount=1000", (200, '{"results": 1}'), "uncommitted changes"),
        ("POST /repositories/scratch/branches/main/commits", (400, '{"message": "no"}'), "a commit"),
        ("POST /repositories/scratch/tags", (501, '{"message": "no"}'), "a tag"),
        ("GET /repositories/scratch/tags?amount=1000", (500, "{}"), "repositories, branches, commits and objects"),
    ],
)
def test_an_answer_that_is_not_understood_names_the_question(
    tried: Any, asked: str, reply: tuple[int, str], question: str
) -> None:
    one = tried({asked: reply})
    trial.furnish(one)
    with pytest.raises(UpliftError, match="Nothing was stopped") as failed:
        list(trial.ask(one))
    assert f"The staged lakeFS 1.84.0 was started on an empty database and asked for {question}: " in str(failed.value)
    assert "lakefs_accept: [untried_release]" in str(failed.value)


def test_an_object_that_the_gateway_does_not_give_is_seen(tried: Any) -> None:
    one = tried(gives=b"<html>")
    trial.furnish(one)
    with pytest.raises(UpliftError, match="asked for S3: the S3 gateway gives b'<html>'"):
        list(trial.ask(one))


def test_without_a_user_nothing_is_known_of_its_answers(tried: Any) -> None:
    with pytest.raises(trial.Unstarted, match="it could not be given a user, a repository and an object"):
        trial.furnish(tried({"POST /setup_lakefs": (500, "nobody captured this")}))


class Local:
    """Runs nothing; says of the unit whether it lives."""

    def __init__(self, living: bool = False) -> None:
        self.living, self.calls = living, []  # type: tuple[bool, list[list[str]]]

    def run(self, argv: Any, **_named: Any) -> Answer:
        self.calls.append(list(argv))
        said = "fatal: no such key" if argv[0] == "journalctl" else "active" if self.living else "failed"
        return Answer(tuple(argv), 0, said, "")


def there(tmp_path: Path, local: Any) -> scratch.OnSystemd:
    given = {"PGPASSWORD": 'env"canary', "LAKEFS_X": "1"}
    server = transient.Server("uplift-scratch-x", local)
    return scratch.OnSystemd(str(tmp_path / "one"), getpass.getuser(), "/usr/local/bin/lakefs-1.84.0", given, server)


@pytest.mark.parametrize(("living", "how"), [(False, "it ended"), (True, "it has not answered in 2 s at 127.0.0.1")])
def test_a_server_that_does_not_come_up_is_told_with_its_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, living: bool, how: str
) -> None:
    def nobody(*_args: Any) -> Reply:
        raise UpliftError("nobody")

    monkeypatch.setattr(trial, "Api", lambda url, timeout: Api(url, fetch=nobody, timeout=timeout))
    time = FakeTime()
    with pytest.raises(trial.Unstarted, match=f"{how}; its log ends with: fatal: no such key"):
        trial.wait(there(tmp_path, Local(living)), 1, 2, time.clock())


def test_the_address_that_answers_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_method: str, url: str, *_args: Any) -> Reply:
        if "198.18.250.3" not in url:
            raise UpliftError("nobody")
        return Reply(200, "")

    monkeypatch.setattr(trial, "Api", lambda url, timeout: Api(url, fetch=fetch, timeout=timeout))
    one = SimpleNamespace(server=SimpleNamespace(hosts=lambda: ["127.0.0.1", "198.18.250.3"]))
    assert trial.wait(one, 8, 2, FakeTime().clock()).url == "http://198.18.250.3:8"


def test_secrets_travel_in_files_that_nobody_else_reads(tmp_path: Path) -> None:
    local = Local()
    one = there(tmp_path, local)
    one.start(scratch.config(NEW, one.path, "127.0.0.1:8001", "postgres://u:pw-canary@db/x", "key-canary"))
    assert "canary" not in str(local.calls)
    for path in (tmp_path / "one/config.yaml", tmp_path / "one.env"):
        assert "canary" in path.read_text(encoding="utf-8")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "one.env").read_text(encoding="utf-8") == 'PGPASSWORD="env\\"canary"\n'
    one.remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("version", "database"),
    [
        ("0.70.6", {"connection_string": "D"}),
        ("0.80.2", {"type": "postgres", "postgres": {"connection_string": "D"}}),
        ("1.84.0", {"type": "postgres", "postgres": {"connection_string": "D"}}),
    ],
)
def test_each_release_is_given_the_form_that_it_reads(version: str, database: Any) -> None:
    given = scratch.config(parse(version), "/run/x", "127.0.0.1:1", "D", "s")
    assert given["database"] == database
    assert given["listen_address"] == "127.0.0.1:1" and given["stats"] == {"enabled": False}
    assert ("check_latest_version" in given.get("security", {})) == (parse(version) >= parse("0.103.0"))


PARAMS = {
    "unit": "kubernetes:lake/lakefs",
    "binary": "lakefs:1.84.0",
    "config_file": "/srv/lakefs/config.yaml",
    "dsn": "postgres://u@db/x",
    "scratch": "",
    "directory": "/run",
    "start_timeout": 1.0,
}


@pytest.fixture
def unstarted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*_args: Any) -> Any:
        raise CliError("permission denied to create database")

    monkeypatch.setattr(trial.scratch_database, "empty", refused)
    monkeypatch.setattr(trial, "_place", lambda *_args: there(tmp_path, Local()))


@pytest.mark.usefixtures("unstarted")
def test_a_known_release_that_cannot_be_tried_is_a_note() -> None:
    found = trial.run({**PARAMS, "version": "1.84.0"}, Progress(), False)
    assert not found["tried"] and "permission denied to create database" in found["why"]
    assert "It is known here" in found["why"]


@pytest.mark.usefixtures("unstarted")
@pytest.mark.parametrize("release", sorted(path.name for path in (FIXTURES / "lakefs").iterdir() if path.is_dir()))
def test_each_release_whose_answers_are_kept_is_known(release: str) -> None:
    assert "It is known here" in trial.run({**PARAMS, "version": release}, Progress(), False)["why"]


@pytest.mark.usefixtures("unstarted")
def test_one_that_nobody_has_seen_stops_it() -> None:
    with pytest.raises(
        UpliftError, match=f"lakeFS {UNSEEN} is newer than the releases of its series that are known here"
    ):
        trial.run({**PARAMS, "version": UNSEEN}, Progress(), False)


def test_check_mode_starts_nothing() -> None:
    assert trial.run({**PARAMS, "version": UNSEEN}, Progress(), True)["asked"] == []


class Daemon(docker.Docker):
    """One container of a service, and what was asked of it."""

    def __init__(self, network: str = "lab-net") -> None:
        row = json.loads((FIXTURES / "docker/container_lakefs_20.10.24.json").read_text(encoding="utf-8"))[0]
        row["HostConfig"]["NetworkMode"] = network
        self.there, self.asked, self.made = {"lab-lakefs": row}, [], {}  # type: ignore[var-annotated]
        self.there["abc"] = {"NetworkSettings": {"Networks": {"x": {"IPAddress": "198.18.250.9"}}}}

    def call(self, method: str, path: str, body: Any, _timeout: float) -> tuple[int, bytes]:  # type: ignore[override]
        path, name = path.partition("?")[0], path.split("/")[2].partition("?")[0]
        self.asked.append(f"{method} {path}")
        if method == "GET":
            found = self.there.get(name)
            return (200, json.dumps(found).encode()) if found else (404, b"{}")
        self.made[path] = body
        if path == "/containers/create":
            ends = {"lab-net": {"IPAddress": "198.18.250.3"}, "six": {"GlobalIPv6Address": "fd00::3"}}
            self.there[NAME] = {"State": {"Running": True}, "NetworkSettings": {"Networks": ends}}
        return (201, b'{"Id": "1"}') if path == "/containers/create" else (200, b"")


NAME = "uplift-scratch-lab-lakefs.container"


def beside(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(lakefs_where, "Docker", lambda: daemon)
    seen = lakefs_where.InContainer(Local(), "lab-lakefs", daemon)
    monkeypatch.setattr(trial.lakefs_where, "of", lambda *_args: seen)
    return trial._place(Local(), {**PARAMS, "unit": "docker:lab-lakefs"})


def test_a_container_is_tried_next_to_it_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = Daemon()
    one = beside(daemon, monkeypatch)
    daemon.asked.clear()
    one.start(scratch.config(NEW, one.path, f"{one.server.listens}:8001", "postgres://u:pw-canary@db/x", "key-canary"))
    made = daemon.made["/containers/create"]
    assert (made["Image"], made["Entrypoint"]) == ("lakefs:1.84.0", ["/app/lakefs"])
    assert made["Cmd"] == ["--config", "/uplift-scratch/config.yaml", "run"]
    service = daemon.there["lab-lakefs"]
    assert made["HostConfig"]["VolumesFrom"] == [f"{service['Id']}:ro"]
    assert made["HostConfig"]["ExtraHosts"] == ["db.example.org:198.18.250.2"]
    assert not {"PortBindings", "Binds", "Mounts"} & set(made["HostConfig"])
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"lab-net": {}}} and "canary" not in str(made)
    # Nothing of what the service itself is configured with: it would reach the service's database and objects.
    assert not [word for word in made["Env"] if word.startswith("LAKEFS_")]
    assert daemon.asked == [
        "POST /containers/create",
        f"PUT /containers/{NAME}/archive",
        "POST /networks/lab-net2/connect",
        f"POST /containers/{NAME}/start",
    ]
    with tarfile.open(fileobj=io.BytesIO(daemon.made[f"/containers/{NAME}/archive"])) as tar:
        assert {entry.name: entry.mode for entry in tar} == {
            "uplift-scratch": 0o1777,
            "uplift-scratch/data": 0o1777,
            "uplift-scratch/cache": 0o1777,
            "uplift-scratch/config.yaml": 0o444,
        }
        read = json.load(tar.extractfile("uplift-scratch/config.yaml") or io.BytesIO())
    assert read["blockstore"] == {"type": "local", "local": {"path": "/uplift-scratch/data"}}
    assert one.server.hosts() == ["198.18.250.3", "[fd00::3]"] and one.server.alive()
    one.remove()
    assert daemon.asked[-1] == f"DELETE /containers/{NAME}"


@pytest.mark.parametrize(
    ("network", "listens", "hosts"),
    [
        ("host", "127.0.0.1", ["127.0.0.1"]),
        ("container:abc", "0.0.0.0", ["127.0.0.1", "198.18.250.9"]),
        ("container:gone", "0.0.0.0", ["127.0.0.1"]),
        ("lab-net", "0.0.0.0", []),
    ],
)
def test_where_it_listens_and_is_asked(
    monkeypatch: pytest.MonkeyPatch, network: str, listens: str, hosts: list[str]
) -> None:
    one = beside(Daemon(network), monkeypatch)
    assert (one.server.listens, one.server.hosts()) == (listens, hosts)


class Kube:
    """A Deployment as once captured, and what is made next to it."""

    def __init__(self, refused: str = "") -> None:
        self.made: list[dict[str, Any]] = []
        self.asked: list[list[str]] = []
        self.refused = refused
        text = (FIXTURES / "kubernetes" / "one_call_1.31.0.yml").read_text(encoding="utf-8")
        self.deployment: dict[str, Any] = json.loads(yaml.safe_load(text)["deployment"]["stdout"])
        own = self.deployment["spec"]["template"]["spec"]
        own["volumes"] = [
            {"name": "ca", "secret": {"secretName": "db-ca"}},
            {"name": "cache", "persistentVolumeClaim": {"claimName": "c"}},
        ]
        container = own["containers"][0]
        container.update(
            command=["/usr/bin/tini", "--", "/app/lakefs", "run"],
            env=[{"name": "PGPASSWORD", "value": "pw-canary"}, {"name": "LAKEFS_DATABASE_TYPE", "value": "postgres"}],
            volumeMounts=[{"name": "ca", "mountPath": "/etc/db"}, {"name": "cache", "mountPath": "/cache"}],
        )
        container.pop("envFrom", None)

    def run(self, argv: Any, *, stdin: str = "", **_how: Any) -> Answer:
        words = list(argv[argv.index("--namespace") + 2 :])
        self.asked.append(words)
        found: Any = {}
        if words[0] == "create":
            found = json.loads(stdin)
            found["metadata"]["uid"] = "7"
            self.made.append(found)
        elif words[:2] == ["get", "pod"]:
            found = {"status": {"phase": "Running"}}
        elif words[0] == "get":
            found = self.deployment
        return Answer(tuple(argv), 0, json.dumps(found), "")


def in_pods(kube: Kube) -> Any:
    return trial._place(kube, PARAMS)  # type: ignore[arg-type]


def test_a_pod_is_tried_next_to_the_workload_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    kube, begun = Kube(), []
    monkeypatch.setattr(scratch_pod.subprocess, "Popen", lambda argv, **_how: begun.append(argv) or Forwarded())
    one = in_pods(kube)
    one.start(scratch.config(NEW, one.path, f"{one.server.listens}:8001", "postgres://u:dsn-canary@db/x", "key-canary"))
    pod, secret = kube.made
    (container,) = pod["spec"]["containers"]
    assert container["command"] == ["/usr/bin/tini", "--", "/app/lakefs"] and container["image"] == "lakefs:1.84.0"
    assert container["args"] == ["--config", "/uplift-config/config.yaml", "run"]
    assert [row["name"] for row in container["env"]] == ["PGPASSWORD"], "the service's settings reach its database"
    assert [row["name"] for row in pod["spec"]["volumes"]] == ["uplift-scratch", "uplift-config", "ca"]
    assert container["volumeMounts"][-1] == {"name": "ca", "mountPath": "/etc/db", "readOnly": True}
    assert "canary" not in str(pod) + str(kube.asked) and list(pod["metadata"]["labels"]) == [pods.LABEL]
    assert secret["stringData"]["PGPASSWORD"] == "pw-canary" and "dsn-canary" in secret["stringData"]["config.yaml"]
    assert secret["metadata"]["ownerReferences"][0]["uid"] == "7"
    assert one.server.hosts() == ["127.0.0.1"] == [one.server.listens] and one.server.alive()
    (argv,) = begun
    assert argv[-3:] == ["port-forward", "pod/uplift-scratch-lakefs", "8001"]
    one.remove()
    assert kube.asked[-1][:3] == ["delete", "pod,secret", "uplift-scratch-lakefs"]


class Forwarded:
    """kubectl port-forward. said: it ended with that."""

    def __init__(self, said: str = "") -> None:
        self.said, self.killed = said, False

    def poll(self) -> int | None:
        return 1 if self.said else None

    def kill(self) -> None:
        self.killed = True

    def communicate(self) -> tuple[None, str]:
        return None, self.said


def test_a_port_is_forwarded_again_until_the_server_listens_but_not_where_it_is_forbidden(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = 'error: pods "uplift-scratch-lakefs" is forbidden: User "x" cannot create resource "pods/portforward"'
    saying = iter(["error: lost connection to pod", "", refused, ""])
    begun: list[Forwarded] = []

    def popen(_argv: Any, **_how: Any) -> Forwarded:
        begun.append(Forwarded(next(saying)))
        return begun[-1]

    monkeypatch.setattr(scratch_pod.subprocess, "Popen", popen)
    forward = scratch_pod.Forward(in_pods(Kube()).server.pods, "uplift-scratch-lakefs", 8001)
    for _again in range(3):
        forward.keep()
    assert len(begun) == 2, "one that lives is left alone"
    forward.close()
    assert begun[-1].killed
    forward.keep()
    with pytest.raises(UpliftError, match="port-forward to the pod uplift-scratch-lakefs: .*pods/portforward"):
        forward.keep()
