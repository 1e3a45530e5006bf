# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shlex
import time
import uuid
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError
from ansible_collections.uplift.datastores.plugins.module_utils._operation import lease as operation_lease
from ansible_collections.uplift.datastores.plugins.module_utils._operation import steer
from ansible_collections.uplift.datastores.plugins.module_utils._operation.lease import Owner
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import keeper
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.owner import gone, owner_of

AGAIN = 5.0  # seconds between two looks whether a pause is over


class ActionModule(ActionBase):
    """Adds who acts, sees whether the owner of a lease in the way is dead, and has the lease kept while it is held."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            owner = owner_of(os.getppid())
        except UpliftError as error:
            return {"failed": True, "msg": str(error)}
        args = {**self._task.args, "owner": vars(owner)}
        if args.get("state") == "opened":
            args["token"] = uuid.uuid4().hex[:16]
        result: dict[str, Any] = self._execute_module(module_args=args, task_vars=task_vars)
        if args.get("state") == "waited":
            return self._resumed(args, result, task_vars)
        if result.get("held_by") and gone(result["held_by"], owner):
            args["dead"] = Owner(**result["held_by"]).run
            result = self._execute_module(module_args=args, task_vars=task_vars)
        self._keep(owner, args, result, task_vars)
        return result

    def _resumed(self, args: Mapping[str, Any], result: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        """Ask again and again while the run is to pause. The lease is kept meanwhile, as during any other task."""
        ends, said = time.monotonic() + int(args.get("pause_seconds", 86400)), False
        while (result.get("asked") or {}).get("ask") == steer.PAUSE:
            waits = steer.waits(result["asked"], args.get("wave") or [], str(args["product"]))
            if time.monotonic() >= ends:
                return {
                    **result,
                    "failed": True,
                    "msg": f"{waits} That was too long ago: operation_pause_seconds are over.",
                }
            if not said:
                self._display.display(waits)
                said = True
            time.sleep(AGAIN)
            result = self._execute_module(module_args={**args}, task_vars=task_vars)
        return result

    def _keep(self, owner: Owner, args: Mapping[str, Any], result: Mapping[str, Any], task_vars: Any) -> None:
        """Where the lease was taken, keep it until it is given back."""
        lease = result.get("lease") or {}
        if result.get("given_back"):
            keeper.release(result["given_back"])
        elif args.get("state") == "opened" and "token" in lease and not self._task.check_mode:
            line = Line(self, args, lease["token"], task_vars)
            keeper.keep(owner, lease["seconds"], lease["token"], line.beat)


class Line:
    """From the process that keeps a lease to the node, by the connection, the become and the settings of the task."""

    def __init__(self, action: ActionModule, args: Mapping[str, Any], token: str, task_vars: Any) -> None:
        self._action, self._task_vars, self._token = action, task_vars, token
        self._renewal = {name: args[name] for name in ("directory", "owner")} | {"state": "renewed", "token": token}

    def beat(self, again: bool) -> bool:
        """One sign of life; False when the lease is lost. Where the one before failed, the connection is made anew."""
        self._alone()
        if again:
            self._action._connection.reset()
        target = f"{self._renewal['directory']}/heartbeat-{self._token}/{operation_lease.BEAT}"
        argv = ("cp", "--", operation_lease.UPTIME, target)
        answer = self._action._low_level_execute_command(" ".join(map(shlex.quote, argv)))
        return answer["rc"] == 0 or self._ask()

    def _ask(self) -> bool:
        """The file could not be written: see whether the lease is still ours."""
        answer = self._action._execute_module(
            module_name="uplift.datastores.operation", module_args=self._renewal, task_vars=self._task_vars
        )
        self._action.cleanup(force=True)
        if answer.get("failed") and not answer.get("lost"):
            raise UpliftError(str(answer.get("msg")))
        return not answer.get("lost")

    def _alone(self) -> None:
        """This process has no part in the run's output, and the task's directory on the node is gone by now."""
        display = Display()
        display._final_q = None
        display.verbosity = 0
        display.display = lambda *_args, **_more: None
        self._action._connection._shell.tmpdir = None
        self._action._task.check_mode = False
