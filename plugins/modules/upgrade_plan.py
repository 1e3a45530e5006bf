#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_plan
short_description: Plan the upgrade path from the running release to another one
version_added: 0.1.0
description:
  - Computes every hop, pass and wave of an upgrade, or says in sentences why it cannot be done.
  - It asks nobody and changes nothing; all that it knows comes by its options. The same input gives the same plan.
  - An unfinished operation found in O(records) is gone on with instead of planned anew.
extends_documentation_fragment: [uplift.datastores.attributes]
attributes:
  check_mode: {support: full}
  diff_mode: {support: none}
  idempotent: {support: full}
options:
  product: {description: 'The product, which is the name of its role too.', type: str, required: true}
  nodes:
    description: The nodes of the play, as found.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: The inventory name., type: str, required: true}
      id: {description: The id that the cluster knows the node by., type: str, required: true}
      zone: {description: The zone in the cluster's own layout., type: str, default: ''}
      version: {description: The release that runs., type: str, required: true}
      stores: {description: Whether it holds copies of objects; a gateway does not., type: bool, default: true}
  members: {description: The ids of all nodes that the cluster itself counts., type: list, elements: str, required: true}
  replication: {description: The replication mode as the config writes it., type: str, default: '3'}
  zone_redundancy:
    description:
      - In how many zones a copy of everything must lie, as the layout says it, which is a number or V(maximum).
      - Empty where the release has no such setting. A zone may hold several copies where this is less than there are copies; the
        waves are then single nodes.
    type: str
    default: ''
  target: {description: The release wanted. Not for O(back)., type: str, default: ''}
  strategy: {description: How; empty for the least interrupting strategy that the hop allows., type: str, default: ''}
  wave: {description: V(zone) or V(node); empty for what the layout allows., type: str, default: ''}
  accept: {description: Refusals and findings that the operator accepts by key., type: list, elements: str, default: []}
  stop_after: {description: A release of the series after whose hop to stop., type: str, default: ''}
  via: {description: 'Releases that the upgrade path has to include, in order.', type: list, elements: str, default: []}
  forks: {description: How many nodes Ansible talks to at once; 0 when it is not known., type: int, default: 0}
  created_with: {description: 'The series or release that the first data were written with, where that is older than what runs.', type: str, default: ''}
  wants:
    description: Steps that another setting of the operator asks for. A strategy without them is not taken where another of the hop has them.
    type: list
    elements: str
    default: []
  hooks:
    description: The operator's own tasks, in the order in which those of one moment are played. A resumed operation keeps the moments that it
      was begun with.
    type: list
    elements: dict
    default: []
    suboptions:
      at:
        description: When. Those of an operation and of a hop, and on a failure, are played once, the others at each node of the wave.
        type: str
        required: true
        choices: [before_operation, before_hop, before_wave, before_step, after_step, after_wave, after_hop, after_operation, on_failure]
      tasks: {description: 'A file on the controller by its absolute path, or the name of one that comes with the collection.', type: str, required: true}
      steps: {description: 'At V(before_step) and V(after_step), of which steps; none for all.', type: list, elements: str, default: []}
      on_error: {description: Whether the run stops where the tasks fail., type: str, default: stop, choices: [stop, go_on]}
  sizes:
    description: Per inventory name how many bytes a backup of the node reads, null where that is not known. With it each hop of the plan has an
      estimate, and the tree says it.
    type: dict
  records: {description: Per inventory name what M(uplift.datastores.operation) read there., type: dict, default: {}}
  back: {description: Plan the rollback over the hop that the records tell of last., type: bool, default: false}
  explain: {description: Whether RV(tree) says what each step does., type: bool, default: false}
  confirm: {description: 'What cannot be undone and is wanted, by name: V(rollback).', type: list, elements: str, default: []}
author: the uplift.datastores contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: See the upgrade path to 0.8.7
  uplift.datastores.upgrade_plan:
    product: garage
    target: 0.8.7
    nodes:
      - {name: a1, id: 0b6b3c1a71dea7ea, zone: a, version: 0.7.0}
      - {name: b1, id: 2fa10ee3716c208e, zone: b, version: 0.7.0}
      - {name: c1, id: 300b60061d94e56f, zone: c, version: 0.7.0}
    members: [0b6b3c1a71dea7ea, 2fa10ee3716c208e, 300b60061d94e56f]
"""

RETURN = r"""
plan:
  description: The leader, the notes and the hops; each hop with its passes, waves and step keys in order. No hop when nothing is to be done.
  returned: always
  type: dict
  sample:
    product: garage
    leader: a1
    notes: []
    hops:
      - source: 0.8.0
        target: 0.8.7
        strategy: rolling
        irreversible: ''
        guide: 'a move inside a series: the releases share protocol and data'
        passes:
          walk:
            waves: [[a1], [b1], [c1]]
            interrupts: 'one wave is away at a time: clients that retry on another address notice nothing'
            steps:
              - {key: 0/walk/0/stop, scope: node, verb: stop}
order:
  description:
    - The nodes in the order in which each pass takes them, as hop number, pass and node.
    - Without the hops of a resumed operation that every node has behind it. All have begun the next, and what is left of theirs
      has since been replaced.
  returned: always
  type: list
  elements: list
  sample: [[0, walk, a1], [0, walk, b1], [0, walk, c1]]
tree:
  description: The plan in lines for a person.
  returned: always
  type: list
  elements: str
  sample: ['garage 0.8.0 -> 0.8.7, rolling (a move inside a series: the releases share protocol and data)']
resumed:
  description: The id of the unfinished operation that the plan belongs to, or empty.
  returned: always
  type: str
  sample: 20261121T031500Z-garage-0.8.7
token:
  description: Names this plan among all plans; another one at each call.
  returned: success
  type: str
  sample: 0f3a1c9d2b7e
refusals:
  description: Why there is no plan, by key and sentence; the module has failed when there is any.
  returned: always
  type: list
  elements: dict
  sample: []
"""

import uuid
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import Spec, serve
from ansible_collections.uplift.datastores.plugins.module_utils._plan import api, hooks

NODE = {
    "name": {"type": "str", "required": True},
    "id": {"type": "str", "required": True},
    "zone": {"type": "str", "default": ""},
    "version": {"type": "str", "required": True},
    "stores": {"type": "bool", "default": True},
}
HOOK = {
    "at": {"type": "str", "required": True, "choices": list(hooks.AT)},
    "tasks": {"type": "str", "required": True},
    "steps": {"type": "list", "elements": "str", "default": []},
    "on_error": {"type": "str", "default": "stop", "choices": ["stop", "go_on"]},
}
SPEC: Spec = {
    "product": {"type": "str", "required": True},
    "nodes": {"type": "list", "elements": "dict", "required": True, "options": NODE},
    "members": {"type": "list", "elements": "str", "required": True},
    "replication": {"type": "str", "default": "3"},
    "target": {"type": "str", "default": ""},
    **{
        name: {"type": "str", "default": ""}
        for name in ("strategy", "wave", "stop_after", "created_with", "zone_redundancy")
    },
    **{name: {"type": "list", "elements": "str", "default": []} for name in ("accept", "via", "wants")},
    "hooks": {"type": "list", "elements": "dict", "default": [], "options": HOOK},
    "forks": {"type": "int", "default": 0},
    "records": {"type": "dict", "default": {}},
    "sizes": {"type": "dict"},
    **{name: {"type": "bool", "default": False} for name in ("back", "explain")},
    "confirm": {"type": "list", "elements": "str", "default": []},
}


def work(params: Mapping[str, Any]) -> dict[str, Any]:
    return {**api.demanded(params), "token": uuid.uuid4().hex[:12]}


def answer(module: AnsibleModule) -> dict[str, Any]:
    return work(module.params)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
