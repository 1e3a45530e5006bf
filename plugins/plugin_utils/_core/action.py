# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to uplift.datastores: it may change or go without notice.

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.uplift.datastores.plugins.module_utils._core import seal
from ansible_collections.uplift.datastores.plugins.module_utils._core.errors import UpliftError


class UpliftAction(ActionBase):  # type: ignore[misc]  # Ansible is not typed
    """An action of this collection: validated arguments in, a result or one sentence out."""

    SPEC: Mapping[str, Any] = {}
    NEEDS: tuple[str, ...] = ()  # Python packages besides Ansible, on the controller
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=dict(self.SPEC))
        try:
            _demand(self.needs(args))
            result.update(self.perform(args, dict(task_vars or {})))
        except UpliftError as error:  # as a result: a task's failed_when does not see what an action raises
            result.update(failed=True, msg=str(error), **getattr(error, "facts", {}))
        return result

    def needs(self, args: Mapping[str, Any]) -> tuple[str, ...]:
        """The packages that this call needs."""
        return self.NEEDS

    def perform(self, args: Mapping[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def secretly(self, module: str, args: Mapping[str, Any], task_vars: Any) -> dict[str, Any]:
        """A module's result, with what it has sealed for this call alone as `opened`.

        The connection prints results at -vvv, whatever `no_log` says of the arguments. The module takes
        `**seal.SPEC`, and returns `sealed: seal.seal(params["seal"], value)` instead of the value.
        """
        key = seal.new_key()
        result: dict[str, Any] = self._execute_module(
            module_name=f"uplift.datastores.{module}", module_args={**args, seal.NAME: key}, task_vars=task_vars
        )
        sealed = result.pop("sealed", "")
        return {**result, "opened": seal.opened(key, sealed)} if sealed else result

    def on_node(self, module: str, args: Mapping[str, Any], task_vars: Any) -> dict[str, Any]:
        """What the module says, of an action that may be asked to work here or there."""
        name = f"uplift.datastores.{module}"
        result: dict[str, Any] = self._execute_module(module_name=name, module_args=dict(args), task_vars=task_vars)
        return result

    def write_like(self, text: str, dest: str, like: str, task_vars: Any) -> bool:
        """Let a file of the node hold this text, and be as another is in all else; whether that changes it."""
        shell = self._connection._shell
        temporary = shell.join_path(self._make_tmp_path(), "content")
        self._transfer_data(temporary, text)  # by way of a file of mode 0600 on the controller, removed at once
        self._fixup_perms2((shell.tmpdir, temporary))
        answer = self.on_node("config_release", {"path": dest, "content": temporary, "like": like}, task_vars)
        if answer.get("failed") or answer.get("unreachable"):
            raise UpliftError(f"{dest} could not be written: {answer.get('msg', 'no reason given')}")
        return bool(answer["changed"])

    @property
    def check_mode(self) -> bool:
        return bool(self._task.check_mode)


def _demand(packages: tuple[str, ...]) -> None:
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        where = f"{sys.executable} on the controller"
        raise UpliftError(f"{where} has no Python package {', '.join(missing)}; install it there.")


class ControllerAction(UpliftAction):
    """An action that does all its work on the controller, whatever host the task is for."""

    _requires_connection = False
