# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A container made again: the same but for its image, whenever the call that did it was killed."""

from __future__ import annotations

import contextlib
import copy
import json
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage import cli, offline, ports, readable
from ansible_collections.uplift.datastores.plugins.module_utils._garage import node as garage_node
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container as runtime_container
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import (
    container_image,
    container_info,
    container_state,
)
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_spec as spec
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import docker as runtime_docker
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container import NEXT, OLD, PART, Wish
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import Change
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.held import Containers

FIXTURES = Path(__file__).parents[3] / "fixtures" / "docker"
KINDS = ("plain", "rich", "compose")
NEW = "garage:0.9.4"
ASKED = {"version": "0.9.4", "timeout": 5.0, "asks": ("--version",)}
VOLUMES = "/var/lib/docker/volumes/{}/_data"


def captured(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / f"container_{kind}_20.10.24.json").read_text())[0]
    return found


def image(tag: str = "0.8.7") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / "image_0.8.7_20.10.24.json").read_text())[0]
    return {**found, "Id": found["Id"] if tag == "0.8.7" else f"sha256:{tag}"}


class Killed(BaseException):
    """What no `except Exception` sees."""


class Engine(runtime_docker.Docker):
    """A docker daemon in memory. What it makes of `create` is held to captures of a real one, below."""

    def __init__(self, *containers: dict[str, Any]) -> None:
        self.there = {one["Name"].lstrip("/"): copy.deepcopy(one) for one in containers}
        self.images = {
            "garage:0.8.7": image(),
            image()["Id"]: image(),
            NEW: image("0.9.4"),
            "sha256:0.9.4": image("0.9.4"),
        }
        self.now, self.die_at, self.said = 0.0, 10**6, list[str]()
        self.ends_with, self.stays, self.deaf = 0, True, False

    def _count(self, what: str) -> None:
        self.said.append(what)
        if len(self.said) == self.die_at:
            raise Killed

    def container(self, name: str) -> dict[str, Any] | None:
        return copy.deepcopy(self.there.get(name))

    def image(self, name: str) -> dict[str, Any] | None:
        return self.images.get(name)

    def running(self) -> list[dict[str, Any]]:
        return [
            {"Id": one["Id"], "Names": [one["Name"]], "Mounts": one["Mounts"]}
            for one in self.there.values()
            if one["State"]["Running"]
        ]

    def create(self, name: str, body: Mapping[str, Any]) -> str:
        self._count(f"create {name}")
        made = copy.deepcopy(dict(body))
        host, ends = made.pop("HostConfig"), made.pop("NetworkingConfig")["EndpointsConfig"]
        given = self.images[made["Image"]]["Config"]
        number = f"{len(self.said):064x}"
        env = dict(word.partition("=")[::2] for word in [*given["Env"], *made["Env"]])
        config = {
            **made,
            "Env": [f"{key}={value}" for key, value in env.items()],
            **{key: made.get(key) or given.get(key) for key in ("Cmd", "Entrypoint", "WorkingDir", "User", "OnBuild")},
            "Hostname": made.get("Hostname", number[:12]),
        }
        words = [*(config["Entrypoint"] or []), *(config["Cmd"] or [])]
        self.there[name] = {
            "Id": number, "Name": f"/{name}", "Image": self.images[made["Image"]]["Id"],
            "Path": words[0], "Args": words[1:],
            "State": {"Running": False, "Pid": 0, "ExitCode": 0, "StartedAt": "0001-01-01T00:00:00Z",
                      "FinishedAt": "0001-01-01T00:00:00Z"},
            "Config": config, "HostConfig": host, "Mounts": self._mounts(host),
            "NetworkSettings": {"Networks": copy.deepcopy(ends) or {host["NetworkMode"]: {}}},
        }  # fmt: skip
        return number

    @staticmethod
    def _mounts(host: Mapping[str, Any]) -> list[dict[str, Any]]:
        pairs = [one.split(":")[:2] for one in host["Binds"] or []]
        pairs += [[one["Source"], one["Target"]] for one in host["Mounts"] or []]
        return [
            {"Type": "bind", "Source": source, "Destination": place}
            if source.startswith("/")
            else {
                "Type": "volume",
                "Name": source,
                "Source": VOLUMES.format(source),
                "Destination": place,
            }
            for source, place in pairs
        ]

    def connect(self, network: str, container: str, end: Mapping[str, Any]) -> None:
        self._count(f"connect {container} {network}")
        self.there[container]["NetworkSettings"]["Networks"][network] = dict(end)

    def rename(self, name: str, to: str) -> None:
        self._count(f"rename {name} {to}")
        assert to not in self.there
        self.there[to] = {**self.there.pop(name), "Name": f"/{to}"}

    def remove(self, name: str) -> None:
        if name in self.there:
            self._count(f"remove {name}")
            assert not self.there[name]["State"]["Running"]
            del self.there[name]

    def start(self, name: str) -> None:
        self._count(f"start {name}")
        state = self.there[name]["State"]
        state.update(
            Running=self.stays, Pid=1000 + len(self.said), ExitCode=0 if self.stays else 1, StartedAt=self.time()
        )

    def kill(self, name: str, signal: str) -> None:
        self._count(f"kill {name} {signal}")
        if signal == "SIGKILL" or not self.deaf:
            code = 137 if signal == "SIGKILL" else self.ends_with
            self.there[name]["State"].update(Running=False, Pid=0, ExitCode=code, FinishedAt=self.time())

    def policy(self, name: str, policy: Mapping[str, Any]) -> None:
        self._count(f"policy {name} {policy['Name']}")
        self.there[name]["HostConfig"]["RestartPolicy"] = dict(policy)

    def logs(self, name: str, since: float = 0.0, tail: str = "all") -> str:
        return f"since {since}\nError: no\n"

    def time(self) -> str:
        return f"2026-11-21T00:{int(self.now // 60):02d}:{self.now % 60:09.6f}Z"

    def clock(self) -> runtime_container.Clock:
        def sleep(seconds: float) -> None:
            self.now += seconds

        return runtime_container.Clock(now=lambda: 1795219200.0 + self.now, sleep=sleep)


