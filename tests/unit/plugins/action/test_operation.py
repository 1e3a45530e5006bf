# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.uplift.datastores.plugins.action.operation import owner_of


def test_a_process_is_known_by_its_start_as_well() -> None:
    mine = owner_of(os.getpid())
    assert mine == owner_of(os.getpid())
    assert mine["run"].startswith(f"{mine['host']}:{os.getpid()}:") and not mine["run"].endswith(":0.00")


def test_an_ended_process_is_told_from_a_living_one_of_the_same_number() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    living = owner_of(child.pid)
    child.communicate(b"\n")
    assert owner_of(child.pid)["run"] != living["run"]
