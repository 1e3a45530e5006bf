# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring is tried aside before anything is torn down: where it can be, with what, and that nothing is left of it."""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import pwd
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import version
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.clock import Clock
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import scratch_server
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import trial as effects
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import trial_rules as trial
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.restore import NotRestored

ID = "20261121T031500Z-pachyderm-1.13.4"


@pytest.mark.parametrize(
    ("source", "target", "full", "more", "said"),
    [
        ("1.9.12", "1.13.4", False, {}, ""),
        ("1.9.12", "1.13.4", True, {}, ""),
        ("1.12.0", "1.13.4", False, {}, ""),
        ("1.7.14", "1.8.8", True, {}, ""),
        # Objects would have to be read from the cluster's own store
        ("1.8.8", "1.9.12", False, {}, "a dump of 1.8.8 without objects"),
        ("1.7.14", "1.8.8", False, {}, "a dump of 1.7.14 without objects"),
        ("1.9.0", "1.13.4", False, {}, "nothing is let write there beforehand"),
        # The port of etcd is a fixed one: that of the cluster
        ("1.6.10", "1.7.14", True, {}, "port 2379 alone"),
        ("1.7.14", "1.8.6", True, {}, "port 2379 alone"),
        ("1.9.12", "1.13.4", False, {"on": False}, "pachyderm_try_restore is false"),
        ("1.9.12", "1.13.4", False, {"platform": "kubernetes"}, "on Kubernetes"),
        ("1.9.12", "1.13.4", False, {"auth": True}, "authentication is on"),
        ("1.9.12", "1.13.4", False, {"missing": ["etcd"]}, "no program etcd at the node"),
    ],
)
def test_where_restoring_is_tried(source: str, target: str, full: bool, more: dict[str, Any], said: str) -> None:
    asked = trial.Asked(version.parse(source), version.parse(target), full, **more)
    sentence = trial.untried(asked)
    assert said in sentence and bool(said) == sentence.startswith(
        f"Restoring is not tried beforehand ({source} -> {target})"
    )


INFO: dict[str, Any] = {"version": "1.9.12", "auth": "off", "repos": [{"name": "data", "size": 1000}]}
SEEN: dict[str, Any] = {
    "on": True,
    "platform": "systemd",
    "objects": "",
    "strategy": "",
    "programs": {"etcd": "/usr/bin/etcd", "systemd-run": "/usr/bin/systemd-run"},
    "memory": trial.MEMORY,
}
NEED, FULL = 500, trial.METADATA + 1000