def running(kind: str = "rich") -> Engine:
    one = captured(kind)
    one["State"].update(Running=True, Pid=77, StartedAt="2026-11-20T00:00:00Z")
    return Engine(one)


def name_of(kind: str) -> str:
    return str(captured(kind)["Name"].lstrip("/"))


def brought(
    engine: Engine, state: str, kind: str = "rich", check: bool = False, held: Containers | None = None, **more: Any
) -> dict[str, Any]:
    return container_state.bring(engine, Wish(name_of(kind), state, **more), check, engine.clock(), held)


# --- the pure part


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_engine_makes_of_a_captured_container_is_that_container(kind: str) -> None:
    """Holds the engine of these tests, and `body`, to what a real daemon told before and after."""
    old = captured(kind)
    engine = Engine(old)
    engine.create("again", spec.body(old, image(), Change("garage:0.8.7")))
    for network, end in spec.networks(old)[1].items():
        engine.connect(network, "again", end)
    new = engine.there["again"]
    assert spec.differences(old, image(), new, Change("garage:0.8.7")) == []
    for part in ("Cmd", "Entrypoint", "User", "WorkingDir", "Labels", "ExposedPorts", "Volumes"):
        assert (new["Config"].get(part) or None) == (old["Config"].get(part) or None), part
    assert sorted(new["Config"]["Env"]) == sorted(old["Config"]["Env"])
    apart = {"Binds", "Mounts"}
    assert {k: v for k, v in new["HostConfig"].items() if k not in apart} == {
        k: v for k, v in old["HostConfig"].items() if k not in apart
    }
    assert {one["Destination"]: one["Source"] for one in new["Mounts"]} == {
        one["Destination"]: one["Source"] for one in old["Mounts"]
    }


def test_what_the_old_image_said_is_left_to_the_new_image() -> None:
    made = spec.body(captured("plain"), image(), Change(NEW))
    assert made["Image"] == NEW
    assert "Cmd" not in made
    assert made["Env"] == []
    assert spec.body(captured("plain"), None, Change(NEW))["Cmd"] == ["/garage", "server"], (
        "an image that is gone tells nothing"
    )


def test_what_the_operator_said_stays() -> None:
    made = spec.body(captured("rich"), image(), Change(NEW))
    assert made["Cmd"] == ["/garage", "-c", "/etc/garage.toml", "server"]
    assert [word.partition("=")[0] for word in made["Env"]] == ["RUST_LOG", "GARAGE_RPC_SECRET"]
    assert (made["User"], made["Hostname"], made["StopSignal"], made["WorkingDir"]) == (
        "990:990",
        "node1",
        "SIGINT",
        "/srv",
    )
    assert made["HostConfig"]["Memory"] == 512 << 20
    volume = next(one for one in made["HostConfig"]["Binds"] if one.endswith(":/var/lib/garage/anonymous"))
    assert len(volume.split(":")[0]) == 64, "a volume without a name keeps its data"
    first, more = spec.networks(captured("rich"))
    assert (list(first), first["lab-net"]["IPAMConfig"]) == (["lab-net"], {"IPv4Address": "198.18.250.11"})
    assert more["lab-net2"]["Aliases"] == ["second", "node1"], "not the alias that is the old container's number"


def test_a_hostname_that_docker_chose_is_not_kept() -> None:
    assert "Hostname" not in spec.body(captured("compose"), image(), Change(NEW))
    assert "Hostname" not in spec.body(captured("plain"), image(), Change(NEW)), "it has the network of its host"
    assert (
        captured("compose")["Config"]["Labels"].items()
        <= spec.body(captured("compose"), None, Change(NEW))["Labels"].items()
    )


def test_words_are_replaced_as_a_whole() -> None:
    other = "/srv/garage/garage.toml.uplift-quiesced"
    change = Change(
        NEW, {"/srv/garage/garage.toml": other, "/etc/garage.toml": "/etc/other.toml"}, {"RUST_LOG": "info"}
    )
    made = spec.body(captured("rich"), image(), change)
    assert f"{other}:/etc/garage.toml:ro" in made["HostConfig"]["Binds"]
    assert made["Cmd"] == ["/garage", "-c", "/etc/other.toml", "server"]
    assert "RUST_LOG=info" in made["Env"]
    made = spec.body(captured("compose"), image(), change)
    assert "GARAGE_CONFIG_FILE=/etc/other.toml" in made["Env"]
    mounted = spec.body(captured("rich"), image(), Change(NEW, {"/srv/garage/meta": "/srv/moved"}))["HostConfig"][
        "Mounts"
    ]
    assert "/srv/moved" in [one["Source"] for one in mounted]


