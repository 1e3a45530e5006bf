# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: operator
type: stdout
short_description: Shows an upgrade as its operator follows it
description:
  - Of the playbooks of this collection it shows the plan, the findings, each step with its nodes and the time that it
    took, what clients have noticed, each failure as a sentence, and at the end where the nodes stand and what to type
    next.
  - On a terminal there is one more line below, written anew each second, with the step of now, how long it has taken,
    and what clients have noticed so far. Without a terminal, as in AWX, there are only lines that stay.
  - Plays without hosts, skipped tasks and everything that only keeps the record are not shown. C(-v) shows everything
    as Ansible's own callback C(default) does. That is also what is taken for the tasks of others in the same run.
requirements:
  - C(stdout_callback = uplift.datastores.operator) in the section C([defaults]) of C(ansible.cfg)
author: the uplift.datastores contributors (@uplift-datastores)
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
"""

import shlex
from collections.abc import Sequence
from typing import Any

from ansible import constants, context
from ansible.plugins.callback.default import CallbackModule as Default
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation import screen
from ansible_collections.uplift.datastores.plugins.plugin_utils._operation.view import View, grouped, said_by, why

OURS = "/ansible_collections/uplift/datastores/"
NAME = "uplift.datastores."
STOPPED = f"{OURS}roles/operation/tasks/_failed.yml"  # whose `fail` says how the run ended


class CallbackModule(Default):  # type: ignore[misc]  # Ansible is not typed
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "uplift.datastores.operator"

    def __init__(self) -> None:
        super().__init__()
        self._view = View()
        self._screen = screen.Screen(self._view.now)
        self._said: list[tuple[str, str]] = []  # node, text
        self._why: list[tuple[str, tuple[str, str]]] = []  # node, task and text
        self._last = ""
        self._own = True
        self._others = False

    def v2_playbook_on_start(self, playbook: Any) -> None:
        super().v2_playbook_on_start(playbook)
        self._screen.start(self._display)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self._flush(ended=True)
        self._own = self._is_ours(play)
        if self._own:
            self._play = play
        else:
            self._others = True
            super().v2_playbook_on_play_start(play)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        if not self._own:
            super().v2_playbook_on_no_hosts_matched()

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        if not self._own:
            super().v2_playbook_on_no_hosts_remaining()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._flush(ended=task.action == f"{NAME}operation" and task.args.get("state") == "step")
        if not self._is_ours(task):
            super().v2_playbook_on_task_start(task, is_conditional)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        if not self._is_ours(included_file._task):
            super().v2_playbook_on_include(included_file)

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        if not self._is_ours(task):
            super().v2_runner_on_start(host, task)

    def v2_runner_on_skipped(self, result: Any) -> None:
        if not self._is_ours(_of(result)[1]):
            super().v2_runner_on_skipped(result)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        if not self._is_ours(_of(result)[1]):
            super().v2_runner_item_on_skipped(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if not self._is_ours(_of(result)[1]):
            super().v2_runner_item_on_ok(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        if not self._is_ours(_of(result)[1]):
            super().v2_runner_item_on_failed(result)

    def v2_runner_retry(self, result: Any) -> None:
        if not self._is_ours(_of(result)[1]):
            super().v2_runner_retry(result)

    def v2_runner_on_ok(self, result: Any) -> None:
        node, task, answer = _of(result)
        if not self._is_ours(task):
            super().v2_runner_on_ok(result)
            return
        self._handle_warnings(answer)
        if task.action in constants._ACTION_DEBUG:
            self._said.append((node, said_by(answer)))
        elif task.action == f"{NAME}upgrade_plan":
            self._view.planned(answer["plan"])
        elif task.action == f"{NAME}client_probe" and "unserved" in answer:
            self._view.clients(answer)
        elif task.action == f"{NAME}operation" and answer.get("step") and answer["needed"]:
            self._print(self._view.begin(answer["step"], node))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        node, task, answer = _of(result)
        if not self._is_ours(task):
            super().v2_runner_on_failed(result, ignore_errors)
        elif STOPPED in str(task.get_path()) and task.action.endswith(".fail"):
            self._last = why(answer)
        elif not ignore_errors:
            self._why.append((node, (task.name, why(answer))))

    def v2_runner_on_unreachable(self, result: Any) -> None:
        node, task, answer = _of(result)
        if not self._is_ours(task):
            super().v2_runner_on_unreachable(result)
        elif not task.ignore_unreachable:
            self._why.append((node, (task.name, f"The node does not answer. {why(answer)}")))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._flush(ended=True)
        self._screen.stop()
        if self._display.verbosity or self._others:
            super().v2_playbook_on_stats(stats)
            return
        inventory = [word for one in context.CLIARGS.get("inventory") or () for word in ("-i", one)]
        color = constants.COLOR_ERROR if self._view.bad else constants.COLOR_OK
        if self._last:
            self._print(self._view.stopped(self._last, screen.width()), color)
        self._print(self._view.summary(shlex.join(inventory)), color)

    def _is_ours(self, thing: Any) -> bool:
        return OURS in str(thing.get_path() or "") and not self._display.verbosity

    def _flush(self, ended: bool) -> None:
        """What the last task had to say: one text for all nodes that said it. `ended`: no step is open any more."""
        said = grouped(self._said)
        for text, nodes in said.items():
            self._print(self._view.said(nodes if len(said) > 1 else [], text, screen.width()))
        for (task, text), nodes in grouped(self._why).items():
            self._print(self._view.failed(nodes, task, text, screen.width()), constants.COLOR_ERROR)
        self._said, self._why = [], []
        if ended:
            self._print(self._view.end())

    def _print(self, lines: Sequence[str], color: str | None = None) -> None:
        for line in lines:
            self._display.display(line, color=color)


def _of(result: Any) -> tuple[str, Any, dict[str, Any]]:
    """The node, the task and its answer; before ansible-core 2.19 they had other names."""
    if hasattr(result, "task"):
        return result.host.get_name(), result.task, result.result
    return result._host.get_name(), result._task, result._result
