# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words, versions and settings of Pachyderm on a lab host, and what the judge calls a difference."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.lab import pachyderm, pachyderm_release, paths, release
from tests.lab import pachyderm_fill as fill
from tests.lab import pachyderm_forms as forms
from tests.lab import pachyderm_manifest as manifest
from tests.lab.proc import LabError

ROOT = Path(__file__).resolve().parents[3]
CAPTURES = Path(__file__).parents[1] / "fixtures" / "pachyderm"


def out(version: str, case: str) -> str:
    return str(yaml.safe_load((CAPTURES / version / f"{case}.yml").read_text())["stdout"])


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.8.8", ["list-commit", "data", "--raw", "--no-metrics"]),
        ("1.9.0", ["list", "commit", "data", "--raw"]),
        ("1.13.4", ["list", "commit", "data", "--raw"]),
    ],
)
def test_words(version: str, expected: list[str]) -> None:
    assert forms.words(version, "list", "commit", "data", "--raw") == expected


def test_places() -> None:
    assert forms.place("1.8.8", "data", "master", "/a") == ["data", "master", "/a"]
    assert forms.place("1.13.4", "data", "master", "/a") == ["data@master:/a"]


def test_what_is_emulated() -> None:
    assert [forms.emulated(version) for version in ("1.4.8", "1.9.0", "1.9.12", "1.13.4")] == [True, True, False, False]


def test_a_tag_that_calls_itself_otherwise() -> None:
    """trap P18."""
    assert [forms.calls_itself(version) for version in ("1.11.0", "1.11.9", "1.13.4")] == ["1.11.0", "1.12.0", "1.13.4"]


def test_the_second_server_shares_no_port_and_no_directory() -> None:
    first, second = (dict(line.split("=") for line in forms.environment(beside).split()) for beside in (False, True))
    own = [name for name in first if name.endswith("PORT") or "ROOT" in name]
    assert not [name for name in own if first[name] == second[name]]


def test_raw_is_one_object_after_another() -> None:
    """trap P13."""
    assert [one["name"] for one in forms.objects('{"name": "a"}{"name": "b"}\n')] == ["a", "b"]
    assert list(forms.objects("")) == []


def test_only_modules_at_hand_are_built(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="in no registry"):
        pachyderm_release.build("1.10.5", tmp_path)


def test_the_emulator_carries_its_release(tmp_path: Path) -> None:
    pachyderm_release.build("1.7.14", tmp_path)
    assert pachyderm_release.says(tmp_path / "bin" / "pachctl", "1.7.14") == "1.7.14"
    assert release.emulated(tmp_path / "bin" / "pachctl")


def test_what_another_checkout_has_left_in_place_of_an_emulator_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of another form says nothing to this one; a maker's program stays."""
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    old = paths.made(tmp_path / "pachyderm" / "1.7.14" / "bin") / "pachctl"
    old.write_text("#!/usr/bin/python3\nprint('1.7.14')\n")
    assert release.get("pachyderm", "1.7.14") == old
    assert pachyderm_release.says(old, "1.7.14") == "1.7.14"
    old.write_bytes(b"\x7fELF")
    with pytest.raises(LabError, match="says it is nothing"):
        release.get("pachyderm", "1.7.14")


@pytest.fixture
def facts() -> dict[str, Any]:
    """What 1.9.0 was captured saying; edges is the output of a pipeline."""
    each = dict.fromkeys(("edges", "lookup"), ("", ""))
    data = (out("1.8.7", "list_branch_raw"), out("1.9.0", "list_commit_raw"))
    return manifest.facts(out("1.8.7", "list_repo_raw"), out("1.9.0", "list_pipeline_raw"), {**each, "data": data})


def test_the_facts_of_a_capture(facts: dict[str, Any]) -> None:
    data = facts["repos"]["data"]
    assert data["description"] == "raw input" and set(data["branches"]) == {"master", "staging"}
    assert [held["size"] for held in data["commits"].values()] == [300018, 300011, 11, 6]
    assert facts["repos"]["edges"]["output"] and not facts["pipelines"]["edges"]["stopped"]


def test_old_and_new_words_are_one_specification() -> None:
    """trap P33: and `atom` is what `pfs` was called."""
    old, new = (manifest.pipelines(out(version, "list_pipeline_raw")) for version in ("1.7.14", "1.9.0"))
    assert old == new


def change(facts: dict[str, Any], *path: str, to: Any = None) -> dict[str, Any]:
    changed = copy.deepcopy(facts)
    at = changed
    for name in path[:-1]:
        at = at[name]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return changed


