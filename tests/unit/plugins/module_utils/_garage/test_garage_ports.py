# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._garage import ports
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import systemd

COPY = "/etc/garage.toml.uplift-quiesced"
FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "systemd"


class Says:
    """A runner that answers whatever it is asked with what systemd 252 shows of such a unit."""

    def __init__(self, name: str) -> None:
        self.text = (FIXTURES / f"show_{name}-252.txt").read_text()

    def run(self, argv: Sequence[str], **_ignored: Any) -> Answer:
        return Answer(tuple(argv), 0, self.text, "")


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["garage", "server"], ["/bin/garage", "-c", COPY, "server"]),
        (["garage", "-c", "/etc/g.toml", "server"], ["/bin/garage", "-c", COPY, "server"]),
        (["garage", "--config", "/etc/g.toml", "server", "--x"], ["/bin/garage", "-c", COPY, "server", "--x"]),
        (["garage", "--config=/etc/g.toml", "server"], ["/bin/garage", "-c", COPY, "server"]),
    ],
)
def test_only_the_configuration_file_is_another(argv: list[str], command: list[str]) -> None:
    """trap G23: clients are shut out by another file with moved ports, not by a file without them."""
    assert ports.command(argv, "/bin/garage", COPY) == command


def test_an_odd_command_line_comes_back_as_it_was() -> None:
    odd = ["/bin/garage", "server", "with space", 'quo"te', "back\\slash", "100%"]
    line = ports.text(odd, "/bin/garage", COPY).splitlines()[-1]
    words = systemd.words(line.partition("=")[2].replace("%%", "%"))
    assert words == ["/bin/garage", "-c", COPY, *odd[1:]]


def test_the_units_own_command_is_taken_back_first() -> None:
    """A second ExecStart= in a drop-in adds to the first one, which systemd refuses for this type of service."""
    lines = ports.text(["garage", "server"], "/bin/garage", COPY).splitlines()
    assert lines[1:3] == ["[Service]", "ExecStart="]


def test_in_place_of_a_script_the_program_is_started_that_the_operator_names() -> None:
    own = systemd.read_unit(Says("quoting"), "t1.service", Path("/nowhere"))
    wrapper = systemd.read_unit(Says("wrapper"), "wrapper.service", Path("/nowhere"))
    assert ports.started(wrapper, "/opt/garage") == (("/opt/garage", "server"), "/opt/garage")
    assert ports.started(own, "/opt/garage") == (own.argv, own.binary)
    line = ports.text(*ports.started(wrapper, "/opt/garage"), COPY).splitlines()[-1]
    assert line == f'ExecStart="/opt/garage" "-c" "{COPY}" "server"'