def test_a_container_that_goes_when_it_stops_is_refused() -> None:
    one = captured("plain")
    one["HostConfig"]["AutoRemove"] = True
    with pytest.raises(UpliftError, match="removed by docker when it stops"):
        spec.body(one, image(), Change(NEW))


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("Path", "/bin/garage", "command was"),
        ("HostConfig", {**captured("rich")["HostConfig"], "Memory": 1}, "Memory was 536870912 and is 1"),
        ("Mounts", [], "mounts was"),
        ("NetworkSettings", {"Networks": {}}, "networks was"),
        ("Config", {**captured("rich")["Config"], "Env": []}, "environment GARAGE_RPC_SECRET differs"),
    ],
)
def test_what_is_not_the_same_is_told_and_no_secret_with_it(part: str, value: Any, sentence: str) -> None:
    told = spec.differences(captured("rich"), image(), {**captured("rich"), part: value}, Change(NEW))
    assert any(sentence in one for one in told)
    assert "00000000" not in " ".join(told).replace("536870912", "")


def test_the_secret_of_the_environment_is_never_printed() -> None:
    assert "GARAGE_RPC_SECRET" not in repr(spec.read(captured("rich")))  # trap G27
    assert container_info.info(Engine(captured("rich")), "lab-rich")["environment_names"] == [
        "GARAGE_RPC_SECRET", "PATH", "RUST_BACKTRACE", "RUST_LOG",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0001-01-01T00:00:00Z", 0.0), ("2026-11-21T06:47:07.605053259Z", 1795243627.605), ("1970-01-01T00:00:01Z", 1.0)],
)
def test_moments(text: str, expected: float) -> None:
    assert spec.moment(text) == expected


def test_a_moment_that_is_none() -> None:
    with pytest.raises(UpliftError, match="docker reported the time 'now'"):
        spec.moment("now")


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("/srv/garage/garage.toml", "/etc/garage.toml"),
        ("/srv/garage/meta", "/var/lib/garage/meta"),
        ("/srv/garage/meta/db.lmdb", "/var/lib/garage/meta/db.lmdb"),
        ("/var/lib/docker/volumes/lab-data/_data/x", "/var/lib/garage/data/x"),
    ],
)
def test_places_inside_and_on_the_host(host: str, inside: str) -> None:
    one = spec.read(captured("rich"))
    assert spec.inside_path(one.mounts, host) == inside
    for spelled in (inside, inside.replace("/", "//", 2), f"/etc/..{inside}", f"{inside}/.", f"/./{inside[1:]}"):
        assert spec.host_path(one.mounts, spelled) == host


def test_places_that_are_nowhere() -> None:
    one = spec.read(captured("rich"))
    assert spec.inside_path(one.mounts, "/srv/garage/meta-of-another") == ""
    assert spec.host_path(one.mounts, "/etc/passwd") == ""


# --- the effects


@pytest.mark.parametrize("kind", KINDS)
def test_a_stopped_container_is_made_again_at_once(kind: str) -> None:
    engine = Engine(captured(kind))
    result = brought(engine, "activated", kind, image=NEW)
    assert (result["changed"], result["image"], list(engine.there)) == (True, NEW, [name_of(kind)])
    assert brought(engine, "activated", kind, image=NEW)["changed"] is False


def test_a_running_container_is_not_touched_until_it_is_restarted() -> None:
    engine = running()
    result = brought(engine, "activated", image=NEW)
    assert (result["active"], result["image"], result["image_next"]) == ("active", "garage:0.8.7", NEW)
    assert brought(engine, "activated", image=NEW)["changed"] is False
    result = brought(engine, "restarted", signal="SIGINT", if_stale=True)
    assert (result["image"], result["ended"]["clean"], list(engine.there)) == (NEW, True, ["lab-rich"])
    assert engine.said.index("kill lab-rich SIGINT") < engine.said.index("rename lab-rich lab-rich.uplift-old")
    assert brought(engine, "restarted", if_stale=True)["changed"] is False


def test_and_back_again() -> None:
    engine = Engine(captured("rich"))
    brought(engine, "activated", image=NEW)
    brought(engine, "activated", image="garage:0.8.7")
    assert spec.differences(captured("rich"), image(), engine.there["lab-rich"], Change("garage:0.8.7")) == []


def _steps(kind: str, before: str) -> int:
    engine = Engine(captured(kind)) if before == "down" else running(kind)
    _whole(engine, kind)
    return len(engine.said)


def _whole(engine: Engine, kind: str) -> None:
    brought(engine, "activated", kind, image=NEW)
    brought(engine, "restarted", kind, signal="SIGINT", if_stale=True)


@pytest.mark.parametrize(
    ("kind", "before", "call"),
    [
        (kind, before, call)
        for kind in KINDS
        for before in ("down", "up")
        for call in range(1, _steps(kind, before) + 1)
    ],
)
def test_killed_at_every_call_and_asked_again(kind: str, before: str, call: int) -> None:
    engine = Engine(captured(kind)) if before == "down" else running(kind)
    engine.die_at = call
    with pytest.raises(Killed):
        _whole(engine, kind)
    engine.die_at = 10**6
    found = container_info.info(engine, name_of(kind))
    assert found["image_next"] in ("garage:0.8.7", NEW), "at every moment it is known"
    _whole(engine, kind)
    assert list(engine.there) == [name_of(kind)]
    now = engine.there[name_of(kind)]
    assert (now["Config"]["Image"], now["State"]["Running"]) == (NEW, True)
    assert spec.differences(captured(kind), image(), now, Change(NEW)) == []


