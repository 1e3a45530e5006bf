# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""extract and restore against a pachctl that plays captured answers: a program, since streams go through pipes."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import Version
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import (
    dump,
    extract,
    info,
    rest,
    restore,
    transfer,
)

from tests.unit import pachyderm_replay as replay
from tests.unit.pachyderm_player import Player, listings, row, text


@pytest.fixture(autouse=True)
def _ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """The player lists other ids than the dump has; that they are compared is seen elsewhere, on real ones."""
    monkeypatch.setattr(dump.Ids, "__str__", lambda self: "")


PARAMS: dict[str, Any] = {"url": "", "target": "1.13.4", "form": "", "parallel": False, "stall_timeout": 20.0}


def extracting(tmp_path: Path, release: str, written: dict[str, Any], **params: Any) -> tuple[Player, dict[str, Any]]:
    contents = dump.read(open_dump(replay.dump(release, "extract_no_objects")))
    player = Player(tmp_path, release, **listings(contents), **{"extract --no-objects": written})
    return player, {**PARAMS, "dest": str(tmp_path / "kept" / "x.dump"), **params}


def open_dump(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


@pytest.mark.parametrize("release", replay.REAL)
def test_a_whole_dump_is_kept_and_not_written_again(release: str, tmp_path: Path) -> None:
    data = replay.dump(release, "extract_no_objects")
    player, params = extracting(tmp_path, release, text(data))
    done = extract.run(player.client(), params, Progress(), False)
    assert done["changed"] and Path(params["dest"]).read_bytes() == data
    assert os.stat(params["dest"]).st_mode & 0o777 == 0o600 and os.stat(tmp_path / "kept").st_mode & 0o777 == 0o700
    assert done["evidence"][0]["sha256"] == done["contents"]["sha256"]
    assert not extract.run(player.client(), params, Progress(), False)["changed"]
    assert player.asked().count("extract --no-objects") == 1
    assert extract.manifest(params["dest"])["cluster"] == "b03c829d"


@pytest.mark.parametrize("change", ["cluster", "head", "spec", "file"])
def test_a_dump_of_another_state_is_never_taken_for_this_one_and_is_kept(change: str, tmp_path: Path) -> None:
    """The same numbers are not the same cluster: a head that moved back, a spec, another cluster at the address."""
    data = replay.dump("1.9.12", "extract_no_objects")
    player, params = extracting(tmp_path, "1.9.12", text(data))
    first = extract.run(player.client(), params, Progress(), False)
    assert first["changed"] and first["kept"] == ""
    if change == "cluster":
        player.write(**{"inspect cluster": text("0123\n")})
    elif change == "head":
        branch = {"branch": {"repo": {"name": "lookup"}, "name": "b0"}, "head": {"id": "0"}}
        contents = dump.read(open_dump(data))
        rows = [json.loads(one) for one in lines(listings(contents)["list branch lookup --raw"])]
        player.write(**{"list branch lookup --raw": text("".join(map(json.dumps, [*rows[1:], branch])))})
    elif change == "spec":
        spec = row(pipeline={"name": "edges"}, state="PIPELINE_PAUSED", stopped=True, datum_tries="3")
        player.write(**{"list pipeline --raw": text(spec)})
    else:
        Path(params["dest"]).write_bytes(data + b"x")
    again = extract.run(player.client(), params, Progress(), False)
    assert again["changed"] and Path(params["dest"]).read_bytes() == data
    kept = Path(again["kept"])
    assert kept.parent == tmp_path / "kept" and kept.read_bytes() == data + (b"x" if change == "file" else b"")
    assert extract.manifest(str(kept))["contents"] == first["contents"]
    assert os.stat(kept).st_mode & 0o777 == 0o600


def lines(said: dict[str, Any]) -> list[str]:
    return base64.b64decode(said["out"]).decode().replace("}{", "}\n{").splitlines()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (text(b""), "empty"),  # trap P01
        (text(replay.dump("1.9.12", "extract_no_objects")[:700]), "ends in the middle"),  # trap P07
        (text(replay.answer("1.9.12", "extract_extra_argument").out), "expected 0 arguments"),  # trap P08
        (text(replay.dump("1.9.12")), "has objects; expected metadata alone"),  # trap P09
        (
            text(replay.dump("1.9.12", "extract_no_objects")[:900], rc=1, err="transport is closing\n"),
            "ended with 1 and said: transport is closing",
        ),
    ],
)
def test_what_is_not_whole_is_never_found_under_its_name(written: Any, said: str, tmp_path: Path) -> None:
    player, params = extracting(tmp_path, "1.9.12", written)
    with pytest.raises(UpliftError, match=said):
        extract.run(player.client(), params, Progress(), False)
    assert os.listdir(tmp_path / "kept") == []


