# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The new release serves a copy of the metadata: alone, under a secret of its own, and with what the inventory has."""

from __future__ import annotations

import getpass
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import compare, rehearsal, scratch, trial
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage

from tests.unit.replay import ONE, Replay, garage

BUCKETS = [{"id": "a" * 64, "global_aliases": ["photos"]}, {"id": "b" * 64, "global_aliases": []}]
KEYS = [{"id": "GK1", "name": "anna"}, {"id": "GK2", "name": "bob"}]
PROBE = {"id": "c" * 64, "global_aliases": ["uplift-20261121t031500z-garage-2.5.0-probe"]}


class Host:
    """Of a scratch daemon: what is done to it, in order."""

    name, program, reached, stays = "uplift-scratch-garage.service", "/staged/garage", True, True

    def __init__(self, wrong: str = "") -> None:
        self.wrong, self.done, self.config, self.lay = wrong, [], {}, set()
        self.answers = Replay(ONE)

    def account(self) -> str:
        return getpass.getuser()

    def start(self, directory: str, config_file: str) -> None:
        self.done.append("start")
        self.config = tomllib.loads(Path(config_file).read_text(encoding="utf-8"))
        self.lay = {path.name for path in Path(directory).iterdir()}
        if self.wrong == "start":
            raise CliError("systemd-run is not there.")

    def runner(self) -> Any:
        assert "start" in self.done, "there is no container yet to run anything in"
        return self.answers

    once = runner

    def alive(self) -> bool:
        return self.wrong != "ends"

    def said(self) -> str:
        return "thread main panicked: cannot read the layout"

    def stop(self) -> None:
        self.done.append("stop")

    def remove(self) -> None:
        self.done.append("remove")


def served(
    monkeypatch: pytest.MonkeyPatch,
    copy: Path,
    host: Host,
    *,
    lost: tuple[str, ...] = (),
    strange: str = "",
    **more: Any,
) -> dict[str, Any]:
    for name in ("node_key", "cluster_layout", "peer_list", "data_layout"):
        (copy / name).write_text("x")
    rows = [SimpleNamespace(**row) for row in (*BUCKETS, {"id": "d" * 16}) if row["id"] not in lost]
    keys = [SimpleNamespace(**row) for row in KEYS if row["id"] not in lost]

    def status(*_words: str) -> Answer:
        if host.wrong == "ends":
            raise CliError("Connection refused")
        return Answer(("garage",), 0, "", "")

    monkeypatch.setattr(trial, "host", lambda *_asked: host)
    monkeypatch.setattr(Garage, "node_id", lambda _own: None)
    monkeypatch.setattr(Garage, "call", lambda _own, *words: status(*words))
    monkeypatch.setattr(Garage, "layout", lambda _own: None)
    monkeypatch.setattr(
        Garage, "buckets", lambda _own: SimpleNamespace(rows=rows, unparsed=[strange] if strange else [])
    )
    monkeypatch.setattr(Garage, "keys", lambda _own: SimpleNamespace(rows=keys, unparsed=[]))
    params = {
        "unit": "garage.service", "engine": "lmdb", "start_timeout": 0.0, "metadata_dir": str(copy),
        "replication_factor": "3", "replication_mode": "", "before": {"buckets": [*BUCKETS, PROBE], "keys": KEYS},
    }  # fmt: skip
    return rehearsal.run(garage(Replay(ONE)), str(copy), {**params, **more}, Progress())


def test_it_serves_alone_and_can_reach_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host = Host()
    result = served(monkeypatch, tmp_path, host)
    assert (result["rehearsed"], result["missing"], result["served"]) == (True, [], {"buckets": 3, "keys": 2})
    assert host.done == ["remove", "start", "stop", "remove"]
    assert {"node_key", "cluster_layout"} <= host.lay and not host.lay & {"peer_list", "data_layout"}, "it knows others"
    config = host.config
    assert config["metadata_dir"] == str(tmp_path) and Path(config["data_dir"]).parent == tmp_path
    assert not list(Path(config["data_dir"]).iterdir()) and config["bootstrap_peers"] == []
    listens = [config["rpc_bind_addr"], *(config[part][name] for part, name in LISTENS)]
    assert all(address.startswith("127.0.0.1:") for address in listens) and len(set(listens)) == 4
    assert not {"consul_discovery", "kubernetes_discovery"} & set(config) and config["replication_factor"] == 3
    again = Host()
    (tmp_path / "uplift-data").rmdir()
    served(monkeypatch, tmp_path, again, replication_factor="", replication_mode="3")
    assert again.config["rpc_secret"] != config["rpc_secret"] and again.config["replication_mode"] == "3-dangerous"


