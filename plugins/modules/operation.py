#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: operation
short_description: Keep the record and the lease of an upgrade on the managed nodes
version_added: 0.1.0
description:
  - The memory of an operation lies on the nodes themselves, since the machine that drives it may be thrown away.
  - Who may act is said by the lease of the node. Its owner is the process of C(ansible-playbook), recognised by boot, pid
    namespace and start; names of hosts decide nothing. A run without it is refused with the user, the host, the process
    and the time of the one that has it.
  - From V(opened) to V(closed) a process on the controller renews the lease, whatever the tasks do, for as long as
    C(ansible-playbook) lives. A lease ends by itself when its time is up. One whose process is found dead by a run in the
    same boot and pid namespace is taken over at once.
  - Times count from the boot of the node, so that clocks may be set.
  - A step that is finished counts on resume only while the evidence it left still holds.
extends_documentation_fragment: [uplift.datastores.attributes]
attributes:
  check_mode: {support: full, details: Only V(read) does anything in check mode.}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  state:
    description: What to do.
    type: str
    default: read
    choices:
      read: Only read the record and the lease.
      free: See that V(opened) would be allowed here, and leave no trace.
      opened: Take the lease, and begin the operation O(id) or go on with it.
      renewed: See that this run still has the lease, and renew it. It fails when it has not.
      step: Mark O(finish) as done, with its O(evidence), and begin O(begin) where it is needed.
      undone: Mark what a failing run may give back to clients in the hop O(hop) as undone, before it does.
      saved: Put O(save) into the record.
      complete: See that every step of the plan is done at O(node), and that what its last steps started runs. It fails otherwise.
      closed: Give back the lease, and end the record when O(result) says how.
      withdrawn: Give back what this run has taken by V(opened), with a record in which nothing was begun; the one before comes back.
      abandoned: Give up the operation O(id), whoever began it, when no other run holds its lease.
      compared: Note in the record how the O(comparison) of the hop O(hop) has ended, also when the operation has ended.
      waited: As V(read), when nobody wants the run to pause any more.
      asked: Ask the run of the operation O(id) for O(ask), before its next wave. No lease is needed.
      unlocked: Take the lease away from an owner that is dead, for the O(reason), which the record keeps.
  directory: {description: Where the record lies on the node., type: path, required: true}
  id: {description: 'The operation; with V(read) one that others have followed, empty for the last.', type: str, default: ''}
  plan: {description: The plan of M(uplift.datastores.upgrade_plan)., type: dict, default: {}}
  done: {description: Step keys that were done before the record could be written., type: list, elements: str, default: []}
  finish: {description: Key of the step that has been done., type: str, default: ''}
  evidence: {description: What that step left; see the RV(ignore:evidence) of each module., type: list, elements: dict, default: []}
  begin: {description: Key of the step to begin., type: str, default: ''}
  prove:
    description: With V(read), slots such as V(backup); what the last hop's steps left there is proved again, and RV(record) has
      C(lost), a list of sentences on what is not as it was left.
    type: list
    elements: str
    default: []
  hop: {description: The number of the hop in which the run fails or which was compared., type: int, default: 0}
  comparison:
    description:
      - With V(compared), C(differences) by key and as a sentence and the keys that are C(accepted); or C(unread), a sentence on the
        answer that could not be read. The comparison of the hop is open then.
    type: dict
    default: {}
  node: {description: The node's name in the plan; an operation is finished only when all its steps there are done., type: str, default: ''}
  save: {description: Values to keep with the operation., type: dict, default: {}}
  result: {description: How the operation has ended; empty when it goes on later., type: str, default: '', choices: ['', finished, abandoned]}
  lease_seconds:
    description: How long the lease lives without a sign of life, in seconds. It stays as it was when the lease was taken.
    type: int
    default: 120
  product: {description: The product that the record has to be of; empty for that of O(plan)., type: str, default: ''}
  cluster: {description: The identity of the cluster; empty where it is unknown., type: str, default: ''}
  reason: {description: 'Why the lease is taken away, something is asked, or the run ends with V(closed) while the operation does not.', type: str, default: ''}
  wave: {description: 'With V(waited), the nodes that are next.', type: list, elements: str, default: []}
  pause_seconds: {description: 'With V(waited), how long a pause may last. Then the module fails.', type: int, default: 86400}
  ask:
    description: What the run is asked for with V(asked). Empty takes back what was asked before.
    type: str
    default: ''
    choices: ['', pause, abort]
  token: {description: Names one taking of the lease. Set by the action plugin., type: str, default: ''}
  dead: {description: The run whose process was found gone. Set by the action plugin., type: str, default: ''}
  owner:
    description: Who acts. Set by the action plugin.
    type: dict
    suboptions:
      machine: {description: The machine id of the controller; may be empty., type: str, required: true}
      boot: {description: The boot id of the controller., type: str, required: true}
      pidns: {description: The pid namespace., type: str, required: true}
      pid: {description: The process., type: int, required: true}
      ticks: {description: 'When the process was started, in ticks since the boot.', type: int, required: true}
      user: {description: The user., type: str, required: true}
      host: {description: The controller., type: str, required: true}
      since: {description: When the process was started., type: str, required: true}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: What does this node remember?
  uplift.datastores.operation:
    directory: /var/lib/uplift/garage/garage.service

- name: Does this run still hold the lease?
  uplift.datastores.operation:
    directory: /var/lib/uplift/garage/garage.service
    state: renewed
"""

RETURN = r"""
record:
  description: The record of this node, empty when there is none.
  returned: O(state) is V(read), V(opened), V(undone), V(compared) or V(closed)
  type: dict
  sample:
    format: 1
    id: 20261121T031500Z-garage-0.8.7
    state: open
    opened: 1795230900.1
    who: operator@controller
    cluster: 563e1ac825ee3323
    number: 1
    saved: {}
    steps:
      0/walk/0/stop: {state: done, run: '8a2b:pid:[4026531836]:4711:181223', started: 1795230901.2, finished: 1795230902.0, evidence: []}
lease:
  description:
    - The lease as it stands, empty when there is none; C(age) counts the seconds since its last heartbeat.
    - With V(opened) only its number, seconds and token.
  returned: O(state) is V(read) or V(opened)
  type: dict
  sample:
    number: 1
    seconds: 120
    age: 3.4
    token: 1f0c9a7be3d04c6d
    owner:
      machine: 6c1f0ab0a7d94b5fb22ce9a1a83c8d0e
      boot: 5a0b9a9c-2f1e-4d60-8f0e-1c7f8f1f9d11
      pidns: pid:[4026531836]
      pid: 4711
      ticks: 181223
      user: operator
      host: controller
      since: '2026-11-21T03:14:50Z'
directory:
  description: Where the record lies.
  returned: O(state) is V(read) or V(opened)
  type: str
  sample: /var/lib/uplift/garage/garage.service
others:
  description: What the product's other units of this node keep next to O(directory), each in a directory of its own.
  returned: O(state=read)
  type: list
  elements: dict
  sample:
    - unit: garage-green.service
      operation: 20261128T010000Z-garage-0.8.7-3c1b
      state: finished
      lease_holder: none
held:
  description: All services of the node that are held down, units and containers, whichever the inventory names.
  returned: O(state=read)
  type: list
  elements: dict
  sample:
    - {kind: unit, name: garage.service, operation: garage-20261127T140512Z, since: '2026-11-27T14:09:31Z'}
lease_summary:
  description: The lease as a person reads it. Nobody holds one whose time is up.
  returned: O(state=read)
  type: dict
  sample:
    holder: operator on controller (process 4711, since 2026-11-21T03:14:50Z)
    last_heartbeat_seconds: 3
    rest_seconds: 117
    number: 1
whose:
  description: Whose lease was taken away; empty when there was none.
  returned: O(state=unlocked)
  type: str
  sample: operator on controller (process 4711, since 2026-11-21T03:14:50Z)
given_back:
  description: The token of the lease that was given back.
  returned: O(state) is V(closed) or V(withdrawn)
  type: str
  sample: 1f0c9a7be3d04c6d
lost:
  description: The run has the lease no longer.
  returned: when the lease is lost
  type: bool
  sample: true
held_by:
  description: The owner of the lease that blocks it.
  returned: when another run holds the lease
  type: dict
  sample: {user: operator, host: controller, pid: 4711, since: '2026-11-21T03:14:50Z'}
recovery:
  description:
    - What is closed to clients here by the record, each with the step that C(closed) it; what is C(barred) from being opened, and why;
      the C(hop) that began last; and what an abandoned operation has C(left) closed.
  returned: O(state=read)
  type: dict
  sample: {hop: 0, closed: {ports: 0/before/3/quiesce}, barred: {}, left: []}
comparison:
  description:
    - The C(hop) that a comparison now would be of, how the last one of it ended, as C(state) and as it was C(said), what is said of all
      that are C(open), the hops with an inventory of before (C(measured)), and why there is nothing to compare with (C(refused), empty
      where there is).
    - The C(state) is C(none), C(same), C(accepted), C(different), or C(open) where an answer could not be read.
  returned: O(state) is V(read) or V(compared)
  type: dict
  sample: {hop: 0, state: same, said: '', open: [], measured: [0], refused: ''}
asked:
  description: What was asked of the run that has the operation, by whom, and why. C(ask) is empty where nothing was.
  returned: O(state) is V(read) or V(waited)
  type: dict
  sample: {ask: pause, operation: 20261121T031500Z-garage-0.8.7, who: 'anna on laptop (process 4711)', reason: a call from sales, at: 1795230900.1}
last_step:
  description: The key of the step that was begun last; empty where none was.
  returned: O(state=read)
  type: str
  sample: 0/walk/0/stop
now:
  description: The time at the node, as operation ids begin with it.
  returned: O(state=read)
  type: str
  sample: 20261121T031500Z
needed:
  description: Whether the step O(begin) is to be done.
  returned: O(state=step)
  type: bool
  sample: true
step:
  description: The key of the step O(begin).
  returned: O(state=step)
  type: str
  sample: 0/walk/0/stop
reason:
  description: Why, or why not.
  returned: O(state=step)
  type: str
  sample: not done yet
interrupted:
  description: Whether an earlier run ended inside the step O(begin).
  returned: O(state=step)
  type: bool
  sample: false
barred:
  description: Why something stays closed to clients until the operation is gone on with or rolled back.
  returned: O(state=undone)
  type: list
  elements: str
  sample: [undeploy has begun]
opened:
  description: What may be given back to clients, out of service, ports, pipelines and balancer.
  returned: O(state=undone)
  type: list
  elements: str
  sample: [ports, service]
undone:
  description: The keys of the steps that are undone by that.
  returned: O(state=undone)
  type: list
  elements: str
  sample: [0/before/3/quiesce, 0/together/0/stop]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._operation import evidence, operation

OWNER = {
    **{name: {"type": "str", "required": True} for name in ("machine", "boot", "pidns", "user", "host", "since")},
    **{name: {"type": "int", "required": True} for name in ("pid", "ticks")},
}
TEXTS = ("id", "finish", "begin", "product", "cluster", "reason", "dead", "node")
SPEC: Spec = {
    "state": {"type": "str", "default": "read", "choices": list(operation.STATES)},
    "directory": {"type": "path", "required": True},
    **{name: {"type": "str", "default": ""} for name in TEXTS},
    **{name: {"type": "dict", "default": {}} for name in ("plan", "save", "comparison")},
    "done": {"type": "list", "elements": "str", "default": []},
    "evidence": {"type": "list", "elements": "dict", "default": []},
    "prove": {"type": "list", "elements": "str", "default": []},
    "result": {"type": "str", "default": "", "choices": ["", "finished", "abandoned"]},
    "ask": {"type": "str", "default": "", "choices": ["", "pause", "abort"]},
    "hop": {"type": "int", "default": 0},
    "wave": {"type": "list", "elements": "str", "default": []},
    "pause_seconds": {"type": "int", "default": 86400},
    "lease_seconds": {"type": "int", "default": 120},
    "token": {"type": "str", "default": "", "no_log": False},
    "owner": {"type": "dict", "options": OWNER},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    if module.params["state"] in ("read", "waited") or module.check_mode:
        return operation.read(module.params, evidence.lost)
    return operation.perform(module.params, evidence.lost)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
