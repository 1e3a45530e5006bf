# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""lakeFS in a container: what docker is asked, by what a real daemon told of a real container."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.action.lakefs_config import _listen
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError, bare
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import file, health, info, migrate
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs import where as lakefs_where
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import Database
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.program import reads
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import docker as runtime_docker

FIXTURES = Path(__file__).parents[3] / "fixtures" / "docker"
UNIT, OLD, NEW = "docker:lab-lakefs", "lakefs:1.82.0", "lakefs:1.84.0"
CONFIG = "/etc/lakefs/config.yaml"
FATAL = 'time="x" level=fatal msg="Failure on schema validation" error="migration to ACL required"\n'
# What docker's command line said of a program that is not there: `docker run`, and `docker start`.
NO_PROGRAM = 'docker: Error response from daemon: failed to create shim task: exec: "test": executable file not found'
NO_PROGRAM_STARTED = NO_PROGRAM.partition(" ")[2]


class Engine(runtime_docker.Docker):
    """The daemon with one container, of the network of it and of another one as captured, or of one alone."""

    def __init__(self, running: bool = True, networks: int = 1, **config: Any) -> None:
        found = json.loads((FIXTURES / "container_lakefs_20.10.24.json").read_text(encoding="utf-8"))[0]
        found["State"]["Running"], found["Config"] = running, {**found["Config"], **config}
        if networks == 1:
            del found["NetworkSettings"]["Networks"]["lab-net2"]
        self.seen, self.next, self.files = found, "", {CONFIG}

    def container(self, name: str) -> dict[str, Any] | None:
        if name == "lab-lakefs.uplift-next" and self.next:
            return {**self.seen, "Config": {**self.seen["Config"], "Image": self.next}}
        return copy.deepcopy(self.seen) if name == "lab-lakefs" else None

    def image(self, name: str) -> dict[str, Any] | None:
        return {"Id": name, "Config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}}

    def holds(self, name: str, path: str) -> bool:
        return path in self.files

    def logs(self, name: str, since: float = 0.0, tail: str = "all") -> str:
        return f"{tail} lines\n{FATAL}"


class Line:
    """The command line; `said` is what each call in its turn is answered, and 1.84.0 when nothing is left."""

    def __init__(self, *said: Answer) -> None:
        self.said, self.calls = list(said), list[tuple[list[str], dict[str, Any]]]()

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        self.calls.append((list(argv), how))
        return self.said.pop(0) if self.said else Answer(tuple(argv), 0, "lakefs version 1.84.0\n", "")


def where(engine: Engine, line: Line) -> lakefs_where.InContainer:
    return lakefs_where.InContainer(line, "lab-lakefs", engine)


def program(engine: Engine, line: Line, tmpdir: str = "", **params: Any) -> lakefs_where.Lakefs:
    given = {"tmpdir": tmpdir, "binary": NEW, "config_file": "/srv/lakefs/config.yaml", **params}
    return where(engine, line).program(given)


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """For what finds its own way to the daemon."""
    engine = Engine()
    monkeypatch.setattr(lakefs_where.InContainer, "__init__", _made_with(engine))
    return engine


def _made_with(engine: Engine) -> Any:
    def init(self: Any, runner: Any, name: str) -> None:
        self.runner, self.name, self.docker = runner, name, engine

    return init


def test_the_three_places() -> None:
    kinds = {unit: type(lakefs_where.of(Line(), unit)).__name__ for unit in (UNIT, "kubernetes:a/b", "lakefs.service")}
    assert list(kinds.values()) == ["InContainer", "AsDeployment", "AsUnit"]


def test_the_program_as_its_container_has_it() -> None:
    found = where(Engine(), Line()).program({})
    assert (found.binary, found.program) == (OLD, "/app/lakefs")
    assert found.config_file == "/srv/lakefs/config.yaml", "as this machine has it"
    assert "p4ss" not in repr(found)


def test_the_prepared_container_is_the_next_program() -> None:
    engine = Engine()
    engine.next = NEW
    assert where(engine, Line()).program({}).binary == NEW


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/app/lakefs", "run"], "/app/lakefs"),
        (["/app/wait-for", "postgres:5432", "--", "/app/lakefs", "run"], "/app/lakefs"),
        (["/usr/bin/tini", "--", "lakefs", "run"], "lakefs"),
        (["/app/lakefs-wait.sh", "/app/lakefs", "run"], "/app/lakefs"),
        (["/app/lakefs-entry.sh", "run"], "is started by /app/lakefs-entry.sh, and no word .*a script is none"),
        (
            ["/bin/sh", "-c", "lakefs setup; lakefs run"],
            "lab-lakefs is started by /bin/sh, and no word .* is the program",
        ),
    ],
)
def test_which_word_is_the_program(command: list[str], name: str) -> None:
    engine = Engine()
    engine.seen.update(Path=command[0], Args=command[1:])
    here = where(engine, Line()).here
    if "started by" in name:
        with pytest.raises(UpliftError, match=name):
            lakefs_where.program_of(here)
    else:
        assert lakefs_where.program_of(here) == name