def test_a_dump_of_less_than_the_cluster_is_thrown_away(tmp_path: Path) -> None:
    """trap P02"""
    player, params = extracting(tmp_path, "1.9.12", text(replay.dump("1.9.12", "extract_no_objects")))
    more = [
        {"repo": {"name": "data"}},
        {"repo": {"name": "edges"}},
        {"repo": {"name": "lookup"}},
        {"repo": {"name": "z"}},
    ]
    player.write(
        **{
            "list repo --raw": text("".join(map(json.dumps, more))),
            "list branch z --raw": text(""),
            "list commit z --raw": text(""),
        }
    )
    with pytest.raises(UpliftError, match="lacks the repos z"):
        extract.run(player.client(), params, Progress(), False)
    assert os.listdir(tmp_path / "kept") == []


def test_open_commits_are_refused_with_their_names(tmp_path: Path) -> None:
    """trap P05, trap P28"""
    player, params = extracting(tmp_path, "1.9.12", text(b""))
    player.write(**{"list commit data --raw": text(row(commit={"repo": {"name": "data"}, "id": "abc"}))})
    with pytest.raises(UpliftError, match="1 commits are not finished \\(data@abc\\)"):
        extract.run(player.client(), params, Progress(), False)
    assert "extract --no-objects" not in player.asked() and not (tmp_path / "kept").exists()


def test_running_pipelines_are_refused_where_their_output_would_be_left_out(tmp_path: Path) -> None:
    """trap P27: dumps up to 1.9.0."""
    script = {
        "list-repo --raw": text(row(repo={"name": "edges"})),
        "list-commit edges --raw": text(""),
        "list-branch edges --raw": text(""),
        "list-pipeline --raw": text(replay.answer("1.8.7", "list_pipeline_raw").out),
    }
    player = Player(tmp_path, "1.8.8", **script)
    params = {**PARAMS, "dest": str(tmp_path / "x"), "target": "1.9.0"}
    with pytest.raises(UpliftError, match="The pipelines edges are not stopped"):
        extract.run(player.client(), params, Progress(), False)


