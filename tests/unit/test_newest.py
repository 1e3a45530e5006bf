# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that came out and is not in the catalogue is told; a registry that does not say is no `nothing new`."""

from __future__ import annotations

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._garage.catalogue import GARAGE
from ansible_collections.uplift.datastores.plugins.module_utils._pachyderm.catalogue import PACHYDERM

from tests.newest import __main__ as newest

INDEX = """{"name": "garage", "vers": "2.4.0", "yanked": false}
{"name": "garage", "vers": "2.5.0-rc1", "yanked": false}
{"name": "garage", "vers": "2.5.0", "yanked": false}
{"name": "garage", "vers": "2.9.9", "yanked": true}
"""


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        (newest.of_crates(INDEX), ""),
        (["2.5.0", "2.6.0", "2.5.1"], "garage: 2.5.1, 2.6.0 came out after 2.5.0"),
        (["2.4.0"], ""),
        ([], "the registry offers nothing below"),
    ],
)
def test_what_is_newer_is_named(offered: list[str], said: str) -> None:
    judged = newest.judged("garage", GARAGE, offered)
    assert said in judged and bool(said) == bool(judged)


def test_a_withdrawn_one_is_none() -> None:
    assert newest.of_crates(INDEX) == ["2.4.0", "2.5.0-rc1", "2.5.0"]


def test_the_words_of_go() -> None:
    said = "github.com/pachyderm/pachyderm v1.13.3 v1.13.4 v1.13.5-rc.1\n"
    assert newest.judged("pachyderm", PACHYDERM, newest.of_go(said)) == ""


def test_a_registry_that_does_not_say_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent() -> list[str]:
        raise newest.Unknown("403 Forbidden")

    monkeypatch.setattr(newest, "SOURCES", {"garage": (GARAGE, silent)})
    assert newest.main() == 1
    assert capsys.readouterr().out == "garage: whether something newer came out is unknown: 403 Forbidden\n"
