#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: service
short_description: Stop, start or restart a service, wherever it runs, and say how it ended
version_added: 0.1.0
description:
  - A systemd unit, a docker container, or a workload of Kubernetes, distinguished by O(unit). What the operator wrote is not touched.
  - A unit and a container are stopped with the signal at which the release flushes, and it is said how the process ended. Of a unit the
    signal and the time limit are given for one stop by a drop-in in C(/run). Pods end by the signal and in the time that they say themselves.
  - A restart of a unit or container may be given a moment at which the node itself does it, so that several nodes do it together.
  - With O(hold) nobody starts the service until this module does, also not a reboot; see there.
  - A unit or container counts as started when its main process has stayed for O(settle) seconds; a workload when all its pods are ready.
  - A container that M(uplift.datastores.release) has made anew while the present one ran takes its name at V(started) and V(restarted). A
    call that was killed in between is finished by the next one, whatever that is. One that docker removes when it stops is refused.
extends_documentation_fragment: [uplift.datastores.attributes, uplift.datastores.progress, uplift.datastores.unit]
attributes:
  check_mode: {support: full}
  diff_mode: {support: full, details: None for a workload of Kubernetes.}
  idempotent:
    support: partial
    details: A restart is repeated at every call, unless O(if_stale) is set; of a workload always.
options:
  state: {description: The state expected., type: str, required: true, choices: [stopped, started, restarted]}
  signal:
    description: The signal to stop with, such as V(SIGINT). By default the unit's or the container's own.
    type: str
    default: ''
  stop_timeout:
    description: Seconds after which a stop is made with SIGKILL, and of a workload the seconds until its pods are gone. V(0) means what the
      unit says, and 90 for a container or workload.
    type: float
    default: 0
  start_timeout: {description: Seconds until the service has to be active., type: float, default: 60}
  clean:
    description: Whether a process that ended by a signal, or with another exit status than 0, is a failure of the task.
      The service is brought into the expected state all the same. Of a workload it is not known.
    type: bool
    default: true
  if_stale:
    description: Whether V(restarted) does nothing when the main process already is the program, with the arguments and the
      environment, that a start would run now. A restart that was begun by a run which died can then be asked for again.
    type: bool
    default: false
  at:
    description:
      - The moment, in seconds since 1970 by the clock of the node. Not for a workload.
      - A node that is told it with less than half a second left, or up to a minute after it, acts at once, since the others do not wait
        for it. Later than that nothing is done.
    type: float
    default: 0
  settle: {description: Seconds for which the new main process has to stay., type: float, default: 0.5}
  hold:
    description:
      - For V(stopped), the operation for which the service is held down. V(started) and V(restarted) let it go, whoever held it.
      - A unit by a drop-in with a condition that is not met, C(zzz-uplift-held.conf) in C(/etc/systemd/system/UNIT.d), or where that cannot
        be written in C(/usr/local/lib/systemd/system). C(systemctl start), a socket, a timer, C(Restart=always) and a boot pass it over. A
        socket unit that was asked for the service meanwhile has failed at its trigger limit; start that again. A unit that is masked is
        refused, and so is one whose program runs outside of it, as after a start by hand.
      - A container by the restart policy C(no); that of before is kept in C(/var/lib/uplift/held). A C(docker start) by hand, or a
        C(docker compose up), is not kept from starting it. It is seen by the evidence.
      - A workload by the annotation C(uplift.datastores/held), and at no pod, which a horizontal autoscaler leaves alone. How many it had is
        kept in C(uplift.datastores/replicas).
    type: str
    default: ''
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Stop a release that flushes only at SIGINT, and let nobody start it while its data are converted
  uplift.datastores.service:
    unit: garage.service
    state: stopped
    signal: SIGINT
    stop_timeout: 120
    hold: garage-20261127T140512Z-5d4b

- name: Switch to the activated release, all nodes in the same moment
  uplift.datastores.service:
    unit: docker:garage
    state: restarted
    if_stale: true
    at: "{{ moment }}"

- name: Bring a deployment back to as many pods as it had
  uplift.datastores.service:
    unit: kubernetes:lakehouse/lakefs
    state: started
"""

RETURN = r"""
unit: {description: The service., returned: always, type: str, sample: garage.service}
active: {description: "V(active), or what systemd, docker or Kubernetes makes of it.", returned: always, type: str, sample: active}
held: {description: The operation for which it is held down; empty when it may be started., returned: always, type: str, sample: ''}
started:
  description: When it was started, in seconds since 1970 by the clock of the node; V(0) for a workload.
  returned: always
  type: float
  sample: 1795233030.526
main_pid: {description: "Its main process as the host sees it, V(0) for none.", returned: for a unit or container, type: int, sample: 10734}
exe: {description: The program that really runs., returned: for a unit, type: str, sample: /usr/local/bin/garage-0.8.7}
image: {description: The image that it was made of., returned: for a container, type: str, sample: 'dxflrs/garage:v0.9.4'}
image_next: {description: The image of the next start., returned: for a container, type: str, sample: 'dxflrs/garage:v0.9.4'}
replicas: {description: How many pods are wanted., returned: for a workload, type: int, sample: 2}
seconds: {description: "From the order, or the moment O(at), until all was done, O(settle) included.", returned: changed, type: float, sample: 0.346}
late_seconds: {description: How long after the moment O(at) it was done., returned: changed, type: float, sample: 0.0}
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
from ansible_collections.uplift.datastores.plugins.module_utils._runtime import runtime

ORDERS = {"stopped": "stop", "started": "start", "restarted": "restart"}
SPEC: Spec = {
    "unit": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": list(ORDERS)},
    "signal": {"type": "str", "default": ""},
    "stop_timeout": {"type": "float", "default": 0},
    "start_timeout": {"type": "float", "default": 60},
    "clean": {"type": "bool", "default": True},
    "if_stale": {"type": "bool", "default": False},
    "at": {"type": "float", "default": 0},
    "settle": {"type": "float", "default": 0.5},
    "hold": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    order = runtime.Order(**{item.name: module.params[item.name] for item in fields(runtime.Order)})
    give = getattr(runtime.of(LocalRunner(), module.params["unit"]), ORDERS[module.params["state"]])
    answered: dict[str, Any] = give(order, module.check_mode)
    return answered


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
