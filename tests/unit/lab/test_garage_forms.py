# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two forms in which operators have Garage."""

from __future__ import annotations

import configparser
import tomllib

import pytest

from tests.lab import garage_forms
from tests.lab.garage_forms import FORMS


def unit(form: str) -> dict[str, str]:
    parser = configparser.ConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(FORMS[form].unit)
    return dict(parser["Service"])


@pytest.mark.parametrize("form", FORMS)
def test_no_unit_names_a_kill_signal(form: str) -> None:
    """The trap must be there to be met: up to 0.7 a plain `systemctl stop` kills the daemon."""
    assert "KillSignal" not in FORMS[form].unit
    assert unit(form)["User"] == "garage"


def test_plain_names_its_config_in_the_environment() -> None:
    assert unit("plain")["Environment"] == f"GARAGE_CONFIG_FILE={FORMS['plain'].config}"
    assert unit("plain")["ExecStart"] == f"{FORMS['plain'].binary} server"


def test_packaged_names_its_config_on_the_command_line() -> None:
    assert unit("packaged")["ExecStart"] == f"{FORMS['packaged'].binary} -c {FORMS['packaged'].config} server"
    assert unit("packaged")["ProtectSystem"] == "strict"


@pytest.mark.parametrize(
    ("form", "release", "admin"), [("plain", "0.7.0", 1), ("packaged", "0.7.0", 0), ("packaged", "0.8.7", 1)]
)
def test_config(form: str, release: str, admin: int) -> None:
    config = tomllib.loads(garage_forms.config(form, "198.18.9.11", release, "ab" * 32, 2))
    assert config["rpc_public_addr"] == "198.18.9.11:3901"
    assert config["replication_mode"] == "2"
    # 0.7 does not start without them
    assert config["s3_api"]["api_bind_addr"] and config["s3_web"]["bind_addr"]
    assert ("admin" in config) == bool(admin)
