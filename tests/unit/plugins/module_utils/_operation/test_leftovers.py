# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What operations have left on a node: what may go, and why the rest stays."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core import files
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import leftovers, leftovers_files
from ansible_collections.uplift.datastores.plugins.module_utils._operation.leftovers import Left

OLD, LAST = "20260801T031500Z-garage-0.8.0", "20261101T031500Z-garage-0.8.7"
LAST_AT = 1793502900.0  # what its id says
NOW = LAST_AT + 60 * 86400
OWNER = {
    "machine": "m", "boot": "b", "pidns": "p", "pid": 7, "ticks": 1, "user": "anna", "host": "laptop", "since": "then"
}  # fmt: skip


def record(state: str = "finished", **more: Any) -> dict[str, Any]:
    hop = {"source": "0.8.0", "target": "0.8.7", "strategy": "rolling", "passes": {}}
    plan = {"product": "garage", "hops": [hop], "undoes": more.pop("undoes", "")}
    return {
        "format": 1, "id": LAST, "state": state, "who": "anna@laptop", "opened": LAST_AT, "plan": plan, "saved": {},
        "steps": {}, **more,
    }  # fmt: skip


def left(kind: str, age: float = 60, **more: Any) -> Left:
    return Left("/somewhere", kind, 10, NOW - age * 86400, **more)


@pytest.mark.parametrize(
    ("thing", "last", "why"),
    [
        (left("backup", operation=OLD), record(), ""),
        (left("backup", operation=LAST), record(), "a rollback of"),
        (left("backup", operation=LAST), record("abandoned"), ""),
        (left("backup", operation=LAST), record(undoes=OLD), ""),
        (left("backup", operation=LAST), record(forgotten=1.0), ""),
        (left("backup", operation=LAST), {}, ""),
        (left("backup", 3, operation=OLD), record(), "it is 3 days old, and 30 days are kept"),
        (left("backup", 30, operation=OLD), record(), ""),
        (left("backup", operation=OLD, names=("csi-etcd-0.json",)), record(), "it names what lies elsewhere"),
        (left("backup"), record(), "a rollback of"),  # that no operation took, since the last one began
        (left("backup", 80), record(), ""),
        (left("release", release="0.8.0"), record(), "a rollback of"),
        (left("release", release="0.8.7"), record(), "a rollback of"),
        (left("release", release="0.7.0"), record(), ""),
        (left("release", release="0.7.0", used="a process runs it"), record(), "a process runs it"),
        (left("configuration", release="0.8.0"), record(), "a rollback of"),
        (left("configuration", release="0.7.0"), record(), ""),
        (left("renamed", operation=LAST), record(), "a rollback of"),
        (left("renamed", operation=OLD), record(), ""),
        (left("renamed", 59), record(), "a rollback of"),  # no operation in its name: since the last one began
        (left("renamed", 80), record(), ""),
        (left("image", release="0.8.0"), record(), "a rollback of"),
        (left("image", release="0.7.0"), record(), ""),
        (left("image", release="0.7.0", used="the container g is of it"), record(), "the container g is of it"),
        (left("converted", 59), record(), "a rollback of"),
        (left("converted", 80), record(), ""),
        (left("scratch"), record(), ""),
        (left("scratch", 1), record(), "it is 1 day old"),
    ],
)
def test_what_may_go(thing: Left, last: dict[str, Any], why: str) -> None:
    said = leftovers.stays(thing, last, 30, NOW)
    assert said.startswith(why) if why else said == ""


def test_what_a_rollback_needs_goes_only_by_a_word_of_its_own() -> None:
    thing = left("backup", operation=LAST)
    assert "garage_confirm: [forget_rollback] gives that up" in leftovers.stays(thing, record(), 30, NOW)
    assert leftovers.stays(thing, record(), 30, NOW, forget=True) == ""
    assert leftovers.stays(left("backup", 3, operation=LAST), record(), 30, NOW, forget=True).startswith("it is 3 days")
    assert leftovers.stays(left("release", release="0.8.7", used="x leads to it"), record(), 0, NOW, forget=True)


