# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Right before anything is thrown away: the cluster, its dump and its inventory are the same, or it stops."""

from __future__ import annotations

import copy
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.files import sha256_of
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import inventory, recount
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.identity import identity

from tests.unit import pachyderm_replay as replay

HELD: dict[str, Any] = {
    "version": "1.9.12",
    "repos": [{"name": "data", "description": "", "size": 11}, {"name": "edges", "description": "", "size": 0}],
    "pipelines": [{"name": "edges", "state": "paused", "stopped": True, "spec": {"datum_tries": "3"}}],
    "commits": [
        {"repo": "data", "id": "d2", "branch": "", "parent": "d1", "size": 11, "finished": True},
        {"repo": "data", "id": "d1", "branch": "", "parent": "", "size": 6, "finished": True},
    ],
    "branches": [{"repo": "data", "name": "master", "head": "d2"}, {"repo": "edges", "name": "master", "head": ""}],
}


def now(**change: Any) -> dict[str, Any]:
    return {**copy.deepcopy(HELD), **change}


def commit(name: str, finished: bool = True) -> dict[str, Any]:
    return {"repo": "data", "id": name, "branch": "", "parent": "d2", "size": 20, "finished": finished}


def test_a_cluster_at_rest_is_the_same() -> None:
    """Another order of the lists, or a pipeline that has come to rest meanwhile, is no difference."""
    assert recount.since(HELD, HELD) == []
    again = now(pipelines=[{**HELD["pipelines"][0], "state": "standby"}], commits=HELD["commits"][::-1])
    assert recount.since(HELD, {**again, "repos": HELD["repos"][::-1]}) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"commits": [*HELD["commits"], commit("d3" * 16)]}, ["1 commits of data came (d3d3d3d3d3d3)"]),
        ({"commits": HELD["commits"][:1]}, ["1 commits of data are gone"]),
        ({"commits": [{**HELD["commits"][0], "finished": False}, HELD["commits"][1]]}, ["The commit data@d2 is open"]),
        ({"branches": [{**HELD["branches"][0], "head": "d1"}, HELD["branches"][1]]},
         ["The branch data@master was at d2 and is at d1"]),
        ({"branches": HELD["branches"][:1]}, ["The branch edges@master is gone"]),
        ({"branches": [*HELD["branches"], {"repo": "data", "name": "new", "head": "d1"}]},
         ["The branch data@new came"]),
        ({"repos": HELD["repos"][:1]}, ["The repo edges is gone"]),
        ({"repos": [*HELD["repos"], {"name": "z", "description": "", "size": 0}]}, ["The repo z came"]),
        ({"pipelines": []}, ["The pipeline edges is gone"]),
        ({"pipelines": [{**HELD["pipelines"][0], "stopped": False}]},
         ["The pipeline edges was stopped and is running"]),
        ({"pipelines": [{**HELD["pipelines"][0], "spec": {}}]}, ["The spec of the pipeline edges has changed"]),
    ],
)  # fmt: skip
def test_whatever_came_since_is_told(change: dict[str, Any], said: list[str]) -> None:
    assert recount.since(HELD, now(**change)) == said


def test_releases_that_list_no_commits_are_told_by_their_sizes() -> None:
    little = {part: HELD[part] for part in ("repos", "pipelines")}
    grown = {**little, "repos": [{**HELD["repos"][0], "size": 12}, HELD["repos"][1]]}
    assert recount.since(little, grown) == ["The repo data was of 11 bytes and is of 12 bytes"]


def test_the_manifest_is_compared_too() -> None:
    """An inventory of another time next to the dump."""
    counted = inventory.tally(HELD)
    assert recount.miscounted(counted, counted) == []
    assert "others" in recount.miscounted({**counted, "ids": "0"}, counted)[0]
    other = {**counted, "branches": 1, "pipelines": [], "commits": {"data": 1, "edges": 0}}
    assert recount.miscounted(other, counted) == [
        "The dump was made of 1 branches, and the cluster has 2",
        "The dump was made of 0 pipelines, and the cluster has 1",
        "The dump was made of 1 commits of data, and the cluster has 2",
    ]


def test_the_sentence_has_the_way_out_and_an_end() -> None:
    assert recount.refusal("/d", []) == ""
    said = recount.refusal("/d", [f"The repo r{number} came" for number in range(12)])
    assert "not what the dump /d was made of: The repo r0 came;" in said and "and 4 more" in said
    assert said.endswith("Nothing was thrown away. Run the same command again: the dump is taken again.")
    assert "pachyderm_rollback" in recount.refusal("/d", ["x"], recount.LATE)


def nothing() -> Any:
    return replay.Answer(("pachctl",), 0, "", "")


