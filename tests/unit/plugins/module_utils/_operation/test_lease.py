# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may act on a node, and what stands in a record's place. The node's uptime is a file of the test."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import directory, lease, operation, record
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Leases, Owner

PLAN = {
    "product": "garage",
    "target": "0.8.7",
    "hops": [{"passes": {"walk": {"steps": [{"key": "0/walk/0/stop", "verb": "stop", "scope": "node"}]}}}],
}
FIRST = "b:pid:[1]:1:101"


def owner(number: int = 1, **other: Any) -> dict[str, Any]:
    where = {"machine": "m", "boot": "b", "pidns": "pid:[1]", "pid": number, "ticks": 100 + number}
    return {**where, "user": "anna", "host": "localhost", "since": "2026-11-21T03:00:00Z", **other}


class Node:
    def __init__(self, tmp_path: Path) -> None:
        self.directory = tmp_path / "var" / "garage"
        self.clock = tmp_path / "uptime"
        self.up(1000.0)

    def up(self, seconds: float) -> None:
        self.clock.write_text(f"{seconds:.2f} 1.00\n", encoding="ascii")

    def call(self, state: str, who: int = 1, **params: Any) -> Any:
        texts = dict.fromkeys(("product", "cluster", "reason", "dead", "finish", "begin", "result", "token"), "")
        asked = {"id": "op", "plan": PLAN, "done": [], "evidence": [], "save": {}, "lease_seconds": 120, **texts}
        asked.update(directory=str(self.directory), state=state, owner=owner(who))
        asked.update({"token": f"t{who}"} if state in ("opened", "free") else {}, **params)
        return operation.perform(asked, lambda item: "")

    def read(self, **params: Any) -> Any:
        return operation.read({"directory": str(self.directory), "product": "", "cluster": "", "plan": {}, **params})

    def listing(self) -> dict[str, str]:
        """Every path below the node's /var with what it holds."""
        top = self.directory.parent.parent
        return {str(one.relative_to(top)): one.read_text() if one.is_file() else "" for one in sorted(top.rglob("*"))}


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    made = Node(tmp_path)
    monkeypatch.setattr(lease, "UPTIME", str(made.clock))
    return made


def test_the_second_operator_is_refused_with_the_first_ones_name_host_and_time(node: Node) -> None:
    node.call("opened")
    node.up(1007)
    for state in ("free", "opened", "abandoned"):
        with pytest.raises(operation.Held) as refused:
            node.call(state, 9)
        for words in ("anna on localhost (process 1, since 2026-11-21T03:00:00Z)", "last seen 7 s ago", "in 113 s"):
            assert words in str(refused.value)
        assert refused.value.facts["held_by"] == owner(1)


@pytest.mark.parametrize(("up", "free"), [(1119, False), (1121, True), (500, True), (60, False)])
def test_a_lease_ends_by_itself_and_a_boot_is_no_way_to_prolong_it(node: Node, up: float, free: bool) -> None:
    """After a boot the last sign of life lies ahead: it is as old as the boot at least."""
    node.call("opened")
    node.up(up)
    if free:
        assert node.call("opened", 2)["lease"]["number"] == 2
    else:
        with pytest.raises(operation.Held):
            node.call("opened", 2)


def test_no_clock_that_is_set_and_no_time_of_a_file_counts(node: Node) -> None:
    node.call("opened")
    for path in node.directory.rglob("*"):
        os.utime(path, (0, 0))
    with pytest.raises(operation.Held):
        node.call("opened", 2)


def test_a_copy_of_uptime_into_the_heartbeat_prolongs_it_and_no_other_one_does(node: Node) -> None:
    token = node.call("opened")["lease"]["token"]
    node.up(1100)
    shutil.copyfile(node.clock, node.directory / f"heartbeat-{token}" / "uptime")
    node.up(1200)
    with pytest.raises(operation.Held):
        node.call("opened", 2)
    node.up(1300)
    node.call("opened", 2)
    assert not (node.directory / f"heartbeat-{token}").exists(), "what comes late has nowhere to write to"
    (node.directory / f"heartbeat-{token}").mkdir()
    node.up(1500)
    (node.directory / f"heartbeat-{token}" / "uptime").write_text("1500.00 1.0\n")
    node.call("opened", 3)


