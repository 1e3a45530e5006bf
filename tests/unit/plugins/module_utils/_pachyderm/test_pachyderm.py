# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pachctl is asked: by release, with a configuration of its own, and never for long."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dial, info, inventory, rest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import pachctl as pachyderm

from tests.unit import pachyderm_replay as replay


@pytest.fixture(name="port")
def _port() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def at(*ports: int) -> dial.Dial:
    return dial.of({"addresses": [f"127.0.0.1:{one}" for one in ports], "token": ""})


def test_a_refused_connection_costs_no_time(port: int) -> None:
    """trap P12: pachctl itself waits half a minute, and ten seconds more for its metrics."""
    began = time.monotonic()
    assert dial.reachable(at(closed_port(), port)).text == f"127.0.0.1:{port}"
    with pytest.raises(dial.Unreachable, match="refused"):
        dial.reachable(at(closed_port()))
    with pytest.raises(dial.Unreachable, match="none was given"):
        dial.reachable(at())
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("release", ["1.7.14", "1.8.7", "1.9.0", "1.9.12", "1.11.9", "1.13.4"])
def test_every_call_has_a_configuration_of_its_own(release: str, tmp_path: Path) -> None:
    """trap P11: no context that remembers another cluster; trap P12: no metrics; trap P32: no first call."""
    runner = replay.Replay(release, {"list-repo --raw": "list_repo_raw", "list repo --raw": "list_repo_raw"})
    client = replay.pachctl(runner, tmp_path)
    old = release in ("1.7.14", "1.8.7", "1.9.0")
    argv = client.argv("repos", "--raw")
    assert argv[:5] == ["env", "-u", "PACH_CONTEXT", "-u", "PACHD_ADDRESS"]
    assert ("PACHD_ADDRESS=127.0.0.1:30650" in argv) == old and "PAGER=cat" in argv
    assert ("--no-metrics" in argv) == (release in ("1.7.14", "1.8.7"))
    written = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert written["user_id"] and (written.get("v2") or written)["metrics"] is False
    assert "cluster" not in json.dumps(written)
    assert os.stat(tmp_path / "config.json").st_mode & 0o777 == 0o600


def test_the_token_is_in_the_file_alone(tmp_path: Path) -> None:
    runner = replay.Replay("1.13.4", {"version": "version"})
    client = replay.pachctl(runner, tmp_path)
    client.token = "geheim"
    client.server()
    assert "geheim" not in json.dumps([call["argv"] for call in runner.calls]) and "geheim" not in repr(client)
    assert "geheim" in (tmp_path / "config.json").read_text(encoding="utf-8")


def test_the_oldest_releases_say_their_version_beside_the_servers(tmp_path: Path) -> None:
    class Old(replay.Replay):
        def run(self, argv: Any, **how: Any) -> Answer:
            client_only = "--client-only" in argv
            return replay.answer("1.4.8", "version_client_only" if client_only else "version")

    assert replay.pachctl(Old("1.4.8"), tmp_path).version() == Version(1, 4, 8)


@pytest.mark.parametrize(("release", "case"), [("1.9.12", "auth_whoami"), ("1.13.4", "auth_whoami")])
def test_auth(release: str, case: str, tmp_path: Path) -> None:
    assert replay.pachctl(replay.Replay(release, {"auth whoami": case}), tmp_path).auth() == "off"
    no = Answer(("pachctl",), 1, "", "no authentication token (try logging in)")
    assert replay.pachctl(replay.Replay(release, {"auth whoami": no}), tmp_path).auth() == "closed"


def test_another_cluster_is_refused(tmp_path: Path) -> None:
    """trap P11"""
    client = replay.pachctl(replay.Replay("1.13.4", {"inspect cluster": "inspect_cluster"}), tmp_path)
    mine = replay.answer("1.13.4", "inspect_cluster").out.strip()
    pachyderm.demand_cluster(client, mine)
    pachyderm.demand_cluster(client, "")
    with pytest.raises(UpliftError, match=f"is the cluster {mine}; expected 0123"):
        pachyderm.demand_cluster(client, "0123")