@pytest.mark.parametrize(
    ("last", "lease", "said"),
    [
        (record(), {}, ""),
        ({}, {}, ""),
        (record("open"), {}, f"The operation {LAST} of anna@laptop is not finished."),
        (record(), {"owner": OWNER, "age": 5, "seconds": 120}, "It is locked by anna on laptop"),
        (record(), {"owner": OWNER, "age": 500, "seconds": 120}, ""),
    ],
)
def test_nothing_goes_while_an_operation_is_under_way(last: dict[str, Any], lease: dict[str, Any], said: str) -> None:
    assert leftovers.refused(last, lease).startswith(said) and bool(leftovers.refused(last, lease)) == bool(said)


def test_nodes_that_have_the_same_are_named_together() -> None:
    rows = [leftovers.row(left("backup", operation=OLD), "", NOW)]
    kept = [leftovers.row(left("release", release="0.8.7"), "a process runs it", NOW)]
    assert leftovers.told({"a1": rows, "b1": [*rows, *kept]}, "garage") == [
        f"/somewhere: backup of {OLD}, 20 bytes, 60 days old; may go. At a1, b1.",
        "/somewhere: release 0.8.7, 10 bytes, 60 days old; stays, for a process runs it. At b1.",
        "20 bytes may go: set garage_cleanup_remove to true to remove it.",
    ]
    nowhere = {**rows[0], "size": None}
    assert leftovers.told({"a1": [nowhere]}, "garage") == [
        f"/somewhere: backup of {OLD}, 60 days old; may go. At a1.",
        "0 bytes may go: set garage_cleanup_remove to true to remove it.",
    ]
    assert leftovers.told({"a1": kept}, "garage")[-1] == "Nothing may go."
    assert leftovers.told({"a1": [], "b1": []}, "garage") == ["No operation has left anything at these nodes."]


# On the disk


def put(path: Path, days: float = 60, text: str = "0123456789") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (NOW - days * 86400,) * 2)
    return path


def node(place: Path, **last: Any) -> dict[str, Any]:
    """A node after two operations, and what `bring` is asked there."""
    records = place / "records"
    put(records / f"{OLD}.json", text=json.dumps({**record(), "id": OLD}))
    step = {"state": "done", "run": "r", "started": 1.0, "finished": LAST_AT, "evidence": []}
    staged = [{"slot": "stage", "kind": "file", "path": str(place / "bin" / name)} for name in RELEASES]
    whole = record(**{"steps": {"0/before/1/stage": {**step, "evidence": staged}}, **last})
    put(records / "record.json", text=json.dumps(whole))
    for name in (*RELEASES, "garage-0.6.0"):
        put(place / "bin" / name)
    (place / "bin" / "garage").symlink_to("garage-0.8.7")
    for operation in (OLD, LAST):
        put(place / "backups" / operation / "meta-0.8.0.tar.zst")
        put(place / "backups" / operation / "meta-0.8.0.tar.zst.manifest.json")
    put(place / "backups" / "of-the-operator" / "meta.tar")
    for name in ("", ".uplift-0.7.0", ".uplift-0.8.7", ".uplift-quiesced", ".orig", ".uplift-mine"):
        put(place / "etc" / f"garage.toml{name}")
    for name in ("meta/db", f"meta.uplift-{OLD[:16]}/db", "meta/db.uplift-part/data", ".uplift-readable-x1/db"):
        put(place / "var" / name, 100)
    leaves = {"backups": str(place / "backups"), "beside": [str(place / "etc/garage.toml"), str(place / "var/meta")]}
    asked = {"state": "listed", "directory": str(records), "leaves": leaves, "days": 30.0, "forget": False}
    return asked


RELEASES = ("garage-0.7.0", "garage-0.8.7")
MAY_GO = (
    f"backups/{OLD}", "bin/garage-0.7.0", "etc/garage.toml.uplift-0.7.0", "var/.uplift-readable-x1",
    f"var/meta.uplift-{OLD[:16]}", "var/meta/db.uplift-part",
)  # fmt: skip
STAYS = (f"backups/{LAST}", "bin/garage-0.8.7", "etc/garage.toml.uplift-0.8.7")


def everything(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if not path.is_dir()}