def test_a_heartbeat_that_is_being_written_is_read_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    token = node.call("opened")["lease"]["token"]
    beat = node.directory / f"heartbeat-{token}" / "uptime"
    beat.write_text("")
    monkeypatch.setattr(lease.time, "sleep", lambda _seconds: beat.write_text("999.00 1.0\n"))
    assert node.read()["lease"]["age"] == 1


def test_no_later_call_changes_the_length_of_a_lease(node: Node) -> None:
    node.call("opened", lease_seconds=7200)
    node.call("step", begin="0/walk/0/stop")
    node.call("opened")
    node.call("renewed")
    assert node.read()["lease"]["seconds"] == 7200


def test_every_call_is_a_sign_of_life(node: Node) -> None:
    node.call("opened")
    node.up(1100)
    node.call("step", begin="0/walk/0/stop")
    assert node.read()["lease"]["age"] == 0


STRANGERS = [
    {"pid": 2},
    {"ticks": 7},
    {"boot": "other"},
    {"pidns": "pid:[2]"},
]


@pytest.mark.parametrize("other", STRANGERS)
def test_equal_host_names_take_nothing(node: Node, other: dict[str, Any]) -> None:
    node.call("opened")
    with pytest.raises(operation.Held):
        node.call("opened", owner=owner(1, **other))


def test_a_run_that_lost_its_lease_must_not_act(node: Node) -> None:
    node.call("opened")
    node.call("opened", 2, dead=FIRST)
    for state in ("renewed", "step", "saved", "closed"):
        with pytest.raises(operation.Lost, match=r"no longer holds the lease .* locked by anna .*process 2"):
            node.call(state)
    node.call("closed", 2)
    with pytest.raises(operation.Lost, match="given back or taken away") as lost:
        node.call("renewed")
    assert lost.value.facts == {"lost": True}


def test_a_heartbeat_of_an_earlier_lease_of_the_same_process_renews_nothing(node: Node) -> None:
    node.call("opened", token="early")
    node.call("closed", result="abandoned")
    node.call("opened", token="late", id="op2")
    with pytest.raises(operation.Lost, match="has taken another one since"):
        node.call("renewed", token="early")


def test_the_number_rises_with_every_change_of_hands(node: Node) -> None:
    numbers = [node.call("opened")["lease"]["number"], node.call("opened")["lease"]["number"]]
    numbers.append(node.call("opened", 2, dead=FIRST)["lease"]["number"])
    node.call("closed", 2)
    numbers.append(node.call("opened", 3)["lease"]["number"])
    assert numbers == [1, 1, 2, 3]


def test_what_is_told_of_a_lease(node: Node) -> None:
    assert node.read()["lease_summary"]["holder"] == "none"
    node.call("opened")
    node.up(1030)
    told = {"holder": "anna on localhost (process 1, since 2026-11-21T03:00:00Z)", "last_heartbeat_seconds": 30}
    assert node.read()["lease_summary"] == {**told, "rest_seconds": 90, "number": 1}
    node.up(1130)
    assert node.read()["lease_summary"]["holder"] == "none"


def ended(node: Node) -> None:
    node.call("opened", id="before")
    node.call("step", id="before", begin="0/walk/0/stop")
    node.call("closed", id="before", result="abandoned")


def undone(node: Node) -> None:
    node.call("opened", id="before")
    node.call("closed", id="before")


def unfinished(node: Node) -> None:
    node.call("opened")
    node.call("step", begin="0/walk/0/stop")
    node.call("closed")


BEFORE: list[tuple[Callable[[Node], None], dict[str, Any]]] = [
    (lambda node: None, {}),
    (lambda node: node.directory.mkdir(parents=True), {}),
    (ended, {}),
    (undone, {"plan": {**PLAN, "undoes": "before"}}),
]


