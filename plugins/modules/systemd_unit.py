#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: systemd_unit
short_description: Stop, start or switch a service, at a moment, and say how it ended
version_added: 0.1.0
description:
  - Stops a service with the signal at which its release flushes, and says how its process ended. What the operator wrote
    is not touched; the signal and the time limit are given for one stop by a drop-in in C(/run).
  - A restart may be given a moment at which the node itself does it, so that several nodes do it together.
  - With O(hold) nobody starts the service until this module does, also not a reboot; see there.
  - A service counts as started when its main process has stayed for O(settle) seconds.
extends_documentation_fragment: [uplift.datastores.attributes]
attributes:
  check_mode: {support: full}
  diff_mode: {support: full}
  idempotent:
    support: partial
    details: A restart is repeated at every call, unless O(if_stale) is set.
options:
  unit: {description: The systemd unit., type: str, required: true}
  state: {description: The state wanted., type: str, required: true, choices: [stopped, started, restarted]}
  signal:
    description: The signal to stop with, such as V(SIGINT). By default the unit's own.
    type: str
    default: ''
  stop_timeout:
    description: Seconds after which a stop is made with SIGKILL. By default, and with V(0), what the unit says.
    type: float
    default: 0
  start_timeout: {description: Seconds until the service has to be active., type: float, default: 60}
  clean:
    description: Whether a process that ended by a signal, or with another exit status than 0, is a failure of the task.
      The service is brought into the wanted state all the same.
    type: bool
    default: true
  if_stale:
    description: Whether V(restarted) does nothing when the main process already is the program, with the arguments and the
      environment, that a start would run now. A restart that was begun by a run which died can then be asked for again.
    type: bool
    default: false
  at:
    description: The moment, in seconds since 1970 by the clock of the node. At least half a second ahead.
    type: float
    default: 0
  settle: {description: Seconds for which the new main process has to stay., type: float, default: 0.5}
  hold:
    description:
      - For V(stopped), the operation for which the unit is held down. A drop-in with a condition that is not met,
        C(zzz-uplift-held.conf) in C(/etc/systemd/system/UNIT.d), is written before the stop. C(systemctl start), a socket, a
        timer, C(Restart=always) and a boot pass the unit over for as long as it is there.
      - V(started) and V(restarted) take it away, whoever held the unit. A socket unit that was asked for the service meanwhile has
        failed at its trigger limit by then; start that again.
      - Where C(/etc) cannot be written, it is in C(/usr/local/lib/systemd/system).
      - A unit that is masked is refused, and so is one whose program runs outside of it, as after a start by hand.
    type: str
    default: ''
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Stop a release that flushes only at SIGINT
  uplift.datastores.systemd_unit:
    unit: garage.service
    state: stopped
    signal: SIGINT
    stop_timeout: 120

- name: Stop it, and let nobody start it while its data are converted
  uplift.datastores.systemd_unit:
    unit: garage.service
    state: stopped
    hold: garage-20261127T140512Z-5d4b

- name: Switch to the activated release, all nodes in the same moment
  uplift.datastores.systemd_unit:
    unit: garage.service
    state: restarted
    if_stale: true
    at: "{{ moment }}"
"""

RETURN = r"""
unit: {description: The unit., returned: always, type: str, sample: garage.service}
active: {description: What systemd says of it., returned: always, type: str, sample: active}
main_pid: {description: "Its main process, V(0) for none.", returned: always, type: int, sample: 10734}
started: {description: "When that was started, in seconds since 1970 by the clock of the node.", returned: always, type: float, sample: 1795233030.526}
exe: {description: The program that really runs., returned: always, type: str, sample: /usr/local/bin/garage-0.8.7}
held: {description: The operation for which it is held down; empty when it may be started., returned: always, type: str, sample: ''}
seconds: {description: "From the order, or the moment O(at), until all was done, O(settle) included.", returned: changed, type: float, sample: 0.346}
stop_seconds: {description: From the order until the old process had ended., returned: changed, type: float, sample: 0.134}
down_seconds: {description: From the end of the old process until the start of the new one., returned: changed, type: float, sample: 0.005}
ended:
  description: How the old process ended, with V(exited), V(killed) or V(dumped), and the exit status or the signal. Empty when there was none.
  returned: changed
  type: dict
  sample: {code: exited, status: '0', clean: true}
evidence:
  description: What was left, for the record of an operation.
  returned: always
  type: list
  elements: dict
  sample:
    - {slot: service, kind: unit, name: garage.service, active: true}
"""

from dataclasses import fields
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import service

SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": list(service.VERBS)},
    "signal": {"type": "str", "default": ""},
    "stop_timeout": {"type": "float", "default": 0},
    "start_timeout": {"type": "float", "default": 60},
    "clean": {"type": "bool", "default": True},
    "if_stale": {"type": "bool", "default": False},
    "at": {"type": "float", "default": 0},
    "settle": {"type": "float", "default": 0.5},
    "hold": {"type": "str", "default": ""},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    wish = service.Wish(**{item.name: module.params[item.name] for item in fields(service.Wish)})
    return service.bring(LocalRunner(), wish, module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
