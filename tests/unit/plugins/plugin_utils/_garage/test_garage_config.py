# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import tomlkit
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage import config as subject
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.config import ConfigError
from hypothesis import given
from hypothesis import strategies as st

SECRET = "4425f5c26c5e11581d3223904324dcb5b5d5dfb14e5e7f35e38c595424f5f1e6"
# The form of a configuration with which 0.7.0 and 0.8.7 were run.
TEXT = f"""# written by hand
metadata_dir = "/var/lib/garage/meta"   # fast disk
data_dir = "/var/lib/garage/data"
replication_mode = "3"

rpc_secret = "{SECRET}"
rpc_bind_addr = "[::]:3901"
rpc_public_addr = "198.18.1.11:3901"
bootstrap_peers = []

[s3_api]
api_bind_addr = "[::]:3900"  # S3
s3_region = "garage"
root_domain = ".s3.garage"

[s3_web]
bind_addr = "[::]:3902"
root_domain = ".web.garage"
index = "index.html"

[admin]
api_bind_addr = "0.0.0.0:3903"
admin_token = "{SECRET}"
"""
QUIET = {"s3_api.api_bind_addr": "127.0.0.1:0", "s3_web.bind_addr": "127.0.0.1:0"}


def settings(text: str = TEXT, **rest: Any) -> dict[str, Any]:
    return subject.settings(text, "garage.toml", **rest)


def test_what_is_read() -> None:
    assert settings() == {
        "metadata_dir": "/var/lib/garage/meta",
        "data_dirs": [{"path": "/var/lib/garage/data", "capacity": None}],
        "snapshots_dir": "",
        "db_engine": "",
        "replication_mode": "3",
        "replication_factor": None,
        "rpc_bind_addr": "[::]:3901",
        "rpc_public_addr": "198.18.1.11:3901",
        "rpc_secret_source": "config",
        "s3": {"api_bind_addr": "[::]:3900", "s3_region": "garage", "root_domain": ".s3.garage"},
        "web": {"bind_addr": "[::]:3902", "root_domain": ".web.garage"},
        "admin": {"api_bind_addr": "0.0.0.0:3903", "has_admin_token": True, "has_metrics_token": False},
        "unknown_keys": [],
    }