@pytest.mark.parametrize("call", range(1, _steps("rich", "down") + 1))
def test_killed_at_every_call_and_gone_back(call: int) -> None:
    engine = Engine(captured("rich"))
    engine.die_at = call
    with pytest.raises(Killed):
        _whole(engine, "rich")
    engine.die_at = 10**6
    brought(engine, "stopped")
    brought(engine, "activated", image="garage:0.8.7")
    brought(engine, "started")
    assert [name for name in engine.there if not name.endswith(PART)] == ["lab-rich"]
    assert engine.there["lab-rich"]["Config"]["Image"] == "garage:0.8.7"


@pytest.mark.parametrize(
    ("current", "following", "old", "expected"),
    [
        (True, False, False, []),
        (True, True, False, []),  # prepared, and waiting for the next start
        (True, False, True, [("remove", OLD, "")]),
        (False, True, True, [("rename", NEXT, ""), ("remove", OLD, "")]),
        (False, True, False, [("rename", NEXT, "")]),
        (False, False, True, [("rename", OLD, "")]),
        (False, False, False, []),
    ],
)
def test_what_is_left_to_do(current: bool, following: bool, old: bool, expected: list[tuple[str, str, str]]) -> None:
    assert runtime_container.repairing(current, following, old) == expected


def test_another_command_in_the_new_image_is_refused() -> None:
    engine = Engine(captured("plain"))
    new = image("0.9.4")
    engine.images[NEW] = {**new, "Config": {**new["Config"], "Entrypoint": ["/bin/garage"], "Cmd": ["server"]}}
    with pytest.raises(UpliftError, match="is not the same: command was"):
        brought(engine, "activated", "plain", image=NEW)
    assert list(engine.there) == ["lab-plain"]


def test_an_image_that_is_not_there() -> None:
    engine = Engine(captured("plain"))
    with pytest.raises(UpliftError, match="'garage:9' is not on this machine; expected it staged"):
        brought(engine, "activated", "plain", image="garage:9")
    assert engine.said == []


def test_a_container_that_is_not_there() -> None:
    with pytest.raises(UpliftError, match="There is no container lab-rich"):
        brought(Engine(), "started")


@pytest.mark.parametrize(
    ("signal", "own", "policy", "changed"),
    [
        ("SIGINT", "SIGTERM", "always", True),  # docker would take it for a crash
        ("SIGINT", "SIGINT", "always", False),
        ("SIGINT", "", "always", False),
        ("SIGINT", "SIGTERM", "no", False),
        ("", "SIGTERM", "always", False),
    ],
)
def test_a_stop_is_not_taken_for_a_crash(signal: str, own: str, policy: str, changed: bool) -> None:  # trap G08
    engine = running()
    one = engine.there["lab-rich"]
    one["Config"]["StopSignal"], one["HostConfig"]["RestartPolicy"] = own, {"Name": policy, "MaximumRetryCount": 0}
    result = brought(engine, "stopped", signal=signal)
    asked = [said for said in engine.said if said.startswith("policy")]
    assert asked == (["policy lab-rich no", f"policy lab-rich {policy}"] if changed else [])
    assert (f"kill lab-rich {signal or own}" in engine.said, result["active"]) == (True, "inactive")
    assert engine.there["lab-rich"]["HostConfig"]["RestartPolicy"]["Name"] == policy


def test_a_stop_that_does_not_end_is_ended_and_told() -> None:  # trap G09
    engine = running()
    engine.deaf = True
    with pytest.raises(UpliftError, match="was ended by SIGKILL after 10.* s, expected status 0; the .* is stopped"):
        brought(engine, "stopped", signal="SIGINT", stop_timeout=10.0)
    assert brought(engine, "stopped")["changed"] is False


def test_a_start_that_falls_is_told_with_its_last_words() -> None:
    engine = Engine(captured("rich"))
    engine.stays = False
    with pytest.raises(UpliftError, match="did not stay up: inactive, exit status 1; .* Error: no"):
        brought(engine, "started")


def test_the_moment() -> None:
    engine = running()
    result = brought(engine, "restarted", at=1795219200.0 + 7)
    assert (result["started"] >= 1795219207.0, result["changed"]) == (True, True)
    late = brought(engine, "restarted", at=1795219200.0 + 7)
    assert late["changed"] and late["late_seconds"] > 0
    with pytest.raises(UpliftError, match="s past at this node, .* Agree on a later one"):
        brought(engine, "restarted", at=1795219200.0 - 60)


@pytest.mark.parametrize("state", ["activated", "restarted", "stopped"])
def test_check_mode_changes_nothing(state: str) -> None:
    engine = running()
    assert brought(engine, state, check=True, image=NEW)["changed"] is True
    assert engine.said == []


ALWAYS = {"Name": "always", "MaximumRetryCount": 0}


def policy(engine: Engine, kind: str = "rich") -> dict[str, Any]:
    return dict(engine.there[name_of(kind)]["HostConfig"]["RestartPolicy"])


