# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One configuration in every spelling that TOML allows: read alike, and edited by the one change alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import tomlkit
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage import config as subject
from hypothesis import given
from hypothesis import strategies as st

SECRET = "4425f5c26c5e11581d3223904324dcb5b5d5dfb14e5e7f35e38c595424f5f1e6"
SAYS: Mapping[str, Mapping[str, Any]] = {
    "": {
        "metadata_dir": "/var/lib/garage/meta",
        "data_dir": "/var/lib/garage/data",
        "replication_mode": "3",
        "rpc_secret": SECRET,
        "rpc_bind_addr": "[fd00::1]:3901",
        "bootstrap_peers": ["0011@[fd00::2]:3901"],
    },
    "s3_api": {"api_bind_addr": "[::]:3900", "s3_region": "garage", "root_domain": ".s3.garage"},
    "s3_web": {"bind_addr": "/run/garage/web.sock", "root_domain": ".web.garage", "index": "index.html"},
    "admin": {"api_bind_addr": "127.0.0.1:3903", "admin_token": SECRET},
}


def _text(choose: Callable[[list[str]], str], value: str) -> str:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in value)
    return choose([json.dumps(value), f"'{value}'", f'"""{value}"""', f"'''{value}'''", f'"{escaped}"'])


def _value(choose: Callable[[list[str]], str], value: Any) -> str:
    if isinstance(value, str):
        return _text(choose, value)
    words = [_text(choose, one) for one in value]
    return choose(
        [f"[{', '.join(words)}]", f"[ {', '.join(words)}, ]", "[\n  # the others\n  " + ",\n  ".join(words) + ",\n]"]
    )


def _row(choose: Callable[[list[str]], str], key: str, value: Any) -> str:
    around = choose([" = ", "=", "\t=  "])
    return choose(["", "  ", "\t"]) + choose([key, f'"{key}"', f"'{key}'"]) + around + _value(choose, value)


def _section(choose: Callable[[list[str]], str], name: str, says: Mapping[str, Any]) -> tuple[str, bool]:
    """The section as lines, and whether they have to stand before the first header."""
    shape = choose(["header", "dotted", "inline"])
    if shape == "inline":
        rows = [f"{key} = {_text(choose, value)}" for key, value in says.items()]
        return f"{name} = {{ {', '.join(rows)} }}\n", True
    if shape == "dotted":
        rows = [f"{name}.{_row(choose, key, value).strip()}" for key, value in says.items()]
        return "\n".join(rows) + "\n", True
    header = choose([f"[{name}]", f"[ {name} ]", f'["{name}"]'])
    rows = [_row(choose, key, value) + choose(["", "  # a comment"]) for key, value in says.items()]
    return "\n".join([choose(["", "# of this section"]), header, *rows]) + "\n", False


@st.composite
def spelled(draw: Any) -> str:
    def choose(among: list[str]) -> str:
        return str(draw(st.sampled_from(among)))

    top = [_row(choose, key, value) for key, value in draw(st.permutations(sorted(SAYS[""].items())))]
    parts = [_section(choose, name, SAYS[name]) for name in draw(st.permutations(sorted(set(SAYS) - {""})))]
    first = [text for text, early in parts if early]
    last = [text for text, early in parts if not early]
    text = "# by hand\n" + "\n".join(top) + "\n" + "".join(first) + "".join(last)
    return text.replace("\n", "\r\n") if draw(st.booleans()) and '"""' not in text and "'''" not in text else text


def plain() -> str:
    top = "".join(f"{key} = {json.dumps(value)}\n" for key, value in SAYS[""].items())
    rest = "".join(
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in rows.items())
        for name, rows in SAYS.items()
        if name
    )
    return top + rest


@given(spelled())
def test_every_spelling_is_read_alike(text: str) -> None:
    assert subject.settings(text, "garage.toml") == subject.settings(plain(), "garage.toml")


CHANGES = st.sampled_from(
    [
        {"s3_api.api_bind_addr": "127.0.0.1:0", "s3_web.bind_addr": "127.0.0.1:0"},
        {"replication_mode": None, "replication_factor": 3},
        {"db_engine": "sled"},
        {"db_engine": "lmdb", "metadata_dir": "/elsewhere"},
    ]
)


@given(spelled(), CHANGES)
def test_an_edit_changes_what_it_says_and_no_other_line(text: str, changes: dict[str, Any]) -> None:
    edited = subject.edit(text, "garage.toml", changes)
    expected = tomlkit.parse(text).unwrap()
    for name, value in changes.items():
        section, _dot, key = name.rpartition(".")
        table = expected[section] if section else expected
        table.pop(key, None)
        if value is not None:
            table[key] = value
    assert tomlkit.parse(edited).unwrap() == expected
    keys = {name.rpartition(".")[2] for name in changes}
    kept = [line for line in text.splitlines() if not any(key in line for key in keys)]
    assert [line for line in kept if line not in edited.splitlines()] == []


@given(spelled())
def test_no_secret_is_shown_in_any_spelling(text: str) -> None:
    assert SECRET not in subject.public_lines(text, "garage.toml")
    assert SECRET not in repr(subject.settings(text, "garage.toml"))
