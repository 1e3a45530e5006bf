# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.modules.client_probe import SPEC
from ansible_collections.uplift.datastores.plugins.plugin_utils._core.action import ControllerAction
from ansible_collections.uplift.datastores.plugins.plugin_utils._probe import client, control

_NEEDED = {
    "started": ("dir", "operation", "phase", "addresses", "key_id", "secret"),
    "marked": ("dir", "phase"),
    "read": ("dir",),
    "stopped": ("dir",),
    "removed": ("dir",),
    "absent": ("addresses", "key_id", "secret", "bucket"),
}
_ORDERS = tuple(name for name in SPEC if name not in ("state", "dir"))


class ActionModule(ControllerAction):
    """Commands the background client of the controller."""

    SPEC = SPEC
    NEEDS = ("botocore",)

    def needs(self, args: Mapping[str, Any]) -> tuple[str, ...]:
        """Nothing to remove what is left: of products without a probe, too, and before anything else was looked at."""
        return () if args["state"] == "removed" else self.NEEDS

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        state, directory = args["state"], Path(args["dir"])
        missing = [name for name in _NEEDED[state] if not args[name]]
        if state == "started" and not args["bucket"] and not args["path"]:
            missing.append("bucket")
        if missing:
            raise UpliftError(f"state is {state!r} and {', '.join(missing)} is empty; expected a value.")
        if state == "read":
            return {"changed": False, **control.read(directory)}
        if state == "removed":
            return {"changed": directory.exists() if self.check_mode else control.remove(directory)}
        if self.check_mode:
            return {"changed": True}
        orders = {name: args[name] for name in _ORDERS}
        if state == "absent":
            gone = client.removed([client.Door(address, orders) for address in args["addresses"]])
            return {"changed": gone, "object_removed": gone}
        if state == "started":
            # This is a worker of ansible-playbook, and ends with the task; its parent ends with the run.
            changed = control.start(directory, orders, os.getppid())
        elif state == "marked":
            changed = control.mark(directory, args["phase"])
        else:
            changed = control.stop(directory)
        return {"changed": changed, **control.read(directory)}
