# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms in which operators have Garage, and what each release can be asked for."""

from __future__ import annotations

import configparser
import tomllib
from typing import Any

import pytest

from tests.lab import garage_forms
from tests.lab.garage import Wish, asked_for
from tests.lab.garage_forms import FORMS, Settings
from tests.lab.garage_words import Words


def unit(form: str) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(FORMS[form].unit)
    return dict(parser["Service"])


def config(form: str, release: str, **more: Any) -> dict[str, Any]:
    return tomllib.loads(garage_forms.config(form, "198.18.9.11", Settings(release, "ab" * 32, **more)))


@pytest.mark.parametrize("form", FORMS)
def test_no_unit_names_a_kill_signal(form: str) -> None:
    """The trap must be there to be met: up to 0.7 a plain `systemctl stop` kills the daemon."""
    assert "KillSignal" not in FORMS[form].unit
    given = unit(form)
    assert given.get("User", "garage") == "garage" and ("User" in given or given["DynamicUser"] == "true")


def test_plain_names_its_config_in_the_environment() -> None:
    assert unit("plain")["Environment"] == f"GARAGE_CONFIG_FILE={FORMS['plain'].config}"
    assert unit("plain")["ExecStart"] == f"{FORMS['plain'].binary} server"


@pytest.mark.parametrize(("form", "word"), [("packaged", "-c"), ("odd", "--config")])
def test_others_name_their_config_on_the_command_line(form: str, word: str) -> None:
    assert unit(form)["ExecStart"] == f"{FORMS[form].binary} {word} {FORMS[form].config} server"
    assert unit(form)["EnvironmentFile"].lstrip("-") == FORMS[form].environment_file


def test_a_shell_leads_to_what_the_inventory_names() -> None:
    told = dict(FORMS["wrapped"].told)
    assert (
        unit("wrapped")["ExecStart"]
        == f'/bin/sh -c "exec {told["garage_binary"]} -c {told["garage_config_file"]} server"'
    )
    assert unit("wrapped")["User"] == told["garage_user"]
    assert config("wrapped", "1.3.0")["metadata_snapshots_dir"] == "/srv/snapshots"
    assert "metadata_snapshots_dir" not in config("wrapped", "0.9.4")


@pytest.mark.parametrize(
    ("form", "release", "admin"),
    [
        ("plain", "0.6.0", 0),
        ("plain", "0.7.0", 1),
        ("packaged", "0.7.0", 0),
        ("packaged", "0.8.7", 1),
        ("makers", "0.8.0", 1),
    ],
)
def test_config(form: str, release: str, admin: int) -> None:
    found = config(form, release, replication=2)
    assert found.get("rpc_public_addr") == (None if form == "makers" else "198.18.9.11:3901")  # G30
    assert found["replication_mode"] == "2"
    assert "db_engine" not in found
    # 0.7 does not start without them
    assert found["s3_api"]["api_bind_addr"] and found["s3_web"]["bind_addr"]
    assert ("admin" in found) == bool(admin)


@pytest.mark.parametrize(
    ("form", "release", "key"),
    [
        ("plain", "0.9.4", "replication_mode"),
        ("plain", "1.3.0", "replication_mode"),
        ("packaged", "1.3.0", "replication_factor"),
        ("plain", "2.1.0", "replication_factor"),
    ],
)
def test_how_many_copies(form: str, release: str, key: str) -> None:  # trap G21
    found = config(form, release)
    assert [one for one in found if one.startswith("replication")] == [key]
    assert str(found[key]) == "3"


def test_secrets_elsewhere() -> None:
    assert config("plain", "0.9.4", secret_in="file")["rpc_secret_file"] == "/var/lib/garage/rpc_secret"
    assert not [key for key in config("packaged", "0.9.4", secret_in="env") if "secret" in key]


def test_an_engine_and_two_disks() -> None:
    found = config("odd", "0.9.4", engine="sled", data_dirs=2)
    assert found["db_engine"] == "sled"
    assert [one["path"] for one in found["data_dir"]] == ["/srv/store/data", "/srv/store/data1"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("0.4.0"), "expected 0.5 or later"),
        (Wish("0.7.0", form="other"), "expected one of plain, packaged, makers, proxied, wrapped, odd, docker"),
        (Wish("0.7.0", engine="sled"), "expected one of none"),
        (Wish("1.3.0", engine="sled"), "expected one of lmdb, sqlite"),
        (Wish("0.9.4", secret="paper"), "expected config, world, file or env"),
        (Wish("0.8.0", secret="file"), "reads it from the configuration only"),  # trap G27
        (Wish("0.9.4", secret="env"), "has no file of environment"),
        (Wish("0.8.7", data_dirs=2), "expected 0.9 or later"),
        (Wish("0.9.4", form="docker", data_dirs=2), "one data directory"),
    ],
)
def test_what_cannot_be_made(wish: Wish, words: str) -> None:
    assert words in wish.refuse()


@pytest.mark.parametrize("release", ["0.5.1", "0.6.0", "0.7.0", "0.8.7", "0.9.4", "1.3.0", "2.1.0"])
def test_what_can_be_made(release: str) -> None:
    assert Wish(release).refuse() == ""


def test_containers_stand_beside_their_hosts() -> None:
    found = asked_for("x", Wish("0.9.4", form="docker"))
    assert found.variables["b1"] == {"garage_unit": "docker:uplift-x-b1-garage"}
    assert all(path.endswith(("/meta", "/data")) for path in found.own_data) and len(found.own_data) == 6


@pytest.mark.parametrize(("release", "size"), [("0.8.7", "1"), ("0.9.4", "1G")])
def test_a_role(release: str, size: str) -> None:
    assert Words(release).role("ab", "z", "t", gateway=False)[5:7] == ["-c", size]
    assert Words(release).role("ab", "z", "t", gateway=True)[5:6] == ["-g"]
