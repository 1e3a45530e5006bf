# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a customer's failures are counted, and how two listings of a host are compared."""

from __future__ import annotations

from typing import Any

from tests.lab import trees
from tests.lab.load import Customer, Stats


def test_a_request_that_another_address_serves_is_no_outage() -> None:
    stats = Stats()
    stats.note(100, 105, [("a1", "timed out")], served=True)
    assert (stats.failed_everywhere, stats.served_by_another, stats.failures) == (0, 1, {"a1": 1})
    assert (stats.longest_outage, stats.longest_request) == (0, 5)


def test_an_outage_lasts_from_the_first_failing_request_to_the_next_success() -> None:
    stats = Stats()
    stats.note(99, 99.1, [], served=True)
    stats.note(100, 100.5, [("a1", "x"), ("b1", "x")], served=False)
    stats.note(101, 101.5, [("a1", "x"), ("b1", "x")], served=False)
    assert stats.longest_outage == 1.5
    stats.note(102, 102.5, [("a1", "x")], served=True)
    assert (stats.longest_outage, stats.failed_everywhere) == (2.5, 2)
    stats.note(110, 111, [("a1", "x")], served=False)
    assert stats.longest_outage == 2.5


class Store:
    """A node in three lines: what it is told to raise, it raises."""

    def __init__(self, held: dict[str, bytes]) -> None:
        self.held, self.broken, self.calls = held, False, 0

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803 - the client's own names
        self.calls += 1
        if self.broken:
            raise OSError("refused")
        self.held[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        import io

        self.calls += 1
        if self.broken:
            raise OSError("refused")
        return {"Body": io.BytesIO(self.held[Key])}


def customer(count: int) -> tuple[Customer, list[Store], dict[str, bytes]]:
    held: dict[str, bytes] = {}
    stores = [Store(held) for _number in range(count)]
    return Customer([(f"n{i}", store) for i, store in enumerate(stores)], Stats()), stores, held


def test_all_addresses_are_used_alike() -> None:
    one, stores, _held = customer(6)
    for number in range(60):
        one.round(number)
    assert [store.calls for store in stores] == [20] * 6
    assert one.stats.requests == 120 and not one.stats.failures


def test_a_broken_node_is_stepped_over_and_all_broken_is_a_failure() -> None:
    one, stores, _held = customer(3)
    stores[1].broken = True
    for number in range(3):
        one.round(number)
    assert (one.stats.failed_everywhere, one.stats.failures) == (0, {"n1": 2})
    for store in stores:
        store.broken = True
    one.round(3)
    assert one.stats.failed_everywhere == 2


def test_an_old_answer_is_a_wrong_one() -> None:
    one, stores, held = customer(3)
    one.round(0)
    assert one.stats.wrong_answers == 0
    one.expected["load/1"] = b"x"
    stores[1].put_object = lambda **_words: held.update({"load/1": b"older"})  # type: ignore[method-assign]
    one.round(1)
    assert one.stats.wrong_answers == 1


def test_tree_differences() -> None:
    before = {"a1": {"files": {"/etc/x": {"mode": "-rw"}, "/etc/y": {"mode": "-rw"}}, "service": {"MainPID": "1"}}}
    after = {"a1": {"files": {"/etc/x": {"mode": "-r-"}, "/etc/z": {"mode": "-rw"}}, "service": {"MainPID": "2"}}}
    assert trees.differences(before, before) == []
    assert trees.differences(before, after) == [
        "a1: /etc/x was -rw, is -r-",
        "a1: /etc/y is gone",
        "a1: /etc/z is new: -rw",
        "a1: MainPID was 1, is 2",
    ]
    assert trees.differences(before, {}) == ["a1: only in the first listing"]