def test_a_call_is_a_container_that_reaches_what_the_server_reaches() -> None:
    """traps L02, L15: the same volumes, account, environment and network; a secret is in no argument."""
    line, name = Line(), "LAKEFS_DATABASE_POSTGRES_CONNECTION_STRING"
    found = program(Engine(), line)
    found.call(["migrate", "up"], 60, {name: "postgres://u:other@h/d"})
    call, how = line.calls[-1]
    words = " ".join(call)
    assert call[:4] == ["docker", "run", "--rm", "--name"] and call[4].startswith("lab-lakefs.uplift-once-")
    assert call[4] != line.calls[0][0][4], "one may be asked for its version while another migrates"
    assert "--network lab-net --add-host db.example.org:198.18.250.2 --volumes-from lab-lakefs --user lakefs" in words
    assert words.endswith(f"--entrypoint /app/lakefs {NEW} --config {CONFIG} migrate up")
    assert how["env"][name] == "postgres://u:other@h/d" and how["env"]["LAKEFS_LOGGING_OUTPUT"] == "="
    assert how["env"]["LAKEFS_AUTH_ENCRYPT_SECRET_KEY"] == "0" * 24
    assert "other" not in words.replace("db.example", "") and "0" * 24 not in words


def test_another_network_is_joined_before_it_starts() -> None:
    line = Line()
    assert str(program(Engine(networks=2), line).version) == "1.84.0"
    verbs = [call[:3] for call, _how in line.calls]
    assert verbs == [["docker", "create", "--rm"], ["docker", "network", "connect"], ["docker", "start", "--attach"]]
    assert line.calls[1][0][3:] == ["lab-net2", line.calls[2][0][3]] and line.calls[0][0][4] == line.calls[2][0][3]


def test_a_network_of_another_container_or_of_the_machine_is_taken_as_it_is() -> None:
    for mode, networks in (("host", {"host": {}}), ("container:0efc", {})):
        engine = Engine()
        engine.seen["HostConfig"].update(NetworkMode=mode, ExtraHosts=None)
        engine.seen["NetworkSettings"]["Networks"] = networks
        assert container_spec.reach(engine.seen) == container_spec.Reach(("--network", mode))
        assert where(engine, Line()).published() is None


def test_what_docker_itself_refuses_is_no_answer_of_the_program() -> None:
    """Nor is what bears the name removed: it is not ours."""
    busy = Answer(("docker",), 125, "", 'docker: Error response from daemon: Conflict. The name "/x" is in use\n')
    line = Line(busy)
    with pytest.raises(CliError, match="Starting lakefs:1.84.0 next to the container lab-lakefs failed: .* Conflict"):
        program(Engine(), line).runner.run([NEW, "migrate", "up"])
    assert len(line.calls) == 1


