# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

"""What the other units of a product keep on the same node: their records lie side by side, a directory each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import lease as operation_lease
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Leases
from ansible_collections.uplift.datastores.plugins.module_utils._operation.record import Files


def neighbours(directory: str) -> list[dict[str, Any]]:
    """Rows {unit, operation, state, lease_holder}, by unit. Of what cannot be read the state says why."""
    own = Path(directory)
    return [_row(found.parent) for found in sorted(own.parent.glob("*/record.json")) if found.parent != own]


def _row(directory: Path) -> dict[str, Any]:
    try:
        record, lease = Files(str(directory)).record(), Leases(str(directory)).read()
        holder = operation_lease.summary(lease)["holder"]
        return {"unit": directory.name, "operation": record["id"], "state": record["state"], "lease_holder": holder}
    except (UpliftError, OSError) as exc:
        return {"unit": directory.name, "operation": "unknown", "state": str(exc), "lease_holder": "unknown"}
