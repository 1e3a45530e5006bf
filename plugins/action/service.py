# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._runtime import place
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.long import LongAction


class ActionModule(LongAction):
    """Watched where docker or Kubernetes may take minutes. A unit is asked at once: it may be given a moment."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        if place.kind_of(str(self._task.args.get("unit", ""))) != place.SYSTEMD:
            watched: dict[str, Any] = super().run(tmp, task_vars)
            return watched
        at_once: dict[str, Any] = self._execute_module(task_vars=task_vars)
        return at_once