def test_what_is_no_image_runs_here() -> None:
    line = Line()
    program(Engine(), line).runner.run(["psql", "-f", "-"], stdin="SELECT 1")
    assert line.calls[0][0] == ["psql", "-f", "-"] and line.calls[0][1]["stdin"] == "SELECT 1"


@pytest.mark.parametrize(
    ("argv", "left"),
    [
        (["env", "-i", "PATH=/usr/bin:/bin", NEW, "--version"], [NEW, "--version"]),
        (["env", "-i", "/app/lakefs"], ["/app/lakefs"]),
        ([NEW, "a=b"], [NEW, "a=b"]),
    ],
)
def test_an_emptied_environment_is_that_of_this_machine(argv: list[str], left: list[str]) -> None:
    assert bare(argv) == left


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ({}, {CONFIG}, "/srv/lakefs/config.yaml"),
        ({}, set(), ""),
        ({}, {"/home/lakefs/.lakefs.yaml"}, "/home/lakefs/.lakefs.yaml, which lies in it alone"),
        ({}, {CONFIG, "/etc/lakefs/config.json"}, "/etc/lakefs/config.json, which lies in it alone"),
        ({"WorkingDir": "/srv"}, {CONFIG, "/srv/config.yaml"}, "/srv/config.yaml, which lies in it alone"),
        ({"Args": ["run", "-c", "/etc/own.yaml"]}, set(), "/etc/own.yaml, which lies in it alone"),
        ({"Args": ["run", "-c", CONFIG]}, set(), "/srv/lakefs/config.yaml"),
        ({"Args": ["run", "-c", "own.yaml"], "WorkingDir": "/etc"}, set(), "/etc/own.yaml, which lies in it alone"),
    ],
)
def test_what_the_server_reads(config: dict[str, Any], files: set[str], expected: str) -> None:
    args = config.pop("Args", ["run"])
    engine = Engine(**config)
    engine.seen["Args"], engine.files = args, files
    if "alone" in expected:
        with pytest.raises(UpliftError, match=f"The container lab-lakefs reads {expected}; expected .* mounted there"):
            where(engine, Line()).program({})
    else:
        assert where(engine, Line()).program({}).config_file == expected


def test_a_staged_configuration_is_mounted_for_its_check(tmp_path: Path) -> None:
    """trap L21: the container itself does not see what lies next to a file that alone is mounted."""
    (tmp_path / "config.uplift-1.84.0.yaml").touch()
    refused = Answer((), 1, "", "Failed to open KV store: connect failed: 127.0.0.1:1: connection refused\n")
    version = Answer((), 0, "lakefs version 1.84.0\n", "")
    line = Line(version, refused)
    staged = f"{tmp_path}/config.uplift-1.84.0.yaml"
    assert reads(program(Engine(), line, config_file=staged))["version"] == "1.84.0"
    words = " ".join(line.calls[-1][0])
    assert f"--volume {staged}:{staged}:ro" in words and f"--config {staged} migrate version" in words


def test_what_runs_and_what_the_next_start_is_are_two_questions(docker: Engine) -> None:
    line = Line(Answer((), 0, "lakefs version 1.84.0\n", ""), Answer((), 0, "lakefs version 1.82.0\n", ""))
    docker.next, docker.seen["Args"] = NEW, ["run", "-c", CONFIG]
    found = info._service(line, {"unit": UNIT})
    assert (found["version"], found["binary_version"], found["failure"]) == ("1.82.0", "1.84.0", "")
    assert (found["binary"], found["program"]) == (NEW, "/app/lakefs")
    assert line.calls[1][0] == ["docker", "exec", "lab-lakefs", "/app/lakefs", "--version"]


