# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""Which other services of this machine start the program of a unit: what is made active for one is active for all."""

from __future__ import annotations

import os
import re
from typing import Iterator

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner, demand

_PATH = re.compile(r"^\{ path=(.*?) ; argv\[\]=")


def sharers(runner: Runner, unit: str, path: str) -> list[str]:
    """Names of the services that start `path`, in order, without `unit`.

    Of those that systemd has loaded: all that run or are enabled.
    """
    said = demand(
        runner.run(["systemctl", "show", "--property=Id,Names,ExecStart", "--", "*.service"], timeout=60),
        "Asking systemd which services start what",
    ).out
    return sorted(set(among(said, unit if "." in unit else f"{unit}.service", path)))


def among(said: str, unit: str, path: str) -> Iterator[str]:
    """The same of what systemctl said: a paragraph each. Links are followed, for `path` may be one in the middle."""
    for paragraph in said.split("\n\n"):
        rows = [line.partition("=")[::2] for line in paragraph.splitlines()]
        starts = [found[1] for key, value in rows if key == "ExecStart" for found in [_PATH.match(value)] if found]
        names = dict(rows).get("Names", "").split()
        if unit not in names and any(_leads(start, path) for start in starts):
            yield dict(rows).get("Id", "")


def _leads(start: str, path: str) -> bool:
    """Whether a start of `start` runs what `path` is then."""
    wanted, seen = _plain(path), _plain(start)
    for _step in range(10):
        if seen == wanted:
            return True
        if not os.path.islink(seen):
            return False
        seen = _plain(os.path.join(os.path.dirname(seen), os.readlink(seen)))
    return False


def _plain(path: str) -> str:
    """With the directory as it really is, and the last name as it is said: that may be a link of ours."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
