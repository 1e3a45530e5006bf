# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which other services of a machine start the program of a unit."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.sharers import among

# As systemd 252 prints it for `systemctl show --property=Id,Names,ExecStart -- '*.service'`.
ONE = """ExecStart={{ path={path} ; argv[]={path} server ; ignore_errors=no ; start_time=[n/a] ; status=0/0 }}
Id={name}
Names={names}
"""


def said(**units: str) -> str:
    """name -> program; further names behind a comma."""
    return "\n".join(
        ONE.format(path=path, name=f"{name}.service", names=f"{name}.service {name}-alias.service")
        for name, path in units.items()
    )


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("bin/garage", ["green.service"]),
        ("bin/garage-green", []),
        ("bin/other", []),
        ("sbin/garage", ["green.service"]),
    ],
)
def test_the_same_path_is_the_same_program_and_the_same_release_is_not(
    tmp_path: Path, path: str, found: list[str]
) -> None:
    """trap G36"""
    (tmp_path / "bin").mkdir()
    (tmp_path / "sbin").symlink_to("bin")
    for name in ("garage", "garage-green"):
        (tmp_path / "bin" / name).symlink_to("garage-0.8.0")
    text = said(blue=f"{tmp_path}/{path}", green=f"{tmp_path}/bin/garage", cron="/usr/sbin/cron")
    assert list(among(text, "blue.service", f"{tmp_path}/{path}")) == found


def test_a_link_that_leads_over_it_shares_it(tmp_path: Path) -> None:
    (tmp_path / "garage").symlink_to("garage-0.8.0")
    (tmp_path / "mine").symlink_to("garage")
    text = said(blue=f"{tmp_path}/garage", green=f"{tmp_path}/mine")
    assert list(among(text, "blue.service", f"{tmp_path}/garage")) == ["green.service"]
    assert list(among(text, "blue-alias.service", f"{tmp_path}/garage")) == ["green.service"]


def test_what_starts_nothing_shares_nothing() -> None:
    assert not list(among("Id=a.service\nNames=a.service\n\nId=b.service\nNames=b.service\n", "a.service", "/x"))
    assert not list(among("", "a.service", "/x"))
