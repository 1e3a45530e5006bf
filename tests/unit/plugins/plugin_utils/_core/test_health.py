# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.plugin_utils._core import health

BODY = b'{"status": "up", "nodes": 3, "ok": true, "list": [{"n": "a", "s": "up"}]}'


def check(expression: str, expected: Any) -> dict[str, Any]:
    return {"url": "http://198.18.1.1/x", "expression": expression, "expected": expected, "timeout": 1, "headers": {}}


@pytest.mark.parametrize(
    ("expression", "expected", "status", "body", "answer", "words"),
    [
        ("status", "up", 200, BODY, "yes", 'status is "up".'),
        ("status", "down", 200, BODY, "no", 'status is "up"; expected "down".'),
        ("nodes", 3, 200, BODY, "yes", "nodes is 3."),
        ("nodes", "3", 200, BODY, "no", 'nodes is 3; expected "3".'),
        ("ok", True, 200, BODY, "yes", "ok is true."),
        ("ok", 1, 200, BODY, "no", "ok is true; expected 1."),
        ("list[?n=='a'].s | [0]", "up", 200, BODY, "yes", 'is "up"'),
        ("missing", "up", 200, BODY, "no", 'missing is null; expected "up".'),
        ("status", "up", 503, BODY, "no", "status 503"),
        ("status", "up", 404, BODY, "cannot tell", "status 404"),
        ("status", "up", 200, b"<html>", "cannot tell", "not JSON"),
        ("status", "up", 200, b"", "cannot tell", "not JSON"),
        ("status[", "up", 200, BODY, "cannot tell", "JMESPath"),
    ],
)
def test_three_answers(expression: str, expected: Any, status: int, body: bytes, answer: str, words: str) -> None:
    found, sentence = health.judge(check(expression, expected), status, body)
    assert found == answer
    assert words in sentence


def test_an_address_that_does_not_answer_cannot_tell() -> None:
    found = health.ask({**check("status", "up"), "url": "http://user:hush@127.0.0.1:1/x?token=hush"})
    assert found["answer"] == "cannot tell"
    assert found["sentence"].startswith("http://127.0.0.1:1/x: it did not answer")
    assert "hush" not in repr(found)
