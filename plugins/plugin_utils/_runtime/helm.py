# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What a chart makes of the values of a Helm release: asked where the task goes, and read on the controller alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import chart
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import UpliftAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._runtime.manifests import Manifests, documents


def rendered(action: UpliftAction, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Manifests:
    """They may hold secrets, and come sealed."""
    read = action.secretly("helm_chart", {name: args[name] for name in chart.SPEC}, task_vars)
    if read.get("failed") or read.get("unreachable"):
        raise UpliftError(str(read.get("msg") or f"helm gave no answer for the release {args['name']}"))
    return documents(str(read["opened"]))
