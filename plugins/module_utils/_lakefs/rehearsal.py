# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""The migration on a copy first: does it work, and how long will it take?"""

from __future__ import annotations

import os
from typing import Any, Mapping

from ansible_collections.uplift.datastores.plugins.module_utils._backup.conninfo import parse
from ansible_collections.uplift.datastores.plugins.module_utils._backup.database import Backup
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._core.progress import Progress
from ansible_collections.uplift.datastores.plugins.module_utils._core.watched import Stopwatch
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.database import written
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.migrate import Migration
from ansible_collections.uplift.datastores.plugins.module_utils._lakefs.where import from_unit


def run(params: Mapping[str, Any], check: bool, lock: str) -> dict[str, Any]:
    """Dump the live database, restore it under another name, migrate that with the new release, and drop it."""
    runner, progress = LocalRunner(), Progress(params["progress_file"])
    lakefs = from_unit(runner, params)
    backup = Backup(runner, parse(params["dsn"]), params["dump"], params["scratch"], progress, written)
    if check:
        return {"changed": False, "rehearsed": False}
    watch = Stopwatch()
    try:
        manifest = backup.dump_live()
        copied = watch.seconds()
        with backup.scratch() as scratch:
            backup.restore_into(scratch, manifest, exact=False)
            migration = Migration(lakefs, scratch.dsn.text, params["timeout"], params["tmpdir"], progress)
            # Clients work on the live database: what they have not committed is asked for when they have stopped.
            done = migration.run("auto", params["force"], False, given_up=True, lock=lock)
    finally:
        for path in (params["dump"], f"{params['dump']}.manifest.json"):
            if os.path.exists(path):
                os.unlink(path)
    seconds = {"dump": copied, "migrate": done["seconds"], "all": watch.seconds()}
    return {"changed": False, "rehearsed": True, "seconds": seconds, "before": done["before"], "after": done["after"]}