@pytest.mark.parametrize(
    ("said", "expected", "release"),
    [("1.12.0", "1.11.9", "1.11.9"), ("1.12.0", "1.13.4", "1.12.0"), ("1.12.0", "", "1.12.0")],
)
def test_a_release_in_the_operators_words(said: str, expected: str, release: str) -> None:
    """trap P18"""
    assert str(info.named(Version(*map(int, said.split("."))), expected)) == release


@pytest.mark.parametrize(
    ("program", "release"),
    [
        ("/b/pachctl-1.11.9", "1.11.9"),
        ("/b/pachctl-1.12.0", "1.12.0"),
        ("/b/pachctl-1.13.4", "1.12.0"),
        ("/b/pachctl", "1.12.0"),
    ],
)
def test_a_release_by_the_name_of_its_program(program: str, release: str) -> None:
    """trap P18: what goes back has to find the file that it came from."""
    assert str(info.named(Version(1, 12, 0), "1.13.4", program)) == release


def test_what_is_closed_is_seen_though_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed with its ports closed and then abandoned: no record says it, the node does."""
    monkeypatch.setattr(info.systemd, "PERSISTENT", str(tmp_path))
    held = [{"kind": "unit", "name": "pachd.service", "operation": "op1", "since": ""}]
    units = ["pachd.service", "etcd.service"]
    assert info.closed(units, []) == []
    assert info.closed(units, held) == [{"thing": "service", "what": "unit pachd.service", "operation": "op1"}]
    (tmp_path / "pachd.service.d").mkdir()
    (tmp_path / "pachd.service.d" / "zz-uplift-quiet.conf").touch()
    (row,) = info.closed(units, [])
    assert row["thing"] == "ports" and "zz-uplift-quiet.conf" in row["what"]


class Clock(rest.Clock):
    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__(now=lambda: self.seconds, sleep=self.pass_)

    def pass_(self, seconds: float) -> None:
        self.seconds += seconds


RUNS, PAUSED = "list_pipeline_raw", "list_pipeline_stopped_raw"


def at_rest(release: str, tmp_path: Path, pipelines: list[Any], **script: Any) -> tuple[rest.Rest, replay.Replay]:
    runner = replay.Replay(release, {"list pipeline --raw": pipelines, **script})
    return rest.Rest(replay.pachctl(runner, tmp_path), 20, clock=Clock()), runner


@pytest.mark.parametrize("release", ["1.9.12", "1.11.9", "1.13.4"])
def test_stop_waits_for_the_pause(release: str, tmp_path: Path) -> None:
    """trap P14: the command is through at once, and exits 0 whatever comes of it."""
    said = {"stop pipeline edges": "stop_pipeline"}
    wait, runner = at_rest(release, tmp_path, [RUNS, RUNS, RUNS, PAUSED], **said)
    assert wait.stopped([], False) == {"changed": True, "stopped": ["edges"], "ran": ["edges"], "left": []}
    assert runner.asked.count("list pipeline --raw") == 4
    stuck, _runner = at_rest(release, tmp_path, [RUNS], **said)
    with pytest.raises(UpliftError, match="not everything is stopped: pipeline edges is running"):
        stuck.stopped([], False)


def test_what_is_stopped_is_left_alone(tmp_path: Path) -> None:
    wait, runner = at_rest("1.13.4", tmp_path, [PAUSED])
    assert wait.stopped([], False) == {"changed": False, "stopped": [], "ran": [], "left": []}
    assert set(runner.asked) == {"version --client-only", "list pipeline --raw"}


@pytest.mark.parametrize("release", ["1.9.12", "1.11.9", "1.13.4"])
def test_only_what_ran_is_started_and_only_once(release: str, tmp_path: Path) -> None:
    """trap P34: each start opens one more output commit."""
    said = {"start pipeline edges": Answer(("pachctl",), 0, "", "")}
    wait, runner = at_rest(release, tmp_path, [PAUSED, PAUSED, RUNS], **said)
    assert wait.started(["edges"], False) == {"changed": True, "started": ["edges"]}
    assert wait.started(["edges"], False) == {"changed": False, "started": []}
    assert wait.started([], False) == {"changed": False, "started": []}
    assert runner.asked.count("start pipeline edges") == 1


def test_an_unknown_pipeline_is_named(tmp_path: Path) -> None:
    wait, _runner = at_rest("1.13.4", tmp_path, [PAUSED])
    with pytest.raises(UpliftError, match="There is no pipeline montage; there are edges"):
        wait.started(["montage"], False)


@pytest.mark.parametrize("release", ["1.9.12", "1.11.9", "1.13.4"])
def test_a_deleted_pipeline_is_passed_over_and_told(release: str, tmp_path: Path) -> None:
    """Its owner deleted it between two runs: the others are started, and it is told."""
    said = {"start pipeline edges": Answer(("pachctl",), 0, "", "")}
    wait, runner = at_rest(release, tmp_path, [PAUSED, RUNS], **said)
    params = {"state": "started", "names": ["montage", "edges"], "timeout": 20, "skip_missing": True}
    found = rest.run(wait.pachctl, params, Progress(), False)
    assert found["started"] == ["edges"] and found["missing"] == ["montage"]
    assert "start pipeline montage" not in runner.asked


NONE_LEFT = Answer(("pachctl",), 0, "", "")


@pytest.mark.parametrize("release", ["1.9.12", "1.13.4"])
@pytest.mark.parametrize(
    ("left", "skip", "error"),
    [
        (NONE_LEFT, True, ""),
        (NONE_LEFT, False, "Starting the pipeline edges failed"),
        (PAUSED, True, "Starting the pipeline edges failed"),  # it is there: the failure is its own
    ],
)
def test_one_that_is_deleted_in_the_last_moment(
    release: str, left: Any, skip: bool, error: str, tmp_path: Path
) -> None:
    no = {"start pipeline edges": "start_pipeline_unknown"}
    wait, _runner = at_rest(release, tmp_path, [PAUSED, left], **no)
    params = {"state": "started", "names": ["edges"], "timeout": 20, "skip_missing": skip}
    if error:
        with pytest.raises(UpliftError, match=error):
            rest.run(wait.pachctl, params, Progress(), False)
    else:
        found = rest.run(wait.pachctl, params, Progress(), False)
        assert found["started"] == [] and not found["changed"] and found["missing"] == ["edges"]


def test_check_mode_asks_and_tells(tmp_path: Path) -> None:
    wait, runner = at_rest("1.13.4", tmp_path, [RUNS])
    assert wait.stopped([], True)["stopped"] == ["edges"]
    assert not any("stop" in words for words in runner.asked)


def test_drained_names_what_is_open_and_ends(tmp_path: Path) -> None:
    """trap P24: nothing that blocks for ever is asked; trap P05"""
    busy = Answer(("pachctl",), 0, "", "")
    script = {
        "list job --raw --state starting --state running --state merging --state egressing": busy,
        "list repo --raw": Answer(("pachctl",), 0, '{"repo": {"name": "edges"}}', ""),
        "list commit edges --raw": Answer(("pachctl",), 0, replay.answer("1.11.9", "list_commit_open_raw").out, ""),
    }
    runner = replay.Replay("1.13.4", script)
    wait = rest.Rest(replay.pachctl(runner, tmp_path), 5, clock=Clock())
    with pytest.raises(UpliftError, match="commit edges@[0-9a-f]{32} is open"):
        wait.drained()
    assert not any("flush" in words for words in runner.asked)


def test_a_missing_object_is_told_with_its_branch(tmp_path: Path) -> None:
    """trap P04"""
    script = {"list file data@head:/ --raw": replay.answer("1.11.9", "list_file_missing_object")}
    client = replay.pachctl(replay.Replay("1.11.9", script), tmp_path)
    (row,) = inventory._reads(client, [{"repo": "data", "name": "master", "head": "head"}], 1000, Progress())
    assert "objectInfoGetter" in row["error"] and not row["sha256"]
    assert inventory.unreadable({"reads": [row]})[0].startswith("data@master: ")
