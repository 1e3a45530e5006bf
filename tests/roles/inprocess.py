# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible in one process: tasks run where the strategy runs, and every module is answered by whoever is on stage.

What is real: the playbook executor, the linear strategy, includes, the validation of roles' arguments, templating,
blocks and rescues. What is not: workers are no processes, nobody sleeps, and no module touches the host.
"""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible import constants as C
from ansible import context
from ansible._internal import _task
from ansible._internal._templating._jinja_bits import _TemplateCompileContext
from ansible.executor import task_executor
from ansible.executor.playbook_executor import PlaybookExecutor
from ansible.executor.task_result import _RawTaskResult
from ansible.inventory.manager import InventoryManager
from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.testing import patch_module_args
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.role import Role
from ansible.playbook.task_include import TaskInclude
from ansible.plugins import strategy
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase
from ansible.utils.context_objects import CLIArgs
from ansible.utils.display import Display
from ansible.utils.vars import load_options_vars
from ansible.vars.manager import VariableManager
from jinja2 import Environment

OURS = "uplift.datastores."
# Actions that decide or only talk: they are as they are.
REAL = {
    f"ansible.builtin.{name}" for name in ("debug", "assert", "fail", "set_fact", "add_host", "validate_argument_spec")
}
# Plugins of ours that run as they are; what they execute on a node is answered as everything else.
REAL_ACTIONS = {f"{OURS}operation"}
LIMIT = 5000  # tasks of one run; more is a loop without end

Answer = Callable[["Asked"], Mapping[str, Any]]
overlay: dict[str, bytes] = {}  # what is read in place of files, by real path: mutants
failures: list[str] = []  # of this run, with what no_log hides
refused: list[str] = []  # what modules said of arguments that they do not take, whatever no_log hides
touched: set[str] = set()  # FILE:LINE of every task that was come by


class Asked:
    """One call of a module: which, with what, for which host of the inventory, where, and by which task."""

    def __init__(self, task: Any, module: str, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> None:
        self.module = module.removeprefix(OURS).removeprefix("ansible.builtin.")
        self.args, self.sent = dict(args), dict(args)
        self.host = str(task_vars["inventory_hostname"])
        self.at = str(task.delegate_to or self.host)
        self.task, self.check = str(task.get_name()), bool(task.check_mode)
        self.nth = 0  # counted from 1 for this module and host

    def __repr__(self) -> str:
        return f"{self.at}: {self.module} {self.args} ({self.task})"


class Told(CallbackBase):
    """What a callback of an operator would have been given: every result, and the text that it would print."""

    CALLBACK_NAME, CALLBACK_TYPE, CALLBACK_VERSION = "told", "stdout", 2.0

    def __init__(self) -> None:
        super().__init__()
        self._load_name = self.CALLBACK_NAME
        self._init_callback_methods()
        self.results: list[tuple[str, str, str, dict[str, Any]]] = []  # state, host, task, result
        self.said: list[str] = []  # messages of debug
        self.printed: list[str] = []

    def _note(self, state: str, result: Any) -> None:
        task = result.task
        self.results.append((state, result.host.get_name(), task.get_name(), dict(result.result)))
        touched.add(str(task.get_path() or ""))
        if task.action == "ansible.builtin.debug" and state == "ok":
            self.said += [str(one["msg"]) for one in result.result.get("results", [result.result]) if "msg" in one]
        if not isinstance(task, TaskInclude):  # of includes no callback prints a result
            self.printed.append(json.dumps(result.result, default=str))

    def v2_runner_on_ok(self, result: Any) -> None:
        self._note("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._note("failed", result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._note("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._note("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._note("unreachable", result)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        touched.add(str(included_file._task.get_path() or ""))


class Inline:
    """Stands for a worker process: the task runs at once, on a copy as a fork would have one."""

    exitcode = 0
    ran = 0

    def __init__(self, **given: Any) -> None:
        self.given = SimpleNamespace(**given)

    def start(self) -> None:
        given = self.given
        Inline.ran += 1
        if Inline.ran > LIMIT:
            raise RuntimeError(f"{LIMIT} tasks in one run: a loop without end?")
        task = given.task.copy(exclude_parent=True)
        task._parent = given.task._parent
        with _task.TaskContext(task):
            result = task_executor.TaskExecutor(
                given.host,
                task,
                given.task_vars,
                given.play_context,
                given.loader,
                given.shared_loader_obj,
                given.final_q,
                given.variable_manager,
            ).run()
        if result.get("failed"):
            failures.append(f"{given.host}: {task.get_name()}: {result.get('msg')}")
        given.final_q.send_task_result(
            _RawTaskResult(host=given.host, task=task, return_data=result, task_fields=task.dump_attrs())
        )

    def is_alive(self) -> bool:
        return False

    def close(self) -> None:
        pass

    terminate = close


class Stage(ActionBase):
    """Answers for a module, after the module's own specification has read the arguments."""

    answer: Answer
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        return ask(self._task, self._task.action, self._task.args, task_vars or {})

    def cleanup(self, force: bool = False) -> None:
        pass