def test_differences(facts: dict[str, Any]) -> None:
    commit = next(iter(facts["repos"]["data"]["commits"]))
    held = facts["repos"]["data"]["commits"][commit]
    for changed, words in (
        (change(facts, "repos", "lookup"), "repo lookup is gone"),
        (change(facts, "repos", "data", "description", to="other"), "description was 'raw input'"),
        (change(facts, "repos", "data", "commits", commit), f"commit {commit} is gone"),
        (change(facts, "repos", "data", "commits", commit, to={**held, "size": 1}), f"commit {commit} was"),
        (change(facts, "repos", "data", "branches", "master", to="x"), "head of master was"),
        (change(facts, "repos", "data", "commits", "new", to=held), "new was not there before"),
        (change(facts, "pipelines", "edges", "stopped", to=True), "pipeline edges was running, is stopped"),
        (change(facts, "pipelines", "edges", "spec", "transform", to={}), "transform was"),
    ):
        found = manifest.differences(facts, changed)
        assert len(found) == 1 and words in found[0], found
    assert manifest.differences(facts, json.loads(json.dumps(facts))) == []


def test_output_may_go_on(facts: dict[str, Any]) -> None:
    """trap P34: a started pipeline opens a commit, and the head moves."""
    before = change(facts, "repos", "edges", "branches", to={"master": "old"})
    later = change(before, "repos", "edges", "branches", to={"master": "new"})
    assert manifest.differences(before, later) == []


@pytest.mark.parametrize(
    ("who", "made"), [("hand", ["/result.txt"]), ("worker", ["/a.txt", "/dir/b.txt"]), ("nobody", [])]
)
def test_the_judge_knows_what_a_pipeline_put_out(who: str, made: list[str]) -> None:
    """A worker copies what it reads; where none runs, the lab puts one file there; from 1.8 on no dump carries it."""
    expected = [fill.Load("data", "master", "", {"/a.txt": 6, "/dir/b.txt": 5})]
    seen = {
        "repos": {
            "data": {"output": False, "branches": {"master": "c1"}},
            "edges": {"output": True, "branches": {"master": "c2"}},
        }
    }
    found = fill.noted(expected, seen, who)
    assert [one["path"] for one in found if one["repo"] == "edges"] == made
    assert {one["commit"] for one in found if one["repo"] == "edges"} == ({"c2"} if made else set())
    digests = {one["path"]: one["sha256"] for one in found if one["repo"] == "data"}
    assert all(one["sha256"] == digests[one["path"]] for one in found if one["path"] in digests)


def test_what_no_dump_carries_is_missed_only_where_the_metadata_stayed(facts: dict[str, Any]) -> None:
    """traps P36, P38: the output is computed anew, and the settings are gone, once a dump was restored."""
    odd = {"series": [1, 8], "anew": ["edges"], "lost": {"edges": ["standby", "datum_tries"]}}
    before = change(facts, "pipelines", "edges", "spec", to={"standby": True, "datum_tries": "5", "cache_size": "64M"})
    after = change(facts, "pipelines", "edges", "spec", to={"datum_tries": "3", "cache_size": "64M"})
    after = change(after, "repos", "edges", "commits", to={"new": {"parent": "", "size": 0, "finished": False}})
    assert manifest.differences(manifest.expected(before, odd, (1, 9)), after) == []
    assert len(manifest.differences(manifest.expected(before, odd, (1, 8)), after)) >= 2


def test_the_second_cluster_is_where_the_role_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen: units of another name than the role's, found only when the scenario was played."""
    role = yaml.safe_load((ROOT / "roles/pachyderm/defaults/main.yml").read_text(encoding="utf-8"))
    written: dict[str, str] = {}
    monkeypatch.setattr(pachyderm.release, "program", lambda *_asked: "/program")
    monkeypatch.setattr(pachyderm.hosts, "put", lambda *_asked: None)
    monkeypatch.setattr(pachyderm.hosts, "must", lambda _host, files, **_more: written.update(files))
    pachyderm.install(None, "1.11.9")  # type: ignore[arg-type]
    server = written[f"/etc/systemd/system/{role['pachyderm_parallel_unit']}"]
    store = written[f"/etc/systemd/system/{role['pachyderm_parallel_etcd_unit']}"]
    assert f"ExecStart={role['pachyderm_parallel_pachd']} " in server
    settings = " ".join(line.partition("=")[2] for line in store.splitlines() if line.startswith("Environment="))
    assert all("=" in word for word in settings.split()), "a value with a space in it is cut there"
    name = next(word for word in settings.split() if word.startswith("ETCD_NAME=")).partition("=")[2]
    assert f"ETCD_INITIAL_CLUSTER={name}=" in settings