def always(kind: str = "rich") -> Engine:
    engine = running(kind)
    engine.there[name_of(kind)]["HostConfig"]["RestartPolicy"] = dict(ALWAYS)
    return engine


def test_held_from_the_stop_to_the_start(tmp_path: Path) -> None:
    engine, held = always(), Containers(str(tmp_path))
    done = brought(engine, "stopped", held=held, hold="op1")
    assert engine.said[0] == "policy lab-rich no", "before it stops"
    assert (done["active"], done["held"], done["evidence"][0]["held"]) == ("inactive", "op1", "op1")
    assert brought(engine, "stopped", held=held, hold="op1")["changed"] is False
    done = brought(engine, "started", held=held)
    assert (done["active"], done["held"], policy(engine)) == ("active", "", ALWAYS)
    assert "held" not in done["evidence"][0]
    assert brought(engine, "started", held=held)["changed"] is False


def test_one_that_falls_at_its_start_is_not_called_held(tmp_path: Path) -> None:
    engine, held = always(), Containers(str(tmp_path))
    brought(engine, "stopped", held=held, hold="op1")
    engine.stays = False
    with pytest.raises(UpliftError, match="did not stay up"):
        brought(engine, "started", held=held)
    assert (policy(engine), held.all()) == (ALWAYS, [])


def test_one_that_is_down_is_held_all_the_same(tmp_path: Path) -> None:
    engine, held = Engine(captured("rich")), Containers(str(tmp_path))
    done = brought(engine, "stopped", held=held, hold="op1")
    assert (done["changed"], done["held"], done["ended"]) == (True, "op1", {})
    assert not [said for said in engine.said if said.startswith("kill")]


def test_one_that_is_made_again_meanwhile_is_held_and_gets_its_policy_back(tmp_path: Path) -> None:
    engine, held = always(), Containers(str(tmp_path))
    brought(engine, "stopped", held=held, hold="op1")
    brought(engine, "activated", held=held, image=NEW)
    assert policy(engine)["Name"] == "no"
    brought(engine, "restarted", held=held, if_stale=True)
    assert (policy(engine), held.by("lab-rich")) == (ALWAYS, "")


def test_somebody_gave_it_another_policy_meanwhile(tmp_path: Path) -> None:
    engine, held = always(), Containers(str(tmp_path))
    brought(engine, "stopped", held=held, hold="op1")
    engine.policy("lab-rich", {"Name": "unless-stopped"})
    assert brought(engine, "stopped", held=held, hold="op1")["changed"] is True
    assert (policy(engine)["Name"], held.note("lab-rich")["policy"]["Name"]) == ("no", "unless-stopped")
    engine.policy("lab-rich", {"Name": "on-failure"})
    brought(engine, "started", held=held)
    assert policy(engine)["Name"] == "on-failure"


def test_a_policy_that_cannot_be_kept_is_not_taken_away(tmp_path: Path) -> None:
    engine = always()
    (tmp_path / "file").touch()
    with pytest.raises(UpliftError, match="restart policy of the container lab-rich cannot be kept"):
        brought(engine, "stopped", held=Containers(str(tmp_path / "file")), hold="op1")
    assert (policy(engine), engine.said) == (ALWAYS, [])


def test_another_operation_keeps_the_policy_of_before(tmp_path: Path) -> None:
    engine, held = always(), Containers(str(tmp_path))
    brought(engine, "stopped", held=held, hold="op1")
    assert brought(engine, "stopped", held=held, hold="op2")["held"] == "op2"
    brought(engine, "started", held=held)
    assert policy(engine) == ALWAYS


def test_a_hold_in_check_mode_is_only_told(tmp_path: Path) -> None:
    engine, held = Engine(captured("rich")), Containers(str(tmp_path))
    done = brought(engine, "stopped", held=held, check=True, hold="op1")
    assert (done["changed"], done["diff"]["after"]["held"], engine.said, held.all()) == (True, "op1", [], [])


def _hold_and_start(engine: Engine, held: Containers) -> None:
    brought(engine, "stopped", held=held, hold="op1", signal="SIGINT")
    brought(engine, "activated", held=held, image=NEW)
    brought(engine, "started", held=held)


@pytest.mark.parametrize("call", range(1, 10))
def test_killed_at_every_call_of_a_hold(tmp_path: Path, call: int) -> None:
    engine, held = always(), Containers(str(tmp_path))
    engine.die_at = call
    with contextlib.suppress(Killed):
        _hold_and_start(engine, held)
    engine.die_at = 10**6
    down = not engine.there.get("lab-rich", {"State": {"Running": False}})["State"]["Running"]
    assert not down or held.by("lab-rich") == "op1"
    _hold_and_start(engine, held)
    assert (policy(engine), held.all(), list(engine.there)) == (ALWAYS, [], ["lab-rich"])


@pytest.mark.parametrize(
    ("path", "alone"),
    [("/srv/garage/meta", False), ("/srv/garage", False), ("/srv/garage/meta/db", False), ("/srv/other", True)],
)
def test_nobody_else_has_the_files_open(path: str, alone: bool) -> None:  # trap G05
    if alone:
        container_info.demand_alone(running("plain"), "another", path)
    else:
        with pytest.raises(UpliftError, match="The container lab-plain runs and mounts"):
            container_info.demand_alone(running("plain"), "another", path)
    with pytest.raises(UpliftError, match="lab-plain runs"):
        container_info.demand_alone(running("plain"), "lab-plain", "/srv/other")
    container_info.demand_alone(Engine(captured("plain")), "lab-plain", "/srv/garage/meta")


