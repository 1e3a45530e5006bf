# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client was told is stored is demanded, and nothing is noted without a clear yes."""

from __future__ import annotations

import io
from typing import Any

from tests.lab import ledger
from tests.lab.ledger import LakefsWriter, S3Writer
from tests.lab.proc import LabError


class Store:
    """As much of an S3 client as the writer uses."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.down = False

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:
        if self.down:
            raise OSError("refused")
        self.held[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if self.down:
            raise OSError("refused")
        return {"Body": io.BytesIO(self.held[Key])}


class Api:
    def __init__(self) -> None:
        self.commits: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        if method == "POST":
            self.commits["c1"] = body["message"]
            return {"id": "c1"}
        name = path.rsplit("/", 1)[1]
        if name not in self.commits:
            raise LabError(f"GET {path}: HTTP 404")
        return {"message": self.commits[name]}


def test_another_address_is_asked_and_a_no_of_all_is_no_promise() -> None:
    first, second = Store(), Store()
    writer = S3Writer([("a1", first), ("b1", second)], "", 100.0)
    first.down = True
    assert [one["key"] for one in writer.store(0)] == ["kept/100-000000"] and list(second.held) == ["kept/100-000000"]
    second.down = True
    assert writer.store(1) == []


def test_what_is_gone_or_another_one_is_told() -> None:
    store = Store()
    writer = S3Writer([("a1", store)], "", 100.0)
    noted = [one for number in range(3) for one in writer.store(number)]
    assert ledger.losses(writer, noted) == []
    del store.held["kept/100-000001"]
    store.held["kept/100-000002"] = b"old"
    gone, changed = ledger.losses(writer, noted)
    assert gone.startswith("object kept/100-000001, which a client was told is stored: a1:")
    assert changed == "object kept/100-000002 reads as 'old'"


def test_many_losses_are_a_few_sentences_and_their_number() -> None:
    writer = S3Writer([("a1", Store())], "", 100.0)
    said = ledger.losses(writer, [{"what": "object", "key": str(number), "body": ""} for number in range(20)])
    assert len(said) == ledger.SHOWN + 1 and said[-1] == "and 15 more that a client was told are stored"


def test_each_tenth_object_of_lakefs_is_followed_by_a_commit_that_is_demanded_too() -> None:
    api: Any = Api()
    writer = LakefsWriter([("proxy", Store())], "main/", 100.0, api)
    noted = [one for number in range(10) for one in writer.store(number)]
    assert [one["what"] for one in noted].count("commit") == 1 and noted[-1]["key"] == "c1"
    assert ledger.losses(writer, noted) == []
    api.commits.clear()
    assert ledger.losses(writer, noted) == [
        "commit c1, which a client was told is made: GET /repositories/lab-load/commits/c1: HTTP 404"
    ]


def test_what_a_way_back_went_over_is_not_demanded_and_everything_else_is() -> None:
    noted = [{"at": float(second), "key": str(second)} for second in range(5)]
    assert [one["key"] for one in ledger.demanded(noted, [(1.0, 3.0)])] == ["0", "4"]
    assert ledger.demanded(noted) == noted