@pytest.mark.parametrize(
    ("release", "change", "said"),
    [
        ("1.8.8", {"target": "1.9.12", "form": "full"}, "mixes up"),  # trap P26
        ("1.9.12", {"url": "s3://b/o", "form": "kept"}, "With url every dump is full"),  # trap P09
        ("1.13.4", {"target": "1.11.9"}, "reads streams up to 1.12"),  # trap P15
        ("1.7.14", {"target": "1.8.0"}, "panics"),  # trap P25
        ("1.6.2", {"target": "1.7.14"}, "has no extract"),  # trap P19
    ],
)
def test_a_dump_that_would_be_of_no_use_is_not_made(
    release: str, change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    player = Player(tmp_path, release)
    with pytest.raises(UpliftError, match=said):
        extract.run(player.client(), {**PARAMS, "dest": str(tmp_path / "x"), **change}, Progress(), False)


def test_no_room_is_said_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    player, params = extracting(tmp_path, "1.9.12", text(b""))
    monkeypatch.setattr(extract.files, "free_bytes", lambda path: 1000)
    with pytest.raises(UpliftError, match="Nothing was changed"):
        extract.run(player.client(), params, Progress(), False)


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    player, params = extracting(tmp_path, "1.9.12", text(b"x" * 4_000_000))
    argv = player.client().argv("extract", "--no-objects")
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        transfer.receive(argv, full, lambda size: None, 10)


def test_a_program_that_says_nothing_is_ended(tmp_path: Path) -> None:
    with open(tmp_path / "out", "wb") as out, pytest.raises(CliError, match="has sent nothing for 0.2 s"):
        transfer.receive(["sleep", "30"], out, lambda size: None, 0.2)


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    player, params = extracting(tmp_path, "1.9.12", text(b""))
    assert extract.run(player.client(), params, Progress(), True)["changed"]
    assert "extract --no-objects" not in player.asked() and not (tmp_path / "kept").exists()


# restore


def restoring(tmp_path: Path, release: str, data: bytes, **said: Any) -> tuple[Player, dict[str, Any]]:
    """An empty cluster, and a dump."""
    (tmp_path / "x.dump").write_bytes(data)
    words = "restore" if release == "1.9.12" else "restore --no-token"
    player = Player(tmp_path, release, **{"list repo --raw": text(""), "list pipeline --raw": text("")})
    player.write(**{words: text("", **said)})
    return player, {
        **dict.fromkeys(("object_store", "token", "sha256", "source_cluster"), ""),
        **{"src": str(tmp_path / "x.dump"), "stall_timeout": 20.0, "second": False},
    }


DUMP = replay.dump("1.9.12", "extract_no_objects")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),  # trap P01
        (DUMP[:1000], "ends in the middle"),  # trap P02
        (replay.answer("1.9.12", "extract_extra_argument").out.encode(), "expected 0 arguments"),  # trap P08
        (replay.dump("1.13.4", "extract_no_objects"), "reads streams up to 1.9"),  # trap P15, trap P35
    ],
)
def test_a_bad_dump_is_refused_before_anything_is_changed(data: bytes, said: str, tmp_path: Path) -> None:
    player, params = restoring(tmp_path, "1.9.12", data)
    with pytest.raises(UpliftError, match=said):
        restore.run(player.client(), params, Progress(), False)
    assert not (tmp_path / "restored").exists()


def test_a_cluster_with_content_is_refused(tmp_path: Path) -> None:
    """trap P03"""
    player, params = restoring(tmp_path, "1.13.4", DUMP)
    player.write(**{"list repo --raw": text(row(repo={"name": "data"}))})
    with pytest.raises(
        UpliftError, match="is not empty: repos data, pipelines none; expected neither. Restore into fresh"
    ):
        restore.run(player.client(), params, Progress(), False)
    with pytest.raises(UpliftError, match="Empty it \\(`pachctl delete all` at that address\\)"):
        restore.run(player.client(), {**params, "second": True}, Progress(), False)
    assert not (tmp_path / "restored").exists()


def test_metadata_without_its_objects_is_refused(tmp_path: Path) -> None:
    """trap P04"""
    player, params = restoring(tmp_path, "1.13.4", DUMP)
    (tmp_path / "store" / "object").mkdir(parents=True)
    with pytest.raises(UpliftError, match="objects that the dump's last commits need are not in"):
        restore.run(player.client(), {**params, "object_store": str(tmp_path / "store")}, Progress(), False)
    for tree in dump.read(open_dump(DUMP)).trees:
        (tmp_path / "store" / "object" / tree).touch()
    assert restore.run(player.client(), {**params, "object_store": str(tmp_path / "store")}, Progress(), True)[
        "changed"
    ]


def test_the_local_store_lies_deeper_before_1_9_12() -> None:
    """trap P22"""
    assert restore.store_of(Version(1, 9, 0), "/pach") == "/pach/pach"
    assert restore.store_of(Version(1, 9, 12), "/pach") == "/pach"
    assert restore.store_of(Version(1, 9, 0), "") == ""


