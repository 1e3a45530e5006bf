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
  - Each call that may act takes or renews the lease. A run that holds no lease is refused with the name, the host and
    the time of the one that does. A lease ends by itself when nobody renews it; a lease whose process is found dead on
    the same controller is taken over at once.
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
      opened: Begin the operation O(id), or go on with it.
      step: Mark O(finish) as done, with its O(evidence), and begin O(begin) where it is needed.
      undone: Mark what a failing run may give back to clients in the hop O(hop) as undone, before it does.
      saved: Put O(save) into the record.
      closed: Give back the lease, and end the record when O(result) says how.
      abandoned: Give up the operation O(id), whoever began it, when no other run holds its lease.
  directory: {description: Where the record lies on the node., type: path, required: true}
  id: {description: The operation., type: str, default: ''}
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
  hop: {description: The number of the hop in which the run fails., type: int, default: 0}
  node: {description: The node's name in the plan; an operation is finished only when all its steps there are done., type: str, default: ''}
  save: {description: Values to keep with the operation., type: dict, default: {}}
  result: {description: How the operation has ended; empty when it goes on later., type: str, default: '', choices: ['', finished, abandoned]}
  lease_seconds: {description: How long the lease lives without a sign of life., type: int, default: 120}
  take_over: {description: The run whose lease may be taken although it is alive., type: str, default: ''}
  owner:
    description: Who acts. Set by the action plugin.
    type: dict
    suboptions:
      run: {description: Unique to one run of ansible-playbook., type: str, required: true}
      user: {description: The user., type: str, required: true}
      host: {description: The controller., type: str, required: true}
      pid: {description: The process., type: int, required: true}
      since: {description: When it was started., type: str, required: true}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: What does this node remember?
  uplift.datastores.operation:
    directory: /var/lib/uplift/garage
"""

RETURN = r"""
record:
  description: The record of this node, empty when there is none.
  returned: O(state) is V(read), V(opened), V(undone) or V(closed)
  type: dict
  sample:
    format: 1
    id: 20261121T031500Z-garage-0.8.7
    state: open
    opened: 1795230900.1
    who: operator@controller
    saved: {}
    steps:
      0/walk/0/stop: {state: done, run: 'controller:4711:1795230890', started: 1795230901.2, finished: 1795230902.0, evidence: []}
lease:
  description: The lease as it stands, empty when there is none.
  returned: O(state=read)
  type: dict
  sample:
    number: 1
    seconds: 120
    heartbeat: 1795230900.1
    owner: {run: 'controller:4711:1795230890', user: operator, host: controller, pid: 4711, since: '2026-11-21T03:14:50Z'}
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
from ansible_collections.uplift.datastores.plugins.module_utils import _evidence, _operation
from ansible_collections.uplift.datastores.plugins.module_utils._argspec import serve

OWNER = {name: {"type": "str", "required": True} for name in ("run", "user", "host", "since")}
TEXTS = ("id", "finish", "begin", "take_over", "node")
SPEC = {
    "state": {"type": "str", "default": "read", "choices": list(_operation.STATES)},
    "directory": {"type": "path", "required": True},
    **{name: {"type": "str", "default": ""} for name in TEXTS},
    **{name: {"type": "dict", "default": {}} for name in ("plan", "save")},
    "done": {"type": "list", "elements": "str", "default": []},
    "evidence": {"type": "list", "elements": "dict", "default": []},
    "prove": {"type": "list", "elements": "str", "default": []},
    "result": {"type": "str", "default": "", "choices": ["", "finished", "abandoned"]},
    "hop": {"type": "int", "default": 0},
    "lease_seconds": {"type": "int", "default": 120},
    "owner": {"type": "dict", "options": {**OWNER, "pid": {"type": "int", "required": True}}},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    if module.params["state"] == "read" or module.check_mode:
        return _operation.read(module.params, _evidence.lost)
    return _operation.perform(module.params, _evidence.lost)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