class _Ended(BaseException):
    """A module has said its last word; or has only been asked what it makes of its arguments."""

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__()
        self.result = dict(result)


def ask(task: Any, module: str, args: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
    asked = Asked(task, module, args, task_vars)
    invocation: Mapping[str, Any] = {}
    if module.startswith(OURS):
        checked = called(module, args, asked.check, only_arguments=True)
        if "params" not in checked:
            refused.append(f"{asked.at}: {asked.module}: {checked.get('msg')}")
            return checked
        asked.args, invocation = checked["params"], checked["invocation"]
    result = json.loads(json.dumps(Stage.answer(asked)))
    if result.pop("_really", False):
        result = called(module, asked.sent, asked.check)
    return {"changed": False, "invocation": {"module_args": invocation}, **result}


def called(name: str, args: Mapping[str, Any], check: bool, only_arguments: bool = False) -> dict[str, Any]:
    """What the module returns, run here; or its arguments as it has read them."""
    code = importlib.import_module(f"ansible_collections.uplift.datastores.plugins.modules.{name.removeprefix(OURS)}")
    real = basic.AnsibleModule.__init__

    def begin(self: Any, *given: Any, **named: Any) -> None:
        real(self, *given, **named)
        if only_arguments:
            invocation = remove_values(self.params, self.no_log_values)
            raise _Ended({"params": self.params, "invocation": invocation})

    def ended(self: Any, **result: Any) -> None:
        raise _Ended(result)

    def failed(self: Any, msg: str, **result: Any) -> None:
        raise _Ended({**result, "failed": True, "msg": msg})

    patched = {"__init__": begin, "exit_json": ended, "fail_json": failed}
    kept = {key: getattr(basic.AnsibleModule, key) for key in patched}
    given = {**args, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False}
    try:
        for key, value in patched.items():
            setattr(basic.AnsibleModule, key, value)
        with patch_module_args(given):
            code.main()
    except _Ended as end:
        return end.result
    finally:
        for key, value in kept.items():
            setattr(basic.AnsibleModule, key, value)
    raise RuntimeError(f"{name} ended without a result")


def _execute_module(
    self: Any, module_name: str | None = None, module_args: Any = None, task_vars: Any = None, **_more: Any
) -> dict[str, Any]:
    """In place of ActionBase's: what an action of ours executes on the node."""
    args = self._task.args if module_args is None else module_args
    return ask(self._task, module_name or self._task.action, args, task_vars or {})


def _handler(self: Any, templar: Any) -> tuple[Any, Any]:
    if self._task.action in REAL or self._task.action in REAL_ACTIONS:
        return _original_handler(self, templar)
    return Stage(self._task, self._connection, self._play_context, self._loader, templar, self._shared_loader_obj), None


_original_handler = task_executor.TaskExecutor._get_action_handler_with_module_context
_original_contents = DataLoader._get_file_contents


def _contents(self: Any, file_name: str) -> tuple[bytes, bool]:
    raw, shown = _original_contents(self, file_name)
    instead = overlay.get(str(Path(self.path_dwim(file_name)).resolve())) if overlay else None
    plain = raw.__class__ is bytes  # not one that carries where it came from
    return (raw if instead is None else instead if plain else _tagged(raw, instead)), shown


def _tagged(raw: Any, instead: bytes) -> Any:
    from ansible.module_utils._internal._datatag import AnsibleTagHelper

    return AnsibleTagHelper.tag_copy(raw, instead)


def _compiled(self: Any, source: Any, *args: Any, **named: Any) -> Any:
    """Templates are the same in every test: compiled once for the process, not once for every look at a variable."""
    if not isinstance(source, str) or args or named:
        return _original_compile(self, source, *args, **named)
    compiling = _TemplateCompileContext.current(optional=True)
    key = (str(source), type(self), bool(compiling and compiling.escape_backslashes), self.variable_start_string)
    if key not in _templates:
        _templates[key] = _original_compile(self, source)
    return _templates[key]


def _argspecs(self: Any) -> Any:
    """They are large and nobody changes them, but Ansible reads and copies them at every include."""
    path = str(self._role_path)
    if path not in _specs:
        _specs[path] = _original_argspecs(self)
    return _specs[path]


_templates: dict[Any, Any] = {}
_specs: dict[str, Any] = {}
_original_compile = Environment.compile
_original_argspecs = Role._get_role_argspecs


def install() -> None:
    """Once for a process. Nothing in it runs as it did before."""
    strategy.WorkerProcess = Inline
    task_executor.TaskExecutor._get_action_handler_with_module_context = _handler
    task_executor.time = SimpleNamespace(sleep=lambda _seconds: None, time=time.time)
    ActionBase._execute_module = _execute_module
    DataLoader._get_file_contents = _contents
    Environment.compile = _compiled
    Role._get_role_argspecs = _argspecs
    os.fsync = lambda _descriptor: None  # type: ignore[assignment]
    C.LOCALHOST_WARNING = False
    display = Display()
    display.display = lambda *given, **_named: print(*given[:1])


def play(
    playbook: str, inventory: Path, answer: Answer, variables: Mapping[str, Any], check: bool = False, forks: int = 5
) -> tuple[int, Told]:
    """Play it: the exit status and what was told."""
    Stage.answer, Inline.ran = staticmethod(answer), 0
    refused.clear()
    failures.clear()
    context.CLIARGS = CLIArgs(
        {
            "check": check,
            "diff": False,
            "forks": forks,
            "verbosity": 0,
            "syntax": False,
            "start_at_task": None,
            "listhosts": False,
            "listtasks": False,
            "listtags": False,
            "tags": ["all"],
            "skip_tags": [],
            "connection": "local",
            "become": False,
            "become_method": "sudo",
            "become_user": None,
            "remote_user": None,
            "timeout": 10,
            "private_key_file": None,
            "ssh_common_args": "",
            "ssh_extra_args": "",
            "sftp_extra_args": "",
            "scp_extra_args": "",
            "subset": None,
            "extra_vars": [],
            "inventory": [str(inventory)],
            "step": False,
            "force_handlers": False,
            "flush_cache": False,
            "basedir": None,
            "connection_password_file": None,
            "become_password_file": None,
        }
    )
    load_options_vars.options_vars = {}  # Ansible keeps those of the first run of a process
    loader = DataLoader()
    hosts = InventoryManager(loader=loader, sources=[str(inventory)])
    manager = VariableManager(loader=loader, inventory=hosts, version_info={"string": "2.19", "full": "2.19"})
    manager._extra_vars = dict(variables)
    executor = PlaybookExecutor([playbook], hosts, manager, loader, {})
    told = Told()
    executor._tqm._callback_plugins = [told]
    with suppress(SystemExit):
        return int(executor.run() or 0), told
    return 4, told