@pytest.mark.parametrize(
    ("info", "targets", "seen", "free", "keys", "said"),
    [
        ({}, ["1.13.4"], {}, NEED + trial.METADATA, [], ""),
        ({}, ["1.13.4"], {}, NEED + trial.METADATA - 1, ["no_trial_space"], f"and {trial.METADATA} more"),
        # What holds the objects is restored with them
        ({}, ["1.13.4"], {"objects": "full"}, NEED + FULL - 1, ["no_trial_space"], f"{FULL} more"),
        ({}, ["1.13.4"], {"objects": "full"}, NEED + FULL, [], ""),
        # That there is no room even for the dump is said by another
        ({}, ["1.13.4"], {}, NEED - 1, [], ""),
        ({}, ["1.13.4"], {}, None, [], ""),
        ({}, ["1.13.4"], {"memory": trial.MEMORY - 1}, 10**12, ["no_trial_memory"], str(trial.MEMORY)),
        ({}, ["1.13.4"], {"memory": None}, 10**12, [], ""),
        ({}, ["1.13.4"], {"memory": ""}, 10**12, [], ""),
        # Where it is not tried, nothing is wanted for it
        ({}, ["1.13.4"], {"on": False, "memory": 1}, NEED, ["restore_untried"], "pachyderm_try_restore is false"),
        ({}, ["1.13.4"], {"platform": "kubernetes"}, 10**12, ["restore_untried"], "on Kubernetes"),
        ({"auth": "on", "version": "1.12.0"}, ["1.13.4"], {}, 10**12, ["restore_untried"], "authentication is on"),
        ({"auth": "on"}, ["1.13.4"], {}, 10**12, [], ""),  # a dump of 1.9.12 holds no token
        ({}, ["1.13.4"], {"programs": {"etcd": None}}, 10**12, ["restore_untried"], "no program etcd"),
        # Each hop by a dump is told, and each goes from where the one before has ended
        (
            {"version": "1.7.3"}, ["1.7.14", "1.8.8", "1.9.12", "1.13.4"], {}, 10**12, ["restore_untried"],
            "(1.8.8 -> 1.9.12): a dump of 1.8.8 without",
        ),
        # No dump, or nothing that is torn down before the restore
        ({"version": "1.4.8"}, ["1.5.0"], {"platform": "kubernetes"}, 10**12, [], ""),
        ({}, ["1.9.13"], {"on": False}, 10**12, [], ""),
        ({}, ["1.13.4"], {"strategy": "side_by_side", "on": False}, 10**12, [], ""),
        ({"version": None}, ["1.13.4"], {"on": False}, 10**12, [], ""),
    ],
)  # fmt: skip
def test_the_plan_says_what_it_takes_or_why_not(
    info: dict[str, Any], targets: list[str], seen: dict[str, Any], free: int | None, keys: list[str], said: str
) -> None:
    found = list(trial.of_trial({**INFO, **info}, targets, {**SEEN, **seen}, free, NEED))
    assert [one.key for one in found] == keys
    text = " ".join(f"{one.saw} {one.expected} {one.do}" for one in found)
    assert said in text and all(one.stops == (one.key != "restore_untried") for one in found)
    assert ("Restoring is not tried" in text) == (keys == ["restore_untried"])


def test_nothing_is_said_of_it_where_nobody_asks() -> None:
    assert list(trial.of_trial(INFO, ["1.13.4"], {}, 0, 0)) == []


PORTS = dict(zip(scratch_server.PORTS, range(41000, 41009), strict=True))
TRIED = scratch_server.ident(ID, "70")
ASIDE = scratch_server.ScratchServer(
    TRIED, "/b/trial", "pach", PORTS, ["/srv/store", "/var/lib/etcd"], ["198.18.3.11"], 600.0
)


def settings(argv: Sequence[str]) -> dict[str, str]:
    return dict(word[len("--setenv=") :].split("=", 1) for word in argv if word.startswith("--setenv="))


def properties(argv: Sequence[str]) -> list[str]:
    return [word[len("--property=") :] for word in argv if word.startswith("--property=")]


@pytest.mark.parametrize("argv", [ASIDE.etcd("/usr/bin/etcd"), ASIDE.pachd("/opt/pachd-1.13.4")])
def test_the_servers_aside_see_nothing_of_the_cluster_and_end_by_themselves(argv: list[str]) -> None:
    seen = properties(argv)
    for expected in (
        "User=pach",
        "RuntimeMaxSec=600",
        "ProtectSystem=strict",
        "InaccessiblePaths=-/srv/store",
        "InaccessiblePaths=-/var/lib/etcd",
        "InaccessiblePaths=-/pachd-tls-cert",  # else a cluster with TLS has a trial that nobody reaches
        "IPAddressDeny=any",
        "IPAddressAllow=198.18.3.11",
        "OOMScoreAdjust=1000",
        f"BindPaths=/b/trial:/run/uplift-trial-{TRIED}",
    ):
        assert expected in seen, expected
    assert argv[0] == "systemd-run" and "--collect" in argv and f"--unit=uplift-trial-{TRIED}-" in " ".join(argv)


