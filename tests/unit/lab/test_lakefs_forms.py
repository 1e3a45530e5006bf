# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How operators have lakeFS, in the configuration of each era."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tests.lab import cluster, lakefs, lakefs_forms, products
from tests.lab.lakefs_forms import Settings
from tests.lab.proc import LabError

SETTINGS = Settings("postgres://lakefs:word@198.18.9.13:5432/lakefs", "key")
RELEASES = ("0.30.0", "0.70.6", "0.80.2", "0.103.0", "1.52.0", "1.82.0", "1.84.0")


def flat(value: Any, before: str = "") -> dict[str, str]:
    if not isinstance(value, dict):
        return {before: str(value).lower() if isinstance(value, bool) else value}
    return {key: one for name, part in value.items() for key, one in flat(part, f"{before}.{name}".strip(".")).items()}


@pytest.mark.parametrize("release", RELEASES)
def test_file_and_environment_say_the_same(release: str) -> None:
    expected = lakefs_forms.keys(release, SETTINGS)
    assert flat(yaml.safe_load(lakefs_forms.config(release, SETTINGS))) == expected
    lines = dict(line.split("=", 1) for line in lakefs_forms.environment(release, SETTINGS).splitlines())
    assert lines == {"LAKEFS_" + key.replace(".", "_").upper(): value for key, value in expected.items()}


@pytest.mark.parametrize(("release", "sql"), [("0.30.0", True), ("0.70.6", True), ("0.80.2", False), ("1.84.0", False)])
def test_keys_of_one_era_are_not_in_another(release: str, sql: bool) -> None:
    keys = lakefs_forms.keys(release, SETTINGS)
    assert ("database.connection_string" in keys) is sql
    assert ("database.postgres.connection_string" in keys) is not sql


def test_nothing_calls_out() -> None:
    keys = lakefs_forms.keys("1.84.0", SETTINGS)
    assert keys["stats.enabled"] == keys["security.check_latest_version"] == "false"
    assert "127.0.0.1:1/" in keys["security.audit_check_url"]


def test_an_instance_behind_the_proxy_each() -> None:
    text = lakefs_forms.proxy({"a1": "198.18.9.11", "a2": "198.18.9.12"})
    assert re.findall(r"server (\S+) (\S+) check", text) == [("a1", "198.18.9.11:8000"), ("a2", "198.18.9.12:8000")]


def test_the_database_is_no_instance() -> None:
    expected = lakefs.asked_for("x", 2, "1.82.0", "plain", 0)
    groups = yaml.safe_load(cluster.inventory(expected, "/keys/id", "/cp"))
    assert {name: list(group["hosts"]) for name, group in groups.items()} == {
        "lakefs": ["a1", "a2"],
        "database": ["d1"],
    }
    assert len({host.address for host in expected.hosts}) == 3


def test_what_cannot_be_made() -> None:
    with pytest.raises(LabError, match="expected one of plain, environment"):
        lakefs.asked_for("x", 2, "1.82.0", "packaged", 0)
    with pytest.raises(LabError, match="expected one of garage, lakefs"):
        products.of("ceph")
