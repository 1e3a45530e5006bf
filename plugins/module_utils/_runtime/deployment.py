# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""How a Deployment is, and whether it is held: brought to no pod, with an annotation that says for which operation."""

from __future__ import annotations

from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import Runner
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._runtime.pods import Pods, is_place, place

HELD = "uplift.datastores/held"


def info(runner: Runner, unit: str) -> dict[str, Any]:
    """unit: kubernetes:NAMESPACE/DEPLOYMENT. What is wanted of it counts, not what its pods have come to."""
    seen = Pods(runner, place(unit), "").read()
    replicas = int(seen["spec"].get("replicas", 1))
    held = str((seen["metadata"].get("annotations") or {}).get(HELD, ""))
    evidence = {"slot": "service", "kind": "deployment", "name": unit, "active": replicas > 0}
    return {
        "unit": {"name": unit, "active": "active" if replicas else "inactive", "replicas": replicas, "held": held},
        "evidence": [{**evidence, "held": held} if held and not replicas else evidence],
    }


def held(runner: Runner, unit: str) -> list[dict[str, str]]:
    """kind, name, operation and since (unknown) of the Deployment, as of a unit that is held; [] for anything else.

    Also where it cannot be asked: whoever looks at the service itself says why.
    """
    try:
        operation = info(runner, unit)["unit"]["held"] if is_place(unit) else ""
    except UpliftError:
        operation = ""
    return [{"kind": "deployment", "name": unit, "operation": operation, "since": ""}] if operation else []
