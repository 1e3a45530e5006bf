# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge's reading of Garage's command line, on captured answers of each release."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.lab import garage_text
from tests.lab.proc import LabError

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "garage"
RELEASES = sorted(path.stem.removeprefix("version_") for path in CAPTURES.glob("version_*.yml"))
each_release = pytest.mark.parametrize("release", RELEASES)


def said(name: str, release: str) -> str:
    return str(yaml.safe_load((CAPTURES / f"{name}_{release}.yml").read_text())["stdout"])


def test_there_are_captures() -> None:
    assert {"0.7.0", "0.8.7"} <= set(RELEASES)


@each_release
def test_healthy_nodes(release: str) -> None:
    assert len(garage_text.healthy(said("status", release), with_role=True)) == 3
    assert len(garage_text.healthy(said("status_node_down", release), with_role=True)) == 2
    assert garage_text.healthy(said("status_daemon_down", release), with_role=False) == set()


@each_release
@pytest.mark.parametrize("capture", ["status_no_role", "status_pending"])
def test_a_node_without_a_role_is_healthy_but_has_none(release: str, capture: str) -> None:
    text = said(capture, release)
    assert garage_text.healthy(text, with_role=True) < garage_text.healthy(text, with_role=False)


@each_release
def test_bucket_with_aliases(release: str) -> None:
    _name, info = garage_text.bucket(said("bucket_info", release))
    assert info["global"] == ["photos", "pictures"]
    assert not info["website"]
    assert info["keys"] and info["local"]


@each_release
def test_bucket_that_is_a_website(release: str) -> None:
    name, info = garage_text.bucket(said("bucket_info_website", release))
    assert len(name) == 64
    assert (info["global"], info["website"], list(info["keys"].values())) == (["site"], True, ["RWO"])


@each_release
def test_bucket_with_nothing_but_a_local_alias(release: str) -> None:
    """The key's name has a space in it and stands in brackets between the key and the alias."""
    _name, info = garage_text.bucket(said("bucket_info_local", release))
    assert info["global"] == []
    assert sorted(alias for _key, alias in info["local"]) == ["log", "only-local"]
    assert all(key.startswith("GK") for key, _alias in info["local"])


@each_release
def test_lists(release: str) -> None:
    assert len(garage_text.bucket_ids(said("bucket_list", release))) == 4
    assert garage_text.bucket_ids(said("bucket_list_empty", release)) == []
    assert len(garage_text.key_ids(said("key_list", release))) >= 2
    assert garage_text.key_ids(said("key_list_empty", release)) == []


@each_release
def test_key(release: str) -> None:
    name, info = garage_text.key(said("key_info", release))
    assert name.startswith("GK")
    assert info == {"name": "app key", "create": False, "secret": "SECRET"}


def test_an_answer_of_another_shape_is_no_answer() -> None:
    with pytest.raises(LabError, match="Key-specific aliases:` is missing"):
        garage_text.bucket(said("bucket_list", RELEASES[0]))
    with pytest.raises(LabError, match="no rule reads"):
        garage_text.permissions(["RWX  somebody"])