def test_what_they_are_told_is_all_their_own() -> None:
    etcd, pachd = settings(ASIDE.etcd("/usr/bin/etcd")), settings(ASIDE.pachd("/opt/pachd-1.13.4"))
    assert etcd["ETCD_LISTEN_CLIENT_URLS"] == f"http://127.0.0.1:{pachd['ETCD_SERVICE_PORT']}" != "2379"
    assert pachd["ETCD_SERVICE_HOST"] == "127.0.0.1" and pachd["STORAGE_BACKEND"] == "LOCAL"
    assert {pachd["PACH_ROOT"], etcd["ETCD_DATA_DIR"]} == {
        f"{scratch_server.place(TRIED)}/{name}" for name in ("store", "etcd")
    }
    # No pod is ever made of a pipeline that was restored there: TCP refuses to go to a broadcast address.
    assert pachd["KUBERNETES_PORT_443_TCP_ADDR"] == "255.255.255.255" and "KUBERNETES_SERVICE_HOST" not in pachd
    ports = [value for name, value in pachd.items() if name.endswith("PORT")]
    assert len(set(ports)) == len(ports) and "30650" not in ports


def test_names_are_those_of_systemd() -> None:
    ident = scratch_server.ident("a b/c", "71")
    assert (
        scratch_server.unit(ident, "etcd") == "uplift-trial-a_b_c-71-etcd.service"
        and scratch_server.place(ident).count("/") == 2
    )
    assert scratch_server.ident_of(scratch_server.unit(ident, "etcd")) == ident


def test_what_is_needed_is_not_hidden() -> None:
    hidden = ["/var/lib", "/srv/store", "store", "/var/back"]
    assert scratch_server.outside(hidden, ["/var/lib/uplift/trial", "/usr/bin/etcd"]) == ["/srv/store", "/var/back"]


TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 198.18.3.0/24 2 0 2
        |-- 198.18.3.0
           /24 link UNICAST
        |-- 198.18.3.11
           /32 host LOCAL
        |-- 198.18.3.255
           /32 link BROADCAST
Local:
        |-- 198.18.3.11
           /32 host LOCAL