def test_another_dump_than_the_manifest_tells_of_is_refused(tmp_path: Path) -> None:
    player, params = restoring(tmp_path, "1.13.4", DUMP)
    known = {"form": "kept", "contents": {"sha256": "0" * 64}, "expected": {}}
    (tmp_path / "x.dump.manifest.json").write_text(json.dumps(known), encoding="utf-8")
    with pytest.raises(UpliftError, match="is not the dump that its manifest tells of"):
        restore.run(player.client(), params, Progress(), False)


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"sha256": "0" * 64}, "compared with the old cluster before its metadata was renamed has 0000"),
        ({"source_cluster": "0123"}, "is of the cluster b03c829d; expected one of 0123"),
    ],
)
def test_a_dump_of_another_time_or_cluster_is_refused(expected: dict[str, str], said: str, tmp_path: Path) -> None:
    player, params = restoring(tmp_path, "1.13.4", DUMP)
    sha256 = dump.read(open_dump(DUMP)).sha256
    contents = dump.read(open_dump(DUMP))
    counts = {name: getattr(contents, name) for name in ("commits", "branches", "pipelines")}
    known = {"form": "kept", "cluster": "b03c829d", "contents": {"sha256": sha256}, "expected": counts}
    (tmp_path / "x.dump.manifest.json").write_text(json.dumps(known), encoding="utf-8")
    with pytest.raises(UpliftError, match=said):
        restore.run(player.client(), {**params, **expected}, Progress(), False)
    assert not (tmp_path / "restored").exists()
    right = {**params, "sha256": sha256, "source_cluster": "b03c829d"}
    assert restore.run(player.client(), right, Progress(), True)["changed"]


def test_exit_0_and_nothing_there_is_a_failure(tmp_path: Path) -> None:
    """trap P35, trap P02: whatever the reason, what the dump holds has to be there afterwards."""
    player, params = restoring(tmp_path, "1.13.4", DUMP)
    with pytest.raises(UpliftError, match="ended with 0, and what the dump holds is not all there: the repo data"):
        restore.run(player.client(), params, Progress(), False)
    assert (tmp_path / "restored").read_bytes() == DUMP


def test_a_failure_is_told_with_its_cause(tmp_path: Path) -> None:
    cause = replay.answer("1.13.4", "restore_non_empty").err
    player, params = restoring(tmp_path, "1.13.4", DUMP, rc=1, err=cause)
    with pytest.raises(UpliftError, match="error creating branch"):
        restore.run(player.client(), params, Progress(), False)


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    """trap P10"""
    said = replay.answer("1.13.4", "restore_default_token").err.replace("SECRET", "d00dfeed")
    assert "d00dfeed" in said
    player, params = restoring(tmp_path, "1.9.12", DUMP, rc=1, err=said)
    with pytest.raises(UpliftError) as error:
        restore.run(player.client(), params, Progress(), False)
    assert "d00dfeed" not in str(error.value) and "(concealed)" in str(error.value)


def test_no_token_is_asked_for_where_that_can_be_said(tmp_path: Path) -> None:
    """trap P10: 1.11 and later make one, and print it, even with authentication off."""
    player, params = restoring(tmp_path, "1.13.4", DUMP, rc=1)
    with pytest.raises(UpliftError):
        restore.run(player.client(), params, Progress(), False)
    assert "restore --no-token" in player.asked()


def test_a_dump_that_switches_authentication_on_wants_a_token(tmp_path: Path) -> None:
    with pytest.raises(UpliftError, match="Give it as token"):
        restore._demand_own_token({"token": ""})
    restore._demand_own_token({"token": "mine"})


def worked(**script: Any) -> dict[str, Any]:
    """A cluster of 1.8.8 whose worker has run."""
    said = {f"list-{what} edges --raw": text(replay.answer("1.8.8", f"worker_list_{what}_raw").out) for what in HELD}
    pipeline = text(replay.answer("1.8.8", "worker_list_pipeline_raw").out)
    return {"list-repo --raw": text(row(repo={"name": "edges"})), "list-pipeline --raw": pipeline, **said, **script}


HELD = ("commit", "branch")


