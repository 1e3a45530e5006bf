# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role of a product gives to the role operation, read from a host's variables."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation.gave import gave

FOUND: dict[str, Any] = {
    "node": {"name": "a1", "id": "0b6b", "zone": "", "version": "1.0.0"},
    "cluster": {"members": ["0b6b"], "replication": "2", "id": "563e"},
    "request": {"target": "2.0.0", "strategy": "", "wave": "", "accept": [], "confirm": [], "stop_after": ""},
    "reports": "/srv/reports",
}


def test_nothing_is_given_before_anything_was_asked() -> None:
    assert gave({"toy_accept": ["x"]}, "toy") == {
        "found": {},
        "findings": [],
        "compared": {},
        "evidence": [],
        "dsn": "",
        "report_access": {},
    }


def test_what_may_be_left_out_is_as_usual() -> None:
    found = gave({"toy_found": FOUND}, "toy")["found"]
    assert found["node"]["stores"] is True and found["cluster"]["zone_redundancy"] == ""
    assert (found["request"]["via"], found["request"]["created_with"], found["closed"], found["blind"]) == (
        [],
        "",
        [],
        "",
    )
    assert gave({"toy_found": {**FOUND, "closed": [1], "peer": "p"}}, "toy")["found"]["closed"] == [1]


def test_what_must_be_given_and_is_not_is_said() -> None:
    broken = {**FOUND, "node": {"name": "a1"}, "request": {**FOUND["request"]}}
    del broken["reports"], broken["request"]["accept"]
    expected = (
        "toy_found without node.id, node.version, node.zone, reports, request.accept; expected what the contract of"
    )
    with pytest.raises(UpliftError, match=re.escape(expected)):
        gave({"toy_found": broken}, "toy")


def test_of_what_was_skipped_nothing_is_left() -> None:
    known = {"toy_result": {"skipped": True}, "toy_findings": {"skipped": True}, "toy_compared": {"differences": [2]}}
    assert gave(known, "toy")["compared"] == {"differences": [2]} and gave(known, "toy")["evidence"] == []
    assert gave({"toy_result": {"evidence": [{"slot": "data"}]}}, "toy")["evidence"] == [{"slot": "data"}]


def test_products_do_not_meet() -> None:
    known = {"toy_found": FOUND, "garage_result": {"evidence": [1]}}
    assert gave(known, "garage")["evidence"] == [1] and gave(known, "garage")["found"] == {}


def test_how_much_a_backup_reads_is_looked_at_or_said() -> None:
    found = {**FOUND, "weighed": ["/a", "/b"]}
    seen = {"operation_weighed": {"sizes": {"/a": 10, "/b": 5}}}
    assert gave({"toy_found": found, **seen}, "toy")["found"]["bytes"] == 15
    assert (
        gave({"toy_found": found, "operation_weighed": {"sizes": {"/a": 10, "/b": None}}}, "toy")["found"]["bytes"]
        is None
    )
    assert gave({"toy_found": found, "operation_weighed": {"msg": "gone"}}, "toy")["found"]["bytes"] is None
    assert gave({"toy_found": {**FOUND, "bytes": 7}, **seen}, "toy")["found"]["bytes"] == 7
    assert gave({"toy_found": FOUND}, "toy")["found"]["bytes"] is None


def test_what_the_address_of_reports_wants_is_the_operators() -> None:
    assert gave({"toy_report_access": {"headers": {"X": "y"}}}, "toy")["report_access"] == {"headers": {"X": "y"}}


def test_where_the_data_lie_is_told_beside_what_is_shown() -> None:
    assert (
        gave({"toy_found": FOUND, "toy_settings": {"dsn": "postgres://u:s@h/d"}}, "toy")["dsn"] == "postgres://u:s@h/d"
    )
