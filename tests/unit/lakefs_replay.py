# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real lakeFS binaries printed and answered, release by release."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.uplift.datastores.plugins.module_utils._core import cli
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Answer
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.parse.http import Reply

FIXTURES = Path(__file__).parent / "fixtures" / "lakefs"
ALL = sorted(str(path.relative_to(FIXTURES).with_suffix("")) for path in FIXTURES.glob("*/*.yml"))


LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is


@functools.cache
def capture(case: str) -> dict[str, Any]:
    """By release and name, such as "1.84.0/migrate_up_older_1"."""
    kept: dict[str, Any] = yaml.load((FIXTURES / f"{case}.yml").read_text(encoding="utf-8"), Loader=LOADER)
    return kept


def answer(case: str) -> Answer:
    """One captured call, cleaned as LocalRunner cleans it."""
    kept = capture(case)
    clean = [cli._text(kept[stream].encode()) for stream in ("stdout", "stderr")]
    return Answer(tuple(kept["argv"]), kept["rc"], *clean)


def reply(case: str) -> Reply:
    kept = capture(case)
    return Reply(kept["status"], kept["body"])


def named(part: str) -> list[str]:
    """All captures whose name begins so, of every release."""
    return [case for case in ALL if case.split("/")[1].startswith(part)]
