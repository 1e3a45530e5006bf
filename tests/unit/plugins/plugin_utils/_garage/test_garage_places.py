# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories and addresses of a container, as its machine has them; the containers are captures of a real daemon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import container_info
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_info import reached
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.container_spec import read
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.config import ConfigError, settings
from ansible_collections.uplift.datastores.plugins.plugin_utils._garage.places import on_machine

FIXTURES = Path(__file__).parents[3] / "fixtures" / "docker"
TEXT = """metadata_dir = "/var/lib/garage/meta"
data_dir = "/var/lib/garage/data"
[s3_api]
api_bind_addr = "[::]:3900"
[s3_web]
bind_addr = "[::]:3902"
[admin]
api_bind_addr = "127.0.0.1:3903"
"""


def container(kind: str) -> dict[str, Any]:
    seen = json.loads((FIXTURES / f"container_{kind}_20.10.24.json").read_text())[0]
    return {"name": kind, "mounts": read(seen).mounts, "published": container_info.published(seen), "others": []}


@pytest.mark.parametrize(
    ("kind", "meta", "data", "s3", "admin"),
    [
        ("plain", "/srv/garage/meta", "/srv/garage/data", "[::]:3900", "127.0.0.1:3903"),
        ("rich", "/srv/garage/meta", "/var/lib/docker/volumes/lab-data/_data", "127.0.0.1:3900", ""),
        ("compose", "/var/lib/docker/volumes/shop_meta/_data", "/srv/garage/data", "0.0.0.0:13900", ""),
    ],
)
def test_places(kind: str, meta: str, data: str, s3: str, admin: str) -> None:
    found = on_machine(settings(TEXT, "g.toml"), container(kind), "g.toml")
    assert (found["metadata_dir"], found["data_dirs"][0]["path"]) == (meta, data)
    assert (found["s3"]["api_bind_addr"], found["admin"]["api_bind_addr"]) == (s3, admin)


def test_snapshots_are_looked_for_on_the_machine() -> None:
    def asked(place: str) -> Any:
        text = f'metadata_snapshots_dir = "{place}"\n{TEXT}'
        return on_machine(settings(text, "g.toml"), container("plain"), "g.toml")["snapshots_dir"]

    assert asked("/var/lib/garage/meta/own") == "/srv/garage/meta/own"
    with pytest.raises(ConfigError, match="metadata_snapshots_dir = /fast, which lies in the container plain alone"):
        asked("/fast")


def test_who_else_may_write_to_the_metadata() -> None:  # trap G05
    others = [{"name": "restic", "sources": ["/srv"]}, {"name": "web", "sources": ["/srv/garage/meta2", "/var"]}]
    found = on_machine(settings(TEXT, "g.toml"), {**container("plain"), "others": others}, "g.toml")
    assert found["shared_with"] == ["restic"]


@pytest.mark.parametrize(("setting", "place"), [("metadata_dir", "meta"), ("data_dir", "data")])
def test_what_lies_in_the_container_alone_would_be_lost_with_it(setting: str, place: str) -> None:
    text = TEXT.replace(f"/var/lib/garage/{place}", f"/lost/{place}")
    with pytest.raises(
        ConfigError, match=f"{setting} = /lost/{place}, which lies in the container plain alone"
    ) as told:
        on_machine(settings(text, "g.toml"), container("plain"), "g.toml")
    assert told.value.key == "data_in_container"


@pytest.mark.parametrize(
    ("address", "published", "expected"),
    [
        ("0.0.0.0:3900", None, "0.0.0.0:3900"),
        ("[::]:3900", {"3900": "0.0.0.0:13900"}, "0.0.0.0:13900"),
        ("0.0.0.0:3900", {}, ""),
        ("127.0.0.1:3903", {"3903": "0.0.0.0:3903"}, ""),
        ("/run/garage.sock", {}, "/run/garage.sock"),
        ("", {}, ""),
    ],
)
def test_addresses(address: str, published: dict[str, str] | None, expected: str) -> None:
    assert reached(address, published) == expected
