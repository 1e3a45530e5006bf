# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real programs that say what they have to say and do not end."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError, LocalRunner

LINGERS = "import sys, time; print('pachctl 1'); print('pachd 1', flush=True); time.sleep(3600)"
REFUSES = "import sys; print('pachctl 1'); sys.exit('could not connect')"
SAYS_LITTLE = "import time; print('pachctl 1', flush=True); time.sleep(3600)"


def python(program: str, timeout: float, enough: str = r"(?m)^pachd \S+\n") -> tuple[int, str, str]:
    said = LocalRunner().run([sys.executable, "-c", program], timeout=timeout, enough=enough)
    return said.rc, said.out, said.err


def test_a_program_is_ended_when_all_is_said() -> None:
    """trap P12: pachctl 1.9 - 1.12 without metrics."""
    assert python(LINGERS, 60) == (0, "pachctl 1\npachd 1\n", "")


def test_a_program_that_ends_itself_is_taken_at_its_word() -> None:
    assert python(REFUSES, 60) == (1, "pachctl 1\n", "could not connect\n")


def test_a_program_that_never_says_enough_is_ended() -> None:
    with pytest.raises(CliError, match="gave no answer within 0.2 s"):
        python(SAYS_LITTLE, 0.2)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(CliError, match="could not be run: No such file"):
        LocalRunner().run(["/nowhere/pachctl"], enough="x")