def test_who_only_reads_is_no_danger() -> None:
    """Monitoring mounts all of a machine to read; and the configuration is mounted so here."""
    container_info.demand_alone(running("plain"), "another", "/srv/garage/garage.toml")


# Of a host that is itself a container (docker 20.10.24), and of the machine around it, with that container running.
INSIDE = """2011 2002 254:0 /var/lib/docker/containers/{0}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda rw
2012 2002 254:0 /var/lib/docker/containers/{0}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw
"""
AROUND = "971 29 0:88 / /var/lib/docker/containers/{0}/mounts/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw\n"


def test_the_container_that_this_runs_in_is_the_machine(tmp_path: Path) -> None:
    engine, number = running("plain"), captured("plain")["Id"]
    for text, names in ((INSIDE, []), (AROUND, ["lab-plain"])):
        (tmp_path / "mountinfo").write_text(text.format(number))
        found = container_info.writers(engine, str(tmp_path / "mountinfo"))
        assert [one["name"] for one in found] == names
    assert [one["name"] for one in container_info.writers(engine, str(tmp_path / "none"))] == ["lab-plain"]


# --- programs in the container


class Heard:
    def __init__(self, answer: Answer | None = None, late: bool = False) -> None:
        self.answer, self.late = answer, late
        self.calls = list[tuple[list[str], dict[str, Any]]]()

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        self.calls.append((list(argv), how))
        if self.late and len(self.calls) == 1:
            raise CliError("no answer")
        return self.answer or Answer(tuple(argv), 0, "", "")


def inside(engine: Engine, local: Heard, container: str = "lab-rich", **params: Any) -> cli.Garage:
    given = {"binary": None, "config_file": None, "call_timeout": 30.0, **params}
    return garage_node._from_container(local, given, container, engine)


def test_a_running_daemon_is_asked_in_its_container() -> None:  # trap G07
    local = Heard()
    garage = inside(running(), local)
    garage.call("status")
    assert local.calls[0][0] == ["docker", "exec", "lab-rich", "/garage", "-c", "/etc/garage.toml", "status"]
    assert (garage.running, garage.config_file, garage.next_binary) == (True, "/srv/garage/garage.toml", "garage:0.8.7")


def test_offline_work_is_done_in_another_of_the_same_volumes() -> None:  # traps G19 G27
    local = Heard()
    garage = inside(Engine(captured("rich")), local)
    argv = [NEW, "-c", "/srv/garage/garage.toml", "convert-db", "-i", "/srv/garage/meta/db"]
    garage.runner.run(argv, env={"RUST_LOG": "garage=info"}, timeout=60, user="somebody")
    call, how = local.calls[0]
    assert call == [
        "docker", "run", "--rm", "--name", "lab-rich.uplift-once", "--network", "none", "--volumes-from", "lab-rich",
        "--user", "990:990", "--env", "RUST_LOG", "--env", "GARAGE_RPC_SECRET", "--entrypoint", "/garage", NEW,
        "-c", "/etc/garage.toml", "convert-db", "-i", "/var/lib/garage/meta/db",
    ]  # fmt: skip
    assert how["env"]["GARAGE_RPC_SECRET"] == "0" * 64
    assert how["env"]["RUST_LOG"] == "garage=info"
    assert "user" not in how


def test_a_configuration_that_is_not_mounted_yet_is_for_that_call(tmp_path: Path) -> None:
    (tmp_path / "next.toml").touch()
    local = Heard()
    inside(running(), local).runner.run([NEW, "-c", f"{tmp_path}/next.toml", "node", "id", "-q"])
    words = local.calls[0][0]
    assert words[words.index("--volume") + 1] == f"{tmp_path}/next.toml:{tmp_path}/next.toml:ro"
    assert words[-5:] == ["-c", f"{tmp_path}/next.toml", "node", "id", "-q"]


def test_work_that_takes_too_long_is_ended() -> None:
    local = Heard(late=True)
    with pytest.raises(CliError):
        inside(Engine(captured("rich")), local).runner.run([NEW, "convert-db"], timeout=1)
    assert local.calls[1][0] == ["docker", "rm", "--force", "lab-rich.uplift-once"]


def test_what_docker_keeps_is_the_journal() -> None:
    answer = inside(running(), Heard()).runner.run(["journalctl", "--unit", "lab-rich", "--since", "@12.5"])
    assert answer.out == "since 12.5\nError: no\n"


def test_the_prepared_container_is_the_next_program() -> None:
    engine = running()
    brought(engine, "activated", image=NEW)
    assert inside(engine, Heard()).next_binary == NEW


def test_a_configuration_in_the_image_alone_is_refused() -> None:
    one = captured("plain")
    one["Mounts"] = [mount for mount in one["Mounts"] if mount["Destination"] != "/etc/garage.toml"]
    with pytest.raises(UpliftError, match="reads /etc/garage.toml, which lies in it alone"):
        inside(Engine(one), Heard(), container="lab-plain")


def test_the_owner_of_the_metadata_is_the_containers_own(tmp_path: Path) -> None:
    garage = inside(Engine(captured("rich")), Heard())
    assert offline.owner_of(garage, str(tmp_path)) == "990:990"
    assert offline.foreign_files(str(tmp_path), "990:990") == []