def test_why_it_does_not_run_is_what_docker_keeps(docker: Engine) -> None:
    docker.seen["State"].update(Running=True, Restarting=True)
    found = info._service(Line(), {"unit": UNIT})
    assert not found["running"] and "migration to ACL required" in found["failure"]
    params = {"unit": UNIT, "url": "http://l1:8000", "access_key_id": "", "secret_access_key": ""}
    assert health._unwell(Line(), params, None).startswith("the unit is failed: ")


def test_the_configuration_is_read_where_this_machine_has_it(docker: Engine, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("listen_address: 0.0.0.0:8000\n", encoding="utf-8")
    key = seal.new_key()
    found = file.raw(Line(), {"unit": UNIT, "src": f"{tmp_path}/config.yaml", "seal": key})
    inside = seal.opened(key, found["sealed"])
    assert inside["text"].startswith("listen") and not found["mounted"] and found["mode"]
    assert inside["environment"]["LAKEFS_AUTH_ENCRYPT_SECRET_KEY"] == "0" * 24 and "0" * 24 not in json.dumps(found)
    assert found["published"] == {"8000": "0.0.0.0:9000"}


@pytest.mark.parametrize(
    ("address", "published", "expected"),
    [
        ("0.0.0.0:8000", {"8000": "0.0.0.0:9000"}, "0.0.0.0:9000"),
        (":8000", {"8000": "127.0.0.1:9000"}, "127.0.0.1:9000"),
        ("0.0.0.0:8000", None, "0.0.0.0:8000"),
        (":8000", None, "0.0.0.0:8000"),
        ("0.0.0.0:8000", {}, "0.0.0.0:8000"),  # nobody can ask it, and whoever tries is told
    ],
)
def test_where_this_machine_asks_it(address: str, published: dict[str, str] | None, expected: str) -> None:
    assert _listen(address, published) == expected


@pytest.mark.parametrize(
    ("networks", "rc", "err", "says"),
    [
        (1, 0, "", ""),
        (1, 1, "", "lakefs of the container lab-lakefs may not write to {}; expected a directory for temporary files"),
        (
            1,
            127,
            NO_PROGRAM,
            "What lakefs of the container .* may write to {} is unknown: .* ended with 127",
        ),
        (2, 1, NO_PROGRAM_STARTED, "What lakefs .* may write to {} is unknown: .* ended with 127"),
        (2, 1, "", "lakefs of the container lab-lakefs may not write to {}"),
    ],
)
def test_whether_a_container_may_write(networks: int, rc: int, err: str, says: str, tmp_path: Path) -> None:
    """trap L25: the same account, in the same mounts; what is unknown stops."""
    place, well = str(tmp_path), Answer((), 0, "", "")
    line = Line(*([well, well] if networks == 2 else []), Answer((), rc, "", err))
    migration = migrate.Migration.__new__(migrate.Migration)
    migration.lakefs, migration.tmpdir = program(Engine(networks=networks), line, place), place
    migration.version = Version(0, 80, 2)
    migration.postgres = Roomy()  # type: ignore[assignment]
    if says:
        with pytest.raises(UpliftError, match=says.format(place)):
            migration._demand_room(Database())
    else:
        migration._demand_room(Database())
    made = " ".join(line.calls[0][0])
    assert f"--volume {place}:{place}" in made and made.endswith(f"--entrypoint test {NEW} -d {place} -a -w {place}")


class Roomy:
    def server(self) -> dict[str, Any]:
        return {"size": 1}


def test_a_directory_that_is_not_there_is_not_made() -> None:
    """trap L25: docker would make it."""
    line = Line()
    found = program(Engine(), line, "/no/such")
    assert "is no directory of this machine" in lakefs_where.unwritable(found, "/no/such") and not line.calls


def test_a_program_for_a_container_is_an_image() -> None:
    with pytest.raises(UpliftError, match="for the container lab-lakefs is /usr/bin/lakefs; expected an image"):
        program(Engine(), Line(), binary="/usr/bin/lakefs")
