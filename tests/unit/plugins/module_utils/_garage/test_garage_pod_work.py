# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Jobs and a pod of ours do to the database of a stopped pod: in order, and with the real mv, cp, find and rm."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._garage import pod_work
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import FINISHED, Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.readable import UNREADABLE
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place as runtime_place
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pod import Pod
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods

NEW = "dxflrs/garage:v1.3.0"
META = "/mnt/meta"
TREES = "".join(
    f"{name}:table: finished importing, {items} items\n"
    for name, items in (("bucket_v2", 2), ("key", 1), ("object", 3), ("version", 0), ("block_ref", 0))
)


class Node(Pods):
    """The Jobs, by what they are asked; what our pod is asked runs here, on a directory in the place of the volume."""

    def __init__(self, volume: Path, said: dict[str, Answer] | None = None, up: bool = False) -> None:
        super().__init__(Here(volume, up), runtime_place.read("kubernetes:shop/pod/garage-0"), "garage", "/garage")
        self.volume, self.said, self.jobs = volume, said or {}, []
        self.seen = {"spec": {"template": {"spec": {"initContainers": [{"image": "busybox"}], "containers": [POD]}}}}
        self.seen["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "meta"}}]

    jobs: list[list[str]]

    def once(self, image: str, words: Sequence[str], *_how: Any) -> Answer:
        if list(words) == ["--version"]:
            return Answer((image,), 0, f"garage {image.rpartition(':v')[2]}\n", "")
        self.jobs.append(list(words))
        if "-o" in words:
            (self.volume / words[words.index("-o") + 1].rpartition("/")[2]).mkdir()
        return next((one for word, one in self.said.items() if word in words), Answer((image,), 0, TREES, ""))


POD = {"name": "garage", "image": "dxflrs/garage:v0.9.4", "volumeMounts": [{"name": "meta", "mountPath": META}]}


class Here:
    """kubectl: there is the pod only where it is `up`, and whatever is made runs."""

    def __init__(self, volume: Path, up: bool) -> None:
        self.volume, self.up = volume, up
        self.inside: list[list[str]] = []

    def run(self, argv: Sequence[str], **_how: Any) -> Answer:
        words = list(argv)
        if "exec" in words:
            inside = [one.replace(META, str(self.volume)) for one in words[words.index("--") + 1 :]]
            self.inside.append(inside)
            done = subprocess.run(inside, check=False, capture_output=True, text=True)
            said = done.stdout.replace(str(self.volume), META)
            return Answer(tuple(argv), done.returncode, said, done.stderr)
        there = "get" not in words or self.up or "garage-0" not in words
        return Answer(tuple(argv), 0, '{"status": {"phase": "Running"}}' if there else "", "")


def garage(node: Node) -> Garage:
    return Garage(
        Pod(node, "/etc/garage.toml"), "/garage", "/etc/garage.toml", next_binary=POD["image"], pod="garage-0"
    )


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    made = tmp_path / "volume"
    (made / "db").mkdir(parents=True)
    (made / "db" / "conf").write_text("sled")
    (made / "node_key").write_text("key")
    return made


def convert(node: Node, **more: Any) -> dict[str, Any]:
    usual = {
        "metadata_dir": META, "source": "sled", "target": "lmdb", "release_binary": NEW, "prove": True,
        "timeout": 60.0, "lmdb_map_size": None, "maintenance_image": "",
    }  # fmt: skip
    return pod_work.convert(garage(node), {**usual, **more}, Progress(None), more.get("check", False))


def test_the_database_is_converted_proved_and_put_in_its_place(volume: Path) -> None:
    """By 0.9.4, since 1.3.0 does not know sled. What bears the name already was made by nobody that counts."""
    (volume / "db.lmdb").mkdir()
    (volume / "db.lmdb" / "data.mdb").write_text("of an accidental start")
    node = Node(volume)
    found = convert(node)
    assert (found["version"], found["items"], found["changed"]) == ("0.9.4", 6, True)
    there, back = node.jobs
    assert there == ["convert-db", "-a", "sled", "-i", f"{META}/db", "-b", "lmdb", "-o", f"{META}/db.lmdb.uplift-part"]
    assert back[:5] == ["convert-db", "-a", "lmdb", "-i", f"{META}/db.lmdb.uplift-part"]
    names = {one.name for one in volume.iterdir()}
    (kept,) = [name for name in names if name.startswith("db.lmdb.uplift-")]
    assert names == {"db", "db.lmdb", "node_key", kept} and not list((volume / "db.lmdb").iterdir())
    assert (volume / kept / "data.mdb").read_text() == "of an accidental start"
    assert found["renamed_to"] == f"{META}/{kept}"


def test_what_the_way_back_does_not_hold_is_not_used(volume: Path) -> None:
    node = Node(volume, {"lmdb.": Answer(("x",), 1, "", "")})
    node.said = {f"{META}/db.lmdb.uplift-proof": Answer(("x",), 0, TREES.replace("3 items", "2 items"), "")}
    with pytest.raises(UpliftError, match="holds 2 items in object:table, expected 3 as in /mnt/meta/db"):
        convert(node)
    assert {one.name for one in volume.iterdir()} == {"db", "node_key"}


@pytest.mark.parametrize(
    ("more", "up", "says"),
    [
        ({"source": None}, False, "from an engine that is not said to lmdb; expected source"),
        ({}, True, "There is a pod garage-0 in shop; expected none"),
        (
            {"source": "sqlite"},
            False,
            "There is no /mnt/meta/db.sqlite on the volume of garage-0; expected the database to be converted",
        ),
    ],
)
def test_nothing_is_converted(volume: Path, more: dict[str, Any], up: bool, says: str) -> None:
    node = Node(volume, up=up)
    with pytest.raises(UpliftError, match=says):
        convert(node, **more)
    assert not [words for words in node.jobs if "-o" in words]


def test_in_check_mode_nothing_is_touched(volume: Path) -> None:
    node = Node(volume)
    assert convert(node, check=True)["changed"] and not node.jobs
    assert not node.local.inside  # type: ignore[attr-defined]


def read(node: Node, tmp_path: Path, **more: Any) -> dict[str, Any]:
    candidate = tmp_path / "garage.toml.uplift-1.3.0"
    candidate.write_text('metadata_dir = "/mnt/meta"\ndb_engine = "lmdb"\n')
    usual = {"metadata_dir": META, "engine": "lmdb", "candidate": str(candidate), "timeout": 60.0}
    return pod_work.read(
        garage(node), {**usual, "release_binary": NEW, "maintenance_image": "", **more}, Progress(None), False
    )


def test_a_copy_is_read_and_gone_afterwards(volume: Path, tmp_path: Path) -> None:
    """trap G23: the copy lies on the same volume, and the configuration for that call leads to it."""
    (volume / "db.lmdb").mkdir()
    seen: list[str] = []

    class Looks(Node):
        def once(self, image: str, words: Sequence[str], *how: Any) -> Answer:
            if "offline-repair" in words:
                seen.extend(sorted(one.name for one in (self.volume / ".uplift-readable").iterdir()))
                seen.append(how[-1].data["garage.toml"].split("\n")[0])
            return super().once(image, words, *how)

    node = Looks(volume, {"offline-repair": Answer(("x",), 0, FINISHED, "")})
    mounted(node)
    assert read(node, tmp_path)["readable"]
    assert seen == ["db.lmdb", "node_key", f'metadata_dir = "{META}/.uplift-readable"']
    assert not (volume / ".uplift-readable").exists()


def test_entries_that_cannot_be_decoded_stop(volume: Path, tmp_path: Path) -> None:
    (volume / "db.lmdb").mkdir()
    node = Node(volume, {"offline-repair": Answer((NEW,), 1, f"Error: {UNREADABLE}: 0x1", "")})
    mounted(node)
    with pytest.raises(UpliftError, match="cannot decode entries of this node's database"):
        read(node, tmp_path)
    assert not (volume / ".uplift-readable").exists()


def mounted(node: Node) -> None:
    """Its configuration is the one of a ConfigMap."""
    spec = node.seen["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "configmap", "configMap": {"name": "garage-config"}}]
    inner = node.local.run

    def run(argv: Sequence[str], **how: Any) -> Answer:
        if "configmap" in argv:
            held = '{"metadata": {"name": "garage-config"}, "data": {"garage.toml": "x = 1"}}'
            return Answer(tuple(argv), 0, held, "")
        return inner(argv, **how)

    node.local.run = run  # type: ignore[method-assign]
