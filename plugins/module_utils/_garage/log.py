# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The daemon's own log: up to 0.7 it is all that tells of repairs, up to 0.6 all that tells of blocks in error."""

from __future__ import annotations

import time
from typing import Callable

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import CliError, Runner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.parse import work

# 0.5 and 0.6 try a block again after a minute and say so each time: who was silent for longer is in error no more.
_SILENCE = 75.0


def read_log(runner: Runner, unit: str, since: float) -> work.Log | None:
    """None where there is no journal."""
    if not unit:
        return None
    argv = [
        "journalctl", "--unit", unit, "--since", f"@{since:.6f}",
        "--output", "cat", "--no-pager", "--quiet", "--all",
    ]  # fmt: skip
    try:
        answer = runner.run(argv, timeout=30)
    except CliError:
        return None  # no journal on this host
    return work.log(answer.out) if answer.rc == 0 else None


def blocks_in_error(runner: Runner, unit: str, epoch: Callable[[], float] = time.time) -> int | None:
    log = read_log(runner, unit, epoch() - _SILENCE)
    return None if log is None else len(log.broken_blocks)
