# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge's reading of Garage's command line, on captured answers of each release."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.lab import garage_text
from tests.lab.garage_words import Words
from tests.lab.proc import LabError

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "garage"
RELEASES = sorted(path.stem.removeprefix("version_") for path in CAPTURES.glob("version_*.yml"))
each_release = pytest.mark.parametrize("release", RELEASES)
each_with_aliases = pytest.mark.parametrize("release", [one for one in RELEASES if Words(one).aliases])


def said(name: str, release: str) -> str:
    return str(yaml.safe_load((CAPTURES / f"{name}_{release}.yml").read_text())["stdout"])


def answer(name: str, release: str) -> str:
    """What the lab asks that release: from 2.0 on by the JSON interface."""
    api = {"bucket_list": "api_buckets", "key_list": "api_keys"}.get(name, name.replace("bucket_info", "api_bucket"))
    return said(api if Words(release).api else name, release)


def test_there_are_captures() -> None:
    assert {"0.5.1", "0.6.0", "0.7.0", "0.8.7", "0.9.4", "1.3.0", "2.1.0"} <= set(RELEASES)


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


@each_with_aliases
def test_bucket_with_aliases(release: str) -> None:
    name, info = garage_text.bucket(answer("bucket_info", release))
    local = garage_text.local_aliases(answer("bucket_list", release)).get(name, info["local"])
    assert info["global"] == ["photos", "pictures"]
    assert sorted(alias for _key, alias in local) == ["album", "shots"]
    assert not info["website"]
    assert sorted(info["keys"].values()) == ["R", "RWO", "W"]


@each_release
def test_bucket_that_is_a_website(release: str) -> None:
    name, info = garage_text.bucket(answer("bucket_info_website", release))
    rights = "RWO" if Words(release).aliases else "RW"
    assert len(name) == 64
    assert (info["global"], info["website"], list(info["keys"].values())) == (["site"], True, [rights])


@each_with_aliases
def test_bucket_with_nothing_but_a_local_alias(release: str) -> None:
    """The key's name has a space in it and stands in brackets between the key and the alias."""
    name, info = garage_text.bucket(answer("bucket_info_local", release))
    # 2.x tells the alias of a key that may do nothing in its list alone.
    local = garage_text.local_aliases(answer("bucket_list", release)).get(name, info["local"])
    assert info["global"] == []
    assert sorted(alias for _key, alias in local) == ["log", "only-local"]
    assert all(key.startswith("GK") for key, _alias in local)


@each_release
def test_lists(release: str) -> None:
    assert len(garage_text.bucket_ids(answer("bucket_list", release))) == (4 if Words(release).aliases else 6)
    assert len(garage_text.key_ids(answer("key_list", release))) >= 2


@pytest.mark.parametrize("release", [one for one in RELEASES if not Words(one).api])
def test_empty_lists(release: str) -> None:
    assert garage_text.bucket_ids(said("bucket_list_empty", release)) == []
    assert garage_text.key_ids(said("key_list_empty", release)) == []


def test_empty_lists_of_the_api() -> None:
    assert garage_text.bucket_ids("[]") == garage_text.key_ids("[]") == []


@each_release
def test_key(release: str) -> None:
    text = said("api_key_new" if Words(release).api else "key_info", release)
    name, info = garage_text.key(text)
    assert name == garage_text.made_key(text)
    secret = "(redacted)" if Words(release).since(0, 9) and not Words(release).api else "SECRET"
    assert info == {"name": "uplift-probe" if Words(release).api else "app key", "create": False, "secret": secret}


@each_release
def test_a_key_that_was_made(release: str) -> None:
    assert garage_text.made_key(said("key_new", release)).startswith("GK")


def test_a_bucket_of_the_first_release_has_the_id_that_it_will_get() -> None:
    name, info = garage_text.bucket(said("bucket_info", "0.5.1"))
    assert name == garage_text.first_id("photos")
    assert sorted(info["keys"].values()) == ["R", "RW", "W"]


@pytest.mark.parametrize("name", ["photos", "a.b-c", "n" * 63])
def test_a_name_that_stays(name: str) -> None:
    assert garage_text.migrated_name(name) == name


@pytest.mark.parametrize(
    "name", ["My_Bucket", "b9", "n" * 64, "-photos", "photos.", "10.0.0.1", "xn--photos", "photos-s3alias"]
)
def test_a_name_that_goes(name: str) -> None:  # trap G14
    assert garage_text.migrated_name(name) == garage_text.first_id(name)[:32]


def test_an_answer_of_another_shape_is_no_answer() -> None:
    with pytest.raises(LabError, match="Key-specific aliases:` is missing"):
        garage_text.bucket(said("bucket_list", "0.7.0"))
    with pytest.raises(LabError, match="no rule reads"):
        garage_text.permissions(["RWX  somebody"])
    with pytest.raises(LabError, match="no rule reads"):
        garage_text.bucket("Bucket name: x\nAuthorized keys:\n- nobody\nWebsite access: true\n")
    with pytest.raises(LabError, match="no key stands in"):
        garage_text.made_key("nothing")