def test_an_image_is_staged_and_asked() -> None:
    given = {"image": NEW, "container": "lab-rich", "program": "/garage", **ASKED}
    said = Answer((), 0, "garage cargo:0.9.4 [features: lmdb]\n", "")
    result = container_image.stage(Heard(said), running(), given, False)
    assert (result["changed"], result["evidence"][0]["id"]) == (False, "sha256:0.9.4")
    with pytest.raises(UpliftError, match="says 'garage cargo:0.9.4 .*expected 0.9.5"):
        container_image.stage(Heard(said), running(), {**given, "version": "0.9.5"}, False)
    with pytest.raises(UpliftError, match="was pulled and is not there"):
        container_image.stage(Heard(), running(), {**given, "image": "garage:1"}, False)


def test_an_image_that_says_its_version_to_nobody_is_not_asked() -> None:
    local = Heard()
    given = {"image": NEW, "container": "lab-rich", "program": "", **ASKED, "asks": ()}
    assert container_image.stage(local, running(), given, False)["release"] == NEW and not local.calls


def test_an_image_for_a_container_is_made_once_and_taken_away() -> None:
    engine, said = running(), Answer((), 0, "garage 0.9.4", "")
    given = {"image": "", "container": "lab-rich", "program": "", **ASKED}
    local = Heard(said)
    result = container_image.stage(local, engine, given, False)
    assert (result["release"], result["changed"], list(engine.there)) == (NEW, False, ["lab-rich"])
    assert engine.said == [
        "create lab-rich.uplift-part",
        "connect lab-rich.uplift-part lab-net2",
        "remove lab-rich.uplift-part",
    ]
    assert local.calls[0][0][-4:] == ["--entrypoint", "/garage", NEW, "--version"]
    engine.said.clear()
    container_image.stage(local, engine, given, True)
    assert engine.said == []


def test_an_image_that_cannot_follow_is_found_while_the_present_one_serves() -> None:
    engine = running("plain")
    engine.images[NEW] = {**image("0.9.4"), "Config": {**image()["Config"], "Cmd": ["/bin/sh"]}}
    given = {"image": NEW, "container": "lab-plain", "program": "", **ASKED}
    with pytest.raises(UpliftError, match="is not the same: command was"):
        container_image.stage(Heard(Answer((), 0, "garage 0.9.4", "")), engine, given, False)
    assert list(engine.there) == ["lab-plain"] and engine.there["lab-plain"]["State"]["Running"]


# What a real daemon (20.10.24) and its command line said where there is no registry.
NO_HOST = 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 198.18.0.1:53: no such host'
NO_PING = f"failed to configure transport: error pinging v2 registry: {NO_HOST}\n"


@pytest.mark.parametrize(
    ("daemon", "line", "there"),
    [((200, b"{}"), 1, True), ((500, json.dumps({"message": NO_HOST}).encode()), 0, True), ((500, b"no"), 1, False)],
)
def test_an_image_that_cannot_be_had_is_found_before_it_is_pulled(
    daemon: tuple[int, bytes], line: int, there: bool
) -> None:
    def call(method: str, path: str, *_more: Any) -> tuple[int, bytes]:
        if path == "/containers/lab-rich/json":
            return 200, json.dumps(captured("rich")).encode()
        return daemon if path == "/distribution/dxflrs/garage%3Av0.9.4/json" else (404, b"")

    given = {"image": "dxflrs/garage:v0.9.4", "container": "lab-rich", "program": "/g", **ASKED}
    local = Heard(Answer((), line, "", NO_PING))
    if there:
        assert container_image.stage(local, runtime_docker.Docker(call), given, True)["changed"] is True
    else:
        with pytest.raises(UpliftError, match="is not on this machine, and cannot be had .no.*docker load"):
            container_image.stage(local, runtime_docker.Docker(call), given, True)
    assert not any("pull" in words for words, _how in local.calls)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("plain", None),  # the machine's own network
        ("rich", {"3900": "127.0.0.1:3900", "3901": "0.0.0.0:3901"}),
        ("compose", {"3900": "0.0.0.0:13900"}),
    ],
)
def test_where_the_machine_has_its_ports(kind: str, expected: dict[str, str] | None) -> None:
    assert container_info.published(captured(kind)) == expected
    assert container_info.around(Engine(captured(kind)), name_of(kind))["image"] == "garage:0.8.7"


def test_what_the_next_start_is_of() -> None:
    engine = running()
    assert container_info.next_image(engine, "lab-rich") == image()["Id"]
    evidence = brought(engine, "activated", image=NEW)["evidence"]
    assert evidence == [{"slot": "release", "kind": "made", "name": "lab-rich", "id": "sha256:0.9.4"}]
    assert container_info.next_image(engine, "lab-rich") == "sha256:0.9.4"


# --- clients shut out

OWN, QUIET = "/srv/garage/garage.toml", "/srv/garage/garage.toml.uplift-quiesced"


@pytest.mark.parametrize("kind", KINDS)
def test_the_container_reads_the_other_file_and_its_own_again(kind: str) -> None:  # trap G23
    engine = running(kind)
    before = copy.deepcopy(engine.there[name_of(kind)])
    for state, expected in (("closed", QUIET), ("closed", QUIET), ("open", OWN), ("open", OWN)):
        ports.turn(engine, name_of(kind), OWN, QUIET, state, False)
        brought(engine, "restarted", kind, if_stale=True)
        assert ports.reads(spec.read(engine.there[name_of(kind)])) == expected
    assert spec.differences(before, image(), engine.there[name_of(kind)], Change("garage:0.8.7")) == []