"""


def test_the_nodes_own_addresses() -> None:
    assert scratch_server.local_addresses(TRIE) == ["198.18.3.11"]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("2026 INFO a\npanic: runtime error: makeslice\n\ngoroutine 1", "panic: runtime error: makeslice"),
        ("fatal error: out of memory\n", "fatal error: out of memory"),
        ("2026 ERROR do not panic: it is well\n", ""),
    ],
)
def test_why_a_server_has_ended(log: str, said: str) -> None:
    assert scratch_server.panic(log) == said


# The effects, with a systemd that is only a list of what it was asked


class Systemd:
    """units: what is active. dies: a part that ends right after its start."""

    def __init__(self, dies: str = "", refuses: str = "") -> None:
        self.units: set[str] = set()
        self.asked: list[list[str]] = []
        self.dies, self.refuses = dies, refuses

    def run(self, argv: Sequence[str], **how: Any) -> Answer:
        words = list(argv)
        self.asked.append(words)
        if words[0] == "systemd-run":
            name = next(word.partition("=")[2] for word in words if word.startswith("--unit="))
            if self.refuses and self.refuses in name:
                return Answer(tuple(words), 1, "", "Job failed. See journalctl.")
            if not (self.dies and self.dies in name):
                self.units.add(name)
        elif words[1] == "stop":
            self.units -= set(words)
        elif words[1] == "list-units":
            return Answer(tuple(words), 0, "\n".join(f"{name} loaded" for name in self.units if fits(name, words)), "")
        elif words[1] == "is-active":
            return Answer(tuple(words), 0, "active" if words[-1] in self.units else "inactive", "")
        return Answer(tuple(words), 0, "", "")


def fits(name: str, words: Sequence[str]) -> bool:
    return fnmatch.fnmatch(name, words[-1])


MANIFEST: dict[str, Any] = {
    "form": "kept",
    "contents": {
        "bytes": 9,
        "sha256": "5" * 64,
        "has_auth": False,
        "repos": ["a"],
        "commits": {"a": 2},
        "pipelines": [],
    },
}


class World:
    """One trial with nothing real in it but its directory."""

    def __init__(self, here: Path, monkeypatch: pytest.MonkeyPatch, **known: Any) -> None:
        self.here, self.systemd, self.seconds = here, Systemd(), 0.0
        self.known = {**MANIFEST, **known, "contents": {**MANIFEST["contents"], **known.get("contents", {})}}
        self.restored: Callable[[], Any] = lambda: self.known["contents"]
        self.params: dict[str, Any] = {
            "state": "tried",
            "id": ID,
            "directory": str(here / "trial"),
            "src": str(here / "x.dump"),
            "source": "1.9.12",
            "target": "1.13.4",
            "pachd": "/opt/pachd-1.13.4",
            "pachctl": "/opt/pachctl-1.13.4",
            "etcd": "sh",
            "user": pwd.getpwuid(os.getuid()).pw_name,
            "expected": True,
            "platform": "systemd",
            "hidden": [],
            "timeout": 600.0,
            "start_timeout": 5.0,
            "call_timeout": 1.0,
            "stall_timeout": 1.0,
        }
        (here / "x.dump.manifest.json").write_text(json.dumps(self.known), encoding="utf-8")
        monkeypatch.setattr(trial, "SYSTEMD_RUN", "sh")
        monkeypatch.setattr(effects.port, "state", lambda host, port: "open")
        monkeypatch.setattr(effects, "connected", self._connected)
        monkeypatch.setattr(effects.restore, "run", lambda *args: {"contents": self.restored()})
        monkeypatch.setattr(effects.files, "demand_space", lambda *args: None)
        self.said: Callable[[], Any] = lambda: version.parse("1.13.4")

    @contextlib.contextmanager
    def _connected(self, runner: Any, params: Any) -> Iterator[Any]:
        assert params["addresses"][0].startswith("127.0.0.1:") and params["token"] == ""
        yield type("Client", (), {"server": lambda _self: self.said()})()

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def play(self) -> dict[str, Any]:
        clock = Clock(lambda: self.seconds, self.sleep)
        return effects.Trial(self.systemd, self.params, Progress(), clock).tried()

    def nothing_is_left(self) -> bool:
        return not self.systemd.units and not list(self.here.glob("trial*"))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_restore_that_works_leaves_its_evidence_and_nothing_else(world: World) -> None:
    found = world.play()
    assert found["tried"] and found["counts"] == {"repos": 1, "commits": 2, "pipelines": 0}
    assert found["evidence"] == [
        {"slot": "trial", "kind": "file", "path": world.params["src"], "size": 9, "sha256": "5" * 64}
    ]
    assert [words[0] for words in world.systemd.asked].count("systemd-run") == 2
    assert world.nothing_is_left()


def test_a_restore_that_fails_says_what_pachctl_said_and_leaves_nothing(world: World) -> None:
    def fails() -> Any:
        (directory,) = world.here.glob("trial-*")
        (directory / "pachd.log").write_text("panic: nil pointer\n", encoding="utf-8")
        raise NotRestored("The restore failed: pachctl ended with 1 and said: transport is closing.")

    world.restored = fails
    with pytest.raises(UpliftError) as caught:
        world.play()
    said = str(caught.value)
    assert "1.13.4 does not take the dump" in said and "transport is closing. Its log has: panic: nil pointer" in said
    assert "Nothing was torn down" in said and "pachyderm_try_restore: false" in said
    assert "begin again with fresh metadata" not in said, "that is what to do after a real restore"
    assert world.nothing_is_left()


def test_a_trial_over_its_limit_says_the_limit(world: World) -> None:
    def fails() -> Any:
        world.seconds += 601
        raise NotRestored("The restore failed: transport is closing.")

    world.restored = fails
    with pytest.raises(UpliftError, match=r"it was not done in 600 s \(pachyderm_trial_timeout\)"):
        world.play()
    assert world.nothing_is_left()


def nobody() -> str:
    raise UpliftError("nobody there")


@pytest.mark.parametrize(
    ("systemd", "said"),
    [
        (Systemd(refuses="etcd"), "Starting a scratch etcd failed"),
        (Systemd(refuses="pachd"), "Starting a scratch pachd failed"),
        (Systemd(dies="pachd"), "pachd ended; its log ends with: nothing"),
    ],
)
def test_no_server_aside(world: World, systemd: Systemd, said: str) -> None:
    world.systemd = systemd
    if systemd.dies:
        world.said = nobody
    with pytest.raises(UpliftError) as caught:
        world.play()
    assert said in str(caught.value) and "there was no scratch server of 1.13.4" in str(caught.value)
    assert "pachyderm_try_restore: false" in str(caught.value) and world.nothing_is_left()


def test_a_server_that_does_not_answer_in_time(world: World) -> None:
    world.said = nobody
    with pytest.raises(UpliftError, match="has not answered in 5 s"):
        world.play()
    assert world.nothing_is_left()


def test_another_release_than_was_staged(world: World) -> None:
    world.said = lambda: version.parse("1.9.12")
    with pytest.raises(UpliftError, match=r"calls itself 1\.9\.12; expected 1\.13\.4"):
        world.play()


@pytest.mark.parametrize(("known", "params"), [({}, {"expected": False}), ({"contents": {"has_auth": True}}, {})])
def test_where_it_is_not_tried_nothing_is_started(
    known: dict[str, Any], params: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, monkeypatch, **known)
    world.params.update(params)
    found = world.play()
    assert not found["tried"] and found["why"].startswith("Restoring is not tried") and found["evidence"] == []
    assert world.systemd.asked == []


def test_a_dump_that_nobody_has_counted(world: World) -> None:
    (world.here / "x.dump.manifest.json").unlink()
    with pytest.raises(UpliftError, match="no manifest next to the dump"):
        world.play()


def test_what_a_killed_one_has_left_is_taken_away_first_and_by_recover(world: World) -> None:
    others, left = "uplift-trial-other-1-pachd.service", scratch_server.ident(ID, "71")
    world.systemd.units = {scratch_server.unit(left, "etcd"), scratch_server.unit(left, "pachd"), others}
    (world.here / "trial-71" / "store").mkdir(parents=True)
    done = effects.run(world.systemd, {**world.params, "state": "absent"}, Progress(), False)
    assert done["changed"] and world.systemd.units == {others} and not list(world.here.glob("trial*"))
    again = effects.run(world.systemd, {**world.params, "state": "absent"}, Progress(), False)
    assert not again["changed"]
    world.systemd.units = {scratch_server.unit(left, "pachd")}
    world.systemd.asked.clear()
    world.play()
    order = [words[1] if words[0] == "systemctl" else words[0] for words in world.systemd.asked]
    assert order.index("stop") < order.index("systemd-run")


def test_a_run_that_died_and_still_works_takes_nothing_of_the_next_away(world: World) -> None:
    """The module goes on at the node when the run is gone. Its end comes while the next one tries."""
    mine = scratch_server.unit(scratch_server.ident(ID, "71"), "pachd")

    def fails() -> Any:
        world.systemd.units.add(mine)
        (world.here / "trial-71").mkdir()
        raise NotRestored("The restore failed: transport is closing.")

    world.restored = fails
    with pytest.raises(UpliftError):
        world.play()
    assert world.systemd.units == {mine} and [one.name for one in world.here.glob("trial*")] == ["trial-71"]


def test_check_mode_does_nothing(world: World) -> None:
    assert not effects.run(world.systemd, world.params, Progress(), True)["tried"] and not world.systemd.asked


def test_ports_that_nobody_listens_at_are_all_different() -> None:
    found = effects.port.free_ports(9)
    assert len(set(found)) == 9 and all(0 < port < 65536 for port in found)