LISTENS = (("s3_api", "api_bind_addr"), ("s3_web", "bind_addr"), ("admin", "api_bind_addr"))


def test_a_bucket_or_a_key_that_it_lacks_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = served(monkeypatch, tmp_path, Host(), lost=("b" * 64, "GK1"))["missing"]
    assert [row["key"] for row in found] == ["key_gone", "bucket_gone"] and "GK1 (anna) is gone" in found[0]["sentence"]


@pytest.mark.parametrize(
    ("wrong", "strange", "words"),
    [
        (
            "ends",
            "",
            "does not serve a copy of this node's metadata: it ended: .* cannot read the layout.* Nothing was",
        ),
        ("", "a new line", "It said 'a new line', which is not known here"),
    ],
)
def test_what_it_refuses_stops_before_the_switch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str, strange: str, words: str
) -> None:
    host = Host(wrong)
    with pytest.raises(UpliftError, match=words):
        served(monkeypatch, tmp_path, host, strange=strange)
    assert host.done[-1] == "remove", "its daemon runs on"


def test_where_no_daemon_can_be_started_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host = Host("start")
    result = served(monkeypatch, tmp_path, host)
    assert not result["rehearsed"] and "could be started on a copy: systemd-run is not there." in result["why"]
    assert host.done == ["remove", "start", "remove"]
    assert not rehearsal.unwanted()["rehearsed"]


@pytest.mark.parametrize(("dynamic", "more"), [(False, ()), (True, ("CapabilityBoundingSet=",))])
def test_where_the_service_has_no_account_that_lasts_it_runs_as_a_root_without_power(dynamic: bool, more: Any) -> None:
    node = garage(Replay(ONE))
    node.user, node.dynamic = "garage", dynamic
    host = rehearsal._host(node, "garage.service")
    assert isinstance(host, scratch.OnHost)
    assert (host.user, host.more) == ("garage" if not more else "root", more)


@pytest.mark.parametrize(
    ("factor", "mode", "lines"),
    [
        ("3", "", ["replication_factor = 3", 'consistency_mode = "dangerous"']),
        ("1", "", ["replication_factor = 1", 'consistency_mode = "dangerous"']),
        ("", "3", ['replication_mode = "3-dangerous"']),
        ("", "3-degraded", ['replication_mode = "3-dangerous"']),
        ("", "2-dangerous", ['replication_mode = "2-dangerous"']),
        ("", "none", ['replication_mode = "none"']),
        ("", "1", ['replication_mode = "1"']),
    ],
)
def test_it_answers_without_the_others_and_keeps_the_layout(factor: str, mode: str, lines: list[str]) -> None:
    """Seen on 2.5.0: with the quorum of three copies it lists no bucket alone."""
    assert rehearsal.copies(factor, mode).splitlines() == lines


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        ({"buckets": [{"id": "a" * 16}, {"id": "b" * 64}], "keys": KEYS}, []),
        ({"buckets": [{"id": "a" * 16}], "keys": KEYS}, ["bucket_gone"]),
        ({"buckets": [], "keys": []}, ["key_gone", "key_gone", "bucket_gone", "bucket_gone"]),
    ],
)
def test_lists_are_held_against_the_inventory(lists: dict[str, Any], found: list[str]) -> None:
    before = {"buckets": [*BUCKETS, PROBE], "keys": KEYS}
    assert [row["key"] for row in compare.listed(before, lists)] == found
    assert compare.listed({}, lists) == []