@pytest.mark.parametrize(
    ("old", "new", "unknown"),
    [  # trap G20: Garage says nothing and takes its default
        ("replication_mode", "db_engin = 'sled'\nreplication_mode", ["db_engin"]),
        ("index =", "indx =", ["s3_web.indx"]),
        ("[s3_web]", "[s3_wbe]", ["s3_wbe"]),
        ("replication_mode", "db_engine = 'sled'\nreplication_mode", []),
    ],
)
def test_a_typo_is_seen_g20(old: str, new: str, unknown: list[str]) -> None:
    assert settings(TEXT.replace(old, new, 1))["unknown_keys"] == unknown


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (TEXT.replace("[s3_web]", "[s3_web", 1), "config_not_toml", "line 16, column"),
        (TEXT + "rpc_secret =\n", "config_not_toml", "line 24, column"),
        ('metadata_dir = "a"\nmetadata_dir = "b"\n', "config_not_toml", "garage.toml is not TOML"),
        (TEXT.replace("metadata_dir", "metadata_di"), "config_no_metadata_dir", "has no metadata_dir"),
        (TEXT.replace('"/var/lib/garage/meta"', "3"), "config_no_metadata_dir", "has no metadata_dir"),
        (TEXT.replace("\ndata_dir", "\ndata_dri"), "config_bad_data_dir", "data_dir"),
        (TEXT.replace('data_dir = "/var/lib/garage/data"', "data_dir = [1]"), "config_bad_data_dir", "data_dir"),
        ("", "config_no_metadata_dir", "has no metadata_dir"),
        (
            TEXT.replace('"/var/lib/garage/meta"', '"meta"'),
            "config_relative",
            "'meta', which is relative",
        ),
    ],
)
def test_what_is_wrong_is_a_sentence(text: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        settings(text)
    assert caught.value.key == key
    assert SECRET not in str(caught.value)


def test_several_data_dirs() -> None:
    dirs = '[{ path = "/old", read_only = true }, { path = "/new", capacity = "2T" }]'
    found = settings(TEXT.replace('"/var/lib/garage/data"', dirs))["data_dirs"]
    assert found == [{"path": "/old", "capacity": None}, {"path": "/new", "capacity": "2T"}]


@pytest.mark.parametrize(
    ("old", "environment", "source"),
    [
        ("", [], "config"),
        ("rpc_secret = ", [], ""),
        ("rpc_secret = ", ["GARAGE_RPC_SECRET"], "environment"),
        ("rpc_secret = ", ["GARAGE_RPC_SECRET_FILE"], "file"),
    ],
)
def test_where_the_rpc_secret_comes_from(old: str, environment: list[str], source: str) -> None:
    text = TEXT.replace(old, "rpc_secret_not = ") if old else TEXT
    assert settings(text, environment=environment)["rpc_secret_source"] == source


def test_the_ports_are_moved_not_left_out_g23() -> None:
    # trap G23: without api_bind_addr 0.7 panics; with port 0 it starts and no client finds it (seen with 0.7.0).
    edited = subject.edit(TEXT, "garage.toml", QUIET)
    assert edited == TEXT.replace('"[::]:3900"', '"127.0.0.1:0"').replace('"[::]:3902"', '"127.0.0.1:0"')
    assert subject.reachable_s3_addresses(settings(edited), "198.18.1.11") == []


@pytest.mark.parametrize("name", ["rpc_secret", "admin.admin_token", "db_engin", "k2v_api.api_bind_addr", "s3_api"])
def test_what_cannot_be_edited(name: str) -> None:
    with pytest.raises(UpliftError, match=name):
        subject.edit(TEXT, "garage.toml", {name: "x"})


@pytest.mark.parametrize(
    ("bind", "host", "addresses", "local"),
    [
        ("[::]:3900", "198.18.1.11", ["198.18.1.11:3900"], ""),
        ("0.0.0.0:3900", "198.18.1.11", ["198.18.1.11:3900"], ""),
        ("[::]:3900", "fc00:1::1", ["[fc00:1::1]:3900"], ""),
        ("198.18.1.12:3900", "198.18.1.11", ["198.18.1.12:3900"], ""),
        ("127.0.0.1:3900", "198.18.1.11", [], "127.0.0.1:3900"),
        ("[::1]:3900", "198.18.1.11", [], "[::1]:3900"),
        ("127.0.0.1:3900", "127.0.0.1", ["127.0.0.1:3900"], "127.0.0.1:3900"),
        ("/run/garage/s3.sock", "198.18.1.11", [], "unix:/run/garage/s3.sock"),
        ("127.0.0.1:0", "127.0.0.1", [], ""),
        ("", "198.18.1.11", [], ""),
    ],
)
def test_where_clients_and_the_node_itself_reach_s3(bind: str, host: str, addresses: list[str], local: str) -> None:
    config = {"s3": {"api_bind_addr": bind}}
    assert subject.reachable_s3_addresses(config, host) == addresses
    assert subject.local_s3_address(config) == local


NAMES = sorted(
    name for name in subject.PUBLIC if name.partition(".")[0] in ("s3_api", "s3_web", "admin") or "." not in name
)
VALUES = st.one_of(st.text(max_size=20), st.integers(-(2**40), 2**40), st.booleans())


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_an_edit_changes_what_it_says_and_nothing_else(changes: dict[str, Any]) -> None:
    edited = subject.edit(TEXT, "garage.toml", changes)
    expected = tomlkit.parse(TEXT).unwrap()
    for name, value in changes.items():
        section, _dot, key = name.rpartition(".")
        (expected[section] if section else expected)[key] = value
    assert tomlkit.parse(edited).unwrap() == expected
    for comment in ("# written by hand", "# fast disk", "# S3"):
        assert comment in edited
    assert subject.edit(edited, "garage.toml", changes) == edited
    if not changes:
        assert edited == TEXT


@given(st.sampled_from(sorted(subject.SECRET)), st.text("abcdef0123456789", min_size=32, max_size=64))
def test_no_secret_gets_out(name: str, secret: str) -> None:
    document = tomlkit.parse(TEXT)
    section, _dot, key = name.rpartition(".")
    table: Any = document.setdefault(section, tomlkit.table()) if section else document
    table[key] = secret
    text = f"# old: {secret}\n" + tomlkit.dumps(document)
    assert secret not in repr(settings(text))
    assert secret not in subject.public_lines(text, "garage.toml")
    assert f"{name} = ********" in subject.public_lines(text, "garage.toml")
