# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program is ended with all that came of it."""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.lab.proc import family, signal_family

CHILD = """
import os, time
if not os.fork():
    os.setsid()
os.write(1, b"ready\\n")  # in one piece, whoever of the two comes first
time.sleep(600)
"""


def test_a_worker_with_a_session_of_its_own_is_ended_with_its_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert [process.stdout.readline(), process.stdout.readline()] == ["ready\n"] * 2
        assert len(family(process.pid)) == 2
        signal_family(process.pid, signal.SIGKILL)
        # Both have it open: the end of the file comes when both are gone.
        assert process.stdout.read() == ""
        assert process.wait() == -signal.SIGKILL
