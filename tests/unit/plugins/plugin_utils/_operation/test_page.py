# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML page of a report: whole, by itself, and what others said stands in it as text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import page as subject

BEGAN = 1795230900.0
VOID = {"meta", "rect", "line"}


def span(node: str, since: float, until: float, state: str = "done") -> dict[str, Any]:
    return {"node": node, "started": BEGAN + since, "finished": BEGAN + until, "state": state}


def report(**more: Any) -> dict[str, Any]:
    rows = [
        ("stop", "1 of 2", [span("a1", 0, 10)]),
        ("activate", "2 of 2", [span("b1", 20, 30)]),
        ("start", "2 of 2", [span("b1", 30, 100, "running")]),
    ]
    passes = [
        {
            "hop": 0,
            "pass": "walk",
            "wave": wave,
            "step": step,
            "state": spans[0]["state"],
            "nodes": [spans[0]["node"]],
            "spans": spans,
            "started": spans[0]["started"],
            "finished": spans[0]["finished"],
        }
        for step, wave, spans in rows
    ]
    probe = {
        "started": "2026-11-21T03:15:00Z",
        "ended": "2026-11-21T03:16:00Z",
        "requests": 9,
        "unserved": 2,
        "failures": {},
        "longest_unavailable_seconds": 5.0,
        "outages": [{"of": "write", "since": BEGAN + 50, "until": BEGAN + 55}],
        "phases": [{"phase": "walk", "requests": 9, "unserved": 2, "failures": {}, "unavailable_seconds": 5.0}],
    }
    known = {"id": "op", "product": "garage", "from": "0.8.0", "to": "0.8.7", "strategy": "rolling", "result": "failed"}
    return {**known, "cluster": ["a1", "b1"], "error": "a <b> & c", "passes": passes, "probe": probe, **more}


class Reader(HTMLParser):
    """Elements in order with their attributes; fails where one is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.texts: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID or tag == "rect":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, kind: str = "") -> list[dict[str, Any]]:
        return [found for name, found in self.seen if name == tag and (not kind or found.get("class") == kind)]


def test_the_picture_shows_who_did_what_when_and_what_clients_noticed() -> None:
    page = Reader(subject.html(report()))
    # The picture is from 0 s to 100 s: 840 units.
    assert [(one["x"], one["width"], one["y"]) for one in page.all("rect", "away")] == [("150.0", "84.0", "5")]
    assert [(one["x"], one["width"], one["y"]) for one in page.all("rect", "switch")] == [("318.0", "84.0", "31")]
    assert [one["width"] for one in page.all("rect", "failed")] == ["588.0"]
    assert [(one["x"], one["width"]) for one in page.all("rect", "served")] == [("150.0", "504.0")]
    assert [(one["x"], one["width"]) for one in page.all("rect", "outage")] == [("570.0", "42.0")]
    assert "no service (write) for 5.0 s" in page.texts
    assert "b1: walk, start, 1 min 10 s, not finished" in page.texts
    assert [text for text in page.texts if text in ("a1", "b1", "clients")][:3] == ["a1", "b1", "clients"]


def test_it_needs_nothing_else_and_holds_what_others_said_as_text() -> None:
    text = subject.html(report(error="<script>alert(1)</script>"))
    page = Reader(text)
    assert not page.all("script") and not page.all("link") and not page.all("img")
    assert not [found for _tag, found in page.seen if {"src", "href"} & set(found)]
    assert "<script>" not in text and "&lt;script&gt;" in text
    assert "url(" not in text and "@import" not in text


def test_every_table_and_picture_has_a_name() -> None:
    page = Reader(subject.html(report()))
    assert page.all("html")[0]["lang"] == "en"
    assert {one["aria-label"] for one in page.all("div")} >= {"Passes", "Clients", "What happened when"}
    assert all(one["scope"] == "col" for one in page.all("th"))
    assert page.all("svg")[0]["role"] == "img"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"result": "finished", "error": ""}, "good"),
        ({"result": "finished", "error": "", "differences": [{"key": "k", "sentence": "s"}]}, "bad"),
        ({"result": "finished", "error": "", "not_compared": ["Could not be compared."]}, "bad"),
        ({}, "bad"),
    ],
)
def test_only_a_run_without_any_loss_is_good(more: dict[str, Any], kind: str) -> None:
    assert Reader(subject.html(report(**more))).all("p")[0]["class"] == kind


@pytest.mark.parametrize("without", ["probe", "passes", "cluster", "id", "error"])
def test_what_is_missing_is_said(without: str) -> None:
    found = report()
    del found[without]
    assert "not measured" in subject.html(found).lower()


def test_a_run_that_never_began_has_no_picture() -> None:
    assert not Reader(subject.html({"findings": [], "error": "No plan.", "result": "failed"})).all("svg")
