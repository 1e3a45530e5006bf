#!/usr/bin/python
# Copyright (c) 2026 the uplift.datastores contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: garage_repair
short_description: Run repairs on a Garage node and wait until they are done
version_added: 0.1.0
author: the uplift.datastores contributors (!UNKNOWN)
description:
  - Launches the named repairs one after another and waits for the real end of each on B(this) node, by what the running release
    can tell. C(garage repair) itself returns when a repair is launched.
  - From 0.8 on the list of workers tells. Up to 0.7 the daemon's log in the journal tells for V(blocks), V(versions) and
    V(block_refs), and a counter of its metrics for V(tables). Where neither can be had a fixed time is waited, and
    RV(certainty) says so.
  - Then waits until the resync queue has nothing due and no block is in error. Entries that wait for their time do not count.
  - Errors of the repair in the daemon's log fail the module.
options:
  repairs:
    description: Names as Garage's guides spell them. A name that the running release does not have is refused.
    type: list
    elements: str
    default: [tables, blocks]
  all_nodes:
    description: Launch on all nodes from this one. Waits for this node only, so rather run the module on every node at once.
    type: bool
    default: false
  wait:
    description: Wait for the end.
    type: bool
    default: true
  timeout:
    description: Seconds that all of it may take.
    type: float
    default: 3600
  quiet_seconds:
    description:
      - How long a counter has to stay put, or the resync queue may not shrink, to count as done where only that tells (up to 0.7).
      - Where nothing tells, four times as long is waited.
    type: float
    default: 5
  metrics_url:
    description: Where the node shows its metrics. Needed up to 0.7 only. Empty when there is no C([admin] api_bind_addr).
    type: str
    default: ""
extends_documentation_fragment:
  - uplift.datastores.garage
  - uplift.datastores.attributes
  - uplift.datastores.progress
  - uplift.datastores.attributes.actiongroup_garage
attributes:
  check_mode: {support: full, details: Launches nothing.}
  diff_mode: {support: none}
  idempotent: {support: none, details: A repair is run whenever it is asked for.}
"""

EXAMPLES = r"""
- name: Repair tables and blocks before an upgrade
  uplift.datastores.garage_repair:
    repairs: [tables, blocks]
    metrics_url: http://127.0.0.1:3903/metrics
"""

RETURN = r"""
launched: {description: Names of the repairs launched., returned: always, type: list, elements: str, sample: [tables, blocks]}
seconds: {description: Seconds per repair., returned: always, type: dict, sample: {tables: 8.2, blocks: 1.1}}
certainty:
  description: V(seen) when the end of everything was seen, V(assumed) when something was given time only.
  returned: always
  type: str
  sample: seen
queue: {description: Entries in the resync queue that wait for their time., returned: when waited for, type: int, sample: 48}
block_errors: {description: Blocks in error., returned: when waited for, type: int, sample: 0}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.uplift.datastores.plugins.module_utils._core.argspec import serve
from ansible_collections.uplift.datastores.plugins.module_utils._core.cli import LocalRunner
from ansible_collections.uplift.datastores.plugins.module_utils._garage.node import from_unit
from ansible_collections.uplift.datastores.plugins.module_utils._garage.repair import Watch, run
from ansible_collections.uplift.datastores.plugins.module_utils._garage.spec import GARAGE

SPEC = {
    **GARAGE,
    "repairs": {"type": "list", "elements": "str", "default": ["tables", "blocks"]},
    "all_nodes": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 3600},
    "quiet_seconds": {"type": "float", "default": 5},
    "metrics_url": {"type": "str", "default": ""},
    "progress_file": {"type": "path"},
}


def answer(module: AnsibleModule) -> dict[str, Any]:
    params = module.params
    garage = from_unit(LocalRunner(), params)
    garage.demand_running()
    return run(garage, params, Watch.of(garage, params), module.check_mode)


def main() -> None:
    serve(SPEC, answer)


if __name__ == "__main__":
    main()
