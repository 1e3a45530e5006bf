# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dump has left out is set again: on what real servers listed before and after their dumps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import amend, rest
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.parse import pachctl as parse

from tests.unit import pachyderm_replay as replay
from tests.unit.plugins.module_utils._pachyderm.test_pachyderm_outputs import pipelines

LOST = ("standby", "datum_tries", "scheduling_spec", "pod_spec", "pod_patch", "spout")
# What `extract pipeline` of captures leaves out next to these.
_OWN = ("version", "created_at", "state", "stopped", "reason", "spec_commit")


@dataclass
class Server:
    """After the restore: lists what real ones list, and takes updates as they do (update_pipeline_stdin)."""

    release: str
    case: str
    stopped: bool = True
    takes: Sequence[str] = LOST
    untold: Sequence[str] = ()
    says: Answer | None = None
    files: list[str] = field(default_factory=lambda: ["/time"])
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for row in parse.stream(replay.answer(self.release, self.case).out):
            more = {"stopped": True, "state": "PIPELINE_PAUSED"} if self.stopped else {}
            self.rows[row["pipeline"]["name"]] = {**row, **more}

    def run(self, argv: Sequence[str], stdin: str = "", **_how: Any) -> Answer:
        words = " ".join(argv[list(argv).index("/bin/pachctl") + 1 :]).replace(" --no-metrics", "")
        self.asked.append(words)
        if words.startswith("version"):
            return Answer(tuple(argv), 0, f"{self.release}\n", "")
        verb, _space, rest_ = words.partition(" ")
        return replace(Answer(tuple(argv), 0, "", ""), **self.answer(f"{verb.replace('-', ' ')} {rest_}", stdin))

    def answer(self, words: str, stdin: str) -> dict[str, Any]:
        if words.startswith("list pipeline"):
            return {"out": "".join(map(json.dumps, self.rows.values()))}
        if words.startswith("extract pipeline"):
            row = self.rows[words.split()[-1]]
            if words.split()[-1] in self.untold:
                return {"rc": 1, "err": "no such pipeline"}
            return {"out": json.dumps({key: value for key, value in row.items() if key not in (*_OWN, *LOST)})}
        if words == "update pipeline -f -":
            return self.update(json.loads(stdin))
        if words.startswith("list repo"):
            return {"out": '{"repo": {"name": "clock_tick"}}'}
        if words.startswith("list branch"):
            return {"out": '{"branch": {"repo": {"name": "clock_tick"}, "name": "master"}, "head": {"id": "t2"}}'}
        if words.startswith("list file"):
            return {"out": "".join(json.dumps({"file": {"path": one}, "fileType": "FILE"}) for one in self.files)}
        if words.startswith("delete file"):
            self.files.clear()
            return {}
        raise AssertionError(f"nobody has captured an answer to {words!r}")

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.says:
            return {"rc": self.says.rc, "err": self.says.err}
        name = request["pipeline"]["name"]
        taken = {key: value for key, value in request.items() if key not in LOST or key in self.takes}
        self.rows[name] = {**self.rows[name], **taken}
        return {"out": replay.answer(self.release, "update_pipeline_stdin").out}


def inventory(tmp_path: Path, release: str, case: str) -> str:
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps({"version": release, "pipelines": pipelines(release, case)}), encoding="utf-8")
    return str(path)


def run(server: Server, tmp_path: Path, before: str, check: bool = False, **more: Any) -> dict[str, Any]:
    params = {
        "before": before,
        "dest": str(tmp_path / "kept" / "settings.json"),
        "cron_again": False,
        "timeout": 1,
        **more,
    }
    clock = rest.Clock(now=iter(range(99)).__next__, sleep=float)
    return amend.run(replay.pachctl(server, tmp_path / "home"), params, Progress(), check, clock)


def updates(server: Server) -> int:
    return sum("update" in words for words in server.asked)


@pytest.mark.parametrize(
    ("old", "new", "case", "said"),
    [
        ("1.7.14", "1.8.8", "settings_list_pipeline_raw_from_1_7_14", {"tuned": 3, "podded": 1}),
        ("1.8.8", "1.9.0", "settings_list_pipeline_raw_from_1_8_8", {"tuned": 4, "podded": 1, "spouty": 1}),
    ],
)
def test_what_a_dump_has_left_out_is_set_again_and_only_once(
    old: str, new: str, case: str, said: dict[str, int], tmp_path: Path
) -> None:
    """trap P38"""
    before = inventory(tmp_path, old, "settings_list_pipeline_raw")
    server = Server(new, case)
    told = run(server, tmp_path, before, check=True)
    assert told["changed"] and not updates(server) and not (tmp_path / "kept").exists()
    done = run(server, tmp_path, before)
    assert (
        {row["pipeline"]: len(row["settings"]) for row in done["amended"]}
        == said
        == {row["pipeline"]: len(row["settings"]) for row in told["amended"]}
    )
    assert (done["changed"], done["refused"], done["ticking"]) == (True, [], [])
    expected = {row["name"]: row["spec"] for row in pipelines(old, "settings_list_pipeline_raw")}
    for name in said:
        assert all(server.rows[name][key] == value for key, value in expected[name].items() if key in LOST)
        assert server.rows[name]["stopped"] and server.rows[name]["salt"]
    kept = json.loads((tmp_path / "kept" / "settings.json").read_text(encoding="utf-8"))
    (evidence,) = done["evidence"]
    assert set(kept) == set(said) and evidence["slot"] == "settings" and evidence["kind"] == "file"
    again = run(server, tmp_path, before)
    assert (again["changed"], again["amended"]) == (False, []) and updates(server) == len(said)
    assert again["evidence"][0]["sha256"] == evidence["sha256"]


