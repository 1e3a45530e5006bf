# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.plugin_utils._probe.client import Ledger
from hypothesis import given
from hypothesis import strategies as st

# One event: (seconds since the one before, what). What: a mark "=name", or w / r (write, read) and + or -.
Events = list[tuple[float, str]]


def play(events: Events) -> tuple[Ledger, float]:
    now, ledger = 100.0, Ledger("before", 100.0, 0.0)
    for seconds, what in events:
        now += seconds
        if what[0] == "=":
            ledger.mark(what[1:], now, now)
        else:
            served = what[1] == "+"
            ledger.request(what[0], served, [] if served else ["a", "b"], 0.01, now)
    return ledger, now


@pytest.mark.parametrize(
    ("events", "longest", "since"),
    [
        ([], 0.0, None),
        ([(1, "w+"), (1, "r+"), (60, "w+")], 0.0, None),  # a pause without a failure is no outage
        ([(1, "w+"), (1, "w-"), (2, "w+")], 3.0, None),  # from the last success to the next
        ([(1, "w+"), (1, "w-"), (2, "w-")], 0.0, 101.0),  # still going on
        ([(1, "w-"), (2, "w+")], 3.0, None),  # never served since the start
        ([(1, "w+"), (1, "w-"), (1, "r+"), (1, "w-"), (1, "r+"), (1, "w+")], 5.0, None),  # reads served, writes not
        ([(1, "w+"), (1, "w-"), (1, "w+"), (1, "w-"), (3, "w+")], 4.0, None),
    ],
)
def test_an_outage(events: Events, longest: float, since: float | None) -> None:
    figures = play(events)[0].figures()
    assert figures["longest_unavailable_seconds"] == longest
    assert figures["outage_since"] == since


def test_an_outage_over_a_mark_counts_in_both_phases() -> None:
    ledger, _now = play([(1, "w+"), (1, "w-"), (2, "=walk a"), (1, "w-"), (3, "w+"), (1, "=walk b"), (1, "w+")])
    rows = ledger.figures()["phases"]
    assert [(row["phase"], row["unavailable_seconds"]) for row in rows] == [("before", 3), ("walk a", 7), ("walk b", 0)]
    assert [row["unserved"] for row in rows] == [1, 1, 0]


def test_each_outage_that_has_ended_is_kept_by_the_clock_on_the_wall() -> None:
    ledger = Ledger("before", 100.0, 1000.0)
    for now, served in ((101, True), (102, False), (104, True), (105, True), (106, False), (107.5, True), (109, False)):
        ledger.request("write", served, [], 0.01, now)
    assert ledger.figures()["outages"] == [
        {"of": "write", "since": 1001.0, "until": 1004.0},
        {"of": "write", "since": 1005.0, "until": 1007.5},
    ]


def test_of_many_outages_the_latest_are_kept() -> None:
    ledger = Ledger("before", 0, 0)
    for now in range(500):
        ledger.request("read", now % 2 == 0, [], 0.01, now)
    outages = ledger.figures()["outages"]
    assert (len(outages), outages[-1]["until"]) == (200, 498)


def test_failures_of_an_address_that_another_one_made_good() -> None:
    ledger = Ledger("before", 0, 0)
    ledger.request("w", True, ["a"], 3.1, 1)
    figures = ledger.figures()
    assert (figures["unserved"], figures["failures"], figures["slowest_seconds"]) == (0, {"a": 1}, 3.1)


def oracle(events: Events) -> float:
    """The longest outage that has ended, found the slow way: per kind, each success next to the success before."""
    longest = 0.0
    for kind in "wr":
        now, last, failed = 100.0, 100.0, False
        for seconds, what in events:
            now += seconds
            if what[0] == kind and what[1] == "-":
                failed = True
            elif what[0] == kind:
                longest, last, failed = max(longest, now - last if failed else 0.0), now, False
    return longest


EVENTS = st.lists(
    st.tuples(st.integers(0, 50).map(lambda n: n / 8), st.sampled_from(["w+", "w-", "r+", "r-", "=x", "=y"]))
)


@given(EVENTS)
def test_the_account_is_right(events: Events) -> None:
    ledger, now = play(events)
    before = ledger.figures()
    ongoing = now - before["outage_since"] if before["outage_since"] is not None else 0.0
    ledger.end(now, now)
    figures: dict[str, Any] = ledger.figures()
    assert figures["longest_unavailable_seconds"] == pytest.approx(max(oracle(events), ongoing), abs=0.001)
    assert figures["requests"] == sum(row["requests"] for row in figures["phases"])
    assert figures["requests"] == sum(1 for _seconds, what in events if what[0] != "=")
    assert figures["unserved"] == sum(1 for _seconds, what in events if what[1:] == "-")
    assert len(figures["phases"]) == 1 + sum(1 for _seconds, what in events if what[0] == "=")
    if not figures["unserved"]:
        assert figures["longest_unavailable_seconds"] == 0