def test_only_what_bears_our_mark_is_found(tmp_path: Path) -> None:
    asked, was = node(tmp_path), everything(tmp_path)
    said = leftovers_files.bring(asked, NOW, check=False)
    found = {os.path.relpath(row["path"], tmp_path): row for row in said["left"]}
    assert {name for name, row in found.items() if not row["stays"]} == set(MAY_GO)
    assert {name for name, row in found.items() if row["stays"]} == set(STAYS)
    assert found["bin/garage-0.8.7"]["stays"].endswith("bin/garage leads to it")
    assert found[f"backups/{OLD}"]["size"] == 20 and found[f"var/meta.uplift-{OLD[:16]}"]["kind"] == "renamed"
    assert (said["changed"], said["removed"], everything(tmp_path)) == (False, [], was)


def test_what_may_go_goes_and_nothing_else(tmp_path: Path) -> None:
    asked = {**node(tmp_path), "state": "removed"}
    was = everything(tmp_path)
    foretold = leftovers_files.bring(asked, NOW, check=True)
    assert foretold["changed"] and everything(tmp_path) == was, "check mode has removed something"
    said = leftovers_files.bring(asked, NOW, check=False)
    assert said["removed"] == foretold["removed"] == [str(tmp_path / name) for name in sorted(MAY_GO)]
    assert was - everything(tmp_path) == {name for name in was if name.startswith(MAY_GO)}
    assert not leftovers_files.bring(asked, NOW, check=False)["changed"], "a second time there is nothing more"


def test_what_is_forgotten_is_noted_before_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {**node(tmp_path), "state": "removed", "forget": True}

    def killed(path: str) -> None:
        raise KeyboardInterrupt(path)

    monkeypatch.setattr(leftovers_files, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        leftovers_files.bring(asked, NOW, check=False)
    kept = json.loads((tmp_path / "records" / "record.json").read_text(encoding="utf-8"))
    assert kept["forgotten"] == NOW, "a rollback would begin, and find half of what it needs"
    monkeypatch.undo()
    assert str(tmp_path / "backups" / LAST) in leftovers_files.bring(asked, NOW, check=False)["removed"]
    assert (tmp_path / "bin" / "garage-0.8.7").exists()


def test_a_record_is_not_touched_where_a_rollback_still_has_all(tmp_path: Path) -> None:
    asked = {**node(tmp_path), "state": "removed"}
    leftovers_files.bring(asked, NOW, check=False)
    assert "forgotten" not in json.loads((tmp_path / "records" / "record.json").read_text(encoding="utf-8"))


def test_an_operation_that_is_open_keeps_everything(tmp_path: Path) -> None:
    asked = {**node(tmp_path, state="open"), "state": "removed"}
    was = everything(tmp_path)
    with pytest.raises(UpliftError, match="is not finished. Nothing was removed here"):
        leftovers_files.bring(asked, NOW, check=False)
    assert everything(tmp_path) == was


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    asked = {**node(tmp_path), "state": "removed"}
    put(tmp_path / "elsewhere" / "precious")
    (tmp_path / "var" / "meta.uplift-20260101T000000Z").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "backups" / OLD / "link").symlink_to(tmp_path / "elsewhere")
    leftovers_files.bring(asked, NOW, check=False)
    assert (tmp_path / "elsewhere" / "precious").exists()


def test_a_node_without_a_record_lists_what_bears_the_mark(tmp_path: Path) -> None:
    asked = {**node(tmp_path), "directory": str(tmp_path / "none")}
    found = leftovers_files.bring(asked, NOW, check=False)["left"]
    assert {row["kind"] for row in found} == {"backup", "configuration", "renamed", "scratch"}


def test_a_configuration_may_have_its_kind_behind_the_mark_and_a_dump_none(tmp_path: Path) -> None:
    for name in ("config.yaml", "config.uplift-1.82.0.yaml", "config.uplift-x.yaml", "other.uplift-1.82.0.yaml"):
        put(tmp_path / name)
    for name in ("d.dump", "d.dump.manifest.json", "d.dump.20261121T063829Z", "d.dump.mine"):
        put(tmp_path / name)
    leaves = {"dumps": [str(tmp_path / "d.dump")], "beside": [str(tmp_path / "config.yaml"), ""]}
    found = leftovers_files.found(leaves, [], NOW)
    assert [os.path.basename(one.path) for one in found] == [
        "config.uplift-1.82.0.yaml", "d.dump", "d.dump.20261121T063829Z", "d.dump.manifest.json"
    ]  # fmt: skip


