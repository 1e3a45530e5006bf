# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One configuration in every spelling that YAML allows: read alike, and edited by the one change alone, or refused."""

from __future__ import annotations

import copy
import difflib
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core.version import parse
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs import config
from ansible_collections.uplift.datastores.plugins.plugin_utils._lakefs.config import ConfigError
from hypothesis import given
from hypothesis import strategies as st

DSN = "postgres://lakefs:s3cret@db.example.org:5432/lakefs?sslmode=disable"
SAYS: Mapping[str, Any] = {
    "listen_address": "0.0.0.0:8001",
    "database": {"connection_string": DSN, "max_open_connections": 25, "drop_tables": False},
    "auth": {"encrypt": {"secret_key": 'it\'s a "key": #1'}, "cookie_domain": "example.org"},
    "blockstore": {"type": "s3", "s3": {"region": "eu-1", "streaming_chunk_size": 9}},
    "gateways": {"s3": {"domain_name": ["s3.example.org", "s3.local"]}},
    "stats": {"enabled": False},
}
Choose = Callable[[list[Any]], Any]


def _words(choose: Choose, value: str, deeper: str) -> str:
    escaped = '"' + "".join(f"\\u{ord(letter):04x}" for letter in value) + '"'
    said = [
        json.dumps(value),
        "'" + value.replace("'", "''") + "'",
        escaped,
        f"|-\n{deeper}{value}",
        f">-\n{deeper}{value}",
    ]
    said += [f"\n{deeper}{json.dumps(value)}"]
    return str(choose(said if ": " in value else [*said, value, f"!!str {value}", f"&m{len(value)} {value}"]))


def _value(choose: Choose, value: Any, deeper: str, lists: str) -> str:
    if isinstance(value, bool):
        return str(choose(["false", "False", "FALSE", "!!bool false"]))
    if isinstance(value, list):
        rows = "".join(f"\n{lists}- {one}" for one in value)
        return str(choose([rows, f"[{', '.join(value)}]", f"[\n{deeper}{value[0]},\n{deeper}{value[1]}\n{deeper}]"]))
    return _words(choose, value, deeper) if isinstance(value, str) else str(value)


def _key(choose: Choose, key: str) -> str:
    return str(choose([key, key, key.title(), f'"{key}"', f"'{key}'"])) + str(choose([":", " :"]))


def _rows(choose: Choose, says: Mapping[str, Any], around: str) -> str:
    """Its settings as lines, all with the same indentation."""
    step = around + " " * choose([1, 2, 4, 7])
    out = ""
    for key, value in says.items():
        out += choose(["", "\n", f"{around}# a comment\n", "# by hand: x\n"])
        if not isinstance(value, dict):
            said = _value(choose, value, step, choose([around, step]))
            tail = choose(["", "  # why"]) if "\n" not in said else ""
            out += f"{around}{_key(choose, key)} {said}{tail}\n"
        elif choose([True, True, True, False]):
            out += f"{around}{_key(choose, key)}{choose(['', '  # section'])}\n{_rows(choose, value, step)}"
        else:
            out += f"{around}{_key(choose, key)} {json.dumps(value)}\n"
    return out


@st.composite
def spelled(draw: Any) -> str:
    def choose(among: list[Any]) -> Any:
        return draw(st.sampled_from(among))

    said = {key: SAYS[key] for key in draw(st.permutations(sorted(SAYS)))}
    text = str(choose(["", "---\n", "%YAML 1.1\n---\n", "# by hand\n"])) + _rows(choose, said, "")
    text += str(choose(["", "\n\n", "...\n"]))
    return text.replace("\n", "\r\n") if choose([False, False, True]) else text


def loaded(text: str) -> Any:
    """By another parser, with its keys in small letters, as lakeFS takes them."""

    def small(said: Any) -> Any:
        return {str(key).lower(): small(one) for key, one in said.items()} if isinstance(said, dict) else said

    return small(yaml.safe_load(text))


@given(spelled())
def test_every_spelling_is_read_alike(text: str) -> None:
    assert loaded(text) == SAYS
    found = config.settings(text, "/c.yaml", {})
    assert found == config.settings(json.dumps(SAYS), "/c.yaml", {})
    assert (found["dsn"], found["s3_host"], found["listen"]) == (DSN, "s3.example.org", "0.0.0.0:8001")


def expected(version: str) -> dict[str, Any]:
    says = copy.deepcopy(dict(SAYS))
    del says["blockstore"]["s3"]["streaming_chunk_size"]
    old = {key: says["database"][key] for key in ("connection_string", "max_open_connections")}
    if version == "0.80.2":
        says["blockstore"]["s3"]["streaming_chunk_size"] = 9
        says["database"].update(type="postgres", postgres=old)
    else:
        for key in old:
            del says["database"][key]
        del says["auth"]["cookie_domain"]
    return says


@given(spelled(), st.sampled_from(["0.80.2", "1.84.0"]))
def test_every_spelling_is_edited_by_the_one_change_or_refused(text: str, version: str) -> None:
    before = expected("0.80.2") if version == "1.84.0" else SAYS
    try:
        made = config.stage(text, "/c.yaml", parse(version))
        if version == "1.84.0":
            made = config.stage(config.stage(text, "/c.yaml", parse("0.80.2")).text, "/c.yaml", parse(version))
    except ConfigError as error:
        assert error.key == "config_flow_style" and ("{" in text or ": &m" in text), str(error)
        return
    wanted = expected(version)
    if version == "1.84.0":
        wanted["database"].update({key: before["database"][key] for key in ("type", "postgres")})
    assert loaded(made.text) == wanted
    if version == "0.80.2":
        rows = difflib.ndiff(text.split("\n"), made.text.split("\n"))
        assert not [row for row in rows if row.startswith("- ") and "drop_tables" not in row], (
            "a line of before is gone"
        )


@pytest.mark.parametrize(
    "text",
    [
        "base: &db\n  connection_string: postgres://db/a\ndatabase: *db\n",
        "base: &db\n  connection_string: postgres://db/a\ndatabase:\n  <<: *db\n  max_open_connections: 1\n",
        "database:\n  connection_string: &dsn postgres://db/a\nother: *dsn\n",
        "? database\n: connection_string: postgres://db/a\n",
    ],
)
def test_what_an_anchor_ties_together_is_not_torn_apart(text: str) -> None:
    said = loaded(text)
    assert config.settings(text, "/c.yaml", {})["dsn"] == "postgres://db/a"
    try:
        made = loaded(config.stage(text, "/c.yaml", parse("1.84.0")).text)
    except ConfigError as error:
        assert error.key == "config_flow_style"
        return
    said.pop("database")
    assert made == said