def test_a_run_that_goes_on_sets_what_is_left(tmp_path: Path) -> None:
    before = inventory(tmp_path, "1.8.8", "settings_list_pipeline_raw")
    server = Server("1.9.0", "settings_list_pipeline_raw_from_1_8_8")
    server.rows["podded"]["pod_spec"] = '{"hostname": "worker"}'
    done = run(server, tmp_path, before)
    assert [row["pipeline"] for row in done["amended"]] == ["spouty", "tuned"]


def test_none_that_runs_is_updated(tmp_path: Path) -> None:
    """An update begins to work at once."""
    server = Server("1.9.0", "settings_list_pipeline_raw_from_1_8_8", stopped=False)
    with pytest.raises(UpliftError, match="podded, spouty, tuned are not stopped"):
        run(server, tmp_path, inventory(tmp_path, "1.8.8", "settings_list_pipeline_raw"))
    assert not updates(server)


def test_what_a_release_does_not_take_is_told_with_its_words(tmp_path: Path) -> None:
    before = inventory(tmp_path, "1.8.8", "settings_list_pipeline_raw")
    server = Server("1.9.0", "settings_list_pipeline_raw_from_1_8_8", takes=LOST[:-1])
    assert run(server, tmp_path, before)["refused"] == [
        {"pipeline": "spouty", "settings": ["spout"], "said": "nothing"}
    ]
    said = 'malformed pipeline spec: unknown field "nosuch" in pps.CreatePipelineRequest'  # 1.9.12
    server = Server("1.9.0", "settings_list_pipeline_raw_from_1_8_8", says=Answer((), 1, "", said))
    done = run(server, tmp_path, before)
    assert [row["said"] for row in done["refused"]] == [said] * 3 and done["amended"] == []


def test_a_pipeline_that_does_not_tell_what_made_it_is_refused_and_the_others_are_set(tmp_path: Path) -> None:
    """Clients are shut out by now: it may be accepted like what a release does not take."""
    before = inventory(tmp_path, "1.8.8", "settings_list_pipeline_raw")
    server = Server("1.9.0", "settings_list_pipeline_raw_from_1_8_8", untold=["podded"])
    done = run(server, tmp_path, before)
    assert [row["pipeline"] for row in done["amended"]] == ["spouty", "tuned"] and updates(server) == 2
    (row,) = done["refused"]
    assert (row["pipeline"], row["settings"]) == ("podded", ["pod_spec"]) and "no such pipeline" in row["said"]


def test_where_the_dump_leaves_nothing_out_nothing_is_set(tmp_path: Path) -> None:
    before = inventory(tmp_path, "1.8.8", "settings_list_pipeline_raw")
    content = json.loads(Path(before).read_text(encoding="utf-8"))
    for version in ("1.9.12", "1.8.7"):  # a dump that has all of it; none between
        Path(before).write_text(json.dumps({**content, "version": version}), encoding="utf-8")
        server = Server("1.8.8", "settings_list_pipeline_raw_from_1_7_14")
        if version == "1.8.7":
            assert not run(server, tmp_path, before)["changed"] and not updates(server)
    assert amend.amended({"a": 1, "spec_commit": {}}, {"b": 2}) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("new", "listed", "deletes"),
    [
        ("1.8.8", "cron_list_pipeline_raw", "delete-file clock_tick master /time"),  # cron_delete_file_time
        ("1.9.0", "list_pipeline_raw", "delete file clock_tick@master:/time"),
    ],
)
def test_cron_inputs_of_1_7_tick_again_where_that_is_wanted(
    new: str, listed: str, deletes: str, tmp_path: Path
) -> None:
    """trap P39"""
    before = inventory(tmp_path, "1.7.14", "cron_list_pipeline_raw")
    server = Server(new, listed)
    assert run(server, tmp_path, before)["ticking"] == [] and server.files, "nobody has allowed it"
    assert run(server, tmp_path, before, check=True, cron_again=True)["ticking"] == ["clock_tick"] and server.files
    assert run(server, tmp_path, before, cron_again=True)["ticking"] == ["clock_tick"]
    assert deletes in server.asked
    again = run(server, tmp_path, before, cron_again=True)
    assert (again["changed"], again["ticking"]) == (False, [])
    assert (
        " ".join(replay.kept("1.8.8", "cron_delete_file_time")["argv"][1:-1]) == "delete-file clock_tick master /time"
    )


def test_ticks_that_are_named_by_their_time_stay(tmp_path: Path) -> None:
    server = Server("1.9.0", "list_pipeline_raw")
    done = run(server, tmp_path, inventory(tmp_path, "1.8.8", "cron_list_pipeline_raw"), cron_again=True)
    assert done["ticking"] == [] and not any("delete" in words for words in server.asked)