def test_data_put_aside_by_a_hop_are_of_its_operation(tmp_path: Path) -> None:
    put(tmp_path / f"default.uplift-{LAST}-0" / "snap", 900)
    put(tmp_path / "default.uplift-undone-0" / "snap", 900)
    first, second = leftovers_files.found({"beside": [str(tmp_path / "default")]}, [], NOW)
    assert (first.operation, first.changed, second.operation) == (LAST, LAST_AT, "")


def conversion(meta: Path, **other: Any) -> dict[str, Any]:
    """A database of sled, and one of LMDB that was made of it; and what `found` is asked."""
    put(meta / "db" / "db")
    put(meta / "db.lmdb" / "data.mdb")
    told = {"input": str(meta / "db"), "source_files": files.prints(str(meta / "db")), "created": LAST_AT, **other}
    put(meta / "db.lmdb.uplift.json", text=json.dumps(told))
    return {"beside": [str(meta)]}


def test_a_database_that_was_converted_is_found_while_it_is_as_it_was(tmp_path: Path) -> None:
    leaves = conversion(tmp_path)
    (one,) = leftovers_files.found(leaves, [], NOW)
    assert (one.path, one.kind, one.size, one.changed, one.used) == (
        str(tmp_path / "db"), "converted", 10, LAST_AT, ""
    )  # fmt: skip
    with (tmp_path / "db" / "db").open(encoding="utf-8"):
        (one,) = leftovers_files.found(leaves, [], NOW)
        assert one.used == "a process has it open"
    put(tmp_path / "db" / "db", 1)
    assert leftovers_files.found(leaves, [], NOW) == [], "somebody has written to it since"


@pytest.mark.parametrize("other", [{"input": "/etc"}, {"input": ""}, {"source_files": {}}])
def test_what_its_note_does_not_prove_is_not_found(tmp_path: Path, other: dict[str, Any]) -> None:
    assert leftovers_files.found(conversion(tmp_path, **other), [], NOW) == []


def test_a_database_is_kept_where_what_was_made_of_it_is_gone(tmp_path: Path) -> None:
    leaves = conversion(tmp_path)
    leftovers_files.remove(str(tmp_path / "db.lmdb"))
    assert leftovers_files.found(leaves, [], NOW) == []
    put(tmp_path / "db.lmdb.uplift.json", text="{")
    assert leftovers_files.found(leaves, [], NOW) == []


def test_the_directory_of_a_trial_is_found_where_nothing_else_is_in_it(tmp_path: Path) -> None:
    leaves, place = {"beside": [str(tmp_path / "meta")]}, tmp_path / "uplift-scratch-garage.service"
    put(place / "node" / "garage.toml")
    put(tmp_path / "uplift-scratch-garage.service.env")
    put(tmp_path / "uplift-scratch-other.service" / "node" / "x")
    found = leftovers_files.found(leaves, [], NOW, "garage.service")
    assert [(one.path, one.kind) for one in found] == [(str(place), "scratch"), (f"{place}.env", "scratch")]
    put(place / "precious")
    assert [one.path for one in leftovers_files.found(leaves, [], NOW, "garage.service")] == [f"{place}.env"]


class Elsewhere:
    def __init__(self) -> None:
        self.there = [Left("image x", "image", 5, NOW - 60 * 86400, release="0.6.0")]

    def found(self, records: Any, now: float) -> list[Left]:
        assert [one["id"] for one in records] == [OLD, LAST] and now == NOW
        return list(self.there)

    def remove(self, path: str) -> None:
        self.there = [one for one in self.there if one.path != path]


def test_what_is_no_file_is_listed_and_goes_with_the_files(tmp_path: Path) -> None:
    asked, elsewhere = {**node(tmp_path), "state": "removed"}, Elsewhere()
    assert "image x" in leftovers_files.bring(asked, NOW, True, [elsewhere])["removed"] and elsewhere.there
    said = leftovers_files.bring(asked, NOW, False, [elsewhere])
    assert {"image x", str(tmp_path / "backups" / OLD)} <= set(said["removed"]) and not elsewhere.there