def real(release: str, tmp_path: Path, **script: Any) -> tuple[Any, dict[str, Any]]:
    """A real cluster's own answers, its inventory, and a dump that was made of it."""
    names = [row["name"] for row in replay_rows(release)]
    said = {"list repo --raw": "list_repo_raw", "list pipeline --raw": "list_pipeline_stopped_raw"}
    for name in names:
        said[f"list commit {name} --raw"] = said[f"list branch {name} --raw"] = nothing()
    said["list commit data --raw"], said["list branch data --raw"] = "list_commit_raw", "list_branch_raw"
    said["inspect cluster"] = replay.Answer(("pachctl",), 0, "b03c829d\n", "")
    runner = replay.Replay(release, said)
    (tmp_path / "x.dump").write_bytes(b"dump")
    listed = inventory.listings(replay.pachctl(runner, tmp_path))
    (tmp_path / "inventory.json").write_text(json.dumps(listed), encoding="utf-8")
    known = {"cluster": "b03c829d", "contents": {"sha256": sha256_of(str(tmp_path / "x.dump"))}}
    known["expected"] = inventory.tally(listed)  # type: ignore[assignment]
    (tmp_path / "x.dump.manifest.json").write_text(json.dumps(known), encoding="utf-8")
    runner.script = {**said, **script}
    params = {"dump": str(tmp_path / "x.dump"), "inventory": str(tmp_path / "inventory.json"), "tolerant": False}
    return runner, {**params, "late": False, "pachctl": "/bin/pachctl", "token": "", "cluster": "", "call_timeout": 5}


def replay_rows(release: str) -> Any:
    from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse

    return parse.repos(replay.answer(release, "list_repo_raw").out)


@pytest.fixture(name="port")
def _port() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("release", ["1.11.9", "1.13.4"])
def test_a_real_cluster_at_rest_is_let_through(release: str, port: int, tmp_path: Path) -> None:
    runner, params = real(release, tmp_path)
    done = recount.run(runner, {**params, "addresses": [f"127.0.0.1:{port}"]}, Progress())
    assert done["asked"] and done["cluster"] == "b03c829d" and done["counts"]["repos"] == 3
    assert done["sha256"] == sha256_of(params["dump"])


@pytest.mark.parametrize(
    ("script", "break_it", "said"),
    [
        ({"list pipeline --raw": "list_pipeline_raw"}, "", "The pipeline edges was stopped and is running"),
        ({"list commit data --raw": nothing()}, "", "The cluster is not what the dump .* 4 commits of data are gone"),
        ({"inspect cluster": replay.Answer(("pachctl",), 0, "0123\n", "")}, "", "is of the cluster b03c829d; the one"),
        ({}, "x.dump", "has the SHA-256"),
        ({}, "x.dump.manifest.json", "There is no dump with a manifest"),
        ({}, "inventory.json", "is no inventory"),
    ],
)
def test_anything_else_stops(script: dict[str, Any], break_it: str, said: str, port: int, tmp_path: Path) -> None:
    runner, params = real("1.13.4", tmp_path, **script)
    if break_it == "x.dump":
        (tmp_path / break_it).write_bytes(b"dumq")
    elif break_it:
        (tmp_path / break_it).unlink()
    with pytest.raises(UpliftError, match=said):
        recount.run(runner, {**params, "addresses": [f"127.0.0.1:{port}"]}, Progress())


def test_a_server_that_is_down_is_no_answer(tmp_path: Path) -> None:
    """After the stop there is nobody to ask; before it that is a failure."""
    runner, params = real("1.13.4", tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = [f"127.0.0.1:{server.getsockname()[1]}"]
    assert recount.run(runner, {**params, "addresses": free, "tolerant": True}, Progress())["asked"] is False
    with pytest.raises(UpliftError, match="No Pachyderm server takes a connection"):
        recount.run(runner, {**params, "addresses": free}, Progress())


DONE, RUNNING = {"state": "done"}, {"state": "running"}


@pytest.mark.parametrize(
    ("seen", "record", "known"),
    [
        ("new", {}, "new"),
        ("old", {"cluster": "old", "steps": {}}, "old"),
        ("", {"cluster": "old", "steps": {}}, ""),
        # Another cluster at the address, before anything of ours was made anew.
        ("other", {"cluster": "old", "steps": {"0/before/2/quiesce": DONE}}, "other"),
        # It was redeployed, and which id it got is not written down yet: it is unknown.
        ("new", {"cluster": "old", "steps": {"0/together/6/redeploy": RUNNING}}, ""),
        ("new", {"cluster": "old", "steps": {"0/together/6/redeploy": DONE, "0/together/7/restore": RUNNING},
                 "saved": {"cluster-0": "former"}}, ""),
        # It is written down: that one, or a stranger.
        ("new", {"cluster": "old", "steps": {"0/together/6/redeploy": DONE, "0/together/7/restore": DONE},
                 "saved": {"cluster-0": "new"}}, "old"),
        ("other", {"cluster": "old", "steps": {"0/together/6/redeploy": DONE, "0/together/7/restore": DONE},
                   "saved": {"cluster-0": "new"}}, "other"),
        ("newer", {"cluster": "old", "saved": {"cluster-0": "new"}, "steps": {
            "0/together/6/redeploy": DONE, "0/together/7/restore": DONE, "1/together/3/deploy_parallel": RUNNING}}, ""),
        ("old2", {"cluster": "new", "steps": {"0/together/0/recall": DONE}}, ""),
    ],
)  # fmt: skip
def test_a_cluster_goes_by_one_id_in_its_record(seen: str, record: dict[str, Any], known: str) -> None:
    assert identity(seen, record) == known