def test_one_whose_output_no_dump_carries_may_run(tmp_path: Path) -> None:
    """trap P36"""
    player = Player(tmp_path, "1.8.8", **worked())
    assert [row["name"] for row in extract.at_rest(player.client(), Version(1, 8, 8))["pipelines"]] == ["edges"]
    assert rest.Rest(player.client(), 1).kept() == ["edges"]
    left = rest.run(player.client(), {**REST, "for_dump": True}, Progress(), False)
    assert (left["left"], left["stopped"], left["ran"], left["changed"]) == (["edges"], [], ["edges"], False)
    assert "stop-pipeline edges" not in player.asked()


def test_what_a_cluster_tells_of_its_commits(tmp_path: Path) -> None:
    """What the findings rest on: commits without a tree, messages, and how many lead to a head."""
    found: dict[str, Any] = dict(info.EMPTY)
    info._contents(Player(tmp_path, "1.8.8", **worked()).client(), ["repos", "branches", "commits"], found)
    assert found["without_tree"] == ["edges@9dacaed679f74707b953eec487b2138f"]
    assert (found["open_commits"], found["messages"], found["history"]) == ([], 0, {"edges@master": 1})
    assert found["branches"][0]["provenance"] == ["__spec__@edges", "data@master"]


REST = {"state": "stopped", "names": None, "skip_missing": False, "timeout": 1}


def test_a_stopped_one_whose_output_no_dump_carries_is_refused_and_nothing_is_stopped(tmp_path: Path) -> None:
    """trap P37"""
    stopped = replay.answer("1.8.8", "worker_list_pipeline_raw").out.replace('"version"', '"stopped": true, "version"')
    player = Player(tmp_path, "1.8.8", **worked(**{"list-pipeline --raw": text(stopped)}))
    with pytest.raises(UpliftError, match="stopped pipelines edges cannot be carried .* Nothing was written"):
        extract.at_rest(player.client(), Version(1, 8, 8))
    with pytest.raises(UpliftError, match="No pipeline was stopped"):
        rest.run(player.client(), {**REST, "for_dump": True}, Progress(), False)


@pytest.mark.parametrize("release", ["1.7.14", "1.8.8"])
def test_a_cluster_without_repos_has_a_dump_of_nothing(release: str, tmp_path: Path) -> None:
    """trap P42: bare_extract_no_objects of both is 0 bytes, exit 0."""
    listed = ("list-repo --raw", "list-pipeline --raw", "inspect-cluster")
    empty = {words: text("") for words in listed}
    captured = replay.answer(release, "bare_extract_no_objects")
    player = Player(tmp_path, release, **empty, **{"extract --no-objects": text(captured.out, rc=captured.rc)})
    params = {
        **PARAMS,
        "target": "1.8.8" if release == "1.7.14" else "1.9.0",
        "form": "kept",
        "dest": str(tmp_path / "kept" / "x.dump"),
    }
    done = extract.run(player.client(), params, Progress(), False)
    assert done["changed"] and done["contents"]["bytes"] == 0 and done["contents"]["repos"] == []
    assert restore.examined(params["dest"], Progress()).bytes == 0
    # Of a cluster that has a repo it is a dump that ends too early.
    player.write(
        **{
            "list-repo --raw": text('{"repo": {"name": "data"}}'),
            "list-commit data --raw": text(""),
            "list-branch data --raw": text(""),
        }
    )
    with pytest.raises(UpliftError, match="empty|lacks"):
        extract.run(player.client(), {**params, "dest": str(tmp_path / "other" / "x.dump")}, Progress(), False)


def test_a_dump_without_repos_and_without_a_manifest_is_not_restored(tmp_path: Path) -> None:
    """trap P42: one that is cut behind its objects looks the same."""
    player, params = restoring(tmp_path, "1.8.8", replay.dump("1.8.8", "bare_extract"))
    with pytest.raises(UpliftError, match="no manifest next to it says that there was none"):
        restore.run(player.client(), params, Progress(), False)
