#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_complete
short_description: Prove that a Garage node has everything that its peers have
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Without O(before) only counts the entries of every table, for a later proof. From 0.9 on.
  - With it, launches full syncs of the tables on all nodes, one after another, until one has moved nothing between this node and
    the others and no table has fewer entries than before. Fails with the reason when the time is over, also when it cannot tell.
  - Deleted entries that wait to be forgotten are allowed for. Where the node shows no metrics, what a sync moves cannot be seen. Then
    two syncs are made, the numbers of entries alone decide, without that allowance, and RV(certainty) is V(assumed).
options:
  before:
    description: RV(entries) of the time before the node's database was renamed.
    type: dict
  expect: {description: 'The other nodes, as C(garage node id -q) says them. Their own syncs are waited for.', type: list, elements: str, default: []}
  rounds: {description: Full syncs after which it is given up., type: int, default: 20}
  timeout: {description: Seconds that all of it may take., type: float, default: 3600}
  quiet_seconds: {description: As in M(uplift.datastores.garage_repair)., type: float, default: 5}
  metrics_url:
    description: Where the node shows its metrics. Empty when there is no C([admin] api_bind_addr).
    type: str
    default: ""
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
  - uplift.datastores.attributes.internal
attributes:
  check_mode: {support: full, details: Launches nothing and only counts.}
  diff_mode: {support: none}
  idempotent: {support: none, details: Syncs are made whenever the proof is asked for.}
"""

EXAMPLES = r"""
- name: Count what there is
  uplift.datastores.garage_complete:
  register: counted

- name: Stop unless the node has everything again
  uplift.datastores.garage_complete:
    before: "{{ counted.entries }}"
    expect: "{{ other_nodes }}"
    metrics_url: http://127.0.0.1:3903/metrics
"""

RETURN = r"""
complete: {description: Null where it was only counted; a node that is not complete fails the module., returned: success, type: bool, sample: true}
rounds: {description: How many full syncs it took., returned: success, type: int, sample: 2}
entries:
  description: Per table the entries on this node, and how many deleted ones may be forgotten within a day on any node.
  returned: success
  type: dict
  sample: {object: {items: 42, fleeting: 2}}
certainty: {description: "V(seen), or V(assumed) without metrics.", returned: when proved, type: str, sample: seen}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.complete import run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.repair import Watch
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "before": {"type": "dict"},
    "expect": {"type": "list", "elements": "str", "default": []},
    "rounds": {"type": "int", "default": 20},
    "timeout": {"type": "float", "default": 3600},
    "quiet_seconds": {"type": "float", "default": 5},
    "metrics_url": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    garage = from_unit(LocalRunner(), module.params)
    garage.demand_running()
    return run(garage, module.params, Watch.of(garage, module.params, module.params["expect"]), module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
