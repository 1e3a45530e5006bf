#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_settled
short_description: Has this Garage node recovered?
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Answers yes, no or cannot tell, with the reason. It does not fail, so look at RV(settled) and stop unless it is true.
  - Yes means that the node is connected to all the nodes expected, has synced its tables since its start, has no worker that fails
    again and again, and has no block in error. Entries of the resync queue that wait for their time do not count.
  - Garage syncs the tables by its own timer 20 seconds after a start. The module does not wait for it but launches the sync itself
    once, and remembers it in O(state_dir) until the next start.
options:
  expect:
    description:
      - Ids of all the nodes that this one has to be connected to, with 64 or the first 16 hexadecimal digits.
      - Written as C(garage node id -q) says them, with the address, they are also asked whether their own sync is done (from 0.8 on).
    type: list
    elements: str
    required: true
  launch:
    description: Whether to launch the sync of the tables. When false nothing is changed, on the node or in the cluster.
    type: bool
    default: true
  all_nodes:
    description:
      - Launch the sync on all nodes. A node's sync only sends, so what this node missed while it was away comes by those of the others.
      - After a restart of all nodes at once set it to false, because each node launches its own then.
    type: bool
    default: true
  timeout:
    description: Seconds after which the last answer stands. Zero looks once.
    type: float
    default: 120
  quiet_seconds:
    description: As in M(uplift.datastores.garage_repair).
    type: float
    default: 5
  metrics_url:
    description: As in M(uplift.datastores.garage_repair).
    type: str
    default: ""
  state_dir:
    description: Where the module remembers which start of the daemon has been synced.
    type: path
    default: /run/uplift
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full, details: Launches nothing.}
  diff_mode: {support: none}
  idempotent: {support: full, details: After one start of the daemon the tables are synced once.}
"""

EXAMPLES = r"""
- name: Stop the rollout unless this node has recovered
  uplift.datastores.garage_settled:
    expect: "{{ all_node_ids }}"
  register: recovery
  failed_when: not recovery.settled
"""

RETURN = r"""
answer: {description: "V(yes), V(no) or V(cannot tell).", returned: always, type: str, sample: "yes"}
settled: {description: Whether the answer is yes., returned: always, type: bool, sample: true}
reason:
  description: Why.
  returned: always
  type: str
  sample: it is not connected to a7829ad06444dad0
certainty: {description: "V(seen), or V(assumed) when the sync was given time only.", returned: always, type: str, sample: seen}
launched: {description: "V(tables) when the sync was launched.", returned: always, type: list, elements: str, sample: [tables]}
seconds: {description: How long it took., returned: always, type: float, sample: 4.2}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.repair import Watch
from ansible_collections.uplift.datastores.plugins.module_utils._garage.settled import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "expect": {"type": "list", "elements": "str", "required": True},
    "launch": {"type": "bool", "default": True},
    "all_nodes": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 120},
    "quiet_seconds": {"type": "float", "default": 5},
    "metrics_url": {"type": "str", "default": ""},
    "state_dir": {"type": "path", "default": "/run/uplift"},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    garage = from_unit(LocalRunner(), params)
    peers = [one for one in params["expect"] if "@" in one] if params["all_nodes"] else []
    return run(garage, params, Watch.of(garage, params, peers), module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
