# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.secrets.canaries import seen, spellings

SECRET = 'canary-of/"a"-secret'


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_base64_of_anything_that_holds_it(before: bytes, after: bytes) -> None:
    text = base64.b64encode(before + SECRET.encode() + after).decode()
    assert list(seen(text, {"it": SECRET}, "here")), text


@pytest.mark.parametrize("said", [SECRET, quote(SECRET, safe=""), json.dumps(SECRET), SECRET.encode().hex()])
def test_other_spellings(said: str) -> None:
    found = list(seen(f"a line\nwith {said} in it", {"one": "canary-of-another-one", "it": SECRET}, "here"))
    assert [(sight.secret, sight.where) for sight in found] == [("it", "here")]
    assert said.strip('"') in found[0].around


@given(st.text(st.characters(codec="ascii"), max_size=200))
def test_nothing_is_seen_where_it_is_not(text: str) -> None:
    assert not list(seen(text, {"it": "canary-0123456789abcdef"}, "here"))


def test_what_is_short_is_not_looked_for_in_pieces() -> None:
    assert min(map(len, spellings("canary-0123456789abcdef"))) >= 12 and spellings("short") == []