def test_shutting_clients_out_twice_changes_nothing_more(tmp_path: Path) -> None:
    engine = running()
    assert ports.turn(engine, "lab-rich", OWN, QUIET, "closed", True)["changed"] is True
    assert engine.said == []
    assert ports.turn(engine, "lab-rich", OWN, QUIET, "closed", False)["changed"] is True
    assert ports.turn(engine, "lab-rich", OWN, QUIET, "closed", False)["changed"] is False


@pytest.mark.parametrize(
    ("command", "environment", "expected"),
    [
        (("/garage", "-c", "/e/g.toml", "server"), {}, {"/e/g.toml": "/e/quiet"}),
        (("/garage", "--config=/e/g.toml", "server"), {}, {"--config=/e/g.toml": "--config=/e/quiet"}),
        (("/garage", "server"), {"GARAGE_CONFIG_FILE": "/e/g.toml"}, {"/e/g.toml": "/e/quiet"}),
        (("/garage", "server"), {}, None),
    ],
)
def test_a_configuration_in_a_mounted_directory(
    command: tuple[str, ...], environment: dict[str, str], expected: dict[str, str] | None
) -> None:
    one = replace(spec.read(captured("plain")), command=command, environment=environment, mounts={"/e": "/srv/e"})
    if expected is None:
        with pytest.raises(UpliftError, match="without naming it; expected its place in the command"):
            ports.moved(one, "/srv/e/g.toml", "/srv/e/quiet")
    else:
        assert ports.moved(one, "/srv/e/g.toml", "/srv/e/quiet") == expected


def test_a_name_that_means_another_image_by_now_is_no_way_to_make_it_again() -> None:
    engine = running()
    engine.images["garage:0.8.7"] = image("0.9.4")
    with pytest.raises(UpliftError, match="means another image .* would be an upgrade"):
        ports.turn(engine, "lab-rich", OWN, QUIET, "closed", False)


def test_a_copy_for_one_look_is_shared_with_that_container_alone(tmp_path: Path) -> None:
    (tmp_path / "garage.toml").touch()
    local = Heard()
    garage = inside(Engine(captured("rich")), local)
    runner = readable.sharing(garage.runner, str(tmp_path))
    runner.run([NEW, "-c", f"{tmp_path}/garage.toml", "offline-repair"])
    words = local.calls[0][0]
    assert [words[at + 1] for at, word in enumerate(words) if word == "--volume"] == [f"{tmp_path}:{tmp_path}"]
    assert words[-3:] == ["-c", f"{tmp_path}/garage.toml", "offline-repair"]


# --- the daemon's socket


def test_what_docker_refuses_is_a_sentence() -> None:
    docker = runtime_docker.Docker(lambda method, path, body, timeout: (409, b'{"message":"the name is in use"}'))
    with pytest.raises(UpliftError, match="Renaming a to b failed: docker answered 409 and said: the name is in use"):
        docker.rename("a", "b")
    docker.kill("a", "SIGINT")  # it has just ended by itself


def test_nothing_is_sent_that_the_daemon_does_not_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It renames, answers and closes without a look at the body: seen once as `Broken pipe`, with the rename done."""
    place = str(tmp_path / "s")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{place}")
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as pool:
        listener.bind(place)
        listener.listen()

        def serve() -> bytes:
            with listener.accept()[0] as one:
                said = one.recv(65536)
                one.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                return said + one.recv(65536)

        heard = pool.submit(serve)
        runtime_docker.Docker().rename("a", "b")
        head, body = heard.result().split(b"\r\n\r\n", 1)
    assert (
        head.startswith(b"POST /containers/a/rename?name=b ") and b"Content-Length: 0" in head.title() and body == b""
    )


def test_what_is_not_there_is_none() -> None:
    assert runtime_docker.Docker(lambda *_: (404, b"{}")).container("a") is None


def test_names_cannot_leave_their_place() -> None:
    paths: list[str] = []

    def call(method: str, path: str, *_more: Any) -> tuple[int, bytes]:
        paths.append(path)
        return 404, b""

    runtime_docker.Docker(call).container("../images/json?x")
    assert paths == ["/containers/..%2Fimages%2Fjson%3Fx/json"]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, "/var/run/docker.sock"), ({"DOCKER_HOST": "unix:///run/user/1/docker.sock"}, "/run/user/1/docker.sock")],
)
def test_the_socket_is_that_of_the_command_line(environment: dict[str, str], expected: str) -> None:
    assert runtime_docker.socket_of(environment) == expected
    with pytest.raises(UpliftError, match="on the machine of the daemon"):
        runtime_docker.socket_of({"DOCKER_HOST": "tcp://198.18.0.1:2375"})


def test_both_streams_of_a_log() -> None:
    framed = b"\x01\0\0\0\0\0\0\x04one\n\x02\0\0\0\0\0\0\x04two\n"
    assert runtime_docker.unframed(framed) == "one\ntwo\n"
    assert runtime_docker.unframed(b"plain, of a terminal\n") == "plain, of a terminal\n"
