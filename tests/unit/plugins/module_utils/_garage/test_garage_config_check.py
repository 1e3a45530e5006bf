# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer, CliError
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._garage.cli import Garage
from ansible_collections.uplift.datastores.plugins.module_utils._garage.config_check import check

from tests.unit import replay

STAGED = "/releases/garage-0.8.7"


class TwoReleases:
    """The running 0.7.0 says what it said; the staged program says `staged`."""

    def __init__(self, staged: Answer) -> None:
        self.staged, self.users, self.read = staged, [], list[str]()

    def run(self, argv: Sequence[str], **options: Any) -> Answer:
        if argv[0] != STAGED:
            return replay.answer("version" if argv[1] == "--version" else "node_id", replay.OLD)
        assert [*argv[:2], *argv[3:]] == [STAGED, "-c", "node", "id", "-q"]
        self.read.append(argv[2])
        self.users.append(options["user"])
        return self.staged


def asked(staged: Answer) -> tuple[Garage, TwoReleases]:
    runner = TwoReleases(staged)
    return Garage(runner, replay.BINARY, replay.CONFIG, user="garage"), runner


def test_the_staged_release_reads_the_file_as_the_service_does() -> None:
    """trap G22: each release parses the whole config by its own rules."""
    garage, runner = asked(replay.answer("node_id", replay.OLD))
    assert len(check(garage, STAGED)["node_id"]) == 64
    assert (runner.users, runner.read) == (["garage"], [replay.CONFIG])


def test_a_file_that_the_staged_release_cannot_read_stops_before_anything_else_does() -> None:
    """trap G22"""
    garage, _runner = asked(replay.answer("node_id_config_without_replication_mode", replay.NEW))
    with pytest.raises(CliError, match="missing field `replication_mode`"):
        check(garage, STAGED)


def test_another_node_in_the_file_stops() -> None:
    garage, _runner = asked(replay.answer("node_id", replay.NEW))
    with pytest.raises(UpliftError, match="expected .* the one that runs"):
        check(garage, STAGED)