@pytest.mark.parametrize(("before", "params"), BEFORE)
def test_a_run_that_is_refused_elsewhere_leaves_nothing_behind(node: Node, before: Any, params: Any) -> None:
    before(node)
    was = node.listing()
    node.call("free", 2, **params)
    assert node.listing() == was
    node.call("opened", 2, **params)
    assert node.listing() != was
    node.call("withdrawn", 2, **params)
    assert node.listing() == was


def test_a_record_that_is_gone_on_with_stays_when_the_run_is_refused_elsewhere(node: Node) -> None:
    unfinished(node)
    node.call("opened", 2)
    node.call("withdrawn", 2)
    assert node.read()["record"]["steps"] and node.read()["lease"] == {}


def test_what_was_begun_is_not_withdrawn(node: Node) -> None:
    node.call("opened")
    node.call("step", begin="0/walk/0/stop")
    node.call("withdrawn")
    assert node.read()["record"]["id"] == "op"


def test_nobody_withdraws_what_another_run_has_taken(node: Node) -> None:
    node.call("opened")
    was = node.listing()
    assert node.call("withdrawn", 2) == {"changed": False}
    assert node.listing() == was


@pytest.mark.parametrize("before", [lambda node: None, ended, unfinished])
def test_an_open_that_fails_half_way_leaves_nothing(
    node: Node, before: Callable[[Node], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before(node)
    was = node.listing()

    def full(*_args: Any) -> None:
        raise OSError(28, "No space left on device", "record.json")

    for name in ("write_record", "archive"):
        monkeypatch.setattr(record.Files, name, full)
    with pytest.raises(UpliftError, match=r"cannot be used: No space left on device \(record.json\)"):
        node.call("opened")
    assert node.listing() == was


def test_an_unlock_wants_a_reason_and_a_dead_owner_and_keeps_them(node: Node) -> None:
    node.call("opened")
    with pytest.raises(UpliftError, match="operation_unlock_reason"):
        node.call("unlocked", 2)
    node.up(1059)
    with pytest.raises(UpliftError, match=r"is alive: it was last seen 59 s ago.*kill -INT 1 on localhost"):
        node.call("unlocked", 2, reason="the laptop is gone")
    node.up(1061)
    node.call("unlocked", 2, reason="the laptop is gone")
    (kept,) = node.read()["record"]["unlocked"]
    assert (kept["reason"], kept["whose"][:17], kept["who"]) == (
        "the laptop is gone",
        "anna on localhost",
        "anna on localhost (process 2, since 2026-11-21T03:00:00Z)",
    )
    assert node.read()["lease"] == {} and node.call("unlocked", 2, reason="again") == {"changed": False, "whose": ""}
    with pytest.raises(operation.Lost):
        node.call("step", begin="0/walk/0/stop")


def test_a_process_that_is_known_to_be_gone_is_unlocked_at_once(node: Node) -> None:
    node.call("opened")
    assert node.call("unlocked", 2, reason="killed", dead=FIRST)["changed"]


TORN = ["", "{", "[]", "null", '{"owner": {}}', '{"owner": 1, "number": 1, "seconds": 1, "token": "", "undo": {}}']


@pytest.mark.parametrize("text", TORN)
def test_a_lease_that_cannot_be_read_stops_and_can_be_unlocked_when_nobody_lives(node: Node, text: str) -> None:
    node.call("opened")
    (node.directory / "lease.json").write_text(text)
    was = node.listing()
    for state in ("free", "opened", "renewed", "step", "abandoned", "unlocked"):
        with pytest.raises(UpliftError, match=r"lease.json cannot be read as a lease .*ends in _unlock"):
            node.call(state, 2, reason="torn")
        assert node.listing() == was
    node.up(1100)
    assert node.call("unlocked", 2, reason="torn")["changed"]
    node.call("opened", 2)


BAD = [
    ("", "cannot be read as a record"),
    ("{", "cannot be read as a record"),
    ("[]", "holds no record"),
    ("{}", "holds no record"),
    ('{"format": 2, "id": "x"}', r"has the format 2; expected 1.*release of this collection that wrote it"),
    (None, r"is the operation op of the product 'lakefs'; expected one of 'garage'"),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_record_that_cannot_be_understood_stops_before_anything_is_taken(node: Node, text: Any, said: str) -> None:
    node.call("opened", plan={**PLAN, "product": "lakefs"})
    node.call("closed")
    if text is not None:
        (node.directory / "record.json").write_text(text)
    was = node.listing()
    for state in ("free", "opened"):
        with pytest.raises(UpliftError, match=said):
            node.call(state)
    with pytest.raises(UpliftError, match=said):
        node.read(product="garage")
    assert node.listing() == was


def test_a_record_of_another_cluster_is_not_gone_on_with(node: Node) -> None:
    node.call("opened", cluster="563e")
    node.call("closed")
    was = node.listing()
    for state in ("free", "opened"):
        with pytest.raises(UpliftError, match=r"of another cluster \(563e\); expected one of this one \(86f0\)"):
            node.call(state, cluster="86f0")
    with pytest.raises(UpliftError, match="of another cluster"):
        node.read(cluster="86f0")
    assert node.listing() == was
    node.call("opened", cluster="")
    node.call("closed", cluster="563e", result="abandoned")
    with pytest.raises(UpliftError, match="of another cluster"):
        node.call("free", id="way-back", cluster="86f0", plan={**PLAN, "undoes": "op"})
    node.call("opened", id="next", cluster="86f0")
    assert node.read()["record"]["cluster"] == "86f0"


def test_a_directory_of_somebody_else_is_not_written_to(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.directory.mkdir(parents=True)
    uid = node.directory.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    for state in ("free", "opened"):
        with pytest.raises(UpliftError, match=rf"it belongs to uid {uid}, and this account has uid {uid + 1}"):
            node.call(state)
    assert list(node.directory.iterdir()) == []


def test_a_file_in_the_directorys_place(node: Node) -> None:
    node.directory.parent.mkdir()
    node.directory.write_text("")
    for state in ("free", "opened"):
        with pytest.raises(UpliftError, match="is no directory"):
            node.call(state)


SPACES = [
    ({"f_flag": os.ST_RDONLY}, "its file system is read-only"),
    ({"f_bavail": 0, "f_bfree": 0}, "its file system is full"),
]


@pytest.mark.parametrize(("seen", "said"), SPACES)
def test_a_file_system_that_takes_nothing(node: Node, seen: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Space:
        f_flag, f_bavail, f_bfree, f_blocks = 0, 1, 1, 9

    monkeypatch.setattr(os, "statvfs", lambda _path: type("Seen", (Space,), seen))
    with pytest.raises(UpliftError, match=f"cannot be kept: {said}.*Nothing was changed"):
        node.call("free")


def test_an_account_that_may_not_write(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(UpliftError, match=r"cannot write to .*become, or name another place with operation_root"):
        node.call("free")


def test_a_node_without_a_record_has_nothing_to_give_back(node: Node) -> None:
    was = node.listing()
    for state in ("withdrawn", "abandoned", "unlocked"):
        assert node.call(state, reason="x") == {"changed": False}
    with pytest.raises(operation.Lost):
        node.call("renewed")
    assert node.listing() == was


def test_record_and_lease_are_for_their_owner_alone(node: Node) -> None:
    node.call("opened")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in node.directory.rglob("*") if path.is_file()}
    places = {stat.S_IMODE(path.stat().st_mode) for path in [node.directory, *node.directory.glob("heartbeat-*")]}
    assert (modes, places) == ({0o600}, {0o700})


def test_one_call_at_a_time_and_a_directory_that_goes_is_waited_for_no_longer(tmp_path: Path) -> None:
    place = tmp_path / "record"
    place.mkdir()
    seen: list[bool] = []

    def waits() -> None:
        with directory.alone(str(place)) as there:
            seen.append(there)

    with directory.alone(str(place)):
        other = threading.Thread(target=waits)
        other.start()
        other.join(0.2)
        assert seen == []
        place.rmdir()
    other.join()
    assert seen == [False]


def test_owners_are_what_a_lease_file_holds(node: Node) -> None:
    node.call("opened")
    kept = json.loads((node.directory / "lease.json").read_text())
    assert Owner(**kept["owner"]).run == FIRST and Leases(str(node.directory)).read()["token"] == "t1"
