# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dump of a cluster in use is tried before anybody is shut out: what stops, what only is said, what is left."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm import dump, extract, rehearsal, restore
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.trial import Refused, Trial

from tests.unit import pachyderm_replay as replay
from tests.unit.pachyderm_player import Player, listings, row, text

DUMP = replay.dump("1.9.12", "extract_no_objects")
DONE = {"tried": True, "why": "", "counts": {"repos": 3, "commits": 6, "pipelines": 1}, "seconds": 4.2}
OPEN = text(row(commit={"repo": {"name": "data"}, "id": "abc"}))


class World:
    """An old cluster that answers from a script, and a trial whose end the test says."""

    def __init__(self, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dump, self.tried, self.cause = here / "kept" / "x.dump.rehearsal", 0, ""
        contents = dump.read(io.BytesIO(DUMP))
        off = text("", rc=1, err="the auth service is not activated\n")
        self.old = Player(
            here, "1.9.12", **listings(contents), **{"extract --no-objects": text(DUMP), "auth whoami": off}
        )
        self.params: dict[str, Any] = {
            **{"dump": str(self.dump), "form": "", "source": "1.9.12", "target": "1.13.4", "new_pachctl": "/new"},
            **{"stall_timeout": 20.0, "expected": True, "platform": "systemd", "etcd": "sh", "id": "one"},
        }
        monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")

        def tried(trial: Trial) -> dict[str, Any]:
            return self.end(trial)

        monkeypatch.setattr(Trial, "tried", tried)

    def end(self, trial: Trial) -> dict[str, Any]:
        self.tried += 1
        assert trial.params["pachctl"] == "/new", "the old client restores nothing"
        # What the trial itself asks of a dump before it sends it.
        assert restore.examined(trial.params["src"], Progress()).repos == ["data", "edges", "lookup"]
        assert extract.manifest(trial.params["src"])["form"] == "kept"
        assert os.stat(self.dump).st_mode & 0o777 == 0o600
        if self.cause:
            raise Refused("to be said at rest", self.cause)
        return dict(DONE)

    def play(self, check: bool = False) -> dict[str, Any]:
        return rehearsal.run(self.old.client(), self.params, Progress(), check)

    def nothing_is_left(self) -> bool:
        return not self.dump.parent.exists() or not os.listdir(self.dump.parent)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_what_the_new_release_takes_is_told_and_nothing_is_left(world: World) -> None:
    found = world.play()
    assert found["rehearsed"] and found["counts"]["commits"] == 6 and found["seconds"] == 4.2 and not found["changed"]
    assert world.nothing_is_left()


def test_what_it_does_not_take_stops_before_anybody_is_shut_out(world: World) -> None:
    world.cause = "pachctl said: branch name v1.0 is invalid."
    with pytest.raises(UpliftError) as caught:
        world.play()
    said = str(caught.value)
    assert "1.13.4 does not take a dump of the cluster as it is: pachctl said: branch name v1.0 is invalid." in said
    assert "Nothing was changed, and clients are served" in said and "pachyderm_rehearse: false" in said
    assert world.nothing_is_left()


@pytest.mark.parametrize("when", ["before", "after"])
def test_with_open_commits_a_refusal_is_said_and_stops_nothing(
    world: World, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.cause = "pachctl said: parent commit has not been finished."
    if when == "before":
        world.old.write(**{"list commit data --raw": OPEN})
    else:
        ends = world.end

        def opened(trial: Trial) -> dict[str, Any]:
            world.old.write(**{"list commit data --raw": OPEN})
            return ends(trial)

        monkeypatch.setattr(world, "end", opened)
    found = world.play()
    assert not found["rehearsed"] and "has not been finished. 1 commits were open meanwhile (data@abc)" in found["why"]
    assert "tried again once clients are shut out" in found["why"] and world.nothing_is_left()


def test_with_open_commits_a_dump_that_is_taken_is_taken(world: World) -> None:
    world.old.write(**{"list commit data --raw": OPEN})
    assert world.play()["rehearsed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"expected": False}, "pachyderm_try_restore is false"),
        ({"platform": "kubernetes"}, "on Kubernetes"),
        ({"source": "1.9.0"}, "a dump of 1.9.0 without objects"),
    ],
)
def test_where_it_cannot_be_tried_nothing_is_dumped(world: World, change: dict[str, Any], said: str) -> None:
    world.params.update(change)
    found = world.play()
    assert not found["rehearsed"] and said in found["why"]
    assert not any(words.startswith("extract") for words in world.old.asked()) and not world.tried


def test_while_pipelines_run_a_dump_of_an_old_release_says_nothing(world: World) -> None:  # trap P27
    script = {"list-pipeline --raw": text(replay.answer("1.8.7", "list_pipeline_raw").out), "auth whoami": text("")}
    world.old = Player(world.old.home, "1.8.8", **script)
    world.params.update(source="1.8.8", target="1.9.0", form="full")
    why = world.play()["why"]
    assert "while pipelines run (edges) leaves their output out" in why and not world.tried


def test_check_mode_dumps_nothing(world: World) -> None:
    assert world.play(check=True)["why"] == "" and not world.tried and world.nothing_is_left()


def test_with_authentication_whose_tokens_a_dump_holds_nothing_is_tried(world: World) -> None:
    world.old = Player(world.old.home, "1.11.9", **{"auth whoami": text(json.dumps({"username": "github:ann"}))})
    assert "authentication is on" in world.play()["why"] and not world.tried


@pytest.mark.parametrize("broken", [text(DUMP[:700]), text(DUMP, rc=1, err="transport is closing\n")])
def test_a_dump_that_is_cut_stops_as_one(world: World, broken: dict[str, Any]) -> None:
    world.old.write(**{"extract --no-objects": broken})
    with pytest.raises(UpliftError, match=r"while clients work: .* Nothing was changed.*pachyderm_rehearse: false"):
        world.play()
    assert not world.tried and world.nothing_is_left()


def test_a_dump_that_says_of_itself_that_it_cannot_be_tried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    untried = {"tried": False, "why": "authentication is on", "counts": {}}
    monkeypatch.setattr(world, "end", lambda trial: untried)
    found = world.play()
    assert not found["rehearsed"] and found["why"] == "authentication is on" and found["seconds"] == 0.0


def test_a_provenance_that_no_restore_takes_is_refused_by_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = dump.read

    def clashing(*args: Any) -> dump.Contents:
        found = read(*args)
        found.clashes = ["edges@1 of data@master"]
        return found

    monkeypatch.setattr(extract.dumps, "read", clashing)
    with pytest.raises(UpliftError, match="edges@1 of data@master"):
        world.play()
    assert not world.tried and world.nothing_is_left()


def test_no_room_is_said_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract.files, "free_bytes", lambda path: 1000)
    with pytest.raises(UpliftError, match="make free space"):
        world.play()
    assert not any(words.startswith("extract") for words in world.old.asked())
